"""The cascade: one fast reader on everything, slower tries only where they may pay.

Measured on photos and made frames: zxing alone reads most codes in 1 to 2 ms; what it locates
but cannot decode (a suspect) is worth many tries on a crop; a picture without suspects is worth
a few cheap ones. So codes are read fast and empty frames stay cheap.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.sight import prepare
from scanner.sight.fusion import Look
from scanner.sight.prepare import View
from scanner.sight.readers import GLOBAL, OTHERS, PyzbarReader, ZxingReader
from scanner.sight.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner.sight.reading import Found, Gray, Reader, Reading

STILL_BUDGET_MS: Final = 400.0
"""No new stage is begun on a still picture after this time."""

_SMALL_PX = 960


class Where(enum.Enum):
    """What a fallback is given, and when it is worth trying."""

    ALWAYS = "the whole picture"
    SMALL = "the whole picture if it is small, or if there are suspects"
    DOUBT = "the whole picture if there are suspects"
    SUSPECTS = "a crop around each suspect"


@dataclass(frozen=True, slots=True)
class Stage:
    """One fallback: a change to the picture, and the reader that then tries."""

    name: str
    change: Callable[[View], View]
    reader: Reader
    where: Where

    def views(self, whole: View, found: Found) -> tuple[View, ...]:
        """The views this stage would read; empty if it is not worth trying."""
        doubt = bool(found.suspects)
        if self.where is Where.SUSPECTS:
            return prepare.crops(whole, found.suspects)
        if self.where is Where.SMALL:
            return (whole,) if doubt or whole.long_side_px <= _SMALL_PX else ()
        return (whole,) if doubt or self.where is Where.ALWAYS else ()

    def read(self, whole: View, found: Found) -> tuple[Reading, ...]:
        """What this stage reads, in pixels of the given picture."""
        return tuple(
            changed.named(reading, self.name)
            for view in self.views(whole, found)
            for changed in (self.change(view),)
            for reading in self.reader.read(changed.gray)
        )


_LOCAL_ZXING = ZxingReader()
_GLOBAL_ZXING = ZxingReader("zxing-global", binarizer=GLOBAL)


def _shaded_larger(view: View) -> View:
    return prepare.shaded(prepare.larger(view))


FALLBACKS: Final = (
    Stage("lit", prepare.lit, _LOCAL_ZXING, Where.ALWAYS),
    Stage("wider", prepare.wider, _LOCAL_ZXING, Where.SMALL),
    Stage("opened", prepare.opened, _LOCAL_ZXING, Where.ALWAYS),
    Stage("larger-shaded", _shaded_larger, _LOCAL_ZXING, Where.SMALL),
    Stage("larger", prepare.larger, _LOCAL_ZXING, Where.SMALL),
    Stage("crop-shaded", prepare.shaded, _LOCAL_ZXING, Where.SUSPECTS),
    Stage("crop-shaded-global", prepare.shaded, _GLOBAL_ZXING, Where.SUSPECTS),
    Stage("crop-halved", prepare.halved, _LOCAL_ZXING, Where.SUSPECTS),
    Stage("crop-softened", prepare.softened, _LOCAL_ZXING, Where.SUSPECTS),
    Stage("crop-wider", prepare.wider, _LOCAL_ZXING, Where.SUSPECTS),
    Stage("taller", prepare.taller, _LOCAL_ZXING, Where.DOUBT),
    Stage("closed", prepare.closed, _LOCAL_ZXING, Where.DOUBT),
    Stage("sharpened", prepare.sharpened, _LOCAL_ZXING, Where.DOUBT),
    Stage("pyzbar", prepare.same, PyzbarReader(), Where.SUSPECTS),
)
"""Cheap ones first. Picked again on one half of the photos and of the made frames alone, the
greedy choice was larger-shaded, lit, wider and crop-halved; the others add single frames."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was read in a live frame, and the frame for those who read on; None if it is none."""

    readings: tuple[Reading, ...]
    look: Look | None


class Sight:
    """Reads frames and still pictures. Not for two threads at once: it watches for motion."""

    def __init__(
        self,
        first: ZxingReader,
        fallbacks: tuple[Stage, ...] = (),
        *,
        budget_ms: float = STILL_BUDGET_MS,
    ) -> None:
        self._first = first
        self._fallbacks = fallbacks
        self._budget_ms = budget_ms
        self._watch = Watch()

    def look(self, picture: Gray) -> tuple[Reading, ...]:
        """Reads a still picture (gray or BGR): stage after stage until something is read.

        Never raises; a picture of another shape or type gives nothing. Above 1280 pixels it is
        reduced first and tried at its own size last.
        """
        gray = prepare.gray_of(picture)
        if gray is None:
            return ()
        end = time.perf_counter() + self._budget_ms / 1000
        for readings in self._tries(gray):
            if readings:
                return readings
            if time.perf_counter() > end:
                break
        return ()

    def _tries(self, gray: Gray) -> Iterator[tuple[Reading, ...]]:
        whole = prepare.reduced(gray)
        found = self._first.find(whole.gray)
        yield tuple(whole.named(reading, self._first.name) for reading in found.readings)
        for stage in self._fallbacks:
            yield stage.read(whole, found)
        if whole.gray.shape != gray.shape:
            original = View(gray)
            yield tuple(original.named(reading, "original") for reading in self._first.read(gray))

    def glance(self, picture: Gray, number: int) -> tuple[Reading, ...]:
        """Reads one frame of a live camera (gray or BGR); the next one comes 33 ms later.

        The first reader always looks; if it reads nothing but sees a suspect, or something has
        moved, one fallback looks too, chosen in rotation by the frame's number. Never raises.
        """
        return self.watch(picture, number).readings

    def watch(self, picture: Gray, number: int) -> Watched:
        """The same, with what a reader that knows more of the symbol can go on from."""
        gray = prepare.gray_of(picture)
        if gray is None:
            return Watched((), None)
        stirs = self._watch.stirs(gray)
        whole = prepare.reduced(gray)
        found = self._first.find(whole.gray)
        look = Look(whole, found.suspects, stirs=stirs)
        if found.readings:
            named = tuple(whole.named(reading, self._first.name) for reading in found.readings)
            return Watched(named, look)
        if not (found.suspects or stirs):
            return Watched((), look)
        worth = [stage for stage in self._fallbacks if stage.views(whole, found)]
        return Watched(worth[number % len(worth)].read(whole, found) if worth else (), look)

    def everything(self, picture: Gray) -> tuple[Reading, ...]:
        """All barcodes in a still picture: QR by the whole cascade, then the other formats.

        The other formats cost ten times a QR search, so the live camera does not look for them.
        """
        readings = self.look(picture)
        gray = prepare.gray_of(picture)
        if gray is None:
            return ()
        whole = prepare.reduced(gray)
        others = _OTHERS.read(whole.gray)
        if not readings and not others and whole.gray.shape != gray.shape:
            whole = View(gray)
            others = _OTHERS.read(gray)
        return readings + tuple(whole.named(reading, _OTHERS.name) for reading in others)


_OTHERS = ZxingReader("others", formats=OTHERS)


def default_sight(*, budget_ms: float = STILL_BUDGET_MS) -> Sight:
    """The eyes as measured: zxing first, then everything that paid."""
    return Sight(ZxingReader(), FALLBACKS, budget_ms=budget_ms)
