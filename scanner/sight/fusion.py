"""One presentation: the frames of a symbol that no single frame gives, summed until they do.

The only state of the symbol-aware reader. It follows one symbol from frame to frame, keeps the
modules of the last few, and reads them together. It never tells of anything but what is in the
newest frame: a text read from several frames is held against that frame block by block, so two
visitors in quick succession cannot give a mixture of their codes.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.sight import bend, locate, prepare, reader
from scanner.sight.layout import LIVE, TICKET
from scanner.sight.prepare import View
from scanner.sight.readers import ZxingReader
from scanner.sight.reading import Reading
from scanner.sight.track import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight.geometry import Grid
    from scanner.sight.layout import Layout, Modules
    from scanner.sight.reader import Sample
    from scanner.sight.reading import Corners, Gray

MOST_FRAMES: Final = 8
STAGE: Final = "fusion"
BENT: Final = "bent"

_MOST_PASSED = 6
_FORGET_AFTER = 10
_ALIKE = 0.2
_STRANGE_FRAMES = 2
_AGREES = 0.2
_AGREES_AS_BEST = 0.4
_DOUBTFUL = 0.75
_MUCH_BETTER, _BETTER = 0.25, 0.1
_DOUBT_AFTER = 3
_BEND_AFTER = 1
_BEND_SCORE = 0.5
_BEND_EXTRA_S = 0.06
_SHARP_EVERY, _LIVE_EVERY, _LIVE_TURN = 3, 6, 3
"""Turns in which the sharpened frame is searched first, which costs three times as much, and those
in which the larger symbol is sought."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame, and what the first reader saw in it.

    Attributes:
        view: the picture, at most 1280 pixels long, and where it lies in the camera's.
        suspects: corners in the view of symbols that were located but not decoded.
        stirs: whether something has moved lately; if not, an unknown place is not searched.
    """

    view: View
    suspects: tuple[Corners, ...] = ()
    stirs: bool = True

    @property
    def gray(self) -> Gray:
        """The picture."""
        return self.view.gray


@dataclass(frozen=True, slots=True)
class Pace:
    """How much work a frame may be.

    Attributes:
        budget_ms: no step is begun on a frame after this time, but the first equaliser, and bent
            paper for 60 ms more.
        thorough: whether every way to find a symbol is tried on a frame in which nothing says
            that there is one; live, one way a frame in turn has to do.
        bend_every: frames between two tries at bent paper.
    """

    budget_ms: float = 30.0
    thorough: bool = False
    bend_every: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A frame in which the symbol was found."""

    gray: Gray
    grid: Grid
    sample: Sample


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What was read, as long as it stays in view."""

    text: str
    labels: Modules
    stage: str


class Fusion:
    """Reads one symbol out of successive frames. Not for two threads at once."""

    def __init__(
        self, pace: Pace | None = None, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._pace = pace or Pace()
        self._clock = clock
        self._sharp = ZxingReader("sharpened")
        self._turn = itertools.count()
        self._end = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin anew: the code has left, or another reader has read it."""
        self._ring: deque[_Held] = deque(maxlen=MOST_FRAMES)
        self._strange: list[_Held] = []
        self._passed: deque[Gray] = deque(maxlen=_MOST_PASSED)
        self._last: _Held | None = None
        self._read: _Read | None = None
        self._missed = 0
        self._until_bend = _BEND_AFTER

    @property
    def frames(self) -> int:
        """How many frames are summed at present."""
        return len(self._ring)

    def push(self, look: Look) -> tuple[Reading, ...]:
        """What can be read now, with this frame; corners are in pixels of the camera's."""
        return tuple(look.view.named(reading, reading.stage) for reading in self._pushed(look))

    def _pushed(self, look: Look) -> tuple[Reading, ...]:
        self._end = self._clock() + self._pace.budget_ms / 1000
        if self._last is not None and self._last.gray.shape != look.gray.shape:
            self.forget()
        held = self._followed(look)
        if held is None:
            held, others = self._found(look)
            if others:
                self.forget()
                return others
        if held is None:
            self._miss(look)
            return ()
        self._missed = 0
        self._last = held
        return self._again(held) if self._read else self._taken(held)

    def _is_late(self) -> bool:
        return self._clock() > self._end

    # ------------------------------------------------------------ where it is

    def _followed(self, look: Look) -> _Held | None:
        if self._last is None or self._missed:
            return None
        grid = follow(self._last.gray, self._last.grid, look.gray)
        return None if grid is None else _held(look.gray, grid)

    def _found(self, look: Look) -> tuple[_Held | None, tuple[Reading, ...]]:
        """Search the frame: where a suspect was seen, in texture, and sharpened."""
        worth = bool(look.suspects) or self._pace.thorough or self._last is not None
        if not (worth or look.stirs):
            return None, ()
        grid = locate.from_suspects(look.gray, look.suspects, self._layouts())
        turn = next(self._turn)
        is_sharp_first = turn % _SHARP_EVERY == 1
        for is_sharpened in (is_sharp_first, not is_sharp_first):
            if grid is not None:
                break
            if is_sharpened:
                seen = self._sharp.find(prepare.sharpened(View(look.gray)).gray)
                if seen.readings:
                    return None, seen.readings
                grid = locate.from_suspects(look.gray, seen.suspects, self._layouts())
            else:
                layout = self._layouts()[-1 if turn % _LIVE_EVERY == _LIVE_TURN else 0]
                grid, likeness = locate.from_texture(look.gray, layout)
                worth = worth or likeness >= locate.ENOUGH_FINDERS
            if not worth or self._is_late():
                break
        return (None if grid is None else _held(look.gray, grid)), ()

    def _layouts(self) -> tuple[Layout, ...]:
        """A presentation keeps its kind of symbol; a new one is more often a plain ticket."""
        return (TICKET, LIVE) if self._last is None else (self._last.grid.layout,)

    def _miss(self, look: Look) -> None:
        self._missed += 1
        self._passed.append(look.gray)
        if self._last is not None and self._missed >= _FORGET_AFTER:
            self.forget()

    # ------------------------------------------------------------ what it says

    def _again(self, held: _Held) -> tuple[Reading, ...]:
        """The text again for as long as the frames agree with it."""
        known = self._read
        if known is None:
            return ()
        if self._agrees(held, known.labels):
            self._strange.clear()
            return (Reading(known.text, held.grid.corners, known.stage),)
        self._strange.append(held)
        if len(self._strange) >= _STRANGE_FRAMES:
            self._begin(held)
            return self._tried(held)
        return ()

    def _agrees(self, held: _Held, labels: Modules) -> bool:
        """Whether every block is in this frame, about as clearly as the clearest is."""
        found = reader.agreement(held.sample, labels, held.grid.layout)
        return bool(found.min() > max(_AGREES, _AGREES_AS_BEST * found.max()))

    def _begin(self, held: _Held) -> None:
        """A new presentation whose first frame is this one."""
        self.forget()
        self._last = held
        self._ring.append(held)

    def _taken(self, held: _Held) -> tuple[Reading, ...]:
        """Sum the frame, unless it shows another code than the sum."""
        if self._ring and _likeness(held, self._ring) < _ALIKE:
            self._strange.append(held)
            if len(self._strange) < _STRANGE_FRAMES:
                return ()
            self._begin(held)
            return self._tried(held)
        is_first = not self._ring
        self._strange.clear()
        self._ring.append(held)
        readings = self._tried(held)
        if not readings and is_first and self._looked_back():
            readings = self._tried(held)
        return readings or self._doubted(held) or self._bent(held)

    def _tried(self, held: _Held) -> tuple[Reading, ...]:
        layout = held.grid.layout
        samples = [one.sample for one in self._ring]
        tried = reader.read(samples, layout, rounds=reader.ROUNDS, is_late=self._is_late)
        if tried.text is None:
            return ()
        return self._checked(held, _Read(tried.text, tried.confirmed, STAGE))

    def _checked(self, held: _Held, read: _Read) -> tuple[Reading, ...]:
        """A text counts if the newest frame shows all of it; else the sum held another code."""
        if not self._agrees(held, read.labels):
            self._begin(held)
            return ()
        self._read = read
        self._passed.clear()
        return (Reading(read.text, held.grid.corners, read.stage),)

    def _looked_back(self) -> bool:
        """Follow the symbol back through frames in which it was not found; whether it was."""
        at = self._last
        added: list[_Held] = []
        for gray in reversed(self._passed):
            if at is None or self._is_late() or gray.shape != at.gray.shape:
                break
            grid = follow(at.gray, at.grid, gray)
            at = None if grid is None else _held(gray, grid)
            if at is None or _likeness(at, self._ring) < _ALIKE:
                break
            added.append(at)
        self._passed.clear()
        self._ring.extendleft(added)
        return bool(added)

    def _doubted(self, held: _Held) -> tuple[Reading, ...]:
        """A poor grid after several frames: perhaps it lies wrong. Look for a better one."""
        best = max(one.grid.score for one in self._ring)
        if best >= _DOUBTFUL or len(self._ring) < _DOUBT_AFTER or self._is_late():
            return ()
        found, _ = self._found(Look(View(held.gray)))
        if found is None or found.grid.score <= best + _BETTER:
            return ()
        self._begin(found)
        return self._tried(found)

    def _is_bend_late(self) -> bool:
        return self._clock() > self._end + _BEND_EXTRA_S

    def _bent(self, held: _Held) -> tuple[Reading, ...]:
        """Bent paper: by one frame alone, and not by each."""
        self._until_bend -= 1
        if self._until_bend > 0 or held.grid.score <= _BEND_SCORE:
            return ()
        self._until_bend = self._pace.bend_every
        tried = bend.read(held.gray, held.grid, is_late=self._is_bend_late)
        if tried is None or tried.text is None:
            return ()
        self._read = _Read(tried.text, tried.confirmed, BENT)
        return (Reading(tried.text, held.grid.corners, BENT),)


def _held(gray: Gray, grid: Grid) -> _Held:
    return _Held(gray, grid, reader.sample(gray, grid))


def _likeness(held: _Held, ring: deque[_Held]) -> float:
    """How much a frame's data looks like the sum of the others."""
    layout = ring[0].grid.layout
    if held.grid.layout is not layout:
        return 0.0
    data = layout.block_of >= 0
    total = np.sum([reader.inner(one.sample.soft)[data] for one in ring], axis=0)
    return reader.likeness(reader.inner(held.sample.soft)[data], total)
