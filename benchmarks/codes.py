"""Discount codes by the million: made beside a gate, written out, looked up, redeemed.

The service is the real `ticketing serve` in a process of its own, held to two cores with its
clients.

- `made sqlite`, `made postgresql`: another process makes them (`bulk.py`) while eight clients
  scan; `max_ms` is the longest that a scan took meanwhile.
- `export`: all of them as CSV over HTTP, with the time of the first byte.
- `check`: one code among them, by the service's own function.
- `redeem`: eight clients over HTTP, a code each time.

EINLASS_CODES sets how many there are (1,000,000).
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import clients, house
from benchmarks.clients import post
from benchmarks.house import Benched
from benchmarks.scans import postgresql
from benchmarks.slow_disk import fsync_ms
from ticketing import config
from ticketing.app import opened
from ticketing.domain.accounts import Scope
from ticketing.domain.code_texts import CAPACITY, text_of
from ticketing.service import access, code_batches, codes
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import Asked
from ticketing.store import code_lists

COUNT = int(os.environ.get("EINLASS_CODES", "1000000"))
SCANS = 1_600
PAUSE_S = 0.08
CHECKS = 2_000
REDEMPTIONS = 4_000
WARM_UP = 400


def made(what: str, benched: Benched, folder: Path) -> str:
    """A million codes while a station scans; the batch's id."""
    command = [sys.executable, "-m", "benchmarks.bulk", str(benched.home), str(COUNT)]
    variables = {**os.environ, **benched.environment}
    requests = benched.scans(SCANS)
    with house.serving(benched) as port:
        clients.run(port, benched.scans(WARM_UP))
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=variables) as bulk:  # noqa: S603  our own
            run = clients.run(port, requests, pause_s=PAUSE_S)
            was_running = bulk.poll() is None
            told, _ = bulk.communicate()
    said: dict[str, Any] = json.loads(told)
    show(
        what,
        folder,
        **said,
        scans=len(run.answers),
        scan_p95_ms=round(run.at_ms(95), 2),
        scan_max_ms=round(max(run.each_ms), 1),
        scan_errors=run.errors(201, "admit"),
        codes_last_longer=was_running,
    )
    return str(said["batch"])


def export(benched: Benched, batch: str, key: str, folder: Path) -> None:
    """The CSV of them all, as a client gets it."""
    with house.serving(benched) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {key}"}
        connection.request("GET", "/api/v1/offers", headers=headers)
        connection.getresponse().read()  # the service has begun
        started = time.perf_counter()
        connection.request("GET", f"/api/v1/code-batches/{batch}/export.csv", headers=headers)
        answer = connection.getresponse()
        lines = answer.read(1).count(b"\n")
        first_s = time.perf_counter() - started
        while piece := answer.read(1 << 20):
            lines += piece.count(b"\n")
        taken_s = time.perf_counter() - started
    show(
        "export",
        folder,
        lines=lines,
        taken_s=round(taken_s, 2),
        first_byte_ms=round(first_s * 1000, 1),
    )


def check(benched: Benched, texts: list[str], folder: Path) -> None:
    """One code after the other, each another."""
    taken_ms = []
    with opened(config.load(benched.home, benched.environment)) as app:
        for text in texts[:CHECKS]:
            started = time.perf_counter()
            with app.store.unit() as unit:
                codes.check_code(
                    unit, app.house, asked=Asked(code=text), guesser=Guesser("key", "127.0.0.1")
                )
            taken_ms.append((time.perf_counter() - started) * 1000)
    show(
        "check",
        folder,
        n=len(taken_ms),
        median_ms=round(median(taken_ms), 3),
        p95_ms=round(quantiles(taken_ms, n=20)[-1], 3),
        max_ms=round(max(taken_ms), 2),
    )


def redeem(benched: Benched, texts: list[str], key: str, folder: Path) -> None:
    """Eight clients, each code once."""
    requests = [
        post(
            "/api/v1/codes/redeem",
            {"code": text, "redemption_id": f"bench-{place}", "amount_cents": 900},
            token=key,
        )
        for place, text in enumerate(texts[: REDEMPTIONS + WARM_UP])
    ]
    with house.serving(benched) as port:
        clients.run(port, requests[:WARM_UP])
        run = clients.run(port, requests[WARM_UP:])
    show(
        "redeem",
        folder,
        rate_per_s=round(run.rate),
        median_ms=round(run.at_ms(50), 2),
        p95_ms=round(run.at_ms(95), 2),
        max_ms=round(max(run.each_ms), 1),
        errors=run.lost + sum(status != http.client.OK for status, _ in run.answers),
        n=len(run.answers),
    )


def show(what: str, folder: Path, **figures: Any) -> None:  # noqa: ANN401  a line's own figures
    """One line of JSON for programs, one of words for people."""
    line = {"benchmark": "codes", "what": what, **figures, "fsync_ms": round(fsync_ms(folder), 3)}
    print(json.dumps(line), flush=True)
    words = "  ".join(f"{name} {value}" for name, value in figures.items() if name != "batch")
    print(f"{what:16}{words}", file=sys.stderr)


def _key(benched: Benched) -> str:
    with opened(config.load(benched.home, benched.environment)) as app, app.store.unit() as unit:
        token, _ = access.create_api_key(unit, app.house, name="Bench", scopes=tuple(Scope))
    return str(token)


def _texts(benched: Benched, batch: str, count: int) -> list[str]:
    """Codes from all over the batch, so that no two lie on one page of the file."""
    with opened(config.load(benched.home, benched.environment)) as app, app.store.unit() as unit:
        of = code_batches.get_batch(unit, batch=batch)
        step = CAPACITY // count
        places = (n * step for n in range(count))
        pages = (code_lists.page(unit, of.number, after=at, limit=1).codes for at in places)
        # where no polite code begins with some symbols, two places have the same next one
        return list(dict.fromkeys(text_of(of.prefix, page[0].bits) for page in pages if page))


def on_sqlite() -> None:
    """All parts on one file."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        benched = house.made(folder / "home", {})
        batch = made("made sqlite", benched, folder)
        key = _key(benched)
        export(benched, batch, key, folder)
        texts = _texts(benched, batch, CHECKS + REDEMPTIONS + 2 * WARM_UP)
        check(benched, texts[-CHECKS:], folder)
        redeem(benched, texts, key, folder)


def on_postgresql() -> None:
    """Making them on PostgreSQL, if there is one."""
    with tempfile.TemporaryDirectory() as text, postgresql() as url:
        if url is None:
            line = {"benchmark": "codes", "what": "made postgresql", "skipped": "no PostgreSQL"}
            print(json.dumps(line), flush=True)
            return
        folder = Path(text)
        made("made postgresql", house.made(folder / "home", {"EINLASS_DATABASE_URL": url}), folder)


def main() -> None:
    """Runs both engines, or those named on the command line."""
    parts = {"sqlite": on_sqlite, "postgresql": on_postgresql}
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
