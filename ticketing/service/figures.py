"""Figures of days, kept so that a year is read at once; in the service room.

The worker adds up each day anew in which a scan was recorded or changed, however late its
station told of it; so what is kept is never more than a minute behind, and a figure that went
wrong mends itself with the next scan of that day.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import opening_on
from ticketing.domain.stats import Span, quarter_of
from ticketing.service.ports import House
from ticketing.store import figures as rows
from ticketing.store import stats
from ticketing.store.figures import DaySum, Quarter
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Reason

WEEKS_BACK = 4
"""A usual weekday is the mean of so many before it."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_QUARTER_MIN = 15
_QUARTERS = 96

__all__ = ["DayNumbers", "DaySum", "Numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Some days: each with its sums, people by weekday (Monday first) and local hour, refusals.

    `open_days` is on how many days of each weekday anybody came.
    """

    days: tuple[DaySum, ...]
    by_hour: tuple[tuple[int, ...], ...]
    open_days: tuple[int, ...]
    reasons: tuple[tuple[Reason, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNumbers:
    """One local day: its sums, its quarters in which anything happened, refusals, most first."""

    total: DaySum
    quarters: tuple[Quarter, ...]
    reasons: tuple[tuple[Reason, int], ...]


def refresh(unit: Unit, house: House) -> int:
    """Add up the days in which anything changed since the last time; how many those were."""
    zone = house.museum.zone
    read = rows.touched(unit)
    if read.upto_pos == read.since_pos:
        return 0
    days = sorted({local_day(hour, zone) for hour in read.hours})
    for one in [of_day(unit, house, day=day) for day in days]:
        unit.begin()
        rows.keep(unit, one.total.day, one.quarters, dict(one.reasons))
        unit.commit()
    unit.begin()
    rows.note_read(unit, read)
    unit.commit()
    return len(days)


def numbers(unit: Unit, *, first: date, last: date) -> Numbers:
    """What is kept of the local days from one to another."""
    days = rows.by_day(unit, first, last)
    quarters = rows.quarters_of(unit, [one.day for one in days])
    by_hour = [[0] * 24 for _ in range(7)]
    open_days = [0] * 7
    for one in days:
        open_days[one.day.weekday()] += one.entries > 0
        for quarter in quarters.get(one.day, ()):
            by_hour[one.day.weekday()][quarter.quarter // 4] += quarter.entries
    return Numbers(
        days=days,
        by_hour=tuple(tuple(hours) for hours in by_hour),
        open_days=tuple(open_days),
        reasons=rows.reasons_of(unit, first, last),
    )


def numbers_until_now(unit: Unit, house: House, *, first: date) -> Numbers:
    """The local days from `first` on: what is kept, and the present one as it stands.

    The present one is not over: it is left out of `by_hour` and `open_days`, which make means.
    """
    today = local_day(house.clock.now(), house.museum.zone)
    kept = numbers(unit, first=first, last=today - _DAY)
    live = of_day(unit, house, day=today)
    reasons = Counter(dict(kept.reasons))
    reasons.update(dict(live.reasons))
    days = (*kept.days, live.total) if live.quarters else kept.days
    return replace(kept, days=days, reasons=_most_first(reasons))


def kept_as_of(unit: Unit, house: House) -> datetime:
    """Until when everything is in what is kept: now, unless a scan waits to be added up."""
    now = house.clock.now()
    waiting = rows.first_unread(unit)
    return now if waiting is None else min(now, waiting)


def of_today(unit: Unit, house: House) -> tuple[int, ...]:
    """People who came in by each quarter of the present local day, from midnight until now."""
    now, zone = house.clock.now(), house.museum.zone
    return _filled(_quarters(unit, house, local_day(now, zone)), 1 + quarter_of(now, zone))


def usual_day(unit: Unit, house: House, *, day: date) -> tuple[float, ...] | None:
    """People by quarter on such a weekday: the mean of the last ones; None if there are none.

    Days on which nobody came are left out: the house was closed.
    """
    before = [day - n * _WEEK for n in range(1, WEEKS_BACK + 1)]
    opened = [one for one in before if opening_on(house.museum.hours, one) is not None]
    found = [_filled(quarters) for quarters in rows.quarters_of(unit, opened).values()]
    found = [quarters for quarters in found if any(quarters)]
    if not found:
        return None
    return tuple(sum(values) / len(found) for values in zip(*found, strict=True))


def of_day(unit: Unit, house: House, *, day: date) -> DayNumbers:
    """A local day, added up from its scans as they stand at this moment."""
    quarters = _quarters(unit, house, day)
    refusals = stats.reasons(unit, Span(*day_bounds(day, house.museum.zone)))
    return DayNumbers(
        total=DaySum(
            day,
            sum(one.entries for one in quarters),
            sum(one.exits for one in quarters),
            sum(one.refused for one in quarters),
        ),
        quarters=quarters,
        reasons=_most_first(refusals),
    )


def _most_first(refusals: Mapping[Reason, int]) -> tuple[tuple[Reason, int], ...]:
    return tuple(sorted(refusals.items(), key=lambda one: (-one[1], one[0].value)))


def _quarters(unit: Unit, house: House, day: date) -> tuple[Quarter, ...]:
    """The quarters of a local day in which anything happened."""
    zone = house.museum.zone
    found: dict[int, Quarter] = {}
    for one in stats.minutes(unit, Span(*day_bounds(day, zone)), each=_QUARTER_MIN):
        n = quarter_of(one.at, zone)
        old = found.get(n, Quarter(n, 0, 0, 0))
        found[n] = Quarter(
            n, old.entries + one.entries, old.exits + one.exits, old.refused + one.refused
        )
    happened = (one for one in found.values() if one.entries or one.exits or one.refused)
    return tuple(sorted(happened, key=lambda one: one.quarter))


def _filled(quarters: Sequence[Quarter], upto: int = _QUARTERS) -> tuple[int, ...]:
    """People by quarter with the empty ones between, those from `upto` on left out."""
    filled = [0] * upto
    for one in quarters:
        if one.quarter >= upto:  # a station's clock is ahead
            continue
        filled[one.quarter] = one.entries
    return tuple(filled)
