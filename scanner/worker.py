"""Threads that are started anew: when they die, and when somebody sees that they stand still."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
JOIN_S: Final = 3.0
SILENT_S: Final = 15.0
"""Longer than any camera takes to open or a hard frame to read."""
_LOOK_S: Final = 1.0

log = logging.getLogger("scanner")

Work = Callable[[threading.Event], None]


class Worker:
    """A thread that works until it is told to stop; an exception costs a pause, not the station.

    The pause doubles from half a second to a minute while it goes on dying. Python cannot end a
    thread from outside, so one that is stuck is given up: it gets its own event to stop when it
    wakes, and another one takes its place.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        halt: Callable[[], None] | None = None,
        pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """`work` returns soon after its event is set, or when `halt` was called."""
        self._name = name
        self._work = work
        self._halt = halt
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._halt is not None:
            self._halt()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def restart(self) -> None:
        """Give the thread up that is stuck, and start another one; nothing after the end."""
        if not self._stop.is_set():
            self._stop.set()
            self._start()

    def _start(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stop,), name=self._name, daemon=True
        )
        self._thread.start()

    def _run(self, stop: threading.Event) -> None:
        pause_s = self._pause_s
        while not stop.is_set():
            begun = time.monotonic()
            try:
                self._work(stop)
            except Exception as error:  # noqa: BLE001  a gate that stands still is worse than any fault
                log.error("%s died and is started again: %s", self._name, type(error).__name__)  # noqa: TRY400  a traceback could tell what was read
            else:
                return
            if time.monotonic() - begun > LONGEST_PAUSE_S:
                pause_s = self._pause_s
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the watchman looks after.

    `beat`: when it last gave a sign of life, monotonic seconds; `restart` makes it start anew
    and does not wait for it.
    """

    name: str
    beat: Callable[[], float]
    restart: Callable[[], None]


class Watchman:
    """Restarts what has given no sign of life for a while, and notes it in the log.

    What stays silent is given twice the time before each further restart, up to eight times:
    each one leaves a thread behind that nobody can end.
    """

    def __init__(self, guarded: tuple[Guarded, ...], *, silent_s: float = SILENT_S) -> None:
        self._guarded = guarded
        self._silent_s = silent_s
        self._restarts = dict.fromkeys((one.name for one in guarded), (0, float("-inf")))

    def run(self, stop: threading.Event) -> None:
        """Look once a second until stopped."""
        while not stop.wait(min(_LOOK_S, self._silent_s / 4)):
            self.look(time.monotonic())

    def look(self, now_s: float) -> None:
        """Look at each of them, at a monotonic time in seconds."""
        for one in self._guarded:
            count, restarted_at = self._restarts[one.name]
            beat = one.beat()
            if beat > restarted_at and now_s - beat <= self._silent_s:
                if count and now_s - restarted_at > 8 * self._silent_s:
                    self._restarts[one.name] = (0, restarted_at)
                continue
            silent_s = now_s - max(beat, restarted_at)
            if silent_s > self._silent_s * 2 ** min(count, 3):
                self._restarts[one.name] = (count + 1, now_s)
                log.warning("%s stood still for %d s and is started again", one.name, silent_s)
                one.restart()
