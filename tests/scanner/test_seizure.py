"""Peers 59: a station is taken away; what it holds names nobody and opens no door."""

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from scanner.config import Pairing, Settings, load_key
from scanner.events import LinkState
from scanner.eyes import Hands
from scanner.journal import FILE_NAME as JOURNAL
from scanner.knowledge import FILE_NAME as KNOWLEDGE
from scanner.knowledge import Knowledge
from scanner.logbook import LOG_FILE, kept_log
from scanner.pairing import Invitation, pair
from scanner.presentation import Facts
from scanner.station import Station, draw, opener_of
from tests.factories import with_gates, with_offer, with_ticket
from tests.scanner.frames import bgr, code, packed, paper
from tests.scanner.homes import until
from tests.scanner.station_kit import DISCOUNT_CODE
from ticketing.edge.clock import SystemClock
from ticketing.edge.painter import Painter
from ticketing.edge.press import Press
from ticketing.edge.sheets import Sheets
from ticketing.edge.wording import FileWording
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts
from ticketing.wire.sync_api import KnowledgePage

NAMES = (
    "Jördis Kowalewski",
    "Zoë Müßig",
    "Ayşe Demirtaş",
    "Łukasz Wiśniewski",
    "Ελένη Παπαδοπούλου",
    "Александра Иванова",
    "Maximiliane Schnarrenberger",
    "Đặng Thị Ngọc Ánh",
)
FOREIGN = "https://example.org/secret-menu-4711"
TYPED = "Kowalewski, Vorname vergessen"


@dataclass(frozen=True, slots=True)
class Day:
    """A day at a gate: the tickets, the picture of one, and the home that was taken away."""

    cases: tuple[TicketCase, ...]
    picture: bytes
    running: bytes
    home: Path


@pytest.fixture(name="day")
def _day(store: Store, house: House, tmp_path: Path) -> Day:
    """Issued with names, known, scanned with and without the service, then taken away."""
    house = replace(house, clock=SystemClock(), wording=FileWording())
    with_gates(store, house)
    with_offer(store, house)
    cases = tuple(with_ticket(store, house, holder=name) for name in NAMES)
    picture = packed(bgr(paper(code(cases[0].barcode, scale=5))), ".png")
    home, file = tmp_path / "home", tmp_path / "ticket.png"
    file.write_bytes(picture)
    with served(store, house) as url:
        with store.unit() as unit:
            open_code = stations.open_pairing(unit, house, name="Tor", gate="sued").code
        pairing = pair(home, Invitation(url, open_code), name="Tor", draw=draw)
        fill(home, pairing)
        with running(home, pairing, source=str(file)) as station:
            until(lambda: shown(station)["word"] == "Einlass")
            for text in (cases[1].barcode, cases[2].ticket.short_code, DISCOUNT_CODE, TYPED):
                say(station, text)
            station._desk.post(stumbles)
    with running(home, pairing) as station:  # the service is away
        until(lambda: station._desk._parts.gate.link is LinkState.DOWN)
        say(station, cases[3].barcode)
        until(lambda: shown(station)["who"] == NAMES[3])
        for text in (cases[4].ticket.short_code, DISCOUNT_CODE, FOREIGN, cases[5].barcode):
            say(station, text)
        until(lambda: shown(station)["who"] == NAMES[5])
        assert Hands(station._desk).drop(picture) == ""
        until(lambda: shown(station)["who"] == NAMES[0])
        while_running = everything(home)
    return Day(cases, picture, while_running, home)


def test_a_station_that_was_taken_away_tells_nothing(day: Day) -> None:
    """No name, barcode, short code, discount code, typed text or picture, in any encoding."""
    for taken in (day.running, everything(day.home)):
        assert [needle for needle in secrets(day) if is_in(needle, taken)] == []


def test_that_station_had_been_told_and_had_kept_its_record(day: Day) -> None:
    """All tickets are in its file, and what happened is in its journal."""
    knowledge = Knowledge(day.home / KNOWLEDGE)
    known = [knowledge.find(case.ticket.id) for case in day.cases]
    knowledge.close()
    assert all(row is not None and row.box for row in known)
    journal = (day.home / JOURNAL).read_bytes()
    assert journal.count(b'"kind":"scan"') >= len(day.cases)


def test_its_log_tells_of_the_day_and_of_nobody(day: Day) -> None:
    """Starts, ends and the line stand in it; the search above has read it too."""
    told = (day.home / LOG_FILE).read_bytes()
    assert told.count(b"the station starts") == told.count(b"the station ends") == 2
    assert b"the service does not answer" in told
    assert b"an event could not be handled: LookupError" in told
    assert [needle for needle in secrets(day) if is_in(needle, told)] == []


@pytest.mark.parametrize("needle", ["Zoë Müßig", "0123456789ABCDEF", "Ελένη"])
def test_the_search_would_find_it(needle: str) -> None:
    """Whatever way it was written, wherever it begins."""
    data = needle.encode()
    forms = [
        data,
        needle.encode("utf-16-le"),
        needle.encode("utf-16-be"),
        json.dumps(needle).encode(),
    ]
    forms += [data.hex().encode(), data.hex().upper().encode()]
    forms += [base64.b64encode(b"x" * shift + data + b"yz") for shift in range(3)]
    forms += [base64.urlsafe_b64encode(b"x" * shift + data + b"yz") for shift in range(3)]
    assert all(is_in(data, b"..." + form + b"...") for form in forms)
    assert not is_in(data, b"..." * 99)


def secrets(day: Day) -> Iterator[bytes]:
    """All that must not be found."""
    for case in day.cases:
        ticket, barcode = case.ticket, case.barcode
        for word in {ticket.holder, *(part for part in ticket.holder.split() if len(part) > 5)}:
            yield from (word.encode(), word.casefold().encode(), word.upper().encode())
        yield barcode.encode()
        yield barcode[60:].encode()  # the signature alone
        yield base64.b32hexdecode(barcode + "======")[40:90]
        short = ticket.short_code
        yield from (short.encode(), f"{short[:4]}-{short[4:]}".encode())
    yield from (DISCOUNT_CODE.encode(), DISCOUNT_CODE.split("-")[1].encode())
    yield from (FOREIGN.encode(), b"example.org", TYPED.encode(), b"vergessen")
    yield from (day.picture[:24], day.picture[200:232], b"\x89PNG", b"JFIF", b"IDAT")


def is_in(needle: bytes, taken: bytes) -> bool:
    """Whether it is there as it is, in UTF-16, as JSON escapes, in hexadecimal or base64."""
    if len(needle) < 6:  # chance alone would write it in base64
        return needle in taken
    forms = [needle, needle.hex().encode(), needle.hex().upper().encode()]
    try:
        text = needle.decode()
    except UnicodeDecodeError:
        text = ""
    if text:
        forms += [
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            json.dumps(text)[1:-1].encode(),
        ]
    for shift in range(3):  # base64 looks different at each place of a group of three
        plain = base64.b64encode(b"\0" * shift + needle)
        inner = plain[4 if shift else 0 : len(plain) - 4]
        forms += [inner, inner.replace(b"+", b"-").replace(b"/", b"_")]
    return any(form in taken for form in forms)


def everything(home: Path) -> bytes:
    """Every byte of a home, file names too."""
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    return b"\n".join(str(path.name).encode() + b"\n" + path.read_bytes() for path in files)


# ------------------------------------------------------------ the day
@contextmanager
def served(store: Store, house: House) -> Iterator[str]:
    """The real service on loopback."""
    parts = Parts(
        store=store,
        house=house,
        painter=Painter(),
        sheets=Sheets(),
        press=Press(),
        session_key=b"session" * 5,
    )
    server = make_server("127.0.0.1", 0, create_app(parts), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fill(home: Path, pairing: Pairing) -> None:
    """What the service tells this station, as it comes over the line."""
    request = urllib.request.Request(  # noqa: S310  loopback
        f"{pairing.server}/api/v1/station/knowledge",
        headers={"Authorization": f"Bearer {pairing.answer.token}"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310  the same
        page = KnowledgePage.from_json(json.load(answer))
    knowledge = Knowledge(home / KNOWLEDGE)
    assert knowledge.apply(page)
    knowledge.close()


@contextmanager
def running(home: Path, pairing: Pairing, *, source: str = "97") -> Iterator[Station]:
    """The real station in that home."""
    settings = Settings(port=0, source=source)
    station = Station(home, settings, pairing, load_key(home), version="test")
    stop = threading.Event()
    thread = threading.Thread(target=station.run, args=(opener_of(source), stop))
    with kept_log(home):
        thread.start()
        try:
            yield station
        finally:
            stop.set()
            thread.join(10)
        assert not thread.is_alive()


def stumbles(_facts: object) -> Facts:
    """A fault whose words are a name."""
    raise LookupError(NAMES[6])


def say(station: Station, text: str) -> None:
    """Type a text and wait for something to be shown of it."""
    before = shown(station)
    number = station._desk._facts.sound[0]
    station._desk.typed(text)
    until(lambda: station._desk._facts.sound[0] > number or shown(station) != before)


def shown(station: Station) -> dict[str, Any]:
    """The panel in German."""
    state: Any = json.loads(station._feed.newest("state"))
    return dict(state["words"]["de"]["panel"])
