"""Visitors as staff see them: listed, found by what is theirs, one with all about them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.factories import with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from tests.service.coding import Shop
from tests.service.test_people import who
from ticketing.domain.consent import Action, How, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.tickets import shown_code
from ticketing.domain.visitors import Lang, short_reference
from ticketing.service import batch_codes, people, visitor_lists
from ticketing.service.errors import Invalid, NotFound
from ticketing.service.pages import Page
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.service.visitor_lists import SHOWN, Listed
from ticketing.store.unit import Store

NAME = "Zoë Müßig"
NOBODY = VisitorId(bytes(16))


class Desk:
    """A house where people write, and whoever looks for them."""

    def __init__(self, store: Store, house: House, clock: FrozenClock) -> None:
        self.store, self.house, self.clock = store, spoken(house), clock

    def writes(self, address: bytes, lang: str = "de") -> VisitorId:
        """Somebody new opens the chat, a minute after the one before."""
        self.clock.tick(minutes=1)
        Visitor(self.store, self.house, address).start(lang)
        return who(self.store, address)

    def ticket(self, visitor: VisitorId | None, holder: str = NAME, **order: str) -> TicketCase:
        """A ticket of theirs, a second after the one before."""
        self.clock.tick(seconds=1)
        return with_ticket(self.store, self.house, visitor=visitor, holder=holder, **order)

    def listed(self, cursor: str | None = None, limit: int = 25) -> Page[Listed]:
        """A part of the list."""
        with self.store.unit() as unit:
            return visitor_lists.list_visitors(unit, cursor=cursor, limit=limit)

    def find(self, text: str, limit: int = 25) -> Page[Listed]:
        """What a search finds."""
        with self.store.unit() as unit:
            return visitor_lists.search_visitors(unit, self.house, text=text, limit=limit)

    def found(self, text: str) -> list[VisitorId]:
        """Who a search finds."""
        return [one.id for one in self.find(text).items]


@pytest.fixture(name="desk")
def _desk(store: Store, house: House, clock: FrozenClock) -> Desk:
    with_offer(store, house)
    return Desk(store, house, clock)


def pages(desk: Desk, limit: int) -> Iterator[tuple[Listed, ...]]:
    """Part after part."""
    cursor: str | None = None
    while True:
        page = desk.listed(cursor, limit)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


# ------------------------------------------------------------ the list
def test_the_list_has_the_newest_first_and_everybody_once(desk: Desk) -> None:
    """Part by part, also where several wrote in the same moment."""
    written = [desk.writes(f"v{n}".encode()) for n in range(3)]
    same = []
    for n in range(4):
        Visitor(desk.store, desk.house, f"w{n}".encode()).start()
        same.append(who(desk.store, f"w{n}".encode()))
    ids = [one.id for part in pages(desk, 2) for one in part]
    assert set(ids[:4]) == {*same, written[2]} - {ids[4]}
    assert len(ids) == len(set(ids)) == 7
    assert ids[-2:] == [written[1], written[0]]


def test_a_row_says_what_tells_visitors_apart(desk: Desk) -> None:
    """The newest name, how many tickets, where, since when; never the address."""
    visitor = desk.writes(b"address-1", "en")
    began_at = desk.clock.now()
    desk.ticket(visitor, "Alt")
    desk.ticket(visitor)
    desk.clock.tick(hours=1)
    Visitor(desk.store, desk.house, b"address-1").type("hello")
    [one] = desk.listed().items
    assert (one.holder, one.tickets, one.channels) == (NAME, 2, ("webchat",))
    assert (one.lang, one.created_at) == (Lang.EN, began_at)
    assert one.heard_at == desk.clock.now()
    assert "address-1" not in repr(one)
    assert NAME not in repr(one)


def test_a_visitor_without_a_ticket_has_no_name(desk: Desk) -> None:
    """Most people only ask something."""
    desk.writes(b"a")
    [one] = desk.listed().items
    assert (one.holder, one.tickets) == ("", 0)


def test_an_empty_house_has_an_empty_list(desk: Desk) -> None:
    """And nothing is found."""
    assert desk.listed() == Page((), None)
    assert desk.find("niemand") == Page((), None)


@pytest.mark.parametrize("cursor", ["", "x", "1-2", "f" * 12 + "-" + "0" * 32, "0-" + "Z" * 32])
def test_a_made_up_cursor_is_refused(desk: Desk, cursor: str) -> None:
    """Also one of a time that no calendar has."""
    with pytest.raises(Invalid, match="cursor: malformed"):
        desk.listed(cursor)


# ------------------------------------------------------------ looking for one
def test_a_visitor_is_found_by_all_that_is_theirs(desk: Desk, clock: FrozenClock) -> None:
    """Name, short code, barcode, reference, discount code, short reference, id."""
    visitor, other = desk.writes(b"a"), desk.writes(b"b")
    case = desk.ticket(visitor, reference="R-17")
    desk.ticket(other, "Jemand Anderes")
    shop = Shop(desk.store, desk.house, clock)
    code = shop.code()
    with desk.store.unit() as unit:
        batch_codes.bind_code(unit, desk.house, code=code, visitor=visitor)
    for text in (
        "mussig", "ZOË", "müs zo", "R-17", f" {case.ticket.short_code} ",
        shown_code(case.ticket.short_code), case.barcode, code, code.lower(),
        short_reference(visitor), short_reference(visitor).lower(), visitor.hex(),
    ):  # fmt: skip
        assert desk.found(text) == [visitor], text


def test_each_is_found_once_and_the_newest_ticket_leads(desk: Desk) -> None:
    """However many tickets of that name somebody has."""
    first, second = desk.writes(b"a"), desk.writes(b"b")
    for visitor in (second, first, first, second, first):
        desk.ticket(visitor)
    assert desk.found("müßig") == [first, second]


def test_tickets_of_nobody_in_a_chat_are_passed_over(desk: Desk) -> None:
    """Sold at the desk, they have a name and no visitor."""
    desk.ticket(None, reference="K-17")
    visitor = desk.writes(b"a")
    desk.ticket(visitor)
    assert desk.found("müßig") == [visitor]
    assert desk.found("K-17") == []


def test_a_reference_of_letters_may_be_a_name_as_well(desk: Desk) -> None:
    """Both are found; one with a digit is no name."""
    first, second = desk.writes(b"a"), desk.writes(b"b")
    desk.ticket(first, "Anna", reference="Schule")
    desk.ticket(second, "Schule Nord 7", reference="Schule7")
    assert desk.found("Schule") == [first, second]
    assert desk.found("Schule7") == [second]


def test_more_than_fit_are_said_to_be_more(desk: Desk) -> None:
    """There is no next part: more letters find less."""
    for n in range(3):
        desk.ticket(desk.writes(f"v{n}".encode()))
    assert desk.find("müßig", limit=2).next_cursor is not None
    assert desk.find("müßig", limit=3).next_cursor is None


@pytest.mark.parametrize("text", ["", "zo", "%", "__", "\N{GRINNING FACE}"])
def test_too_few_letters_are_refused(desk: Desk, text: str) -> None:
    """Nobody leafs through everybody by a letter."""
    desk.ticket(desk.writes(b"a"))
    with pytest.raises(Invalid, match="text: too_short"):
        desk.find(text)


@pytest.mark.parametrize("text", ["a" * 32, "deadbeef", "Zoë\0", "HERBST-00000000000", "x" * 500])
def test_what_is_nobodys_finds_nobody(desk: Desk, text: str) -> None:
    """An id that nobody has, a code of nobody, a text that breaks databases."""
    desk.ticket(desk.writes(b"a"))
    assert desk.found(text) == []


def test_a_short_reference_means_the_only_one(desk: Desk) -> None:
    """And a whole id whom it names, be they there or not."""
    visitor = desk.writes(b"a")
    with desk.store.unit() as unit:
        for typed in (short_reference(visitor), short_reference(visitor).lower(), visitor.hex()):
            assert visitor_lists.find_meant(unit, text=typed) == visitor
        assert visitor_lists.find_meant(unit, text="00" * 16) == bytes(16)
        for typed, problem in (("0000-0001", "unknown"), ("Anna", "malformed"), ("", "malformed")):
            with pytest.raises(Invalid, match=f"visitor: {problem}"):
                visitor_lists.find_meant(unit, text=typed)


def test_an_unbound_code_is_nobodys(desk: Desk, clock: FrozenClock) -> None:
    """Whoever has it is not known."""
    assert desk.found(Shop(desk.store, desk.house, clock).code()) == []


def test_who_is_erased_is_found_by_nothing(desk: Desk) -> None:
    """Neither by the name that was, nor by the id."""
    visitor = desk.writes(b"a")
    case = desk.ticket(visitor, reference="R-17")
    people.erase(desk.store, desk.house, visitor=visitor)
    for text in ("müßig", "R-17", case.ticket.short_code, case.barcode, visitor.hex()):
        assert desk.found(text) == []


# ------------------------------------------------------------ one of them
def test_one_is_shown_with_answers_tickets_and_codes(desk: Desk, clock: FrozenClock) -> None:
    """The newest first, each answer with its date and the version of the words."""
    visitor = desk.writes(b"a")
    says = Visitor(desk.store, desk.house, b"a")
    says.tap("consent:news:yes")
    clock.tick(days=2)
    says.type("STOP")
    desk.ticket(visitor, "Alt")
    desk.ticket(visitor)
    shop = Shop(desk.store, desk.house, clock)
    code = shop.code()
    with desk.store.unit() as unit:
        batch_codes.bind_code(unit, desk.house, code=code, visitor=visitor)
    with desk.store.unit() as unit:
        view = visitor_lists.view_visitor(unit, visitor=visitor)
    last, first = view.declared[0], view.declared[-1]
    assert (first.purpose, first.action, first.how) == (Purpose.NEWS, Action.GRANTED, How.BUTTON)
    assert (last.action, last.how) == (Action.WITHDRAWN, How.COMMAND)
    assert last.at - first.at == timedelta(days=2)
    assert (first.version, first.lang) == ("1", Lang.DE)
    assert view.profile.consents[Purpose.NEWS] is Action.WITHDRAWN
    assert [one.ticket.holder for one in view.tickets] == [NAME, "Alt"]
    assert [one.batch.name for one in view.codes] == ["Herbst"]
    assert not view.has_more_tickets
    assert not view.has_more_codes


def test_many_tickets_and_codes_are_cut(desk: Desk, clock: FrozenClock) -> None:
    """The page says that there are more."""
    visitor = desk.writes(b"a")
    for _ in range(SHOWN + 1):
        with_ticket(desk.store, desk.house, visitor=visitor)
    shop = Shop(desk.store, desk.house, clock)
    for text in shop.texts(shop.batch(count=SHOWN + 1)):
        with desk.store.unit() as unit:
            batch_codes.bind_code(unit, desk.house, code=text, visitor=visitor)
    with desk.store.unit() as unit:
        view = visitor_lists.view_visitor(unit, visitor=visitor)
    assert (len(view.tickets), view.has_more_tickets) == (SHOWN, True)
    assert (len(view.codes), view.has_more_codes) == (SHOWN, True)


def test_nobody_is_not_shown(desk: Desk) -> None:
    """Not an empty page."""
    with desk.store.unit() as unit, pytest.raises(NotFound):
        visitor_lists.view_visitor(unit, visitor=NOBODY)
