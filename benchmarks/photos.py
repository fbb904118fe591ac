"""Recall and time of the eyes over real photos, beside zxing alone in the same run.

The photos are not part of this repository: EINLASS_PHOTOS names their folder, with a truth.tsv
as `scanner bench` reads it; otherwise `data/qr-photos` in a folder beside the checkout is used.
Without photos it says so and ends well. Halves: photos are split by a hash of their names. Whoever
changes a stage looks at "tuning" only; "judging" says whether it was worth it. (The judging half
of BoofCV happens to be the harder one for zxing alone too: compare gains, not levels.)
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.camera import BadSource
from scanner.sight.measure import Measured, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]


def photo_folder() -> Path:
    """Where the photos are, if they are anywhere."""
    named = os.environ.get("EINLASS_PHOTOS")
    return Path(named) if named else ROOT.parent / "shared" / "data" / "qr-photos"


def half_of(name: str) -> str:
    """Which half a photo belongs to, by its path inside the folder."""
    return "tuning" if hashlib.sha256(name.encode()).digest()[0] & 1 else "judging"


def show(group: str, photos: list[Measured]) -> None:
    """One line of JSON for programs, one of a table for people."""
    if not photos:
        return
    times, alone = sorted(p.ms for p in photos), [p.alone_ms for p in photos]
    line = {
        "benchmark": "photos",
        "group": group,
        "photos": len(photos),
        "recall_percent": round(100 * statistics.fmean(p.read for p in photos), 1),
        "zxing_alone_percent": round(100 * statistics.fmean(p.alone_read for p in photos), 1),
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 2),
        "zxing_alone_median_ms": round(statistics.median(alone), 2),
    }
    print(json.dumps(line), flush=True)
    print(
        f"{group:32}{len(photos):5}{line['recall_percent']:8}{line['zxing_alone_percent']:8}"
        f"{line['median_ms']:9}{line['p95_ms']:9}{line['zxing_alone_median_ms']:9}",
        file=sys.stderr,
    )


def is_single(photo: Measured) -> bool:
    """BoofCV's photos of exactly one code."""
    return photo.photo.category.startswith("boofcv:") and photo.photo.codes == 1


def is_zxing(photo: Measured) -> bool:
    """Zxing's own QR photos."""
    return photo.photo.category.startswith("zxing:qrcode-")


def show_targets(folder: Path, photos: list[Measured]) -> None:
    """The groups that have a target, whole and by halves, and the pictures without a code."""
    for name, wanted in (("boofcv single code", is_single), ("zxing qrcode", is_zxing)):
        chosen = [photo for photo in photos if wanted(photo)]
        show(name, chosen)
        for half in ("tuning", "judging"):
            inside = [
                p for p in chosen if half_of(p.photo.path.relative_to(folder).as_posix()) == half
            ]
            show(f"{name}, {half}", inside)
    show("no code at all", [p for p in photos if "falsepositives" in p.photo.category])


def show_stages(photos: Iterable[Measured]) -> None:
    """How many photos each stage read."""
    stages = Counter(photo.stage for photo in photos if photo.stage)
    print(json.dumps({"benchmark": "photos", "stages": dict(stages)}), flush=True)


def main() -> None:
    """Measures the folder, category by category."""
    folder = photo_folder()
    try:
        photos = list(measure(folder))
    except BadSource:
        print(json.dumps({"benchmark": "photos", "skipped": "folder missing"}))
        return
    head = f"{'photos':32}{'n':>5}{'recall':>8}{'zxing':>8}{'median':>9}{'p95':>9}{'zxing ms':>9}"
    print(head, file=sys.stderr)
    groups: dict[str, list[Measured]] = defaultdict(list)
    for photo in photos:
        groups[photo.photo.category].append(photo)
    for category, inside in sorted(groups.items()):
        show(category, inside)
    show_targets(folder, photos)
    show_stages(photos)


if __name__ == "__main__":
    main()
