"""Bent paper: a smooth warp on top of the grid, for a sheet that no homography fits.

For every module the contrast at its centre is tried under small shifts, with the known modules by
their labels. A polynomial of low degree is fitted to the best shifts, the picture is taken anew
under it, and so on: first the whole sheet, then as a sheet bent along x, along y, or both.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

from scanner.sight import reader, symbol
from scanner.sight.geometry import module_means
from scanner.sight.layout import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight.geometry import Grid
    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reading import Gray
    from scanner.sight.symbol import Attempt

Degrees: TypeAlias = tuple[tuple[int, int], ...]
"""Terms of a warp: the degrees in x and y."""

_PX: Final = 6
_MARGIN: Final = 3
_KNOWN_WEIGHT = 3.0
_RIDGE = 0.001
_AT_EDGE = 0.05
_ROBUST_ROUNDS, _ROBUST_MODULES = 4, 0.35
_STRETCH = 0.85


def _low(degree: int) -> Degrees:
    """All terms up to this degree."""
    return tuple((i, j) for i in range(degree + 1) for j in range(degree + 1 - i))


def _general(low: int, pure: int) -> Degrees:
    """Terms of both axes up to `low`, of each alone up to `pure`."""
    alone = range(low + 1, pure + 1)
    return _low(low) + tuple((i, 0) for i in alone) + tuple((0, i) for i in alone)


_ALONG_X: Final = _low(3) + tuple((i, 0) for i in range(4, 9))
_ALONG_Y: Final = _low(3) + tuple((0, i) for i in range(4, 9))


@dataclass(frozen=True, slots=True)
class _Step:
    """One fit: terms, the largest shift in sixths of a module, modules averaged (x, y)."""

    terms: Degrees
    shift: int
    window: tuple[int, int]


_BEGIN: Final = (_Step(_low(2), 7, (13, 13)), _Step(_low(3), 6, (11, 11)))
_BENT_X: Final = tuple(
    _Step(_ALONG_X, *rest) for rest in ((5, (5, 31)), (4, (5, 31)), (3, (3, 21)), (3, (5, 9)))
)
_BENT_Y: Final = tuple(
    _Step(_ALONG_Y, *rest) for rest in ((5, (31, 5)), (4, (31, 5)), (3, (21, 3)), (3, (9, 5)))
)
_BENT_BOTH: Final = (
    _Step(_general(3, 5), 5, (9, 9)),
    _Step(_general(3, 7), 4, (7, 7)),
    _Step(_general(3, 7), 3, (5, 5)),
    _Step(_general(4, 7), 3, (5, 5)),
)


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


def read(gray: Gray, grid: Grid, *, is_late: Callable[[], bool] = lambda: False) -> Attempt | None:
    """Read a bent sheet under a grid that fits roughly; None if it could not be.

    Args:
        gray: the frame.
        grid: where the sheet is.
        is_late: asked between steps.
    """
    warp = _FLAT
    for step in _BEGIN:
        warp, tried = _stepped(gray, grid, warp, step)
        if tried.text is not None:
            return tried
    for steps in (_BENT_X, _BENT_Y, _BENT_BOTH):
        bent = warp
        for step in steps:
            if is_late():
                return None
            bent, tried = _stepped(gray, grid, bent, step)
            if tried.text is not None:
                return tried
    return None


def _stepped(gray: Gray, grid: Grid, warp: _Warp, step: _Step) -> tuple[_Warp, Attempt]:
    costs = _gains(_unbent(gray, grid, warp), grid, step)
    warp = _fitted(costs, warp, step, grid.layout)
    means = module_means(_unbent(gray, grid, warp), _PX)
    edge = _MARGIN - QUIET
    sample = reader.levelled(np.ascontiguousarray(means[edge:-edge, edge:-edge]), grid)
    soft = reader.scaled(reader.inner(sample.soft))
    return warp, symbol.attempt(soft, grid.layout)


@functools.cache
def _terms_at(side: int, terms: Degrees, *, px: int) -> Modules:
    """(places, terms) the terms at pixels of an unbent picture, or at modules for `px` 0."""
    line: Modules = np.arange(side) + 0.5
    if px:
        line = (np.arange((side + 2 * _MARGIN) * px) + 0.5) / px - _MARGIN
    angle = np.arccos(np.clip((line - side / 2) / (side / 2) * _STRETCH, -1, 1))
    powers = np.array([np.cos(degree * angle) for degree in range(9)])
    values = [np.outer(powers[j], powers[i]).ravel() for i, j in terms]
    return np.stack(values, axis=-1).astype(np.float32)


def _unbent(gray: Gray, grid: Grid, warp: _Warp) -> Gray:
    """The sheet as if it were flat."""
    side = grid.layout.modules
    line: Modules = (np.arange((side + 2 * _MARGIN) * _PX) + 0.5) / _PX - _MARGIN
    x: Modules
    y: Modules
    x, y = np.meshgrid(line, line)
    if warp.terms:
        shift = _terms_at(side, warp.terms, px=_PX) @ warp.factors.astype(np.float32)
        x, y = x + shift[:, 0].reshape(x.shape), y + shift[:, 1].reshape(y.shape)
    (a, b, c), (d, e, f), (g, h, i) = grid.matrix
    depth = g * x + h * y + i
    across = ((a * x + b * y + c) / depth).astype(np.float32)
    down = ((d * x + e * y + f) / depth).astype(np.float32)
    flat = cv2.remap(gray, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat)


def _gains(picture: Gray, grid: Grid, step: _Step) -> Modules:
    """(shifts, shifts, n, n) how well each module is met under each shift (y first)."""
    side, reach = grid.layout.modules, step.shift
    window = (9 * _PX | 1, 9 * _PX | 1)
    soft = cv2.GaussianBlur(picture, (0, 0), _PX * 0.22).astype(np.float32)
    light = cv2.blur(soft, window)
    spread = np.sqrt(np.maximum(cv2.blur(soft * soft, window) - light * light, 25))
    level = np.clip((light - soft) / spread * grid.polarity, -1.5, 1.5)
    known = grid.layout.known.astype(np.float32)
    start = _MARGIN * _PX + _PX // 2
    count = 2 * reach + 1
    gains = np.empty((count, count, side, side), np.float32)
    for row in range(count):
        for column in range(count):
            top, left = start + row - reach, start + column - reach
            seen = level[top : top + side * _PX : _PX, left : left + side * _PX : _PX]
            gain = np.where(known != 0, _KNOWN_WEIGHT * known * seen, seen * seen)
            gains[row, column] = cv2.blur(gain, step.window)
    return gains


def _fitted(gains: Modules, warp: _Warp, step: _Step, layout: Layout) -> _Warp:
    """The warp whose shifts come nearest to the best ones, outliers discounted."""
    side, reach = layout.modules, step.shift
    flat = gains.reshape((2 * reach + 1) ** 2, -1)
    best = flat.argmax(axis=0)
    down, across = best // (2 * reach + 1) - reach, best % (2 * reach + 1) - reach
    at_edge = (np.abs(across) == reach) | (np.abs(down) == reach)
    clear = flat.max(axis=0) - np.median(flat, axis=0)
    weights = np.where(at_edge, _AT_EDGE, 1) * clear**2
    weights = weights / max(float(weights.max()), 1e-9)
    terms = _terms_at(side, step.terms, px=0).astype(np.float64)
    before = warp.in_terms(step.terms) if warp.terms else np.zeros((len(step.terms), 2))
    targets = np.stack([across, down], axis=1) / _PX + terms @ before
    factors = before
    for _ in range(_ROBUST_ROUNDS):
        weighted = terms * weights[:, None]
        normal = weighted.T @ terms + np.eye(len(step.terms)) * _RIDGE * side * side
        factors = np.linalg.solve(normal, weighted.T @ targets)
        off = np.hypot(*(terms @ factors - targets).T)
        weights = weights / (1 + (off / _ROBUST_MODULES) ** 2)
    return _Warp(step.terms, factors)
