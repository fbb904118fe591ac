"""What the service has not answered for yet, in the journal's file: SQL alone.

Every function takes the open database; the journal holds the lock.
"""

import hashlib
import sqlite3
from collections.abc import Collection
from itertools import dropwhile
from typing import Final

from ticketing.wire.sync_api import SentEntry

_CHUNK: Final = 500
_UNTOLD: Final = "SELECT n, body, sig FROM entry WHERE told = 0 AND body <> '' AND n >= ?"


def count(database: sqlite3.Connection) -> int:
    """Entries that the service can know of from here alone, and has not answered for."""
    (found,) = database.execute("SELECT count(*) FROM entry WHERE told = 0 AND owed = 1").fetchone()
    return int(found)


def next_run(
    database: sqlite3.Connection, limit: int, *, skip: Collection[int]
) -> tuple[SentEntry, ...]:
    """The oldest untold entries, up to `limit`, without a gap and without those of `skip`."""
    first = 0
    rows: list[tuple[int, str, bytes]] = []
    while not rows:
        found = database.execute(f"{_UNTOLD} ORDER BY n LIMIT ?", (first, limit)).fetchall()
        if not found:
            return ()
        first = found[-1][0] + 1
        rows = list(dropwhile(lambda row: row[0] in skip, found))
    run: list[SentEntry] = []
    for n, body, sig in rows:
        if n in skip or (run and n != run[-1].n + 1):
            break
        run.append(SentEntry(n, body, sig))
    return tuple(run)


def settle(database: sqlite3.Connection, numbers: Collection[int], acked: int | None) -> None:
    """The service has answered for these; `acked` None leaves what it was."""
    database.executemany("UPDATE entry SET told = 1 WHERE n = ?", [(n,) for n in numbers])
    if acked is not None:
        database.execute("UPDATE journal SET acked = ?", (acked,))


def reopen(database: sqlite3.Connection, after: int) -> None:
    """The service has lost what came after this number: all of it is owed again."""
    database.execute(
        "UPDATE entry SET owed = 1, told = 0 WHERE n > ? AND told = 1 AND body <> ''", (after,)
    )
    database.execute("UPDATE journal SET acked = min(acked, ?)", (after,))


def drop(database: sqlite3.Connection, before_ms: int) -> int:
    """Empty some bodies that are older and acknowledged; how many, 0: there are no more."""
    rows = database.execute(
        "SELECT n, body FROM entry WHERE body <> '' AND at_ms < ? AND told = 1"
        " AND n <= (SELECT acked FROM journal) ORDER BY at_ms LIMIT ?",
        (before_ms, _CHUNK),
    ).fetchall()
    emptied = [(hashlib.sha256(body.encode()).digest(), n) for n, body in rows]
    database.executemany("UPDATE entry SET body = '', body_hash = ? WHERE n = ?", emptied)
    return len(rows)
