"""The log of answers: lines share a write, none is lost while the process lives."""

import io
import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from ticketing import logs
from ticketing.logs import GatheredLines

NAME = "ticketing.test-lines"


class Stream(io.StringIO):
    """Counts the writes, and fails as often as wanted."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.writes = 0
        self._failures = failures

    def write(self, text: str) -> int:
        self.writes += 1
        if self.writes <= self._failures:
            raise OSError("no space left")
        return super().write(text)


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stream], logging.Logger]:
    """A logger whose lines are gathered for a stream."""

    def make(stream: Stream) -> logging.Logger:
        monkeypatch.setattr(sys, "stderr", stream)
        logs.gather(NAME)
        log = logging.getLogger(NAME)
        log.setLevel(logging.INFO)
        return log

    return make


def came(stream: Stream, lines: int) -> list[str]:
    """The lines of a stream as soon as there are so many."""
    end = time.monotonic() + 10
    while len(found := stream.getvalue().splitlines()) < lines:
        assert time.monotonic() < end, found
        time.sleep(0.01)
    return found


def test_lines_share_a_write(gathered: Callable[[Stream], logging.Logger]) -> None:
    """In their order, each with its own time."""
    stream = Stream()
    log = gathered(stream)
    for number in range(50):
        log.info("POST %s %d", "/api/v1/scans", number)
    found = came(stream, 50)
    assert [line.rpartition(" ")[2] for line in found] == [str(n) for n in range(50)]
    assert all(f" INFO {NAME} POST /api/v1/scans " in line for line in found)
    assert stream.writes < 10
    log.info("later")
    assert came(stream, 51)[-1].endswith("later")


def test_a_full_disk_stops_no_later_line(gathered: Callable[[Stream], logging.Logger]) -> None:
    """What could not be written is gone; what comes after it is written."""
    stream = Stream(failures=1)
    log = gathered(stream)
    log.info("first")
    end = time.monotonic() + 10
    while not stream.writes:
        assert time.monotonic() < end
        time.sleep(0.01)
    log.info("second")
    [line] = came(stream, 1)
    assert line.endswith("second")


def test_a_line_that_cannot_be_made_stops_no_later_one(
    gathered: Callable[[Stream], logging.Logger],
) -> None:
    """It is gone, and those that waited before it; the writing goes on."""
    stream = Stream()
    log = gathered(stream)
    log.info("%d", "rubbish")
    log.info("second")
    [line] = came(stream, 1)
    assert line.endswith("second")


def test_a_full_memory_is_no_way_to_keep_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing can be written the oldest go."""
    monkeypatch.setattr(logs, "_MOST", 3)
    lines = GatheredLines()
    lines.stream = stream = Stream()
    for number in range(5):
        lines._waiting.append(logging.makeLogRecord({"msg": f"n{number}"}))
    lines.write_all()
    assert [line.rpartition(" ")[2] for line in stream.getvalue().splitlines()] == [
        "n2",
        "n3",
        "n4",
    ]


def test_nothing_to_write_writes_nothing() -> None:
    """Whoever asks too early."""
    lines = GatheredLines()
    lines.stream = Stream()
    lines.write_all()
    assert lines.stream.writes == 0


def test_the_last_lines_are_written_at_the_end() -> None:
    """A process that ends in good order loses none."""
    tell = (
        "import logging; from ticketing.logs import gather, log_to_stderr; log_to_stderr(); "
        "gather('ticketing.access'); logging.getLogger('ticketing.access').info('the last')"
    )
    ran = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    assert ran.stderr.count("the last") == 1
