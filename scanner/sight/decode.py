"""Reading files for `scanner decode`: pictures thoroughly, videos as a station would."""

from __future__ import annotations

import contextlib
import enum
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.camera.files import VideoCamera
from scanner.camera.pictures import load_picture
from scanner.camera.source import Kind, kind_of
from scanner.sight.cascade import default_sight
from scanner.sight.reading import distinct_texts

if TYPE_CHECKING:
    from scanner.camera.frame import Camera


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """What a file holds.

    Attributes:
        file: the path as it was given.
        texts: every text found, in the order found, each once.
        ms: time taken to read the codes, in milliseconds; loading a picture is not counted.
        frames: for a video, the number (from 0) of the frame that first gave each text.
    """

    file: str
    texts: tuple[str, ...]
    ms: float
    frames: tuple[int, ...] | None = None


class Kinds(enum.Enum):
    """Which barcodes are looked for in a picture."""

    QR = "QR codes, ours or not"
    ANY = "the other kinds too: ten times the work"


def decode_file(path: str | Path, *, kinds: Kinds = Kinds.QR) -> DecodedFile:
    """All barcodes of these kinds in a picture, or the QR codes of a video.

    Raises:
        BadSource: the file is missing, neither picture nor video, broken or too large.
    """
    source = Path(path)
    if kind_of(source) is Kind.VIDEO:
        with contextlib.closing(VideoCamera(source, realtime=False)) as video:
            return _decode_video(str(path), video)
    picture = load_picture(source)
    begun = time.perf_counter()
    sight = default_sight()
    found = sight.everything(picture) if kinds is Kinds.ANY else sight.look(picture)
    texts = distinct_texts(found)
    return DecodedFile(str(path), texts, _ms_since(begun))


def _decode_video(file: str, camera: Camera) -> DecodedFile:
    sight = default_sight()
    first: dict[str, int] = {}
    begun = time.perf_counter()
    while (frame := camera.read(0)) is not None:
        for text in distinct_texts(sight.glance(frame.image, frame.number)):
            first.setdefault(text, frame.number)
    return DecodedFile(file, tuple(first), _ms_since(begun), tuple(first.values()))


def _ms_since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
