"""When the house is open; in the domain room.

Exceptions are tried from the most particular to the most general: a date, a day
of every year, a day that moves with Easter, the weekday.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = 7


@dataclass(frozen=True, slots=True)
class Hours:
    """From opening to closing of one day, local wall time."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Dated:
    """An exception on one date; `hours` None is closed."""

    day: date
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Yearly:
    """An exception on the same date of every year; `hours` None is closed."""

    month: int
    day: int
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Movable:
    """An exception so many days after Easter Sunday; `hours` None is closed."""

    days_after_easter: int
    hours: Hours | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The opening hours of a house: seven weekdays from Monday, and exceptions."""

    weekly: tuple[Hours | None, ...]
    dated: tuple[Dated, ...] = ()
    yearly: tuple[Yearly, ...] = ()
    movable: tuple[Movable, ...] = ()
    last_admission_min: int = 0

    def __post_init__(self) -> None:
        """Seven days; anything else is a fault of the program."""
        if len(self.weekly) != WEEK:
            raise ValueError("a week has seven days")


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, ch. 8)."""
    century, in_century = divmod(year, 100)
    golden = year % 19
    leaps, rest = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - shift + 15) % 30
    quarter, tail = divmod(in_century, 4)
    weekday = (32 + 2 * rest + 2 * quarter - epact - tail) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def opening_on(calendar: Calendar, day: date) -> Hours | None:
    """The hours of one local day, or None when the house is closed."""
    for dated in calendar.dated:
        if dated.day == day:
            return dated.hours
    for yearly in calendar.yearly:
        if (yearly.month, yearly.day) == (day.month, day.day):
            return yearly.hours
    for movable in calendar.movable:
        if easter(day.year) + timedelta(days=movable.days_after_easter) == day:
            return movable.hours
    return calendar.weekly[day.weekday()]


def last_admission(calendar: Calendar, day: date) -> time | None:
    """The local time of the last admission of a day, or None when closed."""
    hours = opening_on(calendar, day)
    if hours is None:
        return None
    closes = datetime.combine(day, hours.closes)
    return (closes - timedelta(minutes=calendar.last_admission_min)).time()


def closing_of(calendar: Calendar, day: date, zone: ZoneInfo) -> datetime:
    """When a local day is over for the house, UTC: at closing; at its end if it is closed."""
    hours = opening_on(calendar, day)
    if hours is None:
        return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return datetime.combine(day, hours.closes, zone).astimezone(UTC)


def closing_after(calendar: Calendar, at: datetime, zone: ZoneInfo) -> datetime:
    """The first closing behind an aware time, UTC."""
    day = at.astimezone(zone).date()
    closes = closing_of(calendar, day, zone)
    return closes if closes > at else closing_of(calendar, day + timedelta(days=1), zone)


def last_closing(calendar: Calendar, now: datetime, zone: ZoneInfo) -> datetime:
    """The newest closing up to an aware time, UTC."""
    day = now.astimezone(zone).date()
    closes = closing_of(calendar, day, zone)
    return closes if closes <= now else closing_of(calendar, day - timedelta(days=1), zone)


def is_open(calendar: Calendar, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the house is open at an aware time; the closing minute is closed."""
    local = now.astimezone(zone)
    hours = opening_on(calendar, local.date())
    return hours is not None and hours.opens <= local.time() < hours.closes
