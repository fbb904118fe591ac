"""The second pair of eyes: a thread that reads our own symbol from successive frames.

The camera's thread never waits for it. It leaves its newest frame in a place for one; what was not
fetched in time is overwritten.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.sight.fusion import Fusion

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight.fusion import Look
    from scanner.sight.reading import Reading

_WAIT_S: Final = 0.5

log = logging.getLogger("scanner")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    look: Look
    presentation: int


class SecondEyes:
    """Reads in a thread of its own and tells what it reads."""

    def __init__(
        self, tell: Callable[[tuple[Reading, ...]], None], *, fusion: Fusion | None = None
    ) -> None:
        """`tell` is called in this thread, only with something that was read."""
        self._tell = tell
        self._fusion = fusion or Fusion()
        self._changed = threading.Condition()
        self._waiting: _Waiting | None = None
        self._presentation = 0
        self._reading = 0
        self.beat = time.monotonic()
        """When the thread last began something, in monotonic seconds: more than a few seconds
        ago means that it is stuck or dead."""

    def show(self, look: Look) -> None:
        """Leave the newest frame; returns at once."""
        with self._changed:
            self._waiting = _Waiting(look, self._presentation)
            self._changed.notify()

    def forget(self) -> None:
        """Another reader has read a code: what was summed so far is no longer wanted."""
        with self._changed:
            self._presentation += 1
            self._waiting = None

    def run(self, stop: threading.Event) -> None:
        """Read until stopped; a frame that breaks a reader costs that frame."""
        while not stop.is_set():
            self.beat = time.monotonic()
            self.work(_WAIT_S)

    def work(self, wait_s: float) -> None:
        """Read one frame, if one comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, wait_s)
            waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        try:
            if waiting.presentation != self._reading:
                self._reading = waiting.presentation
                self._fusion.forget()
            readings = self._fusion.push(waiting.look)
        except Exception as error:  # noqa: BLE001 (whatever a picture holds, the gate goes on)
            log.error("a frame could not be read: %s", type(error).__name__)  # noqa: TRY400 (a traceback could tell what was read)
            self._fusion.forget()
            return
        # What the first reader has read meanwhile has been told by it.
        if readings and waiting.presentation == self._presentation:
            self._tell(readings)
