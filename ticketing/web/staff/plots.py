"""Plots as paths of plain SVG: drawn by the server, in the colours of the page.

A plot lies in a box of 640 by 200 that is stretched; words stand beside it as text. What a
plot shows is also said in words, and stands in a table below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 200
_GRIDS: Final = 4
_NICE: Final = (1, 2, 2.5, 5, 10)
_SHARE: Final = 0.8
"""How much of its room a bar fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """`marks` are the words beside the axis, from above; `grid` the heights of their lines.

    `bars`, `now` (the bar that still grows) and `usual` (a line of steps) are paths, "" if
    there is none; `ticks` are words below, each over its part of the width.
    """

    marks: tuple[str, ...]
    grid: tuple[int, ...]
    bars: str
    now: str
    usual: str
    ticks: tuple[str, ...]


def plot(
    values: Sequence[int],
    *,
    places: int,
    ticks: Sequence[str],
    usual: Sequence[float] = (),
    is_growing: bool = False,
) -> Plot:
    """Bars in so many places, those not reached yet left empty; a line over all of them.

    With `is_growing` the last bar is of a time that is not over.
    """
    top = _nice_top(max([*values, *usual], default=0))
    boxes = [_bar(n, value / top, places) for n, value in enumerate(values)]
    now = boxes.pop() if is_growing and boxes else ""
    return Plot(
        marks=tuple(f"{round(top * n / _GRIDS)}" for n in range(_GRIDS, -1, -1)),
        grid=tuple(HEIGHT * n // _GRIDS for n in range(_GRIDS)),
        bars="".join(boxes),
        now=now,
        usual=_stairs([value / top for value in usual], places),
        ticks=tuple(ticks),
    )


def _nice_top(highest: float) -> float:
    """The least round number from there on that four lines divide into whole ones."""
    if highest <= _GRIDS:
        return _GRIDS
    step = highest / _GRIDS
    scale: float = 10.0 ** floor(log10(step))
    nice = (factor * scale for factor in _NICE)
    return _GRIDS * next(ceil(one) for one in nice if ceil(one) >= step)


def _bar(n: int, share: float, places: int) -> str:
    room = WIDTH / places
    height = round(HEIGHT * share, 1)
    if not height:
        return ""
    left = round(room * (n + (1 - _SHARE) / 2), 1)
    width = round(room * _SHARE, 1)
    return f"M{left:g} {HEIGHT}v{-height:g}h{width:g}v{height:g}z"


def _stairs(shares: Sequence[float], places: int) -> str:
    if not shares:
        return ""
    room = WIDTH / places
    points = (f"V{HEIGHT * (1 - share):.1f}H{room * (n + 1):.1f}" for n, share in enumerate(shares))
    return f"M0 {HEIGHT * (1 - shares[0]):.1f}" + "".join(points)
