"""A span of time with tolerance: the slot of a ticket. No clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_at` until `end_at` (exclusive), aware; entry earlier and later by tolerance."""

    start_at: datetime
    end_at: datetime
    early: timedelta = timedelta(0)
    late: timedelta = timedelta(0)

    def holds(self, at: datetime) -> bool:
        """Whether entry is allowed at this time, tolerance included.

        Differences are compared, not sums: at the ends of the calendar sums overflow.
        """
        return self.start_at - at <= self.early and at - self.end_at < self.late


def to_local(at: datetime, zone: ZoneInfo) -> datetime:
    """An aware time on the museum's clock; as it is where that would leave the calendar."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The date of an aware time in the museum's zone."""
    return to_local(at, zone).date()
