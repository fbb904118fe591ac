"""The staff's page: sign-in, the day, pairing."""

import json
import logging
import re
from dataclasses import replace
from datetime import date, time

import pytest
import zxingcpp
from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import delete

from tests.factories import HOLDER, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import NAME, PASSWORD, Headers, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.offers import Validity
from ticketing.domain.opening import Hours
from ticketing.service import access, tickets
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts
from ticketing.web.staff_view import Viewer

AT = "2026-10-04T14:00+02:00"
WRONG = "Name oder Passwort stimmt nicht."


@pytest.fixture
def ayse(store: Store, house: House) -> None:
    """Somebody who may sign in."""
    with store.unit() as unit:
        access.add_staff(unit, house, name=NAME, password=PASSWORD, role=Role.DESK)


# ------------------------------------------------------------ signing in
def test_the_right_password_opens(client: FlaskClient, ayse: None) -> None:
    """The cookie is for /staff alone, and no script reads it."""
    del ayse
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("einlass_staff=")
    assert {"HttpOnly", "Path=/staff", "SameSite=Strict"} <= set(cookie.split("; "))
    assert client.get("/staff").status_code == 200
    assert client.get("/staff/sign-in").headers["Location"] == "/staff"


def test_behind_tls_the_cookie_is_secure(parts: Parts, ayse: None) -> None:
    """It never travels in the clear."""
    del ayse
    client = create_app(replace(parts, secure_cookies=True)).test_client()
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"), [(NAME, "falsch"), ("Niemand", PASSWORD), ("", ""), (NAME, "x" * 2000)]
)
def test_a_wrong_sign_in_is_refused(
    client: FlaskClient, ayse: None, name: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The same words for a wrong name and a wrong password; neither is logged or shown."""
    del ayse
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/staff/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 403
    assert WRONG in answer.text
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers
    if name:
        assert name not in answer.text + caplog.text
        assert password not in answer.text + caplog.text


def test_the_form_again_is_in_its_language(client: FlaskClient) -> None:
    """The form says what it was read in."""
    answer = client.post("/staff/sign-in", data={"name": "x", "password": "y", "lang": "en"})
    assert "Name or password is wrong." in answer.text
    assert '<html lang="en">' in answer.text


def test_guessing_passwords_is_slowed_down(client: FlaskClient, ayse: None) -> None:
    """After ten wrong ones the right one waits, too."""
    del ayse
    for _ in range(10):
        client.post("/staff/sign-in", data={"name": NAME, "password": "falsch"})
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Zu viele Versuche" in answer.text


def test_a_session_ends_after_twelve_hours(staff: SignedInBrowser, clock: FrozenClock) -> None:
    """Overnight nobody stays signed in."""
    clock.tick(hours=11, minutes=59)
    assert staff.client.get("/staff").status_code == 200
    clock.tick(minutes=1)
    assert staff.client.get("/staff").status_code == 303


def test_a_forged_cookie_opens_nothing(client: FlaskClient, ayse: None) -> None:
    """Only our own signature counts."""
    del ayse
    client.set_cookie("einlass_staff", "eyJpZCI6InN0YWZmXzEifQ.aaaaaa.bbbbbb", path="/staff")
    assert client.get("/staff").status_code == 303


def test_who_is_gone_is_out_at_once(staff: SignedInBrowser, store: Store) -> None:
    """A session lives no longer than its account."""
    with store.unit() as unit:
        unit.begin()
        unit.run(delete(schema.staff))
        unit.commit()
    assert staff.client.get("/staff").status_code == 303


def test_signing_out_ends_it(staff: SignedInBrowser) -> None:
    """By a form, not by a link that another page could embed."""
    answer = staff.post("/staff/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/sign-in")
    assert staff.client.get("/staff").status_code == 303
    assert staff.client.get("/staff/sign-out").status_code == 405


@pytest.mark.parametrize(
    "path", ["/staff/sign-out", "/staff/language", "/staff/pairing", "/staff/stations/st_1/revoke"]
)
@pytest.mark.parametrize("token", ["", "0" * 32, "ä"])
def test_a_form_without_its_token_is_refused(staff: SignedInBrowser, path: str, token: str) -> None:
    """Another page in the same browser cannot act."""
    answer = staff.client.post(path, data={"csrf": token, "lang": "en", "name": "x"})
    assert answer.status_code == 403
    assert staff.client.get("/staff").status_code == 200


def test_the_language_is_remembered(staff: SignedInBrowser) -> None:
    """For this session; a language that is none is refused."""
    assert "Angebote" in staff.client.get("/staff").text
    assert staff.post("/staff/language", lang="en").status_code == 303
    page = staff.client.get("/staff").text
    assert "Offers" in page
    assert '<html lang="en">' in page
    assert staff.post("/staff/language", lang="fr").status_code == 400


# ------------------------------------------------------------ the day
def test_an_empty_house_says_what_to_do(staff: SignedInBrowser) -> None:
    """No offers, tickets, scans, gates, stations yet."""
    text = staff.client.get("/staff").text
    for hint in ("Noch keine Angebote", "Noch keine Tickets", "Noch keine Scans"):
        assert hint in text
    assert "Noch keine Station gekoppelt" in text
    assert "ticketing gate add" in text


def test_the_day_is_on_one_page(
    staff: SignedInBrowser, store: Store, house: House, station: Headers, clock: FrozenClock
) -> None:
    """People, tickets, scans with their reason, offers, stations."""
    with_offer(store, house, slug="tower", number=9, price_cents=350, active=False, entries=0)
    case = with_ticket(store, house)
    for n in (1, 2):
        scan = {
            "scan_id": f"{n:032x}",
            "barcode": case.barcode,
            "scanned_at": "2026-10-04T14:00+02:00",
        }
        staff.client.post("/api/v1/scans", headers=station, json=scan)
    text = staff.client.get("/staff").text
    assert '<p class="figure above-5">1</p>' in text
    assert re.search(
        r"<dt>Eingelassen</dt><dd>1</dd>.*<dt>Abgewiesen</dt><dd>1</dd>", text, re.DOTALL
    )
    for words in (HOLDER, "Einlass", "Stopp", "Eingang Süd", "3,50\N{NO-BREAK SPACE}€", "beliebig"):
        assert words in text
    assert "verbunden" in text
    assert "ruht" in text
    assert "geöffnet bis 18:00" in text
    clock.tick(days=1)
    later = staff.client.get("/staff", follow_redirects=False)
    assert later.status_code == 303


def test_names_are_escaped(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """A holder cannot write into the staff's page."""
    del museum
    with_ticket(store, house, holder='"Max" & Moritz')
    text = staff.client.get("/staff").text
    assert "&#34;Max&#34; &amp; Moritz" in text
    assert '"Max" &' not in text


def test_states_have_sign_and_word(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """Never colour alone."""
    del museum
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    with_ticket(store, house, offer="paid")
    gone = with_ticket(store, house)
    with store.unit() as unit:
        tickets.revoke_ticket(unit, house, ticket_id=gone.ticket.id, reason="")
    text = staff.client.get("/staff").text
    assert '<span class="status status--off">unbezahlt</span>' in text
    assert '<span class="status status--bad">zurückgenommen</span>' in text


@pytest.mark.parametrize(
    ("hour", "words"), [(7, "geöffnet ab 10:00"), (14, "geöffnet bis 18:00"), (20, "geschlossen")]
)
def test_the_head_says_whether_the_house_is_open(
    app: APIFlask, clock: FrozenClock, hour: int, words: str
) -> None:
    """In local time."""
    clock.at = clock.at.replace(hour=hour - 2)
    with app.app_context():
        assert Viewer("de").day(Hours(time(10), time(18))).hours == words


def test_a_closed_day_is_closed(app: APIFlask) -> None:
    """Mondays, holidays."""
    with app.app_context():
        assert Viewer("en").day(None).hours == "closed"


def test_a_range_shows_its_dates(app: APIFlask, store: Store, house: House) -> None:
    """From when to when an offer is good."""
    dates = {"valid_from": date(2026, 10, 1), "valid_until": date(2026, 10, 31)}
    offer = with_offer(store, house, validity=Validity.RANGE, **dates)
    with app.app_context():
        row = Viewer("en").offer(offer)
    assert row.validity == "Thu 1 Oct 2026 to Sat 31 Oct 2026"


# ------------------------------------------------------------ pairing
def open_code(staff: SignedInBrowser) -> str:
    """A fresh code, as the page shows it."""
    text = staff.post("/staff/pairing", name="Tor 2", gate="nord").text
    found = re.search(r'pairing__code">([0-9A-Z]{5}-[0-9A-Z]{5})<', text)
    assert found is not None
    return found[1]


def test_a_code_is_shown_large_and_once(staff: SignedInBrowser, museum: None) -> None:
    """In the answer to the form, with its end, and on no later page."""
    del museum
    answer = staff.post("/staff/pairing", name="Tor 2", gate="nord")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert "für Tor 2, Eingang Nord" in answer.text
    assert "gilt bis 14:15" in answer.text
    assert "pairing__code" not in staff.client.get("/staff").text


def test_the_code_pairs(staff: SignedInBrowser, museum: None) -> None:
    """The station gets the name and gate that were chosen."""
    del museum
    key = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    asked = {"pairing_code": open_code(staff), "name": "x", "public_key": key}
    answer = staff.client.post("/api/v1/stations/pair", json=asked)
    assert answer.status_code == 201
    page = staff.client.get("/staff").text
    assert "Tor 2" in page
    assert "noch nie gesehen" in page
    assert "nicht verbunden" in page


def test_the_qr_code_holds_address_code_and_fingerprint(
    staff: SignedInBrowser, museum: None, house: House
) -> None:
    """A reader reads what the protocol says."""
    del museum
    text = staff.post("/staff/pairing", name="Tor 2", gate="nord").text
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
    answer = staff.post("/staff/pairing", **fields)
    assert answer.status_code == status
    assert words in answer.text
    assert "pairing__code" not in answer.text


def test_at_most_five_codes_are_open(staff: SignedInBrowser, museum: None) -> None:
    """The sixth waits."""
    del museum
    for _ in range(5):
        open_code(staff)
    answer = staff.post("/staff/pairing", name="Tor", gate="nord")
    assert answer.status_code == 409
    assert "fünf Codes offen" in answer.text


def test_a_station_is_revoked_by_a_button(staff: SignedInBrowser, station: Headers) -> None:
    """Its token is dead at once; the page shows it as revoked."""
    found = re.search(r"/staff/stations/(st_\w+)/revoke", staff.client.get("/staff").text)
    assert found is not None
    assert staff.post(f"/staff/stations/{found[1]}/revoke").status_code == 303
    text = staff.client.get("/staff").text
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
        row = Viewer("de").station(replace(one, last_seen_at=seen_at))
    assert row.seen == "zuletzt gesehen So 4. Okt. 2026, 14:00"
    assert row.state == "staff_away"
