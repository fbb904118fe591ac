"""Who passed the gates and who was refused, summed up from scans; in the store room.

A scan that was judged online is received when it happens, so its index bounds the search on
both sides. One that was judged offline may come weeks later: those have an index of their own,
which only they are written to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, type_coerce

from ticketing.domain.stats import Minute, Span
from ticketing.store import schema
from ticketing.store.occupancy import ASKED_FOR, PASSED, happened
from ticketing.store.scans import ScanState
from ticketing.store.types import EPOCH, BigInt
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Basis, Reason, Verdict

S, C = schema.scans.c, schema.counts.c
_MINUTE_MS = 60_000


def minutes(unit: Unit, span: Span, *, each: int = 1) -> tuple[Minute, ...]:
    """What happened in each minute of a span in which anything did, oldest first.

    One minute may stand there more than once. `each`: so many minutes are put together under
    the first of them, counted from 1970 UTC; 15 of them are within one step in every zone.
    """
    found = [*_of_scans(unit, span, each), *_of_counts(unit, span, each)]
    return tuple(sorted(found, key=lambda one: one.at))


def reasons(unit: Unit, span: Span) -> Mapping[Reason, int]:
    """How many scans of a span were refused, by reason."""
    at, found = happened(), Counter[Reason]()
    for received in _received(span):
        query = (
            select(S.reason.label("reason"), func.count().label("n"))
            .where(
                received,
                S.verdict == Verdict.REFUSE,
                S.state != ScanState.ANNULLED.value,
                at >= _ms(span.since),
                at < _ms(span.until),
            )
            .group_by(S.reason)
        )
        found.update({Reason(row["reason"]): row["n"] for row in unit.run(query).mappings()})
    return found


def _received(span: Span) -> tuple[ColumnElement[bool], ...]:
    """Where to look for the scans of a span, one condition for each index."""
    asked_since = span.since - ASKED_FOR
    return (
        and_(S.basis == Basis.ONLINE, S.received_at >= asked_since, S.received_at < span.until),
        and_(S.basis == Basis.OFFLINE, S.received_at >= asked_since),
    )


def _of_scans(unit: Unit, span: Span, each: int) -> Iterator[Minute]:
    for received in _received(span):
        for row in unit.run(_by_minute(received, span, each)).mappings():
            yield Minute(
                _at(row["minute"], each),
                int(row["entries"]),
                int(row["exits"]),
                int(row["refused"]),
            )


def _by_minute(received: ColumnElement[bool], span: Span, each: int) -> Select[*tuple[Any, ...]]:
    has_passed = or_(S.verdict.in_(PASSED), S.shown.in_([verdict.value for verdict in PASSED]))
    has_left = or_(S.verdict == Verdict.EXIT, S.shown == Verdict.EXIT.value)
    is_refused = S.verdict == Verdict.REFUSE
    at = happened()
    minute = (type_coerce(at, BigInt) // (each * _MINUTE_MS)).label("minute")
    return (
        select(
            minute,
            func.sum(case((has_left, 0), (has_passed, S.people), else_=0)).label("entries"),
            func.sum(case((has_left, S.people), else_=0)).label("exits"),
            func.sum(case((has_passed, 0), (is_refused, 1), else_=0)).label("refused"),
        )
        .where(
            received,
            S.state.not_in([ScanState.ANNULLED.value, ScanState.PENDING.value]),
            at >= _ms(span.since),
            at < _ms(span.until),
        )
        .group_by(minute)
    )


def _of_counts(unit: Unit, span: Span, each: int) -> Iterator[Minute]:
    minute = (type_coerce(C.at, BigInt) // (each * _MINUTE_MS)).label("minute")
    query = (
        select(minute, func.sum(C.delta).label("delta"))
        .where(C.at >= span.since, C.at < span.until)
        .group_by(minute)
    )
    for row in unit.run(query).mappings():
        yield Minute(_at(row["minute"], each), by_hand=int(row["delta"]))


def _at(number: int, each: int) -> datetime:
    return EPOCH + timedelta(minutes=int(number) * each)


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
