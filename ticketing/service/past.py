"""What has become of a ticket, for staff: scans, who changed it, its money; in the service room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ticketing.domain.payments import Payment
from ticketing.service import audit
from ticketing.service.audit import Entry, Wanted
from ticketing.service.cases import TicketCase, get_ticket
from ticketing.service.gate import undo
from ticketing.service.gate.answers import standing
from ticketing.service.gate.records import happened_at
from ticketing.service.ports import House
from ticketing.store import gates as gate_rows
from ticketing.store import payments, people
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, fold
from ticketing.wire.texts import Localised
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import OVERRIDABLE, Verdict

_LINES = 100
_PASSED = frozenset({Verdict.ADMIT, Verdict.EXIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastScan:
    """One presentation as it stands now.

    `by` and `why` are of whoever settled it. `can_annul`: its move is the last one that
    counts; `is_in_time`: within the minutes that need no right of their own.
    """

    scan: Scan
    at: datetime
    decision: Decision
    gate: Localised
    by: str
    can_annul: bool
    is_in_time: bool
    can_override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A ticket with all that staff may know; `entries` are lines of the audit, newest first.

    `uses` counts entries so far; `left` None is without a limit. `names` are those of staff,
    stations and keys, by id. `has_chat`: it can be sent to its visitor again.
    """

    case: TicketCase
    uses: int
    left: int | None
    scans: tuple[PastScan, ...]
    entries: tuple[Entry, ...]
    payments: tuple[Payment, ...]
    names: Mapping[str, str]
    has_chat: bool


def past_of(unit: Unit, house: House, *, ticket_id: TicketId) -> Past:
    """Everything about a ticket.

    Raises:
        NotFound: `ticket`.
    """
    case = get_ticket(unit, house, ticket_id=ticket_id)
    now = house.clock.now()
    sums = fold(case.moves, now, house.museum.zone, terms=case.terms)
    ticket, names = case.ticket, audit.names(unit)
    wanted = Wanted(object_kind="ticket", object=ticket_id.hex())
    visitor = ticket.visitor
    return Past(
        case=case,
        uses=sums.uses,
        left=max(0, ticket.entries - sums.uses) if ticket.entries else None,
        scans=_scans(unit, case, names, now),
        entries=audit.page(unit, wanted=wanted, limit=_LINES).items,
        payments=payments.of_ticket(unit, ticket_id),
        names=names,
        has_chat=visitor is not None and bool(people.reaches(unit, visitor)),
    )


# ------------------------------------------------------------ parts of the above
@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is looked at beside a scan; `last` wrote the last move that counts."""

    now: datetime
    gates: Mapping[str, Localised]
    names: Mapping[str, str]
    last: bytes | None


def _scans(
    unit: Unit, case: TicketCase, names: Mapping[str, str], now: datetime
) -> tuple[PastScan, ...]:
    standing_moves = undo.standing_moves(case.moves)
    around = _Around(
        now=now,
        gates={gate.slug: gate.name for gate in gate_rows.listed(unit)},
        names=names,
        last=standing_moves[-1].scan_id if standing_moves else None,
    )
    newest_first = sorted(case.scans, key=happened_at, reverse=True)
    return tuple(_past(scan, around) for scan in newest_first)


def _past(scan: Scan, around: _Around) -> PastScan:
    decision = standing(scan, around.now)
    is_refused = decision.verdict is Verdict.REFUSE and scan.state is not ScanState.ANNULLED
    has_passed = scan.shown in _PASSED
    return PastScan(
        scan=scan,
        at=happened_at(scan),
        decision=decision,
        gate=around.gates.get(scan.gate, Localised(scan.gate, scan.gate)),
        by="" if scan.by is None else around.names.get(scan.by, scan.by),
        can_annul=scan.scan_id == around.last and decision.verdict in _PASSED,
        is_in_time=around.now - (scan.settled_at or scan.received_at) <= undo.WITHIN,
        can_override=is_refused and not has_passed and decision.reason in OVERRIDABLE,
    )
