"""One station per home: a lock that the system takes back when the process ends.

Two stations in one home would write one journal, and its chain would break.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE: Final = "station.lock"


class HomeRefused(Exception):  # noqa: N818  says what it is
    """No station can start in this home; the message says why."""


@contextmanager
def sole_station(home: Path) -> Iterator[None]:
    """Hold the home for this process, which may end in any way.

    Raises:
        HomeRefused: another process holds it, or the lock's file cannot be written.
    """
    # The file stays behind: removing it would let a third station lock another one.
    try:
        handle = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise HomeRefused("the station's home cannot be written") from None
    try:
        _take(handle)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise HomeRefused("another station runs in this home") from None
