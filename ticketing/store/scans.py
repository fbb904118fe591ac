"""The scans table: a resource made by the station; in the store room.

`facts` reads all that a verdict needs in one statement, so that an admitted scan
stays within five with the station's token, the move, the scan and the counter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.ids import ScanId, StationId
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket
from ticketing.store import moves, offers, schema, tickets
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Evidence, Move, MoveKind
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

T = schema.scans.c


class ScanState(StrEnum):
    """What has become of a scan; a pending one lapses at its `until`."""

    FINAL = "final"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One scan as it is stored: no name, no barcode, no text that was shown.

    `inside` is how many people were inside after it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a scan and its ticket, as one statement saw it."""

    scan: Scan | None
    ticket: Ticket | None
    offer: Offer | None
    moves: tuple[Move, ...]
    inside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many scans and people of one verdict."""

    verdict: Verdict
    scans: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What to look for: a scan, and a ticket by its id or by its short code."""

    scan_id: ScanId
    ticket_id: TicketId | None = None
    short_code: str | None = None


def facts(unit: Unit, key: Key, *, counter: str) -> Facts:
    """The scan if it is stored, the presented ticket with offer and moves, people inside."""
    values = {"key_scan": key.scan_id, "key_counter": counter}
    if key.short_code is not None:
        return _facts(unit, _BY_SHORT_CODE, values | {"key_ticket": key.short_code})
    return _facts(unit, _BY_TICKET, values | {"key_ticket": key.ticket_id or b""})


def facts_of(unit: Unit, scan_id: ScanId, *, counter: str) -> Facts:
    """A stored scan with its own ticket, the offer, the moves, and people inside."""
    return _facts(unit, _BY_SCAN, {"key_scan": scan_id, "key_counter": counter})


def add(unit: Unit, scan: Scan) -> bool:
    """Store a scan; False if its id is there already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    values = {name: getattr(scan, name) for name in _PLAIN} | _outcome_columns(scan)
    statement = into(schema.scans).on_conflict_do_nothing().returning(T.scan_id)
    return unit.run(statement, values).first() is not None


def settle(unit: Unit, scan: Scan) -> bool:
    """Write what became of a pending scan; False if it is not pending any more."""
    statement = (
        update(schema.scans)
        .where(T.scan_id == scan.scan_id, T.state == ScanState.PENDING.value)
        .values(_outcome_columns(scan))
        .returning(T.scan_id)
    )
    return unit.run(statement).first() is not None


def latest(unit: Unit, limit: int) -> tuple[Facts, ...]:
    """The newest scans with ticket and offer; moves and people inside are left out."""
    query = (
        select(schema.scans, schema.tickets, schema.offers)
        .select_from(schema.scans)
        .outerjoin(schema.tickets, schema.tickets.c.id == T.ticket)
        .outerjoin(schema.offers, schema.offers.c.number == schema.tickets.c.offer)
        .order_by(T.received_at.desc(), T.scan_id)
        .limit(limit)
    )
    return tuple(_one(row) for row in unit.run(query).mappings())


def of_ticket(unit: Unit, ticket_id: TicketId) -> tuple[Scan, ...]:
    """A ticket's scans, oldest first."""
    query = select(schema.scans).where(T.ticket == ticket_id).order_by(T.received_at, T.scan_id)
    return tuple(_to_scan(row) for row in unit.run(query).mappings())


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
    }


def _to_scan(row: RowMapping) -> Scan:
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    return Scan(
        **plain,
        people=row[T.people],
        state=ScanState(row[T.state]),
        until=row[T.until],
        decision=_decision(row, row[T.outcome]),
        inside=row[T.outcome]["inside"],
    )


def _decision(row: RowMapping, outcome: Mapping[str, Any]) -> Decision:
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


# ------------------------------------------------------------ the one statement of a scan
def _statement(is_presented: ColumnElement[bool]) -> Select[Any]:
    counters = schema.counters.c
    inside = select(counters.n).where(counters.name == bindparam("key_counter")).scalar_subquery()
    anchor = select(literal(1).label("one")).subquery()  # a row even if nothing is found
    return (
        select(
            schema.scans, schema.tickets, schema.offers, schema.moves, inside.label("people_inside")
        )
        .select_from(anchor)
        .outerjoin(schema.scans, T.scan_id == bindparam("key_scan"))
        .outerjoin(schema.tickets, is_presented)
        .outerjoin(schema.offers, schema.offers.c.number == schema.tickets.c.offer)
        .outerjoin(schema.moves, schema.moves.c.ticket_id == schema.tickets.c.id)
        .order_by(schema.moves.c.move_no)
    )


_BY_TICKET = _statement(schema.tickets.c.id == bindparam("key_ticket"))
_BY_SHORT_CODE = _statement(schema.tickets.c.short_code == bindparam("key_ticket"))
_BY_SCAN = _statement(schema.tickets.c.id == T.ticket)


def _facts(unit: Unit, statement: Select[Any], values: Mapping[str, Any]) -> Facts:
    rows = unit.run(statement, values).mappings().all()
    return _one(rows[0], rows)


def _one(row: RowMapping, rows: Sequence[RowMapping] = ()) -> Facts:
    has_ticket = row[schema.tickets.c.id] is not None
    return Facts(
        scan=None if row[T.scan_id] is None else _to_scan(row),
        ticket=tickets.to_ticket(row) if has_ticket else None,
        offer=offers.to_offer(row) if has_ticket else None,
        moves=tuple(moves.to_move(r) for r in rows if r[schema.moves.c.ticket_id] is not None),
        inside=max(0, row["people_inside"] or 0) if rows else 0,
    )
