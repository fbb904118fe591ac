"""`ticketing batch`: make codes, look at them, take them out."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ticketing.cli import main

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


def test_batches_are_listed_shown_stopped_and_resumed(home: Path) -> None:
    """For people and for programs."""
    batch = made(home, "--count", "1", "--free", "--from", "2026-10-01", "--until", "2027-01-01")
    assert batch["valid_until"] == "2026-12-31T23:00:00+00:00"
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
