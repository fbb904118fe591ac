"""The table of figures in docs/benchmarks.md, made from the lines that `make bench` printed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Line = dict[str, Any]

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
    ("scans", "sqlite", "`POST /scans`, 8 clients, SQLite", "ratio ≥ 0.55, p95 ≤ 25 ms"),
    ("scans", "postgresql", "the same on PostgreSQL", "ratio ≥ 0.4, p95 ≤ 25 ms"),
    ("scans", "slow disk", "with fsync delayed by 5 ms", "p95 ≤ 100 ms, no error"),
    ("scans", "million rows", "while a million rows are made", "none above 100 ms"),
    ("scans", "200 chats", "with 200 open chats", "ratio to without ≥ 0.8"),
    ("offline", "text to verdict", "Offline, text to verdict, 100,000 tickets", "p95 ≤ 2 ms"),
    ("offline", "an entry in the journal", "an entry in the journal, synced", ""),
    ("codes", "made sqlite", "A million codes made, SQLite", "≤ 25 s, ≤ 300 MB, no scan > 100 ms"),
    ("codes", "made postgresql", "the same on PostgreSQL", "≤ 40 s, ≤ 300 MB, no scan > 100 ms"),
    ("codes", "export", "CSV of a million codes over HTTP", "≤ 15 s, first byte ≤ 0.5 s"),
    ("codes", "check", "check of one code among a million", "≤ 2 ms"),
    ("codes", "redeem", "codes redeemed by 8 clients, SQLite", "≥ 800 per s"),
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
    printed = {benchmark for benchmark, _ in found}
    rows = []
    for benchmark, what, text, goal in CHOSEN:
        if benchmark not in printed:  # not taken yet: all of its rows come together
            continue
        line = found[(benchmark, what)]
        value = _VALUES.get(benchmark, _recall)(line)
        times = f"{line.get('median_ms', '')} | {line.get('p95_ms', '')}"
        rows.append(f"| {text} | {value} | {times} | {goal} |")
    return rows + [_page(line) for line in found.values() if line["benchmark"] == "site"]


def _page(line: Line) -> str:
    times = f"{line['median_ms']} | {line['p95_ms']}"
    return f"| Page: {line['what']} | {line['rounds']} times | {times} | p95 ≤ 60 ms |"


def presentations_tables(path: Path) -> list[str]:
    """A row for each way of reading presentations, then one for each part that was left out.

    The parts were taken in a run of their own, with another seed or fewer presentations.
    """
    found: dict[tuple[int | None, int], list[Line]] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["benchmark"] == "presentations" and "way" in line:
            found.setdefault((line.get("seed"), line["presentations"]), []).append(line)
    runs = sorted(found.values(), key=lambda run: any("without" in line["way"] for line in run))
    return [_presentations(line) for run in runs for line in run]


def _presentations(line: Line) -> str:
    shares = [line[f"within_{frames}_percent"] for frames in (1, 2, 4, 15)]
    shares.append(line["severities_1_to_3_within_10_percent"])
    read = " | ".join(f"{share} %" for share in shares)
    times = f"{line['second_reader_median_ms']} / {line['second_reader_p95_ms']} ms"
    spent = times if line["second_reader_p95_ms"] else ""
    name = f"{line['set']}, {line['way']}"
    return f"| {name} | {line['presentations']} | {read} | {line['wrong_texts']} wrong | {spent} |"


def _size(line: Line) -> str:
    return f"{line['bytes']:,} bytes".replace(",", " ")


def _recall(line: Line) -> str:
    return f"{line['recall_percent']} %" if line["recall_percent"] else "0 false"


def _rate(line: Line) -> str:
    compared = f", ratio {line['ratio']}" if "ratio" in line else ""
    failed = f", {line['errors']} errors" if line["errors"] else ""
    return f"{line['rate_per_s']} per s{compared}, longest {line['max_ms']} ms{failed}"


def _times(line: Line) -> str:
    return f"{line['n']:,} times".replace(",", " ")


def _codes(line: Line) -> str:
    match line["what"]:
        case "export":
            return f"{line['taken_s']} s, first byte {line['first_byte_ms']} ms"
        case "check":
            return _times(line)
        case "redeem":
            return _rate(line)
        case _:
            longest = f"longest scan meanwhile {line['scan_max_ms']} ms"
            return f"{line['taken_s']} s, {line['memory_mb']} MB, {longest}"


_VALUES: dict[str, Callable[[Line], str]] = {
    "pictures": _size,
    "scans": _rate,
    "offline": _times,
    "codes": _codes,
}


if __name__ == "__main__":  # the table of a file of lines, to be put into docs/benchmarks.md
    rows = [*figures_table(Path(sys.argv[1])), "", *presentations_tables(Path(sys.argv[1]))]
    print("\n".join(rows))  # noqa: T201  printing is its purpose
