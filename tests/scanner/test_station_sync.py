"""The desk and a whole station: undo, counting, syncing by itself, learning without a restart."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.config import load_key
from scanner.desk import Desk, Parts
from scanner.gate import Gate
from scanner.journal import FILE_NAME, Journal
from scanner.learning import Learnt
from scanner.link import Link, Pulse, Server
from scanner.memory import NoRows, StationMemory
from scanner.page.feed import Feed
from scanner.station import RealWorld
from scanner.sync import Synced
from tests.scanner.homes import a_station, paired_home, today_ticket, until
from tests.scanner.service_double import TOKEN, Service, moody, running
from tests.scanner.station_kit import BERLIN, NOON, POST
from tests.scanner.sync_double import SETTINGS
from tests.scanner.test_station import HOUSE, panel_of, said_by, shows, state_of, work, work_until
from ticketing.wire.journal import parse_body
from ticketing.wire.keys import KeyId, KeyRing
from ticketing.wire.sync_api import KnowledgePage
from ticketing.wire.texts import Localised


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="nudges")
def _nudges() -> list[int]:
    """How often syncing was asked for at once."""
    return []


@pytest.fixture(name="desk")
def _desk(tmp_path: Path, service: Service, nudges: list[int]) -> Iterator[Desk]:
    """A desk whose row is worked off by the test."""
    paired_home(tmp_path, service.url)
    journal = Journal(tmp_path / FILE_NAME, load_key(tmp_path), draw=bytes)
    link = Link(Server.of(service.url), TOKEN, timeout_s=1)
    yield Desk(
        Parts(
            gate=Gate(
                replace(POST, zone=BERLIN, deadline_ms=2_000), StationMemory(NoRows(), journal)
            ),
            journal=journal,
            link=link,
            feed=Feed(),
            house=HOUSE,
            world=RealWorld(),
            nudge=lambda: nudges.append(1),
        )
    )
    link.close()
    journal.close()


def bodies(desk: Desk) -> list[str]:
    """The kinds in the journal, in order."""
    lines = desk._parts.journal.lines()
    return [type(parse_body(json.loads(line)["body"])).__name__ for line in lines]


def a_page(**changes: Any) -> KnowledgePage:
    """What the service tells."""
    plain: dict[str, Any] = {
        "epoch": "e1",
        "cursor": "c1",
        "more": False,
        "server_time": NOON,
        "window_from": NOON,
        "window_until": NOON + timedelta(days=7),
        "keys": POST.ring,
        "offers": (),
        "settings": SETTINGS,
        "tickets": (),
    }
    return KnowledgePage(**(plain | changes))


# ---------------------------------------------------------------- the desk


def test_the_last_admit_is_taken_back_from_the_page(desk: Desk, service: Service) -> None:
    """Asked, recorded, shown; in the list it stands as annulled."""
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    desk.annul()
    work_until(desk, shows(desk, "Aufgehoben"))
    assert len(service.annulled) == 1
    assert bodies(desk)[-1] == "AnnulBody"
    rows = state_of(desk)["words"]["de"]["recent"]
    assert [row["word"] for row in rows] == ["Aufgehoben"]


def test_an_annul_the_service_cannot_hear_is_in_the_journal(desk: Desk, service: Service) -> None:
    """And is owed."""
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    moody(service, drop=True)
    desk.annul()
    work_until(desk, shows(desk, "Aufgehoben"))
    assert desk.unsent == 1


def test_another_number_of_people_is_one_row_in_the_list(desk: Desk) -> None:
    """Two rows in the record, one step for staff."""
    desk.typed(today_ticket(party=4))
    work_until(desk, shows(desk, "Einlass"))
    desk.people(-1)
    work_until(desk, lambda: panel_of(desk)["reason"] == "3 von 4 Personen")
    rows = state_of(desk)["words"]["de"]["recent"]
    assert [row["what"] for row in rows] == ["Tageskarte, 3 Personen"]
    kinds = [kind for kind in bodies(desk) if kind in {"ScanBody", "AnnulBody"}]
    assert kinds == ["ScanBody", "AnnulBody", "ScanBody"]


def test_people_without_a_ticket_are_seen_at_once(desk: Desk, nudges: list[int]) -> None:
    """On the page before the service has heard; it is told at once."""
    desk.heard(Pulse(0))
    desk.count(2)
    desk.count(-1)
    before = len(nudges)
    work(desk)
    assert state_of(desk)["words"]["de"]["counted"] == "+1 von Hand"
    assert desk.unsent == 2
    assert len(nudges) > before


def test_what_is_recorded_while_an_upload_runs_is_asked_for_too(
    desk: Desk, nudges: list[int]
) -> None:
    """However many entries the page still shows as unsent."""
    desk.heard(Pulse(0))
    desk.synced(Synced(unsent=7, at=None, alarms=0))
    work(desk)
    before = len(nudges)
    desk.count(1)
    work(desk)
    assert len(nudges) == before + 1


def test_syncing_is_asked_for_when_the_line_is_back(
    desk: Desk, service: Service, nudges: list[int]
) -> None:
    """Not while it is down: there would be nobody to hear."""
    moody(service, drop=True)
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    assert nudges == []
    desk.heard(Pulse(0))
    work(desk)
    assert nudges == [1]
    desk.heard(Pulse(0))
    work(desk)
    assert nudges == [1]


def test_how_far_the_station_is_in_step_is_shown(desk: Desk) -> None:
    """Unsent entries, age, alarms."""
    desk.heard(Pulse(0))
    desk.synced(Synced(unsent=7, at=RealWorld().moment().at - timedelta(hours=5), alarms=1))
    work(desk)
    said = state_of(desk)["words"]["en"]
    assert said["link"] == "Online · 7 unsent"
    assert (said["knowledge"], said["knowledge_age"]) == ("Data 5 h old", "old")
    assert said["alarm"] == "1 entry rejected: tell the office"


def test_what_the_house_is_called_now_is_shown_without_a_restart(desk: Desk) -> None:
    """Gate, offers and keys change while it runs; the scan asks for the new gate."""
    settings = replace(SETTINGS, gate="nord", gate_name=Localised("Eingang Nord", "North"))
    desk.learned(a_page(settings=settings))
    work(desk)
    assert state_of(desk)["words"]["de"]["gate"] == "Eingang Nord"
    assert desk._parts.gate.post.gate == "nord"


def test_a_new_key_ring_is_told_to_the_service(desk: Desk) -> None:
    """By its fingerprint, so that a rotation can name who would not know the new key."""
    before = desk.ring
    wider = KeyRing((*POST.ring.keys, replace(POST.ring.keys[0], id=KeyId(2))))
    desk.learned(a_page(keys=wider))
    work(desk)
    assert before != desk.ring == wider.fingerprint()


def test_the_same_news_change_nothing(desk: Desk) -> None:
    """Every ten seconds a page arrives."""
    desk.learned(a_page())
    work(desk)
    gate = desk._parts.gate
    post, house = gate.post, desk._house
    desk.learned(a_page())
    work(desk)
    assert gate.post is post
    assert desk._house is house


def test_an_empty_ring_and_a_strange_zone_are_not_believed() -> None:
    """A station that trusts nobody or does not know the time helps nobody."""
    page = a_page(keys=KeyRing(()), settings=replace(SETTINGS, zone="Nowhere/At all"))
    learnt = Learnt.of_page(page)
    assert learnt.post(POST).ring == POST.ring
    assert learnt.post(POST).zone == POST.zone
    assert learnt.house(HOUSE).zone == HOUSE.zone


def test_a_clock_that_is_wrong_is_marked_once_in_the_journal(desk: Desk) -> None:
    """Behaviour 58: detected, told on the page, and from there on in the record."""
    for ahead_ms in (600_000, 600_500, 601_000):
        desk.heard(Pulse(ahead_ms))
    work(desk)
    assert state_of(desk)["words"]["de"]["clock"] == "Uhr geht 10 min vor: stellen"
    assert bodies(desk).count("ClockBody") == 1


# ---------------------------------------------------------------- the whole


def uploaded(service: Service) -> list[str]:
    """The kinds the service has, in order."""
    held = service.sync.bodies
    return [json.loads(held[n])["kind"] for n in sorted(held)]


def test_a_station_that_was_offline_sends_its_scans_by_itself(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline and back: nobody presses a key, nothing stays unsent, nothing comes twice."""
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    moody(service, drop=True)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["link"].startswith("Offline"))
        for number in (1, 2, 3):
            station._desk.typed(today_ticket(number))
        until(lambda: said_by(station)["link"].endswith("3 ungesendet"))
        moody(service)
        until(lambda: said_by(station)["link"] == "Verbunden · nichts offen")
        until(lambda: said_by(station)["knowledge"].startswith("Stand"))
        service.sync.public_key = station._journal._key.public
    assert uploaded(service).count("scan") == 3
    assert service.sync.broken == []


def test_a_slow_upload_holds_up_no_scan(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a thread and connections of its own."""
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    slow = service.sync.take

    def take(data: dict[str, Any]) -> tuple[int, dict[str, object]]:
        until(lambda: any("barcode" in one for one in service.asked))
        return slow(data)

    monkeypatch.setattr(service.sync, "take", take)
    with a_station(tmp_path, service) as station:
        until(lambda: any("entries" in one for one in service.asked))
        station._desk.typed(today_ticket())
        until(lambda: said_by(station)["panel"]["word"] == "Einlass")
        assert said_by(station)["panel"]["who"] == "Jördis Kowalewski"  # the service's word


def test_the_service_hears_how_the_station_is(tmp_path: Path, service: Service) -> None:
    """Unsent entries, version, keys with every probe."""
    with a_station(tmp_path, service) as station:
        until(lambda: service.conditions)
        ring = station._desk.ring
    told = service.conditions[0]
    assert (told["version"], told["ring"]) == ("test", ring)
    assert told["unsent"].isdigit()


def test_a_restarted_station_sends_what_the_last_run_left(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unsent entries survive a stop; the age of what was known does too."""
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["knowledge"].startswith("Stand"))
        moody(service, drop=True)
        until(lambda: said_by(station)["link"].startswith("Offline"))
        station._desk.typed(today_ticket())
        until(lambda: said_by(station)["link"].endswith("1 ungesendet"))
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["link"].endswith("1 ungesendet"))
        until(lambda: said_by(station)["knowledge"].startswith("Stand"))
        moody(service)
        until(lambda: said_by(station)["link"] == "Verbunden · nichts offen")
    assert uploaded(service).count("scan") == 1


def test_a_signed_off_station_stops_asking(tmp_path: Path, service: Service) -> None:
    """Whoever hears of it first: the page says so."""
    moody(service, status=401)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["panel"]["word"] == "Abgemeldet")


def test_a_restarted_station_stands_where_the_service_put_it(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gate and keys of yesterday's knowledge, without the line; a newer pairing goes before."""
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    north = Localised("Eingang Nord", "North entrance")
    service.sync.settings = replace(SETTINGS, gate="nord", gate_name=north)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["gate"] == "Eingang Nord")
    moody(service, drop=True)
    with a_station(tmp_path, service, paired_at=0) as station:
        assert said_by(station)["gate"] == "Eingang Nord"
    with a_station(tmp_path, service) as station:
        assert said_by(station)["gate"] == "Eingang Süd"
