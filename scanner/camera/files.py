"""Files as cameras: one picture, a folder of pictures, a video."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import cv2

from scanner.camera import headers
from scanner.camera.frame import BadSource, CameraLost, Frame, Picture, Trouble
from scanner.camera.pictures import is_folder, load_picture, read_bytes
from scanner.camera.quiet import hush

if TYPE_CHECKING:
    from pathlib import Path

HOLD_S: Final = 0.2
"""A picture that stays is given again this often, so that the live view goes on."""

SHOW_S: Final = 1.0
"""How long each picture of a folder is shown when live."""

_USUAL_FPS: Final = 25.0
_HIGHEST_FPS: Final = 240.0
_HEAD_BYTES: Final = 512


class PictureCamera:
    """Pictures in the order of their names, a second each; the last one is held.

    Played once rather than in a loop: a ticket that comes round again would be refused as used,
    which is no way to show a station. With `realtime` off each is given once, without waiting.
    """

    def __init__(self, name: str, paths: tuple[Path, ...], *, realtime: bool = True) -> None:
        self._name = name
        self._paths = paths
        self._realtime = realtime
        self._next = 0
        self._number = 0
        self._shown: Picture | None = None
        self._show_until = self._due = time.monotonic()

    @property
    def name(self) -> str:
        """The file's or folder's name."""
        return self._name

    @property
    def ended(self) -> bool:
        """Whether the last picture has been given."""
        return self._next >= len(self._paths)

    def read(self, timeout_s: float) -> Frame | None:
        """The next picture, or the same one again while it is shown; broken ones are left out."""
        if self._realtime and not _wait(self._due, timeout_s):
            return None
        now = time.monotonic()
        through = not self._realtime or now >= self._show_until
        turned = through and self._turn(now)
        if self._shown is None or not (turned or self._realtime):
            return None
        self._due = now + HOLD_S
        self._number += 1
        return Frame(self._shown, self._number - 1, now)

    def _turn(self, now: float) -> bool:
        """Shows the next picture that can be read; whether there was one."""
        while not self.ended:
            path = self._paths[self._next]
            self._next += 1
            try:
                self._shown = load_picture(path)
            except BadSource:
                continue
            self._show_until = now + SHOW_S
            return True
        return False

    def reopen(self) -> None:
        """Begins again with the first picture."""
        self._next = 0
        self._show_until = self._due = time.monotonic()

    def close(self) -> None:
        """Nothing is held open."""


def open_pictures(path: Path, *, realtime: bool) -> PictureCamera:
    """One picture, or all pictures of a folder in the order of their names.

    Raises:
        BadSource: the picture is none, or no file of the folder is a picture that can be read.
    """
    if not is_folder(path):
        load_picture(path)
        return PictureCamera(path.name, (path,), realtime=realtime)
    paths = _pictures_in(path)
    trouble: BadSource | None = None
    for one in paths:
        try:
            load_picture(one)
        except BadSource as error:
            trouble = trouble or error
        else:
            return PictureCamera(path.name, paths, realtime=realtime)
    raise trouble or BadSource(Trouble.EMPTY_FOLDER, "there is no picture in this folder")


def _pictures_in(folder: Path) -> tuple[Path, ...]:
    try:
        files = sorted(one for one in folder.iterdir() if one.is_file())
        return tuple(one for one in files if _is_picture(one))
    except OSError as error:
        why = f"the folder cannot be read ({type(error).__name__})"
        raise BadSource(Trouble.UNREADABLE, why) from None


def _is_picture(path: Path) -> bool:
    try:
        return headers.header_of(read_bytes(path, most=_HEAD_BYTES)) is not None
    except BadSource:
        return False


class VideoCamera:
    """A video file: live at its own pace, frames skipped rather than queued; then it is held.

    With `realtime` off every frame is given, as fast as it is asked for. Frame numbers are the
    video's own, from 0.
    """

    def __init__(self, path: Path, *, realtime: bool = True) -> None:
        hush()
        self._path = path
        self._realtime = realtime
        self._open()

    def _open(self) -> None:
        self._film = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        fps = self._film.get(cv2.CAP_PROP_FPS)
        self._fps = fps if 0 < fps <= _HIGHEST_FPS else _USUAL_FPS
        self._ahead = self._decoded()
        if self._ahead is None:
            self._film.release()
            raise BadSource(Trouble.BROKEN_VIDEO, "no picture of this video can be read")
        self._shown: Picture = self._ahead
        self._ended = False
        self._next = 0
        self._begun = self._due = time.monotonic()

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def ended(self) -> bool:
        """Whether the last frame has been given."""
        return self._ended

    def read(self, timeout_s: float) -> Frame | None:
        """The frame of this moment (or the next one); after the end the last one, held."""
        if self._realtime and not _wait(self._due, timeout_s):
            return None
        now = time.monotonic()
        if self._realtime and not self._ended:
            self._skip(int((now - self._begun) * self._fps) - self._next)
        image = None if self._ended else self._take()
        if image is None:
            self._ended = True
            if not self._realtime:
                return None
            self._due = now + HOLD_S
        else:
            self._shown = image
            self._due = self._begun + (self._next + 1) / self._fps
        self._next += 1
        return Frame(self._shown, self._next - 1, now)

    def _decoded(self) -> Picture | None:
        fine, image = self._film.read()
        return image if fine else None

    def _take(self) -> Picture | None:
        """The next frame; the first one was decoded when the video was opened."""
        image, self._ahead = self._ahead, None
        return self._decoded() if image is None else image

    def _skip(self, count: int) -> None:
        # Decoded, not only grabbed (half the cost in FFMPEG): the last one may be held for ever.
        for _ in range(count):
            image = self._take()
            if image is None:
                return
            self._shown = image
            self._next += 1

    def reopen(self) -> None:
        """Begins again with the first frame.

        Raises:
            CameraLost: the file is gone.
        """
        self.close()
        try:
            self._open()
        except BadSource as error:
            raise CameraLost(error.detail) from None

    def close(self) -> None:
        """Closes the file."""
        self._film.release()


def _wait(due: float, timeout_s: float) -> bool:
    """Sleeps until a moment, at most `timeout_s`; whether the moment has come."""
    ahead = due - time.monotonic()
    if ahead > 0:
        time.sleep(min(ahead, timeout_s))
    return ahead <= timeout_s
