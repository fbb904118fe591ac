"""Importing the wire drags nothing along: the scanner installs no service."""

import subprocess
import sys

import pytest

_HEAVY = {"flask", "sqlite3", "sqlalchemy", "cv2", "ticketing.service", "ticketing.store"}


@pytest.mark.parametrize("module", ["token", "admission", "station_api", "texts", "chain"])
def test_a_fresh_interpreter_loads_nothing_heavy(module: str) -> None:
    """No flask, no database, no OpenCV."""
    script = f"import sys, ticketing.wire.{module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert not _HEAVY & set(done.stdout.split())
