"""The counters table: figures that would be slow or wrong to count from rows; in the store room."""

from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.counters.c
_ROW: dict[str, Any] = {"name": bindparam("name"), "n": bindparam("n")}


def inside_name(day: date) -> str:
    """The counter of people inside on one local day: a new day starts with nobody."""
    return f"inside:{day.isoformat()}"


def add(unit: Unit, name: str, n: int) -> int:
    """Add to a counter, made at 0 if it is new, and return its new value."""
    statement = _ADD_SQLITE if unit.is_sqlite else _ADD_POSTGRESQL
    return int(unit.run(statement, {"name": name, "n": n}).scalar_one())


def read(unit: Unit, name: str) -> int | None:
    """The counter's value, or None if nothing was ever counted."""
    found = unit.run(select(T.n).where(T.name == name)).scalar_one_or_none()
    return None if found is None else int(found)


def fix(unit: Unit, name: str, n: int) -> int:
    """Set a figure that never changes again; whoever came first has set it."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    unit.run(into(schema.counters).values(name=name, n=n).on_conflict_do_nothing())
    return int(unit.run(select(T.n).where(T.name == name)).scalar_one())


_SQLITE = sqlite.insert(schema.counters).values(_ROW)
_ADD_SQLITE = _SQLITE.on_conflict_do_update(
    index_elements=[T.name], set_={"n": T.n + _SQLITE.excluded.n}
).returning(T.n)
_POSTGRESQL = postgresql.insert(schema.counters).values(_ROW)
_ADD_POSTGRESQL = _POSTGRESQL.on_conflict_do_update(
    index_elements=[T.name], set_={"n": T.n + _POSTGRESQL.excluded.n}
).returning(T.n)
