"""Between the thread that receives frames and the one that reads them: newest frame wins."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Generic, TypeVar

from scanner.camera.frame import CameraLost

What = TypeVar("What")


@dataclass(frozen=True, slots=True)
class Arrived(Generic[What]):
    """A frame as it came: its number from 0, and `time.monotonic()` in seconds."""

    what: What
    number: int
    at_mono: float


class Newest(Generic[What]):
    """A place for one frame. What was not fetched in time is overwritten: there is no backlog.

    One for each opening of a device: a receiver that was given up and wakes later speaks into
    a place where nobody listens any more.
    """

    def __init__(self, *, first: int = 0) -> None:
        self._changed = threading.Condition()
        self._frame: Arrived[What] | None = None
        self._lost: str | None = None
        self._number = first

    @property
    def number(self) -> int:
        """The number of the next frame: it goes on when a source is opened again."""
        return self._number

    def put(self, what: What) -> None:
        """Replaces the frame that waits, if any."""
        with self._changed:
            self._frame = Arrived(what, self._number, time.monotonic())
            self._number += 1
            self._changed.notify()

    def lose(self, detail: str) -> None:
        """Says that nothing more will come; a frame that waits is still given."""
        with self._changed:
            self._lost = detail
            self._changed.notify()

    def take(self, timeout_s: float) -> Arrived[What] | None:
        """The newest frame not taken yet, or None if none came in time.

        Raises:
            CameraLost: the source is gone and no frame waits.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame or self._lost, timeout_s)
            frame, self._frame = self._frame, None
            if frame is None and self._lost is not None:
                raise CameraLost(self._lost)
            return frame
