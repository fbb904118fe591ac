"""The file of a journal: its tables, opening it, and what an older file lacks.

    JournalError
      JournalBroken     the file cannot be read as a journal; says what to do
      JournalForeign    it belongs to another key than the station's

Columns beside an entry that are no part of the chain: `told` (the service has answered
for it), `online` (it had recorded the same by itself), `owed` (it can know of it from here
alone), and the station's own move. A dropped body is empty; its SHA-256 then stands in
`body_hash`, so that the chain can be walked over it.
"""

import sqlite3
from pathlib import Path
from typing import Final

FILE_NAME: Final = "journal.sqlite3"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS journal (
  only INTEGER PRIMARY KEY CHECK (only = 1), id BLOB NOT NULL, public_key BLOB NOT NULL,
  acked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
  n INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL, sig BLOB NOT NULL,
  scan_id BLOB, told INTEGER NOT NULL,
  ticket BLOB, issue INTEGER, move TEXT, people INTEGER, at_ms INTEGER NOT NULL, gate TEXT,
  online INTEGER NOT NULL DEFAULT 0, owed INTEGER NOT NULL DEFAULT 0, body_hash BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS foreign_text (
  hour_ms INTEGER PRIMARY KEY, n INTEGER NOT NULL
) STRICT;
"""
_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS entry_untold ON entry (n) WHERE told = 0;
CREATE INDEX IF NOT EXISTS entry_owed ON entry (n) WHERE told = 0 AND owed = 1;
CREATE INDEX IF NOT EXISTS entry_moves ON entry (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_scan ON entry (scan_id) WHERE scan_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_whole ON entry (at_ms) WHERE body <> '';
"""
# The first stations told the service nothing but their online scans, and not from here.
_FROM_FIRST: Final = """
ALTER TABLE entry ADD COLUMN online INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN body_hash BLOB;
UPDATE entry SET online = told AND ticket IS NOT NULL, owed = NOT told, told = 0;
"""


class JournalError(Exception):
    """Anything that keeps a journal from being used; the message says what to do."""


class JournalBroken(JournalError):  # noqa: N818  says what it is
    """The file cannot be read, or its schema is not ours."""


class JournalForeign(JournalError):  # noqa: N818  says what it is
    """The journal was begun with another station key."""


def opened(path: Path) -> sqlite3.Connection:
    """The file as a database in which whatever is committed is on the disk.

    What a power cut tore off the end of the log is left out: it was not acknowledged.

    Raises:
        JournalError: it cannot be opened.
        JournalBroken: it is damaged or something else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"the journal cannot be opened: {kind_of(error)}") from None
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")  # a dropped body is gone
        (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if state == "ok":
            _bring_up(database)
    except sqlite3.DatabaseError as error:
        state = "locked" if kind_of(error).startswith("SQLITE_BUSY") else "unreadable"
    if state == "ok":
        return database
    database.close()
    if state == "locked":
        raise JournalError("another program holds the journal; stop it and start again")
    raise broken(path)


def broken(path: Path) -> JournalBroken:
    """What to say of a file that cannot be read."""
    return JournalBroken(
        f"{path.name} is damaged. Move it away (keep it: it is the record of this station's"
        " scans) and start again; a new journal is begun."
    )


def unwritten(error: sqlite3.Error) -> JournalError:
    """What to say when an entry could not be written."""
    if isinstance(error, sqlite3.IntegrityError):
        return JournalError("another station writes to this journal; stop one of the two")
    return JournalError(f"the journal cannot be written: {kind_of(error)}")


def kind_of(error: Exception) -> str:
    """The kind of an error; its message may name paths and is not repeated."""
    return getattr(error, "sqlite_errorname", "") or type(error).__name__


def _bring_up(database: sqlite3.Connection) -> None:
    """Tables, and the columns that a file of an older station lacks; all of it or nothing."""
    columns = {row[1] for row in database.execute("PRAGMA table_info(entry)")}
    is_older = "told" in columns and "owed" not in columns
    change = _FROM_FIRST if is_older else ""
    try:
        database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {change} {_INDEXES} COMMIT;")
    except sqlite3.DatabaseError:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
