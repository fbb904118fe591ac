"""When the house is open."""

from datetime import UTC, date, datetime, time

import pytest

from tests.factories import BERLIN
from tests.hours import HOURS
from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import (
    Calendar,
    Dated,
    Hours,
    easter,
    is_open,
    last_admission,
    opening_on,
)

DAY = Hours(time(10), time(18))


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (date(2026, 10, 6), 18),
        (date(2026, 10, 8), 20),
        (date(2026, 10, 5), None),
        (date(2026, 12, 24), None),
        (date(2026, 12, 31), None),
        (date(2027, 1, 1), None),
        (date(2026, 12, 26), 18),
        (date(2026, 5, 14), 18),
        (date(2026, 4, 6), 18),
        (date(2026, 5, 25), 18),
    ],
)
def test_the_sample_museum_keeps_its_hours(day: date, closes: int | None) -> None:
    """Late on Thursdays, not on Ascension Day; Mondays closed, Easter and Whit Monday open."""
    hours = opening_on(HOURS, day)
    assert (None if hours is None else hours.closes.hour) == closes


def test_a_date_overrules_everything() -> None:
    """One day made an exception of: closed, or open on a closed day."""
    monday, sunday = date(2026, 10, 5), date(2026, 10, 4)
    calendar = Calendar(weekly=HOURS.weekly, dated=(Dated(monday, DAY), Dated(sunday, None)))
    assert opening_on(calendar, monday) == DAY
    assert opening_on(calendar, sunday) is None


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1961, date(1961, 4, 2)),
        (2008, date(2008, 3, 23)),
        (2011, date(2011, 4, 24)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
        (2049, date(2049, 4, 18)),
    ],
)
def test_easter_is_when_it_is(year: int, sunday: date) -> None:
    """The earliest, the latest and the exceptional years among them."""
    assert easter(year) == sunday


def test_the_last_admission_is_before_closing() -> None:
    """45 minutes before; none on a closed day."""
    assert last_admission(HOURS, date(2026, 10, 8)) == time(19, 15)
    assert last_admission(HOURS, date(2026, 10, 5)) is None


@pytest.mark.parametrize(
    ("hour", "minute", "expected"), [(9, 59, False), (10, 0, True), (17, 59, True), (18, 0, False)]
)
def test_opening_and_closing_are_exact(hour: int, minute: int, *, expected: bool) -> None:
    """The first minute is open, the closing minute is not."""
    now = datetime(2026, 10, 4, hour, minute, tzinfo=BERLIN)
    assert is_open(HOURS, now.astimezone(UTC), BERLIN) is expected


def test_a_closed_day_is_never_open() -> None:
    """Monday noon."""
    assert not is_open(HOURS, datetime(2026, 10, 5, 12, tzinfo=BERLIN), BERLIN)


def test_a_week_has_seven_days() -> None:
    """Anything else is a fault of the program."""
    with pytest.raises(ValueError, match="seven"):
        Calendar(weekly=(DAY,) * 6)


def test_a_local_day_has_bounds() -> None:
    """The museum's date, and its midnights in UTC."""
    now = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    assert local_day(now, BERLIN) == date(2026, 10, 25)
    assert day_bounds(date(2026, 10, 25), BERLIN) == (
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
