"""Recall and time of the eyes over made gate frames, beside zxing alone in the same run.

Two ways to look: `look`, the whole cascade on one frame, and `glance`, eight frames of the same
presentation one after the other as the station's loop sees them. EINLASS_SIGHT_EACH sets the
frames per condition and severity (2 unless said; 160 frames).
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import gate_frames
from benchmarks.gate_wear import CONDITIONS
from scanner.sight import default_sight
from scanner.sight.readers import ZxingReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.sight import Gray, Reading

FIRST_SEED = 7100
EMPTY_FRAMES = 40
PRESENTED_FRAMES = 8


@dataclass(frozen=True, slots=True)
class Timed:
    """One reading of one frame."""

    condition: str
    read: bool
    ms: float


def timed(made: gate_frames.GateFrame, read: Callable[[Gray], tuple[Reading, ...]]) -> Timed:
    """Reads once and says how long it took."""
    begun = time.perf_counter()
    readings = read(made.gray)
    ms = (time.perf_counter() - begun) * 1000
    return Timed(made.condition, any(one.text == made.text for one in readings), ms)


def presented(gray: Gray) -> tuple[Reading, ...]:
    """The live loop over a frame that is held for eight frames; ends with the first reading."""
    sight = default_sight()
    glances = (sight.glance(gray, number) for number in range(PRESENTED_FRAMES))
    return next((found for found in glances if found), ())


def show(way: str, group: str, rows: list[Timed]) -> None:
    """One line of JSON for programs, one of a table for people."""
    times = sorted(row.ms for row in rows)
    line = {
        "benchmark": "sight",
        "way": way,
        "group": group,
        "frames": len(rows),
        "recall_percent": round(100 * statistics.fmean(row.read for row in rows), 1),
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 2),
    }
    print(json.dumps(line), flush=True)
    figures = f"{line['recall_percent']:8}{line['median_ms']:9}{line['p95_ms']:9}"
    print(f"{way:10}{group:12}{len(rows):5}{figures}", file=sys.stderr)


def measure_codes(each: int) -> None:
    """All conditions and severities."""
    sight, alone = default_sight(), ZxingReader()
    ways: tuple[tuple[str, Callable[[Gray], tuple[Reading, ...]]], ...] = (
        ("zxing", alone.read),
        ("look", sight.look),
        ("presented", presented),
    )
    rows: dict[str, list[Timed]] = {way: [] for way, _ in ways}
    for condition, severity, turn in itertools.product(CONDITIONS, range(1, 6), range(each)):
        made = gate_frames.frame(FIRST_SEED + turn, condition, severity=severity)
        for way, read in ways:
            rows[way].append(timed(made, read))
    for way, timings in rows.items():
        for condition in CONDITIONS:
            show(way, condition, [row for row in timings if row.condition == condition])
        show(way, "all", timings)


def measure_empty() -> None:
    """Frames without a code; a recall above 0 would be a false reading."""
    sight, alone = default_sight(), ZxingReader()
    frames = [gate_frames.empty(seed, telephone=seed % 2 == 0) for seed in range(EMPTY_FRAMES)]
    ways: tuple[tuple[str, Callable[[Gray, int], tuple[Reading, ...]]], ...] = (
        ("zxing", lambda gray, _: alone.read(gray)),
        ("look", lambda gray, _: sight.look(gray)),
        ("glance", sight.glance),
    )
    for way, read in ways:
        rows = []
        for number, gray in enumerate(frames):
            begun = time.perf_counter()
            found = read(gray, number)
            rows.append(Timed("empty", bool(found), (time.perf_counter() - begun) * 1000))
        show(way, "empty", rows)


def main() -> None:
    """Frames with a code, then without."""
    print(f"{'way':10}{'group':12}{'n':>5}{'recall':>8}{'median':>9}{'p95':>9}", file=sys.stderr)
    measure_codes(int(os.environ.get("EINLASS_SIGHT_EACH", "2")))
    measure_empty()


if __name__ == "__main__":
    main()
