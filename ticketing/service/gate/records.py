"""From journal bodies and rows to what the settling rule looks at, and back; no I/O."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain import offers as offer_rules
from ticketing.domain import tickets as ticket_rules
from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.domain.settling import PASSED, Holding, Record, Told
from ticketing.service.gate.entries import Entry, corrected, plain
from ticketing.service.ports import House
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.wire.admission import Decision
from ticketing.wire.journal import AnnulBody, ResolveBody, ScanBody
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

RESOLVED_WITHIN = timedelta(minutes=5)
RETRACTED: Final = "late"
"""Why the service took a pass back by itself: its answer came too late to be shown."""
MARKED: Final = "passed_on"
"""Why a pass stands although nobody passed by it: later moves rest on it."""
_QUESTIONS = frozenset({Verdict.ATTENTION, Verdict.DISCOUNT})


def record_of(scan: Scan | None) -> Record:
    """What the service has of a scan."""
    if scan is None:
        return Record.NONE
    if scan.state is ScanState.ANNULLED:
        return Record.RETRACTED if scan.why == RETRACTED else Record.ANNULLED
    if scan.decision.verdict in PASSED or scan.shown in PASSED:
        return Record.PASSED
    if scan.state is ScanState.PENDING:
        return Record.ASKED if scan.basis is Basis.ONLINE else Record.QUESTION
    return Record.REFUSED


def is_marked(scan: Scan) -> bool:
    """Whether a recorded pass stands, but its people are not counted."""
    return scan.why == MARKED and scan.state is not ScanState.ANNULLED


def holding(house: House, facts: Facts) -> Holding | None:
    """What the service has of the ticket, None if it does not know it."""
    ticket, offer = facts.ticket, facts.offer
    if ticket is None or offer is None:
        return None
    slot = None if facts.slot is None else offer_rules.slot_window(offer, facts.slot)
    return Holding(
        state=ticket.state,
        state_at=ticket.state_at,
        issue=ticket.issue,
        issued_at=ticket.issued_at,
        entries=ticket.entries,
        per_day=offer.per_day,
        pay_at_desk=offer.pay_at_desk,
        terms=ticket_rules.terms(ticket, offer, slot),
        moves=facts.moves,
        zone=house.museum.zone,
    )


def happened_at(scan: Scan) -> datetime:
    """When a scan happened, on the service's clock."""
    if scan.shown is None and scan.basis is Basis.ONLINE:
        return scan.received_at
    return corrected(scan.scanned_at, scan.diff_ms, scan.received_at)


def told_scan(body: ScanBody, scan: Scan) -> Told:
    """A scan as its station tells it; `scan` is the row it would be."""
    # Only the service lets a supervisor overrule it: a station that says so alone is judged.
    is_claimed = body.reason is Reason.OK_OVERRIDE and body.basis is Basis.OFFLINE
    return Told(
        scan_id=body.scan_id,
        shown=body.shown,
        reason=Reason.OK if is_claimed else body.reason,
        people=body.people,
        at=happened_at(scan),
        gate=scan.gate,
        issue=body.issue,
        done=frozenset(body.checks) if body.shown is Verdict.ADMIT else frozenset(),
    )


def told_resolve(body: ResolveBody, scan: Scan, *, at: datetime) -> Told:
    """A question as staff settled it at a corrected time."""
    return Told(
        scan_id=scan.scan_id,
        shown=body.shown,
        reason=scan.decision.reason,
        people=max(1, body.people or scan.decision.people),
        at=at,
        gate=scan.gate,
        issue=scan.issue,
        done=frozenset(body.checks),
        is_resolve=True,
    )


def told_again(scan: Scan, *, people: int) -> Told:
    """A stored scan by which people came in without a use, as it was told."""
    return Told(
        scan_id=scan.scan_id,
        shown=Verdict.ADMIT,
        reason=scan.decision.reason,
        people=people,
        at=scan.settled_at or happened_at(scan),
        gate=scan.gate,
        issue=scan.issue,
    )


def is_in_time(body: ResolveBody, scan: Scan) -> bool:
    """Whether staff settled a question within its five minutes, by the station's clock."""
    return body.at - scan.scanned_at <= RESOLVED_WITHIN


def new_scan(body: ScanBody, entry: Entry, *, station: Station, now: datetime, inside: int) -> Scan:
    """The row of a scan that only its station knew of."""
    is_question = body.shown in _QUESTIONS
    scan = Scan(
        scan_id=ScanId(body.scan_id),
        station=station.id,
        gate=station.gate,
        ticket=body.ticket,
        issue=body.issue,
        text_class=body.text_class,
        digest=body.digest,
        direction=body.direction,
        people=body.people,
        scanned_at=body.at,
        received_at=now,
        basis=body.basis,
        state=ScanState.PENDING if is_question else ScanState.FINAL,
        decision=Decision(body.shown, body.reason, checks=body.checks, people=body.people),
        inside=inside,
        shown=body.shown,
        diff_ms=entry.diff_ms,
    )
    return replace(scan, until=happened_at(scan) + RESOLVED_WITHIN if is_question else None)


def resolved(scan: Scan, told: Told, body: ResolveBody, decision: Decision) -> Scan:
    """A question with what staff and rule made of it."""
    is_declined = told.shown not in PASSED
    return replace(
        scan,
        decision=decision,
        people=decision.people,
        state=ScanState.DECLINED if is_declined else ScanState.CONFIRMED,
        shown=told.shown,
        by=plain(body.by),
        why=plain(body.why),
        settled_at=told.at,
    )


def annulled(scan: Scan, *, why: str, by: str | None, at: datetime) -> Scan:
    """A scan that was taken back."""
    return replace(
        scan,
        decision=Decision(Verdict.REFUSE, Reason.ANNULLED),
        people=0,
        state=ScanState.ANNULLED,
        until=None,
        why=why,
        by=by,
        settled_at=at,
    )


def buried(tombstone: Scan, fresh: Scan) -> Scan:
    """A scan whose annul came first: it stays annulled, and says now what it was."""
    at = tombstone.settled_at or tombstone.received_at
    return annulled(fresh, why=tombstone.why or "", by=tombstone.by, at=at)


def tombstone(
    body: AnnulBody, *, station: Station, now: datetime, diff_ms: int | None, inside: int
) -> Scan:
    """What an annul of a scan that never came leaves: it may still come."""
    scan = Scan(
        scan_id=ScanId(body.scan_id),
        station=station.id,
        gate=station.gate,
        ticket=None,
        issue=None,
        text_class="",
        digest=b"",
        direction=Direction.ENTRY,
        people=0,
        scanned_at=body.at,
        received_at=now,
        basis=Basis.OFFLINE,
        state=ScanState.ANNULLED,
        decision=Decision(Verdict.REFUSE, Reason.ANNULLED),
        inside=inside,
        diff_ms=diff_ms,
    )
    return annulled(scan, why=plain(body.reason) or "", by=plain(body.by), at=now)
