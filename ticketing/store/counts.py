"""The counts table: people without a ticket, and corrections; in the store room."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.ids import StationId
from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.counts.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many more people inside, or fewer if negative, at an aware UTC time.

    `id` has 16 bytes; `station` is the one that journalled it, None for staff and programs;
    `by` is the id of who counted.
    """

    id: bytes
    gate: str
    delta: int
    reason: str
    at: datetime
    received_at: datetime
    station: StationId | None = None
    by: str | None = None


def add(unit: Unit, count: Count) -> bool:
    """Store a count; False if its id is there already."""
    values = {name: getattr(count, name) for name in Count.__slots__}
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    statement = into(schema.counts).values(values).on_conflict_do_nothing().returning(T.id)
    return unit.run(statement).first() is not None


def listed(unit: Unit, *, since: datetime) -> tuple[Count, ...]:
    """The counts of people since a time, oldest first."""
    query = select(schema.counts).where(T.at >= since).order_by(T.at, T.id)
    return tuple(Count(**row) for row in unit.run(query).mappings())
