"""Following a grid from one frame to the next, or back to one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from scanner.sight.align import refined
from scanner.sight.geometry import ACCEPTED, Grid, corners_of, is_plausible, measured, smaller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.sight.geometry import Matrix
    from scanner.sight.reading import Gray

_POINTS = 90
_FEWEST_POINTS = 12
_FEWEST_FOLLOWED = 10
_MARGIN_PX = 12
_REACH_PX = 60
_SMALLEST_PX = 24
_SHRINK = 4
_FURTHEST = 15.0
_AGREEING = 0.35
_DRAWS = 200
"""Tries for four points that agree: among a third that do, 200 find some in 90 of 100; OpenCV's
2,000 took 20 ms where nothing agreed."""
_AS_BEFORE = 0.9
"""Share of the score before: with less the grid may have slipped, and another guess fit better."""
LOST_SCORE = 0.3
"""Below this the known modules are not where the grid says: it was lost."""

Window: TypeAlias = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class _Area:
    """A part of the frame, in whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def window(self) -> Window:
        """The same, to index a picture with."""
        return (slice(self.top, self.bottom), slice(self.left, self.right))


def follow(before: Gray, grid: Grid, now: Gray) -> Grid | None:
    """The grid of a frame in the next one, laid on its known modules again; None if it is lost.

    Cheap guesses first: it is where it was, or the whole has moved by one shift; a guess that is a
    module off is drawn in. What fits about as well as before is taken. Only for the rest are points
    followed one by one.
    """
    best: Grid | None = None
    for matrix in _guesses(before, grid, now):
        if not is_plausible(matrix, grid.layout.modules):
            continue
        guess = measured(now, matrix, grid.layout)
        # Noise may turn the sign of a weak score; a telephone does not leave dark mode meanwhile.
        score = guess.score * guess.polarity * grid.polarity
        found = refined(now, Grid(grid.layout, matrix, score, grid.polarity))
        if found.polarity == grid.polarity and (best is None or found.score > best.score):
            best = found
        if best is not None and best.score >= max(ACCEPTED, _AS_BEFORE * grid.score):
            break
    return best if best is not None and best.score >= LOST_SCORE else None


def _guesses(before: Gray, grid: Grid, now: Gray) -> Iterator[Matrix]:
    """Where it may be, the cheapest first."""
    yield grid.matrix
    corners = corners_of(grid.matrix, grid.layout.modules)
    inside = _area(corners, _MARGIN_PX, before.shape)
    if min(inside.right - inside.left, inside.bottom - inside.top) < _SMALLEST_PX:
        return
    around = _area(corners, _MARGIN_PX + _REACH_PX, before.shape)
    shift = _shift(before[around.window], now[around.window])
    if shift.any():
        yield np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]) @ grid.matrix
    points = _points(before, corners, inside)
    moved = None if points is None else _motion(before, now, points, around=around, shift=shift)
    if moved is not None:
        matrix = moved @ grid.matrix
        yield matrix / matrix[2, 2]


def _motion(
    before: Gray, now: Gray, points: Matrix, *, around: _Area, shift: Matrix
) -> Matrix | None:
    """The homography between the frames around the symbol, from many points."""
    old = cv2.GaussianBlur(before[around.window], (0, 0), 1.2)
    new = cv2.GaussianBlur(now[around.window], (0, 0), 1.2)
    start = points - np.array([around.left, around.top], np.float32)
    ended, status, _ = cv2.calcOpticalFlowPyrLK(
        old,
        new,
        start,
        start + shift,
        winSize=(21, 21),
        maxLevel=3,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    kept = status.ravel() > 0
    if kept.sum() < _FEWEST_FOLLOWED:
        return None
    origin = np.array([around.left, around.top], np.float32)
    from_, to = start[kept].reshape(-1, 2) + origin, ended[kept].reshape(-1, 2) + origin
    motion: Any
    motion, agree = cv2.findHomography(from_, to, cv2.RANSAC, 2.0, maxIters=_DRAWS)
    if motion is None or agree.sum() < _AGREEING * kept.sum():
        return None
    return np.asarray(motion)


def _area(corners: Matrix, margin_px: int, shape: tuple[int, ...]) -> _Area:
    left, top = np.floor(corners.min(axis=0) - margin_px).astype(int)
    right, bottom = np.ceil(corners.max(axis=0) + margin_px).astype(int)
    return _Area(
        max(0, int(left)), max(0, int(top)), min(shape[1], int(right)), min(shape[0], int(bottom))
    )


def _points(gray: Gray, corners: Matrix, area: _Area) -> Matrix | None:
    """Corners of modules to follow, in pixels of the frame: (count, 1, 2); None if too few."""
    mask = np.zeros((area.bottom - area.top, area.right - area.left), np.uint8)
    outline = np.round(corners - [area.left, area.top]).astype(np.int32)
    cv2.fillConvexPoly(mask, outline, (255,))
    mask = np.asarray(cv2.dilate(mask, np.ones((9, 9), np.uint8)))
    soft = cv2.GaussianBlur(gray[area.window], (0, 0), 1.2)
    # The stub forgets that there may be none.
    points: Any = cv2.goodFeaturesToTrack(soft, _POINTS, 0.02, 7, mask=mask)
    if points is None or len(points) < _FEWEST_POINTS:
        return None
    return np.asarray(points + np.array([area.left, area.top], np.float32))


def _shift(old: Gray, new: Gray) -> Matrix:
    """How far everything went at once: a hand that swings moves further than points are sought."""
    small = [smaller(one, _SHRINK).astype(np.float32) for one in (old, new)]
    window = cv2.createHanningWindow(small[0].shape[::-1], cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(small[0], small[1], window)
    if response < 0.05 or max(abs(x), abs(y)) > _FURTHEST:  # noqa: PLR2004 (a peak above noise)
        return np.zeros(2, np.float32)
    return np.array([x * _SHRINK, y * _SHRINK], np.float32)
