"""The desk: a ticket sold once however often its form is sent, and the money of the day."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from tests.factories import BERLIN, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.service.conftest import Entrance
from ticketing.domain.audit import Action, Actor, ActorKind, Wanted
from ticketing.domain.offers import Validity
from ticketing.domain.payments import PaymentKind
from ticketing.domain.slots import Series
from ticketing.service import audit, desk, slots, takings, tickets
from ticketing.service.desk import Form, Paying, Sold, Wish
from ticketing.service.errors import Conflict, Invalid, NotFound, SoldOut
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.verdict import Check, TicketState, Verdict

ANNE = Actor(ActorKind.STAFF, "staff_anne")
TODAY = date(2026, 10, 4)
WISH = Wish(offer="adult", holder="Kasse 14:00", party=1, paying=Paying.TAKEN)
FORM = Form(token="0" * 32, desk="d" * 32)


@pytest.fixture(name="till")
def _till(store: Store, house: House) -> Store:
    """A store with an offer of 9 euros that the desk takes, and a free one."""
    with_offer(store, house)
    with_offer(store, house, slug="adult", number=8, price_cents=900, pay_at_desk=True, party_max=4)
    return store


def sell(till: Store, house: House, *, token: str = "0" * 32, **changes: Any) -> Sold:
    """Send a form, as Anne."""
    with till.unit() as unit:
        form, own = replace(FORM, token=token), replace(house, actor=ANNE)
        return desk.sell(unit, own, wish=replace(WISH, **changes), form=form)


def taken(till: Store, house: House, day: date = TODAY) -> takings.Takings:
    """The money of a day."""
    with till.unit() as unit:
        return takings.takings(unit, house, day=day)


def test_a_sold_ticket_is_paid_and_its_money_is_counted(till: Store, house: House) -> None:
    """By offer and by person, and in the till."""
    sold = sell(till, house)
    assert sold.case.ticket.state is TicketState.VALID
    found = taken(till, house)
    [offer], [person], [drawer] = found.offers, found.persons, found.tills
    assert (offer.offer.slug, offer.kind, offer.line.cents) == ("adult", PaymentKind.DESK, 900)
    assert (person.actor, person.line.taken, person.line.cents) == (ANNE, 1, 900)
    assert (drawer.currency, drawer.cents) == ("EUR", 900)


def test_the_same_form_sells_once(till: Store, house: House) -> None:
    """Whoever sends it again gets the ticket that is there, and no money is counted twice."""
    first, second = sell(till, house), sell(till, house, holder="Kasse 14:01")
    assert second.is_repeat
    assert second.case.ticket.id == first.case.ticket.id
    assert taken(till, house).tills[0].cents == 900


def test_the_same_form_at_the_same_moment_sells_once(till: Store, house: House) -> None:
    """Two threads, one ticket; on both engines."""
    sold: list[Sold] = []
    both = threading.Barrier(2)

    def send() -> None:
        both.wait()
        sold.append(sell(till, house))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.case.ticket.id for one in sold}) == 1
    assert taken(till, house).persons[0].line.taken == 1


def test_a_used_form_with_another_wish_is_refused(till: Store, house: House) -> None:
    """It would hand the first customer's ticket to the second."""
    sell(till, house)
    with pytest.raises(Conflict, match="form_reused"):
        sell(till, house, party=2)
    assert taken(till, house).persons[0].line.taken == 1


@pytest.mark.parametrize("token", ["", "x" * 32, "0" * 31, "0" * 33, "Ä" * 32])
def test_a_form_without_its_token_is_refused(till: Store, house: House, token: str) -> None:
    """A sale that could not be found again must not happen."""
    with pytest.raises(Invalid, match="token"):
        sell(till, house, token=token)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"offer": "none"}, NotFound), ({"party": 9}, Invalid), ({"on": date(2026, 10, 3)}, Invalid)],
)
def test_what_cannot_be_sold_is_refused_and_takes_no_money(
    till: Store, house: House, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    """An unknown offer, too many persons, yesterday."""
    with pytest.raises(refusal):
        sell(till, house, **changes)
    assert taken(till, house).tills == ()


def test_later_and_for_nothing(till: Store, house: House) -> None:
    """Not paid yet waits for the money; a gift is valid and counts none."""
    later = sell(till, house, token="1" * 32, paying=Paying.LATER)
    gift = sell(till, house, token="2" * 32, paying=Paying.FREE)
    assert later.case.ticket.state is TicketState.UNPAID
    assert gift.case.ticket.state is TicketState.VALID
    assert taken(till, house).tills == ()


def test_a_sale_is_in_the_audit_without_a_name(till: Store, house: House) -> None:
    """Who, which offer, how it was paid."""
    sold = sell(till, house, holder="Zoë Müßig")
    with till.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.TICKET_ISSUED)).items
    assert line.actor == ANNE
    assert line.object.id == sold.case.ticket.id.hex()
    assert line.after == {"offer": "adult", "party": 1, "paying": "taken"}


def test_the_second_screen_shows_the_newest_for_a_minute(
    till: Store, house: House, clock: FrozenClock
) -> None:
    """Of this desk alone; until the next customer or sixty seconds later."""

    def shown(of: str = FORM.desk) -> bytes | None:
        with till.unit() as unit:
            found = desk.on_screen(unit, house, desk=of)
        return None if found is None else found.case.ticket.id

    assert shown() is None
    first = sell(till, house, token="1" * 32).case.ticket.id
    assert (shown(), shown("e" * 32)) == (first, None)
    clock.tick(seconds=1)
    second = sell(till, house, token="2" * 32).case.ticket.id
    assert shown() == second
    with till.unit() as unit:
        desk.next_customer(unit, house, desk=FORM.desk)
    assert shown() is None
    clock.tick(seconds=1)
    assert sell(till, house, token="3" * 32).case.ticket.id == shown()
    clock.tick(seconds=61)
    assert shown() is None


@pytest.fixture(name="tower")
def _tower(till: Store, house: House) -> Callable[[], list[int]]:
    """An offer with slots of two persons tomorrow at 10 and 11; the free places of each."""
    with_offer(till, house, slug="tower", number=9, validity=Validity.SLOT, party_max=4)
    series = Series(
        first=date(2026, 10, 5),
        last=date(2026, 10, 5),
        times=(time(10), time(11)),
        length=timedelta(minutes=45),
        capacity=2,
    )
    with till.unit() as unit:
        slots.add_series(unit, house, offer="tower", series=series)

    def free() -> list[int]:
        with till.unit() as unit:
            found = desk.on_sale(unit, house, slug="tower", on=date(2026, 10, 5))
        return [one.free for one in found.slots]

    return free


def test_the_desk_opens_at_the_next_free_slot(
    till: Store, house: House, tower: Callable[[], list[int]]
) -> None:
    """A full slot is refused and names the next that is free."""
    with till.unit() as unit:
        found = desk.on_sale(unit, house, slug="tower", on=None)
    assert found.on == date(2026, 10, 5)
    first, second = (one.slot for one in found.slots)
    wish = {"offer": "tower", "paying": Paying.FREE, "party": 2}
    sell(till, house, token="1" * 32, slot=first.id, **wish)
    assert tower() == [0, 2]
    with pytest.raises(SoldOut) as refusal:
        sell(till, house, token="2" * 32, slot=first.id, **wish)
    assert [one.slot.id for one in refusal.value.slots] == [second.id]
    assert tower() == [0, 2]


@pytest.mark.parametrize(("people", "day"), [(1, 5), (2, 5), (3, 6), (4, 6), (5, 4)])
def test_the_desk_opens_at_the_next_slot_with_room(
    till: Store, house: House, tower: Callable[[], list[int]], people: int, day: int
) -> None:
    """For so many persons; where none has so many places it is today."""
    assert tower() == [2, 2]
    series = Series(
        first=date(2026, 10, 6),
        last=date(2026, 10, 6),
        times=(time(10),),
        length=timedelta(minutes=45),
        capacity=4,
    )
    with till.unit() as unit:
        slots.add_series(unit, house, offer="tower", series=series)
    with till.unit() as unit:
        found = desk.on_sale(unit, house, slug="tower", on=None, people=people)
    assert found.on == date(2026, 10, day)


def test_only_what_can_be_sold_is_offered(till: Store, house: House) -> None:
    """Resting offers and those that are over are not; an unknown choice is the first."""
    with_offer(till, house, slug="rests", number=9, active=False)
    with_offer(till, house, slug="over", number=10, valid_until=date(2026, 10, 3))
    with till.unit() as unit:
        found = desk.on_sale(unit, house, slug="rests", on=date(9999, 1, 1))
    assert [one.slug for one in found.offers] == ["day", "adult"]
    assert found.offer is not None
    assert (found.offer.slug, found.on) == ("day", TODAY)


def test_money_given_back_leaves_the_till(till: Store, house: House) -> None:
    """Once, after the ticket is revoked; another person's hands are their own line."""
    ticket = sell(till, house).case.ticket
    bert = replace(house, actor=Actor(ActorKind.STAFF, "staff_bert"))
    with till.unit() as unit, pytest.raises(Conflict, match="not_revoked"):
        tickets.refund_ticket(unit, bert, ticket_id=ticket.id)
    with till.unit() as unit:
        tickets.revoke_ticket(unit, bert, ticket_id=ticket.id, reason="")
    for _ in range(2):
        with till.unit() as unit:
            tickets.refund_ticket(unit, bert, ticket_id=ticket.id)
    found = taken(till, house)
    assert found.tills[0].cents == 0
    assert [(one.actor.id, one.line.cents) for one in found.persons] == [
        ("staff_anne", 900), ("staff_bert", -900),
    ]  # fmt: skip


def test_nothing_is_given_back_where_nothing_was_paid(till: Store, house: House) -> None:
    """A free ticket."""
    case = with_ticket(till, house)
    with till.unit() as unit:
        tickets.revoke_ticket(unit, house, ticket_id=case.ticket.id, reason="")
    with till.unit() as unit, pytest.raises(Conflict, match="nothing_paid"):
        tickets.refund_ticket(unit, house, ticket_id=case.ticket.id)


def test_a_program_that_says_paid_fills_no_till(till: Store, house: House) -> None:
    """The money went elsewhere; the offer's line tells it."""
    case = with_ticket(till, house, offer="adult")
    program = replace(house, actor=Actor(ActorKind.API_KEY, "key_1"))
    for _ in range(2):
        with till.unit() as unit:
            tickets.pay_ticket(unit, program, ticket_id=case.ticket.id)
    found = taken(till, house)
    assert found.tills == ()
    assert (found.offers[0].kind, found.offers[0].line.taken) == (PaymentKind.ELSEWHERE, 1)


def test_money_taken_at_the_gate_is_the_stations(entrance: Entrance) -> None:
    """Written with the confirmed scan; another day's money is not in it."""
    with_offer(
        entrance.store, entrance.house, slug="adult", number=8, price_cents=900, pay_at_desk=True
    )
    case = entrance.ticket(offer="adult")
    asked = entrance.scan(case.barcode)
    assert asked.verdict is Verdict.ATTENTION
    assert taken(entrance.store, entrance.house).tills == ()
    entrance.confirm(asked.scan_id, Check.PAYMENT)
    [person] = taken(entrance.store, entrance.house).persons
    assert (person.actor.id, person.kind) == (entrance.station.id, PaymentKind.GATE)
    assert person.line.cents == 900
    yesterday = datetime(2026, 10, 3, tzinfo=BERLIN).date()
    assert taken(entrance.store, entrance.house, yesterday).persons == ()
