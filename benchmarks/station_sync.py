"""What syncing costs a station: ten thousand entries up, and what the gate notices of it.

Run as `python -m benchmarks.station_sync`: one JSON line a figure on stdout, a table on
stderr. The other side is a process that stores nothing and answers at once, so that the
figures are the station's own; the disk's time for one fsync stands beside them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanner.config import StationKey
from scanner.events import ScanEntry, ScanId
from scanner.journal import FILE_NAME, Journal
from scanner.link import Link, Server
from scanner.upload import Uploader
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, h0
from ticketing.wire.codec import from_base64url
from ticketing.wire.sync_api import EntryResult, Result, UploadAnswer
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

ENTRIES = 10_000
WRITTEN_MEANWHILE = 400
AT = datetime(2026, 10, 4, 12, 42, tzinfo=UTC)
KEY = StationKey.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def scan(number: int) -> ScanEntry:
    """An offline scan."""
    return ScanEntry(
        scan_id=ScanId(f"{number:032x}"),
        ticket_id=None,
        issue=None,
        digest=bytes(16),
        text_class="ticket",
        direction=Direction.ENTRY,
        people=1,
        at=AT,
        mono_ms=number,
        basis=Basis.OFFLINE,
        verdict=Verdict.REFUSE,
        reason=Reason.FORGED,
        checks=(),
    )


class Handler(BaseHTTPRequestHandler):
    """Accepts whatever comes; keeps the last hash only."""

    protocol_version = "HTTP/1.1"
    head = EntryHash(b"")

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        """All accepted."""
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        journal = JournalId(from_base64url(data["journal"]) or b"")
        head = type(self).head or h0(journal, KEY.public)
        for entry in data["entries"]:
            head = entry_hash(journal, entry["n"], head, entry["body"].encode())
        type(self).head = head
        numbers = [entry["n"] for entry in data["entries"]]
        items = tuple(EntryResult(n, Result.ACCEPTED) for n in numbers)
        body = json.dumps(UploadAnswer(items, numbers[-1], head).to_json()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve() -> None:
    """The other side, in a process of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


@contextmanager
def other_side() -> Iterator[str]:
    """Its address."""
    command = [sys.executable, "-m", "benchmarks.station_sync", "serve"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own module
    assert process.stdout is not None  # noqa: S101  it was asked for
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def fsync_ms(folder: Path) -> float:
    """The median of this disk."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(100):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return round(1000 * statistics.median(times), 3)


def timed_appends(journal: Journal, first: int, count: int) -> list[float]:
    """Milliseconds of each entry that the gate writes."""
    times = []
    for number in range(first, first + count):
        begun = time.perf_counter()
        journal.append(scan(number))
        times.append(1000 * (time.perf_counter() - begun))
        time.sleep(0.002)
    return times


def p95(times: list[float]) -> float:
    """Of milliseconds."""
    return round(statistics.quantiles(times, n=20)[-1], 2)


def measure(folder: Path, url: str) -> Iterator[dict[str, object]]:
    """Each figure."""
    journal = Journal(folder / FILE_NAME, KEY, draw=bytes)
    alone = timed_appends(journal, 1, WRITTEN_MEANWHILE)
    for number in range(journal.length + 1, ENTRIES + 1):
        journal.append(scan(number))
    link = Link(Server.of(url), "es_bench", timeout_s=20)
    uploader, meanwhile = Uploader(journal, link), []
    thread = threading.Thread(
        target=lambda: meanwhile.extend(timed_appends(journal, ENTRIES + 1, WRITTEN_MEANWHILE))
    )
    begun, busy = time.perf_counter(), time.process_time()
    thread.start()
    failed = uploader.run()
    took_s, cpu_s = time.perf_counter() - begun, time.process_time() - busy
    thread.join()
    failed = failed or uploader.run()
    yield {
        "benchmark": "station_upload",
        "entries": ENTRIES,
        "seconds": round(took_s, 2),
        "cpu_seconds": round(cpu_s, 2),
        "unsent": journal.unsent(),
        "failed": failed is not None,
    }
    yield {
        "benchmark": "station_append_while_uploading",
        "p95_ms_alone": p95(alone),
        "p95_ms_meanwhile": p95(meanwhile),
        "max_ms_meanwhile": round(max(meanwhile), 2),
        "fsync_ms": fsync_ms(folder),
    }
    begun = time.perf_counter()
    count = journal.unsent()
    unsent_ms = round(1000 * (time.perf_counter() - begun), 3)
    begun = time.perf_counter()
    journal.verify()
    yield {
        "benchmark": "station_journal",
        "entries": journal.length,
        "unsent": count,
        "unsent_ms": unsent_ms,
        "verify_seconds": round(time.perf_counter() - begun, 2),
    }
    link.close()
    journal.close()


def main() -> int:
    """Print every figure; 1 if something stayed unsent."""
    with tempfile.TemporaryDirectory() as folder, other_side() as url:
        rows = list(measure(Path(folder), url))
    for row in rows:
        print(json.dumps(row), flush=True)
        print("  ".join(f"{name} {value}" for name, value in row.items()), file=sys.stderr)
    return int(bool(rows[0]["failed"] or rows[0]["unsent"]))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main())
