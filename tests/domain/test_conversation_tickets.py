"""Getting a ticket: offer, day, persons, name, and every way it can go wrong."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.domain.talk import ADULT, FREE, SUNDAY, Talk, at_menu
from tests.factories import BERLIN, an_offer
from tests.hours import HOURS
from ticketing.domain.conversation import (
    Ask,
    OwnTicket,
    Place,
    Step,
    TicketWords,
    caption,
    ticket_words,
)
from ticketing.domain.conversation.model import Draft, Line
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.tickets import Ticket
from ticketing.domain.visitors import Lang
from ticketing.wire.keys import KeyId
from ticketing.wire.texts import Localised
from ticketing.wire.token import Flag, TicketId
from ticketing.wire.verdict import TicketState

TODAY = SUNDAY.date()


def _at_name(**changes: object) -> Talk:
    talk = at_menu(**changes)
    talk.tap("offer:adult")
    talk.tap("day:2026-10-04")
    assert talk.state.place is Place.NAME
    return talk


def test_four_taps_and_a_name_make_a_ticket() -> None:
    """Offer, day, persons, name."""
    talk = at_menu()
    talk.tap("menu:ticket")
    assert talk.choices == ["offer:free", "offer:adult", "cancel"]
    talk.tap("offer:free")
    assert talk.choices == ["day:2026-10-04", "day:2026-10-06", "day:2026-10-07", "back", "cancel"]
    talk.tap("day:2026-10-06")
    assert talk.choices == [*[f"party:{n}" for n in range(1, 7)], "back", "cancel"]
    talk.tap("party:3")
    assert talk.keys == ["name.which"]
    talk.type("  Jördis\tKowalewski 🎉")
    assert talk.issued is not None
    assert talk.issued.offer == FREE
    assert (talk.issued.on, talk.issued.party) == (date(2026, 10, 6), 3)
    assert talk.issued.holder == "Jördis Kowalewski"
    assert talk.state == replace(talk.state, place=Place.MENU, draft=None)


def test_an_offer_for_one_person_asks_for_no_number() -> None:
    """Day, then name; the ticket is for one."""
    talk = _at_name()
    talk.type("Ada")
    assert talk.issued is not None
    assert talk.issued.party == 1


@pytest.mark.parametrize("validity", [Validity.RANGE, Validity.YEAR])
def test_an_offer_without_a_day_asks_for_none(validity: Validity) -> None:
    """An annual pass begins today, an exhibition ticket has its own dates."""
    offer = an_offer(
        slug="pass", validity=validity, valid_from=TODAY, valid_until=TODAY + timedelta(days=90)
    )
    talk = at_menu(offers=(offer,))
    talk.tap("offer:pass")
    assert talk.state.place is Place.NAME
    talk.type("Ada")
    assert talk.issued is not None
    assert talk.issued.on is None


@pytest.mark.parametrize(
    ("typed", "slug"),
    [("1", "free"), ("2", "adult"), ("Tageskarte", "free"), ("tageskarte erw", "adult")],
)
def test_an_offer_may_be_typed(typed: str, slug: str) -> None:
    """By its place in the list, its name, or a beginning only it has."""
    talk = at_menu()
    talk.tap("menu:ticket")
    talk.type(typed)
    assert talk.state.draft is not None
    assert talk.state.draft.offer == slug


@pytest.mark.parametrize("typed", ["7", "0", "Tages", "Blumen", "???"])
def test_an_offer_nobody_knows_is_asked_again(typed: str) -> None:
    """Neither too many nor none match."""
    talk = at_menu()
    talk.tap("menu:ticket")
    talk.type(typed)
    assert talk.keys == ["offer.unclear", "offer.which"]
    assert talk.state.place is Place.OFFER


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("heute", TODAY),
        ("Übermorgen", date(2026, 10, 6)),
        ("24.12.", date(2026, 12, 24)),
        ("3.10.", date(2027, 10, 3)),
        ("6.10.2026", date(2026, 10, 6)),
        ("2026-10-07", date(2026, 10, 7)),
    ],
)
def test_a_day_may_be_typed(typed: str, day: date) -> None:
    """As people write it, and as machines do."""
    talk = at_menu()
    talk.tap("offer:adult")
    talk.type(typed)
    assert talk.state.draft == Draft("adult", day)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("3.10.2026", "day.past"),
        ("4.10.2029", "day.far"),
        ("31.02.", "day.unclear"),
        ("2026-13-01", "day.unclear"),
        ("irgendwann", "day.unclear"),
    ],
)
def test_a_day_without_tickets_is_asked_again(typed: str, key: str) -> None:
    """Over, too far ahead, or none at all."""
    talk = at_menu()
    talk.tap("offer:adult")
    talk.type(typed)
    assert talk.keys == [key, "day.which"]
    assert talk.state.place is Place.DAY


@pytest.mark.parametrize(
    ("on", "key"),
    [
        ("2026-10-05", "day.closed"),
        ("2026-10-01", "day.past"),
        ("2026-10-07", "day.before"),
        ("2026-10-30", "day.behind"),
    ],
)
def test_a_day_outside_the_offer_or_the_calendar_is_refused(on: str, key: str) -> None:
    """An offer bound to the calendar sells no closed day."""
    begins = date(2026, 10, 8) if key == "day.before" else None
    offer = replace(ADULT, calendar=True, valid_from=begins, valid_until=date(2026, 10, 20))
    talk = at_menu(offers=(offer,))
    talk.tap("offer:adult")
    talk.tap(f"day:{on}")
    assert talk.keys[0] == key
    assert talk.state.draft == Draft("adult")


def test_after_the_last_admission_today_is_refused() -> None:
    """17:15 for a house that closes at 18:00."""
    late = datetime(2026, 10, 4, 17, 15, tzinfo=BERLIN)
    talk = at_menu(offers=(replace(ADULT, calendar=True),), local=late)
    talk.tap("offer:adult")
    assert "day:2026-10-04" not in talk.choices
    talk.type("heute")
    assert talk.keys[0] == "day.late"


def test_a_closed_day_is_sold_with_a_warning_when_the_calendar_does_not_bind() -> None:
    """A night of the museums may be a Monday; the button does not propose it."""
    talk = at_menu()
    talk.tap("offer:adult")
    assert "day:2026-10-05" not in talk.choices
    talk.type("morgen")
    assert talk.keys == ["day.closed_hint", "name.which"]


def test_an_offer_that_begins_later_proposes_its_first_days() -> None:
    """With their dates, as they are none of the next three."""
    offer = replace(ADULT, valid_from=date(2026, 11, 3))
    talk = at_menu(offers=(offer,))
    ask = talk.tap("offer:adult")[-1]
    assert isinstance(ask, Ask)
    assert talk.choices[:2] == ["day:2026-11-03", "day:2026-11-04"]
    assert ask.choices[0].label.key == "day.short"


@pytest.mark.parametrize(("typed", "party"), [("4", 4), ("zwei", 2), ("3 Personen", 3)])
def test_a_number_may_be_typed(typed: str, party: int) -> None:
    """Digits or a word."""
    talk = at_menu()
    talk.tap("offer:free")
    talk.tap("day:2026-10-04")
    talk.type(typed)
    assert talk.state.draft == Draft("free", TODAY, party)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("7", "party.range"),
        ("0", "party.range"),
        ("viele", "party.unclear"),
        ("2 Hunde", "party.unclear"),
    ],
)
def test_a_number_that_does_not_fit_is_asked_again(typed: str, key: str) -> None:
    """More than the offer takes, none, or no number."""
    talk = at_menu()
    talk.tap("offer:free")
    talk.tap("day:2026-10-04")
    talk.type(typed)
    assert talk.keys == [key, "party.which"]


@pytest.mark.parametrize("choice", ["party:0", "party:99999999", "party:-1", "party:²", "party:x"])
def test_a_number_button_nobody_made_is_refused(choice: str) -> None:
    """Whatever the id says, the party stays within the offer."""
    talk = at_menu()
    talk.tap("offer:free")
    talk.tap("day:2026-10-04")
    talk.tap(choice)
    assert talk.state.place is Place.PARTY
    assert talk.state.draft == Draft("free", TODAY)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("😀😀", "name.empty"),
        ("!", "name.empty"),
        ("x" * 101, "name.long"),
        ("habt ihr offen?", "name.question"),
    ],
)
def test_a_name_that_is_none_is_asked_again(typed: str, key: str) -> None:
    """Kindly, and no ticket is made."""
    talk = _at_name()
    talk.type(typed)
    assert talk.keys == [key, "name.which"]
    assert talk.issued is None


@pytest.mark.parametrize("name", ["Karte", "Ja", "Mensch", "Offen", "Tom Stopp"])
def test_names_that_are_words_elsewhere_are_names_here(name: str) -> None:
    """Only back, cancel, menu and STOP are heard where a name is asked for."""
    talk = _at_name()
    talk.type(name)
    assert talk.issued is not None
    assert talk.issued.holder == name


def test_back_goes_one_question_at_a_time() -> None:
    """Name, persons, day, offer, menu."""
    talk = at_menu()
    for choice in ("offer:free", "day:2026-10-04", "party:2"):
        talk.tap(choice)
    places = []
    for _ in range(5):
        talk.type("zurück")
        places.append(talk.state.place)
    assert places == [Place.PARTY, Place.DAY, Place.OFFER, Place.MENU, Place.MENU]


def test_cancel_says_that_there_is_no_ticket() -> None:
    """And the menu follows; at the menu there is nothing to cancel."""
    talk = _at_name()
    talk.tap("cancel")
    assert talk.keys == ["ticket.cancelled", "menu.what"]
    talk.type("abbrechen")
    assert talk.keys == ["menu.what"]


def test_a_question_in_between_is_answered_and_the_ticket_goes_on() -> None:
    """Hours asked by button while a day is chosen."""
    talk = at_menu()
    talk.tap("offer:adult")
    talk.tap("menu:hours")
    assert talk.keys[0] == "hours.today"
    assert talk.keys[-1] == "day.which"
    assert talk.state.place is Place.DAY


def test_the_eleventh_ticket_of_a_day_is_kindly_refused() -> None:
    """At the menu, at an offer's button, and at the name."""
    talk = at_menu(issued_today=10)
    for choice in ("menu:ticket", "offer:adult"):
        talk.tap(choice)
        assert talk.keys == ["ticket.limit", "menu.what"]
    talk = _at_name(issued_today=9)
    talk.know(issued_today=10)
    talk.type("Ada")
    assert talk.issued is None
    assert talk.keys[0] == "ticket.limit"


@pytest.mark.parametrize("changes", [{"active": False}, {"valid_until": date(2026, 10, 3)}])
def test_an_offer_that_went_away_is_told_at_each_step(changes: dict[str, object]) -> None:
    """Between two questions somebody took it off sale: no ticket."""
    gone: Offer = replace(ADULT, **changes)  # type: ignore[arg-type]  # any field
    for typed in ("morgen", "2"):
        for place in (Place.DAY, Place.PARTY, Place.NAME):
            talk = Talk(state=Step(place=place, draft=Draft("adult", TODAY)))
            talk.know(offers=(gone, FREE))
            talk.type(typed)
            assert talk.keys[0] == "offer.gone"
            assert talk.issued is None
    talk = at_menu(offers=(gone, FREE))
    talk.tap("offer:adult")
    assert talk.keys[0] == "offer.gone"


@pytest.mark.parametrize("place", [Place.DAY, Place.PARTY, Place.NAME])
def test_a_place_without_a_draft_starts_over(place: Place) -> None:
    """A damaged step issues nothing."""
    talk = Talk(state=Step(place=place))
    talk.type("2026-10-06" if place is Place.DAY else "2")
    assert talk.issued is None
    assert talk.state.place is Place.OFFER


def test_a_day_that_passed_meanwhile_is_asked_again() -> None:
    """A draft of before midnight does not make a ticket for yesterday."""
    talk = _at_name()
    talk.know(local=SUNDAY + timedelta(days=1))
    talk.type("Ada")
    assert talk.issued is None
    assert talk.keys == ["day.past", "day.which"]


def test_a_year_that_has_not_begun_is_not_on_sale() -> None:
    """An annual pass starts today or not at all."""
    early = an_offer(slug="pass", validity=Validity.YEAR, valid_from=TODAY + timedelta(days=1))
    talk = at_menu(offers=(early,))
    talk.type("Ticket")
    assert talk.keys[0] == "ticket.none"


def test_own_tickets_are_sent_once_more() -> None:
    """Or it is said that there are none."""
    talk = at_menu()
    talk.tap("menu:mine")
    assert talk.keys[0] == "mine.none"
    first, second = TicketId(b"1" * 15), TicketId(b"2" * 15)
    talk.know(own=(OwnTicket(first), OwnTicket(second)))
    talk.type("Meine Tickets")
    assert talk.shown == [first, second]


# ------------------------------------------------------------ below the picture
def _words(offer: Offer, **changes: object) -> TicketWords:
    ticket = Ticket(
        id=TicketId(b"1" * 15),
        short_code="E7K4QX2R",
        offer=offer.number,
        key_id=KeyId(1),
        issue=0,
        holder="Jördis",
        party=1,
        entries=1,
        flags=Flag(0),
        valid_from=datetime(2026, 10, 4, tzinfo=BERLIN),
        valid_until=datetime(2026, 10, 5, tzinfo=BERLIN),
        state=TicketState.VALID,
        created_at=SUNDAY,
        issued_at=SUNDAY,
        state_at=SUNDAY,
    )
    return TicketWords(replace(ticket, **changes), offer, BERLIN, HOURS)  # type: ignore[arg-type]  # any field


def _keys(words: TicketWords) -> list[str]:
    return [line.key for line in ticket_words(words, Lang.DE)]


def test_the_words_say_when_the_ticket_is_good() -> None:
    """One day, or from and until."""
    assert _keys(_words(FREE)) == ["ticket.here", "ticket.day", "ticket.bye"]
    longer = datetime(2027, 10, 4, tzinfo=BERLIN)
    assert _keys(_words(FREE, valid_until=longer)) == ["ticket.here", "ticket.range", "ticket.bye"]


def test_the_words_say_what_to_pay_and_bring() -> None:
    """Only what is still to be paid."""
    offer = replace(ADULT, proof=True, identity=True)
    words = _words(offer, state=TicketState.UNPAID)
    assert _keys(words)[2:] == ["ticket.pay", "ticket.proof", "ticket.identity", "ticket.bye"]
    pay = ticket_words(words, Lang.DE)[2]
    assert pay.values == (("price", "9,00\N{NO-BREAK SPACE}€"),)


def test_the_words_warn_of_a_closed_day() -> None:
    """A Monday ticket of an offer that is not bound to the calendar."""
    monday = datetime(2026, 10, 5, tzinfo=BERLIN)
    words = _words(FREE, valid_from=monday, valid_until=monday + timedelta(days=1))
    assert _keys(words)[-2] == "ticket.closed_day"


@pytest.mark.parametrize(("party", "key"), [(1, "ticket.person"), (2, "ticket.persons")])
def test_the_caption_has_what_the_picture_shows(party: int, key: str) -> None:
    """Holder, offer, day, persons and short code, for those who do not see it."""
    said = caption(_words(replace(FREE, name=Localised("Karte", "Card")), party=party), Lang.EN)
    values = dict(said.values)
    assert (values["holder"], values["offer"], values["code"]) == ("Jördis", "Card", "E7K4-QX2R")
    assert values["persons"] == Line(key, (("n", str(party)),))
