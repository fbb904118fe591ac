"""A passing: all that one presentation writes, kept whole or not at all; in the store room.

The move of the ticket, the people counted, the scan. The counters come late, because every
gate waits for them. Of two who are at the same move, place or scan one finds nothing written.

SQLite writes one after the other in a transaction. PostgreSQL gets one statement that is a
transaction by itself: seven questions and answers over the wire became one, and nobody holds
the counter while this process waits for its turn (measured: twice as many scans). Several that
come at once go in one question, with one wait for the disk.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError
from sqlalchemy.sql.dml import ReturningInsert

from ticketing.domain.payments import Payment
from ticketing.domain.tickets import Ticket
from ticketing.store import counters, moves, payments, positions, scans, schema, tickets
from ticketing.store.counters import Addition
from ticketing.store.prepared import Call, Prepared
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.verdict import TicketState

T = schema.scans.c
Keep = Callable[[Unit, Scan], bool]
_DIVISION_BY_ZERO: Final = "22012"  # PostgreSQL, appendix A


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
        if not _is_dropped(error):
            raise
        unit.rollback()
        return None
    if unit.writing:
        unit.commit()
    return _with_inside(passing, rows[0]["inside"])


def is_plain(passing: Passing) -> bool:
    """Whether it can be kept beside others: a move that needs no payment, and people who come."""
    is_coming = bool(passing.counted) and all(one.n > 0 for one in passing.counted)
    return passing.move is not None and passing.payment is None and is_coming


def add_each(unit: Unit, each: Sequence[Passing]) -> list[Scan] | None:
    """Keep several plain ones on PostgreSQL, in one question; None if that could not be.

    Tickets in the order of their ids, then counters in that of their names, then the scans:
    nobody waits here who holds what another one waits for. If somebody was faster with any
    part, or a counter has no room for all, nothing is kept.
    """
    totals, later = _totals(each), _later(each)
    if not counters.may_fit(totals):
        return None
    moved = sorted((_moved(one) for one in each), key=itemgetter("ticket_id"))
    calls: list[Call] = [(_MOVED, values) for values in moved]
    calls.append((_counted(len(totals)), counters.values_of(totals)))
    calls += [
        (_KEPT, scans.values_of(one.scan) | {"inside_name": _inside_of(one), "later": behind})
        for one, behind in zip(each, later, strict=True)
    ]
    try:
        rows = unit.fetch_each(calls)[len(moved)]
    except DataError as error:
        if not _is_dropped(error):
            raise
        return None
    inside = {row["name"]: row["n"] for row in rows}
    return [
        _with_inside(one, inside[_inside_of(one)] - behind)
        for one, behind in zip(each, later, strict=True)
    ]


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


def _is_dropped(error: DataError) -> bool:
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
    return None if counted is None else _with_inside(passing, counted[0])


def _with_inside(passing: Passing, inside: int | None) -> Scan:
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
    parts.append(_scan(inside if counted else None, behind=written).cte("kept"))
    return Prepared(select(_done("kept"), inside.label("inside")).add_cte(*parts))


def _scan(inside: ColumnElement[int | None] | None, *, behind: str) -> ReturningInsert[Any]:
    """The scan with the people inside, written if `behind` (SQL) holds."""
    given: dict[str, ColumnElement[Any]] = {name: _given(name) for name in scans.GIVEN}
    if inside is not None:
        path: ColumnElement[Any] = literal_column("ARRAY['inside']")
        people = func.to_jsonb(func.greatest(0, inside))
        given["outcome"] = cast(func.jsonb_set(cast(given["outcome"], JSONB), path, people), Text)
    given["pos"] = positions.next_in(schema.scans, is_sqlite=False)
    query = select(*(value.label(name) for name, value in given.items()))
    query = query.where(literal_column(behind))
    insert = postgresql.insert(schema.scans).from_select(list(given), query)
    return insert.on_conflict_do_nothing().returning(T.scan_id)


def _done(part: str, rows: int = 1) -> ColumnElement[int]:
    """A division by nothing unless a part has written so many rows."""
    written = f"1 / ((SELECT count(*) FROM {part}) / {rows})"  # noqa: S608  our own names
    return literal_column(written, BigInteger).label("done")


def _has_written(part: str, rows: int) -> str:
    return f"(SELECT count(*) FROM {part}) = {rows}"  # noqa: S608  our own names


def _inside(counted: int) -> ColumnElement[int | None]:
    """People inside by the first counter, where one is added to."""
    if not counted:
        return literal_column("NULL", BigInteger)
    own = _COUNTED.c.name == bindparam("inside_name")
    return select(_COUNTED.c.n).where(own).scalar_subquery()


def _given(name: str) -> ColumnElement[Any]:
    """A value of the scan; PostgreSQL takes one without a type for text."""
    kind = T[name].type
    return cast(bindparam(name, type_=kind), kind)


def _values(passing: Passing) -> dict[str, Any]:
    values = scans.values_of(passing.scan) | _moved(passing)
    if passing.counted:
        values |= counters.values_of(passing.counted)
        values["inside_name"] = passing.counted[0].name
    return values


def _moved(passing: Passing) -> dict[str, Any]:
    move, ticket = passing.move, passing.ticket
    if move is None or ticket is None:
        return {}
    return moves.values_of(move, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state)


# ------------------------------------------------------------ PostgreSQL: several in one question
@cache
def _counted(size: int) -> Prepared:
    """All of so many counters, each with its new value."""
    counted = counters.addition(size, behind="true").cte("counted")
    anchor = select(literal(1).label("one")).subquery()  # divides even if nothing was written
    query = select(_done("counted", size), _COUNTED.c.name, _COUNTED.c.n)
    return Prepared(query.select_from(anchor.outerjoin(_COUNTED, true())).add_cte(counted))


def _totals(each: Sequence[Passing]) -> tuple[Addition, ...]:
    """What all of them add to each counter."""
    totals: dict[str, Addition] = {}
    for one in chain.from_iterable(passing.counted for passing in each):
        so_far = totals.get(one.name, replace(one, n=0))
        caps = [cap for cap in (so_far.cap, one.cap) if cap is not None]
        totals[one.name] = Addition(one.name, so_far.n + one.n, min(caps, default=None))
    return tuple(totals.values())


def _inside_of(passing: Passing) -> str:
    return passing.counted[0].name


def _later(each: Sequence[Passing]) -> list[int]:
    """How many people come behind each."""
    sums: Counter[str] = Counter()
    later = []
    for one in reversed(each):
        later.append(sums[_inside_of(one)])
        sums[_inside_of(one)] += one.counted[0].n
    return later[::-1]


_COUNTED = table("counted", column("name", Text), column("n", BigInteger))
_MOVED = Prepared(select(_done("moved")).add_cte(moves.insertion(is_sqlite=False).cte("moved")))
_NOW_INSIDE = select(schema.counters.c.n).where(schema.counters.c.name == bindparam("inside_name"))
_KEPT = Prepared(
    select(_done("kept")).add_cte(
        _scan(
            _NOW_INSIDE.scalar_subquery() - bindparam("later", type_=BigInteger()), behind="true"
        ).cte("kept")
    )
)
