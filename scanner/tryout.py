"""Trying the station before the doors open: any code is read, and none of them is a scan. Pure.

While it lasts, what the camera and the hand scanner read never reaches the gate; so nobody is
admitted either, and it ends by itself. Behind its end a code that is still held up is kept
from the gate until it has left, or staff would have scanned a ticket by trying the camera.
"""

from dataclasses import dataclass, replace
from typing import Final

from scanner.events import Event, Seen, Tick, Typed

LASTS_MS: Final = 180_000
GONE_MS: Final = 1_500
"""Out of sight this long, a code may be shown anew (as `Post.gone_ms`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tryout:
    """One try; times monotonic milliseconds.

    `read` and `typed` count what was held up and what the hand scanner sent; `seen_ms`:
    when a code was last in view; `is_over`: it only waits for that code to leave.
    """

    until_ms: int
    read: int = 0
    typed: int = 0
    seen_ms: int = -GONE_MS
    is_over: bool = False

    @classmethod
    def begun(cls, now_ms: int) -> "Tryout":
        """One that begins now."""
        return cls(until_ms=now_ms + LASTS_MS, seen_ms=now_ms - GONE_MS)

    def ended(self) -> "Tryout":
        """The same, ended by staff."""
        return replace(self, is_over=True)

    def divert(self, event: Event, now_ms: int) -> "tuple[Tryout | None, Event]":
        """What is left of it (None: nothing), and what the gate is told instead."""
        if isinstance(event, Seen) and event.sightings:
            is_new = now_ms - self.seen_ms >= GONE_MS
            read = self.read + (is_new and not self.is_over)
            return replace(self, read=read, seen_ms=now_ms), Seen(())
        if isinstance(event, Typed) and not self.is_over:
            return replace(self, typed=self.typed + 1), Tick()
        return self._later(now_ms), event

    def _later(self, now_ms: int) -> "Tryout | None":
        if self.is_over:
            return self if now_ms - self.seen_ms < GONE_MS else None
        return self if now_ms < self.until_ms else self.ended()
