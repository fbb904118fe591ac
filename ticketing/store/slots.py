"""The slots table and how many places of each are sold; in the store room."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.slots import Slot, SlotPlaces
from ticketing.store import counters, schema
from ticketing.store.counters import Addition
from ticketing.store.prepared import Row
from ticketing.store.unit import Unit

T = schema.slots.c


def find(unit: Unit, slot: str) -> Slot | None:
    """The slot of an id."""
    row = unit.run(select(schema.slots).where(T.id == slot)).mappings().first()
    return None if row is None else to_slot(row)


def find_all(unit: Unit, ids: Sequence[str]) -> dict[str, Slot]:
    """The slots of these ids, as far as there are any."""
    rows = unit.run(select(schema.slots).where(T.id.in_(ids))).mappings()
    return {row[T.id]: to_slot(row) for row in rows}


def add(unit: Unit, slots: Sequence[Slot], *, at: datetime) -> tuple[str, ...]:
    """Store new slots; the ids of those whose offer had none at that start."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    rows = [asdict(slot) | {"created_at": at} for slot in slots]
    statement = into(schema.slots).values(rows).on_conflict_do_nothing().returning(T.id)
    return tuple(unit.run(statement).scalars())


def page(
    unit: Unit,
    *,
    offer: int,
    since: datetime | None = None,
    until: datetime | None = None,
    after: datetime | None = None,
    limit: int,
) -> tuple[SlotPlaces, ...]:
    """An offer's slots with what is sold, by start: behind `after`, within since..until."""
    query = _with_sold().where(T.offer == offer).order_by(T.starts_at).limit(limit)
    if since is not None:
        query = query.where(T.ends_at > since)
    if until is not None:
        query = query.where(T.starts_at < until)
    if after is not None:
        query = query.where(T.starts_at > after)
    return _places(unit, query)


def next_free(
    unit: Unit, *, offer: int, people: int, since: datetime, limit: int
) -> tuple[SlotPlaces, ...]:
    """The next slots of an offer that are not over and have places for so many persons."""
    query = (
        _with_sold()
        .where(T.offer == offer, T.ends_at > since, T.capacity - _sold() >= people)
        .order_by(T.starts_at)
        .limit(limit)
    )
    return _places(unit, query)


def upcoming(unit: Unit, *, since: datetime, until: datetime, limit: int) -> tuple[SlotPlaces, ...]:
    """The next slots of any offer that are not over and begin before a time, by start."""
    query = (
        _with_sold()
        .where(T.ends_at > since, T.starts_at < until)
        .order_by(T.starts_at, T.id)
        .limit(limit)
    )
    return _places(unit, query)


def sell(unit: Unit, slot: Slot, people: int) -> bool:
    """Take so many places of a slot, or give them back (negative); False if it is full."""
    taken = Addition(sold_name(slot.id), people, slot.capacity)
    return counters.add_within(unit, (taken,)) is not None


def resize(unit: Unit, slot: Slot) -> bool:
    """Store a slot's new capacity; False if more of its places are sold."""
    sold = (
        select(func.coalesce(func.max(schema.counters.c.n), 0))
        .where(schema.counters.c.name == sold_name(slot.id))
        .scalar_subquery()
    )
    statement = (
        update(schema.slots)
        .where(T.id == slot.id, sold <= slot.capacity)
        .values(capacity=slot.capacity)
        .returning(T.id)
    )
    return unit.run(statement).first() is not None


def delete_unsold(unit: Unit, slot: str) -> bool:
    """Take a slot away; False if there is a ticket for it."""
    has_ticket = exists().where(schema.tickets.c.slot == slot)
    statement = delete(schema.slots).where(T.id == slot, ~has_ticket).returning(T.id)
    return unit.run(statement).first() is not None


def sold_name(slot: str) -> str:
    """The counter of persons for whom a slot's tickets were sold."""
    return f"sold:{slot}"


def came_name(slot: str) -> str:
    """The counter of persons who came in by a slot's tickets."""
    return f"came:{slot}"


def to_slot(row: Row) -> Slot:
    """The slot of a row that holds the table's columns."""
    return Slot(
        id=row[T.id],
        offer=row[T.offer],
        starts_at=row[T.starts_at],
        ends_at=row[T.ends_at],
        capacity=row[T.capacity],
    )


def _sold() -> ColumnElement[int]:
    return func.coalesce(schema.counters.c.n, 0)


def _with_sold() -> Select[Any]:
    counter = schema.counters.c.name == literal(sold_name("")) + T.id
    return select(schema.slots, _sold().label("sold")).outerjoin(schema.counters, counter)


def _places(unit: Unit, query: Select[Any]) -> tuple[SlotPlaces, ...]:
    rows = unit.run(query).mappings()
    return tuple(SlotPlaces(slot=to_slot(row), sold=max(0, row["sold"])) for row in rows)
