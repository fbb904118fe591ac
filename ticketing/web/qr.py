"""A QR symbol as one SVG path, for pages: no picture request, sharp at every size."""

from dataclasses import dataclass
from itertools import groupby

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Symbol:
    """The path of the dark modules, one unit each, in a square of `side` units."""

    path: str
    side: int


def symbol(text: str) -> Symbol:
    """The QR code of a text, level M, with its quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_MODULES)
    code.add_data(text)
    rows = [[bool(module) for module in row] for row in code.get_matrix()]
    return Symbol("".join(_row(row, y) for y, row in enumerate(rows)), len(rows))


def _row(row: list[bool], y: int) -> str:
    path, x = "", 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        path += f"M{x} {y}h{width}v1h-{width}z" if dark else ""
        x += width
    return path
