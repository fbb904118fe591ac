"""The audit log: written with what it tells of, and never changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from tests.fakes import START, FrozenClock
from ticketing.service import audit
from ticketing.service.audit import Action, Actor, ActorKind, Entry, Thing, Wanted
from ticketing.service.errors import Invalid
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store

ADA = Actor(ActorKind.STAFF, "staff_1")
KEY = Actor(ActorKind.API_KEY, "key_1")
DAY = Thing("offer", "day")


def write(store: Store, house: House, number: int, *, actor: Actor = ADA) -> None:
    """A line about the price of an offer."""
    with store.unit() as unit:
        unit.begin()
        audit.note(
            unit,
            replace(house, actor=actor),
            action=Action.OFFER_CHANGED,
            object=DAY,
            before={"price_cents": number, "slug": "day"},
            after={"price_cents": number + 1, "slug": "day"},
        )
        unit.commit()


def read(store: Store, wanted: Wanted | None = None) -> list[Entry]:
    """The newest lines."""
    with store.unit() as unit:
        return list(audit.page(unit, wanted=wanted).items)


def test_a_line_says_who_what_before_and_after(store: Store, house: House) -> None:
    """Only the field that changed."""
    write(store, house, 500)
    [line] = read(store)
    assert (line.actor, line.action, line.object) == (ADA, Action.OFFER_CHANGED, DAY)
    assert (line.before, line.after) == ({"price_cents": 500}, {"price_cents": 501})
    assert line.at == START


def test_a_line_is_undone_with_what_it_tells_of(store: Store, house: House) -> None:
    """A change that was rolled back has not happened."""
    with store.unit() as unit:
        unit.begin()
        audit.note(unit, house, action=Action.OFFER_CREATED, object=DAY, after={})
        unit.rollback()
    assert read(store) == []


def test_a_line_outside_of_a_transaction_is_a_fault(store: Store, house: House) -> None:
    """It would be kept without what it tells of."""
    with store.unit() as unit, pytest.raises(RuntimeError, match="begin"):
        audit.note(unit, house, action=Action.OFFER_CREATED, object=DAY)


def test_nothing_changed_is_no_line(store: Store, house: House) -> None:
    """Saving a form unchanged is no news."""
    with store.unit() as unit:
        unit.begin()
        same = {"price_cents": 500}
        audit.note(unit, house, action=Action.OFFER_CHANGED, object=DAY, before=same, after=same)
        unit.commit()
    assert read(store) == []


def test_a_line_cannot_be_changed_or_deleted(store: Store, house: House) -> None:
    """Not even by a statement that no code of ours has: the database refuses."""
    write(store, house, 500)
    for statement in (update(schema.audit).values(actor="staff_2"), delete(schema.audit)):
        with store.unit() as unit:
            unit.begin()
            with pytest.raises(DBAPIError, match="append-only"):
                unit.run(statement)
    assert [line.actor for line in read(store)] == [ADA]


def test_lines_page_from_the_newest(store: Store, house: House) -> None:
    """By a cursor that holds when new lines come."""
    for number in range(5):
        write(store, house, number)
    with store.unit() as unit:
        first = audit.page(unit, limit=2)
    write(store, house, 9)
    with store.unit() as unit:
        second = audit.page(unit, cursor=first.next_cursor, limit=2)
        third = audit.page(unit, cursor=second.next_cursor, limit=2)
    told = [[line.before for line in page.items] for page in (first, second, third)]
    assert told == [
        [{"price_cents": 4}, {"price_cents": 3}],
        [{"price_cents": 2}, {"price_cents": 1}],
        [{"price_cents": 0}],
    ]
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1 OR 1=1", "9" * 40])
def test_a_cursor_that_was_not_given_out_is_refused(store: Store, cursor: str) -> None:
    """Whatever stands in an address."""
    with store.unit() as unit, pytest.raises(Invalid, match="cursor"):
        audit.page(unit, cursor=cursor)


def test_lines_are_found_by_who_what_and_when(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """Each filter leaves out the others."""
    write(store, house, 1)
    clock.tick(days=1)
    write(store, house, 2, actor=KEY)
    later = START + timedelta(hours=12)
    for wanted, count in [
        (Wanted(actor="key_1"), 1),
        (Wanted(actor_kind=ActorKind.STAFF), 1),
        (Wanted(action=Action.OFFER_CHANGED), 2),
        (Wanted(action=Action.OFFER_CREATED), 0),
        (Wanted(object_kind="offer", object="day"), 2),
        (Wanted(object="night"), 0),
        (Wanted(since=later), 1),
        (Wanted(until=later), 1),
        (Wanted(since=later, actor="staff_1"), 0),
    ]:
        assert len(read(store, wanted)) == count, wanted
