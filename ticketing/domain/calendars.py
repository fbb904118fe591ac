"""The opening calendar as plain facts, and what may stand in it; in the domain room.

One form for the settings file, the database, the audit and the site: a name such as `mon`,
`dates.2026-12-24`, `yearly.12-24` or `easter.-2`, with hours such as "10:00-18:00" or
"closed"; and the number `last_admission_min`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Any, Final, NoReturn

from ticketing.domain import DomainError, FieldError
from ticketing.domain.museum import is_plausible_day
from ticketing.domain.opening import Calendar, Dated, Hours, Movable, Yearly, opening_on

Facts = Mapping[str, Any]
CLOSED: Final = "closed"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST: Final = "last_admission_min"
DATES, YEARLY, EASTER = "dates", "yearly", "easter"
LAST_LIMIT_MIN: Final = 240
EASTER_LIMIT: Final = 80
"""Days before and after Easter Sunday: any more, and the day could be of another year."""
EXCEPTIONS_LIMIT: Final = 400
LEAP_YEAR: Final = 2024
"""In which every day of a year is one."""


class BadCalendar(DomainError):  # noqa: N818  agreed name
    """A calendar that cannot be; each field has the name it has among the facts."""


def facts_of(calendar: Calendar) -> dict[str, Any]:
    """Every fact of a calendar: the week first, exceptions in the order of their days."""
    hours = {name: written(one) for name, one in _entries(calendar)}
    return {**{day: hours.pop(day) for day in DAYS}, LAST: calendar.last_admission_min, **hours}


def calendar_of(facts: Facts) -> Calendar:
    """The calendar of facts; a day of the week without hours is closed.

    Raises:
        BadCalendar: `hours`, `day` or `number` of a field that cannot be read.
    """
    dated, yearly, movable = list[Dated](), list[Yearly](), list[Movable]()
    for name, value in facts.items():
        kind, _, day = name.partition(".")
        if kind == DATES:
            dated.append(Dated(_date(name, day), _hours(name, value)))
        elif kind == YEARLY:
            yearly.append(Yearly(*_month_and_day(name, day), _hours(name, value)))
        elif kind == EASTER:
            movable.append(Movable(_number(name, day), _hours(name, value)))
    return Calendar(
        weekly=tuple(_hours(day, facts.get(day, CLOSED)) for day in DAYS),
        dated=tuple(dated),
        yearly=tuple(yearly),
        movable=tuple(movable),
        last_admission_min=_number(LAST, facts.get(LAST, 0)),
    )


def checked(calendar: Calendar) -> Calendar:
    """The calendar, if a house can keep it.

    Raises:
        BadCalendar: `order` for hours that end before they begin, `range` for a number or a
            day that is out of bounds, `too_many` exceptions.
    """
    errors = tuple(_errors(calendar))
    if errors:
        raise BadCalendar(*errors)
    return calendar


def written(hours: Hours | None) -> str:
    """Hours as text: "10:00-18:00", or "closed"."""
    return CLOSED if hours is None else f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"


def next_exceptions(
    calendar: Calendar, day: date, *, days: int
) -> tuple[tuple[date, Hours | None], ...]:
    """The days from `day` on that are not as their weekday, within so many days."""
    ahead = (day + timedelta(days=number) for number in range(days))
    found = ((one, opening_on(calendar, one)) for one in ahead)
    return tuple((one, hours) for one, hours in found if hours != calendar.weekly[one.weekday()])


# ------------------------------------------------------------ reading
def _wrong(field: str, problem: str) -> NoReturn:
    raise BadCalendar(FieldError(field, problem)) from None


def _hours(field: str, text: object) -> Hours | None:
    if text == CLOSED:
        return None
    try:
        opens, closes = str(text).split("-")
        return Hours(time.fromisoformat(opens), time.fromisoformat(closes))
    except ValueError:
        _wrong(field, "hours")


def _date(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _wrong(field, "day")


def _month_and_day(field: str, text: str) -> tuple[int, int]:
    try:
        day = date.fromisoformat(f"{LEAP_YEAR}-{text}")  # 02-29 is a day
    except ValueError:
        _wrong(field, "day")
    return day.month, day.day


def _number(field: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        _wrong(field, "number")


# ------------------------------------------------------------ rules
def _errors(calendar: Calendar) -> Iterator[FieldError]:
    if not 0 <= calendar.last_admission_min <= LAST_LIMIT_MIN:
        yield FieldError(LAST, "range")
    yield from (FieldError(name, "range") for name in _far(calendar))
    if len(calendar.dated) + len(calendar.yearly) + len(calendar.movable) > EXCEPTIONS_LIMIT:
        yield FieldError("exceptions", "too_many")
    for name, hours in _entries(calendar):
        if hours is None:
            continue
        if hours.opens >= hours.closes:
            yield FieldError(name, "order")
        elif _minutes(hours) < calendar.last_admission_min:
            yield FieldError(name, "too_short")


def _far(calendar: Calendar) -> Iterator[str]:
    """Exceptions beyond the days that can be computed with."""
    for dated in calendar.dated:
        if not is_plausible_day(dated.day):
            yield f"{DATES}.{dated.day.isoformat()}"
    for movable in calendar.movable:
        if abs(movable.days_after_easter) > EASTER_LIMIT:
            yield f"{EASTER}.{movable.days_after_easter}"


def _entries(calendar: Calendar) -> Iterator[tuple[str, Hours | None]]:
    """The hours of every day and exception, by the names of their facts."""
    yield from zip(DAYS, calendar.weekly, strict=True)
    for dated in sorted(calendar.dated, key=lambda one: one.day):
        yield f"{DATES}.{dated.day.isoformat()}", dated.hours
    for yearly in sorted(calendar.yearly, key=lambda one: (one.month, one.day)):
        yield f"{YEARLY}.{yearly.month:02d}-{yearly.day:02d}", yearly.hours
    for movable in sorted(calendar.movable, key=lambda one: one.days_after_easter):
        yield f"{EASTER}.{movable.days_after_easter}", movable.hours


def _minutes(hours: Hours) -> int:
    opens, closes = (one.hour * 60 + one.minute for one in (hours.opens, hours.closes))
    return closes - opens
