"""The staff's pages: the day, tickets, offers."""

import re
from datetime import date, time

import pytest
from apiflask import APIFlask

from tests.factories import HOLDER, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.offers import Validity
from ticketing.domain.opening import Hours
from ticketing.service import tickets
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.staff import rows
from ticketing.web.staff.speaker import Speaker
from ticketing.web.words import Lang


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/staff", "Noch keine Scans"),
        ("/staff", "Noch keine Station gekoppelt"),
        ("/staff/offers", "Noch keine Angebote"),
        ("/staff/tickets", "Noch keine Tickets"),
        ("/staff/stations", "Noch kein Eingang"),
    ],
)
def test_an_empty_house_says_what_to_do(staff: SignedInBrowser, path: str, hint: str) -> None:
    """No offers, tickets, scans, gates, stations yet."""
    assert hint in staff.client.get(path).text


def test_the_day_is_on_one_page(
    staff: SignedInBrowser, store: Store, house: House, station: Headers, clock: FrozenClock
) -> None:
    """People, scans with their reason, stations."""
    case = with_ticket(store, house)
    for n in (1, 2):
        scan = {
            "scan_id": f"{n:032x}",
            "barcode": case.barcode,
            "scanned_at": "2026-10-04T14:00+02:00",
        }
        staff.client.post("/api/v1/scans", headers=station, json=scan)
    text = staff.client.get("/staff").text
    assert '<p class="figure">1</p>' in text
    assert re.search(
        r"<dt>Eingelassen</dt><dd>1</dd>.*<dt>Abgewiesen</dt><dd>1</dd>", text, re.DOTALL
    )
    for words in ("Einlass", "Stopp", "Eingang Süd", "verbunden", "geöffnet bis 18:00"):
        assert words in text
    assert HOLDER not in text
    clock.tick(days=1)
    later = staff.client.get("/staff", follow_redirects=False)
    assert later.status_code == 303


def test_offers_are_listed_in_words(staff: SignedInBrowser, store: Store, house: House) -> None:
    """What it costs, how often it admits, whether it is sold."""
    with_offer(store, house, slug="tower", number=9, price_cents=350, active=False, entries=0)
    text = staff.client.get("/staff/offers").text
    for words in ("3,50\N{NO-BREAK SPACE}€", "beliebig", "ruht"):
        assert words in text


@pytest.mark.parametrize(
    "path", ["/staff", "/staff/tickets", "/staff/offers", "/staff/stations", "/staff/more"]
)
def test_each_page_marks_its_place(staff: SignedInBrowser, path: str) -> None:
    """Whoever listens to the page hears where they are."""
    text = staff.client.get(path).text
    assert f'href="{path}" aria-current="page"' in text
    assert text.count("<h1") == 1


def test_names_are_escaped(
    staff: SignedInBrowser, store: Store, house: House, museum: None
) -> None:
    """A holder cannot write into the staff's page."""
    del museum
    with_ticket(store, house, holder='"Max" & Moritz')
    text = staff.client.get("/staff/tickets").text
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
    text = staff.client.get("/staff/tickets").text
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
        assert Speaker("de").hours(Hours(time(10), time(18))) == words


@pytest.mark.parametrize(("lang", "words"), [("de", "4.10."), ("en", "4 Oct")])
def test_a_short_day_cannot_be_another(app: APIFlask, lang: Lang, words: str) -> None:
    """Not 4/10, which may be in April."""
    with app.app_context():
        assert Speaker(lang).short_day(date(2026, 10, 4)) == words


def test_a_closed_day_is_closed(app: APIFlask) -> None:
    """Mondays, holidays."""
    with app.app_context():
        assert Speaker("en").hours(None) == "closed"


def test_a_range_shows_its_dates(app: APIFlask, store: Store, house: House) -> None:
    """From when to when an offer is good."""
    dates = {"valid_from": date(2026, 10, 1), "valid_until": date(2026, 10, 31)}
    offer = with_offer(store, house, validity=Validity.RANGE, **dates)
    with app.app_context():
        row = rows.offer(offer, Speaker("en"))
    assert row.validity == "Thu 1 Oct 2026 to Sat 31 Oct 2026"
