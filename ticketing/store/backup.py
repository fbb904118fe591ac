"""Copies of a SQLite database, and putting one back; in the store room.

PostgreSQL has tools of its own for this (`pg_dump`, `pg_restore`).
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ticketing.store import counters, migrate
from ticketing.store.unit import Store, sqlite_url

REPLACED: Final = ".replaced"
"""Behind the name of the file that was there before."""
_FRESH: Final = ".restoring"
_SIDES: Final = ("-wal", "-shm")


class BackupError(Exception):
    """A copy that cannot be made or put back; the message says what to do."""


def save(database: Path, copy: Path) -> None:
    """Write a whole, consistent copy of a database that may be in use.

    Raises:
        BackupError: the copy is there already, or the database is not.
        OSError: the disk is full, or the folder cannot be written.
    """
    if not database.is_file():
        raise BackupError("there is no database yet")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise BackupError("the file exists; a backup is never written over another") from None
    try:
        _copy(database, copy)
    except sqlite3.Error as error:
        copy.unlink()
        raise BackupError(f"the copy failed ({_name(error)})") from None


def restore(copy: Path, database: Path, *, epoch: int) -> Path | None:
    """Put a copy in place of a database that nobody uses; where the old one is now.

    The copy is checked and brought up to date first; `epoch` (63 random bits) tells
    stations that what they knew is void.

    Raises:
        BackupError: the copy is none, or the database is in use.
        OSError: as `save`.
    """
    _check(copy)
    fresh = database.with_name(database.name + _FRESH)
    _drop(fresh)
    try:
        _copy(copy, fresh)
        fresh.chmod(0o600)
        _renew(fresh, epoch)
        _close_off(fresh)
        return _put(fresh, database)
    except sqlite3.Error as error:
        raise BackupError(f"the file cannot be put back ({_name(error)})") from None
    finally:
        _drop(fresh)


def _check(copy: Path) -> None:
    if not copy.is_file():
        raise BackupError("there is no such file")
    try:
        with closing(sqlite3.connect(copy)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("SELECT count(*) FROM tickets, alembic_version").fetchone()
    except sqlite3.Error:
        state = "unreadable"
    if state != "ok":
        raise BackupError("the file is no whole backup of this service")


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _renew(database: Path, epoch: int) -> None:
    url = sqlite_url(database)
    migrate.upgrade(url)
    store = Store(url)
    try:
        with store.unit() as unit:
            unit.begin()
            counters.renew(unit, "epoch", epoch)
            unit.commit()
    finally:
        store.close()


def _put(fresh: Path, database: Path) -> Path | None:
    old = database.with_name(database.name + REPLACED) if database.exists() else None
    if old is not None:
        _close_off(database)
        database.replace(old)
    fresh.replace(database)
    return old


def _close_off(database: Path) -> None:
    """Move what stands in the log into the file; only whoever is alone with it can."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError:
            mode = "in use"
    if mode != "delete":
        raise BackupError("the database is in use: stop service and worker first")


def _drop(database: Path) -> None:
    for name in ("", *_SIDES, ".lock", ".lock-door"):
        database.with_name(database.name + name).unlink(missing_ok=True)


def _name(error: sqlite3.Error) -> str:
    """The kind of an error; its message may name paths and is not repeated."""
    return getattr(error, "sqlite_errorname", "") or type(error).__name__
