"""How many presentations are read, and after how many frames: zxing alone, and the station.

    python -m benchmarks.presentations [--each N] [--seed N] [--empty N] [--ablate] [--frames N]

Set `moving` is sixteen conditions by five severities, set `still` a nearly still hand at severities
3 to 5. Ways: `zxing` on every frame; `sharpened`, the same and an unsharp mask; `unhurried`, the
station's two readers without a limit of time; `live`, the second reader in a thread of its own as
in the station (its time is measured by the processor, frames that arrive meanwhile are passed by,
a text counts in the frame in which it is ready); `half`, the same at half the speed. `--ablate`
measures `unhurried` without one part each. `--frames` shows how memory fares over so many frames.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import resource
import statistics
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

import scanner  # noqa: F401  (one thread for numpy, before it is used)
from benchmarks import gate_frames
from benchmarks.gate_wear import CONDITIONS
from benchmarks.sequences import (
    FIRST_JUDGING_SEED,
    FRAME_S,
    FRAMES,
    STILL_CONDITIONS,
    Presentation,
    frames,
)
from scanner.sight import default_sight, fusion, locate, prepare, reader, symbol
from scanner.sight.fusion import Fusion, Pace
from scanner.sight.prepare import View
from scanner.sight.readers import ZxingReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.sight import Gray, Reading

UNHURRIED = Pace(budget_ms=math.inf, thorough=True)
ABLATIONS: dict[str, tuple[Any, str, object]] = {
    "without fusion": (fusion, "MOST_FRAMES", 1),
    "without equaliser": (reader, "ROUNDS", ()),
    "without joint equaliser": (reader, "ROUNDS", (reader.Round(2, 0),)),
    "without erasures": (symbol, "SPARE_CHECKS", 99),
    "without texture": (locate, "ENOUGH_FINDERS", 9.0),
    "without bent paper": (fusion, "_BEND_SCORE", 9.0),
}

Result: TypeAlias = tuple[int | None, int]
"""Number of the frame (from 0) that was read, and wrong texts before it."""


@dataclass(slots=True)
class Film:
    """The frames of a presentation, made when they are asked for."""

    shown: Presentation
    _made: list[Gray] = field(default_factory=list)
    _more: Iterator[bytes] | None = None

    def frame(self, number: int) -> Gray:
        """A gray frame, through the webcam's JPEG."""
        if self._more is None:
            self._more = frames(self.shown)
        while len(self._made) <= number:
            packed = np.frombuffer(next(self._more), np.uint8)
            self._made.append(np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)))
        return self._made[number]


@dataclass(slots=True)
class Tally:
    """What came of a way: each presentation's frame, wrong texts, the second reader's times."""

    results: list[tuple[Presentation, int | None]] = field(default_factory=list)
    wrong: int = 0
    ms: list[float] = field(default_factory=list)


def _judge(readings: Sequence[Reading], text: str) -> tuple[bool, int]:
    return any(one.text == text for one in readings), sum(one.text != text for one in readings)


def by_zxing(film: Film, *, sharpened: bool) -> Result:
    """Every frame by itself."""
    zxing, wrong = ZxingReader(), 0
    for number in range(FRAMES):
        gray = film.frame(number)
        views = [gray, prepare.sharpened(View(gray)).gray] if sharpened else [gray]
        readings = [one for view in views for one in zxing.read(view)]
        right, others = _judge(readings, film.shown.text)
        wrong += others
        if right:
            return number, wrong
    return None, wrong


def by_station(film: Film, tally: Tally, *, slowness: float | None) -> Result:
    """Both readers; `slowness` None waits for the second, else its time is multiplied by it."""
    sight, wrong, free_s = default_sight(), 0, 0.0
    pace = UNHURRIED if slowness is None else Pace()
    fused = Fusion(pace, clock=lambda: time.thread_time() * (slowness or 1))
    ready: int | None = None
    for number in range(FRAMES):
        if ready is not None and ready <= number:
            return ready, wrong
        watched = sight.watch(film.frame(number), number)
        right, others = _judge(watched.readings, film.shown.text)
        wrong += others
        if right:
            return number, wrong
        if watched.look is None or ready is not None or number * FRAME_S < free_s:
            continue
        begun = time.thread_time()
        readings = fused.push(watched.look)
        took_s = time.thread_time() - begun
        tally.ms.append(took_s * 1000)
        right, others = _judge(readings, film.shown.text)
        wrong += others
        if right and slowness is None:
            return number, wrong
        free_s = number * FRAME_S + took_s * (slowness or 0)
        ready = max(number, math.ceil(free_s / FRAME_S)) if right else None
    return (ready if ready is not None and ready < FRAMES else None), wrong


@contextmanager
def without(part: str) -> Iterator[None]:
    """A part of the reader switched off."""
    owner, name, value = ABLATIONS[part]
    kept = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)


def measure(shown: Sequence[Presentation], *, ablate: bool) -> dict[str, Tally]:
    """All ways over the same frames."""
    tallies: dict[str, Tally] = defaultdict(Tally)

    def note(way: str, film: Film, result: Result) -> bool:
        tallies[way].results.append((film.shown, result[0]))
        tallies[way].wrong += result[1]
        return result[0] == 0

    for one in shown:
        film = Film(one)
        easy = note("zxing", film, by_zxing(film, sharpened=False))
        note("sharpened", film, (0, 0) if easy else by_zxing(film, sharpened=True))
        for way, slowness in (("unhurried", None), ("live", 1.0), ("half", 2.0)):
            # What zxing reads at once, the station reads at once: it begins with zxing.
            result = (0, 0) if easy else by_station(film, tallies[way], slowness=slowness)
            note(way, film, result)
        for part in ABLATIONS if ablate else ():
            with without(part):
                tally = tallies[part]
                note(part, film, (0, 0) if easy else by_station(film, tally, slowness=None))
    return tallies


def show(line: dict[str, object]) -> None:
    """One line of JSON for programs, one for people."""
    print(json.dumps({"benchmark": "presentations", **line}), flush=True)
    print("  ".join(f"{value}" for value in line.values()), file=sys.stderr)


def share(tally: Tally, within: int, worst: int = 5) -> float:
    """Percent read within so many frames, at severities up to the worst."""
    found = [
        result is not None and result < within
        for one, result in tally.results
        if one.severity <= worst
    ]
    return round(100 * statistics.fmean(found), 1)


def report(group: str, tallies: dict[str, Tally], seed: int) -> None:
    """One line for each way, then what stays unread."""
    for way, tally in tallies.items():
        times = sorted(tally.ms) or [0.0]
        show(
            {
                "set": group,
                "way": way,
                "seed": seed,
                "presentations": len(tally.results),
                **{f"within_{count}_percent": share(tally, count) for count in (1, 2, 4, 8, 15)},
                "severities_1_to_3_within_10_percent": share(tally, 10, 3),
                "wrong_texts": tally.wrong,
                "second_reader_median_ms": round(statistics.median(times), 1),
                "second_reader_p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
                "second_reader_longest_ms": round(times[-1], 1),
            }
        )
    unread: dict[str, int] = defaultdict(int)
    for one, result in tallies["live"].results:
        unread[f"{one.condition} {one.severity}"] += result is None
    show({"set": group, "unread_live": {cell: count for cell, count in unread.items() if count}})


def measure_empty(count: int) -> None:
    """Different empty halls, so that each one seems to stir: both readers look at each."""
    sight, fused, times, texts = default_sight(), Fusion(), [], 0
    for number in range(count):
        gray = gate_frames.empty(50_000 + number, telephone=number % 2 == 0)
        begun = time.thread_time()
        watched = sight.watch(gray, number)
        found = [*watched.readings, *(fused.push(watched.look) if watched.look else ())]
        times.append((time.thread_time() - begun) * 1000)
        texts += len(found)
    times.sort()
    show(
        {
            "set": "empty",
            "frames": count,
            "texts": texts,
            "both_readers_median_ms": round(statistics.median(times), 2),
            "both_readers_p95_ms": round(times[int(0.95 * (len(times) - 1))], 2),
            "both_readers_longest_ms": round(times[-1], 1),
        }
    )


def measure_memory(count: int) -> None:
    """The same few presentations again and again: the largest size in use must not grow."""
    films = [
        [np.asarray(cv2.resize(film.frame(number), (640, 360))) for number in range(4)]
        for film in (Film(Presentation(1, one, 4)) for one in ("glare", "motion", "rotate"))
    ]
    looped = itertools.cycle(gray for film in films for gray in film)
    sight, fused = default_sight(), Fusion()
    for number in range(count):
        watched = sight.watch(next(looped), number)
        if watched.look is not None:
            fused.push(watched.look)
        if number in {count // 10, count - 1}:
            kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            show({"set": "memory", "frames": number + 1, "largest_mib": round(kib / 1024, 1)})


def main() -> None:
    """Both sets, empty frames; memory if it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=2, help="presentations per cell")
    parser.add_argument("--seed", type=int, default=FIRST_JUDGING_SEED)
    parser.add_argument("--empty", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--ablate", action="store_true")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.each)
    moving = [Presentation(*one) for one in itertools.product(seeds, CONDITIONS, range(1, 6))]
    still = [
        Presentation(*one, still=True)
        for one in itertools.product(seeds, STILL_CONDITIONS, range(3, 6))
    ]
    for group, shown in (("moving", moving), ("still", still)):
        if shown:
            report(group, measure(shown, ablate=asked.ablate), asked.seed)
    if asked.empty:
        measure_empty(asked.empty)
    if asked.frames:
        measure_memory(asked.frames)


if __name__ == "__main__":
    main()
