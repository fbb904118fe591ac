"""Scans: a ticket presented at a gate; in the service room.

A scan is a resource that the station makes. It is looked up first: a repeat gets
that scan's outcome, whatever has become of the ticket since.

An admitted scan takes four statements beside the token's look-up: what is known,
the move, the counter, the scan. The counter comes late, because every gate waits
for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.domain.museum import local_day
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.gate.answers import answer, is_lapsed, standing
from ticketing.service.gate.judging import (
    UNPROVEN,
    Presented,
    Question,
    is_same_barcode,
    judge,
    judge_stored,
    people_passed,
    presented,
)
from ticketing.service.gate.stations import is_news
from ticketing.service.ports import House
from ticketing.store import counters, moves, stations, tickets
from ticketing.store import gates as gate_rows
from ticketing.store import scans as rows
from ticketing.store.scans import Facts, Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Move
from ticketing.wire.station_api import ScanAnswer, ScanRequest
from ticketing.wire.textclass import TextClass
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict

TRIES = 3
PENDING_FOR = timedelta(minutes=5)
Keep = Callable[[Unit, Scan], bool]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """An answer, and whether this call made the scan (201) or found it (200)."""

    answer: ScanAnswer
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Staff have looked: all checks of the scan, and how many people come, if not as asked."""

    scan_id: ScanId
    checks: frozenset[Check]
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenScan:
    """A scan in the staff's list; no holder if no ticket of ours was shown."""

    scan_id: str
    at: datetime
    gate: str
    verdict: Verdict
    reason: Reason
    people: int
    holder: str | None
    offer_name: Localised | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One presentation at a gate: who asks, what was shown, where."""

    station: Station
    request: ScanRequest
    what: Presented
    question: Question

    @property
    def scan_id(self) -> ScanId:
        return ScanId(bytes.fromhex(self.request.scan_id))

    @property
    def is_kept(self) -> bool:
        """A question and a text of others leave no trace."""
        is_question = self.question.direction is Direction.CHECK
        return not is_question and self.what.text.kind is not TextClass.FOREIGN


def scan(
    unit: Unit, house: House, *, station: Station, request: ScanRequest, lang: str
) -> ScanResult:
    """Judge what a station has read, and keep the outcome.

    A text that is none of ours and a question (`check`) are answered and not kept.

    Raises:
        Conflict: `scan_id_reused` with another barcode; `busy` if others were faster
            three times.
        Invalid: `gate` that does not exist.
    """
    visit = _visit(unit, house, station=station, request=request)
    now, what = visit.question.now, visit.what
    for _ in range(TRIES):
        facts = rows.facts(unit, what.key(visit.scan_id), counter=_counter(house, now))
        if facts.scan is not None:
            if not is_same_barcode(facts.scan, what):
                raise Conflict("scan_id_reused")
            return ScanResult(
                answer(unit, house, scan=facts.scan, facts=facts, lang=lang), created=False
            )
        judged = _judged(visit, judge(house, what, facts, question=visit.question), facts)
        if not visit.is_kept:
            return ScanResult(
                answer(unit, house, scan=judged, facts=facts, lang=lang), created=False
            )
        keep = partial(_keep_new, station=station)
        kept = _record(unit, house, facts=facts, judged=judged, now=now, keep=keep)
        if kept is not None:
            return ScanResult(answer(unit, house, scan=kept, facts=facts, lang=lang), created=True)
    raise Conflict("busy")


def get_scan(unit: Unit, house: House, *, scan_id: ScanId, lang: str) -> ScanAnswer:
    """What became of a scan.

    Raises:
        NotFound: `scan`.
    """
    facts = rows.facts_of(unit, scan_id, counter=_counter(house, house.clock.now()))
    if facts.scan is None:
        raise NotFound("scan")
    return answer(unit, house, scan=facts.scan, facts=facts, lang=lang)


def confirm_scan(
    unit: Unit, house: House, *, station: Station, confirmation: Confirmation, lang: str
) -> ScanAnswer:
    """Staff have looked: decide again, now, with these checks done.

    Admits, refuses for a reason that has arisen meanwhile, or asks again if another
    check has; a ticket whose payment was taken is paid in the same transaction.

    Raises:
        NotFound: `scan` of this station.
        Conflict: `already_resolved` after a decline or without a question; `lapsed`
            after five minutes; `busy` if others were faster three times.
        Invalid: `checks` that leave one of the scan's out.
    """
    for _ in range(TRIES):
        facts, found = _of_station(unit, house, station=station, scan_id=confirmation.scan_id)
        if found.state is ScanState.CONFIRMED:
            return answer(unit, house, scan=found, facts=facts, lang=lang)
        now = house.clock.now()
        _check_open(found, now)
        if not confirmation.checks.issuperset(found.decision.checks):
            raise Invalid(FieldError("checks", "incomplete"))
        judged = _confirmed(house, facts, found=found, confirmation=confirmation, now=now)
        kept = _record(unit, house, facts=facts, judged=judged, now=now, keep=rows.settle)
        if kept is not None:
            return answer(unit, house, scan=kept, facts=facts, lang=lang)
    raise Conflict("busy")


def decline_scan(
    unit: Unit, house: House, *, station: Station, scan_id: ScanId, lang: str
) -> ScanAnswer:
    """Staff say no: the ticket stays unused.

    Raises:
        NotFound: `scan` of this station.
        Conflict: `already_resolved` after a confirm or without a question; `lapsed`
            after five minutes; `busy` if others were faster three times.
    """
    for _ in range(TRIES):
        facts, found = _of_station(unit, house, station=station, scan_id=scan_id)
        if found.state is ScanState.DECLINED:
            return answer(unit, house, scan=found, facts=facts, lang=lang)
        now = house.clock.now()
        _check_open(found, now)
        declined = Decision(Verdict.REFUSE, Reason.DECLINED)
        judged = replace(found, state=ScanState.DECLINED, decision=declined, people=0)
        kept = _record(unit, house, facts=facts, judged=judged, now=now, keep=rows.settle)
        if kept is not None:
            return answer(unit, house, scan=kept, facts=facts, lang=lang)
    raise Conflict("busy")


def latest_scans(unit: Unit, house: House, *, limit: int = 20) -> tuple[SeenScan, ...]:
    """The newest scans, for staff."""
    now = house.clock.now()
    return tuple(
        _seen(found.scan, found, now)
        for found in rows.latest(unit, limit)
        if found.scan is not None
    )


def inside(unit: Unit, house: House) -> int:
    """People in the house: who came in today minus who left; never below nobody."""
    return max(0, counters.read(unit, _counter(house, house.clock.now())) or 0)


# ------------------------------------------------------------ parts of the above
def _visit(unit: Unit, house: House, *, station: Station, request: ScanRequest) -> _Visit:
    gate = station.gate if request.gate is None else request.gate
    if gate != station.gate and gate_rows.find(unit, gate) is None:
        raise Invalid(FieldError("gate", "unknown"))
    what = presented(request.barcode, ring=house.signer.ring(), station=station)
    now = house.clock.now()
    question = Question(gate=gate, now=now, direction=request.direction, people=request.people)
    return _Visit(station=station, request=request, what=what, question=question)


def _judged(visit: _Visit, decision: Decision, facts: Facts) -> Scan:
    """The scan as it would be kept."""
    request, what, now = visit.request, visit.what, visit.question.now
    claims = None if what.token is None else what.token.claims
    issue = None if facts.ticket is None else facts.ticket.issue
    is_pending = decision.verdict is Verdict.ATTENTION
    return Scan(
        scan_id=visit.scan_id,
        station=visit.station.id,
        gate=visit.question.gate,
        ticket=what.claimed_id or (None if facts.ticket is None else facts.ticket.id),
        issue=issue if claims is None else claims.issue,
        text_class=what.text.kind.value,
        digest=what.digest,
        direction=request.direction,
        people=decision.people,
        scanned_at=request.scanned_at,
        received_at=now,
        basis=Basis.ONLINE,
        state=ScanState.PENDING if is_pending else ScanState.FINAL,
        decision=decision,
        inside=facts.inside,
        until=now + PENDING_FOR if is_pending else None,
    )


def _record(
    unit: Unit, house: House, *, facts: Facts, judged: Scan, now: datetime, keep: Keep
) -> Scan | None:
    """Write move, payment, counter and scan; None if somebody was faster with any."""
    unit.begin()
    if _move(unit, facts, judged=judged, now=now):
        passed = people_passed(judged.decision)
        if passed:
            counted = counters.add(unit, _counter(house, now), passed)
            judged = replace(judged, inside=max(0, counted))
        if keep(unit, judged):
            unit.commit()
            return judged
    unit.rollback()
    return None


def _move(unit: Unit, facts: Facts, *, judged: Scan, now: datetime) -> bool:
    decision, ticket = judged.decision, facts.ticket
    if decision.move is None or ticket is None:
        return True
    last = max((move.no for move in facts.moves), default=0)
    move = Move(last + 1, judged.scan_id, decision.move, decision.people, now, judged.gate)
    if not moves.add(unit, move, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state):
        return False
    if decision.verdict is Verdict.ADMIT and ticket.state is TicketState.UNPAID:
        tickets.set_state(unit, ticket.id, TicketState.VALID)
    return True


def _keep_new(unit: Unit, judged: Scan, *, station: Station) -> bool:
    if not rows.add(unit, judged):
        return False
    if is_news(station, judged.received_at):
        stations.touch(unit, station.id, at=judged.received_at)
    return True


def _of_station(
    unit: Unit, house: House, *, station: Station, scan_id: ScanId
) -> tuple[Facts, Scan]:
    """A scan with all about it, if this station made it."""
    facts = rows.facts_of(unit, scan_id, counter=_counter(house, house.clock.now()))
    if facts.scan is None or facts.scan.station != station.id:
        raise NotFound("scan")
    return facts, facts.scan


def _check_open(found: Scan, now: datetime) -> None:
    if is_lapsed(found, now):
        raise Conflict("lapsed")
    if found.state is not ScanState.PENDING:
        raise Conflict("already_resolved")


def _confirmed(
    house: House, facts: Facts, *, found: Scan, confirmation: Confirmation, now: datetime
) -> Scan:
    """A pending scan, judged again with the checks done; still pending if one is new."""
    question = Question(
        gate=found.gate,
        now=now,
        direction=found.direction,
        people=found.people if confirmation.people is None else confirmation.people,
        done=confirmation.checks,
    )
    issue = 0 if found.issue is None else found.issue
    decision = judge_stored(house, facts, question=question, issue=issue)
    is_open = decision.verdict is Verdict.ATTENTION
    return replace(
        found,
        decision=decision,
        people=decision.people,
        inside=facts.inside,
        state=ScanState.PENDING if is_open else ScanState.CONFIRMED,
    )


def _seen(scan: Scan, facts: Facts, now: datetime) -> SeenScan:
    decision = standing(scan, now)
    is_named = facts.ticket is not None and decision.reason not in UNPROVEN
    return SeenScan(
        scan_id=scan.scan_id.hex(),
        at=scan.received_at,
        gate=scan.gate,
        verdict=decision.verdict,
        reason=decision.reason,
        people=decision.people,
        holder=facts.ticket.holder if is_named and facts.ticket is not None else None,
        offer_name=facts.offer.name if is_named and facts.offer is not None else None,
    )


def _counter(house: House, now: datetime) -> str:
    return counters.inside_name(local_day(now, house.museum.zone))
