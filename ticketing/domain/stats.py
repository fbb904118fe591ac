"""Figures by steps of time, in the museum's zone, right across summer time (domain: pure)."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import Calendar, closing_of

MOST_DAYS = 366


class Step(StrEnum):
    """How long one step is; a local day may have 23, 24 or 25 hours."""

    QUARTER = "15min"
    HOUR = "hour"
    DAY = "day"


_LENGTHS = {Step.QUARTER: timedelta(minutes=15), Step.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment (aware UTC) up to, not with, another one."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Minute:
    """What happened in one minute: people in and out, refused scans, people counted by hand."""

    at: datetime
    entries: int = 0
    exits: int = 0
    refused: int = 0
    by_hand: int = 0

    @property
    def change(self) -> int:
        """By how many the people inside changed."""
        return self.entries - self.exits + self.by_hand


@dataclass(frozen=True, slots=True)
class Level:
    """People inside at the end of a step (before the house closes, if it closes then), and most."""

    inside: int
    highest: int


def span_of(first: date, last: date, zone: ZoneInfo) -> Span:
    """From the first moment of a local day to the last of another."""
    return Span(day_bounds(first, zone)[0], day_bounds(last, zone)[1])


def steps(span: Span, step: Step, zone: ZoneInfo) -> Iterator[Span]:
    """The steps of a span that begins with a local day, oldest first."""
    at = span.since
    while at < span.until:
        length = _LENGTHS.get(step)
        end = day_bounds(local_day(at, zone), zone)[1] if length is None else at + length
        yield Span(at, min(end, span.until))
        at = end


def quarter_of(at: datetime, zone: ZoneInfo) -> int:
    """Which quarter of an hour it is by the local clock, 0 to 95; four of one day come twice."""
    local = at.astimezone(zone)
    return local.hour * 4 + local.minute // 15


def totals(spans: Sequence[Span], minutes: Sequence[Minute]) -> tuple[Minute, ...]:
    """What happened in each of the spans, which follow each other."""
    starts = [span.since for span in spans]
    sums = [Minute(span.since) for span in spans]
    for one in minutes:
        place = bisect_right(starts, one.at) - 1
        if place >= 0 and one.at < spans[place].until:
            old = sums[place]
            sums[place] = Minute(
                old.at,
                old.entries + one.entries,
                old.exits + one.exits,
                old.refused + one.refused,
                old.by_hand + one.by_hand,
            )
    return tuple(sums)


def levels(
    spans: Sequence[Span], minutes: Sequence[Minute], resets: Sequence[datetime]
) -> tuple[Level, ...]:
    """People inside in each of the spans; at a reset the count begins at 0 again.

    `minutes` and `resets` are in order and begin no later than the first reset before the
    spans, for who was inside at their beginning came in before.
    """
    # a reset stands before what happens in its minute
    changes = [(one.at, one.change) for one in minutes] + [(at, None) for at in resets]
    changes.sort(key=lambda change: (change[0], change[1] is not None))
    found, inside, place = [], 0, 0
    for span in spans:
        while place < len(changes) and changes[place][0] <= span.since:
            if changes[place][1] is not None and changes[place][0] == span.since:
                break  # it happens within the span
            inside = _after(inside, changes[place][1])
            place += 1
        highest = inside
        while place < len(changes) and changes[place][0] < span.until:
            inside = _after(inside, changes[place][1])
            highest = max(highest, inside)
            place += 1
        found.append(Level(max(0, inside), max(0, highest)))
    return tuple(found)


def _after(inside: int, change: int | None) -> int:
    return 0 if change is None else inside + change


def resets_in(span: Span, calendar: Calendar, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When people inside are counted from 0: at local midnights and closings of a span."""
    found: set[datetime] = set()
    day, last = local_day(span.since, zone), local_day(span.until, zone)
    while day <= last:
        found |= {day_bounds(day, zone)[0], closing_of(calendar, day, zone)}
        day += timedelta(days=1)
    return tuple(sorted(at for at in found if span.since <= at < span.until))
