"""Trying the station before the doors open: any code is read, and none of them is a scan. Pure.

While it lasts, what the camera and the hand scanner read never reaches the gate; so nobody is
admitted either, and it ends by itself. Behind its end a code that is still held up is kept
from the gate until it has left, or staff would have scanned a ticket by trying the camera.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from scanner.events import Event, Seen, Tick, Typed

LASTS_MS: Final = 180_000
GONE_MS: Final = 1_500
"""Out of sight this long, a code may be shown anew (as `Post.gone_ms`)."""
_HEAD: Final = 128
"""A live ticket changes its text every five seconds, but not these signs of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tryout:
    """One try; times monotonic milliseconds.

    `read` and `typed` count what was held up and what the hand scanner sent; `in_view`: when
    a code (no text is kept) was last seen; `is_over`: those in view have still to leave.
    """

    until_ms: int
    read: int = 0
    typed: int = 0
    in_view: Mapping[int, int] = field(default_factory=dict)
    is_over: bool = False

    @classmethod
    def begun(cls, now_ms: int) -> "Tryout":
        """One that begins now."""
        return cls(until_ms=now_ms + LASTS_MS)

    def ended(self) -> "Tryout":
        """The same, ended by staff."""
        return replace(self, is_over=True)

    def divert(self, event: Event, now_ms: int) -> "tuple[Tryout | None, Event]":
        """What is left of it (None: nothing), and what the gate is told instead."""
        tryout = self._later(now_ms)
        if isinstance(event, Seen):
            tryout, event = _looked(tryout, event, now_ms)
        elif isinstance(event, Typed) and not tryout.is_over:
            tryout, event = replace(tryout, typed=tryout.typed + 1), Tick()
        return (tryout if tryout.in_view or not tryout.is_over else None), event

    def _later(self, now_ms: int) -> "Tryout":
        in_view = {code: at for code, at in self.in_view.items() if now_ms - at < GONE_MS}
        return replace(self, in_view=in_view, is_over=self.is_over or now_ms >= self.until_ms)


def _looked(tryout: Tryout, event: Seen, now_ms: int) -> tuple[Tryout, Seen]:
    """Count what is new while it lasts; behind its end let only that through."""
    seen = {hash(one.text[:_HEAD]): one for one in event.sightings}
    fresh = {code: one for code, one in seen.items() if code not in tryout.in_view}
    if not tryout.is_over:
        in_view = {**tryout.in_view, **dict.fromkeys(seen, now_ms)}
        return replace(tryout, read=tryout.read + len(fresh), in_view=in_view), Seen(())
    still = dict.fromkeys(seen.keys() - fresh.keys(), now_ms)
    return replace(tryout, in_view={**tryout.in_view, **still}), Seen(tuple(fresh.values()))
