"""The camera's loop: opens it, gives each frame to whoever looks, finds a lost one again.

Which camera it is may be changed from any thread while it runs. Nothing here is locked: a
read that never comes back holds up nobody but the thread it was called in, and that thread
is given up then (`Worker.restart`).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scanner.camera import BadSource, Camera, CameraLost, Frame

FRAME_WAIT_S: Final = 0.5
PACE_S: Final = 1 / 40
"""Frames are taken no faster: a camera of 120 a second costs hardly more than one of 30."""
_STEP_S: Final = 0.1

Opener = Callable[[], Camera]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What is done with what the camera gives.

    `opened`: a camera of this name is there, or is another one now; `see`: a frame has come;
    `lose`: it cannot be opened, or is gone; `regain`: it is back; `end`: the film is over.
    `lose` and `end` are told again for as long as it is so.
    """

    opened: Callable[[str], None]
    see: Callable[[Frame], None]
    lose: Callable[[], None]
    regain: Callable[[], None]
    end: Callable[[], None]


class Lookout:
    """Looks through one camera at a time."""

    def __init__(self, opener: Opener, viewer: Viewer, *, again_s: float) -> None:
        """Look through what `opener` opens; a lost camera is tried again every `again_s`."""
        self._opener = opener
        self._viewer = viewer
        self._again_s = again_s
        self._beat = time.monotonic()

    @property
    def beat(self) -> float:
        """When the loop last went round, monotonic seconds."""
        return self._beat

    def use(self, opener: Opener) -> None:
        """Look through another camera from now on; from any thread, comes back at once."""
        self._opener = opener

    def run(self, stop: threading.Event) -> None:
        """Look until stopped. After `restart` two may run; the one that is stuck does nothing."""
        while not stop.is_set():
            opener = self._opener
            self._live()
            try:
                camera = opener()
            except (BadSource, CameraLost):
                if not stop.is_set():
                    self._viewer.lose()
                self._pause(self._again_s, opener, stop)
                continue
            try:
                self._watch(camera, opener, stop)
            finally:
                camera.close()

    def _watch(self, camera: Camera, opener: Opener, stop: threading.Event) -> None:
        if not stop.is_set():
            self._viewer.opened(camera.name)
        while not stop.is_set() and self._opener is opener:
            self._live()
            try:
                frame = camera.read(FRAME_WAIT_S)
            except CameraLost:
                self._lost(camera, opener, stop)
                continue
            if stop.is_set():  # it was stuck, and another loop has taken over
                return
            if frame is not None:
                self._see(frame, stop)
            elif camera.ended:
                self._viewer.end()
                self._pause(FRAME_WAIT_S, opener, stop)

    def _lost(self, camera: Camera, opener: Opener, stop: threading.Event) -> None:
        if stop.is_set():
            return
        self._viewer.lose()
        self._pause(self._again_s, opener, stop)
        if not stop.is_set() and self._opener is opener:
            self._reopen(camera)

    def _see(self, frame: Frame, stop: threading.Event) -> None:
        begun = time.monotonic()
        self._viewer.see(frame)
        stop.wait(max(0.0, PACE_S - (time.monotonic() - begun)))

    def _reopen(self, camera: Camera) -> None:
        try:
            camera.reopen()
        except CameraLost:
            return
        self._viewer.regain()

    def _pause(self, pause_s: float, opener: Opener, stop: threading.Event) -> None:
        """Wait, unless stopped or told to use another camera."""
        ends_at = time.monotonic() + pause_s
        while self._opener is opener and not stop.is_set():
            self._live()
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                return
            stop.wait(min(_STEP_S, left_s))

    def _live(self) -> None:
        self._beat = time.monotonic()
