"""Laying a rough grid exactly over the modules that are known.

What is seen under the grid is taken for the known picture, a little moved: seen = b + c (known +
J d), where d are the eight small changes of a homography and J how the known picture answers to
each. That is linear in (b, c, c d), and J does not depend on what is seen: the pseudoinverse is
worked out once, and each step is one look-up of pixels and one product (the inverse compositional
algorithm of Baker and Matthews, with brightness and contrast as unknowns). Light is levelled
before, so that glare on one finder does not outweigh the others. OpenCV's ECC, which works J out
anew in each step, took seven times as long.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from scanner.sight.geometry import MODULE_PX, Grid, evened, is_plausible, measured, rectified
from scanner.sight.layout import QUIET

if TYPE_CHECKING:
    from scanner.sight.geometry import Matrix
    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reading import Gray

_EVERY_PX = 2
"""Every second pixel of every second line is looked at: after blurring they say the same."""
_RIDGE = 1e-4
"""Holds back changes that the known modules hardly answer to."""
_LEAST_CONTRAST = 0.02
_LEAST_DETERMINANT = 0.02
_AT_REST_PX = 0.05


@dataclass(frozen=True, slots=True)
class _Stage:
    """How far both pictures are blurred, in pixels, and the most steps."""

    blur: float
    steps: int


_COARSE, _FINE = _Stage(2.3, 20), _Stage(1.1, 12)
"""The blurred edges reach further, the others lie more exactly. Of 86 grids half were at rest after
10 and 6 steps, three in four after 12 and 9."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The known picture, ready to be compared.

    Attributes:
        half: half the side in pixels; places are in these units, from the middle.
        places: (3, count) the places looked at, homogeneous.
        solve: (10, count) gives (b, c, c d) from what is seen there.
    """

    half: float
    places: Modules
    solve: Modules


@functools.cache
def _known(layout: Layout, blur: float) -> _Known:
    block = np.ones((MODULE_PX, MODULE_PX), np.float32)
    is_known = np.kron((layout.framed != 0).astype(np.float32), block)
    picture = np.kron(-layout.framed.astype(np.float32), block)
    # Unknown modules take no part in the blur, or edges beside them would lie elsewhere.
    weight = np.maximum(cv2.GaussianBlur(is_known, (0, 0), blur), 1e-3)
    soft: Modules = cv2.GaussianBlur(picture, (0, 0), blur) / weight
    down, across = np.gradient(soft, axis=0), np.gradient(soft, axis=1)
    inside = cv2.erode(is_known, np.ones((3, 3), np.uint8)) > 0
    looked = np.zeros_like(inside)
    looked[1::_EVERY_PX, 1::_EVERY_PX] = True
    rows, columns = np.nonzero(inside & looked)
    half = len(soft) / 2
    x, y = (columns + 0.5 - half) / half, (rows + 0.5 - half) / half
    u, v = across[rows, columns] * half, down[rows, columns] * half
    depth = -(u * x + v * y)
    one = np.ones_like(x)
    answers = [one, soft[rows, columns], u * x, u * y, u, v * x, v * y, v, depth * x, depth * y]
    design = np.stack(answers, axis=1)
    ridge = np.diag([0, 0] + [_RIDGE * len(x)] * 8)
    solve = np.linalg.solve(design.T @ design + ridge, design.T)
    return _Known(half, np.stack([x, y, one]).astype(np.float32), solve.astype(np.float32))


def refined(gray: Gray, grid: Grid) -> Grid:
    """The grid moved until the known modules lie on their pictures; the same if that is no gain.

    Corners that are up to 1¼ modules off, each in any direction, come to rest within a fifth of a
    module; of those up to two off, nine in ten do, but not a shift of all by two both ways.

    Args:
        gray: the frame.
        grid: a guess with the right polarity.
    """
    layout = grid.layout
    seen = evened(rectified(gray, grid.matrix, layout.modules))
    warp: Matrix = np.eye(3)
    for stage in (_COARSE, _FINE):
        found = _aligned(seen * grid.polarity, layout, warp, stage)
        if found is None:
            return grid
        warp = found
    half = len(seen) / 2 / MODULE_PX
    frame = np.array([[half, 0, half - QUIET], [0, half, half - QUIET], [0, 0, 1]])
    matrix = grid.matrix @ frame @ warp @ np.linalg.inv(frame)
    matrix = matrix / matrix[2, 2]
    if not is_plausible(matrix, layout.modules):
        return grid
    better = measured(gray, matrix, layout)
    return better if better.score > grid.score else grid


def _aligned(seen: Modules, layout: Layout, warp: Matrix, stage: _Stage) -> Matrix | None:
    """The warp after the steps of a stage; None where there is no symbol to come to rest on."""
    known = _known(layout, stage.blur)
    soft = np.asarray(cv2.GaussianBlur(seen, (0, 0), stage.blur))
    for _ in range(stage.steps):
        x, y, depth = warp.astype(np.float32) @ known.places
        across, down = ((one / depth + 1) * known.half - 0.5 for one in (x, y))
        there = cv2.remap(soft, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        _, contrast, *moved = (known.solve @ there.ravel()).tolist()
        if contrast < _LEAST_CONTRAST:
            return None
        moves = np.array(moved) / contrast
        # What is seen is the known picture moved by so much: the warp has to give way.
        step = np.append(moves, 0).reshape(3, 3) + np.eye(3)
        if not np.isfinite(step).all() or abs(np.linalg.det(step)) < _LEAST_DETERMINANT:
            return None
        warp = warp @ np.linalg.inv(step)
        warp = warp / warp[2, 2]
        if np.abs(moves).max() * known.half < _AT_REST_PX:
            break
    return warp
