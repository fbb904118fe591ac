"""Views: a picture or a part of it, changed so that a reader that failed may succeed.

Each change keeps the way back to the given picture's pixels, so that corners can be drawn there.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from scanner.sight.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.sight.reading import Corners, Gray

# One core is enough for a frame; OpenCV's own threads would fight with the station's.
cv2.setNumThreads(1)

LONG_SIDE_PX = 1280
"""Larger pictures are reduced to this first: recall was the same at 1280 and 1920 pixels."""

_CROP_PX = 700
_MOST_CROPS = 3
_MOST_PX = 2600
_DIMENSIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class View:
    """A gray picture and where it lies in the given one: x = left + own x / scale_x, y alike."""

    gray: Gray
    scale_x: float = 1.0
    scale_y: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @property
    def long_side_px(self) -> int:
        """The longer side."""
        return int(max(self.gray.shape))

    def back(self, corners: Corners) -> Corners:
        """Corners in this view, as corners in the given picture."""
        first, second, third, fourth = (
            (self.left + x / self.scale_x, self.top + y / self.scale_y) for x, y in corners
        )
        return (first, second, third, fourth)

    def named(self, reading: Reading, stage: str) -> Reading:
        """A reading made in this view, placed in the given picture and signed by its stage."""
        return Reading(reading.text, self.back(reading.corners), stage)


def gray_of(picture: Gray) -> Gray | None:
    """A gray, contiguous picture of uint8 from gray or BGR(A); None for anything else."""
    if picture.dtype != np.uint8 or picture.ndim not in _DIMENSIONS or not picture.size:
        return None
    if picture.ndim == 2:  # noqa: PLR2004 (height and width: gray already)
        return np.ascontiguousarray(picture)
    channels = {1: None, 3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
    if picture.shape[2] not in channels:
        return None
    code = channels[picture.shape[2]]
    return np.ascontiguousarray(picture[:, :, 0]) if code is None else cv2.cvtColor(picture, code)


def reduced(gray: Gray, *, long_side_px: int = LONG_SIDE_PX) -> View:
    """The whole picture, made smaller if its long side is above the limit."""
    share = long_side_px / max(gray.shape)
    return resized(View(gray), share, share) if share < 1 else View(gray)


def resized(view: View, fx: float, fy: float) -> View:
    """Another size; area averaging when smaller, linear when larger.

    Cubic was slower and read less: 5 photos rescued against 6.
    """
    height, width = view.gray.shape
    size = (max(1, round(width * fx)), max(1, round(height * fy)))
    how = cv2.INTER_AREA if min(fx, fy) < 1 else cv2.INTER_LINEAR
    gray = cv2.resize(view.gray, size, interpolation=how)
    return replace(
        view,
        gray=gray,
        scale_x=view.scale_x * size[0] / width,
        scale_y=view.scale_y * size[1] / height,
    )


def same(view: View) -> View:
    """The view as it is."""
    return view


def larger(view: View) -> View:
    """Twice the size: far codes, small modules."""
    factor = min(2.0, _MOST_PX / view.long_side_px)
    return resized(view, factor, factor)


def halved(view: View) -> View:
    """Half the size: noise, screen grids and weaves average out."""
    return resized(view, 0.5, 0.5)


def wider(view: View) -> View:
    """Twice the width: a code seen from the side gets square modules again."""
    return resized(view, min(2.0, _MOST_PX / view.gray.shape[1]), 1.0)


def taller(view: View) -> View:
    """Twice the height: a code seen from above or below."""
    return resized(view, 1.0, min(2.0, _MOST_PX / view.gray.shape[0]))


@functools.cache
def _curve(gamma: float) -> Gray:
    return np.asarray((np.linspace(0, 1, 256) ** gamma * 255).astype(np.uint8))


def lit(view: View) -> View:
    """Dark tones spread: dim screens, moire."""
    return replace(view, gray=cv2.LUT(view.gray, _curve(0.5)))


def shaded(view: View) -> View:
    """Light tones spread: glare, stains, faded print."""
    return replace(view, gray=cv2.LUT(view.gray, _curve(3.0)))


def sharpened(view: View) -> View:
    """Unsharp mask, sigma 3, amount 2: the best of those measured."""
    soft = cv2.GaussianBlur(view.gray, (0, 0), 3)
    return replace(view, gray=cv2.addWeighted(view.gray, 3.0, soft, -2.0, 0))


def softened(view: View) -> View:
    """A Gaussian blur, sigma 2: cracks, dust, the weave of cloth."""
    return replace(view, gray=cv2.GaussianBlur(view.gray, (0, 0), 2))


def opened(view: View) -> View:
    """Thin light lines go: cracks over dark modules."""
    return replace(view, gray=cv2.morphologyEx(view.gray, cv2.MORPH_OPEN, _brush(3)))


def closed(view: View) -> View:
    """Thin dark lines go: scratches over light modules, the grid of a screen."""
    return replace(view, gray=cv2.morphologyEx(view.gray, cv2.MORPH_CLOSE, _brush(3)))


def _brush(size: int) -> Gray:
    return np.ones((size, size), np.uint8)


def crops(view: View, suspects: Iterable[Corners]) -> tuple[View, ...]:
    """The places of suspects with a margin, each about 700 pixels large; at most three.

    `suspects` are corners in the view. Places that overlap are one.
    """
    boxes: list[tuple[float, float, float, float]] = []
    for corners in suspects:
        box = _box(corners)
        for other in [b for b in boxes if _touch(b, box)]:
            boxes.remove(other)
            box = (*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:]))  # type: ignore[assignment] # four numbers again
        boxes.append(box)
    cut = (_cut(view, box) for box in boxes[:_MOST_CROPS])
    return tuple(one for one in cut if min(one.gray.shape) > 0)


def _box(corners: Corners) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    margin = 0.35 * max(max(xs) - min(xs), max(ys) - min(ys), 20)
    return (min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _cut(view: View, box: tuple[float, float, float, float]) -> View:
    height, width = view.gray.shape
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if right <= left or bottom <= top:
        return replace(view, gray=view.gray[:0, :0])
    part = replace(
        view,
        gray=view.gray[top:bottom, left:right],
        left=view.left + left / view.scale_x,
        top=view.top + top / view.scale_y,
    )
    factor = _CROP_PX / part.long_side_px
    return resized(part, factor, factor)
