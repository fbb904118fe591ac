"""Finding our symbol in a frame that no reader could decode.

Two ways, each good where the other is not: corners that zxing reports of a symbol it saw and
could not read, and the search for finders at the corners of textured patches. What either
proposes is laid over the known modules and moved until it fits (`align.refined`).
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np

from scanner.sight.align import refined
from scanner.sight.geometry import (
    ACCEPTED,
    Grid,
    Matrix,
    from_corners,
    is_plausible,
    measured,
    rectified,
    smaller,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.sight.layout import Layout
    from scanner.sight.reading import Corners, Gray

_SURE = 0.75
_HOPELESS = 0.12
_TRIED = 3

# Textured patches.
_SHRINK = 4
_EDGES_PX, _WINDOW_PX = 5, 9
_QUANTILES = (0.90, 0.93, 0.96, 0.98, 0.99)
_LARGEST_PATCHES = 3
_MOST_PATCHES = 12
_SMALLEST_SIDE = 12
_OBLONG = 2.0

# Finders at the corners of a patch.
_SEARCH_PX = 2
_SEARCH_MARGIN = 9
_REACH = 6
_FINDER_MODULES = 9
ENOUGH_FINDERS: Final = 2.0
"""Sum of three correlations: empty halls stay below 1.8, true finders above 2.3 (19 of 20)."""

Box: TypeAlias = tuple[tuple[float, float], tuple[float, float], float]
"""Centre, size and angle, as OpenCV's rotated rectangles."""


@dataclass(frozen=True, slots=True)
class _Peak:
    """A place that looks like a finder, in module coordinates of a patch."""

    value: float
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class _Trio:
    """Three finders that may belong to one symbol."""

    value: float
    polarity: int
    patch: Matrix
    peaks: tuple[_Peak, _Peak, _Peak]


def from_suspects(
    gray: Gray, suspects: Iterable[Corners], layouts: Iterable[Layout]
) -> Grid | None:
    """The best grid that begins at corners which a reader reported; None if none fits.

    Args:
        gray: the frame.
        suspects: corners, clockwise from the symbol's own top left.
        layouts: the kinds of symbol to think of.
    """
    guesses = [
        measured(gray, matrix, layout)
        for corners, layout in itertools.product(suspects, tuple(layouts))
        for matrix in (from_corners(layout.modules, corners),)
        if is_plausible(matrix, layout.modules)
    ]
    guesses.sort(key=lambda grid: -grid.score)
    return _first_that_fits(gray, [grid for grid in guesses if grid.score >= _HOPELESS][:_TRIED])


def _first_that_fits(gray: Gray, guesses: Iterable[Grid]) -> Grid | None:
    best: Grid | None = None
    for guess in guesses:
        grid = refined(gray, guess)
        if best is None or grid.score > best.score:
            best = grid
        if best.score > _SURE:
            break
    return best if best is not None and best.score > ACCEPTED else None


def from_texture(gray: Gray, layout: Layout) -> tuple[Grid | None, float]:
    """The best grid whose finders lie at the corners of a textured patch.

    Returns:
        The grid or None, and how much like three finders the best place looked (3 at most).
    """
    trios = [trio for box in _patches(gray) for trio in _trios(gray, box, layout)]
    trios.sort(key=lambda trio: -trio.value)
    promising = [trio for trio in trios[:2] if trio.value >= ENOUGH_FINDERS]
    guesses = (_guess(gray, trio, layout) for trio in promising)
    grid = _first_that_fits(gray, (guess for guess in guesses if guess is not None))
    return grid, trios[0].value if trios else 0.0


def _guess(gray: Gray, trio: _Trio, layout: Layout) -> Grid | None:
    """Three finders fix the grid but for its perspective, which the patch lends."""
    side = layout.modules
    own = np.array([[3.5, 3.5], [side - 3.5, 3.5], [3.5, side - 3.5]], np.float32)
    seen = np.array([[peak.x, peak.y] for peak in trio.peaks], np.float32)
    affine = np.vstack([cv2.getAffineTransform(own, seen), [0, 0, 1]])
    matrix = trio.patch @ affine
    matrix = matrix / matrix[2, 2]
    if not is_plausible(matrix, side):
        return None
    grid = measured(gray, matrix, layout)
    return Grid(layout, matrix, grid.score if grid.polarity == trio.polarity else 0, trio.polarity)


def _patches(gray: Gray) -> list[Box]:
    """Rotated boxes around patches as full of edges as a symbol is."""
    # Half the size shows as well where edges crowd, and takes 0.2 ms instead of 1.8.
    half = smaller(gray, _SHRINK // 2)
    edges = cv2.absdiff(half, cv2.blur(half, (_EDGES_PX, _EDGES_PX)))
    energy = cv2.blur(smaller(np.asarray(edges), _SHRINK // 2), (_WINDOW_PX, _WINDOW_PX))
    levels = np.sort(energy[::3, ::3].ravel())
    found: list[Box] = []
    for quantile, opening in itertools.product(_QUANTILES, (0, 7)):
        level = max(2, int(levels[int(quantile * (len(levels) - 1))]))
        mask = cv2.morphologyEx(
            (energy >= level).astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)
        )
        if opening:
            mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((opening, opening), np.uint8))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for outline in sorted(outlines, key=cv2.contourArea)[-_LARGEST_PATCHES:]:
            box = _box(outline)
            if box is not None and not any(_is_same(box, other) for other in found):
                found.append(box)
    return found[:_MOST_PATCHES]


def _box(outline: Any) -> Box | None:  # noqa: ANN401 (OpenCV's contour)
    (x, y), (width, height), angle = cv2.minAreaRect(outline)
    short, long = sorted((width, height))
    if short < _SMALLEST_SIDE or long > _OBLONG * short:
        return None
    # The averaging window spreads a patch by three cells.
    size = (max(width - 3, 8) * _SHRINK, max(height - 3, 8) * _SHRINK)
    half = _SHRINK / 2
    return ((x * _SHRINK + half, y * _SHRINK + half), size, angle)


def _is_same(one: Box, other: Box) -> bool:
    apart = abs(one[0][0] - other[0][0]) + abs(one[0][1] - other[0][1])
    differ = abs(one[1][0] - other[1][0]) + abs(one[1][1] - other[1][1])
    return apart < 10 and differ < 16  # noqa: PLR2004 (pixels: less than a quarter of a finder)


@functools.cache
def _finder() -> Gray:
    """A finder with its light ring, softened as a lens does."""
    rings = np.full((_FINDER_MODULES, _FINDER_MODULES), 255, np.uint8)
    for inset, tone in ((1, 0), (2, 255), (3, 0)):
        rings[inset:-inset, inset:-inset] = tone
    large = np.kron(rings, np.ones((_SEARCH_PX, _SEARCH_PX), np.uint8))
    return np.asarray(cv2.GaussianBlur(large, (0, 0), _SEARCH_PX * 0.5))


def _trios(gray: Gray, box: Box, layout: Layout) -> list[_Trio]:
    """What may be the symbol in a patch: four rotations, dark on light and light on dark."""
    side = layout.modules
    patch = from_corners(side, cv2.boxPoints(box))
    picture = rectified(gray, patch, side, module_px=_SEARCH_PX, margin=_SEARCH_MARGIN)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), _SEARCH_PX * 0.35))
    low, high = 3.5, side - 3.5
    corners = [(low, low), (high, low), (high, high), (low, high)]
    pairs = [_finders_near(picture, x, y) for x, y in corners]
    found = []
    for sign, polarity in enumerate((1, -1)):
        peaks = [pair[sign] for pair in pairs]
        for turn in range(4):
            trio = (peaks[turn], peaks[(turn + 1) % 4], peaks[(turn + 3) % 4])
            found.append(_Trio(sum(peak.value for peak in trio), polarity, patch, trio))
    return found


def _finders_near(picture: Gray, x: float, y: float) -> tuple[_Peak, _Peak]:
    """The best finder around a place, dark on light and light on dark."""
    half = _FINDER_MODULES / 2
    left = max(0, int((x - half - _REACH + _SEARCH_MARGIN) * _SEARCH_PX))
    top = max(0, int((y - half - _REACH + _SEARCH_MARGIN) * _SEARCH_PX))
    size = int(2 * (half + _REACH) * _SEARCH_PX)
    window = picture[top : top + size, left : left + size]
    likeness = cv2.matchTemplate(window, _finder(), cv2.TM_CCOEFF_NORMED)
    low, high, at_low, at_high = cv2.minMaxLoc(likeness)

    def peak(value: float, at: tuple[int, ...]) -> _Peak:
        return _Peak(
            value,
            (left + at[0]) / _SEARCH_PX - _SEARCH_MARGIN + half,
            (top + at[1]) / _SEARCH_PX - _SEARCH_MARGIN + half,
        )

    return peak(high, tuple(at_high)), peak(-low, tuple(at_low))
