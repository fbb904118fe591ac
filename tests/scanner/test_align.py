"""A rough grid is drawn onto the known modules, wherever it begins and whatever lies over it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.sight.align import refined
from scanner.sight.geometry import Grid, from_corners
from scanner.sight.layout import LAYOUTS, LIVE, TICKET, Layout
from tests.scanner.symbols import MODULE_PX, corners, drawn, frame, text_of

AT = (450, 120)
VIEWS = {layout: frame(drawn(text_of(1, layout), layout), at=AT) for layout in LAYOUTS}


def guess(layout: Layout, off_modules: list[float], polarity: int = 1) -> Grid:
    """The true grid with each of eight coordinates off by so much."""
    there = np.array(corners(VIEWS[layout], AT, layout.modules))
    moved = there + np.array(off_modules).reshape(4, 2) * MODULE_PX
    return Grid(layout, from_corners(layout.modules, moved), 0.0, polarity)


def off_by(grid: Grid) -> float:
    """The worst corner's distance from the truth, in modules."""
    there = np.array(corners(VIEWS[grid.layout], AT, grid.layout.modules))
    return float(np.abs(np.array(grid.corners) - there).max()) / MODULE_PX


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1.25, 1.25), min_size=8, max_size=8),
    st.sampled_from([1, -1]),
)
def test_corners_that_are_a_module_off_come_to_rest_on_the_symbol(
    off_modules: list[float], polarity: int
) -> None:
    """Each wherever it began, and in dark mode."""
    gray = VIEWS[TICKET].gray if polarity > 0 else 255 - VIEWS[TICKET].gray
    begun = guess(TICKET, off_modules, polarity)
    found = refined(np.asarray(gray), begun)
    assert off_by(found) < 0.2
    assert found.score > 0.95
    assert found.polarity == polarity


def test_the_larger_symbol_has_its_own_known_modules() -> None:
    """Nothing in here is measured for a ticket alone."""
    found = refined(VIEWS[LIVE].gray, guess(LIVE, [2, 1, -1, 1, 1, -2, 0, 1]))
    assert off_by(found) < 0.2


def test_glare_on_one_finder_does_not_draw_the_grid_to_it() -> None:
    """Light is levelled before anything is compared."""
    gray = VIEWS[TICKET].gray.astype(np.float32)
    down, across = np.mgrid[0:720, 0:1280]
    left, top = corners(VIEWS[TICKET], AT, 41)[0]
    lamp = np.exp(-((across - left) ** 2 + (down - top) ** 2) / (2 * 40.0**2)) * 300
    lit = np.clip(gray + lamp, 0, 255).astype(np.uint8)
    assert off_by(refined(lit, guess(TICKET, [0.5, -0.5, 0.4, 0.5, -0.5, 0.5, 0.5, 0.3]))) < 0.3


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("seed", range(5))
def test_where_no_symbol_is_the_guess_stays(seed: int, polarity: int) -> None:
    """Noise, a flat wall, and a symbol seen with the wrong polarity."""
    noise = np.random.default_rng(seed).integers(0, 255, (720, 1280)).astype(np.uint8)
    flat = np.full((720, 1280), 90 + seed, np.uint8)
    begun = guess(TICKET, [0.0] * 8, polarity)
    assert refined(noise, begun) is begun
    assert refined(flat, begun) is begun
    inverted = 255 - VIEWS[TICKET].gray if polarity > 0 else VIEWS[TICKET].gray
    assert refined(np.asarray(inverted), begun) is begun


def test_an_impossible_step_is_not_taken() -> None:
    """At the edge of the frame there is little to hold on to."""
    cut = VIEWS[TICKET].gray.copy()
    cut[:, : AT[0] + 200] = 0
    begun = guess(TICKET, [3, -3, -3, 3, 3, 3, -3, -3])
    assert refined(cut, begun) is begun
