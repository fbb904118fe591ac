"""The slots table; in the store room."""

from sqlalchemy import select

from ticketing.domain.slots import Slot
from ticketing.store import schema
from ticketing.store.prepared import Row
from ticketing.store.unit import Unit

T = schema.slots.c


def find(unit: Unit, slot: str) -> Slot | None:
    """The slot of an id."""
    row = unit.run(select(schema.slots).where(T.id == slot)).mappings().first()
    return None if row is None else to_slot(row)


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
