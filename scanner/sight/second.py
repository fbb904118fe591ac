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
from ticketing.wire.textclass import TextClass, classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight.cascade import Watched
    from scanner.sight.fusion import Look
    from scanner.sight.reading import Reading

RESTING_S: Final = 0.5
"""Of a picture that stands still a frame is looked at so often: what is read in it is told again
well before the gate takes it for gone."""
_WAIT_S: Final = 0.5
_TICKETS: Final = frozenset({TextClass.TICKET, TextClass.FUTURE})

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
        self._attended_s = float("-inf")
        self.beat = time.monotonic()
        """When the thread last began something, in monotonic seconds: more than a few seconds
        ago means that it is stuck or dead."""

    def attend(self, watched: Watched, at_s: float) -> None:
        """Take part in a frame of the first reader, seen at that time (monotonic seconds).

        Nothing is left to do where a ticket is read already; other people's codes, which may
        hang on the wall, keep nobody from one. What has not moved for a while is hardly a
        visitor's, and each frame of it is like the last: now and then one is enough, or a
        notice on the wall would cost half a core.
        """
        if any(classify(one.text).kind in _TICKETS for one in watched.readings):
            self.forget()
        elif watched.look is not None and (
            watched.look.stirs or at_s - self._attended_s >= RESTING_S
        ):
            self._attended_s = at_s
            self.show(watched.look)

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

    def renew(self) -> None:
        """Begin anew before `run` is called again: the old thread is stuck with a frame.

        What it reads when it comes back is dropped.
        """
        with self._changed:
            self._fusion = Fusion()
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
            fusion = self._fusion
        if waiting is None:
            return
        try:
            if waiting.presentation != self._reading:
                self._reading = waiting.presentation
                fusion.forget()
            readings = fusion.push(waiting.look)
        except Exception as error:  # noqa: BLE001 (whatever a picture holds, the gate goes on)
            log.error("a frame could not be read: %s", type(error).__name__)  # noqa: TRY400 (a traceback could tell what was read)
            fusion.forget()
            return
        # What the first reader has read meanwhile has been told by it.
        is_wanted = fusion is self._fusion and waiting.presentation == self._presentation
        if readings and is_wanted:
            self._tell(readings)
