"""The log in the station's home: small, its own, and silent about what was read."""

import logging
import stat
from pathlib import Path

import pytest

from scanner import logbook
from scanner.logbook import LOG_FILE, kept_log

log = logging.getLogger("scanner")


def kept(home: Path) -> str:
    """What stands in the log."""
    return (home / LOG_FILE).read_text(encoding="utf-8")


def test_a_line_has_time_level_and_words(tmp_path: Path) -> None:
    """In UTC, and only while it is open."""
    with kept_log(tmp_path):
        log.warning("the camera is lost")
    log.warning("nobody hears this")
    (line,) = kept(tmp_path).splitlines()
    time, level, words = line.split(" ", 2)
    assert (time[4], time[10], time[-1]) == ("-", "T", "Z")
    assert (level, words) == ("WARNING", "the camera is lost")


def test_of_a_fault_its_kind_is_kept_and_none_of_its_words(tmp_path: Path) -> None:
    """A traceback could quote a ticket, as the page's server writes one for a fault of ours."""
    with kept_log(tmp_path):
        try:
            int("Jördis Kowalewski")
        except ValueError:
            logging.getLogger("scanner.page").exception("Exception on %s", "/typed")
        log.info("two\nlines", stack_info=True)
    assert "Kowalewski" not in kept(tmp_path)
    first, second = kept(tmp_path).splitlines()
    assert first.endswith("ERROR Exception on /typed (ValueError)")
    assert second.endswith("INFO two lines")


def test_what_libraries_say_is_not_kept(tmp_path: Path) -> None:
    """They may quote what they were given."""
    with kept_log(tmp_path):
        logging.getLogger("werkzeug").error("GET /?code=04G7QK")
    assert kept(tmp_path) == ""


def test_the_log_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest lines go."""
    monkeypatch.setattr(logbook, "MOST_BYTES", 1_000)
    with kept_log(tmp_path):
        for number in range(500):
            log.info("line %d of a long day at the gate", number)
    files = sorted(tmp_path.glob(f"{LOG_FILE}*"))
    assert len(files) == 4
    assert sum(file.stat().st_size for file in files) <= 4_000
    assert "line 499" in kept(tmp_path)


def test_the_log_is_its_owners_alone(tmp_path: Path) -> None:
    """Like everything in the home."""
    with kept_log(tmp_path):
        log.info("a line")
    assert stat.S_IMODE((tmp_path / LOG_FILE).stat().st_mode) == 0o600


def test_without_a_home_that_can_be_written_the_station_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so on standard error."""
    with kept_log(tmp_path / "nowhere"):
        log.info("a line")
    assert "cannot be written" in caplog.text


def test_a_full_disk_costs_lines_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback is printed for each of them."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with kept_log(tmp_path):
        monkeypatch.setattr(logbook._File, "shouldRollover", full)
        log.info("a line")
        monkeypatch.undo()
    assert "Traceback" not in capsys.readouterr().err
