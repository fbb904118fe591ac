"""Bent paper: a smooth warp on top of the grid, for a sheet that no homography fits.

A sheet bends along one axis: all of a row is shifted alike, and the next row hardly otherwise. How
each row or column is shifted is found at once (`lines`). A polynomial of low degree is laid through
that way, the picture is taken anew under it, and small remaining shifts of each place are fitted.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

from scanner.sight import reader, symbol
from scanner.sight.geometry import evened, module_means
from scanner.sight.layout import QUIET
from scanner.sight.lines import KNOWN_WEIGHT, MARGIN, PX, REACH, best_path, gains_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight.geometry import Grid
    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reading import Gray
    from scanner.sight.symbol import Attempt

Degrees: TypeAlias = tuple[tuple[int, int], ...]
"""Terms of a warp: the degrees in x and y."""

_RIDGE = 0.001
_AT_EDGE = 0.05
_ROBUST_ROUNDS, _ROBUST_MODULES = 4, 0.35
_STRETCH = 0.85
_DEGREE = 8
_BENT: Final = 0.12
"""Gain of a line on average: bent sheets have 0.2 to 0.8, flat ones and telephones below 0.3,
half of them below 0.03; there nothing more is tried."""


_LOW: Final = tuple((i, j) for i in range(4) for j in range(4 - i))


@dataclass(frozen=True, slots=True)
class _Step:
    """One fit: the largest shift in sixths of a module, modules averaged (along a line, across)."""

    shift: int
    window: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Bend:
    """An axis; all of a row is shifted alike where the sheet is bent along y (`rows`)."""

    rows: bool

    @property
    def pure(self) -> Degrees:
        """Terms of that axis alone."""
        return tuple((0, i) if self.rows else (i, 0) for i in range(_DEGREE + 1))

    @property
    def terms(self) -> Degrees:
        """These, and low ones of both."""
        return tuple(dict.fromkeys(_LOW + self.pure))

    def window(self, step: _Step) -> tuple[int, int]:
        """Modules averaged in x and y."""
        return step.window if self.rows else (step.window[1], step.window[0])


_BENDS: Final = (_Bend(rows=True), _Bend(rows=False))
_STEPS: Final = (_Step(3, (21, 3)), _Step(3, (9, 5)))


@dataclass(frozen=True, slots=True, eq=False)
class _Warp:
    """Shifts in modules as factors (terms, 2) of the terms."""

    terms: Degrees
    factors: Modules

    def in_terms(self, terms: Degrees) -> Modules:
        """The factors under other terms; what they do not have is dropped."""
        own = dict(zip(self.terms, self.factors, strict=True))
        return np.array([own.get(term, np.zeros(2)) for term in terms])


_FLAT: Final = _Warp((), np.zeros((0, 2)))


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """How lines are shifted from the first to the last.

    Attributes:
        bend: rows or columns.
        shifts: (lines, 2) in modules, x and y.
        gain: how much better the lines are met so than unshifted.
    """

    bend: _Bend
    shifts: Modules
    gain: float


def read(gray: Gray, grid: Grid, *, is_late: Callable[[], bool] = lambda: False) -> Attempt | None:
    """Read a bent sheet under a grid that fits roughly; None if it could not be.

    Args:
        gray: the frame.
        grid: where the sheet is.
        is_late: asked between steps.
    """
    level = _level(_unbent(gray, grid, _FLAT), grid)
    ways = [_way(level, grid.layout, bend) for bend in _BENDS]
    for way in sorted(ways, key=lambda way: -way.gain):
        if way.gain < _BENT or is_late():
            break
        warp = _along(way)
        tried = _attempt(gray, grid, warp)
        for step in _STEPS:
            if tried.text is not None or is_late():
                break
            warp = _fitted(gray, grid, warp, bend=way.bend, step=step)
            tried = _attempt(gray, grid, warp)
        if tried.text is not None:
            return tried
    return None


def _attempt(gray: Gray, grid: Grid, warp: _Warp) -> Attempt:
    means = module_means(_unbent(gray, grid, warp), PX)
    edge = MARGIN - QUIET
    sample = reader.levelled(np.ascontiguousarray(means[edge:-edge, edge:-edge]), grid)
    return symbol.attempt(reader.scaled(reader.inner(sample.soft)), grid.layout)


# ---------------------------------------------------------------- the way of the lines


def _way(level: Modules, layout: Layout, bend: _Bend) -> _Way:
    known = layout.known.astype(np.float32)
    gains = gains_of_rows(level, known) if bend.rows else gains_of_rows(level.T, known.T)
    path, total = best_path(gains)
    shifts = (path - REACH) / PX
    unshifted = float(gains[:, REACH, REACH].sum())
    return _Way(bend, shifts[:, ::-1] if bend.rows else shifts, (total - unshifted) / len(gains))


def _along(way: _Way) -> _Warp:
    """A polynomial through the way of the lines."""
    side, terms = len(way.shifts), way.bend.pure
    powers = _terms_at(side, terms, px=0).reshape(side, side, -1)
    own = powers[:, 0] if way.bend.rows else powers[0]
    return _Warp(terms, np.asarray(np.linalg.lstsq(own, way.shifts, rcond=None)[0]))


# ---------------------------------------------------------------- what remains


@functools.cache
def _terms_at(side: int, terms: Degrees, *, px: int) -> Modules:
    """(places, terms) the terms at pixels of an unbent picture, or at modules for `px` 0."""
    line: Modules = np.arange(side) + 0.5
    if px:
        line = (np.arange((side + 2 * MARGIN) * px) + 0.5) / px - MARGIN
    angle = np.arccos(np.clip((line - side / 2) / (side / 2) * _STRETCH, -1, 1))
    powers = np.array([np.cos(degree * angle) for degree in range(9)])
    values = [np.outer(powers[j], powers[i]).ravel() for i, j in terms]
    return np.stack(values, axis=-1).astype(np.float32)


def _unbent(gray: Gray, grid: Grid, warp: _Warp) -> Gray:
    """The sheet as if it were flat."""
    side = grid.layout.modules
    line: Modules = (np.arange((side + 2 * MARGIN) * PX) + 0.5) / PX - MARGIN
    x: Modules
    y: Modules
    x, y = np.meshgrid(line, line)
    if warp.terms:
        shift = _terms_at(side, warp.terms, px=PX) @ warp.factors.astype(np.float32)
        x, y = x + shift[:, 0].reshape(x.shape), y + shift[:, 1].reshape(y.shape)
    (a, b, c), (d, e, f), (g, h, i) = grid.matrix
    depth = g * x + h * y + i
    across = ((a * x + b * y + c) / depth).astype(np.float32)
    down = ((d * x + e * y + f) / depth).astype(np.float32)
    flat = cv2.remap(gray, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat)


def _level(picture: Gray, grid: Grid) -> Modules:
    """How dark (+) or light (-) each pixel is for its surroundings, noise averaged out."""
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), PX * 0.22))
    return -evened(soft, PX) * grid.polarity


def _gains(level: Modules, layout: Layout, reach: int, window: tuple[int, int]) -> Modules:
    """(shifts, shifts, n, n) how well each module is met under each shift (y first)."""
    side = layout.modules
    known = layout.known.astype(np.float32)
    start = MARGIN * PX + PX // 2 - reach
    count = 2 * reach + 1
    gains = np.empty((count, count, side, side), np.float32)
    for row, column in itertools.product(range(count), repeat=2):
        top, left = start + row, start + column
        seen = level[top : top + side * PX : PX, left : left + side * PX : PX]
        gain = np.where(known != 0, KNOWN_WEIGHT * known * seen, seen * seen)
        gains[row, column] = cv2.blur(gain, window)
    return gains


def _fitted(gray: Gray, grid: Grid, warp: _Warp, *, bend: _Bend, step: _Step) -> _Warp:
    """The warp whose shifts come nearest to the best ones, outliers discounted."""
    side, reach = grid.layout.modules, step.shift
    level = _level(_unbent(gray, grid, warp), grid)
    gains = _gains(level, grid.layout, reach, bend.window(step))
    flat = gains.reshape((2 * reach + 1) ** 2, -1)
    best = flat.argmax(axis=0)
    down, across = best // (2 * reach + 1) - reach, best % (2 * reach + 1) - reach
    at_edge = (np.abs(across) == reach) | (np.abs(down) == reach)
    clear = flat.max(axis=0) - np.median(flat, axis=0)
    weights = np.where(at_edge, _AT_EDGE, 1) * clear**2
    weights = weights / max(float(weights.max()), 1e-9)
    terms = _terms_at(side, bend.terms, px=0).astype(np.float64)
    before = warp.in_terms(bend.terms)
    targets = np.stack([across, down], axis=1) / PX + terms @ before
    factors = before
    for _ in range(_ROBUST_ROUNDS):
        weighted = terms * weights[:, None]
        normal = weighted.T @ terms + np.eye(len(bend.terms)) * _RIDGE * side * side
        factors = np.linalg.solve(normal, weighted.T @ targets)
        off = np.hypot(*(terms @ factors - targets).T)
        weights = weights / (1 + (off / _ROBUST_MODULES) ** 2)
    return _Warp(bend.terms, factors)
