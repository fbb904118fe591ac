"""The house itself and its gates; in the domain room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ticketing.domain.opening import Calendar
from ticketing.domain.retention import Kept
from ticketing.wire.texts import Localised

# Beyond these years a date is a mistake, and near the calendar's edges it cannot be computed with.
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2100, 1, 1)
_FIRST_AT, _LAST_AT = (datetime.combine(d, time.min, UTC) for d in (FIRST_DAY, LAST_DAY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Museum:
    """Who lets people in: facts of the settings file, and what the house's people set since.

    `base_url` is the address under which visitors reach the service, without a
    slash at its end; `address` are the lines below the name; `contact` is where
    questions about privacy go; `capacity` is how many people may be inside at once,
    0 without a limit; `knowledge_days` how many days ahead stations know tickets; `kept`
    is for how long visitors are promised that something of theirs is kept; `words` are the
    house's own texts of the chat (`domain.own_words`).
    """

    name: str
    zone: ZoneInfo
    address: tuple[str, ...]
    base_url: str
    hours: Calendar
    contact: str
    capacity: int = 0
    knowledge_days: int = 7
    kept: Kept = field(default_factory=Kept)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A door at which tickets are looked at."""

    slug: str
    name: Localised
    created_at: datetime


def local_day(now: datetime, zone: ZoneInfo) -> date:
    """The date in the museum's zone at an aware time."""
    return now.astimezone(zone).date()


def is_plausible_day(day: date) -> bool:
    """Whether a local day lies in 2000-01-01..2100-01-01, both included."""
    return FIRST_DAY <= day <= LAST_DAY


def is_plausible_time(at: datetime) -> bool:
    """Whether an aware time lies in 2000-01-01..2100-01-01 UTC, both included."""
    try:
        return _FIRST_AT <= at.astimezone(UTC) <= _LAST_AT
    except OverflowError:  # 9999-12-31T23:59-14:00 is in the year 10000
        return False


@lru_cache(maxsize=64)  # asked with every scan, nearly always of today
def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First moment of a local day and of the next, in UTC: 23, 24 or 25 hours apart."""
    start, end = (datetime.combine(d, time.min, zone) for d in (day, day + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)
