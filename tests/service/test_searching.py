"""Looking for tickets: without case and accents, the same on both engines."""

from typing import Any

import pytest

from tests.factories import with_offer
from tests.service.conftest import Entrance
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Validity
from ticketing.domain.tickets import ShownState, shown_code
from ticketing.service import searching, tickets
from ticketing.service.errors import Invalid
from ticketing.service.searching import Search

NAMES = (
    "Zoë Müßig",
    "Łukasz Żółć",
    "İlknur Öztürk",
    "Αλέξανδρος Νίκος",
    "Søren Ærø",
    "Иван Петров",
    "ANNA maria",
)


@pytest.fixture
def desk(entrance: Entrance) -> Entrance:
    """A ticket for each of some names."""
    for name in NAMES:
        entrance.ticket(holder=name)
        entrance.clock.tick(seconds=1)
    return entrance


def _names(desk: Entrance, **search: Any) -> list[str]:
    with desk.store.unit() as unit:
        page = searching.search_tickets(unit, search=Search(**search))
    return [one.ticket.holder for one in page.items]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe mussig", "Zoë Müßig"),
        ("MÜSSIG", "Zoë Müßig"),
        ("müßig zoë", "Zoë Müßig"),
        ("zolc", "Łukasz Żółć"),
        ("lukasz", "Łukasz Żółć"),
        ("ozturk", "İlknur Öztürk"),
        ("ilknur", "İlknur Öztürk"),
        ("ΑΛΕΞΑΝΔΡΟΣ", "Αλέξανδρος Νίκος"),
        ("soren aero", "Søren Ærø"),
        ("петров", "Иван Петров"),
        ("anna", "ANNA maria"),
        ("nna mar", "ANNA maria"),
        ("Muessig", "Zoë Müßig"),
        ("oezt", "İlknur Öztürk"),
        ("ozt", "İlknur Öztürk"),
    ],
)
def test_a_name_is_found_without_case_and_accents(desk: Entrance, typed: str, found: str) -> None:
    """Words in any order, each somewhere in the name."""
    assert _names(desk, holder=typed) == [found]


@pytest.mark.parametrize("typed", ["Mueller", "Muller", "Müller", "mÜLL", "muel"])
def test_german_names_are_found_both_ways(desk: Entrance, typed: str) -> None:
    """Whoever wrote the ticket, and whoever looks for it."""
    for name in ("Jörg Müller", "Joerg Mueller", "Jorg Muller"):
        desk.ticket(holder=name)
        desk.clock.tick(seconds=1)
    assert len(_names(desk, holder=typed)) == 3


@pytest.mark.parametrize(("holder", "typed"), [
    ("Uwe Ölmüller", "oelm"), ("Uwe Oelmueller", "ölm"),
    ("Eva Straße", "strasse"), ("Eva Strasse", "straße"),
])  # fmt: skip
def test_the_beginning_of_a_german_name_finds_it(desk: Entrance, holder: str, typed: str) -> None:
    """Umlaut and sharp s, on either side."""
    desk.ticket(holder=holder)
    assert _names(desk, holder=typed) == [holder]


@pytest.mark.parametrize("typed", ["zoe anna", "%", "_", "Zoë\0", "mussigg"])
def test_what_is_no_part_of_a_name_finds_nobody(desk: Entrance, typed: str) -> None:
    """Wildcards of a database are plain characters here."""
    if typed in {"%", "_"}:
        with pytest.raises(Invalid, match="holder: empty"):
            _names(desk, holder=typed)
        return
    assert _names(desk, holder=typed) == []


def test_matches_come_newest_first_and_page_by_page(desk: Entrance) -> None:
    """Others between them are passed over."""
    for _ in range(5):
        desk.ticket(holder="Zara Muster")
        desk.clock.tick(seconds=1)
        desk.ticket(holder="Jemand")
    with desk.store.unit() as unit:
        first = searching.search_tickets(unit, search=Search(holder="zara", limit=4))
        rest = searching.search_tickets(
            unit, search=Search(holder="zara", limit=4, cursor=first.next_cursor)
        )
    assert [len(first.items), len(rest.items)] == [4, 1]
    assert rest.next_cursor is None
    found = [one.ticket for one in (*first.items, *rest.items)]
    assert found == sorted(found, key=lambda ticket: ticket.created_at, reverse=True)


def test_a_reference_and_a_visitor_are_exact(desk: Entrance) -> None:
    """The reference of another system; the visitor of a chat."""
    desk.ticket(holder="Eva", reference="Order 7")
    assert _names(desk, reference="Order 7") == ["Eva"]
    assert _names(desk, reference="order 7") == []
    assert _names(desk, visitor=VisitorId(bytes(16))) == []


def test_a_typed_short_code_is_found_however_it_is_typed(desk: Entrance) -> None:
    """Blanks, hyphen, lower case, O for 0; a wrong check character finds nothing."""
    case = desk.ticket(holder="Eva")
    code = shown_code(case.ticket.short_code)
    for typed in (code, code.lower(), f" {code} ", code.replace("-", " ").replace("0", "o")):
        assert _names(desk, short_code=typed) == ["Eva"]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert _names(desk, short_code=wrong) == []
    assert _names(desk, short_code="Zoë\0'; --") == []


def test_internal_ids_are_no_codes(desk: Entrance) -> None:
    """The id of a ticket is not accepted where a code is."""
    case = desk.ticket(holder="Eva")
    assert _names(desk, short_code=case.ticket.id.hex()) == []
    assert desk.scan(case.ticket.id.hex()).ticket is None


@pytest.mark.parametrize("search", [{}, {"holder": "anna", "reference": "x"}])
def test_exactly_one_thing_is_looked_for(desk: Entrance, search: dict[str, Any]) -> None:
    """Nothing and two things are refused."""
    with pytest.raises(Invalid, match="one_of_four"):
        _names(desk, **search)


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        ({"holder": "zo"}, "holder: too_short"),
        ({"holder": " z. o "}, "holder: too_short"),
        ({"holder": "öee"}, "holder: too_short"),
        ({"reference": "x"}, "reference: too_short"),
        ({"visitor": VisitorId(bytes(16))}, "visitor: not_for_stations"),
    ],
)
def test_a_search_at_the_gate_needs_three_letters(
    desk: Entrance, search: dict[str, Any], problem: str
) -> None:
    """Dots and blanks are none; nobody is looked for by the id of a chat."""
    with desk.store.unit() as unit, pytest.raises(Invalid, match=problem):
        searching.search_at_gate(unit, desk.house, search=Search(**search))


def test_a_search_at_the_gate_leaves_out_what_is_over(desk: Entrance) -> None:
    """Yesterday's tickets open no door."""
    with desk.store.unit() as unit:
        today = searching.search_at_gate(unit, desk.house, search=Search(holder="anna"))
    desk.clock.tick(days=1)
    with desk.store.unit() as unit:
        later = searching.search_at_gate(unit, desk.house, search=Search(holder="anna"))
    assert (len(today.items), len(later.items)) == (1, 0)


def test_lists_show_what_follows_from_use_and_time(entrance: Entrance) -> None:
    """Used up and expired, with one statement more than the page itself."""
    with_offer(entrance.store, entrance.house, slug="year", number=8, validity=Validity.YEAR)
    used, fresh = entrance.ticket(), entrance.ticket(offer="year")
    entrance.scan(used.barcode)
    with entrance.store.unit() as unit:
        page = tickets.list_tickets(unit)
        assert unit.statements == 2
    shown = {one.ticket.id: tickets.state_of(entrance.house, one) for one in page.items}
    assert shown == {used.ticket.id: ShownState.USED_UP, fresh.ticket.id: ShownState.VALID}
    entrance.clock.tick(days=1)
    with entrance.store.unit() as unit:
        [old] = tickets.list_tickets(unit, offer="day").items
    assert tickets.state_of(entrance.house, old) is ShownState.EXPIRED
