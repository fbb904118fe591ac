"""Overruling a refusal: a supervisor lets somebody in; in the service room.

Online only. The ticket is judged again, now: what nobody may overrule stays refused, and
what nothing speaks against any more is a plain admit.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId, StationId
from ticketing.service import audit
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.gate.answers import answer, standing
from ticketing.service.gate.judging import Question, overrule_stored
from ticketing.service.gate.recording import TRIES, around, record, stand_in_line
from ticketing.service.ports import House
from ticketing.store import facts as fact_rows
from ticketing.store import scans as rows
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import OVERRIDABLE, Verdict

_PASSED = frozenset({Verdict.ADMIT, Verdict.EXIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A supervisor's word: which refusal, why, and how many come.

    `by` is the id of the supervisor or of the API key, `station` the one that asks (None:
    staff or a program; that stands in the audit, what a gate does stands in its scans alone).
    Without `people` the rest of the open use or the next whole party comes, and one person if
    no use is left.
    """

    scan_id: ScanId
    why: str
    by: str
    people: int | None = None
    station: Station | None = None


def override_scan(unit: Unit, house: House, *, override: Override, lang: str) -> ScanAnswer:
    """Let somebody in all the same; once more gives the stored outcome.

    A use is spent if one is left, otherwise the people are counted and no use. Limits of
    house and slot do not hold; an unpaid ticket stays unpaid.

    Raises:
        NotFound: `scan`, of this station if one asks.
        Conflict: `not_overridable` for what is no refusal or none that may be overruled;
            `busy` if others were faster three times.
    """
    for attempt in range(TRIES):
        facts, found = _of(unit, house, override)
        if found.state is ScanState.OVERRIDDEN:
            return answer(unit, house, scan=found, facts=facts, lang=lang)
        now = house.clock.now()
        judged = _overruled(house, facts, found=found, override=override, now=now)
        keep = partial(_kept, house=house, was=found, override=override)
        kept = record(unit, house, facts=facts, judged=judged, keep=keep, at=now)
        if kept is not None:
            return answer(unit, house, scan=kept, facts=facts, lang=lang)
        stand_in_line(unit, facts, attempt)
    raise Conflict("busy")


# ------------------------------------------------------------ parts of the above
def _kept(unit: Unit, scan: Scan, *, house: House, was: Scan, override: Override) -> bool:
    """Write the outcome and its line in the audit; False if somebody was faster."""
    if not rows.settle(unit, scan, was=was.state):
        return False
    if override.station is None:
        audit.note(
            unit,
            house,
            action=audit.Action.SCAN_OVERRIDDEN,
            object=audit.Thing("scan", scan.scan_id.hex()),
            before={"verdict": was.decision.verdict, "reason": was.decision.reason},
            after={"verdict": scan.decision.verdict, "people": scan.people},
        )
    return True


def _of(unit: Unit, house: House, override: Override) -> tuple[Facts, Scan]:
    station = StationId("") if override.station is None else override.station.id
    looked_at = around(house, now=house.clock.now(), station=station)
    facts = fact_rows.find_of_scan(unit, override.scan_id, around=looked_at)
    if facts.scan is None or station not in {"", facts.scan.station}:
        raise NotFound("scan")
    return facts, facts.scan


def _overruled(
    house: House, facts: Facts, *, found: Scan, override: Override, now: datetime
) -> Scan:
    """The scan as it would be kept.

    What it was refused for then is looked at first: a forged text names a ticket, and the
    ticket of that name may be good.
    """
    refused = standing(found, now)
    if found.shown in _PASSED:  # the station let them in: they are counted, and reported
        raise Conflict("not_overridable")
    if refused.verdict is not Verdict.REFUSE or refused.reason not in OVERRIDABLE:
        raise Conflict("not_overridable")
    question = Question(gate=found.gate, now=now, direction=found.direction, people=override.people)
    issue = 0 if found.issue is None else found.issue
    decision = overrule_stored(house, facts, question=question, issue=issue)
    if decision is None:
        raise Conflict("not_overridable")
    return replace(
        found,
        state=ScanState.OVERRIDDEN,
        decision=decision,
        people=decision.people,
        inside=facts.inside,
        by=override.by,
        why=override.why,
        settled_at=now,
    )
