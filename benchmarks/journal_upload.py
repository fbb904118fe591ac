"""How long a station's journal of 10,000 entries takes to arrive, over HTTP, on SQLite.

Service and station share the machine. Beside it stands what the disk needs for one fsync, and
the longest time that an upload kept a gate waiting meanwhile: another station scans all along.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.factories import a_request, with_ticket
from tests.journals import Journal, StationKey
from ticketing import config
from ticketing.app import App, build
from ticketing.service.gate import stations
from ticketing.wire.station_api import PairRequest
from ticketing.wire.sync_api import MOST_ENTRIES

ENTRIES = 10_000
BESIDE = 2_000
GOAL_S = 20.0
SCAN_EVERY_S = 0.05
FSYNCS = 50
WAIT_S = 30


def main() -> int:
    """One line of JSON, one of a table; 1 if it took longer than the goal."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _command(home, "init", "--sample")
        app = build(config.load(home).at(host=None, port=None))
        key = StationKey.of("bench")
        token, other = _paired(app, key.public), _paired(app, StationKey.of("gate").public)
        journal = _journal(app, key)
        barcodes = [with_ticket(app.store, app.house, offer="day-free").barcode for _ in range(500)]
        app.store.close()
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(_words(home, "serve"), stdout=quiet, stderr=quiet)  # noqa: S603  our own command
        try:
            line = _measured(
                app, journal, pid=server.pid, token=token, other=other, barcodes=barcodes
            )
        finally:
            server.terminate()
            server.wait()
        line["fsync_ms"] = _fsync_ms(Path(folder))
    print(json.dumps(line), flush=True)
    print(f"{'upload of 10,000 entries':32}{line['seconds']:8} s", file=sys.stderr)
    return 0 if line["seconds"] <= GOAL_S else 1


def _measured(
    app: App, journal: Journal, *, pid: int, token: str, other: str, barcodes: list[str]
) -> dict[str, Any]:
    """Most of it alone, the rest beside a gate that scans."""
    base = f"http://127.0.0.1:{app.settings.port}/api/v1"
    _wait(f"{base}/openapi.json")
    batches = journal.batches()
    alone = ENTRIES // MOST_ENTRIES
    began, began_cpu_s = time.perf_counter(), _cpu_s(pid)
    for batch in batches[:alone]:
        _post(f"{base}/scans/batch", batch.to_json(), token)
    seconds, cpu_s = time.perf_counter() - began, _cpu_s(pid) - began_cpu_s

    waits: list[float] = []
    is_done = threading.Event()

    def scan() -> None:
        for barcode in barcodes:
            if is_done.wait(SCAN_EVERY_S):
                return
            asked = a_request(barcode, app.house.clock.now())
            at = time.perf_counter()
            _post(f"{base}/scans", asked.to_json(), other)
            waits.append((time.perf_counter() - at) * 1000)

    gate = threading.Thread(target=scan)
    gate.start()
    answers = [_post(f"{base}/scans/batch", b.to_json(), token) for b in batches[alone:]]
    is_done.set()
    gate.join()
    assert answers[-1]["acked"] == journal.length  # noqa: S101  half an upload is no figure
    waits.sort()
    return {
        "benchmark": "journal_upload",
        "what": f"{ENTRIES} entries",
        "seconds": round(seconds, 2),
        "server_cpu_s": round(cpu_s, 2),
        "entries_per_s": round(ENTRIES / seconds),
        "scans_meanwhile": len(waits),
        "scan_median_ms": round(waits[len(waits) // 2], 1),
        "scan_p95_ms": round(waits[int(0.95 * (len(waits) - 1))], 1),
        "scan_longest_ms": round(waits[-1], 1),
    }


def _cpu_s(pid: int) -> float:
    """What the server and its processes have computed: other programs do not bear on it."""
    parent = psutil.Process(pid)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _journal(app: App, key: StationKey) -> Journal:
    """People with a ticket each, let in without the service."""
    journal, now = Journal(key, name="bench"), app.house.clock.now()
    while journal.length < ENTRIES + BESIDE:
        journal.scan(with_ticket(app.store, app.house, offer="day-free"), now)
    return journal


def _paired(app: App, key: bytes) -> str:
    with app.store.unit() as unit:
        code = stations.open_pairing(unit, app.house, name="Tor", gate="sued").code
    with app.store.unit() as unit:
        asked = PairRequest(code, "Tor", key)
        return stations.pair(unit, app.house, request=asked, address="127.0.0.1").answer.token


def _post(url: str, body: object, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  our own service
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310  the same
        found: dict[str, Any] = json.load(answer)
    return found


def _wait(url: str) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310  our own service
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError


def _words(home: Path, *more: str) -> list[str]:
    code = "from ticketing.cli import main; main()"
    return [sys.executable, "-c", code, "--home", str(home), *more]


def _command(home: Path, *more: str) -> None:
    subprocess.run(_words(home, *more), check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command


def _fsync_ms(folder: Path) -> float:
    with (folder / "fsync").open("wb") as file:
        began = time.perf_counter()
        for _ in range(FSYNCS):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    return round((time.perf_counter() - began) * 1000 / FSYNCS, 3)


if __name__ == "__main__":
    sys.exit(main())
