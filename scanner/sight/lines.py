"""How each row of a bent sheet is shifted, all rows at once.

Under every small shift each row says how well it is met: contrast where modules are unknown, their
labels where they are known. A row by itself might as well lie one module further. So the best way
from the first row to the last is sought (dynamic programming, Viterbi): a row costs what it moves
against the one before, and is held in its place by its neighbours and by the finders at both ends.
Columns are the rows of the turned picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from scanner.sight.layout import Modules

PX: Final = 6
"""Pixels a module of the unbent picture."""
MARGIN: Final = 3
"""Modules around the symbol in it."""
KNOWN_WEIGHT: Final = 3.0
"""A known module counts so much more than the contrast of an unknown one."""
REACH: Final = 14
"""Shifts of a row, in sixths of a module: two modules and a third."""
STEP_COSTS: Final = (0.0, 0.03, 0.09)
"""What it costs that a row is shifted a sixth or a third of a module against the one before."""
_MOVE_COSTS = np.array(
    [[STEP_COSTS[max(abs(y), abs(x))] for x in range(-2, 3)] for y in range(-2, 3)]
)


def gains_of_rows(level: Modules, known: Modules) -> Modules:
    """(rows, shifts, shifts) how well each row is met under each shift, along y first.

    Args:
        level: how dark (+) or light (-) each pixel of the unbent picture is.
        known: (n, n) the labels, 0 for what is unknown.
    """
    side, reach = len(known), REACH
    start = MARGIN * PX + PX // 2 - reach
    labels = KNOWN_WEIGHT * known.T / side
    unknown = (known.T == 0).astype(np.float32) / side
    lines = np.arange(side)[:, None]
    at = start + lines * PX + np.arange(2 * reach + 1)
    gains = np.empty((side, 2 * reach + 1, 2 * reach + 1), np.float32)
    for shift in range(2 * reach + 1):
        seen = level[:, start + shift : start + shift + side * PX : PX]
        gains[..., shift] = (seen @ labels + seen * seen @ unknown)[at, lines]
    return gains


def best_path(gains: Modules) -> tuple[Modules, float]:
    """The best way through, as places (rows, 2) in the shifts, and what it gains."""
    best = [gains[0]]
    for gain in gains[1:]:
        last = best[-1]
        near = cv2.dilate(last, np.ones((3, 3), np.uint8)) - STEP_COSTS[1]
        far = cv2.dilate(last, np.ones((5, 5), np.uint8)) - STEP_COSTS[2]
        best.append(gain + np.maximum(last, np.maximum(near, far)))
    size = len(gains[0])
    at = divmod(int(best[-1].argmax()), size)
    path = [at]
    for last in reversed(best[:-1]):
        around = np.pad(last, 2, constant_values=-np.inf)
        window = around[at[0] : at[0] + 5, at[1] : at[1] + 5] - _MOVE_COSTS
        down, across = divmod(int(window.argmax()), 5)
        at = (at[0] + down - 2, at[1] + across - 2)
        path.append(at)
    return np.array(path[::-1]), float(best[-1].max())
