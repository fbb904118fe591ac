"""Stations' journals as they were uploaded; in the store room.

An entry is kept under (journal, n, hash): the same again is known, the same number with
another hash is a second history of the same journal. Nothing here is ever changed or
dropped.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from ticketing.domain.ids import StationId
from ticketing.store import positions, schema
from ticketing.store.unit import Unit
from ticketing.wire.sync_api import Result

J = schema.journals.c
T = schema.journal_entries.c
BAD_ROW: Final = (DataError, IntegrityError, OverflowError, ValueError)
"""What a value raises that no column can hold; other failures are the machine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One journal: entries 1 to `acked` are here, the last of them has the hash `head`."""

    id: bytes
    station: StationId
    acked: int
    head: bytes
    created_at: datetime
    broken_at: datetime | None = None
    forked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One entry; `detail` is the conflict's id or why it was rejected, `chain` good or broken."""

    journal: bytes
    n: int
    hash: bytes
    body: str = field(repr=False)
    sig: bytes
    received_at: datetime
    result: Result
    detail: str | None = None
    chain: str = "good"


def lock(unit: Unit) -> None:
    """Let one upload at a time settle: two would wait for each other's tickets.

    SQLite's writer lock does it already. Reading goes on, and so do scans.
    """
    if not unit.is_sqlite:
        unit.run(text("LOCK TABLE journals IN SHARE ROW EXCLUSIVE MODE"))


def find(unit: Unit, journal: bytes) -> Journal | None:
    """The journal of an id."""
    row = unit.run(select(schema.journals).where(J.id == journal)).mappings().first()
    if row is None:
        return None
    return Journal(
        id=row[J.id],
        station=row[J.station],
        acked=row[J.acked],
        head=row[J.head],
        created_at=row[J.created_at],
        broken_at=row[J.broken_at],
        forked_at=row[J.forked_at],
    )


def begin(unit: Unit, journal: Journal) -> Journal:
    """The journal as it is, stored if it is new."""
    there = find(unit, journal.id)
    if there is not None:
        return there
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    pos = positions.next_in(schema.journals, is_sqlite=unit.is_sqlite)
    values: dict[str, Any] = asdict(journal) | {"pos": pos}
    unit.run(into(schema.journals).values(values).on_conflict_do_nothing())
    return find(unit, journal.id) or journal


def advance(unit: Unit, journal: Journal) -> None:
    """Write how far a journal is complete, and its alarms."""
    pos = positions.next_in(schema.journals, is_sqlite=unit.is_sqlite)
    values = {
        "acked": journal.acked,
        "head": journal.head,
        "broken_at": journal.broken_at,
        "forked_at": journal.forked_at,
        "pos": pos,
    }
    unit.run(update(schema.journals).where(J.id == journal.id).values(values))


def entries(unit: Unit, journal: bytes, *, first: int, last: int) -> tuple[Kept, ...]:
    """Entries of these numbers, both included, in order; of a fork the older one first."""
    query = (
        select(schema.journal_entries)
        .where(T.journal == journal, T.n >= first, T.n <= last)
        .order_by(T.n, T.received_at, T.hash)
    )
    return tuple(_kept(dict(row)) for row in unit.run(query).mappings())


def is_whole(unit: Unit, journal: bytes, *, last: int) -> bool:
    """Whether every number from 1 to `last` is here."""
    query = select(func.count(T.n.distinct())).where(T.journal == journal, T.n <= last)
    return int(unit.run(query).scalar_one()) == last


def clock_before(unit: Unit, journal: bytes, n: int) -> str | None:
    """The body of the last entry before `n` that tells of the station's clock."""
    query = (
        select(T.body)
        .where(T.journal == journal, T.n < n, T.body.contains('"kind":"clock"', autoescape=True))
        .order_by(T.n.desc())
        .limit(1)
    )
    return unit.run(query).scalar_one_or_none()


def resolves_behind(unit: Unit, journal: bytes, n: int, *, scan_id: bytes) -> tuple[str, ...]:
    """Bodies that settle a scan, of entries that came before the scan itself did."""
    query = select(T.body).where(
        T.journal == journal,
        T.n > n,
        T.body.contains('"kind":"resolve"', autoescape=True),
        T.body.contains(scan_id.hex(), autoescape=True),
    )
    return tuple(unit.run(query.order_by(T.n)).scalars())


def keep(unit: Unit, kept: Sequence[Kept]) -> None:
    """Store entries; one that is there stays as it is."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    rows = [asdict(one) | {"result": one.result.value} for one in kept]
    if rows:
        unit.run(into(schema.journal_entries).on_conflict_do_nothing(), rows)


def _kept(row: dict[str, Any]) -> Kept:
    return replace(Kept(**row), result=Result(row["result"]))
