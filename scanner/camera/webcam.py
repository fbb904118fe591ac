"""A webcam by its number, read in a thread of its own so that a stuck driver stops nobody."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol

import cv2

from scanner.camera.frame import BadSource, CameraLost, Frame, Picture, Trouble
from scanner.camera.newest import Newest
from scanner.camera.quiet import hush

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH_PX, _HEIGHT_PX = 1280, 720
_FPS: Final = 30
_MOST_FAILURES: Final = 10
_PAUSE_S: Final = 0.05
_JOIN_S: Final = 1.0
SILENT_S: Final = 5.0
"""A driver that gives nothing for so long is stuck; V4L2 itself may wait for ever."""


class Device(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def read(self) -> tuple[bool, Picture]:
        """Waits for the next picture; False if there is none."""
        ...

    def release(self) -> None:
        """Lets go of the device."""
        ...


def open_device(index: int) -> Device | None:
    """A webcam set to 720p, or None if it is absent or busy.

    720p: recall on photos was the same at 1080p, for twice the time. MJPG: over USB 2 raw
    pictures of that size come at 10 per second only.
    """
    hush()
    system = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    device = cv2.VideoCapture(index, system)
    if not device.isOpened():
        device.release()
        return None
    device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    device.set(cv2.CAP_PROP_FRAME_WIDTH, _WIDTH_PX)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, _HEIGHT_PX)
    device.set(cv2.CAP_PROP_FPS, _FPS)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return device


class WebcamCamera:
    """A webcam. Half a second of failed reads, as after pulling its plug, is a loss.

    So is silence: the receiving thread is then given up with its device, as nobody can end a
    call that does not come back, and another one is tried.
    """

    def __init__(
        self,
        index: int,
        *,
        opener: Callable[[int], Device | None] = open_device,
        silent_s: float = SILENT_S,
    ) -> None:
        self._index = index
        self._opener = opener
        self._silent_s = silent_s
        self._newest: Newest[Picture] = Newest()
        self._stop = threading.Event()
        if not self._start():
            raise BadSource(Trouble.NO_WEBCAM, f"webcam {index} is absent or in use elsewhere")

    def _start(self) -> bool:
        device = self._opener(self._index)
        if device is None:
            return False
        self._stop = threading.Event()
        self._newest = Newest(first=self._newest.number)
        self._heard_at = time.monotonic()
        self._thread = threading.Thread(
            target=self._receive,
            args=(device, self._stop, self._newest),
            name="webcam",
            daemon=True,
        )
        self._thread.start()
        return True

    def _receive(self, device: Device, stop: threading.Event, newest: Newest[Picture]) -> None:
        failures = 0
        while not stop.is_set() and failures < _MOST_FAILURES:
            fine, image = device.read()
            if fine:
                failures = 0
                newest.put(image)
            else:
                failures += 1
                time.sleep(_PAUSE_S)
        device.release()
        newest.lose(f"webcam {self._index} gives no more pictures")

    @property
    def name(self) -> str:
        """The word webcam and its number."""
        return f"webcam {self._index}"

    @property
    def ended(self) -> bool:
        """Never: a webcam may always go on."""
        return False

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None in time.

        Raises:
            CameraLost: it was unplugged, or its driver is stuck.
        """
        arrived = self._newest.take(timeout_s)
        if arrived is not None:
            self._heard_at = time.monotonic()
            return Frame(arrived.what, arrived.number, arrived.at_mono)
        if time.monotonic() - self._heard_at > self._silent_s:
            raise CameraLost(f"webcam {self._index} is silent")
        return None

    def reopen(self) -> None:
        """Opens the device again.

        Raises:
            CameraLost: it is still absent.
        """
        self.close()
        if not self._start():
            self._newest.lose(f"webcam {self._index} is still absent")
            raise CameraLost(f"webcam {self._index} is still absent")

    def close(self) -> None:
        """Stops the thread, which releases the device."""
        self._stop.set()
        self._thread.join(_JOIN_S)
