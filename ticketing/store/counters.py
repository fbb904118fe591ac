"""The counters table: figures that would be slow or wrong to count from rows; in the store room.

A limit over several tickets is one conditional update: counting rows first and writing
then lets too many in (measured: 105 of 100).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import TextualSelect, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.store import schema
from ticketing.store.prepared import Prepared
from ticketing.store.unit import Unit

T = schema.counters.c
_ROW: dict[str, Any] = {"name": bindparam("name"), "n": bindparam("n")}


@dataclass(frozen=True, slots=True)
class Addition:
    """So many to be added to a counter, which may not get beyond `cap` (None: no limit)."""

    name: str
    n: int
    cap: int | None = None


def inside_name(day: date) -> str:
    """The counter of people inside on one local day: a new day starts with nobody."""
    return f"inside:{day.isoformat()}"


def add(unit: Unit, name: str, n: int) -> int:
    """Add to a counter, made at 0 if it is new, and return its new value."""
    statement = _ADD_SQLITE if unit.is_sqlite else _ADD_POSTGRESQL
    return int(unit.run(statement, {"name": name, "n": n}).scalar_one())


def add_within(unit: Unit, additions: Sequence[Addition]) -> tuple[int, ...] | None:
    """Add to several counters, all or none, in one statement; their new values in order.

    None if a cap forbids one of them: the caller rolls back. Below nothing, where exits that
    nobody entered for may have led, an addition with a cap begins at nothing: otherwise more
    people fit in than the house holds. Without a cap the sum stays exact. Counters are locked in
    the order of their names, so that two callers cannot wait for each other.
    """
    if not may_fit(additions):
        return None
    statement = _add_within(len(additions))
    found = {row[T.name]: int(row[T.n]) for row in unit.fetch(statement, values_of(additions))}
    return tuple(found[a.name] for a in additions) if len(found) == len(additions) else None


def may_fit(additions: Sequence[Addition]) -> bool:
    """Whether they fit into empty counters: a new row asks for no limit."""
    return all(one.cap is None or one.n <= one.cap for one in additions)


def values_of(additions: Sequence[Addition]) -> dict[str, Any]:
    """The values for the statements of as many additions."""
    values: dict[str, Any] = {}
    for place, one in enumerate(sorted(additions, key=_name)):
        values |= {f"name{place}": one.name, f"n{place}": one.n, f"cap{place}": one.cap}
    return values


def addition(size: int, *, behind: str) -> TextualSelect:
    """The same as a part of a greater statement of PostgreSQL, written if `behind` (SQL) holds."""
    rows = ", ".join(
        f"(:name{place}, CAST(:n{place} AS bigint), CAST(:cap{place} AS bigint))"
        for place in range(size)
    )
    fresh = f"SELECT * FROM (VALUES {rows}) AS fresh (name, n, cap) WHERE {behind}"  # noqa: S608  places, no values
    return _merged(fresh)


@cache
def _add_within(size: int) -> Prepared:
    """The statement for so many counters, the same text for both engines.

    SQLAlchemy compiles an insert of several rows anew with every call, which takes ten
    times as long as the database does.
    """
    rows = ", ".join(f"(:name{place}, :n{place}, :cap{place})" for place in range(size))
    return Prepared(_merged(f"VALUES {rows}"))


def _merged(fresh: str) -> TextualSelect:
    statement = text(
        f"INSERT INTO counters (name, n, cap) {fresh} "
        "ON CONFLICT (name) DO UPDATE SET cap = excluded.cap, n = excluded.n + "
        "CASE WHEN excluded.cap IS NOT NULL AND excluded.n > 0 AND counters.n < 0 "
        "THEN 0 ELSE counters.n END "
        "WHERE excluded.cap IS NULL OR counters.n + excluded.n <= excluded.cap "
        "OR excluded.n <= 0 RETURNING name, n"
    )
    return statement.columns(T.name, T.n)


def _name(addition: Addition) -> str:
    return addition.name


def read(unit: Unit, name: str) -> int | None:
    """The counter's value, or None if nothing was ever counted."""
    found = unit.run(select(T.n).where(T.name == name)).scalar_one_or_none()
    return None if found is None else int(found)


def fix(unit: Unit, name: str, n: int) -> int:
    """Set a figure that never changes again; whoever came first has set it."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    unit.run(into(schema.counters).values(name=name, n=n).on_conflict_do_nothing())
    return int(unit.run(select(T.n).where(T.name == name)).scalar_one())


def renew(unit: Unit, name: str, n: int) -> None:
    """Set such a figure anew: what rested on the old one is void."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    insert = into(schema.counters).values(name=name, n=n)
    unit.run(insert.on_conflict_do_update(index_elements=[T.name], set_={"n": n}))


_SQLITE = sqlite.insert(schema.counters).values(_ROW)
_ADD_SQLITE = _SQLITE.on_conflict_do_update(
    index_elements=[T.name], set_={"n": T.n + _SQLITE.excluded.n}
).returning(T.n)
_POSTGRESQL = postgresql.insert(schema.counters).values(_ROW)
_ADD_POSTGRESQL = _POSTGRESQL.on_conflict_do_update(
    index_elements=[T.name], set_={"n": T.n + _POSTGRESQL.excluded.n}
).returning(T.n)
