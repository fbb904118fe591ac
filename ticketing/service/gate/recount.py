"""Counters compared with rows, once a night; in the service room.

A counter is exact as long as every transaction that writes a row adds to it. A restored
backup, a hand in the database, or a fault of ours would show here: as figures in the log,
and what limits selling and entry by slot is put right.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import last_closing
from ticketing.service.gate.recording import inside_counter
from ticketing.service.ports import House
from ticketing.store import counters, occupancy, recounting
from ticketing.store.recounting import Figure
from ticketing.store.unit import Unit

log = logging.getLogger("ticketing.gate")
SLOTS_LOOKED_AT = timedelta(days=2)
"""Slots that ended longer ago are history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """How many slots were looked at, and how far counters were off.

    `sold` and `came` were put right; `inside` is the counter of the present day and
    `passed` what scans and counts say, which is reported only.
    """

    slots: int
    sold_wrong: int
    sold_off_by: int
    came_wrong: int
    came_off_by: int
    inside: int
    passed: int


def recount(unit: Unit, house: House) -> Recount:
    """Compare, put slots right, and log the figures."""
    since = house.clock.now() - SLOTS_LOOKED_AT
    sold, came = recounting.sold(unit, since=since), recounting.came(unit, since=since)
    wrong_sold, wrong_came = _put_right(unit, sold), _put_right(unit, came)
    inside, passed = _inside(unit, house)
    found = Recount(
        slots=len(came),
        sold_wrong=len(wrong_sold),
        sold_off_by=sum(figure.off_by for figure in wrong_sold),
        came_wrong=len(wrong_came),
        came_off_by=sum(figure.off_by for figure in wrong_came),
        inside=inside,
        passed=passed,
    )
    is_wrong = wrong_sold or wrong_came or inside != passed
    log.log(logging.WARNING if is_wrong else logging.INFO, _LINE, *_figures(found))
    return found


_LINE = (
    "recount: %d slots, sold wrong in %d by %+d, came wrong in %d by %+d;"
    " inside %d by the counter, %d by rows"
)


def _figures(found: Recount) -> tuple[int, ...]:
    return (
        found.slots,
        found.sold_wrong,
        found.sold_off_by,
        found.came_wrong,
        found.came_off_by,
        found.inside,
        found.passed,
    )


def _put_right(unit: Unit, figures: Sequence[Figure]) -> list[Figure]:
    """The difference is added, not the value set: who buys meanwhile is not lost."""
    wrong = [figure for figure in figures if figure.off_by]
    for figure in wrong:
        unit.begin()
        counters.add(unit, figure.name, figure.off_by)
        unit.commit()
    return wrong


def _inside(unit: Unit, house: House) -> tuple[int, int]:
    zone, now = house.museum.zone, house.clock.now()
    first, end = day_bounds(local_day(now, zone), zone)
    since = max(first, last_closing(house.museum.hours, now, zone))
    return occupancy.inside(unit, inside_counter(house, now), since=since, until=end)
