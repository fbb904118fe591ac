"""Bent sheets: the best way of the rows against all ways, and sheets that are read by it."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.sight import bend, symbol
from scanner.sight.geometry import Grid, from_corners
from scanner.sight.layout import TICKET, Modules
from scanner.sight.lines import MARGIN, PX, REACH, STEP_COSTS, best_path, gains_of_rows
from scanner.sight.reading import Gray
from tests.scanner.symbols import corners, drawn, frame, text_of

SEEDS = st.integers(0, 2**32 - 1)
AT = (500, 200)
SIDE = TICKET.modules


def value(gains: Modules, path: Modules) -> float:
    """What a way gains, spelt out."""
    met = sum(float(gain[tuple(place)]) for gain, place in zip(gains, path, strict=True))
    steps = np.abs(np.diff(path, axis=0)).max(axis=1)
    return met - sum(STEP_COSTS[step] for step in steps)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(0.01, 0.3))
def test_no_way_is_better(seed: int, size: float) -> None:
    """All ways of four rows through three by three shifts are tried."""
    gains = np.random.default_rng(seed).normal(0, size, (4, 3, 3)).astype(np.float32)
    path, total = best_path(gains)
    assert value(gains, path) == pytest.approx(total, abs=1e-5)
    places = list(itertools.product(range(3), repeat=2))
    ways = (np.array(way) for way in itertools.product(places, repeat=4))
    assert max(value(gains, way) for way in ways) == pytest.approx(total, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_no_row_jumps(seed: int) -> None:
    """However much another place would gain."""
    gains = np.random.default_rng(seed).normal(0, 100, (SIDE, 29, 29)).astype(np.float32)
    path, total = best_path(gains)
    assert np.abs(np.diff(path, axis=0)).max() <= 2
    assert path.min() >= 0
    assert path.max() < 29
    assert value(gains, path) == pytest.approx(total, rel=1e-5)


def level_of(modules: Modules, shifts: Modules) -> Modules:
    """An unbent picture each row of which was shifted by (x, y) pixels."""
    framed = np.pad(modules, MARGIN, constant_values=-1.0)
    picture = np.kron(framed, np.ones((PX, PX))).astype(np.float32)
    line = (np.arange(len(picture)) + 0.5) / PX - MARGIN - 0.5
    own = [np.interp(line, np.arange(SIDE), shifts[:, axis]) for axis in (0, 1)]
    down, across = np.indices(picture.shape).astype(np.float32)
    return np.asarray(
        cv2.remap(
            cv2.GaussianBlur(picture, (0, 0), 1.3),
            across - own[0][:, None].astype(np.float32),
            down - own[1][:, None].astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 99),
    st.floats(-9, 9),
    st.floats(-5, 5),
    st.floats(0, 6.28),
    st.floats(0.05, 0.14),
)
def test_rows_that_were_shifted_are_found(
    seed: int, across: float, down: float, phase: float, pace: float
) -> None:
    """To a third of a module, where each row by itself may be a whole one off."""
    turns = np.sin(np.arange(SIDE) * pace + phase)
    shifts = np.stack([across * turns, down * turns], axis=1)
    level = level_of(drawn(text_of(seed)), shifts)
    path, _ = best_path(gains_of_rows(level, TICKET.known.astype(np.float32)))
    found = path[:, ::-1] - REACH
    assert np.abs(found - shifts).max() <= PX / 2
    assert np.abs(found - shifts).mean() <= PX / 6


def test_rows_that_show_nothing_are_bridged() -> None:
    """A thumb over six rows: their neighbours say where they are."""
    shifts = np.stack([np.linspace(-8, 8, SIDE), np.zeros(SIDE)], axis=1)
    level = level_of(drawn(text_of(3)), shifts)
    level[(MARGIN + 17) * PX : (MARGIN + 23) * PX] = 0
    path, _ = best_path(gains_of_rows(level, TICKET.known.astype(np.float32)))
    off = np.abs(path[:, ::-1] - REACH - shifts).max(axis=1)
    assert off[17:23].max() < PX
    assert np.delete(off, np.s_[16:24]).max() <= PX / 3


def test_a_flat_sheet_gains_nothing() -> None:
    """So nothing more is tried on telephones."""
    level = level_of(drawn(text_of(4)), np.zeros((SIDE, 2)))
    gains = gains_of_rows(level, TICKET.known.astype(np.float32))
    path, total = best_path(gains)
    assert np.abs(path - REACH).max() <= 1
    assert total / SIDE - float(gains[:, REACH, REACH].mean()) < 0.03


# ---------------------------------------------------------------- whole sheets


def sheet(seed: int, amount_px: float, *, along_x: bool) -> tuple[Gray, Grid]:
    """A frame of a sheet bent along an axis, and the grid of the flat one."""
    view = frame(drawn(text_of(seed)), at=AT, blur=1.0)
    down, across = np.mgrid[0:720, 0:1280].astype(np.float32)
    first, second = (across, AT[0]) if along_x else (down, AT[1])
    shift = (amount_px * np.sin((first - second) / 400 * np.pi * 1.3)).astype(np.float32)
    moved = (across, down + shift) if along_x else (across + shift, down)
    gray = np.asarray(cv2.remap(view.gray, *moved, cv2.INTER_LINEAR))
    there = from_corners(SIDE, np.array(corners(view, AT, SIDE)))
    return gray, Grid(TICKET, there, 0.7, 1)


@pytest.mark.parametrize("along_x", [True, False])
@pytest.mark.parametrize("amount_px", [7, 13])
def test_a_sheet_bent_along_either_axis_is_read(amount_px: float, *, along_x: bool) -> None:
    """Nearly two modules off in the middle of it."""
    gray, grid = sheet(5, amount_px, along_x=along_x)
    tried = bend.read(gray, grid)
    assert tried is not None
    assert tried.text == text_of(5)


def test_no_step_is_begun_when_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways are known by then; a fit costs as much as all that was before."""
    monkeypatch.setattr(bend, "_attempt", lambda *_: pytest.fail("went on"))
    gray, grid = sheet(5, 13, along_x=True)
    assert bend.read(gray, grid, is_late=lambda: True) is None


def test_flat_and_empty_places_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither gains from any way."""
    monkeypatch.setattr(bend, "_attempt", lambda *_: pytest.fail("went on"))
    gray, grid = sheet(6, 0, along_x=True)
    assert bend.read(gray, grid) is None
    assert bend.read(np.full((720, 1280), 90, np.uint8), grid) is None


def test_what_remains_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the polynomial through the rows does not read, the fits after it are tried."""
    tried: list[Modules] = []

    def noted(soft: Modules, *_: object) -> symbol.Attempt:
        tried.append(soft)
        return symbol.Attempt(None, np.zeros((SIDE, SIDE), np.int8))

    monkeypatch.setattr(symbol, "attempt", noted)
    gray, grid = sheet(7, 13, along_x=True)
    assert bend.read(gray, grid) is None
    truth, data = drawn(text_of(7)), TICKET.block_of >= 0
    right = [float(((soft > 0) == (truth > 0))[data].mean()) for soft in tried]
    assert len(right) >= 3
    assert min(right[1], right[2]) > 0.95
