"""The ticket page, its picture, the privacy page."""

from dataclasses import replace
from io import BytesIO

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from tests.factories import a_museum, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from ticketing.domain.offers import Validity
from ticketing.service import tickets
from ticketing.service.ports import House, LinkKind
from ticketing.service.tickets import TicketCase
from ticketing.store.schema import metadata
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts

pytestmark = pytest.mark.usefixtures("museum")


def path_of(house: House, case: TicketCase) -> str:
    """The address of a ticket's page."""
    return f"/t/{house.links.make(LinkKind.TICKET, case.ticket.id)}"


@pytest.fixture
def case(store: Store, house: House) -> TicketCase:
    """A ticket."""
    return with_ticket(store, house)


@pytest.fixture
def path(house: House, case: TicketCase) -> str:
    """Its address."""
    return path_of(house, case)


def test_the_front_door_is_the_chat(client: FlaskClient) -> None:
    """Whoever types the museum's address begins there."""
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/chat")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page_shows_facts_and_picture(client: FlaskClient, path: str, lang: str) -> None:
    """As text for those who do not see the picture."""
    text = client.get(f"{path}?lang={lang}").text
    assert text.count("Jördis Kowalewski") >= 2
    assert ("So 4. Okt. 2026" if lang == "de" else "Sun 4 Oct 2026") in text
    assert f'src="{path}/card.png?lang={lang}"' in text
    assert 'alt="Ticket' in text
    assert "Museumsplatz 1" in text


def test_an_annual_pass_says_its_first_and_its_last_day(
    client: FlaskClient, store: Store, house: House
) -> None:
    """Whoever comes too early sees why."""
    with_offer(store, house, slug="year", number=8, validity=Validity.YEAR)
    year = path_of(house, with_ticket(store, house, offer="year"))
    text = client.get(f"{year}?lang=de").text
    valid = '<dt>Gültig</dt><dd><span class="nowrap">{}</span> <span class="nowrap">{}</span></dd>'
    assert valid.format("So 4. Okt. 2026 \u2013", "So 3. Okt. 2027") in text


def test_the_picture_holds_the_barcode(client: FlaskClient, path: str, case: TicketCase) -> None:
    """Readers read it, caches do not keep it."""
    answer = client.get(f"{path}/card.png")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/png", "no-store")
    [found] = zxingcpp.read_barcodes(Image.open(BytesIO(answer.data)))
    assert found.text == case.barcode


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with store.unit() as unit:
        return {
            name: [tuple(row) for row in unit.run(select(table))]
            for name, table in metadata.tables.items()
        }


def test_looking_changes_nothing(client: FlaskClient, store: Store, path: str) -> None:
    """Chat apps fetch links for previews: no row is written, no cookie set."""
    before = everything(store)
    for address in (path, f"{path}/card.png", "/chat", "/privacy", "/chat/messages"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert everything(store) == before


@pytest.mark.parametrize("tail", ["", "/card.png"])
@pytest.mark.parametrize("link", ["x", "a.b.c", "ä", "%00", "x" * 5000])
def test_a_bad_link_is_a_kind_404(client: FlaskClient, link: str, tail: str) -> None:
    """Nothing is said about why."""
    answer = client.get(f"/t/{link}{tail}")
    assert answer.status_code == 404
    assert "Dein Ticket findest du im Chat" in answer.text


def test_a_changed_link_is_a_kind_404(client: FlaskClient, path: str) -> None:
    """One other character, and it is nobody's."""
    at = path.rindex(".") + 5
    other = path[:at] + ("A" if path[at] != "A" else "B") + path[at + 1 :]
    assert client.get(other).status_code == 404


def test_a_link_to_no_ticket_is_a_kind_404(client: FlaskClient, house: House) -> None:
    """Erased tickets have links, too."""
    link = house.links.make(LinkKind.TICKET, bytes(15))
    assert client.get(f"/t/{link}").status_code == 404


@pytest.mark.parametrize("change", [tickets.block_ticket, "revoke"])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_void_ticket_shows_its_state_and_no_barcode(
    client: FlaskClient, store: Store, house: House, case: TicketCase, change: object, lang: str
) -> None:
    """Nobody is sent to the gate with it."""
    with store.unit() as unit:
        if change == "revoke":
            tickets.revoke_ticket(unit, house, ticket_id=case.ticket.id, reason="x")
        else:
            tickets.block_ticket(unit, house, ticket_id=case.ticket.id)
    path = path_of(house, case)
    text = client.get(f"{path}?lang={lang}").text
    assert "<img" not in text
    assert "pass__void" in text
    assert client.get(f"{path}/card.png").status_code == 410


def test_an_unpaid_ticket_says_what_is_due(client: FlaskClient, store: Store, house: House) -> None:
    """And where."""
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    text = client.get(path_of(house, with_ticket(store, house, offer="paid"))).text
    assert "An der Kasse" in text
    assert "9,00\N{NO-BREAK SPACE}€" in text
    assert "unbezahlt" in text


def test_a_paid_ticket_asks_for_nothing(client: FlaskClient, path: str) -> None:
    """Free is free."""
    assert "An der Kasse" not in client.get(path).text


def test_a_past_ticket_says_so(client: FlaskClient, path: str, clock: FrozenClock) -> None:
    """The picture stays as a memory."""
    clock.tick(days=1)
    text = client.get(path).text
    assert "abgelaufen" in text
    assert "<img" in text


def test_a_used_ticket_says_so(
    client: FlaskClient, path: str, case: TicketCase, station: Headers, clock: FrozenClock
) -> None:
    """After its one entry."""
    scan = {"scan_id": "1" * 32, "barcode": case.barcode, "scanned_at": clock.now().isoformat()}
    assert client.post("/api/v1/scans", headers=station, json=scan).status_code == 201
    assert "<dd>benutzt</dd>" in client.get(path).text


def test_a_name_with_signs_is_escaped(client: FlaskClient, store: Store, house: House) -> None:
    """Text and attributes alike."""
    case = with_ticket(store, house, holder='Anna & "Max" O\'Neill')
    text = client.get(path_of(house, case)).text
    assert "Anna &amp; &#34;Max&#34; O&#39;Neill" in text
    assert 'Anna & "Max"' not in text


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_privacy_page_names_who_and_where(client: FlaskClient, lang: str) -> None:
    """Versioned, and with a way to ask."""
    text = client.get(f"/privacy?lang={lang}").text
    assert "Stadtmuseum Erlenbach" in text
    assert "datenschutz@example.org" in text
    assert ("Fassung 1" if lang == "de" else "Version 1") in text


@pytest.mark.parametrize(
    ("lang", "words"), [("de", "spätestens nach einem Tag"), ("en", "after a day at the latest")]
)
def test_the_privacy_page_tells_of_mail_where_mail_is_sent(
    parts: Parts, client: FlaskClient, lang: str, words: str
) -> None:
    """And only there."""
    app = create_app(replace(parts, house=replace(parts.house, can_mail=True)))
    assert words in app.test_client().get(f"/privacy?lang={lang}").text
    assert words not in client.get(f"/privacy?lang={lang}").text


def test_a_museum_without_contact_and_address_has_pages_too(parts: Parts) -> None:
    """Settings may be empty."""
    museum = a_museum(contact="", address=())
    app = create_app(replace(parts, house=replace(parts.house, museum=museum)))
    for path in ("/privacy", "/chat"):
        assert app.test_client().get(path).status_code == 200
