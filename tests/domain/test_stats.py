"""Steps of time and figures in them, also on the days when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from tests.factories import BERLIN
from tests.hours import HOURS
from ticketing.domain.stats import (
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

AUTUMN, SPRING, PLAIN = date(2026, 10, 25), date(2026, 3, 29), date(2026, 6, 1)


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23), (PLAIN, 24)])
@pytest.mark.parametrize(("step", "each"), [(Step.HOUR, 1), (Step.QUARTER, 4)])
def test_a_day_has_as_many_hours_as_the_clocks_give_it(
    day: date, hours: int, step: Step, each: int
) -> None:
    """No hour is missing in spring and none is told twice in autumn."""
    found = list(steps(span_of(day, day, BERLIN), step, BERLIN))
    assert len(found) == hours * each
    assert all(one.until == two.since for one, two in pairwise(found))


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23), (PLAIN, 24)])
def test_days_begin_at_local_midnight(day: date, hours: int) -> None:
    """The step of a day is as long as the day."""
    [one] = steps(span_of(day, day, BERLIN), Step.DAY, BERLIN)
    assert one.since.astimezone(BERLIN).time().isoformat() == "00:00:00"
    assert one.until - one.since == timedelta(hours=hours)


def at(hour: int, minute: int = 0) -> datetime:
    """A time of 4 October 2026, UTC."""
    return datetime(2026, 10, 4, hour, minute, tzinfo=UTC)


HOURS_OF_DAY = [Span(at(hour), at(hour + 1)) for hour in (8, 9, 10)]


def test_a_minute_counts_in_its_step_alone() -> None:
    """The first moment of a step is its own; what lies outside counts nowhere."""
    minutes = [
        Minute(at(7, 59), entries=99),
        Minute(at(8), entries=1),
        Minute(at(8, 59), entries=2, refused=1),
        Minute(at(9), exits=1, by_hand=-3),
        Minute(at(11), entries=99),
    ]
    assert totals(HOURS_OF_DAY, minutes) == (
        Minute(at(8), entries=3, refused=1),
        Minute(at(9), exits=1, by_hand=-3),
        Minute(at(10)),
    )


def test_people_stay_inside_until_they_leave() -> None:
    """Each step says how many are left at its end, and the most of it."""
    minutes = [
        Minute(at(7), entries=2),
        Minute(at(8, 10), entries=5),
        Minute(at(8, 50), exits=4),
        Minute(at(10, 1), exits=9),
    ]
    assert levels(HOURS_OF_DAY, minutes, []) == (Level(3, 7), Level(3, 3), Level(0, 3))


def test_a_reset_begins_anew_before_what_happens_in_its_minute() -> None:
    """At closing nobody is inside; who comes in that very minute is."""
    minutes = [Minute(at(8, 10), entries=5), Minute(at(9), entries=1)]
    assert levels(HOURS_OF_DAY, minutes, [at(9)]) == (Level(5, 5), Level(1, 1), Level(1, 1))


def test_the_count_begins_anew_at_midnight_and_at_closing() -> None:
    """Both, in the museum's zone."""
    found = resets_in(span_of(date(2026, 10, 4), date(2026, 10, 4), BERLIN), HOURS, BERLIN)
    local = [one.astimezone(BERLIN).strftime("%H:%M") for one in found]
    assert local[0] == "00:00"
    assert len(local) == 2
