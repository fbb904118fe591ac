"""Edge: discount codes on sheets of A4, to be cut up or stuck on, by reportlab.

Twenty-four labels of 70 x 37 mm, the common size of label sheets, with hairlines to cut along.
The symbol is drawn as vectors: sharp on any printer. The typeface is Bitstream Vera, which comes
with reportlab as TrueType and has every letter of German and English (and é, ş, ł): the house's
own typefaces are WOFF2, which a PDF cannot hold, and nothing here unpacks them.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, BinaryIO, Final

from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from ticketing.edge.barcode import QUIET_MODULES, symbol_modules
from ticketing.service.ports import CodeSheet

COLUMNS: Final = 3
ROWS: Final = 8
OF_A_SHEET: Final = COLUMNS * ROWS
_PLAIN, _BOLD = "Vera", "VeraBd"
_WIDE, _HIGH = 70 * mm, 37 * mm
_BOTTOM: Final = (A4[1] - ROWS * _HIGH) / 2
_SYMBOL: Final = 31 * mm
_LEFT: Final = 1.5 * mm
_TEXT_X: Final = 33.5 * mm
_TEXT_WIDE: Final = _WIDE - _TEXT_X - 2 * mm
_ELLIPSIS: Final = "…"


@cache
def _known() -> frozenset[int]:
    """Register the typeface, once a process; the letters it has."""
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    return frozenset(pdfmetrics.getFont(_BOLD).face.charToGlyph)


def code_sheets(facts: CodeSheet, codes: Iterable[str], into: BinaryIO) -> None:
    """Write the whole file: as many sheets as there are codes for, one empty one for none."""
    _known()
    canvas = Canvas(into, pagesize=A4, lang=facts.lang, invariant=1)
    canvas.setTitle(_spelt(facts.title))
    canvas.setAuthor(_spelt(facts.museum))
    at = -1
    for at, code in enumerate(codes):
        place = at % OF_A_SHEET
        if place == 0:
            if at:
                canvas.showPage()
            _lines(canvas)
        column, row = place % COLUMNS, place // COLUMNS
        _label(canvas, facts, code, (column * _WIDE, _BOTTOM + (ROWS - 1 - row) * _HIGH))
    if at < 0:
        _lines(canvas)
    canvas.save()


def _lines(canvas: Any) -> None:  # noqa: ANN401  reportlab has no types
    """The hairlines to cut along."""
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0.7)
    canvas.setDash(2, 2)
    for column in range(1, COLUMNS):
        canvas.line(column * _WIDE, _BOTTOM, column * _WIDE, _BOTTOM + ROWS * _HIGH)
    for row in range(ROWS + 1):
        canvas.line(0, _BOTTOM + row * _HIGH, A4[0], _BOTTOM + row * _HIGH)


def _label(canvas: Any, facts: CodeSheet, code: str, at: tuple[float, float]) -> None:  # noqa: ANN401  reportlab has no types
    x, y = at
    _symbol(canvas, code, (x + _LEFT, y + (_HIGH - _SYMBOL) / 2))
    prefix, hyphen, symbols = code.rpartition("-")
    worth = _wrapped(facts.worth, 9.5)
    lines = [
        (facts.museum, _PLAIN, 6.5, 12.0),
        *((line, _BOLD, 9.5, 11.5) for line in worth),
        (prefix + hyphen, _BOLD, 8.0, 14.0),
        (symbols, _BOLD, 8.0, 10.0),
        (facts.until, _PLAIN, 6.5, 13.0),
    ]
    line_y = y + _HIGH / 2 + sum(leading for *_, leading in lines) / 2
    for text, face, size, leading in lines:
        line_y -= leading
        canvas.setFont(face, size)
        canvas.drawString(x + _TEXT_X, line_y + 2, _cut(text, face, size))


def _symbol(canvas: Any, code: str, at: tuple[float, float]) -> None:  # noqa: ANN401  reportlab has no types
    """The symbol with its quiet zone, in a square of `_SYMBOL`."""
    rows = symbol_modules(code)
    side = len(rows) + 2 * QUIET_MODULES
    canvas.saveState()
    canvas.translate(*at)
    canvas.scale(_SYMBOL / side, _SYMBOL / side)
    # Whole modules as the file's own words: reportlab's paths take five times as long.
    parts = []
    for y, row in enumerate(rows):
        x = QUIET_MODULES
        for dark, modules in groupby(row):
            wide = len(list(modules))
            if dark:  # a hair too high, so that no viewer shows a line between two rows
                parts.append(f"{x} {side - QUIET_MODULES - 1 - y} {wide} 1.02 re")
            x += wide
    canvas._code.append(" ".join(parts) + " f")  # noqa: SLF001  see above
    canvas.restoreState()


# ------------------------------------------------------------ lines of text
def _spelt(text: str) -> str:
    """The text in letters that the typeface has: others as their plain parts, or not at all."""
    known, spelt = _known(), ""
    for sign in unicodedata.normalize("NFC", text):
        parts = sign if ord(sign) in known else unicodedata.normalize("NFKD", sign)
        spelt += "".join(part for part in parts if ord(part) in known)
    return spelt


@lru_cache(maxsize=512)  # codes pass through here too
def _cut(text: str, face: str, size: float) -> str:
    """As much of a line as fits."""
    shown = _spelt(text)
    if _width(shown, face, size) <= _TEXT_WIDE:
        return shown
    while shown and _width(shown + _ELLIPSIS, face, size) > _TEXT_WIDE:
        shown = shown[:-1]
    return shown.rstrip() + _ELLIPSIS


@lru_cache(maxsize=64)
def _wrapped(text: str, size: float) -> tuple[str, ...]:
    """A text on two lines at most, broken between words."""
    lines, words = [""], _spelt(text).split(" ")
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, _BOLD, size) <= _TEXT_WIDE or not lines[-1] or len(lines) > 1:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _width(text: str, face: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, face, size))
