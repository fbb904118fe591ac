"""The readers: zxing-cpp, which carries the load, and pyzbar, where the system has libzbar.

zxing-cpp was chosen by measurement: 1 to 2 ms at 720p, inverted codes included, no false read;
it lets other threads run while it works. pyzbar is ten times slower and reads a few codes that
zxing misses. OpenCV's own `QRCodeDetector.detectAndDecodeMulti` took 20 s on single frames and
must not be called.
"""

from __future__ import annotations

import functools
import importlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import zxingcpp

from scanner.sight.reading import NOTHING, Corners, Found, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.sight.reading import Gray

log = logging.getLogger(__name__)

Formats: TypeAlias = zxingcpp.BarcodeFormats

QR: Formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
# What a visitor may hold up besides a ticket. Left out: symbologies with so weak a check that
# zxing finds them in walls and bookshelves (ITF, Codabar, DX film edge, two- and five-digit EAN).
OTHERS: Formats = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.Aztec,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.PDF417,
        zxingcpp.BarcodeFormat.MicroQRCode,
        zxingcpp.BarcodeFormat.RMQRCode,
        zxingcpp.BarcodeFormat.MaxiCode,
        zxingcpp.BarcodeFormat.EANUPC,
        zxingcpp.BarcodeFormat.Code128,
        zxingcpp.BarcodeFormat.Code93,
        zxingcpp.BarcodeFormat.Code39,
    ]
)
LOCAL = zxingcpp.Binarizer.LocalAverage
GLOBAL = zxingcpp.Binarizer.GlobalHistogram


def text_of(raw: bytes, guess: Callable[[], str]) -> str:
    """The text of a code's bytes: UTF-8, else what the reader guesses, else Latin-1.

    `guess` is asked only for bytes that are not UTF-8: it is how Shift-JIS codes come out right.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return guess() or raw.decode("latin-1")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _corners(position: zxingcpp.Position) -> Corners:
    tl, tr = position.top_left, position.top_right
    br, bl = position.bottom_right, position.bottom_left
    return ((tl.x, tl.y), (tr.x, tr.y), (br.x, br.y), (bl.x, bl.y))


@dataclass(frozen=True, slots=True)
class ZxingReader:
    """zxing-cpp for some formats with one way of telling dark from light."""

    name: str = "zxing"
    formats: Formats = field(default_factory=lambda: QR)
    binarizer: zxingcpp.Binarizer = LOCAL

    def read(self, gray: Gray) -> tuple[Reading, ...]:
        """All codes that decode; never raises."""
        return self.find(gray).readings

    def find(self, gray: Gray) -> Found:
        """Codes that decode, and where one was seen that did not; never raises.

        Suspects cost nothing extra and are the best sign that trying harder pays: they stood on
        26 of 34 photos that zxing failed, on none of 21 pictures without a code.
        """
        try:
            codes = zxingcpp.read_barcodes(
                gray,
                formats=self.formats,
                binarizer=self.binarizer,
                # Plain: the default writes "<NUL>" for a zero byte.
                text_mode=zxingcpp.TextMode.Plain,
                return_errors=True,
                # Stays on: without it a telephone held close is not read (of 17 photos of
                # monitors, one). The binding has no try_harder.
                try_downscale=True,
                try_rotate=True,
                try_invert=True,
            )
            return self._sorted(codes)
        except Exception as error:  # noqa: BLE001 (whatever a picture holds, the gate goes on)
            log.warning("reader %s failed: %s", self.name, type(error).__name__)
            return NOTHING

    def _sorted(self, codes: Sequence[zxingcpp.Barcode]) -> Found:
        readings, suspects = [], []
        for code in codes:
            corners = _corners(code.position)
            if code.valid:
                text = text_of(code.bytes, functools.partial(getattr, code, "text"))
                readings.append(Reading(text, corners, self.name))
            else:
                suspects.append(corners)
        return Found(tuple(readings), tuple(suspects))


class _Point(Protocol):
    x: int
    y: int


class _Symbol(Protocol):
    data: bytes
    polygon: Sequence[_Point]


class _Pyzbar(Protocol):
    def decode(self, image: Gray, symbols: Sequence[object]) -> Sequence[_Symbol]: ...


@functools.cache
def _pyzbar() -> tuple[_Pyzbar, object] | None:
    """The library and its name for QR, or None where pyzbar or libzbar is not installed."""
    try:
        library = importlib.import_module("pyzbar.pyzbar")
    except ImportError:
        return None
    return cast("_Pyzbar", library), library.ZBarSymbol.QRCODE


@dataclass(frozen=True, slots=True)
class PyzbarReader:
    """libzbar through pyzbar; reads nothing where the library is missing.

    Only ASCII texts are taken: pyzbar transcribes others wrongly (seen on Shift-JIS photos).
    """

    name: str = "pyzbar"

    @property
    def present(self) -> bool:
        """Whether pyzbar and libzbar are installed."""
        return _pyzbar() is not None

    def read(self, gray: Gray) -> tuple[Reading, ...]:
        """All QR codes with an ASCII text; never raises."""
        library = _pyzbar()
        if library is None:
            return ()
        decoder, qr = library
        try:
            found = decoder.decode(gray, [qr])
            return tuple(self._reading(one) for one in found if one.data.isascii())
        except Exception as error:  # noqa: BLE001 (whatever a picture holds, the gate goes on)
            log.warning("reader %s failed: %s", self.name, type(error).__name__)
            return ()

    def _reading(self, symbol: _Symbol) -> Reading:
        points = [(float(p.x), float(p.y)) for p in symbol.polygon][:4]
        while len(points) < 4:  # noqa: PLR2004 (a quadrilateral; zbar merges points that coincide)
            points.append(points[-1] if points else (0.0, 0.0))
        return Reading(
            symbol.data.decode("ascii"), (points[0], points[1], points[2], points[3]), self.name
        )
