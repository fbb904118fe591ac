"""The camera's side of the station: frames to texts, pictures for the page, dropped pictures.

A lost camera is looked for again, a fault while reading costs one frame.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2

from scanner.camera import BadSource, Camera, Frame, Picture, Trouble, open_source
from scanner.camera.pictures import decode_picture
from scanner.desk import Desk
from scanner.events import Seen, Sighting
from scanner.exposure import Exposure
from scanner.lookout import Lookout, Viewer
from scanner.nearest import nearest_first
from scanner.presentation import Eye, Facts
from scanner.sight import Reading, SecondEyes, Sight, Watched, default_sight

LOOK_AGAIN_S: Final = 2.0
PREVIEW_S: Final = 1 / 12
PREVIEW_WIDTH_PX: Final = 640
_JPEG_QUALITY: Final = 70

_DROP_WORDS = {
    Trouble.TEXT_FILE: "drop.text_file",
    Trouble.BROKEN_PICTURE: "drop.broken_picture",
    Trouble.TOO_LARGE: "drop.too_large",
}

log = logging.getLogger("scanner")


def _forget(_source: str) -> None:
    """Nobody keeps which camera was chosen."""


class Eyes:
    """The camera's thread: frames to texts, and pictures for the page."""

    def __init__(
        self,
        opener: Callable[[], Camera],
        desk: Desk,
        *,
        name: str = "",
        sight: Sight | None = None,
        look_again_s: float = LOOK_AGAIN_S,
        remember: Callable[[str], None] = _forget,
    ) -> None:
        """Look through what `opener` opens; `name` is shown until that has one.

        `remember` keeps the source that staff have chosen.
        """
        self._desk = desk
        self._feed = desk.feed
        self._world = desk.world
        self._sight = sight or default_sight()
        self._remember = remember
        self.second = SecondEyes(self._sight_of_second)
        self._eye = Eye(name)
        self._previewed = 0.0
        self._exposure = Exposure()
        viewer = Viewer(
            opened=self._opened,
            see=self._look,
            lose=self._lose,
            regain=self._regain,
            end=self._end,
        )
        self._lookout = Lookout(opener, viewer, again_s=look_again_s)

    @property
    def beat(self) -> float:
        """When the camera's thread last went round, monotonic seconds."""
        return self._lookout.beat

    def run(self, stop: threading.Event) -> None:
        """Look until stopped."""
        self._lookout.run(stop)

    def look_through(self, opener: Callable[[], Camera]) -> None:
        """Look through what this opens from now on; nothing of it is kept."""
        self._lookout.use(opener)

    def renew(self) -> None:
        """Take fresh eyes before `run` is called anew: the old ones are stuck with a frame."""
        self._sight = default_sight()

    def use(self, source: str) -> None:
        """Look through another camera from now on, and after the next start too.

        `source` is what `scanner.camera.choices` gives, or any other that a station can be
        started with. From any thread; comes back at once. One that cannot be opened is a lost
        camera and is looked for.
        """
        self._remember(source)
        self._lookout.use(lambda: open_source(source))

    def _opened(self, name: str) -> None:
        self._change(Eye(name, seen=self._eye.seen))

    def _regain(self) -> None:
        log.info("the camera is back")
        self._change(replace(self._eye, lost_at=None))

    def _look(self, frame: Frame) -> None:
        if not self._eye.seen or self._eye.lost_at is not None:
            self._change(replace(self._eye, seen=True, lost_at=None))
        sight = self._sight
        try:
            watched = sight.watch(frame.image, frame.number)
        except Exception as error:  # noqa: BLE001  a hostile code must not stop the loop
            log.error("a frame could not be read: %s", type(error).__name__)  # noqa: TRY400  a traceback could tell what was read
            watched = Watched((), None)
        if sight is not self._sight:  # it was stuck, and others look by now
            return
        self.second.attend(watched, frame.at_mono)
        self._report(watched.readings, frame.image)
        self._preview(frame.image)

    def _sight_of_second(self, readings: tuple[Reading, ...]) -> None:
        """In the second thread: what it reads is judged like anything else that is read."""
        texts = dict.fromkeys(reading.text for reading in readings)
        self._desk.post(Seen(tuple(Sighting(text, self._world.scan_id()) for text in texts)))

    def _report(self, readings: tuple[Reading, ...], image: Picture) -> None:
        height, width = image.shape[:2]
        readings = nearest_first(readings, width, height)
        texts = dict.fromkeys(reading.text for reading in readings)
        scan_id = self._world.scan_id
        self._desk.post(Seen(tuple(Sighting(text, scan_id()) for text in texts)))
        if self._feed.is_watched("state"):
            codes = [[[round(x), round(y)] for x, y in one.corners] for one in readings]
            self._feed.publish("outline", {"w": width, "h": height, "codes": codes})

    def _preview(self, image: Picture) -> None:
        """A small picture about twelve times a second, and only while a page is open."""
        if not self._feed.is_watched("picture"):
            return
        begun = time.monotonic()
        if begun - self._previewed < PREVIEW_S:
            return
        self._previewed = begun
        height, width = image.shape[:2]
        size = (PREVIEW_WIDTH_PX, max(1, height * PREVIEW_WIDTH_PX // max(1, width)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        is_dark = self._exposure.look(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), begun)
        if is_dark is not self._eye.dark:
            self._change(replace(self._eye, dark=is_dark))
        done, packed = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
        if done:
            self._feed.put("picture", packed.tobytes())

    def _lose(self) -> None:
        if self._eye.lost_at is None:
            log.warning("the camera is lost")
            self._change(replace(self._eye, lost_at=self._world.moment().at))
            self._desk.post(Seen(()))

    def _end(self) -> None:
        self._desk.post(Seen(()))
        if not self._eye.ended:
            self._change(replace(self._eye, ended=True))

    def _change(self, eye: Eye) -> None:
        self._eye = eye

        def change(facts: Facts) -> Facts:
            return replace(facts, eye=eye)

        self._desk.post(change)


class Hands:
    """What the page may do: the desk's actions, and pictures that are dropped on it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.typed = desk.typed
        self.settle = desk.settle
        self.switch = desk.switch
        self.speak = desk.speak
        self.annul = desk.annul
        self.people = desk.people
        self.count = desk.count
        self.begin_tryout = desk.begin_tryout
        self.end_tryout = desk.end_tryout

    def drop(self, data: bytes) -> str:
        """Read a picture file like a frame; empty, or the key of what is wrong."""
        try:
            picture = decode_picture(data)
        except BadSource as bad:
            return _DROP_WORDS.get(bad.reason, "drop.not_a_picture")
        try:
            # Eyes of its own: those of the camera serve one thread.
            readings = default_sight().look(picture)
        except Exception as error:  # noqa: BLE001  as with a frame
            log.error("a picture could not be read: %s", type(error).__name__)  # noqa: TRY400  a traceback could tell what was read
            return "drop.failed"
        for text in dict.fromkeys(reading.text for reading in readings):
            self._desk.typed(text)
        return "" if readings else "drop.no_code"
