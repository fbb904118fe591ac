"""Doubles of the world: clock, chance, wording."""

import hashlib
from datetime import UTC, datetime, timedelta

START = datetime(2026, 10, 4, 12, 0, tzinfo=UTC)
"""Sunday 4 October 2026, 14:00 in Berlin: the sample museum is open."""


class FrozenClock:
    """A clock that moves when it is told to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it stands at."""
        return self.at

    def tick(self, **spans: float) -> None:
        """Go on by so many `minutes`, `seconds`, `days`."""
        self.at += timedelta(**spans)


class SeededChance:
    """Bytes that look random and are the same in each run."""

    def __init__(self, seed: str = "einlass") -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def draw(self, size: int) -> bytes:
        """The next bytes."""
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(size)


class EchoWording:
    """Says the key and what was filled in, sorted."""

    def say(self, key: str, lang: str, **values: str) -> str:
        """E.g. `de:greeting museum=Stadtmuseum`."""
        filled = "".join(f" {name}={value}" for name, value in sorted(values.items()))
        return f"{lang}:{key}{filled}"
