"""`make soak`: eight stations for twenty minutes, the network cut, processes killed.

Prints its report as Markdown on stdout; progress on stderr; exit code 1 if anything was
lost, admitted wrongly, or did not add up. The constants are the promise: they are printed
in the report, and lowering one needs a line in the changelog.
"""

import argparse
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.soak.accounts import Books, House, close_books, to_json, unsent_in
from benchmarks.soak.faults import Trouble
from benchmarks.soak.town import Process, Town
from benchmarks.soak.visitors import Queue, Seen, sell
from tests import postgres

STATIONS = 8
SECONDS = 20 * 60
SERVICE_KILLS = 50
STATION_KILLS = 20
TICKETS = 4_000
SEED = 20261124
SETTLE_LIMIT_S = 180
FLAT = 1.2  # memory of the last third against the second


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the report is made of."""

    asked: argparse.Namespace
    seen: Seen
    trouble: Trouble
    books: Books
    processes: tuple[Process, ...]
    faults: int


def main() -> int:
    """Run, print, judge."""
    words = argparse.ArgumentParser()
    words.add_argument("--seconds", type=int, default=SECONDS)
    words.add_argument("--kills", type=int, default=SERVICE_KILLS)
    words.add_argument("--station-kills", type=int, default=STATION_KILLS)
    words.add_argument("--tickets", type=int, default=TICKETS)
    words.add_argument("--home", type=Path, help="Keep everything in this new folder.")
    words.add_argument("--postgres", action="store_true", help="On an embedded PostgreSQL.")
    asked = words.parse_args()
    with ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="einlass-soak-"))
        home = asked.home or Path(folder) / "home"
        database_url = _embedded(held) if asked.postgres else ""
        town = Town(home, STATIONS, database_url=database_url)
        try:
            seen, trouble, tickets = _run(town, asked)
            _settle(town)
        finally:
            town.close()
        books = close_books(House(home, STATIONS, town.database_url, town.zone), tickets)
        faults = sum(
            path.read_text("utf-8", "replace").count("Traceback")
            for path in town.logs.glob("*.log")
        )
        print(_report(Outcome(asked, seen, trouble, books, tuple(town.processes), faults)))
    print(to_json(books), file=sys.stderr)
    return 0 if books.is_good and not faults else 1


def _embedded(held: ExitStack) -> str:
    """An empty database of the tests' own server, as long as the stack holds it."""
    server = held.enter_context(postgres.started())
    return server.url_of(held.enter_context(server.database()))


def _run(town: Town, asked: argparse.Namespace) -> tuple[Seen, Trouble, tuple]:  # type: ignore[type-arg]  # of Ticket
    tickets = sell(town, asked.tickets, SEED)
    seen, stop = Seen(), threading.Event()
    doors = [Queue(p, tickets, seen, seed=SEED + p.number, stop=stop) for p in town.posts]
    trouble = Trouble(
        town,
        seconds=asked.seconds,
        kills=asked.kills,
        station_kills=asked.station_kills,
        seed=SEED,
    )
    for thread in (*doors, trouble):
        thread.start()
    ends_at = time.monotonic() + asked.seconds
    while time.monotonic() < ends_at:
        time.sleep(min(15.0, max(0.1, ends_at - time.monotonic())))
        for process in town.processes:
            process.measure()
        print(
            f"{int(ends_at - time.monotonic())} s left, {seen.presentations} presentations",
            file=sys.stderr,
        )
    stop.set()
    for thread in (*doors, trouble):
        thread.join(60)
    return seen, trouble, tickets


def _settle(town: Town) -> None:
    """The lines are mended: wait until every station has sent everything."""
    for post in town.posts:
        post.proxy.pass_on()
    ends_at = time.monotonic() + SETTLE_LIMIT_S
    while time.monotonic() < ends_at:
        if not any(unsent_in(post.home / "journal.sqlite3") for post in town.posts):
            return
        time.sleep(1)


def _report(run: Outcome) -> str:
    asked, seen, books, processes = run.asked, run.seen, run.books, run.processes
    waits = sorted(seen.waits_ms)
    p95 = quantiles(waits, n=20)[18] if len(waits) > 1 else 0.0
    kills = sum(p.kills for p in processes if p.name == "service")
    fallen = sum(p.kills for p in processes if p.name.startswith("station"))
    rows = [
        ("database", "PostgreSQL" if asked.postgres else "SQLite"),
        ("stations", STATIONS),
        ("minutes", round(asked.seconds / 60, 1)),
        ("tickets", asked.tickets),
        ("presentations", seen.presentations),
        ("network cuts (half of the stations each)", run.trouble.cuts),
        ("service killed", kills),
        ("station killed", fallen),
        ("**wrong admissions**", books.silent_admissions + books.overused_tickets),
        ("**lost scans**", books.lost + books.unsent),
        ("scans in the journals / in the service", f"{books.scans_shown} / {books.scans_recorded}"),
        ("recorded, but the station fell before it showed them", books.never_shown),
        ("people inside: counted / as shown", f"{books.inside_counted} / {books.inside_shown}"),
        ("conflicts reported", _counts(books)),
        ("journals broken / forked", f"{books.journals_broken} / {books.journals_forked}"),
        ("verdicts shown", ", ".join(f"{k} {v}" for k, v in sorted(seen.verdicts.items()))),
        ("from presenting to verdict, median / p95", f"{median(waits or [0]):.0f} / {p95:.0f} ms"),
        ("stack traces in the logs", run.faults),
    ]
    lines = ["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    lines += [
        "",
        "| process | MB in the second third | MB in the last third | flat |",
        "|---|---|---|---|",
    ]
    lines += [_memory(process) for process in processes]
    verdict = "**All is well.**" if books.is_good and not run.faults else "**Something is wrong.**"
    return "\n".join([*lines, "", verdict])


def _counts(books: Books) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in sorted(books.conflicts.items())) or "none"


def _memory(process: Process) -> str:
    third = max(1, len(process.rss_mb) // 3)
    middle = median(process.rss_mb[third : 2 * third] or [0.0])
    last = median(process.rss_mb[2 * third :] or [0.0])
    flat = "yes" if last <= middle * FLAT else "no"
    return f"| {process.name} | {middle:.0f} | {last:.0f} | {flat} |"


if __name__ == "__main__":
    sys.exit(main())
