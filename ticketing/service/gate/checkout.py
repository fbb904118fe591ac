"""Automatic check-out when the house closes; in the service room.

Whoever came in by a ticket before closing and was not seen leaving gets an exit, dated at
closing; the counter of people inside goes down to those who came later, people counted by
hand included. Once more changes nothing, and what stations upload late is checked out when
it comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ticketing.domain.checkout import ClosingTimes, due_exit
from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import last_closing
from ticketing.domain.retention import next_size
from ticketing.domain.tickets import Ticket
from ticketing.service.gate.recording import inside_counter
from ticketing.service.issuing import chunks
from ticketing.service.ports import House
from ticketing.service.tickets import with_histories
from ticketing.store import counters, moves, occupancy, searching
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move

LOOK_BACK = timedelta(days=15)
"""A station keeps what it has not told for 14 days."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """How many tickets got an exit, and by how many people the counter went down."""

    tickets: int
    people: int


def check_out(unit: Unit, house: House) -> CheckedOut:
    """Check out who is left from before the last closing, in short transactions."""
    since = house.clock.now() - LOOK_BACK
    done = 0
    for ids in chunks(occupancy.maybe_inside(unit, since=since), _AT_ONCE):
        done += _write(unit, house, _due(unit, house, ids))
    return CheckedOut(done, _bring_down(unit, house))


def _due(unit: Unit, house: House, ids: Sequence[bytes]) -> list[tuple[Ticket, Move]]:
    closing = ClosingTimes(house.museum.hours, house.museum.zone)
    now = house.clock.now()
    found = with_histories(unit, searching.of_ids(unit, ids))
    planned = (
        (one.ticket, due_exit(one.ticket.id, one.moves, terms=one.terms, closing=closing, now=now))
        for one in found
    )
    return [(ticket, move) for ticket, move in planned if move is not None]


def _write(unit: Unit, house: House, due: Sequence[tuple[Ticket, Move]]) -> int:
    """Write the exits; who moved meanwhile is looked at again next time."""
    written, size, left = 0, 20, list(due)
    while left:
        unit.begin()
        began_at = house.clock.now()
        for ticket, move in left[:size]:
            written += moves.add(
                unit, move, ticket_id=ticket.id, issue=ticket.issue, state=ticket.state
            )
        unit.commit()
        left = left[size:]
        size = next_size(size, house.clock.now() - began_at, _AT_ONCE)
    return written


def _bring_down(unit: Unit, house: House) -> int:
    """Set people inside to those who came since the last closing, if that was today."""
    zone, now = house.museum.zone, house.clock.now()
    closed_at = last_closing(house.museum.hours, now, zone)
    today = local_day(now, zone)
    if closed_at <= day_bounds(today, zone)[0]:
        return 0  # the day has a counter of its own, which began with nobody
    name = inside_counter(house, now)
    counted, since_then = occupancy.inside(
        unit, name, since=closed_at, until=day_bounds(today, zone)[1]
    )
    surplus = counted - since_then
    if surplus:
        unit.begin()
        counters.add(unit, name, -surplus)
        unit.commit()
    return surplus
