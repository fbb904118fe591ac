"""A passing: all that one presentation writes, kept whole or not at all; in the store room.

The move of the ticket, the people counted, the scan. The counters come late, because every
gate waits for them. Of two who are at the same move, place or scan one finds nothing written.

SQLite writes one after the other in a transaction. PostgreSQL gets one statement that is a
transaction by itself: seven questions and answers over the wire became one, and nobody holds
the counter while this process waits for its turn (measured: twice as many scans). Several that
come at once: `joined.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from ticketing.domain.payments import Payment
from ticketing.domain.tickets import Ticket
from ticketing.store import counters, moves, payments, positions, scans, schema, tickets
from ticketing.store.counters import Addition
from ticketing.store.prepared import Prepared
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.verdict import TicketState

T = schema.scans.c
Keep = Callable[[Unit, Scan], bool]
_DIVISION_BY_ZERO: Final = "22012"  # PostgreSQL, appendix A
COUNTED: Final = table("counted", column("name", Text), column("n", BigInteger))
"""What the part of a statement that adds to counters gives back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What is to be written.

    `move` is the next of `ticket`, if it moves; `payment` settles what was to be paid.
    `counted` are the additions to counters, that of the people inside first.
    """

    scan: Scan
    ticket: Ticket | None = None
    move: Move | None = None
    payment: Payment | None = None
    counted: tuple[Addition, ...] = ()


def add(unit: Unit, passing: Passing) -> Scan | None:
    """Keep a new scan and all that comes with it; None if somebody was faster with any part."""
    if unit.is_sqlite or passing.payment is not None:
        return keep(unit, passing, by=scans.add)
    if not counters.may_fit(passing.counted):
        unit.rollback()
        return None
    statement = _at_once(passing.move is not None, len(passing.counted))
    try:
        rows = unit.fetch(statement, _values(passing))
    except DataError as error:
        if not is_dropped(error):
            raise
        unit.rollback()
        return None
    if unit.writing:
        unit.commit()
    return with_inside(passing, rows[0]["inside"])


def keep(unit: Unit, passing: Passing, *, by: Keep) -> Scan | None:
    """The same with a scan that is kept by `by`, one statement after the other."""
    unit.begin()
    if _move(unit, passing):
        kept = _count(unit, passing)
        if kept is not None and by(unit, kept):
            unit.commit()
            return kept
    unit.rollback()
    return None


def is_dropped(error: DBAPIError) -> bool:
    """Whether a part was not written, so that the division by it has dropped the rest."""
    return getattr(error.orig, "sqlstate", None) == _DIVISION_BY_ZERO


# ------------------------------------------------------------ one after the other
def _move(unit: Unit, passing: Passing) -> bool:
    move, ticket = passing.move, passing.ticket
    if move is None or ticket is None:
        return True
    if not moves.add(unit, move, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state):
        return False
    if passing.payment is not None:
        tickets.set_state(unit, ticket.id, TicketState.VALID, at=move.at)
        payments.add(unit, passing.payment)
    return True


def _count(unit: Unit, passing: Passing) -> Scan | None:
    if not passing.counted:
        return passing.scan
    counted = counters.add_within(unit, passing.counted)
    return None if counted is None else with_inside(passing, counted[0])


def with_inside(passing: Passing, inside: int | None) -> Scan:
    """The scan as it is kept."""
    return passing.scan if inside is None else replace(passing.scan, inside=max(0, inside))


# ------------------------------------------------------------ PostgreSQL: all in one statement
@cache
def _at_once(has_move: bool, counted: int) -> Prepared:  # noqa: FBT001  part of the cache's key
    """Each part writes only if the one before it has; the last divides by what was kept.

    Parts of one statement see each other by what they return alone, and run as they are asked.
    """
    parts: list[CTE] = []
    if has_move:
        parts.append(moves.insertion(is_sqlite=False).cte("moved"))
    if counted:
        behind = _has_written("moved", 1) if has_move else "true"
        parts.append(counters.addition(counted, behind=behind).cte("counted"))
    written = _has_written(parts[-1].name, counted or 1) if parts else "true"
    inside = _inside(counted)
    given = {name: given_as(name, T[name].type) for name in scans.GIVEN}
    parts.append(insertion(given, inside if counted else None, behind=written).cte("kept"))
    return Prepared(select(done("kept"), inside.label("inside")).add_cte(*parts))


def insertion(
    given: Mapping[str, ColumnElement[Any]],
    inside: ColumnElement[int | None] | None,
    *,
    of: FromClause | None = None,
    behind: str = "true",
) -> ReturningInsert[Any]:
    """Scans of these values, with the people inside, written if `behind` (SQL) holds."""
    written = dict(given)
    if inside is not None:
        path: ColumnElement[Any] = literal_column("ARRAY['inside']")
        people = func.to_jsonb(func.greatest(0, inside))
        written["outcome"] = cast(func.jsonb_set(cast(given["outcome"], JSONB), path, people), Text)
    written["pos"] = positions.next_in(schema.scans, is_sqlite=False)
    query = select(*(value.label(name) for name, value in written.items()))
    query = query.where(literal_column(behind))
    insert = postgresql.insert(schema.scans).from_select(
        list(written), query if of is None else query.select_from(of)
    )
    return insert.on_conflict_do_nothing().returning(T.scan_id)


def done(part: str, rows: int = 1) -> ColumnElement[int]:
    """A division by nothing unless a part has written so many rows."""
    written = f"1 / ((SELECT count(*) FROM {part}) / {rows})"  # noqa: S608  our own names
    return literal_column(written, BigInteger).label("done")


def _has_written(part: str, rows: int) -> str:
    return f"(SELECT count(*) FROM {part}) = {rows}"  # noqa: S608  our own names


def _inside(counted: int) -> ColumnElement[int | None]:
    """People inside by the first counter, where one is added to."""
    if not counted:
        return literal_column("NULL", BigInteger)
    own = COUNTED.c.name == bindparam("inside_name")
    return select(COUNTED.c.n).where(own).scalar_subquery()


def given_as(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """A value that is given; PostgreSQL takes one without a type for text."""
    return cast(bindparam(name, type_=kind), kind)


def _values(passing: Passing) -> dict[str, Any]:
    values = scans.values_of(passing.scan) | moved(passing)
    if passing.counted:
        values |= counters.values_of(passing.counted)
        values["inside_name"] = passing.counted[0].name
    return values


def moved(passing: Passing) -> dict[str, Any]:
    """The values of its move."""
    move, ticket = passing.move, passing.ticket
    if move is None or ticket is None:
        return {}
    return moves.values_of(move, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state)
