"""Taking a scan back; in the service room.

What it wrote stays: an annul move behind it takes it out of the sum, and its people leave
the counters. A payment that was taken at the gate stays taken. An annul may come before
its scan, when the answer got lost on the way: it leaves a tombstone, and the scan that
arrives later admits nobody.

A question that waits for staff is taken back too, as after a decline, but under the name
of annulled: so the second call gets the same answer. A refusal let nobody in, so there is
nothing to annul about it.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ticketing.domain.accounts import Station
from ticketing.domain.conflicts import ANNULLED_NOTE, explained
from ticketing.domain.ids import ScanId
from ticketing.service import audit
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.gate import discounts
from ticketing.service.gate.answers import answer, is_lapsed
from ticketing.service.gate.judging import left_of
from ticketing.service.gate.recording import TRIES, around, count_out, stand_in_line
from ticketing.service.gate.scans import ScanResult
from ticketing.service.ports import House
from ticketing.store import conflicts, moves
from ticketing.store import facts as fact_rows
from ticketing.store import scans as rows
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Move, MoveKind
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

log = logging.getLogger("ticketing.gate")
WITHIN = timedelta(minutes=15)
NO_TEXT = ""
"""The text class of a tombstone: nothing was shown."""
_NEVER_TOO_LATE = frozenset({ScanState.ANNULLED, ScanState.PENDING})
_PASSED = frozenset({Verdict.ADMIT, Verdict.EXIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Annulment:
    """A scan to be taken back, and why.

    `station` is the one that asks; None: staff or a program, who may take back the scans of
    every station: that stands in the audit, what a gate does stands in its scans alone. `by`
    names who. `is_forced` lifts the limits of time and of later moves: for those who may
    overrule.
    """

    scan_id: ScanId
    why: str
    by: str | None = None
    station: Station | None = None
    is_forced: bool = False


def annul_scan(unit: Unit, house: House, *, annulment: Annulment, lang: str) -> ScanResult:
    """Take a scan back; once more gives the same answer.

    An id that is not known yet leaves a tombstone (`created`), if a station asks.

    Raises:
        NotFound: `scan` that is not known, to staff and programs.
        Conflict: `other_station`; `nothing_to_annul` after a refusal; `lapsed` for a
            question that is over; `too_late` 15 minutes after it was received;
            `has_later_moves` of the ticket; `busy` if others were faster three times.
    """
    for attempt in range(TRIES):
        facts = _facts(unit, house, annulment)
        found = facts.scan
        if found is None:
            kept = _bury(unit, house, facts, annulment)
        else:
            _check(house, facts, found, annulment)
            kept = _unless_done(unit, house, facts=facts, found=found, annulment=annulment)
        if kept is not None:
            shown = answer(unit, house, scan=kept, facts=facts, lang=lang)
            return ScanResult(shown, created=found is None)
        stand_in_line(unit, facts, attempt)
    raise Conflict("busy")


def take_back(unit: Unit, house: House, *, facts: Facts, annulment: Annulment) -> Scan | None:
    """Annul the scan of `facts` without any limit; None if somebody was faster.

    Raises:
        NotFound: `scan` if the facts have none.
    """
    found = facts.scan
    if found is None:
        raise NotFound("scan")
    now = house.clock.now()
    own = own_move(facts, found)
    annul = None if own is None else _annul_of(facts, own, now)
    judged = replace(
        found,
        state=ScanState.ANNULLED,
        decision=_annulled(house, facts, annul=annul, now=now),
        people=0,
        until=None,
        why=annulment.why,
        by=annulment.by,
        settled_at=now,
    )
    unit.begin()
    if annul is None or _is_written(unit, facts, annul):
        extra = conflicts.of_scan(unit, found.scan_id)
        inside = count_out(unit, house, facts, scan=found, move=own)
        kept = replace(judged, inside=inside)
        if rows.settle(unit, kept, was=found.state):
            discounts.give_back(unit, found, at=now)
            by = annulment.by or found.station
            for one in extra:
                conflicts.close(unit, explained(one, ANNULLED_NOTE, by=by, at=now))
            if annulment.station is None:
                _note(unit, house, found)
            unit.commit()
            return kept
    unit.rollback()
    return None


def _note(unit: Unit, house: House, found: Scan) -> None:
    audit.note(
        unit,
        house,
        action=audit.Action.SCAN_ANNULLED,
        object=audit.Thing("scan", found.scan_id.hex()),
        before={"verdict": found.decision.verdict, "people": found.people},
        after={"verdict": Verdict.REFUSE, "people": 0},
    )


def own_move(facts: Facts, scan: Scan) -> Move | None:
    """The move that a scan wrote and that still counts."""
    return next(
        (move for move in standing_moves(facts.moves) if move.scan_id == scan.scan_id), None
    )


def standing_moves(written: tuple[Move, ...]) -> tuple[Move, ...]:
    """The moves that no annul has taken back, annuls left out."""
    annulled = {move.scan_id: move.no for move in written if move.kind is MoveKind.ANNUL}
    return tuple(
        move
        for move in written
        if move.kind is not MoveKind.ANNUL and move.no > annulled.get(move.scan_id, 0)
    )


# ------------------------------------------------------------ may it be
def _facts(unit: Unit, house: House, annulment: Annulment) -> Facts:
    looked_at = around(house, now=house.clock.now())
    facts = fact_rows.find_of_scan(unit, annulment.scan_id, around=looked_at)
    if facts.scan is None and annulment.station is None:
        raise NotFound("scan")
    return facts


def _check(house: House, facts: Facts, found: Scan, annulment: Annulment) -> None:
    reason = _objection(facts, found, annulment, house.clock.now())
    if reason is not None:
        log.info("annul refused: %s", reason)
        raise Conflict(reason)


def _objection(facts: Facts, found: Scan, annulment: Annulment, now: datetime) -> str | None:
    station = annulment.station
    if station is not None and found.station != station.id:
        return "other_station"
    if is_lapsed(found, now):
        return "lapsed"
    if found.state in _NEVER_TOO_LATE:
        return None
    is_redeemed = discounts.is_redeemed(found)
    if not is_redeemed and found.decision.verdict not in _PASSED and found.shown not in _PASSED:
        return "nothing_to_annul"
    return None if annulment.is_forced else _limit(facts, found, now)


def _limit(facts: Facts, found: Scan, now: datetime) -> str | None:
    if now - (found.settled_at or found.received_at) > WITHIN:
        return "too_late"
    return "has_later_moves" if _is_built_upon(facts, found) else None


def _is_built_upon(facts: Facts, found: Scan) -> bool:
    own = own_move(facts, found)
    return own is not None and any(move.no > own.no for move in standing_moves(facts.moves))


# ------------------------------------------------------------ doing it
def _unless_done(
    unit: Unit, house: House, *, facts: Facts, found: Scan, annulment: Annulment
) -> Scan | None:
    if found.state is ScanState.ANNULLED:
        return found
    return take_back(unit, house, facts=facts, annulment=annulment)


def _annul_of(facts: Facts, own: Move, now: datetime) -> Move:
    last = max(move.no for move in facts.moves)
    return Move(last + 1, own.scan_id, MoveKind.ANNUL, own.people, now, own.gate)


def _is_written(unit: Unit, facts: Facts, annul: Move) -> bool:
    ticket = facts.ticket
    return ticket is not None and moves.add(
        unit, annul, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state
    )


def _annulled(house: House, facts: Facts, *, annul: Move | None, now: datetime) -> Decision:
    """Nobody has come or gone by it; what is left of the ticket is there again."""
    after = facts if annul is None else replace(facts, moves=(*facts.moves, annul))
    uses, people = left_of(house, after, now)
    return Decision(Verdict.REFUSE, Reason.ANNULLED, remaining_uses=uses, remaining_people=people)


def _bury(unit: Unit, house: House, facts: Facts, annulment: Annulment) -> Scan | None:
    """Leave a tombstone; None if the scan has arrived this very moment."""
    station, now = annulment.station, house.clock.now()
    if station is None:
        raise NotFound("scan")
    tombstone = Scan(
        scan_id=annulment.scan_id,
        station=station.id,
        gate=station.gate,
        ticket=None,
        issue=None,
        text_class=NO_TEXT,
        digest=b"",
        direction=Direction.ENTRY,
        people=0,
        scanned_at=now,
        received_at=now,
        basis=Basis.ONLINE,
        state=ScanState.ANNULLED,
        decision=_annulled(house, facts, annul=None, now=now),
        inside=facts.inside,
        by=annulment.by,
        why=annulment.why,
        settled_at=now,
    )
    unit.begin()
    if rows.add(unit, tombstone):
        unit.commit()
        return tombstone
    unit.rollback()
    return None
