"""Edge: the typefaces of the pictures, and a line of text that fits its room.

A line is written in one typeface: Bricolage Grotesque if it has every sign, else
Noto Sans with Greek, Cyrillic, Hebrew, Arabic and more. Runs in both would look
patched, and Pillow orders a line of mixed directions only within one font.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

from PIL import ImageDraw, ImageFont, features

from ticketing.templates_path import templates_dir

_ELLIPSIS = "…"
_JOIN_BREAKER = "\u200c"  # the zero-width non-joiner: Persian names need it
_MOST_CHARACTERS = 110  # no line of a card holds more, and shaping 300 would cost time
_OVERHANG_PX = 24  # ink is never shorter than its advance by more: see `fit`
_BOLD_FROM = 600
_FEATURES = ["tnum"] if features.check("raqm") else None
_PILED_ACCENTS = re.compile(r"([\u0300-\u036f])[\u0300-\u036f]+")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")


class Face(Enum):
    """A typeface; the value is its name in `coverage.json`."""

    BRICOLAGE = "bricolage-grotesque-pictures"
    NAMES = "noto-sans-names"


@dataclass(frozen=True, slots=True)
class Cut:
    """How a line is set: size in px, weight 200-800, width 75-100."""

    size_px: int
    weight: int
    width: int = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A text with the font it is set in and the box of its ink around the baseline's start."""

    text: str
    font: ImageFont.FreeTypeFont
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float

    @property
    def width_px(self) -> int:
        """The width of the ink."""
        return round(self.right_px - self.left_px)

    def is_within(self, *, room_px: int, rise_px: int, fall_px: int) -> bool:
        """Whether the ink keeps within the width and the height around the baseline."""
        high_or_low = -self.top_px > rise_px or self.bottom_px > fall_px
        return self.width_px <= room_px and not high_or_low

    def draw(self, picture: ImageDraw.ImageDraw, xy: tuple[int, int]) -> None:
        """Draws in full coverage; the ink starts at x, the baseline is y."""
        x, y = xy
        origin = (x - self.left_px, y)
        picture.text(origin, self.text, 255, self.font, anchor="ls", features=_FEATURES)


def fit(text: str, cuts: Sequence[Cut], *, room_px: int, rise_px: int, fall_px: int) -> Line:
    """The text in the first cut that fits the room; in the last one, shortened, if none does.

    Args:
        text: any text; signs that no typeface has are left out.
        cuts: from the wished one to the smallest.
        room_px: the most that the ink may measure across.
        rise_px: the most that it may rise above the baseline.
        fall_px: the most that it may fall below it.
    """
    spelt, face = spell(text)
    spelt = spelt[:_MOST_CHARACTERS]
    for cut in cuts[:-1]:
        set_in = font(face, cut)
        # The advance costs a third of the ink's box and settles most misfits.
        if set_in.getlength(spelt, features=_FEATURES) > room_px + _OVERHANG_PX:
            continue
        line = _measured(spelt, set_in)
        if line.is_within(room_px=room_px, rise_px=rise_px, fall_px=fall_px):
            return line
    line = _measured(spelt, font(face, cuts[-1]))
    return line if line.width_px <= room_px else _shortened(line, room_px)


def advance_px(text: str, cut: Cut) -> float:
    """How far the text runs in one cut; within a pixel or two of its ink."""
    spelt, face = spell(text)
    return font(face, cut).getlength(spelt[:_MOST_CHARACTERS], features=_FEATURES)


def spell(text: str) -> tuple[str, Face]:
    """What of a text can be drawn, and the typeface that draws all of it.

    Composes accents, turns decorated letters into plain ones, drops controls,
    overrides of direction and signs without a glyph. Without a letter or digit
    left the text is empty.
    """
    known = coverage(Face.BRICOLAGE) | coverage(Face.NAMES)
    plain = "".join(_respelt(sign, known) for sign in unicodedata.normalize("NFC", text))
    composed = unicodedata.normalize("NFC", plain)
    face = Face.BRICOLAGE
    if any(ord(sign) not in coverage(face) for sign in composed):
        face = Face.NAMES
        composed = "".join(sign for sign in composed if ord(sign) in coverage(face))
    calm = _EMPTY_BRACKETS.sub("", _PILED_ACCENTS.sub(r"\1", composed))
    return (" ".join(calm.split()), face) if any(map(str.isalnum, calm)) else ("", face)


@cache
def coverage(face: Face) -> frozenset[int]:
    """The code points that a typeface has."""
    listed = json.loads((templates_dir() / "fonts" / "coverage.json").read_text("utf-8"))
    ranges = (part.split("-") for part in listed[face.value].split())
    return frozenset(
        code for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1)
    )


def font(face: Face, cut: Cut) -> ImageFont.FreeTypeFont:
    """A typeface in a cut; shared by all threads, so nobody may set its variation again."""
    return _variable(cut) if face is Face.BRICOLAGE else _static(*_static_cut(cut))


@cache
def _variable(cut: Cut) -> ImageFont.FreeTypeFont:
    """Bricolage Grotesque, one object a cut: a variation is a state of Pillow's object."""
    path = templates_dir() / "fonts" / f"{Face.BRICOLAGE.value}.woff2"
    loaded = ImageFont.truetype(path, cut.size_px)
    # The optical size follows the size, as browsers set it.
    loaded.set_variation_by_axes([min(max(cut.size_px, 12), 96), cut.weight, cut.width])
    return loaded


@cache
def _static(weight: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Noto Sans in one of its two weights."""
    return ImageFont.truetype(
        templates_dir() / "fonts" / f"{Face.NAMES.value}-{weight}.woff2", size_px
    )


def _static_cut(cut: Cut) -> tuple[str, int]:
    """Weight and size for a typeface without axes: where width is asked for, size gives way."""
    return ("bold" if cut.weight >= _BOLD_FROM else "regular", round(cut.size_px * cut.width / 100))


def _respelt(sign: str, known: frozenset[int]) -> str:
    """One sign as it can be drawn: itself, its plain parts, a blank or nothing."""
    if sign.isspace():
        return " "
    if unicodedata.category(sign).startswith("C") and sign != _JOIN_BREAKER:
        return ""
    if ord(sign) in known:
        return sign
    return "".join(part for part in unicodedata.normalize("NFKD", sign) if ord(part) in known)


def _measured(text: str, set_in: ImageFont.FreeTypeFont) -> Line:
    """The text with the box of its ink."""
    return Line(text, set_in, *set_in.getbbox(text, anchor="ls", features=_FEATURES))


def _shortened(line: Line, room_px: int) -> Line:
    """The longest beginning that fits together with an ellipsis, never cut before a mark."""
    text, set_in = line.text, line.font
    places = range(1, len(text))
    # A letter with nothing but marks behind it can only be cut among them.
    ends = [at for at in places if not unicodedata.category(text[at]).startswith("M")] or [1]

    def cut_at(end: int) -> str:
        return text[:end].rstrip() + _ELLIPSIS

    def needed_px(end: int) -> int:
        return round(set_in.getlength(cut_at(end), features=_FEATURES))

    fitting = bisect_right(ends, room_px, key=needed_px)
    shortened = _measured(cut_at(ends[max(fitting - 1, 0)]), set_in)
    if shortened.width_px <= room_px:
        return shortened
    # Ink that hangs over its advance: one letter less makes up for it.
    return _measured(cut_at(ends[max(fitting - 2, 0)]), set_in)
