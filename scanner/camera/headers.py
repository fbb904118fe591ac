"""What a file is and how large its picture is, from its first bytes, before anything is decoded.

A picture of a few kilobytes can unpack to gigabytes; the size in the header is believed and
checked first. Formats: PNG, JPEG (ISO 10918-1), WebP, GIF, BMP.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Header:
    """Kind of a picture ("png", "jpeg", …) and its size in pixels; 0 x 0 if it is cut short."""

    kind: str
    width_px: int
    height_px: int
    complete: bool = True

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width_px * self.height_px


_VIDEO_MARKS = (
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (0, b"OggS"),
    (0, b"\x00\x00\x01\xba"),  # MPEG program stream
    (0, b"\x00\x00\x01\xb3"),
    (0, b"FLV\x01"),
    (8, b"AVI "),
    (4, b"ftyp"),
)
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc")
_TS_PACKET = 188


def is_video(head: bytes) -> bool:
    """Whether the first bytes are those of a film; needs about 400 of them."""
    if is_unsupported_still(head):
        return False
    if head[:1] == b"G" and head[_TS_PACKET : _TS_PACKET + 1] == b"G":  # MPEG transport stream
        return True
    return any(head[at : at + len(mark)] == mark for at, mark in _VIDEO_MARKS)


def is_unsupported_still(head: bytes) -> bool:
    """Whether it is a still picture that cannot be read here: HEIC or AVIF from a telephone."""
    return head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS


def is_text(head: bytes) -> bool:
    """Whether the first bytes look like text: UTF-8 without control characters."""
    try:
        # A character may be cut at the end of what was read.
        text = head[:512].decode("utf-8", errors="strict" if len(head) < 512 else "ignore")  # noqa: PLR2004 (the same 512)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(c.isprintable() or c in "\r\n\t\f\ufeff" for c in text)


def header_of(data: bytes) -> Header | None:
    """Kind and size of a picture; None if it is none of the known kinds."""
    for mark, parse in _PARSERS:
        if data.startswith(mark):
            return parse(data)
    return None


def _unpacked(form: str, data: bytes, at: int) -> tuple[int, ...]:
    """Numbers at a place; zeros where the data is cut short."""
    size = struct.calcsize(form)
    return struct.unpack(form, data[at : at + size].ljust(size, b"\0"))


def _png(data: bytes) -> Header:
    width, height = _unpacked(">II", data, 16)
    return Header("png", width, height, complete=b"IEND" in data[-64:])


def _gif(data: bytes) -> Header:
    width, height = _unpacked("<HH", data, 6)
    return Header("gif", width, height)


def _bmp(data: bytes) -> Header:
    width, height = _unpacked("<ii", data, 18)
    return Header("bmp", abs(width), abs(height))


def _webp(data: bytes) -> Header | None:
    if data[8:12] != b"WEBP":
        return None
    whole = len(data) >= _unpacked("<I", data, 4)[0] + 8
    if data[12:16] == b"VP8X":
        low = _unpacked("<IHBHB", data, 20)
        return Header("webp", 1 + low[1] + (low[2] << 16), 1 + low[3] + (low[4] << 16), whole)
    if data[12:16] == b"VP8L":
        bits = _unpacked("<I", data, 21)[0]
        return Header("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), whole)
    width, height = _unpacked("<HH", data, 26)
    return Header("webp", width & 0x3FFF, height & 0x3FFF, whole)


_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA


def _jpeg(data: bytes) -> Header:
    """Walks the segments to the frame header; the end mark is looked for after the scan begins.

    An EXIF thumbnail has frame header and end mark of its own, which are not to be mistaken.
    """
    at, width, height = 2, 0, 0
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 (every JPEG marker begins so)
        marker = data[at + 1]
        if marker in _FRAME_MARKERS:
            height, width = _unpacked(">HH", data, at + 5)
        if marker == _START_OF_SCAN:
            return Header("jpeg", width, height, complete=data.find(b"\xff\xd9", at) > 0)
        at += 1 if marker == 0xFF else 2 + _unpacked(">H", data, at + 2)[0]  # noqa: PLR2004 (fill bytes)
    return Header("jpeg", width, height, complete=False)


_PARSERS: tuple[tuple[bytes, Callable[[bytes], Header | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"RIFF", _webp),
)
