"""From a stored scan to what the station shows; in the service room.

The stored outcome has no personal data: holder and short code are joined from the
ticket each time, so that an erased name is gone from old answers too.
"""

from dataclasses import replace
from datetime import datetime

from ticketing.domain.tickets import ShownState, Ticket, shown_code, shown_state
from ticketing.service.gate import discounts
from ticketing.service.gate.judging import UNPROVEN
from ticketing.service.ports import House
from ticketing.store import gates as gate_rows
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Moves
from ticketing.wire.station_api import FirstUse, Remaining, ScanAnswer, TicketView
from ticketing.wire.texts import Localised, render
from ticketing.wire.verdict import Reason, Verdict

_OPEN = frozenset({Verdict.ATTENTION, Verdict.DISCOUNT})
_USED = frozenset({Reason.ALREADY_USED, Reason.USED_TODAY, Reason.STILL_INSIDE})
_SAYS_GATES = _USED | {Reason.WRONG_GATE}


def answer(unit: Unit, house: House, *, scan: Scan, facts: Facts, lang: str) -> ScanAnswer:
    """What to show for a scan, as it stands now; `facts` carry its ticket."""
    now = house.clock.now()
    decision = standing(scan, now)
    is_open = scan.state is ScanState.PENDING
    names = _gate_names(unit, decision)
    return ScanAnswer(
        scan_id=scan.scan_id.hex(),
        verdict=decision.verdict,
        reason=decision.reason,
        basis=scan.basis,
        text=_text(house, decision, lang=lang, at=scan.received_at, names=names),
        ticket=_view(house, facts, decision=decision, now=now),
        code=discounts.view(facts, decision),
        first_use=_first_use(decision, names),
        remaining=Remaining(decision.remaining_uses, decision.remaining_people),
        checks=decision.checks,
        until=scan.until if decision.verdict in _OPEN and is_open else None,
        evidence=decision.evidence,
        people=decision.people,
        inside=scan.inside,
    )


def standing(scan: Scan, now: datetime) -> Decision:
    """What holds for a scan now: a pending one has lapsed at its end, one taken back is none."""
    if scan.state is ScanState.ANNULLED:
        return _came_to_nothing(scan, Reason.ANNULLED)
    if is_lapsed(scan, now):
        return _came_to_nothing(scan, Reason.LAPSED)
    return scan.decision


def _came_to_nothing(scan: Scan, reason: Reason) -> Decision:
    """Nobody came in by this scan: nothing of what it promised is left."""
    return replace(scan.decision, verdict=Verdict.REFUSE, reason=reason, checks=(), people=0)


def is_lapsed(scan: Scan, now: datetime) -> bool:
    """Whether a scan is pending and its time is over."""
    return scan.state is ScanState.PENDING and scan.until is not None and now >= scan.until


def _view(house: House, facts: Facts, *, decision: Decision, now: datetime) -> TicketView | None:
    ticket, offer, zone = facts.ticket, facts.offer, house.museum.zone
    if ticket is None or offer is None or decision.reason in UNPROVEN:
        return None
    return TicketView(
        id=ticket.id.hex(),
        issue=ticket.issue,
        holder=ticket.holder,
        offer=offer.slug,
        offer_name=offer.name,
        party=ticket.party,
        entries=ticket.entries,
        valid_from=ticket.valid_from.astimezone(zone),
        valid_until=ticket.valid_until.astimezone(zone),
        state=_state(ticket, decision, now),
        short_code=shown_code(ticket.short_code),
    )


def _state(ticket: Ticket, decision: Decision, now: datetime) -> str:
    """The state to show beside a decision: the same again for a repeat of the scan."""
    if decision.reason is Reason.SUPERSEDED:
        return Reason.SUPERSEDED.value
    state = shown_state(ticket, Moves(), now)
    is_plain = decision.verdict is Verdict.ADMIT and decision.reason is not Reason.OK_OVERRIDE
    if is_plain and state is ShownState.UNPAID:
        return ShownState.VALID.value  # this very admission has paid it
    if decision.verdict is Verdict.REFUSE and decision.remaining_uses == 0:
        return (ShownState.USED_UP if state is ShownState.VALID else state).value
    return state.value


def _text(
    house: House, decision: Decision, *, lang: str, at: datetime, names: dict[str, Localised]
) -> str:
    gates = ", ".join(name.in_(lang) for name in names.values())
    said = render(decision.reason, lang, decision.evidence, house.museum.zone, at, gates)
    return f"{said.title}. {said.next}" if said.next else said.title


def _gate_names(unit: Unit, decision: Decision) -> dict[str, Localised]:
    """The names of the gates in the evidence; read only when there are any."""
    evidence = decision.evidence
    if decision.reason not in _SAYS_GATES:
        return {}
    wanted = [evidence.gate] if evidence.gate else evidence.detail.split(",")
    named = {gate.slug: gate.name for gate in gate_rows.listed(unit)}
    return {slug: named.get(slug, Localised(slug, slug)) for slug in wanted if slug}


def _first_use(decision: Decision, names: dict[str, Localised]) -> FirstUse | None:
    at, gate = decision.evidence.at, decision.evidence.gate
    if decision.reason not in _USED or at is None or gate is None:
        return None
    return FirstUse(at, gate, names[gate])
