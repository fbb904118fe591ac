"""Tickets that are being stored in several transactions; in the store room.

While a batch is under way a counter `batch:…` holds when it began (ms), and its tickets
bear that name as the reason of their state. So what a process that died has left behind
can be found and taken away: nobody has got those tickets.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, insert, select, text

from ticketing.domain.tickets import OF_MANY
from ticketing.store import schema
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit

T, C, M = schema.tickets.c, schema.counters.c, schema.moves.c


def name_of(raw: bytes) -> str:
    """The name of a batch."""
    return f"{OF_MANY}{raw.hex()}"


def open_batch(unit: Unit, name: str, *, at: datetime) -> None:
    """Note that a batch is under way."""
    began_ms = (at - EPOCH) // timedelta(milliseconds=1)
    unit.run(insert(schema.counters).values(name=name, n=began_ms))


def close_batch(unit: Unit, name: str) -> None:
    """The batch is complete, or gone."""
    unit.run(delete(schema.counters).where(C.name == name))


def under_way(unit: Unit) -> tuple[tuple[str, datetime], ...]:
    """The batches that are being stored, and when they began."""
    query = select(C.name, C.n).where(C.name.startswith(OF_MANY))
    return tuple((row.name, EPOCH + timedelta(milliseconds=row.n)) for row in unit.run(query))


def members(unit: Unit, name: str, *, at: datetime, limit: int) -> list[bytes]:
    """Tickets of a batch that began then and that nobody has used."""
    used = exists().where(M.ticket_id == T.id)
    query = select(T.id).where(T.created_at == at, T.state_reason == name, ~used).limit(limit)
    return list(unit.run(query).scalars())


def fold_log(unit: Unit) -> None:
    """Write SQLite's log into its file, outside any transaction: nobody waits for that.

    Otherwise a commit does it for every thousand pages, while gates wait (measured: 80 ms).
    """
    if unit.is_sqlite:
        unit.run(text("PRAGMA wal_checkpoint(PASSIVE)")).all()


def drop(unit: Unit, ids: Sequence[bytes]) -> None:
    """Take tickets away as if they had never been."""
    unit.run(delete(schema.tickets).where(T.id.in_(ids)))
