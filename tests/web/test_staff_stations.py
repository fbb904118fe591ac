"""Stations on the staff's site: pairing, revoking."""

import json
import re
from dataclasses import replace

import pytest
import zxingcpp
from apiflask import APIFlask
from PIL import Image, ImageDraw

from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
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
        ({"name": "", "gate": "nord"}, 422, "Name der Station fehlt"),
        ({"name": "x" * 101, "gate": "nord"}, 422, "zu lang"),
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
