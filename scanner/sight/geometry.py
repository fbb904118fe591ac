"""Where a symbol lies in a frame, and what its modules look like from there.

A matrix maps module coordinates to pixels. Module coordinates begin at the outer corner of the
symbol, x to the right and y down, one unit a module; pixel coordinates name the centres of pixels
by whole numbers, as OpenCV does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scanner.sight.layout import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reading import Corners, Gray

Matrix: TypeAlias = npt.NDArray[Any]
"""3 by 3, module coordinates to pixels."""

ACCEPTED: Final = 0.55
"""From this score on a grid is taken for right."""
MODULE_PX: Final = 4
"""Pixels a module of a rectified picture; more costs time and reads no better."""
_SCORE_PX = 3
_LIGHT_MODULES = 9
_LEAST_SPREAD, _STRONGEST = 5.0, 1.5
"""Noise on a flat patch is no contrast; a glaring edge counts no more than a clear one."""
_SMALLEST_PX, _LARGEST_PX = 40.0, 900.0


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A symbol found in a frame.

    Attributes:
        layout: which kind of symbol.
        matrix: where it is.
        score: correlation of the known modules, 1 at best; above 0.55 it is right (a grid that
            is off by one module reaches 0.86 at the worst, wrong places stay below 0.3).
        polarity: +1 for dark on light, -1 for a telephone in dark mode.
    """

    layout: Layout
    matrix: Matrix
    score: float
    polarity: int

    @property
    def corners(self) -> Corners:
        """The four corners in pixels, clockwise from the symbol's own top left."""
        points = corners_of(self.matrix, self.layout.modules).tolist()
        first, second, third, fourth = ((float(x), float(y)) for x, y in points)
        return (first, second, third, fourth)


def from_corners(modules: int, corners: Sequence[Sequence[float]] | Matrix) -> Matrix:
    """The matrix that lays a symbol between four corners."""
    own = np.array([[0, 0], [modules, 0], [modules, modules], [0, modules]], np.float32)
    there = np.asarray(corners, np.float32)
    return np.asarray(cv2.getPerspectiveTransform(own, there), np.float64)


def corners_of(matrix: Matrix, modules: int) -> Matrix:
    """(4, 2) corners in pixels, clockwise from the top left."""
    own = np.array([[0, modules, modules, 0], [0, 0, modules, modules], [1, 1, 1, 1]])
    there = matrix @ own
    return np.asarray((there[:2] / there[2]).T)


def is_plausible(matrix: Matrix, modules: int) -> bool:
    """Whether the symbol is a convex figure of a size that can be read."""
    with np.errstate(divide="ignore", invalid="ignore"):
        corners = corners_of(matrix, modules).astype(np.float32)
    if not np.isfinite(corners).all() or not cv2.isContourConvex(corners.reshape(-1, 1, 2)):
        return False
    return _SMALLEST_PX**2 < cv2.contourArea(corners) < _LARGEST_PX**2


def _to_modules(module_px: int, margin: float) -> Matrix:
    """From pixels of a rectified picture to module coordinates; pixels are named by centres."""
    step, start = 1 / module_px, 0.5 / module_px - margin
    return np.array([[step, 0, start], [0, step, start], [0, 0, 1.0]])


def rectified(
    gray: Gray, matrix: Matrix, modules: int, *, module_px: int = MODULE_PX, margin: int = QUIET
) -> Gray:
    """The symbol seen from the front, with `margin` modules around it."""
    side = (modules + 2 * margin) * module_px
    picture = cv2.warpPerspective(
        gray,
        matrix @ _to_modules(module_px, margin),
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(picture)


def evened(picture: Gray, module_px: int = MODULE_PX) -> Modules:
    """How light (+) or dark (-) each pixel of a rectified picture is for its surroundings."""
    window = (_LIGHT_MODULES * module_px | 1, _LIGHT_MODULES * module_px | 1)
    light = picture.astype(np.float32)
    usual = cv2.blur(light, window)
    spread = np.sqrt(np.maximum(cv2.blur(light * light, window) - usual * usual, _LEAST_SPREAD**2))
    return np.asarray(np.clip((light - usual) / spread, -_STRONGEST, _STRONGEST))


def smaller(gray: Gray, shrink: int) -> Gray:
    """The picture with so many pixels averaged to one, each way."""
    size = (max(1, gray.shape[1] // shrink), max(1, gray.shape[0] // shrink))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def module_means(picture: Gray, module_px: int = MODULE_PX) -> Modules:
    """The brightness of each module of a rectified picture; its centre counts most."""
    count = len(picture) // module_px
    offsets = (np.arange(module_px) + 0.5 - module_px / 2) / (0.28 * module_px)
    weights = np.exp(-0.5 * offsets**2).astype(np.float32)
    weights /= weights.sum()
    lines = picture.astype(np.float32).reshape(count * module_px, count, module_px) @ weights
    return np.asarray(np.tensordot(weights, lines.reshape(count, module_px, count), (0, 1)))


def match(means: Modules, layout: Layout) -> tuple[float, int]:
    """Correlation of framed module means with what is known, and the polarity.

    Each area is correlated by itself, so that light may differ across the symbol, and the worst
    one is left out, so that a thumb may cover a finder.
    """
    flat, known = means.ravel(), layout.framed.ravel()
    found = np.array([-_correlation(flat[area], known[area]) for area in layout.patches])
    polarity = 1 if np.median(found) >= 0 else -1
    return float(np.mean(np.sort(found * polarity)[1:])), polarity


def _correlation(seen: Modules, labels: Modules) -> float:
    spread = float(seen.std())
    if spread <= 1:
        return 0.0
    deviation = labels - labels.mean()
    return float((seen - seen.mean()) @ deviation / (len(seen) * spread * deviation.std()))


def measured(gray: Gray, matrix: Matrix, layout: Layout) -> Grid:
    """The grid of a matrix, with its score."""
    seen = rectified(gray, matrix, layout.modules, module_px=_SCORE_PX)
    score, polarity = match(module_means(seen, _SCORE_PX), layout)
    return Grid(layout, matrix, score, polarity)
