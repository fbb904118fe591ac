"""One watcher thread per process wakes every open event stream.

Streams hold server threads, and too many would starve the gate: they are capped,
and beyond the cap a page polls instead. The thread lives only while streams do.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

log = logging.getLogger("ticketing.feed")
PAUSE_S: Final = 0.25
STREAMS_PER_HOLDER: Final = 4  # a few tabs of one browser, never the whole house


@dataclass(slots=True)
class Slot:
    """The right to hold one stream open; giving it back twice is harmless."""

    _give_back: Callable[[], None] = field(repr=False)
    _is_open: bool = True

    def release(self) -> None:
        """Make room for another stream."""
        if self._is_open:
            self._is_open = False
            self._give_back()


class Feed:
    """Watches one number, the newest message, for everybody who waits for it."""

    def __init__(
        self, newest: Callable[[], int], *, max_streams: int, pause_s: float = PAUSE_S
    ) -> None:
        self._newest = newest
        self._max_streams = max_streams
        self._pause_s = pause_s
        self._changed = threading.Condition()
        self._open: Counter[bytes] = Counter()
        self._seen = 0
        self._watcher: threading.Thread | None = None

    @property
    def open_streams(self) -> int:
        """How many streams are open now."""
        return self._open.total()

    def take_slot(self, holder: bytes) -> Slot | None:
        """A slot for one stream of a browser, or None when all or all of its own are taken."""
        with self._changed:
            if self._is_full_for(holder):
                return None
            self._open[holder] += 1
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="feed", daemon=True)
                self._watcher.start()
        return Slot(lambda: self._give_back(holder))

    def wait(self, seen: int, timeout_s: float) -> int:
        """The newest number as soon as it differs from `seen`, or `seen` after the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._seen != seen, timeout_s)
            return self._seen

    def _is_full_for(self, holder: bytes) -> bool:
        is_own_full = self._open[holder] >= STREAMS_PER_HOLDER
        return is_own_full or self._open.total() >= self._max_streams

    def _give_back(self, holder: bytes) -> None:
        with self._changed:
            self._open[holder] -= 1
            self._open += Counter()  # forgets who holds none
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            newest = self._ask()
            with self._changed:
                if newest is not None and newest != self._seen:
                    self._seen = newest
                    self._changed.notify_all()
                if not self._open:
                    self._watcher = None
                    return
                self._changed.wait_for(lambda: not self._open, self._pause_s)

    def _ask(self) -> int | None:
        try:
            return self._newest()
        except Exception as error:  # noqa: BLE001  a sick database must not end the watch
            log.warning("the feed cannot read: %s", type(error).__name__)
            return None
