"""What is behind each plot of the numbers, as a file: the values themselves, nothing rounded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.domain.stats import Step
from ticketing.service import code_lists, figures, stats
from ticketing.service.errors import NotFound
from ticketing.service.figures import DaySum, Numbers
from ticketing.service.stats import StatsQuery
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.batch_sheet import tally_cells, tally_columns
from ticketing.web.staff.numbers import HOME, the_period
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_numbers_sheet", __name__, url_prefix=HOME, enable_openapi=False)


class Series(StrEnum):
    """A plot of the page."""

    DAYS = "days"
    HOURS = "hours"
    REASONS = "reasons"
    INSIDE = "inside"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]


@bp.post("/export")
@staff_may(Right.REPORTS_SEE)
def export() -> Response:
    """One of the series, in the period on the page."""
    frame.checked_form()
    kind, speaker = exports.asked_kind(), frame.the_speaker()
    try:
        series = Series(request.form.get("series", ""))
    except ValueError:
        raise NotFound("series") from None
    first, last = the_period(request.form)
    match series:
        case Series.INSIDE:
            made = _inside(speaker)
        case Series.BATCHES:
            made = _batches(first, last, speaker)
        case _:
            made = _kept(series, first, last, speaker)
    days = {} if series is Series.INSIDE else {"first": first.isoformat()}
    exports.note("numbers", kind, series=series.value, **days)
    return exports.download(made.columns, made.rows, name=made.name, kind=kind)


def _kept(series: Series, first: date, last: date, speaker: Speaker) -> _List:
    parts = the_parts()
    with parts.store.unit() as unit:
        found = figures.numbers_until_now(unit, parts.house, first=first)
    match series:
        case Series.HOURS:
            return _hours(found, speaker)
        case Series.REASONS:
            return _reasons(found, speaker)
        case _:
            return _days(found, first, last, speaker)


def _days(found: Numbers, first: date, last: date, speaker: Speaker) -> _List:
    """Every day, also those on which nothing happened: a plot of the file has no gaps."""
    by_day = {one.day: one for one in found.days}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    sums = (by_day.get(day, DaySum(day, 0, 0, 0)) for day in days)
    return _List(
        speaker.say("numbers_by_day"),
        (
            Column(speaker.say("numbers_day"), ColumnKind.DAY, 12),
            *_counts(speaker, "staff_admitted", "numbers_exits", "staff_refused"),
        ),
        [(one.day, one.entries, one.exits, one.refused) for one in sums],
    )


def _hours(found: Numbers, speaker: Speaker) -> _List:
    """People by weekday and hour, and on how many such days anybody came."""

    def rows() -> Iterator[Row]:
        for n, people in enumerate(found.by_hour):
            for hour, sum_ in enumerate(people):
                yield (speaker.say(f"weekday_{n}"), hour, sum_, found.open_days[n])

    return _List(
        speaker.say("numbers_by_hour"),
        (
            Column(speaker.say("numbers_weekday"), width=14),
            *_counts(speaker, "numbers_hour", "staff_admitted", "numbers_open_days"),
        ),
        rows(),
    )


def _reasons(found: Numbers, speaker: Speaker) -> _List:
    return _List(
        speaker.say("numbers_reasons"),
        (Column(speaker.say("staff_reason"), width=36), *_counts(speaker, "staff_refused")),
        [(speaker.reason(reason), n) for reason, n in found.reasons],
    )


def _inside(speaker: Speaker) -> _List:
    """People inside by quarter of an hour, today."""
    parts = the_parts()
    with parts.store.unit() as unit:
        query = StatsQuery(step=Step.QUARTER)
        found = stats.occupancy(unit, parts.house, query=query).items
    return _List(
        speaker.say("numbers_inside"),
        (
            Column(speaker.say("staff_time"), ColumnKind.MOMENT, 18),
            *_counts(speaker, "numbers_at_end", "report_highest"),
        ),
        [(one.span.since, one.level.inside, one.level.highest) for one in found],
    )


def _batches(first: date, last: date, speaker: Speaker) -> _List:
    """Every batch that ran in the period, the most redeemed first; counted from its beginning."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = code_lists.most_redeemed(unit, parts.house, first=first, last=last).items
    return _List(
        speaker.say("numbers_batches"),
        (
            Column(speaker.say("codes_in_col_batch"), width=32),
            Column(speaker.say("codes_tag"), width=20),
            *tally_columns(speaker),
        ),
        [(one.name, one.tag, *tally_cells(one.tally)) for one in found],
    )


def _counts(speaker: Speaker, *keys: str) -> tuple[Column, ...]:
    return tuple(Column(speaker.say(key), ColumnKind.WHOLE, 16) for key in keys)
