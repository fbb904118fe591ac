"""Reading a symbol from one or several views of it, knowing what it must look like.

Modules are averaged, freed of uneven light, and summed over the frames. What blurs them (lens,
motion, a screen's grid) is undone by a linear equaliser: weights of a module's neighbours that
give the known modules their labels back. Blocks that Reed-Solomon confirms are further labels for
the next round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from scanner.sight import symbol
from scanner.sight.geometry import module_means, rectified
from scanner.sight.layout import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.sight.geometry import Grid
    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reading import Gray
    from scanner.sight.symbol import Attempt

_LIGHT_WINDOW = (9, 9)
_SATURATED, _FLAT = 248.0, 10.0
_KNOWN_WEIGHT = 1.5
_RIDGE = 30.0
_LEAST_ERROR = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The modules of one frame: + dark, - light, 0 where the sensor was blinded; framed.

    `score` is the grid's.
    """

    soft: Modules
    score: float


@dataclass(frozen=True, slots=True)
class Round:
    """One try of the equaliser.

    Attributes:
        reach: how many neighbours on each side it weighs.
        joint: 0 for an equaliser of each frame by itself, else one over so many best frames.
    """

    reach: int
    joint: int


_AGREEMENT_REACH: Final = 2
ROUNDS: Final = (Round(2, 0), Round(2, 4), Round(2, 8), Round(3, 6), Round(3, 6))


def sample(gray: Gray, grid: Grid) -> Sample:
    """The modules of a frame under a grid."""
    seen = rectified(gray, grid.matrix, grid.layout.modules)
    return levelled(module_means(seen), grid)


def levelled(means: Modules, grid: Grid) -> Sample:
    """Framed module means without the light that falls on them."""
    light = cv2.blur(means, _LIGHT_WINDOW)
    spread = np.sqrt(np.maximum(cv2.blur(means * means, _LIGHT_WINDOW) - light * light, 0))
    usual = max(float(np.median(spread)), 1.0)
    blinded = (means > _SATURATED) & (spread < _FLAT)
    trust = np.where(blinded, 0, np.minimum(spread / usual, 2.0)) * max(grid.score, 0.05) ** 2
    return Sample(np.asarray((light - means) * grid.polarity * trust / usual), grid.score)


def inner(framed: Modules) -> Modules:
    """Framed modules without their quiet zone."""
    return framed[QUIET:-QUIET, QUIET:-QUIET]


def scaled(soft: Modules) -> Modules:
    """Soft modules whose median size is 1."""
    return np.asarray(soft / max(float(np.median(np.abs(soft))), 1e-6))


def read(
    samples: Sequence[Sample],
    layout: Layout,
    *,
    rounds: Sequence[Round] = ROUNDS,
    is_late: Callable[[], bool] = lambda: False,
) -> Attempt:
    """Try the plain sum, then one equaliser after the other until the text holds.

    The plain sum is not tried hard unless it is all there is: whatever it gave so on tuning seeds,
    the first equaliser gave as well, and it costs half as much as trying hard.

    Args:
        samples: at least one.
        layout: what symbol it is.
        rounds: the equalisers, cheap ones first.
        is_late: asked before each round but the first, without which finding the symbol was in
            vain; when it says so, the last attempt is the answer.
    """
    soft = scaled(np.sum([inner(one.soft) for one in samples], axis=0))
    tried = symbol.attempt(soft, layout, trying_hard=not rounds)
    labels = layout.known
    for number, turn in enumerate(rounds):
        if tried.text is not None or (number and is_late()):
            break
        labels = np.where(tried.confirmed != 0, tried.confirmed, labels)
        soft = equalised(samples, soft, labels, turn)
        tried = symbol.attempt(soft, layout)
    return tried


def equalised(samples: Sequence[Sample], soft: Modules, labels: Modules, turn: Round) -> Modules:
    """Soft modules anew: the weighted neighbours that come closest to the labels.

    Where nothing is known the present sign is the label, with a weight that falls with doubt:
    learning from its own guesses at full weight, it would only confirm them.
    """
    targets = np.where(labels != 0, labels, np.sign(soft)).astype(np.float32).ravel()
    weights = np.where(labels != 0, _KNOWN_WEIGHT, np.clip(np.abs(soft), 0, _KNOWN_WEIGHT))
    weights = weights.astype(np.float32).ravel()
    side = len(labels)
    if turn.joint and len(samples) > 1:
        best = sorted(samples, key=lambda one: -one.score)[: turn.joint]
        groups = [np.hstack([neighbours(one.soft, turn.reach) for one in best])]
    else:
        groups = [neighbours(one.soft, turn.reach) for one in samples]
    total = np.zeros(side * side, np.float32)
    for features in groups:
        found, error = fitted(features, targets, weights)
        total += found / max(error, _LEAST_ERROR)
    return scaled(total.reshape(side, side))


def neighbours(framed: Modules, reach: int) -> Modules:
    """(modules, neighbours) what lies around each module of the symbol, scaled alike."""
    wanted = reach - QUIET
    if wanted > 0:
        framed = np.pad(framed, wanted, mode="edge")
    size = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(framed, (size, size))
    table = windows.reshape(-1, size * size).astype(np.float32)
    return np.asarray(table / max(float(table.std()), 1e-6))


def fitted(features: Modules, targets: Modules, weights: Modules) -> tuple[Modules, float]:
    """Ridge regression: fitted values, and the weighted mean square error."""
    weighted = features * weights[:, None]
    normal = weighted.T @ features + np.eye(features.shape[1], dtype=np.float32) * _RIDGE
    factors = np.linalg.solve(normal, weighted.T @ targets)
    found = features @ factors
    error = float(np.average((found - targets) ** 2, weights=weights))
    return found, error


def agreement(one: Sample, labels: Modules, layout: Layout) -> Modules:
    """(blocks,) correlation of a frame with the labels of each block; about 0 for another code.

    Each half of the modules is judged by an equaliser that was trained on the other half, so that
    what is asked about cannot teach its own answer.
    """
    targets = np.where(labels != 0, labels, layout.known).astype(np.float32).ravel()
    features = neighbours(one.soft, _AGREEMENT_REACH)
    half = np.indices(labels.shape).sum(axis=0).ravel() // 2 % 2 == 0
    found = np.zeros_like(targets)
    for trained in (half, ~half):
        taught = features[trained & (targets != 0)]
        normal = taught.T @ taught + np.eye(features.shape[1], dtype=np.float32) * _RIDGE
        factors = np.linalg.solve(normal, taught.T @ targets[trained & (targets != 0)])
        found[~trained] = features[~trained] @ factors
    owner = layout.block_of.ravel()
    inside = [(owner == block) & (labels.ravel() != 0) for block in range(len(layout.places))]
    return np.array([likeness(found[own], targets[own]) for own in inside])


def likeness(one: Modules, other: Modules) -> float:
    """The normalised correlation of two sets of modules; 0 where there is nothing to compare."""
    size = float(np.sqrt(np.sum(one * one) * np.sum(other * other)))
    return float(np.sum(one * other)) / size if size > 0 else 0.0
