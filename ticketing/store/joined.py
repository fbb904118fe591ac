"""Passings of several gates that PostgreSQL keeps in one question; in the store room.

Three statements, sent at once, that are one transaction: the moves in the order of their
tickets, the counters in that of their names, the scans. Whoever keeps a single passing takes the
same order, so none of them waits for another that waits for it. Whoever writes moves of several
tickets in another order, an upload, may: so this here waits for no lock for long, and is dropped.
A part that writes less than it should divides by nothing, which drops the rest too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Integer,
    Text,
    Values,
    column,
    literal,
    select,
    true,
    values,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from ticketing.store import counters, moves, scans, schema
from ticketing.store.counters import Addition
from ticketing.store.passings import (
    COUNTED,
    Passing,
    done,
    given_as,
    insertion,
    is_dropped,
    moved,
    with_inside,
)
from ticketing.store.prepared import Call, Prepared
from ticketing.store.scans import Scan
from ticketing.store.server import is_contention
from ticketing.store.unit import Unit

S = schema.scans.c
C = schema.counters.c


def is_plain(passing: Passing) -> bool:
    """Whether it can be kept beside others: a move that needs no payment, and people who come."""
    is_coming = bool(passing.counted) and all(one.n > 0 for one in passing.counted)
    return passing.move is not None and passing.payment is None and is_coming


def add_each(unit: Unit, each: Sequence[Passing]) -> list[Scan] | None:
    """Keep several plain ones of different tickets, all or none; None if that could not be.

    That is so if somebody was faster with any part or has it now, or a counter has no room for all.
    """
    totals, later = _totals(each), _later(each)
    if not counters.may_fit(totals):
        return None
    try:
        _, counted, _ = unit.fetch_each(_calls(each, totals, later))
    except DBAPIError as error:
        if not (is_dropped(error) or is_contention(error)):
            raise
        return None
    inside = {row["name"]: row["n"] for row in counted}
    return [
        with_inside(one, inside[one.counted[0].name] - behind)
        for one, behind in zip(each, later, strict=True)
    ]


def _calls(each: Sequence[Passing], totals: Sequence[Addition], later: Sequence[int]) -> list[Call]:
    in_order = sorted((moved(one) for one in each), key=itemgetter("ticket_id"))
    kept = (
        scans.values_of(one.scan) | {"inside_name": one.counted[0].name, "later": behind}
        for one, behind in zip(each, later, strict=True)
    )
    return [
        (_moved(len(each)), _numbered(in_order)),
        (_counted(len(totals)), counters.values_of(totals)),
        (_kept(len(each)), _numbered(kept)),
    ]


def _totals(each: Sequence[Passing]) -> tuple[Addition, ...]:
    """What all of them add to each counter."""
    sums: Counter[str] = Counter()
    caps: dict[str, int] = {}
    for one in chain.from_iterable(passing.counted for passing in each):
        sums[one.name] += one.n
        if one.cap is not None:
            caps[one.name] = min(one.cap, caps.get(one.name, one.cap))
    return tuple(Addition(name, n, caps.get(name)) for name, n in sums.items())


def _later(each: Sequence[Passing]) -> list[int]:
    """How many people come behind each."""
    sums: Counter[str] = Counter()
    later = []
    for passing in reversed(each):
        people = passing.counted[0]
        later.append(sums[people.name])
        sums[people.name] += people.n
    return later[::-1]


# ------------------------------------------------------------ the statements
_GIVEN_MOVE: Mapping[str, TypeEngine[Any]] = {
    **{name: schema.moves.c[name].type for name in moves.GIVEN},
    "of_issue": schema.tickets.c.issue.type,
    "of_state": schema.tickets.c.state.type,
}
_GIVEN_SCAN: Mapping[str, TypeEngine[Any]] = {
    **{name: S[name].type for name in scans.GIVEN},
    "inside_name": Text(),
    "later": Integer(),
}


@cache
def _moved(size: int) -> Prepared:
    given = _rows(_GIVEN_MOVE, size)
    return Prepared(select(done("moved", size)).add_cte(moves.insertions(given).cte("moved")))


@cache
def _counted(size: int) -> Prepared:
    """Each counter with its new value."""
    counted = counters.addition(size, behind="true").cte("counted")
    anchor = select(literal(1).label("one")).subquery()  # divides even if nothing was written
    query = select(done("counted", size), COUNTED.c.name, COUNTED.c.n)
    return Prepared(query.select_from(anchor.outerjoin(COUNTED, true())).add_cte(counted))


@cache
def _kept(size: int) -> Prepared:
    given = _rows(_GIVEN_SCAN, size)
    now_inside = select(C.n).where(C.name == given.c.inside_name).scalar_subquery()
    scan = {name: given.c[name] for name in scans.GIVEN}
    kept = insertion(scan, now_inside - given.c.later, of=given)
    return Prepared(select(done("kept", size)).add_cte(kept.cte("kept")))


def _rows(kinds: Mapping[str, TypeEngine[Any]], size: int) -> Values:
    """So many rows of given values: `_numbered` gives them."""
    columns = (column(name, kind) for name, kind in kinds.items())
    rows = [
        tuple(given_as(f"{name}{place}", kind) for name, kind in kinds.items())
        for place in range(size)
    ]
    return values(*columns, name="given").data(rows)


def _numbered(each: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        f"{name}{place}": value for place, one in enumerate(each) for name, value in one.items()
    }
