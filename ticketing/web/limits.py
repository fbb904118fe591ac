"""How often programs may call, counted in this process's memory.

A bucket holds as many calls as there may be in a minute and fills evenly, so a burst of a
minute's calls is fine after a pause. Each server process counts by itself: with n of them a
caller may get up to n times as much. What a gate needs is not counted at all.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MINUTE_S: Final = 60.0
_MOST_BUCKETS: Final = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls in a minute of one API key, searches of one station; 0 is no limit."""

    calls: int = 6000
    searches: int = 120


class Meter:
    """One bucket for each caller."""

    def __init__(self, per_minute: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most = float(max(0, per_minute))
        self._now_s = now_s
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # calls left, and when that was

    def take(self, who: str) -> int:
        """Count one call: 0, or the seconds until the next one is taken."""
        if not self._most:
            return 0
        per_s = self._most / _MINUTE_S
        with self._lock:
            now_s = self._now_s()
            left, at_s = self._buckets.get(who, (self._most, now_s))
            left = min(self._most, left + (now_s - at_s) * per_s)
            is_taken = left >= 1
            self._buckets[who] = (left - is_taken, now_s)
            if len(self._buckets) > _MOST_BUCKETS:
                self._forget_full(now_s)
        return 0 if is_taken else math.ceil((1 - left) / per_s)

    def _forget_full(self, now_s: float) -> None:
        """A bucket untouched for a minute is full: nothing need be known of it."""
        self._buckets = {
            who: (left, at_s)
            for who, (left, at_s) in self._buckets.items()
            if now_s - at_s < _MINUTE_S
        }


@dataclass(frozen=True, slots=True)
class Meters:
    """The meters of one process: of API keys, of stations that search."""

    keys: Meter
    searches: Meter

    @classmethod
    def of(cls, limits: Limits) -> "Meters":
        """Meters for limits."""
        return cls(Meter(limits.calls), Meter(limits.searches))
