"""Edge: the ticket's picture for the chat: museum, barcode, holder, offer and facts.

1080 x 1440 px, always light, made to be read by a gate from a phone: the symbol
is 76 % of the width, pure black on pure white, and nothing stands in its quiet
zone. One byte a pixel is an index: coverage of text along a ramp of colours.
"""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from ticketing.edge.barcode import QUIET_MODULES, SYMBOL_MODULES, modules, png
from ticketing.edge.fonts import Cut, Line, advance_px, fit
from ticketing.service.ports import CardFacts

WIDTH_PX = 1080
HEIGHT_PX = 1440
HEAD_PX = 132
MODULE_PX = 20
LEFT_PX = 130
RIGHT_PX = 950

_SYMBOL_PX = SYMBOL_MODULES * MODULE_PX
_QUIET_PX = QUIET_MODULES * MODULE_PX
_TEXT_TOP_PX = HEAD_PX + _SYMBOL_PX + 2 * _QUIET_PX
_ROOM_PX = RIGHT_PX - LEFT_PX

# Baselines and the line, from the picture's top. The holder stands low enough
# that an accented capital stays out of the quiet zone.
_HOLDER_Y = 1198
_HOLDER_FALL_PX = 28
_OFFER_Y = 1264
_LINE_TOP_Y, _LINE_BOTTOM_Y = 1295, 1298
_CAPTION_Y = 1345
_FACT_Y = 1394
_MUSEUM_Y = 82
_MUSEUM_X = 204
_MARK_XY = (130, 36)
_MARK_PX = (50, 60)
_COLUMN_GAP_PX = 32
_SIDE_ROOM_PX = 320

_NARROWING = (100, 95, 90, 85, 80, 75)


def _ladder(size_px: int, weight: int, *smaller_px: int) -> tuple[Cut, ...]:
    """A size narrowing along the width axis, then the smaller sizes at the narrowest."""
    narrowing = (Cut(size_px, weight, width) for width in _NARROWING)
    return (*narrowing, *(Cut(smaller, weight, _NARROWING[-1]) for smaller in smaller_px))


_MUSEUM_CUTS = _ladder(46, 700, 38)
_HOLDER_CUTS = _ladder(84, 700, 64)
_OFFER_CUTS = _ladder(48, 500, 40)
_DATE_CUTS = tuple(Cut(size_px, 700, _NARROWING[-1]) for size_px in (42, 38, 34, 30))

# The palette: three ramps of 32 steps, each from no coverage to full, and black.
_STEPS = 32
_Colour = tuple[int, int, int]
_WHITE: _Colour = (0xFF, 0xFF, 0xFF)
_ULTRAMARINE: _Colour = (0x15, 0x27, 0xA8)
_INK: _Colour = (0x12, 0x17, 0x1A)
_SOFT: _Colour = (0x4A, 0x55, 0x5B)
_HEAD_RAMP, _INK_RAMP, _SOFT_RAMP, _BLACK_INDEX = 0, _STEPS, 2 * _STEPS, 3 * _STEPS
_WHITE_INDEX = _INK_RAMP


def card_png(facts: CardFacts) -> bytes:
    """The picture of a ticket, 1080 x 1440 px, as an opaque 8-bit PNG with a palette.

    Texts that are too long are narrowed, then made smaller, then shortened; a
    holder that no typeface can write is left out, the short code identifies.

    Raises:
        ValueError: the barcode text is not a ticket's (see `barcode.modules`).
    """
    scanlines = _head(facts.museum) + _symbol(facts.barcode) + _text(facts)
    # Level 1: 4 ms less than level 6, for 10 kB more.
    return png((WIDTH_PX, HEIGHT_PX), scanlines, depth=8, palette=_PALETTE, level=1)


@lru_cache(maxsize=16)
def _head(museum: str) -> bytes:
    """The head's scanlines: mark and museum, white on ultramarine."""
    head = Image.new("L", (WIDTH_PX, HEAD_PX))
    head.paste(_mark(), _MARK_XY)
    line = _fitted(museum, _MUSEUM_CUTS, room_px=RIGHT_PX - _MUSEUM_X)
    line.draw(ImageDraw.Draw(head), (_MUSEUM_X, _MUSEUM_Y))
    return _scanlines(_along(head, _HEAD_RAMP))


def _mark() -> Image.Image:
    """The doorway, drawn eight times as large and shrunk for smooth edges."""
    scale = 8 * _MARK_PX[0] // 20  # the mark is drawn on a grid of 20 x 24
    large = Image.new("L", (20 * scale, 24 * scale))
    draw = ImageDraw.Draw(large)
    for left, top, right, bottom, fill in (
        (0, 0, 20, 20, 255),
        (0, 10, 20, 24, 255),
        (7, 7, 15, 15, 0),
        (7, 11, 15, 24, 0),
    ):
        box = (left * scale, top * scale, right * scale - 1, bottom * scale - 1)
        shape = draw.ellipse if right - left == bottom - top else draw.rectangle
        shape(box, fill=fill)
    return large.resize(_MARK_PX, Image.Resampling.BOX)


def _symbol(barcode: str) -> bytes:
    """The symbol's scanlines with its quiet zone, across the whole width."""
    white = b"\0" + bytes((_WHITE_INDEX,)) * WIDTH_PX
    margin = bytes((_WHITE_INDEX,)) * LEFT_PX
    light, dark = (bytes((index,)) * MODULE_PX for index in (_WHITE_INDEX, _BLACK_INDEX))
    again = (b"\2" + bytes(WIDTH_PX)) * (MODULE_PX - 1)  # "as above" by the filter `Up`
    rows = (
        b"\0" + margin + b"".join(dark if module else light for module in row) + margin + again
        for row in modules(barcode)
    )
    return white * _QUIET_PX + b"".join(rows) + white * _QUIET_PX


def _text(facts: CardFacts) -> bytes:
    """The scanlines below the symbol: holder, offer, line and facts."""
    strip = Image.new("L", (WIDTH_PX, HEIGHT_PX - _TEXT_TOP_PX))
    draw = ImageDraw.Draw(strip)
    strip.paste(_holder(facts.holder))
    _fitted(facts.offer, _OFFER_CUTS).draw(draw, (LEFT_PX, _OFFER_Y - _TEXT_TOP_PX))
    top, bottom = _LINE_TOP_Y - _TEXT_TOP_PX, _LINE_BOTTOM_Y - _TEXT_TOP_PX
    draw.rectangle((LEFT_PX, top, RIGHT_PX - 1, bottom), fill=255)
    columns = _columns(facts)
    for x, column in columns:
        column.fact.draw(draw, (x, _FACT_Y - _TEXT_TOP_PX))
    inked = _along(strip, _INK_RAMP)
    for x, column in columns:
        caption = column.caption
        inked.paste(caption.picture, (x, bottom + 1), caption.stencil)
    return _scanlines(inked)


def _holder(name: str) -> Image.Image:
    """The holder's name in a strip of its own: what piles up or hangs down ends there."""
    baseline = _HOLDER_Y - _TEXT_TOP_PX
    strip = Image.new("L", (WIDTH_PX, baseline + _HOLDER_FALL_PX))
    line = fit(name, _HOLDER_CUTS, room_px=_ROOM_PX, rise_px=baseline, fall_px=_HOLDER_FALL_PX)
    line.draw(ImageDraw.Draw(strip), (LEFT_PX, baseline))
    return strip


@dataclass(frozen=True, slots=True)
class _Caption:
    """A caption drawn once: indices, and where they count."""

    width_px: int
    picture: Image.Image
    stencil: Image.Image


@dataclass(frozen=True, slots=True)
class _Column:
    """One of the three facts."""

    caption: _Caption
    fact: Line

    @property
    def width_px(self) -> int:
        """The wider of the two."""
        return max(self.caption.width_px, self.fact.width_px)


def _columns(facts: CardFacts) -> tuple[tuple[int, _Column], ...]:
    """Where the three facts start: spread over the room, with equal gaps.

    All narrow together; then the date alone gets smaller, for the short code is
    what one types.
    """
    width = next((width for width in _NARROWING if _is_roomy(facts, width)), _NARROWING[-1])
    persons, code = _sides(facts, width)
    when = _Column(
        _caption(facts.captions.when, width),
        _fitted(facts.when, (Cut(46, 700, width), *_DATE_CUTS), room_px=_left_px(persons, code)),
    )
    gap_px = (_ROOM_PX - when.width_px - persons.width_px - code.width_px) // 2
    return (
        (LEFT_PX, when),
        (LEFT_PX + when.width_px + gap_px, persons),
        (RIGHT_PX - code.width_px, code),
    )


def _is_roomy(facts: CardFacts, width: int) -> bool:
    """Whether the date keeps its size when all is set in this width."""
    return advance_px(facts.when, Cut(46, 700, width)) <= _left_px(*_sides(facts, width))


def _sides(facts: CardFacts, width: int) -> tuple[_Column, _Column]:
    """Persons and short code, set in this width."""
    named, cuts = facts.captions, (Cut(46, 700, width),)
    return (
        _Column(
            _caption(named.persons, width),
            _fitted(facts.persons, cuts, room_px=_SIDE_ROOM_PX),
        ),
        _Column(
            _caption(named.short_code, width),
            _fitted(facts.short_code, cuts, room_px=_SIDE_ROOM_PX),
        ),
    )


def _left_px(persons: _Column, code: _Column) -> int:
    """What the two leave to the date."""
    return _ROOM_PX - persons.width_px - code.width_px - 2 * _COLUMN_GAP_PX


def _fitted(text: str, cuts: tuple[Cut, ...], *, room_px: int = _ROOM_PX) -> Line:
    """A line of the smaller texts, all of which have the same space above and below."""
    return fit(text, cuts, room_px=room_px, rise_px=64, fall_px=28)


@lru_cache(maxsize=256)
def _caption(text: str, width: int) -> _Caption:
    """A caption's picture, from below the line down to its descenders."""
    line = _fitted(text, (Cut(30, 400, width),), room_px=_SIDE_ROOM_PX)
    drawn = Image.new("L", (max(line.width_px, 1), _FACT_Y - _LINE_BOTTOM_Y))
    line.draw(ImageDraw.Draw(drawn), (0, _CAPTION_Y - _LINE_BOTTOM_Y - 1))
    return _Caption(
        width_px=line.width_px,
        picture=_along(drawn, _SOFT_RAMP),
        stencil=drawn.point([0] + [255] * 255),
    )


def _along(coverage: Image.Image, ramp: int) -> Image.Image:
    """Coverage 0-255 as indices of a ramp."""
    return coverage.point([ramp + (value * (_STEPS - 1) + 127) // 255 for value in range(256)])


def _scanlines(indices: Image.Image) -> bytes:
    """Unfiltered PNG lines."""
    raw = indices.tobytes()
    return b"".join(b"\0" + raw[at : at + WIDTH_PX] for at in range(0, len(raw), WIDTH_PX))


def _blend(ground: _Colour, text: _Colour) -> bytes:
    """A ramp's colours from the ground to the text."""
    last = _STEPS - 1
    return bytes(
        (under * (last - step) + over * step + last // 2) // last
        for step in range(_STEPS)
        for under, over in zip(ground, text, strict=True)
    )


_PALETTE = _blend(_ULTRAMARINE, _WHITE) + _blend(_WHITE, _INK) + _blend(_WHITE, _SOFT) + bytes(3)
