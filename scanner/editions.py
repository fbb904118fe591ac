"""How knowledge lies in the station's SQLite file: two editions of rows, and the house.

Ids, states, times and figures, and names in boxes; see `knowledge.py` for what becomes of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanner.memory import Contained, Found
from ticketing.wire.house import KnownOffer
from ticketing.wire.journal import from_ms, to_ms
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

_FACTS = """
  id BLOB PRIMARY KEY, issue INTEGER NOT NULL, state TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, party INTEGER NOT NULL,
  people_today INTEGER NOT NULL, uses_total INTEGER NOT NULL, last_move_no INTEGER NOT NULL,
  last_in_at INTEGER, last_in_gate TEXT, inside INTEGER NOT NULL, box BLOB,
  uses_today INTEGER NOT NULL, first_in_at INTEGER, first_in_gate TEXT, has_left INTEGER NOT NULL
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS edition (
  no INTEGER PRIMARY KEY CHECK (no IN (0, 1)), is_complete INTEGER NOT NULL,
  epoch TEXT, cursor TEXT, fetched INTEGER, acked INTEGER NOT NULL,
  online_from INTEGER NOT NULL, online_until INTEGER NOT NULL,
  window_from INTEGER, window_until INTEGER, held TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE TABLE IF NOT EXISTS house (only INTEGER PRIMARY KEY CHECK (only = 1), facts TEXT NOT NULL)
  STRICT;
CREATE TABLE IF NOT EXISTS known_0 ({_FACTS}) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known_1 ({_FACTS}) STRICT, WITHOUT ROWID;
"""
PLACES = ",".join("?" * 17)
EDITION = (
    "no, is_complete, epoch, cursor, fetched, acked, online_from, online_until,"
    " window_from, window_until, held"
)
VERSION = 1


@dataclass(frozen=True, slots=True)
class Edition:
    """One of the two sets of rows; times in milliseconds, `held` as JSON."""

    no: int
    is_complete: bool = False
    epoch: str | None = None
    cursor: str | None = None
    fetched: int | None = None
    acked: int = 0
    online_from: int = 0
    online_until: int = 0
    window_from: int | None = None
    window_until: int | None = None
    held: str = "[]"


def looked_up(database: sqlite3.Connection, ticket_id: TicketId) -> Found:
    """The row of a ticket in the complete edition; within one transaction of the caller."""
    live = database.execute(
        "SELECT no, acked, online_from, online_until, held FROM edition WHERE is_complete = 1"
    ).fetchone()
    if live is None:
        return Found(None, Contained())
    no, acked, online_from, online_until, held = live
    runs = tuple((first, last) for first, last in json.loads(held))
    query = f"SELECT * FROM known_{no:d} WHERE id = ?"  # noqa: S608  0 or 1
    row = database.execute(query, (ticket_id,)).fetchone()
    return Found(
        None if row is None else _known(row), Contained(acked, online_from, online_until, runs)
    )


def bring_up(database: sqlite3.Connection) -> None:
    """Tables, and the column that a file of an older station lacks.

    Raises:
        sqlite3.Error: the file cannot be used.
    """
    database.executescript(_SCHEMA)
    if not any(row[1] == "held" for row in database.execute("PRAGMA table_info(edition)")):
        database.execute("ALTER TABLE edition ADD COLUMN held TEXT NOT NULL DEFAULT '[]'")
    database.execute(f"PRAGMA user_version = {VERSION}")


def check(database: sqlite3.Connection) -> None:
    """Raise what SQLite raises for a damaged file, for one of another release too.

    Raises:
        sqlite3.DatabaseError: damaged, or not this release's.
    """
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if state != "ok" or version not in {0, VERSION}:
        raise sqlite3.DatabaseError("damaged")


def connected(path: str) -> sqlite3.Connection:
    """A connection to the file, to be used under a lock.

    Raises:
        sqlite3.Error: no database can be opened there.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA cache_size = -1000")
    database.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in the file
    return database


def rows(tickets: Iterable[KnownTicket]) -> Iterator[tuple[object, ...]]:
    """Tickets as their rows are written."""
    for one in tickets:
        yield (
            *(one.id, one.issue, one.state.value),
            *(to_ms(one.not_before), to_ms(one.not_after), one.party),
            *(one.people_today, one.uses_total, one.last_move_no),
            *(_maybe_ms(one.last_in_at), one.last_in_gate, one.inside, one.box),
            *(one.uses_today, _maybe_ms(one.first_in_at), one.first_in_gate, int(one.has_left)),
        )


def _known(row: tuple[Any, ...]) -> KnownTicket:
    ticket_id, issue, state, not_before, not_after, party, people, uses, last_no = row[:9]
    last_in_at, last_in_gate, inside, box, uses_today, first_at, first_gate, has_left = row[9:]
    return KnownTicket(
        id=TicketId(ticket_id),
        issue=issue,
        state=TicketState(state),
        not_before=from_ms(not_before),
        not_after=from_ms(not_after),
        party=party,
        people_today=people,
        uses_total=uses,
        last_move_no=last_no,
        last_in_at=maybe_at(last_in_at),
        last_in_gate=last_in_gate,
        inside=inside,
        box=box,
        uses_today=uses_today,
        first_in_at=maybe_at(first_at),
        first_in_gate=first_gate,
        has_left=bool(has_left),
    )


def offers_of(items: Iterable[object]) -> Mapping[int, KnownOffer]:
    """Offers by number, from the Offer objects of the contract.

    Raises:
        BadMessage: something else among them.
    """
    known = [KnownOffer.from_json(item) for item in items]
    return {offer.number: offer for offer in known}


def house_text(page: KnowledgePage) -> str:
    """What a page tells of the house, as it is kept."""
    facts = {
        "keys": page.keys.to_json(),
        "offers": list(page.offers),
        "settings": page.settings.to_json(),
    }
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)


def _maybe_ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def maybe_at(ms: int | None) -> datetime | None:
    """The aware UTC time of milliseconds, if there is one."""
    return None if ms is None else from_ms(ms)
