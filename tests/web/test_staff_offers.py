"""Offers and their time slots on the site: made, changed, never against what was sold."""

import re
from collections.abc import Callable

import pytest
from apiflask import APIFlask

from tests.factories import an_offer, with_gates, with_offer, with_ticket
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.audit import Action, Wanted
from ticketing.domain.offers import SITE_WORDS, SLUG, Validity
from ticketing.service import audit, offers, slots
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.service.slots import SlotQuery
from ticketing.store import offers as offer_rows
from ticketing.store.unit import Store
from ticketing.wire.texts import Localised

NEW = {
    "slug": "tower", "name_de": "Turm", "name_en": "Tower", "price": "3,50", "party_max": "4",
    "entries": "1", "validity": "day", "live": "off", "early_min": "15", "late_min": "15",
    "active": "yes", "pay_at_desk": "yes",
}  # fmt: skip
SERIES = {
    "first": "2026-10-05", "last": "2026-10-11", "times": "10:00, 14:30", "minutes": "60",
    "capacity": "12",
}  # fmt: skip


@pytest.fixture
def editor(
    as_role: Callable[[Role], SignedInBrowser], store: Store, house: House
) -> SignedInBrowser:
    """Somebody who may change offers, in a house with two gates."""
    with_gates(store, house)
    return as_role(Role.EDITOR)


def test_an_offer_is_made_and_shown(editor: SignedInBrowser, store: Store) -> None:
    """With its facts in words; the audit knows."""
    answer = editor.post("/staff/offers/new", **NEW, gates="nord")
    assert answer.headers["Location"] == "/staff/offers/tower"
    text = editor.client.get("/staff/offers/tower").text
    assert "Das Angebot ist angelegt." in text
    assert "3,50\N{NO-BREAK SPACE}€" in text
    with store.unit() as unit:
        offer = offers.get_offer(unit, slug="tower")
        [line] = audit.page(unit, wanted=Wanted(action=Action.OFFER_CREATED)).items
    assert (offer.gates, offer.party_max, offer.pay_at_desk) == (("nord",), 4, True)
    assert line.object.id == "tower"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "Turm 1", "So kann das nicht heißen."),
        ("slug", "", "Hier fehlt etwas."),
        ("name_de", "", "Hier fehlt etwas."),
        ("price", "viel", "Ein Betrag wie 7,20."),
        ("price", "-1", "Ein Betrag wie 7,20."),
        ("party_max", "0", "Eine ganze Zahl von 1 bis 255."),
        ("entries", "256", "Eine ganze Zahl von 0 bis 255."),
        ("validity", "forever", "Bitte etwas aus der Liste wählen."),
        ("validity", "range", "Hier fehlt etwas."),
        ("gates", "dach", "Das gibt es nicht mehr."),
        ("early_min", "721", "Eine ganze Zahl von 0 bis 720."),
    ],
)
def test_a_wrong_offer_is_told_beside_its_field(
    editor: SignedInBrowser, field: str, value: str, words: str
) -> None:
    """And nothing is stored; what was typed is still there."""
    answer = editor.post("/staff/offers/new", **(NEW | {field: value}))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Tower"' in answer.text
    assert editor.client.get("/staff/offers/tower").status_code == 404


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "bac"),
        ("?sort=name", "abc"),
        ("?sort=name&down=yes", "cba"),
        ("?sort=price", "cba"),
        ("?state=inactive", "c"),
        ("?state=active&sort=name", "ab"),
        ("?state=rubbish&sort=rubbish", "bac"),
    ],
)
def test_offers_are_filtered_and_sorted(
    editor: SignedInBrowser, store: Store, house: House, query: str, order: str
) -> None:
    """By name in the reader's language, by price; what is asked otherwise shows all."""
    with_offer(store, house, slug="b", number=1, price_cents=500, name=Localised("B", "X"))
    with_offer(store, house, slug="a", number=2, price_cents=900, name=Localised("a", "Y"))
    with_offer(store, house, slug="c", number=3, active=False, name=Localised("C", "Z"))
    text = editor.client.get(f"/staff/offers{query}").text
    assert "".join(re.findall(r'href="/staff/offers/([abc])"', text)) == order


def test_a_filter_that_leaves_nothing_says_so(
    editor: SignedInBrowser, store: Store, house: House
) -> None:
    """And not that there were no offers at all."""
    with_offer(store, house)
    text = editor.client.get("/staff/offers?state=inactive").text
    assert "So eines gibt es nicht." in text
    assert "Noch keine Angebote" not in text


def test_a_taken_short_name_is_told(editor: SignedInBrowser) -> None:
    """The first one stays as it is."""
    editor.post("/staff/offers/new", **NEW)
    answer = editor.post("/staff/offers/new", **NEW)
    assert answer.status_code == 422
    assert "Das gibt es schon." in answer.text


@pytest.mark.parametrize("slug", sorted(SITE_WORDS))
def test_a_word_of_the_site_is_no_short_name(
    editor: SignedInBrowser, store: Store, house: House, slug: str
) -> None:
    """Its page would hide the offer's; one that is there already can still be changed."""
    answer = editor.post("/staff/offers/new", **(NEW | {"slug": slug}))
    assert answer.status_code == 422
    assert "Dieses Wort brauchen die Seiten selbst." in answer.text
    assert 'value="Turm"' in answer.text
    with store.unit() as unit:
        unit.begin()
        offer_rows.add(unit, an_offer(slug=slug, number=9), at=house.clock.now())
        unit.commit()
        change = OfferChange(price_cents=1)
        assert offers.change_offer(unit, house, slug=slug, change=change).price_cents == 1


def test_the_words_of_the_site_are_those_of_its_addresses(app: APIFlask) -> None:
    """Whatever stands where a slug may is no slug, nor is what no part of an address can be."""
    addresses = [rule.rule.split("/") for rule in app.url_map.iter_rules()]
    before = {
        tuple(parts[:at])
        for parts in addresses
        for at, part in enumerate(parts)
        if part in {"<slug>", "<gate>", "<offer>"}
    }
    words = {
        parts[len(head)]
        for head in before
        for parts in addresses
        if tuple(parts[: len(head)]) == head and len(parts) > len(head)
    }
    assert "new" in words
    ways = app.url_map.bind("museum.example")
    fixed = {part for parts in addresses for part in parts if SLUG.fullmatch(part)}
    assert "batch" in fixed
    for word in fixed - SITE_WORDS:
        assert ways.match(f"/staff/offers/{word}") == ("staff_offers.one", {"slug": word})
    assert {word for word in words if not word.startswith("<")} <= SITE_WORDS


def the_form(browser: SignedInBrowser, path: str) -> dict[str, str]:
    """The hidden fields of the change form."""
    text = browser.client.get(path).text
    found = dict(re.findall(r'type="hidden" name="(edition|was)" value="([^"]*)"', text))
    return {name: value.replace("&#34;", '"') for name, value in found.items()}


def test_an_offer_is_changed(editor: SignedInBrowser, store: Store) -> None:
    """What the barcode carries stays."""
    editor.post("/staff/offers/new", **NEW)
    hidden = the_form(editor, "/staff/offers/tower")
    answer = editor.post("/staff/offers/tower", **(NEW | hidden | {"price": "4", "entries": "9"}))
    assert answer.status_code == 303
    with store.unit() as unit:
        offer = offers.get_offer(unit, slug="tower")
    assert (offer.price_cents, offer.entries) == (400, 1)


def test_the_second_of_two_sees_what_the_first_changed(
    editor: SignedInBrowser, store: Store
) -> None:
    """Nothing is overwritten unseen; saving once more is a decision."""
    editor.post("/staff/offers/new", **NEW)
    hidden = the_form(editor, "/staff/offers/tower")
    editor.post("/staff/offers/tower", **(NEW | hidden | {"price": "4"}))
    answer = editor.post("/staff/offers/tower", **(NEW | hidden | {"price": "5"}))
    assert answer.status_code == 409
    assert "Preis: 3,50 → 4,00" in answer.text
    with store.unit() as unit:
        assert offers.get_offer(unit, slug="tower").price_cents == 400
    again = dict(re.findall(r'name="(edition)" value="([^"]*)"', answer.text))
    assert editor.post("/staff/offers/tower", **(NEW | again | {"price": "5"})).status_code == 303


@pytest.mark.parametrize("was", ["", "{", "[]", '{"price": 1}'])
def test_a_form_that_was_tampered_with_is_no_error(editor: SignedInBrowser, was: str) -> None:
    """It is told that something changed, and no more."""
    editor.post("/staff/offers/new", **NEW)
    answer = editor.post("/staff/offers/tower", **NEW, edition="0" * 16, was=was)
    assert answer.status_code == 409


def test_a_wrong_change_keeps_the_offer(editor: SignedInBrowser) -> None:
    """Whether the form or the rules object."""
    editor.post("/staff/offers/new", **NEW)
    for wrong in ({"price": ""}, {"gates": "dach"}):
        assert editor.post("/staff/offers/tower", **(NEW | wrong)).status_code == 422
    assert editor.post("/staff/offers/nothing", **NEW).status_code == 404


# ------------------------------------------------------------ slots
@pytest.fixture
def tour(editor: SignedInBrowser, store: Store, house: House) -> SignedInBrowser:
    """The same with an offer that has slots."""
    with_offer(store, house, slug="tour", number=8, validity=Validity.SLOT, party_max=9)
    return editor


def the_slots(store: Store) -> list[str]:
    """The ids of the tour's slots."""
    with store.unit() as unit:
        return [one.slot.id for one in slots.list_slots(unit, query=SlotQuery(offer="tour")).items]


def test_a_series_of_slots_is_made_and_shown_by_days(tour: SignedInBrowser, store: Store) -> None:
    """Only on the weekdays that were chosen; a second time makes none twice."""
    address = "/staff/offers/tour/slots"
    answer = tour.client.post(address, data={"csrf": tour.csrf, "weekdays": ["0", "1"]} | SERIES)
    assert answer.headers["Location"] == f"{address}?week=2026-10-05"
    assert len(the_slots(store)) == 4
    text = tour.client.get(answer.headers["Location"]).text
    assert "4 Zeitfenster angelegt" in text
    assert "14:30\N{EN DASH}15:30" in text
    assert tour.post(address, **SERIES).status_code == 303
    assert len(the_slots(store)) == 14


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": ""}, {"times": "25:00"}, {"first": "x"}, {"last": "2026-10-01"},
        {"capacity": "0"}, {"minutes": "0"}, {"last": "2090-01-01"},
        {"weekdays": "0", "first": "2026-10-06", "last": "2026-10-06"}, {"first": "2026-10-03"},
    ],
)  # fmt: skip
def test_a_series_that_cannot_be_is_told(
    tour: SignedInBrowser, store: Store, wrong: dict[str, str]
) -> None:
    """Nothing is made."""
    answer = tour.post("/staff/offers/tour/slots", **(SERIES | wrong))
    assert answer.status_code == 422
    assert "field--wrong" in answer.text
    assert the_slots(store) == []


def test_slots_cannot_be_made_for_an_offer_without_any(
    editor: SignedInBrowser, store: Store, house: House
) -> None:
    """The page offers no form, and a sent one is refused."""
    with_offer(store, house)
    assert "Zeitfenster anlegen" not in editor.client.get("/staff/offers/day/slots").text
    assert editor.post("/staff/offers/day/slots", **SERIES).status_code == 422


def test_a_slot_keeps_the_places_it_has_sold(
    tour: SignedInBrowser, store: Store, house: House
) -> None:
    """It grows and shrinks down to those, and is deleted only unsold and as its own offer's."""
    with_offer(store, house)
    tour.post("/staff/offers/tour/slots", **SERIES)
    first, second, *_ = the_slots(store)
    with_ticket(store, house, offer="tour", slot=first, party=5)
    base = "/staff/offers/tour/slots"
    for capacity, words in (
        ("4", "Weniger geht nicht"), ("x", "stimmt nicht"), ("5", "Gespeichert."),
    ):  # fmt: skip
        tour.post(f"{base}/{first}/capacity", capacity=capacity, week="2026-10-05")
        assert words in tour.client.get(base).text
    for wrong in ("/staff/offers/day/slots", "/staff/offers/none/slots"):
        assert "gibt es nicht mehr" in told(tour, f"{wrong}/{second}/delete", base)
        assert "gibt es nicht mehr" in told(tour, f"{wrong}/{second}/capacity", base)
    assert second in the_slots(store)
    tour.post(f"{base}/{first}/delete")
    assert "Dafür gibt es schon Tickets" in tour.client.get(base).text
    tour.post(f"{base}/{second}/delete")
    assert "Das Zeitfenster ist gelöscht." in tour.client.get(base).text
    assert second not in the_slots(store)
    for action in ("delete", "capacity"):
        tour.post(f"{base}/{second}/{action}", capacity="5")
        assert "gibt es nicht mehr" in tour.client.get(base).text


def told(tour: SignedInBrowser, action: str, page: str) -> str:
    """What a page says after a form was sent."""
    tour.post(action, capacity="5")
    return tour.client.get(page).text


@pytest.mark.parametrize("week", ["2026-10-07", "x", "0001-01-01", "9999-12-31"])
def test_any_week_can_be_looked_at(tour: SignedInBrowser, week: str) -> None:
    """A strange one is the present one."""
    text = tour.client.get(f"/staff/offers/tour/slots?week={week}").text
    assert "Montag" in text
