"""Numbers: who came by day and by hour, how full it was, who was refused, what codes came to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.stats import Step, quarter_of
from ticketing.service import code_lists, figures, stats
from ticketing.service.figures import DaySum, Numbers
from ticketing.service.stats import Inside, StatsQuery
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_plot, frame
from ticketing.web.staff.frame import Place
from ticketing.web.staff.plots import Plot, plot
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{frame.HOME}/numbers"
bp = APIBlueprint("staff_numbers", __name__, url_prefix=HOME, enable_openapi=False)
PERIODS: Final = (7, 30, 90, 365)
_TICKS: Final = 8
_LEVELS: Final = 6
_MOST_REASONS: Final = 10
_NINE, _SEVEN_PM = 36, 76  # quarters of an hour from midnight: a day is shown from 9 to 19


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day in words."""

    day: str
    entries: str
    exits: str
    refused: str


@dataclass(frozen=True, slots=True)
class HourCell:
    """People on such a weekday at such an hour; `level` 0 to 5 is how dark it is shown."""

    people: str
    level: int


@dataclass(frozen=True, slots=True)
class Heat:
    """A week by its hours: people a day, the mean of the days on which anybody came."""

    hours: tuple[int, ...]
    rows: tuple[tuple[str, tuple[HourCell, ...]], ...]


@bp.get("")
@staff_may(Right.REPORTS_SEE)
def shown() -> Response:
    """The days up to today: a week, a month, a quarter, a year."""
    parts, speaker = the_parts(), frame.the_speaker()
    first, today = the_period(request.args)
    days = (today - first).days + 1
    with parts.store.unit() as unit:
        found = figures.numbers_until_now(unit, parts.house, first=first)
        kept_at = figures.kept_as_of(unit, parts.house)
        query = StatsQuery(step=Step.QUARTER)
        inside = stats.occupancy(unit, parts.house, query=query).items
        batches = code_lists.most_redeemed(
            unit, parts.house, first=first, last=today, limit=batch_plot.MOST
        )
    return frame.show(
        "staff/numbers.html",
        place=Place.NUMBERS,
        as_of=_as_of(kept_at, speaker),
        periods=PERIODS,
        days=days,
        entries=sum(day.entries for day in found.days),
        busiest=max(found.days, key=lambda day: day.entries, default=None),
        open_days=sum(day.entries > 0 for day in found.days),
        by_day=_by_day(found, first, today, speaker),
        table=[_row(day, speaker) for day in reversed(found.days)],
        heat=_heat(found, speaker),
        inside=_inside_plot(inside),
        highest=max((one.level.highest for one in inside), default=0),
        reasons=_reasons(found, speaker),
        batches=batch_plot.bars(batches.items, speaker),
        all_batches=batches.total,
    )


def the_period(given: Mapping[str, str]) -> tuple[date, date]:
    """The first and the last day of an address or form: as many as are asked for, up to today."""
    asked = given.get("days", "")
    days = next((n for n in PERIODS if asked == str(n)), PERIODS[1])
    today = frame.the_speaker().today()
    return today - timedelta(days=days - 1), today


def _as_of(kept_at: datetime, speaker: Speaker) -> str:
    """Today is counted at this moment; the days before are kept, and may be behind."""
    now, kept = speaker.time(speaker.now()), speaker.moment(kept_at)
    if now == kept:
        return speaker.say("numbers_as_of", at=now)
    return speaker.say("numbers_as_of_both", at=now, kept=kept)


def _row(day: DaySum, speaker: Speaker) -> DayRow:
    told = (speaker.number(n) for n in (day.entries, day.exits, day.refused))
    return DayRow(speaker.day(day.day), *told)


def _by_day(found: Numbers, first: date, last: date, speaker: Speaker) -> Plot:
    """A bar a day; weeks where days would be too thin."""
    per = 7 if (last - first).days > PERIODS[2] else 1
    places = -(-((last - first).days + 1) // per)
    sums = [0] * places
    for day in found.days:
        sums[(day.day - first).days // per] += day.entries
    stride = -(-places // _TICKS)
    ticks = [speaker.short_day(first + timedelta(days=n * per)) for n in range(0, places, stride)]
    return plot(sums, places=places, ticks=ticks, is_growing=True)


def _heat(found: Numbers, speaker: Speaker) -> Heat | None:
    busy = [hour for hours in found.by_hour for hour, people in enumerate(hours) if people]
    if not busy:
        return None
    hours = range(min(busy), max(busy) + 1)
    means = [
        [people / max(1, days) for people in by_hour]
        for by_hour, days in zip(found.by_hour, found.open_days, strict=True)
    ]
    top = max(max(row) for row in means)
    rows = tuple(
        (speaker.say(f"weekday_{n}"), tuple(_cell(row[hour], top, speaker) for hour in hours))
        for n, row in enumerate(means)
    )
    return Heat(tuple(hours), rows)


def _cell(people: float, top: float, speaker: Speaker) -> HourCell:
    level = 0 if not people else 1 + min(_LEVELS - 2, int((_LEVELS - 1) * people / top))
    return HourCell(speaker.number(round(people)) if people else "", level)


def _inside_plot(inside: Sequence[Inside]) -> Plot:
    zone = the_parts().house.museum.zone
    by_quarter: dict[int, int] = defaultdict(int)
    for one in inside:
        n = quarter_of(one.span.since, zone)
        by_quarter[n] = max(by_quarter[n], one.level.highest)
    levels = [by_quarter[n] for n in range(1 + max(by_quarter, default=-1))]
    busy = [n for n, level in enumerate(levels) if level]
    first = min([*busy, _NINE]) // 4 * 4
    places = max(len(levels), _SEVEN_PM) - first
    ticks = [str(hour) for hour in range(first // 4, first // 4 + -(-places // 4))]
    return plot(levels[first:], places=len(ticks) * 4, ticks=ticks, is_growing=True)


def _reasons(found: Numbers, speaker: Speaker) -> list[tuple[str, float, str, str]]:
    most = found.reasons[0][1] if found.reasons else 0
    all_of_them = sum(n for _, n in found.reasons)
    return [
        (
            speaker.reason(reason),
            round(100 * n / most, 1),
            speaker.number(n),
            speaker.percent(n, all_of_them),
        )
        for reason, n in found.reasons[:_MOST_REASONS]
    ]
