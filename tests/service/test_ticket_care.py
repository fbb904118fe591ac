"""Staff look after tickets: lists, search, names, history; two at once never undo each other."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.factories import HOLDER, with_offer
from tests.service.conftest import Entrance
from ticketing.domain.audit import Action, Actor, ActorKind, Wanted
from ticketing.domain.offers import Validity
from ticketing.domain.tickets import mark
from ticketing.service import audit, listing, past, searching, sending, tickets
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.listing import Filter, ListState, Order, Query, Sort
from ticketing.wire.namebox import open_name
from ticketing.wire.token import TicketId, verify
from ticketing.wire.verdict import Verdict

ANNE = Actor(ActorKind.STAFF, "staff_anne")


def listed(entrance: Entrance, **query: Any) -> list[str]:
    """The names of a list, part after part."""
    found: list[str] = []
    cursor = None
    while True:
        with entrance.store.unit() as unit:
            asked = Query(**{"limit": 2, **query}, cursor=cursor)
            page = listing.list_for_staff(unit, entrance.house, query=asked)
        found += [one.ticket.holder for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture(name="full")
def _full(entrance: Entrance) -> Entrance:
    """Five tickets A to E of two offers, some revoked, unpaid, blocked."""
    with_offer(entrance.store, entrance.house, slug="year", number=8, validity=Validity.YEAR)
    for number, name in enumerate(("Anna", "Bert", "Cleo", "Dora", "Emil")):
        offer = "year" if name in {"Bert", "Dora"} else "day"
        case = entrance.ticket(
            holder=name, offer=offer, on=date(2026, 10, 9 - number), paid=name != "Emil"
        )
        entrance.clock.tick(seconds=0 if name == "Cleo" else 1)
        with entrance.store.unit() as unit:
            if name == "Anna":
                tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="x")
            if name == "Bert":
                tickets.block_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    return entrance


def test_lists_are_newest_first_and_complete(full: Entrance) -> None:
    """Part after part, two issued in the same moment included."""
    assert sorted(listed(full)) == ["Anna", "Bert", "Cleo", "Dora", "Emil"]
    assert listed(full)[0] == "Emil"
    up = Order(Sort.ISSUED, is_down=False)
    assert listed(full, order=up) == listed(full)[::-1]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(offer="year"), {"Bert", "Dora"}),
        (Filter(state=ListState.REVOKED), {"Anna"}),
        (Filter(state=ListState.BLOCKED), {"Bert"}),
        (Filter(state=ListState.UNPAID), {"Emil"}),
        (Filter(state=ListState.VALID), {"Cleo", "Dora"}),
        (Filter(day=date(2026, 10, 8)), {"Bert"}),
        (Filter(day=date(2026, 10, 8), state=ListState.BLOCKED, offer="year"), {"Bert"}),
        (Filter(state=ListState.REVOKED, offer="year"), set()),
        (Filter(day=date(2030, 1, 1)), set()),
    ],
)
def test_filters_find_what_they_say(full: Entrance, wanted: Filter, names: set[str]) -> None:
    """Alone and together, on both engines."""
    assert set(listed(full, filter=wanted)) == names


def test_lists_sort_by_the_first_day_where_an_index_carries_it(full: Entrance) -> None:
    """Under a filter without such an index the order is that of issuing."""
    by_day = Order(Sort.VALID, is_down=False)
    assert listed(full, order=by_day) == ["Emil", "Dora", "Cleo", "Bert", "Anna"]
    assert listed(full, order=by_day, filter=Filter(offer="year")) == ["Dora", "Bert"]


def test_lists_refuse_unknown_offers_and_cursors(full: Entrance) -> None:
    """Never an empty list that looks like an answer."""
    with full.store.unit() as unit:
        query = Query(filter=Filter(offer="none"))
        with pytest.raises(NotFound):
            listing.list_for_staff(unit, full.house, query=query)
        with pytest.raises(Invalid):
            listing.list_for_staff(unit, full.house, query=Query(cursor="'; --"))


def found(entrance: Entrance, text: str) -> list[str]:
    """Names found by what is typed."""
    with entrance.store.unit() as unit:
        page = searching.search_anything(unit, entrance.house, text=text)
    return [one.ticket.holder for one in page.items]


def test_one_field_takes_name_code_reference_and_barcode(entrance: Entrance) -> None:
    """Whatever somebody types or reads with a hand scanner."""
    case = entrance.ticket(holder="Zoë Müßig", reference="R-17")
    entrance.ticket(holder="Anna R-17")
    assert found(entrance, " mussig ") == ["Zoë Müßig"]
    assert found(entrance, case.ticket.short_code.lower()) == ["Zoë Müßig"]
    assert found(entrance, case.barcode) == ["Zoë Müßig"]
    assert found(entrance, "R-17") == ["Zoë Müßig"]
    assert found(entrance, "nobody here") == []
    assert found(entrance, "Zoë\0") == []


@pytest.mark.parametrize("text", ["", "xy", "Z.", "%_", "\0"])
def test_too_few_letters_are_refused(entrance: Entrance, text: str) -> None:
    """A desk looks for somebody, it does not leaf through everybody."""
    entrance.ticket(holder="Zoë Müßig")
    with pytest.raises(Invalid, match="too_short"):
        found(entrance, text)


def test_an_erased_name_is_not_found(entrance: Entrance) -> None:
    """Neither by the name nor by the barcode."""
    from ticketing.store import retention  # noqa: PLC0415  only here

    case = entrance.ticket(holder="Zoë Müßig")
    with entrance.store.unit() as unit:
        unit.begin()
        retention.scrub_tickets(unit, [(case.ticket.id,)])
        unit.commit()
    assert found(entrance, "mussig") == []
    assert found(entrance, case.barcode) == []


# ------------------------------------------------------------ changes
def test_another_name_opens_with_the_same_barcode(entrance: Entrance) -> None:
    """The box for stations is made anew; the audit says that, and neither name."""
    case = entrance.ticket()
    seen, house = mark(case.ticket), replace(entrance.house, actor=ANNE)
    with entrance.store.unit() as unit:
        new = tickets.rename_ticket(
            unit, house, ticket_id=case.ticket.id, holder=" Zoë  Müßig ", seen=seen
        )
    assert (new.ticket.holder, new.barcode) == ("Zoë Müßig", case.barcode)
    raw = verify(case.barcode, entrance.house.signer.ring()).raw
    assert new.ticket.name_box is not None
    assert open_name(raw, new.ticket.name_box) == "Zoë Müßig"
    assert found(entrance, "mussig") == ["Zoë Müßig"]
    with entrance.store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.TICKET_CHANGED)).items
    assert line.actor == ANNE
    assert (line.before, line.after) == ({"holder": "…"}, {"holder": "…"})


@pytest.mark.parametrize("holder", ["", "  ", "😀", "x" * 101])
def test_a_name_that_fits_no_card_is_refused(entrance: Entrance, holder: str) -> None:
    """The old one stays."""
    case = entrance.ticket()
    with entrance.store.unit() as unit, pytest.raises(Invalid, match="holder"):
        tickets.rename_ticket(unit, entrance.house, ticket_id=case.ticket.id, holder=holder)
    assert found(entrance, "jordis") == [HOLDER]


@pytest.mark.parametrize("change", ["block", "revoke", "reissue", "rename"])
def test_who_acts_on_an_old_sight_is_told(entrance: Entrance, change: str) -> None:
    """The second of two changes nothing and learns that it has changed."""
    case = entrance.ticket()
    seen = mark(case.ticket)
    with entrance.store.unit() as unit:
        tickets.reissue_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    more = {"revoke": {"reason": ""}, "rename": {"holder": "X"}}.get(change, {})
    act = getattr(tickets, f"{change}_ticket")
    with entrance.store.unit() as unit, pytest.raises(Conflict, match="changed"):
        act(unit, entrance.house, ticket_id=case.ticket.id, seen=seen, **more)
    with entrance.store.unit() as unit:
        now = tickets.get_ticket(unit, entrance.house, ticket_id=case.ticket.id).ticket
    assert (now.issue, now.state, now.holder) == (1, case.ticket.state, HOLDER)


def test_a_revoked_ticket_is_not_renamed(entrance: Entrance) -> None:
    """That is for good; a ticket that does not exist is not found."""
    case = entrance.ticket()
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")
    with entrance.store.unit() as unit, pytest.raises(Conflict, match="revoked"):
        tickets.rename_ticket(unit, entrance.house, ticket_id=case.ticket.id, holder="X Y")
    with entrance.store.unit() as unit, pytest.raises(NotFound):
        past.past_of(unit, entrance.house, ticket_id=TicketId(bytes(15)))


def test_a_ticket_without_a_chat_is_sent_nowhere(entrance: Entrance) -> None:
    """Sold at the desk; or blocked."""
    case = entrance.ticket()
    with entrance.store.unit() as unit, pytest.raises(Conflict, match="no_chat"):
        sending.send_again(unit, entrance.house, ticket_id=case.ticket.id)
    with entrance.store.unit() as unit:
        tickets.block_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    with entrance.store.unit() as unit, pytest.raises(Conflict, match="ticket_blocked"):
        sending.send_again(unit, entrance.house, ticket_id=case.ticket.id)


# ------------------------------------------------------------ the past
def test_the_past_tells_scans_uses_and_what_can_be_taken_back(entrance: Entrance) -> None:
    """The last entry alone; a refusal could be overruled."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.tick(minutes=1)
    entrance.scan(case.barcode)
    with entrance.store.unit() as unit:
        told = past.past_of(unit, entrance.house, ticket_id=case.ticket.id)
    assert (told.uses, told.left, told.has_chat) == (1, 0, False)
    refused, entered = told.scans
    assert refused.decision.verdict is Verdict.REFUSE
    assert (refused.can_annul, refused.can_override) == (False, True)
    assert (entered.can_annul, entered.is_in_time, entered.can_override) == (True, True, False)
    entrance.clock.tick(minutes=20)
    with entrance.store.unit() as unit:
        later = past.past_of(unit, entrance.house, ticket_id=case.ticket.id)
    assert not later.scans[1].is_in_time


def test_an_annul_by_staff_is_in_the_audit(entrance: Entrance) -> None:
    """Within the transaction that takes the entry back; the second call writes no second line."""
    case = entrance.ticket()
    scan_id = entrance.scan(case.barcode).scan_id
    entrance.house = replace(entrance.house, actor=ANNE)
    for _ in range(2):
        entrance.annul(scan_id, by=ANNE.id, station=None)
    with entrance.store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.SCAN_ANNULLED)).items
        told = past.past_of(unit, entrance.house, ticket_id=case.ticket.id)
    assert (line.actor, line.object.id) == (ANNE, scan_id)
    assert (told.uses, told.scans[0].by, told.scans[0].can_annul) == (0, ANNE.id, False)


def test_an_override_by_staff_is_in_the_audit(entrance: Entrance) -> None:
    """Who let somebody in against the rule."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    refused = entrance.scan(case.barcode)
    entrance.house = replace(entrance.house, actor=ANNE)
    entrance.overrule(refused.scan_id, by=ANNE.id, station=None)
    with entrance.store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.SCAN_OVERRIDDEN)).items
    assert (line.actor, line.object.id) == (ANNE, refused.scan_id)


def test_what_a_gate_takes_back_or_overrules_stands_in_its_scans(entrance: Entrance) -> None:
    """They tell who and why; the audit is for what people and programs do from elsewhere."""
    case = entrance.ticket()
    first = entrance.scan(case.barcode)
    entrance.overrule(entrance.scan(case.barcode).scan_id)
    entrance.annul(first.scan_id, is_forced=True)
    with entrance.store.unit() as unit:
        for action in (Action.SCAN_ANNULLED, Action.SCAN_OVERRIDDEN):
            assert audit.page(unit, wanted=Wanted(action=action)).items == ()
