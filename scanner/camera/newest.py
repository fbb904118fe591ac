"""Between the thread that receives frames and the one that reads them: newest frame wins."""

from __future__ import annotations

import threading
import time

from scanner.camera.frame import CameraLost, Frame, Picture


class Newest:
    """A place for one frame. What was not fetched in time is overwritten: there is no backlog."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._lost: str | None = None
        self._number = 0

    def put(self, image: Picture) -> None:
        """Replaces the frame that waits, if any."""
        with self._changed:
            self._frame = Frame(image, self._number, time.monotonic())
            self._number += 1
            self._changed.notify()

    def lose(self, detail: str) -> None:
        """Says that nothing more will come; a frame that waits is still given."""
        with self._changed:
            self._lost = detail
            self._changed.notify()

    def renew(self) -> None:
        """Forgets loss and old frame before the source is opened again; numbers go on."""
        with self._changed:
            self._frame = self._lost = None

    def take(self, timeout_s: float) -> Frame | None:
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
