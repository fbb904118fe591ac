"""From a text that somebody typed to a camera."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.camera import headers
from scanner.camera.files import VideoCamera, open_pictures
from scanner.camera.mjpeg import MjpegCamera
from scanner.camera.pictures import is_folder, not_a_picture, read_bytes
from scanner.camera.webcam import WebcamCamera

if TYPE_CHECKING:
    from scanner.camera.frame import Camera

_HEAD_BYTES: Final = 1024
_LONGEST_NUMBER: Final = 3


class Kind(enum.Enum):
    """What a path leads to."""

    FOLDER = "folder"
    PICTURE = "picture"
    VIDEO = "video"


def open_source(text: str, *, realtime: bool = True) -> Camera:
    """Opens a webcam number, an http(s):// MJPEG address, a video, a picture or a folder.

    With `realtime` off, videos and folders are given as fast as they are read, each frame once.

    Raises:
        BadSource: with a reason and a sentence that says what is wrong.
    """
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return WebcamCamera(int(text))
    if "://" in text:
        return MjpegCamera(text)
    return open_file(Path(text), realtime=realtime)


def open_file(path: Path, *, realtime: bool = True) -> Camera:
    """Opens a video, a picture or a folder of pictures.

    Raises:
        BadSource: with a reason and a sentence that says what is wrong.
    """
    if kind_of(path) is Kind.VIDEO:
        return VideoCamera(path, realtime=realtime)
    return open_pictures(path, realtime=realtime)


def kind_of(path: Path) -> Kind:
    """What a path leads to, by its first bytes, not by its name.

    Raises:
        BadSource: nothing, or nothing that can be shown.
    """
    if is_folder(path):
        return Kind.FOLDER
    head = read_bytes(path, most=_HEAD_BYTES)
    if headers.header_of(head) is not None:
        return Kind.PICTURE
    # Asked before FFMPEG is: it takes a text file for a film of a terminal.
    if headers.is_video(head):
        return Kind.VIDEO
    raise not_a_picture(head)
