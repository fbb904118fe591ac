"""Edge: the ticket's QR symbol, as modules and as a small PNG.

zxing-cpp draws the symbol (0.5 ms); where its wheel is missing, `qrcode` draws
one of the same size (12 ms). Both score the eight masks by their own reading of
the standard, so the two symbols may differ in the mask, never in the data.
"""

import re
import struct
import zlib
from importlib import import_module
from types import ModuleType

import qrcode
from qrcode.constants import ERROR_CORRECT_M

Rows = tuple[bytes, ...]
"""A symbol from top to bottom, one byte a module: 1 is dark, 0 is light."""

SYMBOL_MODULES = 41
"""QR version 6: what a ticket's 154 characters need at level M."""

QUIET_MODULES = 4
"""The white margin that ISO/IEC 18004 asks for."""

_VERSION = 6
_TICKET = re.compile(r"[0-9A-Z $%*+\-./:]{154}")
_DARK_IS_ONE = bytes([1]) + bytes(255)


def _load_zxing() -> ModuleType | None:
    """zxing-cpp, or None where there is no wheel for the platform."""
    try:
        return import_module("zxingcpp")
    except ImportError:
        return None


_ZXING = _load_zxing()
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def modules(text: str) -> Rows:
    """The symbol of a ticket's barcode text: QR version 6, level M, alphanumeric mode.

    Raises:
        ValueError: the text does not give exactly that symbol.
    """
    if not _TICKET.fullmatch(text):
        raise ValueError("a ticket's barcode text is 154 alphanumeric characters")
    # The version is named because long runs of digits would give a smaller one.
    rows = (
        _rows_by_zxing(text, _ZXING, version=_VERSION)
        if _ZXING
        else _rows_by_qrcode(text, version=_VERSION)
    )
    if len(rows) != SYMBOL_MODULES:
        raise ValueError("the barcode text did not give QR version 6 at level M")
    return rows


def barcode_png(text: str, *, module_px: int = 10) -> bytes:
    """The symbol alone with its quiet zone, as a 1-bit PNG.

    Raises:
        ValueError: as `modules`.
    """
    return symbol_png(modules(text), module_px=module_px)


def symbol_modules(text: str) -> Rows:
    """The smallest symbol of any short text, level M: codes are drawn by the thousand.

    zxing-cpp takes 0.13 ms for one, `qrcode` 2.6 ms (measured).

    Raises:
        ValueError: the text is too long for a symbol.
    """
    return _rows_by_zxing(text, _ZXING) if _ZXING else _rows_by_qrcode(text)


def symbol_png(symbol: Rows, *, module_px: int = 10) -> bytes:
    """A symbol with its quiet zone, as a 1-bit PNG."""
    # A line that repeats the one above costs a filter byte and zeros: that is
    # what makes the file smaller than an image library's.
    side_px = (len(symbol) + 2 * QUIET_MODULES) * module_px
    above = bytes((side_px + 7) // 8 + 1)
    blank = _scanline(bytes(len(symbol)), module_px)
    quiet = blank + _repeat(above, QUIET_MODULES * module_px - 1)
    body = b"".join(_scanline(row, module_px) + _repeat(above, module_px - 1) for row in symbol)
    return png((side_px, side_px), quiet + body + quiet, depth=1)


def png(
    size_px: tuple[int, int],
    scanlines: bytes,
    *,
    depth: int,
    palette: bytes = b"",
    level: int = 6,
) -> bytes:
    """A PNG file from filtered scanlines: grey, or indexed where a palette is given.

    Args:
        size_px: width and height.
        scanlines: each line's filter byte and packed pixels, from top to bottom.
        depth: bits a pixel.
        palette: red, green, blue of each index.
        level: zlib's, 1 (fast) to 9 (small).
    """
    colour = 3 if palette else 0
    head = struct.pack(">IIBBBBB", *size_px, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(scanlines, level))]
    chunks = b"".join(_chunk(kind, data) for kind, data in parts if data)
    return _SIGNATURE + chunks + _chunk(b"IEND", b"")


def _rows_by_zxing(text: str, zxing: ModuleType, *, version: int | None = None) -> Rows:
    """The symbol by zxing-cpp, whose image is one byte a module: 0 dark, 255 light."""
    options = {} if version is None else {"version": version}
    symbol = zxing.create_barcode(text, zxing.BarcodeFormat.QRCode, ec_level="M", **options)
    image = memoryview(symbol.to_image(scale=1, add_quiet_zones=False))
    side = image.shape[0] if image.shape else 0
    flat = image.tobytes().translate(_DARK_IS_ONE)
    return tuple(flat[at : at + side] for at in range(0, len(flat), side))


def _rows_by_qrcode(text: str, *, version: int | None = None) -> Rows:
    """The symbol by qrcode."""
    symbol = qrcode.QRCode(version=version, error_correction=ERROR_CORRECT_M)
    symbol.add_data(text)
    symbol.make()
    return tuple(bytes(map(bool, row)) for row in symbol.modules)


def _scanline(row: bytes, module_px: int) -> bytes:
    """One unfiltered line across symbol and quiet zone, eight pixels a byte, white is 1."""
    quiet = bytes(QUIET_MODULES)
    bits = "".join(("1", "0")[dark] * module_px for dark in quiet + row + quiet)
    packed = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return b"\0" + int(packed, 2).to_bytes(len(packed) // 8, "big")


def _repeat(above: bytes, times: int) -> bytes:
    """The line above again, as PNG's filter `Up` with no difference."""
    return (b"\2" + above[1:]) * times


def _chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk: length, kind, data, check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
