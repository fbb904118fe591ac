"""The house itself and its gates; in the domain room."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ticketing.domain.opening import Calendar
from ticketing.wire.texts import Localised


@dataclass(frozen=True, slots=True, kw_only=True)
class Museum:
    """Who lets people in: facts of the settings.

    `base_url` is the address under which visitors reach the service, without a
    slash at its end; `address` are the lines below the name; `contact` is where
    questions about privacy go.
    """

    name: str
    zone: ZoneInfo
    address: tuple[str, ...]
    base_url: str
    hours: Calendar
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A door at which tickets are looked at."""

    slug: str
    name: Localised
    created_at: datetime


def local_day(now: datetime, zone: ZoneInfo) -> date:
    """The date in the museum's zone at an aware time."""
    return now.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First moment of a local day and of the next, in UTC: 23, 24 or 25 hours apart."""
    start, end = (datetime.combine(d, time.min, zone) for d in (day, day + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)
