"""The full disk is one, and empties again."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.faults.disk import full_database, full_for
from ticketing.domain.failures import StoreUnavailable
from ticketing.store import counters
from ticketing.store.unit import Store

WRITER = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "a") as file:
            file.write(line)
        print("written", flush=True)
    except OSError as error:
        print(type(error).__name__, error.errno, flush=True)
"""


def test_a_running_process_finds_the_disk_full_and_then_not(tmp_path: Path) -> None:
    """It lives through it; what was there can be read."""
    path = tmp_path / "file"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def write(line: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert write("one") == "written"
        with full_for(process.pid):
            assert write("two") == "OSError 27"
            assert path.read_text() == "one\n"
        assert write("three") == "written"
        process.stdin.close()
        assert process.wait(10) == 0
    assert path.read_text() == "one\nthree\n"


def test_a_full_database_refuses_and_recovers(store: Store) -> None:
    """Some pages have room; then nothing more is stored, reading works."""

    def add(name: str) -> None:
        with store.unit() as unit:
            unit.begin()
            counters.add(unit, name, 1)
            unit.commit()

    with full_database(store):
        with pytest.raises(StoreUnavailable):  # noqa: PT012  which one does not fit is open
            for number in range(1000):
                add(f"{number}" * 500)
        with store.unit() as unit:
            assert unit.run(text("SELECT count(*) FROM counters")).scalar_one() > 0
    for number in range(20):
        add(f"after {number}" * 500)
