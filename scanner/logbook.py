"""The station's log in its home: what the program did, never what it read.

    HOME/station.log    the newest lines, and station.log.1 to .3 before them; 1 MB in all

Only the station's own lines: those of libraries may quote what they were given. Of an
exception its kind is kept, not its words nor its traceback.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

LOG_FILE: Final = "station.log"
MOST_BYTES: Final = 256 * 1024
KEPT: Final = 3

log = logging.getLogger("scanner")


class _Plain(logging.Formatter):
    """A line for each record: time in UTC, level, words, and the kind of a fault."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802  the library's
        """When it was written."""
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))

    def format(self, record: logging.LogRecord) -> str:
        """Without what `logging` appends of an exception."""
        plain = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        plain.stack_info = None
        kind = record.exc_info[0] if record.exc_info else None
        line = super().format(plain).replace("\n", " ")
        return f"{line} ({kind.__name__})" if kind else line


class _File(RotatingFileHandler):
    """Readable by its owner alone; a full disk loses lines and stops nobody."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Nothing: what cannot be written stands on standard error already."""


@contextmanager
def kept_log(home: Path) -> Iterator[None]:
    """Write the station's lines into its home while this is open; without a home, nowhere."""
    try:
        file = _File(home / LOG_FILE, maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError:
        log.warning("the log cannot be written into the station's home")
        yield
        return
    file.setFormatter(_Plain())
    before = log.level
    log.setLevel(logging.INFO)
    log.addHandler(file)
    try:
        yield
    finally:
        log.removeHandler(file)
        log.setLevel(before)
        with suppress(OSError):
            file.close()
