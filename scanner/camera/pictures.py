"""Loading one picture: checked before it is unpacked, turned upright, on white paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from scanner.camera import headers
from scanner.camera.frame import BadSource, Picture, Trouble
from scanner.camera.quiet import hush

if TYPE_CHECKING:
    from pathlib import Path

hush()  # before the first picture: OpenCV logs each one that is damaged

MOST_PIXELS: Final = 40_000_000
"""A telephone takes 12 to 24 million; 40 million unpack to 120 MB."""

_MOST_BYTES: Final = 64 * 1024 * 1024
_ALPHA_CHANNELS = 4


def load_picture(path: Path) -> Picture:
    """A picture file as BGR, turned as its EXIF says, transparent parts white.

    Raises:
        BadSource: no such file, a folder, text, another kind, broken, or above 40 megapixels.
    """
    return decode_picture(read_bytes(path))


def is_folder(path: Path) -> bool:
    """Whether it is a folder.

    Raises:
        BadSource: the system cannot say, for a name that is too long or a folder that is closed.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise _unreadable(error) from None


def read_bytes(path: Path, *, most: int = -1) -> bytes:
    """The first `most` bytes of a file, or all of it.

    Raises:
        BadSource: it is missing, a folder, no regular file, unreadable, empty or above 64 MB.
    """
    try:
        # A pipe would be waited for, a device never ends.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadSource(Trouble.UNREADABLE, "this is a pipe or a device, not a file")
        with path.open("rb") as file:
            if most < 0 and file.seek(0, 2) > _MOST_BYTES:
                raise BadSource(Trouble.TOO_LARGE, "the file is larger than 64 MB")
            file.seek(0)
            data = file.read(most)
    except FileNotFoundError:
        raise BadSource(Trouble.NO_SUCH_FILE, "there is no such file") from None
    except IsADirectoryError:
        raise BadSource(Trouble.IS_FOLDER, "this is a folder, not a file") from None
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    if not data:
        raise BadSource(Trouble.NOT_A_PICTURE, "the file is empty")
    return data


def _unreadable(error: Exception) -> BadSource:
    return BadSource(Trouble.UNREADABLE, f"it cannot be read ({type(error).__name__})")


def decode_picture(data: bytes) -> Picture:
    """The bytes of a picture file as BGR.

    Raises:
        BadSource: text, another kind, broken, or above 40 megapixels.
    """
    header = headers.header_of(data)
    if header is None:
        raise not_a_picture(data)
    if header.pixels > MOST_PIXELS:
        size = f"{header.width_px} x {header.height_px}"
        raise BadSource(Trouble.TOO_LARGE, f"{size} pixels are more than 40 megapixels")
    picture = _decoded(data, header) if header.pixels and header.complete else None
    if picture is None:
        raise BadSource(Trouble.BROKEN_PICTURE, f"the {header.kind.upper()} picture is damaged")
    return picture


def not_a_picture(data: bytes) -> BadSource:
    """Says what a file is that is no picture."""
    if headers.is_unsupported_still(data):
        why = "HEIC and AVIF pictures cannot be read; save it as JPEG or PNG"
        return BadSource(Trouble.NOT_A_PICTURE, why)
    if headers.is_text(data):
        return BadSource(Trouble.TEXT_FILE, "this is a text file, not a picture")
    if headers.is_video(data):
        return BadSource(Trouble.NOT_A_PICTURE, "this is a video, not a picture")
    return BadSource(Trouble.NOT_A_PICTURE, "this is neither a picture nor a video")


def _decoded(data: bytes, header: headers.Header) -> Picture | None:
    packed = np.frombuffer(data, np.uint8)
    try:
        if header.kind in {"png", "webp"}:
            layered = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)
            if layered is not None and layered.ndim == 3 and layered.shape[2] == _ALPHA_CHANNELS:  # noqa: PLR2004 (rows, columns, channels)
                return _on_white(layered)
        return cv2.imdecode(packed, cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError):
        return None


def _on_white(layered: Picture) -> Picture:
    """Transparent pixels are often black underneath: without this a code's paper would be too."""
    # 16-bit pictures are brought to 8 bits first.
    narrow = (layered >> 8).astype(np.uint8) if layered.dtype == np.uint16 else layered
    colour, cover = narrow[:, :, :3].astype(np.uint16), narrow[:, :, 3:].astype(np.uint16)
    return np.asarray(((colour * cover + 255 * (255 - cover)) // 255).astype(np.uint8))
