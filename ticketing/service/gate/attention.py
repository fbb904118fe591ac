"""Attention: a pending scan that staff confirm or decline; in the service room.

Nothing is reserved meanwhile. Both survive a crash of either side.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.gate import discounts
from ticketing.service.gate.answers import answer, is_lapsed
from ticketing.service.gate.judging import Question, judge_stored
from ticketing.service.gate.recording import TRIES, around, record, stand_in_line
from ticketing.service.ports import House
from ticketing.store import facts as fact_rows
from ticketing.store import scans as rows
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import Check, Reason, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Staff have looked: all checks of the scan.

    `people`: how many come, if not as asked; `by` names who looked.
    """

    scan_id: ScanId
    checks: frozenset[Check]
    people: int | None = None
    by: str | None = None


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
    for attempt in range(TRIES):
        facts, found = _of_station(unit, house, station=station, scan_id=confirmation.scan_id)
        if found.state is ScanState.CONFIRMED:
            return answer(unit, house, scan=found, facts=facts, lang=lang)
        now = house.clock.now()
        _check_open(found, now)
        if not confirmation.checks.issuperset(found.decision.checks):
            raise Invalid(FieldError("checks", "incomplete"))
        judged = _confirmed(house, facts, found=found, confirmation=confirmation, now=now)
        keep = discounts.keeping(facts, judged, at=now) if discounts.is_code(found) else rows.settle
        kept = record(unit, house, facts=facts, judged=judged, keep=keep)
        if kept is not None:
            return answer(unit, house, scan=kept, facts=facts, lang=lang)
        stand_in_line(unit, facts, attempt)
    raise Conflict("busy")


def decline_scan(
    unit: Unit,
    house: House,
    *,
    station: Station,
    scan_id: ScanId,
    lang: str,
    why: str | None = None,
) -> ScanAnswer:
    """Staff say no, and perhaps why: the ticket stays unused.

    Raises:
        NotFound: `scan` of this station.
        Conflict: `already_resolved` after a confirm or without a question; `lapsed`
            after five minutes; `busy` if others were faster three times.
    """
    for attempt in range(TRIES):
        facts, found = _of_station(unit, house, station=station, scan_id=scan_id)
        if found.state is ScanState.DECLINED:
            return answer(unit, house, scan=found, facts=facts, lang=lang)
        now = house.clock.now()
        _check_open(found, now)
        declined = Decision(Verdict.REFUSE, Reason.DECLINED)
        judged = replace(
            found,
            state=ScanState.DECLINED,
            decision=declined,
            people=0,
            why=why,
            settled_at=now,
        )
        kept = record(unit, house, facts=facts, judged=judged, keep=rows.settle)
        if kept is not None:
            return answer(unit, house, scan=kept, facts=facts, lang=lang)
        stand_in_line(unit, facts, attempt)
    raise Conflict("busy")


# ------------------------------------------------------------ parts of the above
def _of_station(
    unit: Unit, house: House, *, station: Station, scan_id: ScanId
) -> tuple[Facts, Scan]:
    """A scan with all about it, if this station made it."""
    looked_at = around(house, now=house.clock.now(), station=station.id)
    facts = fact_rows.find_of_scan(unit, scan_id, around=looked_at)
    if facts.scan is None or facts.scan.station != station.id:
        raise NotFound("scan")
    return discounts.with_kept(unit, facts), facts.scan


def _check_open(found: Scan, now: datetime) -> None:
    if is_lapsed(found, now):
        raise Conflict("lapsed")
    if found.state is not ScanState.PENDING:
        raise Conflict("already_resolved")


def _confirmed(
    house: House, facts: Facts, *, found: Scan, confirmation: Confirmation, now: datetime
) -> Scan:
    """A pending scan, judged again with the checks done; still pending if one is new."""
    if discounts.is_code(found):
        decision = discounts.decide(facts.code, detail="", now=now)
        state = ScanState.CONFIRMED
        return replace(
            found, decision=decision, state=state, by=confirmation.by, settled_at=now, until=None
        )
    # Whether a live ticket was fresh was judged when it was read; its proof is not kept.
    settled = frozenset({Check.IDENTITY}).difference(found.decision.checks)
    question = Question(
        gate=found.gate,
        now=now,
        direction=found.direction,
        people=found.people if confirmation.people is None else confirmation.people,
        done=confirmation.checks | settled,
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
        by=confirmation.by,
        settled_at=None if is_open else now,
    )
