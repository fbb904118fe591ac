"""Writing what came of a scan: move, payment, counters, the scan itself; in the service room.

The database decides: of two who are at the same move, place or scan one finds nothing
written and judges again.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.ids import StationId
from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.payments import Payment, payment
from ticketing.domain.settling import PASSED
from ticketing.service.gate.judging import people_passed
from ticketing.service.gate.records import happened_at, is_marked
from ticketing.service.ports import House
from ticketing.store import counters, moves, passings, slots
from ticketing.store.counters import Addition
from ticketing.store.facts import Around, Facts
from ticketing.store.passings import Keep, Passing
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision, Move, MoveKind
from ticketing.wire.verdict import Reason, TicketState, Verdict

TRIES = 3
SILENT_AFTER = timedelta(minutes=3)
"""A station is heard of every few seconds; that is noted once a minute."""


def around(house: House, *, now: datetime, station: StationId | None = None) -> Around:
    """What a verdict looks at beside ticket and scan; `station` asks."""
    today = local_day(now, house.museum.zone)
    return Around(
        counter=counters.inside_name(today),
        station=station or StationId(""),
        today_at=day_bounds(today, house.museum.zone)[0],
        silent_at=now - SILENT_AFTER,
    )


def inside_counter(house: House, at: datetime) -> str:
    """The counter of people inside on the local day of a time."""
    return counters.inside_name(local_day(at, house.museum.zone))


def stand_in_line(unit: Unit, facts: Facts, attempt: int) -> None:
    """Before the last try hold what others would change: nobody can be faster then.

    Many gates with copies of one ticket would otherwise be told to ask again.
    """
    if attempt == TRIES - 2:
        unit.begin()
        if facts.ticket is not None:
            moves.hold(unit, facts.ticket.id)


def record(
    unit: Unit, house: House, *, facts: Facts, judged: Scan, keep: Keep, at: datetime | None = None
) -> Scan | None:
    """Write all that comes of a scan that is there; None if somebody was faster with any part.

    `at` is when the move happened, now if nothing is said.
    """
    passing = _passing(house, facts, judged=judged, at=at or house.clock.now())
    return passings.keep(unit, passing, by=keep)


def record_new(unit: Unit, house: House, *, facts: Facts, judged: Scan) -> Scan | None:
    """The same for a scan that is not there yet."""
    return passings.add(unit, passing_of(house, facts, judged=judged))


def passing_of(house: House, facts: Facts, *, judged: Scan) -> Passing:
    """All that is to be written of a scan that is not there yet."""
    return _passing(house, facts, judged=judged, at=house.clock.now())


def _passing(house: House, facts: Facts, *, judged: Scan, at: datetime) -> Passing:
    """The decision's move, the payment it settles, the people it counts."""
    decision, ticket = judged.decision, facts.ticket
    counted = _counted(house, facts, judged=judged, at=at)
    if decision.move is None or ticket is None:
        return Passing(scan=judged, counted=counted)
    last = max((move.no for move in facts.moves), default=0)
    return Passing(
        scan=judged,
        ticket=ticket,
        move=Move(last + 1, judged.scan_id, decision.move, decision.people, at, judged.gate),
        payment=_payment(facts, judged=judged, at=at),
        counted=counted,
    )


def _payment(facts: Facts, *, judged: Scan, at: datetime) -> Payment | None:
    """An unpaid ticket is admitted when staff have taken the money, or are overruled."""
    ticket, offer, decision = facts.ticket, facts.offer, judged.decision
    is_admitted = decision.verdict is Verdict.ADMIT and decision.reason is not Reason.OK_OVERRIDE
    if ticket is None or offer is None or not is_admitted:
        return None
    if ticket.state is not TicketState.UNPAID:
        return None
    actor = Actor(ActorKind.STATION, judged.station)
    return payment(ticket.id, offer, actor=actor, at=at)


def _counted(house: House, facts: Facts, *, judged: Scan, at: datetime) -> tuple[Addition, ...]:
    """People inside, and those who came by the ticket's slot, as far as there is room."""
    passed = people_passed(judged.decision)
    if not passed:
        return ()
    is_free = passed < 0 or judged.decision.reason is Reason.OK_OVERRIDE
    cap = None if is_free else house.museum.capacity or None
    additions = [Addition(inside_counter(house, at), passed, cap)]
    if facts.slot is not None and judged.decision.move is MoveKind.ENTRY:
        most = None if is_free else facts.slot.capacity
        additions.append(Addition(slots.came_name(facts.slot.id), passed, most))
    return tuple(additions)


def _as_shown(scan: Scan) -> Decision:
    """What was decided, or, where the station let somebody pass behind a refusal, what it showed.

    The direction matters: whom it let out comes back by an annul.
    """
    if scan.shown is None or scan.shown not in PASSED or scan.decision.verdict in PASSED:
        return scan.decision
    return replace(scan.decision, verdict=scan.shown)


def count_out(unit: Unit, house: House, facts: Facts, *, scan: Scan, move: Move | None) -> int:
    """Take back what a scan counted, in the caller's transaction; people inside now.

    `move` is the one it wrote, if it did: it says on which day its people were counted.
    Those who passed although the service had refused stand in its row; those of a marked
    pass are out already.
    """
    passed = 0 if is_marked(scan) else people_passed(_as_shown(scan))
    at = (scan.settled_at or happened_at(scan)) if move is None else move.at
    name = inside_counter(house, at)
    additions = [Addition(name, -passed)] if passed else []
    if facts.slot is not None and move is not None and move.kind is MoveKind.ENTRY:
        additions.append(Addition(slots.came_name(facts.slot.id), -move.people))
    counted = counters.add_within(unit, additions) if additions else None
    is_today = name == inside_counter(house, house.clock.now())
    return max(0, counted[0]) if counted and passed and is_today else facts.inside
