"""What the service has not answered for yet, in the journal's file: SQL alone.

Every function takes the open database; the journal holds the lock.
"""

import hashlib
import sqlite3
from collections.abc import Collection
from itertools import chain, dropwhile
from typing import Final

from ticketing.wire.sync_api import SentEntry

Runs = Collection[tuple[int, int]]
"""First and last numbers of entries that the service has behind one it never took."""
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


def reclaim(database: sqlite3.Connection, acked: int, held: Runs) -> None:
    """The service may have lost what was told behind a gap: what it does not hold is owed again."""
    values = (acked, *chain.from_iterable(held))
    lost = f"told = 1 AND body <> '' AND n > ? AND NOT ({_within(held)})"
    database.execute(f"UPDATE entry SET owed = 1, told = 0 WHERE {lost}", values)  # noqa: S608  marks


def drop(database: sqlite3.Connection, before_ms: int, held: Runs) -> int:
    """Empty some bodies that are older and with the service; how many, 0: there are no more."""
    here = f"n <= (SELECT acked FROM journal) OR {_within(held)}"  # noqa: S608  marks
    rows = database.execute(
        f"SELECT n, body FROM entry WHERE body <> '' AND at_ms < ? AND told = 1 AND ({here})"  # noqa: S608  marks
        " ORDER BY at_ms LIMIT ?",
        (before_ms, *chain.from_iterable(held), _CHUNK),
    ).fetchall()
    emptied = [(hashlib.sha256(body.encode()).digest(), n) for n, body in rows]
    database.executemany("UPDATE entry SET body = '', body_hash = ? WHERE n = ?", emptied)
    return len(rows)


def _within(held: Runs) -> str:
    """A condition on `n`, with two marks for each run."""
    return " OR ".join(["n BETWEEN ? AND ?"] * len(held)) or "FALSE"
