"""How many people the rows say are inside, beside what the counter says; in the store room.

Each question is one statement: it sees the rows and the counter as of the same moment, so
the difference may be added to the counter without any lock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from ticketing.store import schema
from ticketing.store.scans import ScanState
from ticketing.store.types import EPOCH, BigInt
from ticketing.store.unit import Unit
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Basis, Verdict

ASKED_FOR = timedelta(minutes=10)
"""A scan is received this long before staff settle it, at most."""
PASSED = (Verdict.ADMIT, Verdict.EXIT)
S, C, N, M = schema.scans.c, schema.counts.c, schema.counters.c, schema.moves.c


def inside(unit: Unit, counter: str, *, since: datetime, until: datetime) -> tuple[int, int]:
    """People inside by a counter, and who came minus who left in a span, by scans and counts."""
    counted = select(N.n).where(N.name == counter).scalar_subquery()
    query = select(
        func.coalesce(counted, 0).label("counted"),
        func.coalesce(_by_scans(since, until).scalar_subquery(), 0).label("scanned"),
        func.coalesce(_by_counts(since, until).scalar_subquery(), 0).label("by_hand"),
    )
    row = unit.run(query).one()
    return int(row.counted), int(row.scanned) + int(row.by_hand)


def maybe_inside(unit: Unit, *, since: datetime) -> Sequence[bytes]:
    """Tickets of which somebody may be inside by moves since a time: their ids.

    More than there are: who it really is, folding the moves says.
    """
    entered = M.kind.in_([MoveKind.ENTRY, MoveKind.REENTRY])
    left = M.kind == MoveKind.EXIT
    at = type_coerce(M.at, BigInt)
    people = func.sum(case((entered, M.people), (left, -M.people), else_=0))
    annuls = func.sum(case((M.kind == MoveKind.ANNUL, 1), else_=0))
    last_in = func.coalesce(func.max(case((entered, at))), 0)
    last_out = func.coalesce(func.max(case((left, at))), 0)
    query = (
        select(M.ticket_id)
        .where(M.at >= since)
        .group_by(M.ticket_id)
        .having(or_(people > 0, annuls > 0, last_in > last_out))
        .order_by(M.ticket_id)
    )
    return unit.run(query).scalars().all()


def _by_scans(since: datetime, until: datetime) -> Select[Any]:
    has_left = or_(S.verdict == Verdict.EXIT, S.shown == Verdict.EXIT.value)
    at = happened()
    return select(func.sum(case((has_left, -S.people), else_=S.people))).where(
        S.received_at >= since - ASKED_FOR,
        S.state.not_in([ScanState.ANNULLED.value, ScanState.PENDING.value]),
        or_(S.verdict.in_(PASSED), S.shown.in_([verdict.value for verdict in PASSED])),
        and_(at >= _ms(since), at < _ms(until)),
    )


def _by_counts(since: datetime, until: datetime) -> Select[Any]:
    return select(func.sum(C.delta)).where(C.at >= since, C.at < until)


def happened() -> ColumnElement[int]:
    """When a scan's people passed, ms: settled, received, or read by a corrected clock."""
    settled = S.state.in_([ScanState.CONFIRMED.value, ScanState.OVERRIDDEN.value])
    read_ms = type_coerce(S.scanned_at, BigInt) - func.coalesce(S.diff_ms, 0)
    return case(
        (and_(settled, S.settled_at.is_not(None)), type_coerce(S.settled_at, BigInt)),
        (S.basis == Basis.ONLINE, type_coerce(S.received_at, BigInt)),
        else_=read_ms,
    )


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
