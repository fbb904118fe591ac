"""The staff's pages with many rows in the database: server time of each, as JSON.

`python -m benchmarks.site` makes 200,000 tickets and 1,000,000 codes the bulk way, lets some
people in, sends and redeems some codes, asks for every page of the list below through the
application itself (no network, no browser) and prints a JSON line for each: the median, the 95th
percentile and the slowest in milliseconds, and the processor time of this process alone, which
other work on the machine does not lengthen. SITE_TICKETS and SITE_CODES are other numbers,
SITE_ROUNDS is how often each page is asked for.
"""

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

from flask.testing import FlaskClient

from benchmarks import bulk, clients
from benchmarks.house import made, serving, short_codes
from ticketing import config
from ticketing.app import App, opened
from ticketing.domain.accounts import Role
from ticketing.domain.tickets import TICKET_ID_BYTES, Ticket
from ticketing.service import access, batch_codes, code_batches, code_lists, codes, figures
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import Asked
from ticketing.service.tickets import TicketOrder, drafted
from ticketing.store import tickets as ticket_rows
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

TICKETS = int(os.environ.get("SITE_TICKETS", "200000"))
CODES = int(os.environ.get("SITE_CODES", "1000000"))
SCANS = 3_000
SENT, REDEEMED = 40_000, 2_000
ROUNDS = int(os.environ.get("SITE_ROUNDS", "100"))
GOAL_MS = 60.0
PASSWORD = "a long password of the benchmark"  # noqa: S105  of a database that is thrown away
_CHUNK = 2000
_OFFERS = ("day-free", "day-adult", "day-reduced", "family", "annual")
_DAYS = 180
_FIRST = ("Anna", "Ayşe", "Zoë", "Łukasz", "Jördis", "Mehmet", "Chloé", "Søren", "Iwan", "Thị")
_LAST = ("Müller", "Kowalewski", "Öztürk", "Nguyễn", "Petrow", "Ærø", "Schmidt", "Garcia", "Rossi")
_ENDS = ("bach", "berg", "feld", "hofer", "mann", "meier", "stein", "thal", "wald", "witz")


@dataclass(frozen=True, slots=True)
class Desk:
    """A signed-in browser, and what it may ask for: tickets, the page of a batch, its codes."""

    client: FlaskClient
    csrf: str
    tickets: list[Ticket]
    batch: str
    codes: list[str]


Ask = Callable[[Desk, Random], int]
"""Asks for one page; the status of the answer."""


def main() -> int:
    """Make the house, ask, print; 0 if every page is within the goal."""
    with tempfile.TemporaryDirectory() as folder:
        benched = made(Path(folder), {})
        with serving(benched) as port:
            let_in = clients.run(port, benched.scans(SCANS))
        if let_in.errors(201, "admit"):
            raise RuntimeError("not everybody was let in")
        batch = str(bulk.make(benched.home, CODES)["batch"])
        with opened(config.load(benched.home, benched.environment)) as app:
            sample, codes_sample = _fill(app), _followed(app, batch)
            desk = _signed_in(app, sample, f"/staff/codes/{batch}", codes_sample)
            pages = {name: _measured(ask, desk) for name, ask in _pages().items()}
    for name, times in pages.items():
        sizes = {"tickets": TICKETS, "codes": CODES, "rounds": ROUNDS}
        print(json.dumps({"benchmark": "site", "what": name} | times | sizes))
        print(
            f"{name:34} p95 {times['p95_ms']:7.1f} ms, cpu {times['cpu_p95_ms']:.1f} ms",
            file=sys.stderr,
        )
    return 0 if all(times["p95_ms"] <= GOAL_MS for times in pages.values()) else 1


def _pages() -> dict[str, Ask]:
    """Every page that is measured. A new one is a line here."""
    return {
        "tickets": _get("/staff/tickets"),
        "tickets, deep in the list": _deep,
        "tickets of an offer": _get("/staff/tickets?offer=annual"),
        "tickets that are revoked": _get("/staff/tickets?state=revoked"),
        "tickets that are valid": _get("/staff/tickets?state=valid"),
        "tickets of a day": _of_a_day,
        "tickets by day": _get("/staff/tickets?sort=valid"),
        "search, a whole name": _search(lambda ticket, _: ticket.holder),
        "search, a rare part": _search(lambda ticket, _: ticket.holder.split()[1][-7:]),
        "search, nobody": _search(lambda _, draw: f"qx{draw.randrange(10**6)}zz"),
        "search, short code": _search(lambda ticket, _: ticket.short_code),
        "search, reference": _search(lambda ticket, _: ticket.reference or ticket.short_code),
        "ticket": lambda desk, draw: _code(
            desk.client.get(f"/staff/tickets/{draw.choice(desk.tickets).id.hex()}")
        ),
        "desk": _get("/staff/desk"),
        "today": _get("/staff"),
        "report of today": _get("/staff/report"),
        "numbers of a year": _get("/staff/numbers?days=365"),
        "batches": _get("/staff/codes"),
        "batches that run, most redeemed": _get("/staff/codes?state=ready&sort=redeemed&down=yes"),
        "batch": lambda desk, _: _code(desk.client.get(desk.batch)),
        "batch, redeemed ones": lambda desk, _: _code(
            desk.client.get(f"{desk.batch}?state=redeemed")
        ),
        "batch, one code": lambda desk, draw: _code(
            desk.client.post(
                f"{desk.batch}/search", data={"csrf": desk.csrf, "code": draw.choice(desk.codes)}
            )
        ),
        "audit": _get("/staff/audit"),
    }


# ------------------------------------------------------------ asking
def _measured(ask: Ask, desk: Desk) -> dict[str, float]:
    draw = Random(5)
    ask(desk, draw)  # templates are compiled with the first
    times, cpu = list[float](), list[float]()
    for _ in range(ROUNDS):
        started, busy = time.perf_counter(), time.process_time()
        status = ask(desk, draw)
        times.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
        if status not in {200, 303}:
            raise RuntimeError(f"a page answered {status}")
    times.sort()
    cpu.sort()
    at = int(ROUNDS * 0.95) - 1
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[at], 1),
        "cpu_p95_ms": round(cpu[at], 1),
        "slowest_ms": round(times[-1], 1),
    }


def _get(path: str) -> Ask:
    return lambda desk, _: _code(desk.client.get(path))


def _deep(desk: Desk, draw: Random) -> int:
    ticket = draw.choice(desk.tickets)
    ms = int(ticket.created_at.timestamp() * 1000)
    return _code(desk.client.get(f"/staff/tickets?cursor={ms:x}-{ticket.id.hex()}"))


def _of_a_day(desk: Desk, draw: Random) -> int:
    day = draw.choice(desk.tickets).valid_from + timedelta(hours=12)
    return _code(desk.client.get(f"/staff/tickets?day={day.date().isoformat()}"))


def _search(words: Callable[[Ticket, Random], str]) -> Ask:
    def ask(desk: Desk, draw: Random) -> int:
        typed = words(draw.choice(desk.tickets), draw)
        form = {"csrf": desk.csrf, "q": typed}
        return _code(desk.client.post("/staff/tickets/search", data=form))

    return ask


def _code(answer: object) -> int:
    return int(answer.status_code)  # type: ignore[attr-defined]  # a test answer


# ------------------------------------------------------------ the house
def _fill(app: App) -> list[Ticket]:
    """So many tickets over half a year, written in chunks; some of each state. A sample."""
    draw, sample = Random(1), list[Ticket]()
    patterns = list(_patterns(app))
    codes = short_codes(app, set())
    for start in range(0, TICKETS, _CHUNK):
        some = [
            replace(_fresh(app, draw, patterns, start + n), short_code=next(codes))
            for n in range(min(_CHUNK, TICKETS - start))
        ]
        with app.store.unit() as unit:
            unit.begin()
            ticket_rows.add(unit, some)
            unit.commit()
        sample += draw.sample(some, min(20, len(some)))
    return sample


def _followed(app: App, batch: str) -> list[str]:
    """Some of a batch's codes, most of them sent, some redeemed; figures kept as a worker does."""
    with app.store.unit() as unit:
        figures.refresh(unit, app.house)
        of = code_batches.get_batch(unit, batch=batch)
    texts = list(islice(code_lists.every_text(app.store, of), SENT))
    with app.store.unit() as unit:
        for start in range(0, len(texts), _CHUNK):
            some = texts[start : start + _CHUNK]
            unit.begin()
            batch_codes.note_way(unit, app.house, texts=some, what="sent")
            unit.commit()
        for place, text in enumerate(texts[:: max(1, len(texts) // REDEEMED)]):
            codes.redeem_code(
                unit,
                app.house,
                asked=Asked(code=text, amount_cents=900),
                redemption_id=f"bench-{place}",
                guesser=Guesser("bench"),
            )
    return texts


def _patterns(app: App) -> Iterator[Ticket]:
    for offer in _OFFERS:
        order = TicketOrder(offer=offer, holder="Jemand", paid=True)
        with app.store.unit() as unit:
            yield drafted(unit, app.house, order=order).ticket


def _fresh(app: App, draw: Random, patterns: list[Ticket], number: int) -> Ticket:
    pattern = patterns[min(4, int(draw.expovariate(0.9)))]
    since = timedelta(days=draw.randrange(_DAYS) - _DAYS // 2)
    age = timedelta(seconds=(TICKETS - number) * 40)
    states = {0: TicketState.REVOKED, 1: TicketState.BLOCKED, 2: TicketState.UNPAID}
    last = f"{draw.choice(_LAST)}{draw.choice(_ENDS)}{draw.choice(_ENDS)}"
    return replace(
        pattern,
        id=TicketId(app.house.chance.draw(TICKET_ID_BYTES)),
        holder=f"{draw.choice(_FIRST)} {last}",
        reference=f"R-{number}" if number % 3 == 0 else None,
        state=states.get(draw.randrange(400), TicketState.VALID),
        valid_from=pattern.valid_from + since,
        valid_until=pattern.valid_until + since,
        created_at=pattern.created_at - age,
        issued_at=pattern.created_at - age,
    )


def _signed_in(app: App, sample: list[Ticket], batch: str, some: list[str]) -> Desk:
    with app.store.unit() as unit:
        access.add_staff(unit, app.house, name="bench", password=PASSWORD, role=Role.ADMIN)
    client = app.web().test_client()
    client.post("/staff/sign-in", data={"name": "bench", "password": PASSWORD, "lang": "en"})
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/staff").text)
    if found is None:
        raise RuntimeError("the benchmark could not sign in")
    return Desk(client, found[1], sample, batch, some)


if __name__ == "__main__":
    sys.exit(main())
