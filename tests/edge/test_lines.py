"""The service's log: lines gather for a moment, and none is lost."""

import io
import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from ticketing.edge import lines
from ticketing.edge.lines import Lines


class Writes(io.StringIO):
    """A stream that notes each write."""

    def __init__(self) -> None:
        super().__init__()
        self.each: list[str] = []

    def write(self, text: str) -> int:
        """Note one write."""
        self.each.append(text)
        return super().write(text)


@pytest.fixture(name="log")
def _log() -> Iterator[logging.Logger]:
    """A logger of its own that asks nobody above."""
    log = logging.getLogger("lines")
    log.setLevel(logging.INFO)
    log.propagate = False
    yield log
    log.handlers.clear()


def written(writes: Writes, count: int) -> list[str]:
    """The writes, once there are so many."""
    ends = time.monotonic() + 10
    while len(writes.each) < count and time.monotonic() < ends:
        time.sleep(0.01)
    return writes.each


def test_lines_that_inform_share_a_write(log: logging.Logger) -> None:
    """In their order, each with its time and level; the next ones have a write of their own."""
    writes = Writes()
    log.addHandler(Lines(writes))
    for number in range(3):
        log.info("call %d", number)
    (first,) = written(writes, 1)
    assert [line.split(" ", 2)[2] for line in first.splitlines()] == [
        f"INFO lines call {number}" for number in range(3)
    ]
    log.info("later")
    assert written(writes, 2)[1].endswith(" INFO lines later\n")


def test_a_warning_goes_out_at_once(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what came before it first."""
    monkeypatch.setattr(lines, "WAIT_S", 60)
    writes = Writes()
    log.addHandler(Lines(writes))
    log.info("before")
    log.warning("trouble")
    (only,) = writes.each
    assert only.index("before") < only.index("WARNING lines trouble")


def test_a_log_that_cannot_be_written_stops_nobody(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """As logging does it: the fault is told on stderr, the program goes on."""
    closed = io.StringIO()
    closed.close()
    log.addHandler(Lines(closed))
    log.warning("trouble")
    assert "closed file" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["plain", "fork"])
def test_the_end_of_a_process_writes_what_has_gathered(way: str) -> None:
    """A server's process, which is forked, ends without `atexit`."""
    program = (
        "import logging, multiprocessing\n"
        "from ticketing.edge.lines import Lines\n"
        "def work():\n"
        "    logging.basicConfig(level='INFO', handlers=[Lines()])\n"
        "    logging.info('last words')\n"
    )
    ends = {
        "plain": "work()",
        "fork": "p = multiprocessing.get_context('fork').Process(target=work); p.start(); p.join()",
    }
    command = [sys.executable, "-c", program + ends[way]]
    told = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    assert told.stderr.count("last words") == 1
