"""The table of figures in docs/benchmarks.md, made from the lines that `make bench` printed."""

import json
from pathlib import Path
from typing import Any

CHOSEN = (
    ("pictures", "card", "Ticket card of 1080 by 1440 pixels", "≤ 15 ms, ≤ 60 kB"),
    ("pictures", "barcode", "Bare barcode, 1 bit", "≤ 2 ms, ≤ 1.4 kB"),
    ("pictures", "barcode, qrcode+Pillow", "The same by qrcode and Pillow", ""),
    ("photos", "boofcv single code", "BoofCV's photos with one code", "≥ 74 %, ≤ 3 ms"),
    ("photos", "boofcv single code, judging", "of these, not used to choose stages", ""),
    ("photos", "zxing qrcode", "zxing's QR photos", "≥ 95 %, ≤ 3 ms"),
    ("photos", "zxing qrcode, judging", "of these, not used to choose stages", ""),
    ("photos", "no code at all", "photos without a code", "≤ 12 ms"),
    ("sight", "empty look", "made frames of an empty hall, read as stills", "≤ 12 ms"),
    ("sight", "empty glance", "the same, as a live frame", ""),
    ("sight", "all zxing", "made frames with our barcode, zxing alone", ""),
    ("sight", "all look", "the same, whole cascade", ""),
)


def lines(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The printed lines by benchmark and what they are about."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        what = line.get("what") or line.get("group") or ""
        name = f"{what} {line['way']}" if "way" in line else what
        found[(line["benchmark"], name)] = line
    return found


def figures_table(path: Path) -> list[str]:
    """One row for each chosen figure."""
    found = lines(path)
    rows = []
    for benchmark, what, text, goal in CHOSEN:
        line = found[(benchmark, what)]
        if benchmark == "pictures":
            value = f"{line['bytes']:,} bytes".replace(",", " ")
        else:
            value = f"{line['recall_percent']} %" if line["recall_percent"] else "0 false"
        rows.append(f"| {text} | {value} | {line['median_ms']} | {line['p95_ms']} | {goal} |")
    return rows
