"""`POST /scans` under load: the rate beside a bare handler's, and what disturbs it.

The service is the real `ticketing serve` in a process of its own; eight clients hold their
connections open and scan a different ticket each time; both share the first two cores.

- `sqlite`, `postgresql`: in turn with the bare handler of `bare.py`, several rounds; `ratio` is
  the median of the rounds' ratios. Machines and neighbours differ, the ratio hardly does.
- `slow disk`: every fsync takes 5 ms longer.
- `million rows`: another process makes a million discount codes meanwhile; here the clients
  pause, for the question is how long a scan waits, not how many fit beside it.
- `200 chats`: in turn with and without 200 open event streams.

`fsync_ms` is the disk's own time for one sure write. EINLASS_SCANS_EACH sets the scans of a
round, EINLASS_SCANS_ROUNDS the rounds.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks import clients, house
from benchmarks.chats import open_chats
from benchmarks.clients import Run
from benchmarks.house import Benched
from benchmarks.slow_disk import delaying, fsync_ms
from tests.postgres import started

EACH = int(os.environ.get("EINLASS_SCANS_EACH", "3000"))
ROUNDS = int(os.environ.get("EINLASS_SCANS_ROUNDS", "5"))
WARM_UP = 400
THREADS = 96
PROCESSES = 2  # on PostgreSQL: one for each core
DELAY_MS = 5
ROWS = 1_000_000
PAUSE_S = 0.08
CHATS = 200
CHAT_THREADS = 512


def ratio(
    what: str, benched: Benched, bare_database: str, folder: Path, *, processes: int = 1
) -> None:
    """Service and bare handler in turn, in as many processes each."""
    with (
        house.serving(benched, "--processes", str(processes)) as port,
        house.bare(bare_database, THREADS, processes) as bare_port,
    ):
        clients.run(port, benched.scans(WARM_UP))
        clients.run(bare_port, benched.scans(WARM_UP))
        pairs = []
        for _ in range(ROUNDS):
            requests = benched.scans(EACH)
            pairs.append((clients.run(port, requests), clients.run(bare_port, requests)))
    bare_rates = [bare.rate for _, bare in pairs]
    show(
        what,
        [run for run, _ in pairs],
        folder,
        bare_per_s=round(median(bare_rates)),
        ratio=round(median(run.rate / bare.rate for run, bare in pairs), 3),
        bare_errors=sum(bare.errors(201, "admit") for _, bare in pairs),
    )


def slow_disk(benched: Benched, folder: Path) -> None:
    """Every commit waits for the disk."""
    slowed = delaying(folder, DELAY_MS)
    if slowed is None:
        skipped("slow disk", "no C compiler")
        return
    with house.serving(benched, **slowed) as port:
        clients.run(port, benched.scans(WARM_UP // 4))
        show("slow disk", [clients.run(port, benched.scans(EACH // 3))], folder, delay_ms=DELAY_MS)


def million_rows(benched: Benched, folder: Path) -> None:
    """Another process writes all the time."""
    requests = benched.scans(EACH // 2)
    command = [sys.executable, "-m", "benchmarks.bulk", str(benched.home), str(ROWS)]
    with house.serving(benched) as port:
        clients.run(port, benched.scans(WARM_UP))
        with subprocess.Popen(command, stdout=subprocess.PIPE) as bulk:  # noqa: S603  our own
            made = [clients.run(port, requests, pause_s=PAUSE_S)]
            was_running = bulk.poll() is None
            told, _ = bulk.communicate()
    show("million rows", made, folder, rows_last_longer=was_running, bulk=json.loads(told))


def chats(benched: Benched, folder: Path) -> None:
    """Two hundred visitors hold a stream open."""
    quiet, busy = [], []
    with house.serving(benched, "--threads", str(CHAT_THREADS)) as port:
        clients.run(port, benched.scans(WARM_UP))
        for _ in range(ROUNDS):
            quiet.append(clients.run(port, benched.scans(EACH)))
            requests = benched.scans(EACH)
            with open_chats(port, CHATS):
                busy.append(clients.run(port, requests))
    rates = [with_chats.rate / alone.rate for alone, with_chats in zip(quiet, busy, strict=True)]
    show("200 chats", busy, folder, ratio=round(median(rates), 3), of="the same without chats")


def show(what: str, runs: Sequence[Run], folder: Path, **more: Any) -> None:  # noqa: ANN401  a line's own figures
    """One line of JSON for programs, one of a table for people."""
    line: dict[str, Any] = {
        "benchmark": "scans",
        "what": what,
        "rate_per_s": round(median(run.rate for run in runs)),
        "median_ms": round(median(run.at_ms(50) for run in runs), 2),
        "p95_ms": round(median(run.at_ms(95) for run in runs), 2),
        "max_ms": round(max(max(run.each_ms) for run in runs), 1),
        "errors": sum(run.errors(201, "admit") for run in runs),
        "n": sum(len(run.answers) for run in runs),
        "fsync_ms": round(fsync_ms(folder), 3),
        **more,
    }
    print(json.dumps(line), flush=True)
    print(
        f"{what:14}{line['rate_per_s']:8}{line.get('bare_per_s', ''):>8}{line.get('ratio', ''):>8}"
        f"{line['median_ms']:8}{line['p95_ms']:8}{line['max_ms']:8}{line['errors']:8}"
        f"{line['fsync_ms']:8}",
        file=sys.stderr,
    )


def skipped(what: str, why: str) -> None:
    """A benchmark that cannot run here says so."""
    print(json.dumps({"benchmark": "scans", "what": what, "skipped": why}), flush=True)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The address of a database that is sure of its commits, or None without a server."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(started())
        except (pytest.skip.Exception, pytest.fail.Exception):
            yield None
            return
        server.run("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
        yield server.url_of(stack.enter_context(server.database()))


def on_sqlite(part: Callable[[Benched, Path], None]) -> None:
    """One part in a fresh home."""
    with tempfile.TemporaryDirectory() as folder:
        part(house.made(Path(folder) / "home", {}), Path(folder))


def on_postgresql() -> None:
    """The ratio on PostgreSQL, if there is one."""
    with tempfile.TemporaryDirectory() as text, postgresql() as url:
        if url is None:
            skipped("postgresql", "no embedded PostgreSQL")
            return
        folder = Path(text)
        benched = house.made(folder / "home", {"EINLASS_DATABASE_URL": url})
        ratio("postgresql", benched, url, folder, processes=PROCESSES)


def main() -> None:
    """Runs all parts, or those named on the command line."""
    parts: dict[str, Callable[[], None]] = {
        "sqlite": lambda: on_sqlite(
            lambda benched, folder: ratio("sqlite", benched, str(folder / "bare.sqlite3"), folder)
        ),
        "postgresql": on_postgresql,
        "slow-disk": lambda: on_sqlite(slow_disk),
        "million-rows": lambda: on_sqlite(million_rows),
        "chats": lambda: on_sqlite(chats),
    }
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    head = ("per s", "bare", "ratio", "p50 ms", "p95 ms", "max ms", "errors", "fsync")
    print(f"{'POST /scans':14}" + "".join(f"{word:>8}" for word in head), file=sys.stderr)
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
