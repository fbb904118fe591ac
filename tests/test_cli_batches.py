"""`ticketing batch`: make codes, look at them, take them out."""

import base64
import io
import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from click.testing import CliRunner, Result

from ticketing.cli import main
from ticketing.service import code_exports
from ticketing.service.code_exports import Format

CREATE = ("create", "--name", "Herbst", "--prefix", "HERBST")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A sample museum."""
    made = tmp_path / "home"
    assert CliRunner().invoke(main, ["--home", str(made), "init", "--sample"]).exit_code == 0
    return made


def run(home: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(main, ["--home", str(home), "batch", *words])


def made(home: Path, *words: str) -> Any:
    """A batch."""
    result = run(home, *CREATE, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_batch_is_made_and_exported(home: Path, tmp_path: Path) -> None:
    """As many lines as codes, on standard output or in a file."""
    batch = made(home, "--count", "20", "--percent", "20", "--tag", "presse")
    assert (batch["state"], batch["made"], batch["max_uses"]) == ("ready", 20, 1)
    lines = run(home, "export", batch["id"], "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("code,")
    assert len([line for line in lines[1:] if line.startswith("HERBST-")]) == 20
    out = tmp_path / "codes.csv"
    assert run(home, "export", batch["id"], "--out", str(out)).exit_code == 0
    assert out.read_text(encoding="utf-8").splitlines() == lines


def exported(home: Path, batch: str, kind: str) -> bytes:
    """What goes to standard output."""
    result = run(home, "export", batch, "--format", kind)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout_bytes


def codes_of(home: Path, batch: str) -> set[str]:
    """The texts of a batch's codes."""
    lines = exported(home, batch, "csv").decode().splitlines()
    return {line.partition(",")[0] for line in lines[1:]}


def drawn(words: bytes) -> set[str]:
    """The symbols of a page of PDF, painted from its rectangles and read as a camera does."""
    read, px = set(), 8
    for shape in re.findall(rb"(?:[\d. ]+ re\s+)+f\b", words):
        boxes = [list(map(float, box.split()[:4])) for box in shape.split(b" re")[:-1]]
        side = int(max(x + wide for x, _, wide, _ in boxes)) + 4
        page = np.full((side * px, side * px), 255, np.uint8)
        for x, y, wide, _ in boxes:
            top = round(side - 1 - y) * px
            page[top : top + px, round(x) * px : round(x + wide) * px] = 0
        found = zxingcpp.read_barcode(page)
        assert found is not None
        read.add(found.text)
    return read


def streams(pdf: bytes) -> list[bytes]:
    """What the pages of a PDF draw."""
    found = re.findall(rb"/ASCII85Decode /FlateDecode.*?stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return [zlib.decompress(base64.a85decode(b"<~" + one.strip(), adobe=True)) for one in found]


def test_codes_are_exported_as_a_workbook(home: Path) -> None:
    """A row for each, under the columns of the list."""
    batch = made(home, "--count", "7", "--free")["id"]
    with zipfile.ZipFile(io.BytesIO(exported(home, batch, "xlsx"))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    texts = re.findall(r"<t>(.*?)</t>", page)
    assert texts[:3] == ["code", "state", "sent"]
    assert {text for text in texts if text.startswith("HERBST-")} == codes_of(home, batch)
    assert page.count("<row ") == 8


def test_codes_are_exported_as_pictures(home: Path, tmp_path: Path) -> None:
    """Each named by its code, to a file or a pipe alike."""
    batch, out = made(home, "--count", "3", "--free")["id"], tmp_path / "codes.zip"
    assert run(home, "export", batch, "--format", "zip", "--out", str(out)).exit_code == 0
    content = exported(home, batch, "zip")
    assert out.read_bytes() == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {Path(name).stem for name in archive.namelist()} == codes_of(home, batch)
        assert all(archive.read(name).startswith(b"\x89PNG") for name in archive.namelist())


@pytest.mark.parametrize(
    "effect", [("--percent", "20"), ("--amount", "300"), ("--price", "100"), ("--free",)]
)
def test_codes_are_exported_as_sheets(home: Path, effect: tuple[str, ...]) -> None:
    """Twenty-four a page, each symbol holds its code."""
    batch = made(home, "--count", "25", *effect, "--until", "2027-01-01")["id"]
    pdf = exported(home, batch, "pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/Count 2" in pdf
    pages = [page for page in streams(pdf) if b" re" in page]
    assert set().union(*map(drawn, pages)) == codes_of(home, batch)


def test_the_worth_of_a_printed_code_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its last minute in the museum's zone: the end itself is excluded."""
    told: list[Any] = []
    monkeypatch.setattr("ticketing.edge.press.code_sheets", lambda facts, *_: told.append(facts))
    worths = {
        ("--percent", "20"): "-20%",
        ("--amount", "300"): "\N{MINUS SIGN}€3.00",
        ("--price", "100"): "€1.00",
        ("--free",): "free",
    }
    for effect in worths:
        exported(home, made(home, "--count", "1", *effect, "--until", "2027-01-01")["id"], "pdf")
    assert [facts.worth for facts in told] == list(worths.values())
    assert {facts.until for facts in told} == {"until 2027-01-01 23:59"}


def test_a_file_that_cannot_hold_so_many_is_not_begun(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before a byte is written; a format that nobody knows is wrong usage."""
    batch, out = made(home, "--count", "3", "--free")["id"], tmp_path / "codes.pdf"
    monkeypatch.setattr(code_exports, "LIMITS", dict.fromkeys(Format, 2))
    result = run(home, "export", batch, "--format", "pdf", "--out", str(out))
    assert (result.exit_code, out.exists()) == (1, False)
    assert "A file of this kind does not hold so many codes. (too_many_codes)" in result.stderr
    assert run(home, "export", batch, "--format", "exe").exit_code == 2


def test_batches_are_listed_shown_stopped_and_resumed(home: Path) -> None:
    """For people and for programs."""
    batch = made(home, "--count", "1", "--free", "--from", "2026-10-01", "--until", "2027-01-01")
    assert batch["valid_until"] == "2027-01-01T23:00:00+00:00"
    assert "Herbst" in run(home, "list").stdout
    assert "state: ready" in run(home, "show", batch["id"]).stdout
    for word, state in (("stop", "stopped"), ("resume", "ready")):
        assert json.loads(run(home, word, batch["id"], "--json").stdout)["state"] == state
        assert run(home, word, batch["id"]).exit_code == 0


def test_what_a_code_may_do_is_told_by_options(home: Path) -> None:
    """Limits, offers, money."""
    batch = made(
        home,
        *("--count", "2", "--amount", "300", "--max-uses", "0", "--per-visitor", "2"),
        *("--offer", "day-free", "--min-amount", "500", "--budget", "9000", "--note", "n"),
    )
    assert (batch["max_uses"], batch["per_visitor"], batch["budget_cents"]) == (None, 2, 9000)
    assert (batch["offers"], batch["min_amount_cents"]) == (["day-free"], 500)
    assert batch["effect"] == {"kind": "amount", "value": 300}


def test_times_are_read_as_in_a_list(home: Path) -> None:
    """A time is that time; what is no day is said with the option it belongs to."""
    batch = made(home, "--count", "1", "--free", "--until", "2027-01-01T12:00")
    assert batch["valid_until"] == "2027-01-01T11:00:00+00:00"
    result = run(home, *CREATE, "--count", "1", "--free", "--from", "bald")
    assert (result.exit_code, "--from: a day like 2026-12-31" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--count", "0", "--free"), "The count is outside of what is possible."),
        (("--count", "1", "--free", "--until", "2020-12-31"), "The last day is over already."),
        (("--count", "1", "--free", "--budget", "0"), "The budget is 0, so no code could be"),
        (("--count", "1", "--free", "--prefix", "ARSCH"), "The prefix has a word in it"),
        (("--count", "1", "--free", "--offer", "moon"), "The list of offers names something"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(home: Path, words: tuple[str, ...], said: str) -> None:
    """And not in the words of a program."""
    result = run(home, *CREATE, *words)
    assert (result.exit_code, result.stderr.startswith(f"Error: {said}")) == (1, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--count", "0", "--percent", "20"), 1),
        (("--count", "-1", "--percent", "20"), 1),
        (("--count", "1000001", "--percent", "20"), 1),
        (("--count", "5", "--percent", "110"), 1),
        (("--count", "5", "--price", "100", "--offer", "moon"), 1),
        (("--count", "5"), 2),
        (("--count", "5", "--percent", "20", "--free"), 2),
    ],
)
def test_a_batch_that_cannot_be_is_refused(home: Path, words: tuple[str, ...], code: int) -> None:
    """A sentence and an exit code, no traceback."""
    result = run(home, *CREATE, *words)
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (code, True)
    assert run(home, "list").stdout.startswith("No batches")


def test_an_unknown_batch_is_refused(home: Path) -> None:
    """Whatever is asked of it."""
    for words in (("show", "cb_0"), ("stop", "cb_0"), ("export", "cb_0")):
        assert run(home, *words).exit_code == 1
