"""The real clock, behind `service.ports.Clock`; the one place that reads it."""

from datetime import UTC, datetime


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """The present time, aware UTC."""
        return datetime.now(UTC)
