"""The opening calendar as plain facts: written, read, and what may stand in it."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hours import HOURS
from ticketing.domain import FieldError
from ticketing.domain.calendars import (
    EXCEPTIONS_LIMIT,
    BadCalendar,
    calendar_of,
    checked,
    facts_of,
    next_exceptions,
)
from ticketing.domain.opening import Calendar, Dated, Hours, Movable, Yearly, opening_on

DAY = Hours(time(10), time(18))
SHUT = Calendar(weekly=(None,) * 7)
_minutes = st.times().map(lambda one: one.replace(second=0, microsecond=0))
_hours = st.none() | st.builds(Hours, _minutes, _minutes)
_days = st.dates(date(2024, 1, 1), date(2024, 12, 31))
_calendars = st.builds(
    Calendar,
    weekly=st.tuples(*[_hours] * 7),
    dated=st.dictionaries(st.dates(), _hours).map(
        lambda found: tuple(Dated(day, found[day]) for day in sorted(found))
    ),
    yearly=st.dictionaries(_days, _hours).map(
        lambda found: tuple(Yearly(day.month, day.day, found[day]) for day in sorted(found))
    ),
    movable=st.dictionaries(st.integers(-80, 80), _hours).map(
        lambda found: tuple(Movable(after, found[after]) for after in sorted(found))
    ),
    last_admission_min=st.integers(0, 240),
)


@given(_calendars)
def test_what_is_written_is_read_again(calendar: Calendar) -> None:
    """File, database and forms hold the same calendar."""
    assert calendar_of(facts_of(calendar)) == calendar


def test_facts_are_plain() -> None:
    """As they stand in the settings file."""
    facts = facts_of(replace(HOURS, dated=(Dated(date(2026, 11, 30), None),)))
    assert facts["mon"] == facts["dates.2026-11-30"] == facts["yearly.12-24"] == "closed"
    assert (facts["thu"], facts["easter.-2"]) == ("10:00-20:00", "10:00-18:00")
    assert facts["last_admission_min"] == 45


def test_a_day_nobody_names_is_closed() -> None:
    """A house without a calendar is never open."""
    assert calendar_of({}) == SHUT


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("mon", "early", "hours"),
        ("mon", "10:00", "hours"),
        ("mon", 10, "hours"),
        ("dates.someday", "closed", "day"),
        ("yearly.13-40", "closed", "day"),
        ("easter.soon", "closed", "number"),
        ("easter.1", "10-late", "hours"),
        ("last_admission_min", "soon", "number"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: object, problem: str) -> None:
    """By its fact and a fixed word."""
    with pytest.raises(BadCalendar) as refused:
        calendar_of({name: value})
    assert refused.value.errors == (FieldError(name, problem),)


@pytest.mark.parametrize(
    ("calendar", "name", "problem"),
    [
        (Calendar(weekly=(Hours(time(18), time(10)), *SHUT.weekly[1:])), "mon", "order"),
        (Calendar(weekly=(Hours(time(10), time(10)), *SHUT.weekly[1:])), "mon", "order"),
        (replace(SHUT, last_admission_min=-1), "last_admission_min", "range"),
        (replace(SHUT, last_admission_min=241), "last_admission_min", "range"),
        (
            replace(HOURS, dated=(Dated(date(2026, 12, 24), Hours(time(10), time(10, 30))),)),
            "dates.2026-12-24",
            "too_short",
        ),
        (replace(SHUT, dated=(Dated(date(1999, 1, 1), None),)), "dates.1999-01-01", "range"),
        (replace(SHUT, movable=(Movable(81, None),)), "easter.81", "range"),
        (replace(SHUT, movable=(Movable(-81, None),)), "easter.-81", "range"),
        (
            replace(
                SHUT,
                dated=tuple(
                    Dated(date(2026, 1, 1) + timedelta(days=n), None)
                    for n in range(EXCEPTIONS_LIMIT + 1)
                ),
            ),
            "exceptions",
            "too_many",
        ),
    ],
)
def test_what_no_house_can_keep_is_refused(calendar: Calendar, name: str, problem: str) -> None:
    """The last admission is never before the opening, closing never before it either."""
    with pytest.raises(BadCalendar) as refused:
        checked(calendar)
    assert FieldError(name, problem) in refused.value.errors


def test_the_sample_museum_can_be_kept() -> None:
    """The calendar itself comes back."""
    assert checked(HOURS) is HOURS


@given(st.integers(1961, 2099), st.sampled_from([-80, -2, 0, 1, 39, 50, 80]))
def test_a_day_near_easter_is_of_the_same_year(year: int, after: int) -> None:
    """So that looking at one year's Easter is enough."""
    calendar = checked(replace(SHUT, movable=(Movable(after, DAY),)))
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    assert sum(opening_on(calendar, day) == DAY for day in days) == 1


def test_the_next_exceptions_are_the_days_that_differ() -> None:
    """A closed Monday that is open, an open Thursday that is closed; nothing as usual."""
    found = next_exceptions(HOURS, date(2026, 12, 20), days=14)
    assert found == (
        (date(2026, 12, 24), None),
        (date(2026, 12, 25), None),
        (date(2026, 12, 31), None),
        (date(2027, 1, 1), None),
    )
