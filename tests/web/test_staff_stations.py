"""Stations on the staff's site: pairing, revoking."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import zxingcpp
from apiflask import APIFlask
from PIL import Image, ImageDraw

from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.audit import Action, ActorKind, Wanted
from ticketing.service import audit
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.staff import rows
from ticketing.web.staff.speaker import Speaker


def open_code(staff: SignedInBrowser) -> str:
    """A fresh code, as the page shows it."""
    text = staff.post("/staff/stations/pairing", name="Tor 2", gate="nord").text
    found = re.search(r'pairing__code">([0-9A-Z]{5}-[0-9A-Z]{5})<', text)
    assert found is not None
    return found[1]


def test_a_code_is_shown_large_and_once(staff: SignedInBrowser, museum: None) -> None:
    """In the answer to the form, with its end, and on no later page."""
    del museum
    answer = staff.post("/staff/stations/pairing", name="Tor 2", gate="nord")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert "für Tor 2, Eingang Nord" in answer.text
    assert "gilt bis 14:15" in answer.text
    assert "pairing__code" not in staff.client.get("/staff/stations").text


def test_the_code_pairs(staff: SignedInBrowser, museum: None) -> None:
    """The station gets the name and gate that were chosen."""
    del museum
    key = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    asked = {"pairing_code": open_code(staff), "name": "x", "public_key": key}
    answer = staff.client.post("/api/v1/stations/pair", json=asked)
    assert answer.status_code == 201
    page = staff.client.get("/staff/stations").text
    assert "Tor 2" in page
    assert "noch nie gesehen" in page
    assert "nicht verbunden" in page


def test_the_qr_code_holds_address_code_and_fingerprint(
    staff: SignedInBrowser, museum: None, house: House
) -> None:
    """A reader reads what the protocol says."""
    del museum
    text = staff.post("/staff/stations/pairing", name="Tor 2", gate="nord").text
    side = int(re.search(r'pairing__qr" viewBox="0 0 (\d+) \1"', text)[1])  # type: ignore[index]  # a missing one fails here
    path = re.search(r'crispEdges"><path d="([^"]+)"', text)[1]  # type: ignore[index]  # as above
    picture = Image.new("L", (side * 4, side * 4), 255)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        left, top = int(x) * 4, int(y) * 4
        ImageDraw.Draw(picture).rectangle((left, top, left + int(width) * 4 - 1, top + 3), fill=0)
    [found] = zxingcpp.read_barcodes(picture)
    told = json.loads(found.text)
    assert told["u"] == "https://tickets.example"
    assert f'pairing__code">{told["c"]}<' in text
    assert told["k"] == house.signer.ring().fingerprint()


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": "", "gate": "nord"}, 422, "Hier fehlt etwas."),
        ({"name": "x" * 101, "gate": "nord"}, 422, "Höchstens 100 Zeichen."),
        ({"name": "Tor", "gate": "nowhere"}, 422, "Diesen Eingang gibt es nicht"),
        ({}, 422, "Diesen Eingang gibt es nicht"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(
    staff: SignedInBrowser, museum: None, fields: dict[str, str], status: int, words: str
) -> None:
    """On the same page, at the form."""
    del museum
    answer = staff.post("/staff/stations/pairing", **fields)
    assert answer.status_code == status
    assert words in answer.text
    assert "pairing__code" not in answer.text


def test_at_most_five_codes_are_open(staff: SignedInBrowser, museum: None) -> None:
    """The sixth waits."""
    del museum
    for _ in range(5):
        open_code(staff)
    answer = staff.post("/staff/stations/pairing", name="Tor", gate="nord")
    assert answer.status_code == 409
    assert "fünf Codes offen" in answer.text


def test_a_station_is_revoked_by_a_button(staff: SignedInBrowser, station: Headers) -> None:
    """Its token is dead at once; the page shows it as revoked."""
    found = re.search(r"/staff/stations/(st_\w+)/revoke", staff.client.get("/staff/stations").text)
    assert found is not None
    assert staff.post(f"/staff/stations/{found[1]}/revoke").status_code == 303
    text = staff.client.get("/staff/stations").text
    assert "gesperrt" in text
    assert "/revoke" not in text
    gone = staff.client.get(f"/api/v1/scans/{'0' * 32}", headers=station)
    assert gone.status_code == 401


def test_a_station_that_does_not_exist_is_404(staff: SignedInBrowser) -> None:
    """As a page."""
    answer = staff.post("/staff/stations/st_nothing/revoke")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_station_last_seen_yesterday_says_the_day(
    app: APIFlask, store: Store, station: Headers, clock: FrozenClock
) -> None:
    """A time alone would look like today."""
    del station
    seen_at = clock.now()
    clock.tick(days=1)
    with store.unit() as unit:
        [one] = stations.list_stations(unit)
    with app.app_context():
        row = rows.station(replace(one, last_seen_at=seen_at), Speaker("de"))
    assert row.seen == "zuletzt gesehen So 4. Okt. 2026, 14:00"
    assert row.state == "nicht verbunden"


# ------------------------------------------------------------ changing
@pytest.fixture
def editor(as_role: Callable[[Role], SignedInBrowser], station: Headers) -> SignedInBrowser:
    """Somebody who may change stations; there is one."""
    del station
    return as_role(Role.EDITOR)


def the_id(browser: SignedInBrowser) -> str:
    """The id of the only station."""
    found = re.search(
        r"/staff/stations/(st_\w+)/change", browser.client.get("/staff/stations").text
    )
    assert found is not None
    return found[1]


def test_a_station_is_renamed_and_moved_on_the_page(editor: SignedInBrowser, store: Store) -> None:
    """And the audit knows who did it."""
    answer = editor.post(f"/staff/stations/{the_id(editor)}/change", name="Kasse 9", gate="nord")
    assert answer.status_code == 303
    text = editor.client.get("/staff/stations").text
    assert "Kasse 9" in text
    assert "Gespeichert." in text
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.STATION_CHANGED)).items
    assert line.actor.kind is ActorKind.STAFF
    assert line.after == {"gate": "nord", "name": "Kasse 9"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "gate": "nord"}, "Der Name der Station fehlt"),
        ({"name": "Kasse", "gate": "dach"}, "Diesen Eingang gibt es nicht."),
    ],
)
def test_a_station_is_not_changed_to_nonsense(
    editor: SignedInBrowser, fields: dict[str, str], words: str
) -> None:
    """The page says why, and the station is as it was."""
    editor.post(f"/staff/stations/{the_id(editor)}/change", **fields)
    text = editor.client.get("/staff/stations").text
    assert words in text
    assert 'value="Tor"' in text


def test_a_station_that_is_not_there_cannot_be_changed(editor: SignedInBrowser) -> None:
    """404, as a page."""
    answer = editor.post("/staff/stations/st_nothing/change", name="x", gate="nord")
    assert answer.status_code == 404


def test_gates_are_made_and_renamed(editor: SignedInBrowser) -> None:
    """Without an English name the German one is used."""
    assert editor.post("/staff/stations/gates", slug="hof", name_de="Hof").status_code == 303
    assert (
        editor.post("/staff/stations/gates/hof", name_de="Innenhof", name_en="Yard").status_code
        == 303
    )
    text = editor.client.get("/staff/stations").text
    assert "Innenhof" in text
    assert 'value="Yard"' in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"slug": "nord", "name_de": "Nord"}, "Das gibt es schon."),
        ({"slug": "Nord Süd", "name_de": "Nord"}, "So kann das nicht heißen."),
        ({"slug": "hof", "name_de": ""}, "Hier fehlt etwas."),
    ],
)
def test_a_gate_that_cannot_be_is_refused_beside_its_field(
    editor: SignedInBrowser, fields: dict[str, str], words: str
) -> None:
    """With what was typed still there."""
    answer = editor.post("/staff/stations/gates", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert fields["slug"] in answer.text


def test_a_gate_keeps_its_name_if_the_new_one_is_none(editor: SignedInBrowser) -> None:
    """The page says so."""
    editor.post("/staff/stations/gates/nord", name_de="")
    text = editor.client.get("/staff/stations").text
    assert "Der Name des Eingangs fehlt" in text
    assert editor.post("/staff/stations/gates/dach", name_de="Dach").status_code == 404


def test_who_may_only_look_sees_no_buttons(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """What somebody may not do is not offered."""
    text = as_role(Role.AUDITOR).client.get("/staff/stations").text
    assert "<form" not in text.split("<main", 1)[1]
