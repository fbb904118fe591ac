"""Two people at the same form: who comes second reverts nothing that they did not touch."""

import re
from collections.abc import Callable
from datetime import date, time
from typing import Final

import pytest

from tests.factories import with_gates, with_offer
from tests.web.conftest import SignedInBrowser
from tests.web.filling import fields_of, opened, sent
from tests.web.setting import now, text_of
from ticketing.domain.accounts import Role
from ticketing.domain.codes import Batch, Effect, EffectKind
from ticketing.domain.offers import Offer
from ticketing.domain.opening import Hours, opening_on
from ticketing.service import code_batches, offers
from ticketing.service.ports import House
from ticketing.service.settings import Part
from ticketing.store.unit import Store
from ticketing.web.parts import Parts

FAMILY: Final = "/staff/offers/family"
MUSEUM: Final = "/staff/settings/museum"
RETENTION: Final = "/staff/settings/retention"
WORDING: Final = "/staff/settings/wording"
OPENING: Final = "/staff/settings/opening"
TUESDAY: Final = date(2026, 10, 6)


@pytest.fixture
def staff(
    as_role: Callable[[Role], SignedInBrowser], store: Store, house: House
) -> SignedInBrowser:
    """Somebody who may change everything, in a house with two gates and two offers."""
    with_gates(store, house)
    with_offer(store, house)
    with_offer(store, house, slug="family", number=70, price_cents=1900, party_max=5)
    return as_role(Role.ADMIN)


def family(store: Store) -> Offer:
    """The offer as it is stored."""
    with store.unit() as unit:
        return offers.get_offer(unit, slug="family")


@pytest.fixture(name="batch")
def _batch(staff: SignedInBrowser) -> str:
    """The form of a batch that is there."""
    fields = {"name": "Herbst", "prefix": "herbst", "count": "4", "effect": "percent"}
    more = {"percent": "20", "budget": "10", "max_uses": "1", "step": "make"}
    answer = staff.post("/staff/codes/new", **fields, **more)
    return f"{answer.headers['Location']}/edit"


def stored(store: Store, page: str) -> Batch:
    """The batch of a form."""
    with store.unit() as unit:
        return code_batches.get_batch(unit, batch=page.split("/")[3])


# ------------------------------------------------------------ an offer
def test_a_price_stands_when_the_second_changed_only_the_name(
    staff: SignedInBrowser, store: Store
) -> None:
    """The page says the new price and has it in its field; nothing is left to decide."""
    second = opened(staff, FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), price="21", reentry="yes", gates="nord")
    answer = sent(staff, FAMILY, second, name_de="Familien")
    assert answer.status_code == 409
    for words in ("Preis: 19,00 → 21,00", "Eingänge: alle → nord", 'value="Familien"'):
        assert words in answer.text
    assert "Was soll gelten?" not in answer.text
    assert family(store).name.de != "Familien"
    assert sent(staff, FAMILY, fields_of(answer, FAMILY)).status_code == 303
    offer = family(store)
    assert (offer.price_cents, offer.name.de, offer.gates) == (2100, "Familien", ("nord",))
    assert offer.reentry


@pytest.mark.parametrize(("pick", "cents"), [("theirs", 2100), ("mine", 2000)])
def test_a_price_that_both_changed_is_decided(
    staff: SignedInBrowser, store: Store, pick: str, cents: int
) -> None:
    """Both are shown; what was typed beside it is kept in either case."""
    second = opened(staff, FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), price="21", party_max="6")
    answer = sent(staff, FAMILY, second, price="20", name_de="Familien")
    for words in ("21,00 (steht jetzt da)", "20,00 (Ihre Eingabe", 'value="20,00"'):
        assert words in answer.text
    again = fields_of(answer, FAMILY)
    assert again["both"] == ["price"]
    assert sent(staff, FAMILY, again, **{"pick-price": pick}).status_code == 303
    offer = family(store)
    assert (offer.price_cents, offer.name.de, offer.party_max) == (cents, "Familien", 6)


def test_what_is_not_decided_is_asked_again(staff: SignedInBrowser, store: Store) -> None:
    """Beside the question, which stays also where a field is wrong; nothing is stored."""
    second = opened(staff, FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), price="21")
    again = fields_of(sent(staff, FAMILY, second, price="20"), FAMILY)
    answer = sent(staff, FAMILY, again)
    assert answer.status_code == 422
    assert "Bitte eines von beiden wählen." in answer.text
    answer = sent(staff, FAMILY, fields_of(answer, FAMILY), party_max="x", **{"pick-price": "mine"})
    assert answer.status_code == 422
    assert "Was unten im Feld steht" in answer.text
    again = fields_of(answer, FAMILY)
    assert again["pick-price"] == ["mine"]
    assert family(store).price_cents == 2100
    assert sent(staff, FAMILY, again, party_max="5").status_code == 303
    assert family(store).price_cents == 2000


def test_a_third_person_is_met_like_the_second(staff: SignedInBrowser, store: Store) -> None:
    """What came while the second decided is not reverted either."""
    second = opened(staff, FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), price="21")
    again = fields_of(sent(staff, FAMILY, second, name_de="Familien"), FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), party_max="9")
    answer = sent(staff, FAMILY, again)
    assert answer.status_code == 409
    assert "5 → 9" in answer.text
    assert sent(staff, FAMILY, fields_of(answer, FAMILY)).status_code == 303
    offer = family(store)
    assert (offer.price_cents, offer.name.de, offer.party_max) == (2100, "Familien", 9)


def test_two_who_want_the_same_have_nothing_to_decide(staff: SignedInBrowser) -> None:
    """However they write it."""
    second = opened(staff, FAMILY)
    sent(staff, FAMILY, opened(staff, FAMILY), price="21")
    answer = sent(staff, FAMILY, second, price="21.00")
    assert answer.status_code == 409
    assert "Was soll gelten?" not in answer.text


# ------------------------------------------------------------ a batch
def test_a_budget_stands_when_the_second_wrote_a_note(
    staff: SignedInBrowser, batch: str, store: Store
) -> None:
    """With uses, days and offers."""
    second = opened(staff, batch)
    first = {"budget": "50", "max_uses": "3", "last_day": "2026-12-31", "offers": "family"}
    assert sent(staff, batch, opened(staff, batch), **first).status_code == 303
    answer = sent(staff, batch, second, note="Für die Presse")
    assert answer.status_code == 409
    for words in (
        "Budget: 10,00 → 50,00",
        "Einlösungen je Code: 1 → 3",
        "Letzter Tag: leer → Do 31. Dez. 2026",
        "Angebote: alle Angebote → family",
        "Für die Presse</textarea>",
    ):
        assert words in answer.text
    assert sent(staff, batch, fields_of(answer, batch)).status_code == 303
    found = stored(store, batch)
    assert (found.budget_cents, found.max_uses, found.offers) == (5000, 3, ("family",))
    assert found.note == "Für die Presse"
    assert found.valid_until is not None


@pytest.mark.parametrize(
    ("pick", "effect"),
    [("theirs", Effect(EffectKind.AMOUNT, 300)), ("mine", Effect(EffectKind.PERCENT, 30))],
)
def test_what_a_code_does_is_one_thing_to_decide(
    staff: SignedInBrowser, batch: str, store: Store, pick: str, effect: Effect
) -> None:
    """A kind of one and a number of the other would be what nobody wanted."""
    second = opened(staff, batch)
    sent(staff, batch, opened(staff, batch), effect="amount", amount="3")
    answer = sent(staff, batch, second, percent="30", budget="60")
    assert "30\N{NO-BREAK SPACE}% Rabatt (Ihre Eingabe" in answer.text
    again = fields_of(answer, batch)
    assert again["both"] == ["effect"]
    assert sent(staff, batch, again, **{"pick-effect": pick}).status_code == 303
    found = stored(store, batch)
    assert (found.effect, found.budget_cents) == (effect, 6000)


def test_what_was_picked_and_does_not_fit_together_is_said(
    staff: SignedInBrowser, batch: str, store: Store
) -> None:
    """Their first day is behind my last one: nothing is stored, and theirs least of all undone."""
    second = opened(staff, batch)
    sent(staff, batch, opened(staff, batch), first_day="2026-12-01")
    mine = {"first_day": "2026-11-01", "last_day": "2026-11-15"}
    again = fields_of(sent(staff, batch, second, **mine), batch)
    assert again["both"] == ["first_day"]
    before = stored(store, batch)
    answer = sent(staff, batch, again, **{"pick-first_day": "theirs"})
    assert answer.status_code == 422
    assert 'value="2026-12-01"' in answer.text
    assert 'value="2026-11-15"' in answer.text
    assert stored(store, batch) == before
    fits = sent(staff, batch, fields_of(answer, batch), last_day="2026-12-15")
    assert fits.status_code == 303
    found = stored(store, batch)
    assert found.valid_from == before.valid_from
    assert found.valid_until is not None


@pytest.mark.parametrize(
    "was",
    [
        "",
        "[]",
        "{",
        "[" * 20_000,
        f'{{"effect": "percent, {"9" * 5000}"}}',
        '{"effect": "percent", "x": 1}',
    ],
)
def test_a_form_of_a_batch_that_was_made_up_is_no_error(
    staff: SignedInBrowser, batch: str, was: str
) -> None:
    """All that differs is to be decided then."""
    answer = sent(staff, batch, opened(staff, batch), version="9", was=was, name="Winter")
    assert answer.status_code == 409
    assert "Winter (Ihre Eingabe" in answer.text
    made_up = opened(staff, batch) | {"both": ["<b>", "name"]}
    assert sent(staff, batch, made_up).status_code == 422


# ------------------------------------------------------------ settings
def test_a_capacity_stands_when_the_second_changed_the_name(
    staff: SignedInBrowser, parts: Parts
) -> None:
    """And the first one's address."""
    second = opened(staff, MUSEUM)
    sent(staff, MUSEUM, opened(staff, MUSEUM), capacity="250", lines="Tor 1\r\nErlenbach")
    answer = sent(staff, MUSEUM, second, name="Haus am See")
    assert answer.status_code == 409
    assert sent(staff, MUSEUM, fields_of(answer, MUSEUM)).status_code == 303
    facts = now(parts, Part.MUSEUM).facts
    assert (facts["capacity"], facts["name"]) == (250, "Haus am See")
    assert facts["lines"] == ["Tor 1", "Erlenbach"]


@pytest.mark.parametrize(("pick", "name"), [("theirs", "Haus am Tor"), ("mine", "Haus am See")])
def test_a_name_that_both_changed_is_decided(
    staff: SignedInBrowser, parts: Parts, pick: str, name: str
) -> None:
    """Without an answer nothing is stored."""
    second = opened(staff, MUSEUM)
    sent(staff, MUSEUM, opened(staff, MUSEUM), name="Haus am Tor", capacity="250")
    again = fields_of(sent(staff, MUSEUM, second, name="Haus am See"), MUSEUM)
    assert sent(staff, MUSEUM, again).status_code == 422
    assert sent(staff, MUSEUM, again, **{"pick-name": pick}).status_code == 303
    facts = now(parts, Part.MUSEUM).facts
    assert (facts["name"], facts["capacity"]) == (name, 250)


def test_a_longer_time_stands_when_the_second_changed_the_other(
    staff: SignedInBrowser, parts: Parts
) -> None:
    """It is not asked whether the old one is a shorter one."""
    second = opened(staff, RETENTION)
    sent(staff, RETENTION, opened(staff, RETENTION), messages_days="365")
    answer = sent(staff, RETENTION, second, tickets_days="60")
    assert answer.status_code == 409
    assert sent(staff, RETENTION, fields_of(answer, RETENTION)).status_code == 303
    assert now(parts, Part.RETENTION).facts == {"messages_days": 365, "tickets_days": 60}


def test_a_text_stands_when_the_second_worded_another(staff: SignedInBrowser, parts: Parts) -> None:
    """Also of several lines; a text that both wrote is decided."""
    second, third = opened(staff, WORDING), opened(staff, WORDING)
    hello = "Hallo, hier schreibt ein Bot.\nWas darf es sein?"
    sent(staff, WORDING, opened(staff, WORDING), **{"greeting.de": hello})
    answer = sent(staff, WORDING, second, **{"ticket.bye.de": "Bis bald."})
    assert answer.status_code == 409
    assert sent(staff, WORDING, fields_of(answer, WORDING)).status_code == 303
    assert now(parts, Part.WORDING).facts == {"greeting.de": hello, "ticket.bye.de": "Bis bald."}
    answer = sent(staff, WORDING, third, **{"ticket.bye.de": "Tschüss."})
    again = fields_of(answer, WORDING)
    assert again["both"] == ["ticket.bye.de"]
    assert sent(staff, WORDING, again, **{"pick-ticket.bye.de": "theirs"}).status_code == 303
    assert now(parts, Part.WORDING).facts["ticket.bye.de"] == "Bis bald."


def test_a_day_stands_when_the_second_changed_another(staff: SignedInBrowser, parts: Parts) -> None:
    """A day is one thing to decide, its two times together; exceptions of the first stay."""
    second = opened(staff, OPENING)
    sent(staff, OPENING, opened(staff, OPENING), tue_from="09:00", wed_from="08:00")
    easter = f"{OPENING}/exceptions/easter"
    sent(staff, easter, opened(staff, OPENING, easter), after="60")
    answer = sent(staff, OPENING, second, thu_to="21:00", wed_to="22:00")
    assert answer.status_code == 409
    assert "10:00-22:00 (Ihre Eingabe" in text_of(answer)
    again = fields_of(answer, OPENING)
    assert again["both"] == ["wed"]
    assert sent(staff, OPENING, again, **{"pick-wed": "theirs"}).status_code == 303
    hours = parts.house.fresh().museum.hours
    assert opening_on(hours, TUESDAY) == Hours(time(9), time(18))
    assert opening_on(hours, date(2026, 10, 7)) == Hours(time(8), time(18))
    assert opening_on(hours, date(2026, 10, 8)) == Hours(time(10), time(21))
    assert now(parts, Part.OPENING).facts["easter.60"] == "closed"


def test_a_day_that_both_entered_is_decided(staff: SignedInBrowser, parts: Parts) -> None:
    """An exception too, in its own form alone."""
    dates = f"{OPENING}/exceptions/dates"
    second = opened(staff, OPENING, dates)
    first = {"first": "2026-10-10", "dates_from": "12:00", "dates_to": "13:00"}
    sent(staff, dates, opened(staff, OPENING, dates), **first)
    answer = sent(staff, dates, second, first="2026-10-10")
    assert answer.status_code == 409
    assert "12:00-13:00 (steht jetzt da)" in text_of(answer)
    assert len(re.findall('name="both"', answer.text)) == 1
    again = fields_of(answer, dates)
    assert again["first"] == ["2026-10-10"]
    fact = "dates.2026-10-10"
    assert sent(staff, dates, again, **{f"pick-{fact}": "theirs"}).status_code == 303
    assert now(parts, Part.OPENING).facts[fact] == "12:00-13:00"
