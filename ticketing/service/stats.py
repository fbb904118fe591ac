"""Figures for other programs and for staff: who came, who is inside; in the service room."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, takewhile

from ticketing.domain.museum import day_bounds, is_plausible_day, local_day
from ticketing.domain.stats import (
    MOST_DAYS,
    Level,
    Minute,
    Span,
    Step,
    levels,
    resets_in,
    span_of,
    steps,
    totals,
)
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.pages import Page
from ticketing.service.ports import House
from ticketing.store import stats as rows
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit

__all__ = ["Level", "Minute", "Span", "StatsQuery", "Step"]

MOST = 1000
"""Steps of one page."""
_QUARTER = 15
_TO_THE_MINUTE = timedelta(days=32)
_CURSOR = re.compile(r"[0-9a-f]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsQuery:
    """Local days from `first` to `last`, today unless said, at most 366; in steps."""

    first: date | None = None
    last: date | None = None
    step: Step = Step.HOUR
    cursor: str | None = None
    limit: int = MOST


@dataclass(frozen=True, slots=True)
class Entered:
    """What happened at the gates in one step."""

    span: Span
    sums: Minute


@dataclass(frozen=True, slots=True)
class Inside:
    """How many people were inside in one step; of the present one, until now."""

    span: Span
    level: Level


def entries(unit: Unit, house: House, *, query: StatsQuery) -> Page[Entered]:
    """People in and out and refused scans by steps that have begun, oldest first.

    Raises:
        Invalid: `from`, `to`, `cursor`.
    """
    spans, cursor = _page(house, query)
    if not spans:
        return Page((), None)
    found = rows.minutes(unit, Span(spans[0].since, spans[-1].until), each=_QUARTER)
    sums = totals(spans, found)
    return Page(tuple(map(Entered, spans, sums)), cursor)


def occupancy(unit: Unit, house: House, *, query: StatsQuery) -> Page[Inside]:
    """People inside by steps that have begun, oldest first.

    Counted anew from each local midnight and from each closing of the house, as at the gates;
    to the minute, in pages of more than 32 days to the quarter of an hour.

    Raises:
        Invalid: As `entries`.
    """
    spans, cursor = _page(house, query)
    if not spans:
        return Page((), None)
    museum = house.museum
    midnight, _ = day_bounds(local_day(spans[0].since, museum.zone), museum.zone)
    whole = Span(midnight, spans[-1].until)
    is_long = whole.until - whole.since > _TO_THE_MINUTE
    found = rows.minutes(unit, whole, each=_QUARTER if is_long else 1)
    resets = resets_in(whole, museum.hours, museum.zone)
    return Page(tuple(map(Inside, spans, levels(spans, found, resets))), cursor)


def _page(house: House, query: StatsQuery) -> tuple[list[Span], str | None]:
    """The steps of a page, and where the next one begins."""
    now, zone = house.clock.now(), house.museum.zone
    whole = _whole(house, query)
    after_ms = _place(query.cursor)
    begun = takewhile(lambda span: span.since <= now, steps(whole, query.step, zone))
    wanted = (span for span in begun if _ms(span) >= after_ms)
    found = list(islice(wanted, query.limit + 1))
    more = found[query.limit :]
    return found[: query.limit], f"{_ms(more[0]):x}" if more else None


def _whole(house: House, query: StatsQuery) -> Span:
    zone = house.museum.zone
    today = local_day(house.clock.now(), zone)
    first = query.first or min(today, query.last or today)
    last = query.last or max(today, first)
    for name, day in (("from", first), ("to", last)):
        if not is_plausible_day(day):
            raise Invalid(FieldError(name, "range"))
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise Invalid(FieldError("to", "range"))
    return span_of(first, last, zone)


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not _CURSOR.fullmatch(cursor):
        raise Invalid(FieldError("cursor", "malformed"))
    return int(cursor, 16)


def _ms(span: Span) -> int:
    return (span.since - EPOCH) // timedelta(milliseconds=1)
