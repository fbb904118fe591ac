"""The desk on the site: one form, one ticket; what the customer's screen shows and what not."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from werkzeug.test import TestResponse

from tests.factories import with_offer
from tests.fakes import FrozenClock
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.offers import Validity
from ticketing.domain.slots import Series
from ticketing.service import offers, slots, takings
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.store.unit import Store

NAME = "Zoë Müßig"


@pytest.fixture(name="till")
def _till(
    as_role: Callable[[Role], SignedInBrowser], store: Store, house: House, museum: None
) -> SignedInBrowser:
    """The desk's browser; an offer of 9 euros beside the free one, and a tower with slots."""
    del museum
    with_offer(store, house, slug="adult", number=8, price_cents=900, pay_at_desk=True)
    with_offer(store, house, slug="tower", number=9, validity=Validity.SLOT, party_max=4)
    series = Series(
        first=date(2026, 10, 4),
        last=date(2026, 10, 4),
        times=(time(15), time(16)),
        length=timedelta(minutes=45),
        capacity=2,
    )
    with store.unit() as unit:
        slots.add_series(unit, house, offer="tower", series=series)
    return as_role(Role.DESK)


def form_of(till: SignedInBrowser, offer: str) -> dict[str, str]:
    """The fields of an offer's form as they stand on the page."""
    text = till.client.get(f"/staff/desk?offer={offer}").text
    sale = text[text.index('method="post" action="/staff/desk"') :]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', sale))
    chosen = re.findall(r'type="radio" name="(\w+)" value="([^"]+)" checked', sale)
    return {"party": "1"} | fields | dict(chosen)


def issued(till: SignedInBrowser, offer: str, **changes: str) -> TestResponse:
    """Send the form."""
    return till.post("/staff/desk", **(form_of(till, offer) | changes))


def till_cents(store: Store, house: House) -> int:
    """What is in the till today."""
    with store.unit() as unit:
        found = takings.takings(unit, house, day=date(2026, 10, 4))
    return sum(one.cents for one in found.tills)


def test_the_desk_sells_with_one_press(till: SignedInBrowser, store: Store, house: House) -> None:
    """Nothing typed: today, one person, a name by the clock, the money taken."""
    answer = issued(till, "adult")
    assert answer.status_code == 303
    page = till.client.get(answer.headers["Location"]).text
    for words in ("Ausgegeben", "Kasse 14:00", "1 Person", ">gültig</span>", "Nächster Gast"):
        assert words in page
    assert re.search(r"/staff/tickets/[0-9a-f]{30}/barcode\.png", page)
    assert till_cents(store, house) == 900


@pytest.mark.parametrize(
    ("offer", "paying", "said"),
    [
        ("adult", "taken", "Kassiert: 9,00\u00a0€"),
        ("adult", "later", "Noch zu zahlen: 9,00\u00a0€"),
        ("adult", "free", "Ohne Bezahlung ausgegeben"),
    ],
)
def test_the_sold_page_says_what_was_taken(
    till: SignedInBrowser, store: Store, house: House, offer: str, paying: str, said: str
) -> None:
    """Also when the offer costs more since."""
    page = issued(till, offer, paying=paying).headers["Location"]
    assert said in till.client.get(page).text
    if paying == "taken":
        with store.unit() as unit:
            dearer = OfferChange(price_cents=1200)
            offers.change_offer(unit, house, slug=offer, change=dearer)
        assert said in till.client.get(page).text


def test_a_free_ticket_says_nothing_of_money(till: SignedInBrowser) -> None:
    """There is none to take."""
    text = till.client.get(issued(till, "day").headers["Location"]).text
    assert not any(words in text for words in ("Kassiert", "zahlen", "Bezahlung"))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ("21,00\u00a0€ je Ticket", "Der Preis gilt für das Ticket")),
        ("en", ("€21.00 per ticket", "The price is for the ticket")),
    ],
)
def test_a_price_for_several_persons_says_that_it_is_the_tickets(
    till: SignedInBrowser, store: Store, house: House, lang: str, words: tuple[str, str]
) -> None:
    """Where there is one person to a ticket it says no more than the price."""
    till.post("/staff/language", lang=lang)
    assert not any(one in till.client.get("/staff/desk?offer=adult").text for one in words)
    with_offer(store, house, slug="family", number=10, price_cents=2100, party_max=5)
    text = till.client.get("/staff/desk?offer=family").text
    assert all(one in text for one in words)


@pytest.mark.parametrize(
    ("lang", "when"),
    [
        ("de", ("So 4. Okt. 2026 \u2013", "So 3. Okt. 2027")),
        ("en", ("Sun 4 Oct 2026 \u2013", "Sun 3 Oct 2027")),
    ],
)
def test_an_annual_pass_shows_its_first_and_last_day(
    till: SignedInBrowser, store: Store, house: House, lang: str, when: tuple[str, str]
) -> None:
    """On the form, the sold page, the customer's screen, the list and the ticket's page."""
    till.post("/staff/language", lang=lang)
    with_offer(store, house, slug="year", number=10, validity=Validity.YEAR)
    sold = issued(till, "year").headers["Location"]
    ticket = sold.replace("desk/sold", "tickets")
    for page in ("/staff/desk?offer=year", sold, "/staff/desk/screen", "/staff/tickets", ticket):
        assert all(day in till.client.get(page).text for day in when), page


def test_sent_twice_it_sells_once(till: SignedInBrowser, store: Store, house: House) -> None:
    """And says so."""
    form = form_of(till, "adult")
    first, second = (till.post("/staff/desk", **form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert "war schon ausgegeben" in till.client.get(second.headers["Location"]).text
    assert till_cents(store, house) == 900


def test_a_used_form_with_another_wish_asks_again(
    till: SignedInBrowser, store: Store, house: House
) -> None:
    """With a fresh form that sells."""
    form = form_of(till, "adult")
    till.post("/staff/desk", **form)
    again = till.post("/staff/desk", **(form | {"paying": "free"}))
    assert again.status_code == 409
    assert "schon ein Ticket ausgegeben" in again.text
    assert form["token"] not in again.text
    assert till_cents(store, house) == 900


@pytest.mark.parametrize(
    ("offer", "changes", "status"),
    [
        ("adult", {"party": "0"}, 422),
        ("adult", {"party": "-1"}, 422),
        ("adult", {"party": "2"}, 422),
        ("adult", {"paying": "stolen"}, 422),
        ("adult", {"on": "2026-10-03"}, 422),
        ("adult", {"on": "9999-99-99"}, 422),
        ("adult", {"holder": "x" * 101}, 422),
        ("adult", {"holder": "😀"}, 422),
        ("adult", {"reference": "x" * 101}, 422),
        ("adult", {"token": "x"}, 422),
        ("adult", {"offer": "none"}, 409),
        ("tower", {"slot": "sl_0"}, 422),
        ("tower", {"slot": ""}, 422),
    ],
)
def test_what_is_wrong_stands_on_the_form(
    till: SignedInBrowser,
    store: Store,
    house: House,
    offer: str,
    changes: dict[str, str],
    status: int,
) -> None:
    """Nothing is sold, no money counted."""
    answer = till.post("/staff/desk", **(form_of(till, offer) | changes))
    assert answer.status_code == status
    assert 'class="desk__form"' in answer.text
    assert till_cents(store, house) == 0
    assert "Noch keine Tickets" in till.client.get("/staff/tickets").text


def test_a_full_slot_cannot_be_chosen_and_the_next_is_offered(till: SignedInBrowser) -> None:
    """Whoever was slower gets the next free one chosen."""
    slow = form_of(till, "tower") | {"party": "2"}
    assert issued(till, "tower", party="2").status_code == 303
    answer = till.post("/staff/desk", **slow)
    assert answer.status_code == 409
    assert "Das nächste mit genug Plätzen ist gewählt" in answer.text
    assert answer.text.index('id="wrong-slot"') < answer.text.index('class="pills"')
    [chosen] = re.findall(r'name="slot" value="([^"]+)" checked', answer.text)
    assert chosen != slow["slot"]
    assert re.search(rf'name="slot" value="{slow["slot"]}" disabled', answer.text)


def slots_on(answer: TestResponse) -> list[tuple[str, bool, bool]]:
    """The free places of each slot of a page, whether it is chosen, whether it can be."""
    found = re.findall(
        r'name="slot" value="[^"]+"( checked)?( disabled)? data-free="(\d+)"', answer.text
    )
    return [(free, bool(checked), not disabled) for checked, disabled, free in found]


def test_a_slot_with_too_few_places_is_never_the_chosen_one(till: SignedInBrowser) -> None:
    """One place is left of the first: for two it is the second, which sells on the next press."""
    slow = form_of(till, "tower") | {"party": "2"}
    assert issued(till, "tower", party="1").status_code == 303
    answer = till.post("/staff/desk", **slow)
    assert answer.status_code == 409
    assert slots_on(answer) == [("1", False, False), ("2", True, True)]
    again = slow | dict(re.findall(r'name="(slot)" value="([^"]+)" checked', answer.text))
    again |= dict(re.findall(r'name="(token)" value="([^"]+)"', answer.text))
    assert till.post("/staff/desk", **again).status_code == 303


def test_without_script_the_form_shows_what_fits(till: SignedInBrowser) -> None:
    """Its button shows slots and day for the persons that were typed, and sells nothing."""
    form = form_of(till, "tower")
    assert issued(till, "tower").status_code == 303
    for party, shown in (
        ("1", [("1", True, True), ("2", False, True)]),
        ("2", [("1", False, False), ("2", True, True)]),
        ("3", [("1", False, False), ("2", False, False)]),
        ("x", [("1", True, True), ("2", False, True)]),
    ):
        answer = till.post("/staff/desk/form", **(form | {"party": party}))
        assert (answer.status_code, slots_on(answer)) == (200, shown)
        assert ("disabled>Ticket ausgeben" in answer.text) is (party == "3")
        assert ('id="slot-none" hidden' in answer.text) is (party != "3")


def test_where_no_slot_has_room_the_form_says_so(till: SignedInBrowser) -> None:
    """Nothing is proposed that would be refused again."""
    answer = till.post("/staff/desk", **(form_of(till, "tower") | {"party": "4"}))
    assert answer.status_code == 409
    assert "und später auch keines" in answer.text
    assert not any(checked for _, checked, _ in slots_on(answer))


def test_a_full_day_leads_to_the_next_day_with_room(
    till: SignedInBrowser, store: Store, house: House
) -> None:
    """The day on the form goes along; a day with another slot that fits stays."""
    series = Series(
        first=date(2026, 10, 5),
        last=date(2026, 10, 6),
        times=(time(11), time(12)),
        length=timedelta(minutes=45),
        capacity=4,
    )
    with store.unit() as unit:
        made = slots.add_series(unit, house, offer="tower", series=series)
    wish = form_of(till, "tower") | {"party": "4"}
    answer = till.post("/staff/desk", **wish)
    assert 'name="on" type="date" value="2026-10-05"' in answer.text
    last = {"on": "2026-10-06", "slot": made[2].slot.id}
    assert till.post("/staff/desk", **(wish | last)).status_code == 303
    again = till.post("/staff/desk", **(form_of(till, "tower") | {"party": "4"} | last))
    assert 'name="on" type="date" value="2026-10-06"' in again.text
    assert slots_on(again) == [("0", False, False), ("4", True, True)]


def test_another_day_keeps_what_was_typed(
    till: SignedInBrowser, store: Store, house: House
) -> None:
    """Name, persons, note, money; a date that is none is told."""
    with_offer(store, house, slug="family", number=10, price_cents=2100, party_max=5)
    typed = {"holder": NAME, "party": "2", "reference": "R-7", "paying": "later"}
    answer = till.post(
        "/staff/desk/form", **(form_of(till, "family") | typed | {"on": "2026-10-09"})
    )
    assert answer.status_code == 200
    assert "Fr 9. Okt. 2026" in answer.text
    for name, value in (("holder", NAME), ("reference", "R-7"), ("party", "2")):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', answer.text), name
    assert 'value="later" checked' in answer.text
    assert till.post("/staff/desk/form", on="x").status_code == 422
    assert "Noch keine Tickets" in till.client.get("/staff/tickets").text


def test_a_day_without_slots_says_so(till: SignedInBrowser) -> None:
    """And its button is off."""
    text = till.client.get("/staff/desk?offer=tower&on=2026-10-05").text
    assert "kein Zeitfenster mehr" in text
    assert "disabled>Ticket ausgeben" in text


def test_a_house_without_offers_says_what_to_do(
    as_role: Callable[[Role], SignedInBrowser],
) -> None:
    """No dead end."""
    assert "nichts zu verkaufen" in as_role(Role.DESK).client.get("/staff/desk").text


def test_the_customers_screen_shows_the_barcode_and_no_name(
    till: SignedInBrowser, clock: FrozenClock
) -> None:
    """Until the next customer, or for a minute."""
    assert "Hier erscheint gleich dein Ticket" in till.client.get("/staff/desk/screen").text
    assert till.client.get("/staff/desk/screen/barcode.png").status_code == 404
    issued(till, "adult", holder=NAME)
    page = till.client.get("/staff/desk/screen").text
    assert "/staff/desk/screen/barcode.png" in page
    assert NAME not in page
    now = till.client.get("/staff/desk/screen/now").json
    assert now is not None
    assert f'data-sale="{now["sale"]}"' in page
    picture = till.client.get("/staff/desk/screen/barcode.png")
    assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/png", "no-store")
    till.post("/staff/desk/next")
    assert till.client.get("/staff/desk/screen/now").json == {"sale": ""}
    clock.tick(seconds=1)
    issued(till, "adult")
    clock.tick(seconds=61)
    assert till.client.get("/staff/desk/screen/now").json == {"sale": ""}


def test_another_desk_shows_nothing_of_it(
    till: SignedInBrowser, as_role: Callable[[Role], SignedInBrowser]
) -> None:
    """A browser of its own, even of a person of the same house."""
    issued(till, "adult")
    other = as_role(Role.EDITOR)
    assert other.client.get("/staff/desk/screen/now").json == {"sale": ""}


def test_the_desk_is_for_those_who_may_sell(
    as_role: Callable[[Role], SignedInBrowser], till: SignedInBrowser
) -> None:
    """An auditor neither sees the place nor sells."""
    auditor = as_role(Role.AUDITOR)
    assert "/staff/desk" not in auditor.client.get("/staff").text
    form = form_of(till, "adult")
    assert auditor.post("/staff/desk", **form).status_code == 403
    assert auditor.client.get("/staff/desk/screen").status_code == 403


def test_forms_of_other_sites_sell_nothing(
    till: SignedInBrowser, store: Store, house: House
) -> None:
    """Without the session's token."""
    form = form_of(till, "adult") | {"csrf": "0" * 32}
    assert till.client.post("/staff/desk", data=form).status_code == 403
    assert till.client.post("/staff/desk/next", data={"csrf": ""}).status_code == 403
    assert till_cents(store, house) == 0


@pytest.mark.parametrize("ticket", ["0" * 30, "x", "A" * 30])
def test_no_ticket_is_found_by_trying(till: SignedInBrowser, ticket: str) -> None:
    """404 for all that is none."""
    assert till.client.get(f"/staff/desk/sold/{ticket}").status_code == 404
