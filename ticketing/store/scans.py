"""The scans table: a resource made by the station; in the store room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.ids import ScanId, StationId
from ticketing.store import positions, schema
from ticketing.store.prepared import Prepared, Row
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Evidence, MoveKind
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

T = schema.scans.c


class ScanState(StrEnum):
    """What has become of a scan; a pending one lapses at its `until`."""

    FINAL = "final"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    OVERRIDDEN = "overridden"
    ANNULLED = "annulled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One scan as it is stored: no name, no barcode, no text that was shown.

    `inside` is how many people were inside after it. `people` of a refusal are those who
    passed all the same, because their station had let them. `shown` is the verdict the station
    showed last, once its journal has told; `diff_ms` how far its clock was ahead; `by`,
    `why` and `settled_at` tell who settled it. A tombstone, the annul of a scan that
    never came, has no digest.
    """

    scan_id: ScanId
    station: StationId
    gate: str
    ticket: TicketId | None
    issue: int | None
    text_class: str
    digest: bytes
    direction: Direction
    people: int
    scanned_at: datetime
    received_at: datetime
    basis: Basis
    state: ScanState
    decision: Decision
    inside: int
    until: datetime | None = None
    shown: Verdict | None = None
    diff_ms: int | None = None
    by: str | None = None
    why: str | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many scans and people of one verdict."""

    verdict: Verdict
    scans: int
    people: int


def add(unit: Unit, scan: Scan) -> bool:
    """Store a scan; False if its id is there already."""
    return bool(unit.fetch(_ADD[unit.is_sqlite], values_of(scan)))


def values_of(scan: Scan) -> dict[str, Any]:
    """The values of all columns `GIVEN`."""
    return {name: getattr(scan, name) for name in _PLAIN} | _outcome_columns(scan)


def settle(unit: Unit, scan: Scan, *, was: ScanState = ScanState.PENDING) -> bool:
    """Write what became of a scan; False if its state is no longer `was`."""
    pos = positions.next_in(schema.scans, is_sqlite=unit.is_sqlite)
    statement = (
        update(schema.scans)
        .where(T.scan_id == scan.scan_id, T.state == was.value)
        .values(_outcome_columns(scan) | {"pos": pos, "diff_ms": scan.diff_ms})
        .returning(T.scan_id)
    )
    return unit.run(statement).first() is not None


def fill(unit: Unit, scan: Scan) -> None:
    """Put in place of a tombstone what its station tells afterwards."""
    pos = positions.next_in(schema.scans, is_sqlite=unit.is_sqlite)
    plain = {name: getattr(scan, name) for name in _PLAIN}
    values = plain | _outcome_columns(scan) | {"pos": pos}
    unit.run(update(schema.scans).where(T.scan_id == scan.scan_id).values(values))


def tell(
    unit: Unit, scan_id: ScanId, *, shown: Verdict, diff_ms: int | None, people: int | None = None
) -> None:
    """Note what the station showed; the verdict stays what it was, so no reader is woken.

    `people` are those who passed by it although the service had let nobody.
    """
    told = {"told_scan": scan_id, "told_shown": shown.value, "told_diff": diff_ms}
    if people is None:
        unit.run(_TELL, told)
    else:
        unit.run(_TELL_PASSED, told | {"told_people": people})


def find(unit: Unit, scan_id: ScanId) -> Scan | None:
    """The scan of an id."""
    row = unit.run(select(schema.scans).where(T.scan_id == scan_id)).mappings().first()
    return None if row is None else to_scan(row)


def of_ticket(unit: Unit, ticket_id: TicketId) -> tuple[Scan, ...]:
    """A ticket's scans, oldest first."""
    query = select(schema.scans).where(T.ticket == ticket_id).order_by(T.received_at, T.scan_id)
    return tuple(to_scan(row) for row in unit.run(query).mappings())


def tallies(unit: Unit, *, since: datetime) -> tuple[Tally, ...]:
    """Scans and people by verdict since a time."""
    query = (
        select(T.verdict, func.count().label("scans"), func.sum(T.people).label("people"))
        .where(T.received_at >= since)
        .group_by(T.verdict)
        .order_by(T.verdict)
    )
    return tuple(
        Tally(verdict=row.verdict, scans=int(row.scans), people=int(row.people))
        for row in unit.run(query)
    )


# ------------------------------------------------------------ rows
_PLAIN = (
    "scan_id",
    "station",
    "gate",
    "ticket",
    "issue",
    "text_class",
    "digest",
    "direction",
    "scanned_at",
    "received_at",
    "basis",
    "diff_ms",
)


def _outcome_columns(scan: Scan) -> dict[str, Any]:
    decision = scan.decision
    evidence = decision.evidence
    outcome = {
        "at": _ms(evidence.at),
        "gate": evidence.gate,
        "until": _ms(evidence.until),
        "detail": evidence.detail,
        "checks": [check.value for check in decision.checks],
        "move": None if decision.move is None else decision.move.value,
        "remaining_uses": decision.remaining_uses,
        "remaining_people": decision.remaining_people,
        "inside": scan.inside,
    }
    return {
        "people": decision.people,
        "state": scan.state.value,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "until": scan.until,
        "outcome": outcome,
        "shown": scan.shown,
        "by": scan.by,
        "why": scan.why,
        "settled_at": scan.settled_at,
    }


def to_scan(row: Row) -> Scan:
    """The scan of a row that holds the table's columns."""
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    return Scan(
        **plain,
        people=row[T.people],
        state=ScanState(row[T.state]),
        until=row[T.until],
        shown=None if row[T.shown] is None else Verdict(row[T.shown]),
        by=row[T.by],
        why=row[T.why],
        settled_at=row[T.settled_at],
        decision=_decision(row, row[T.outcome]),
        inside=row[T.outcome]["inside"],
    )


def _decision(row: Row, outcome: Mapping[str, Any]) -> Decision:
    move = outcome["move"]
    return Decision(
        Verdict(row[T.verdict]),
        Reason(row[T.reason]),
        Evidence(
            at=_time(outcome["at"]),
            gate=outcome["gate"],
            until=_time(outcome["until"]),
            detail=outcome["detail"],
        ),
        checks=tuple(Check(check) for check in outcome["checks"]),
        people=row[T.people],
        move=None if move is None else MoveKind(move),
        remaining_uses=outcome["remaining_uses"],
        remaining_people=outcome["remaining_people"],
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // timedelta(milliseconds=1)


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else EPOCH + timedelta(milliseconds=ms)


def _add(*, is_sqlite: bool) -> Prepared:
    into = sqlite.insert if is_sqlite else postgresql.insert
    pos = positions.next_in(schema.scans, is_sqlite=is_sqlite)
    values = {name: bindparam(name, type_=T[name].type) for name in GIVEN}
    return Prepared(
        into(schema.scans)
        .values(values | {"pos": pos})
        .on_conflict_do_nothing()
        .returning(T.scan_id)
    )


_OUTCOME = (
    "people",
    "state",
    "verdict",
    "reason",
    "until",
    "outcome",
    "shown",
    "by",
    "why",
    "settled_at",
)
GIVEN = (*_PLAIN, *_OUTCOME)
_ADD = {True: _add(is_sqlite=True), False: _add(is_sqlite=False)}
_TELL = (
    update(schema.scans)
    .where(T.scan_id == bindparam("told_scan"))
    .values(shown=bindparam("told_shown"), diff_ms=bindparam("told_diff"))
)
_TELL_PASSED = _TELL.values(people=bindparam("told_people"))
