"""`ticketing batch import`: looked through, stored, told in words and as JSON."""

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ticketing import config
from ticketing.app import opened
from ticketing.cli import main
from ticketing.cli.output import Progress
from ticketing.domain.code_texts import text_of
from ticketing.service import audit
from ticketing.service.audit import Action, Wanted

CODES = [text_of("NEU", n * 977_777) for n in range(1, 4)]
GOOD = ["Code;Serie;Prozent;Gültig bis", *(f"{code};Händler;20 %;31.12.2027" for code in CODES)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A sample museum."""
    made = tmp_path / "home"
    assert CliRunner().invoke(main, ["--home", str(made), "init", "--sample"]).exit_code == 0
    return made


def run(home: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(main, ["--home", str(home), "batch", *words])


def a_file(tmp_path: Path, lines: list[str]) -> str:
    """A list as Excel writes it."""
    path = tmp_path / "Kowalewski \udce4.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return str(path)


def test_a_list_is_looked_through_then_stored(home: Path, tmp_path: Path) -> None:
    """And brought in again it changes nothing."""
    file = a_file(tmp_path, GOOD)
    looked = run(home, "import", file, "--dry-run")
    assert looked.exit_code == 0
    assert "3 lines: 3 new, 0 changed, 0 unchanged, 0 faulty" in looked.stdout
    assert "batch Händler (new): made, 3 new codes\nNothing was stored." in looked.stdout
    assert "No batches" in run(home, "list").stdout
    stored = json.loads(run(home, "import", file, "--json").stdout)
    assert (stored["stored"], stored["new"], stored["batches"][0]["kind"]) == (True, 3, "made")
    assert "first" not in stored
    again = json.loads(run(home, "import", file, "--json").stdout)
    assert (again["new"], again["unchanged"]) == (0, 3)
    batch = stored["batches"][0]["id"]
    run(home, "stop", batch)
    told = run(home, "import", file).stdout
    assert f"batch Händler is stopped: ticketing batch resume {batch}" in told


def test_the_log_does_not_say_what_the_file_is_called(home: Path, tmp_path: Path) -> None:
    """People call files by names of people; one that is not even text comes in too."""
    assert run(home, "import", a_file(tmp_path, GOOD)).exit_code == 0
    with opened(config.load(home)) as app, app.store.unit() as unit:
        lines = audit.page(unit, wanted=Wanted(action=Action.CODES_IMPORTED)).items
    assert lines
    assert "Kowalewski" not in str(lines)


def test_faulty_lines_are_told_and_may_be_skipped(home: Path, tmp_path: Path) -> None:
    """Exit 1 while they keep the others out; all of them go into a file."""
    file = a_file(tmp_path, [*GOOD, *["Kowalewski;;;"] * 12])
    errors = tmp_path / "errors.csv"
    refused = run(home, "import", file, "--errors", str(errors))
    assert refused.exit_code == 1
    assert "line 5, code: not_a_code" in refused.stdout
    assert "and 2 more: --errors FILE" in refused.stdout
    assert len(errors.read_text(encoding="utf-8").splitlines()) == 13
    assert "Kowalewski" not in refused.output + errors.read_text(encoding="utf-8")
    skipped = run(home, "import", file, "--skip-faulty")
    assert (skipped.exit_code, "Stored." in skipped.stdout) == (0, True)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "This is no list of codes: empty. Nothing"),
        (["code;mail"], "unknown_column (line 1, column 2)"),
        (["code", '"x', "y", "z"], "open_quote (line 2)"),
    ],
)
def test_what_is_no_list_is_refused(
    home: Path, tmp_path: Path, lines: list[str], told: str
) -> None:
    """With the reason and where it is."""
    refused = run(home, "import", a_file(tmp_path, lines))
    assert refused.exit_code == 1
    assert told in refused.stdout


def test_a_file_that_is_not_there_is_wrong_usage(home: Path, tmp_path: Path) -> None:
    """Exit 2."""
    assert run(home, "import", str(tmp_path / "none.csv")).exit_code == 2


class Terminal(io.StringIO):
    """Standard error that somebody looks at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_a_bar_moves_seldom_and_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though how much there is was a guess; where something broke, it stays."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with Progress(2_000) as told:
        for done in range(1_900):
            told(done)
    shown = [int(one) for one in re.findall(r"(\d+)%", screen.getvalue())]
    assert (shown[-1], len(shown)) == (100, 5)
    with pytest.raises(KeyError), Progress(10):
        raise KeyError
    assert re.findall(r"(\d+)%", screen.getvalue())[-1] == "0"
    monkeypatch.setattr("sys.stderr", hidden := io.StringIO())
    with Progress(10) as told:
        told(10)
    assert hidden.getvalue() == ""
