"""Many at once: a delivery counts once, a conversation takes one step at a time."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.factories import with_offer
from tests.service.chatting import Visitor, spoken
from ticketing.domain.messages import TicketPicture
from ticketing.service import consent
from ticketing.service.channels import Incoming
from ticketing.service.errors import Conflict
from ticketing.service.ports import House
from ticketing.store import conversations, inbox, schema
from ticketing.store.unit import Store

THREADS = 8


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor of a house with a free day ticket."""
    with_offer(store, house)
    return Visitor(store, spoken(house))


def _at_once(visitor: Visitor, events: list[Incoming]) -> list[bool]:
    barrier = threading.Barrier(len(events))

    def send(event: Incoming) -> bool:
        barrier.wait()
        return visitor.send(event).duplicate

    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(send, events))


def _count(store: Store, table: str) -> int:
    with store.unit() as unit:
        rows = schema.metadata.tables[table]
        return int(unit.run(select(func.count()).select_from(rows)).scalar_one())


def test_one_delivery_eight_times_at_once_is_one(visitor: Visitor) -> None:
    """Of the first words: one visitor, one greeting."""
    duplicates = _at_once(visitor, [visitor.event(text="hallo")] * THREADS)
    assert Counter(duplicates) == {False: 1, True: THREADS - 1}
    assert _count(visitor.store, "visitors") == 1
    assert _count(visitor.store, "messages") == 4


def test_one_name_eight_times_at_once_is_one_ticket(visitor: Visitor) -> None:
    """An impatient platform cannot double a ticket."""
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04"):
        visitor.tap(choice)
    _at_once(visitor, [visitor.event(text="Ada")] * THREADS)
    assert _count(visitor.store, "tickets") == 1
    pictures = [m for m in visitor.news() if isinstance(m.content, TicketPicture)]
    assert len(pictures) == 1


def test_eight_events_at_once_are_eight_steps(visitor: Visitor) -> None:
    """Each is answered from the state the one before it left."""
    duplicates = _at_once(visitor, [visitor.event(text="hallo") for _ in range(THREADS)])
    assert not any(duplicates)
    with visitor.store.unit() as unit:
        address = conversations.Address("webchat", "main", visitor.address)
        found = conversations.find(unit, address)
    assert found is not None
    assert found.step.turn == THREADS
    greetings = [text for text in visitor.texts() if text.startswith("Hallo!")]
    assert len(greetings) == 1


def test_eight_names_at_once_are_one_ticket(visitor: Visitor) -> None:
    """The first name gets the ticket; the others find the menu."""
    visitor.refuse_all()
    for choice in ("offer:day", "day:2026-10-04"):
        visitor.tap(choice)
    _at_once(visitor, [visitor.event(text=f"Ada {n}") for n in range(THREADS)])
    assert _count(visitor.store, "tickets") == 1


def test_eight_visitors_at_once_leave_one_unbroken_ledger(visitor: Visitor) -> None:
    """The chain cannot fork, whoever writes at the same time."""
    people = [Visitor(visitor.store, visitor.house, address=b"p%d" % n) for n in range(THREADS)]
    for person in people:
        person.start()
    barrier = threading.Barrier(THREADS)

    def answer(person: Visitor) -> None:
        barrier.wait()
        person.tap("consent:news:yes")
        person.tap("consent:codes:no")
        person.type("STOP")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(answer, people))
    with visitor.store.unit() as unit:
        report = consent.verify_chain(unit)
    assert report.holds
    assert report.length == THREADS * 4


def test_the_key_alone_stops_a_repeat(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the look before the transaction saw nothing."""
    event = visitor.event(text="hallo")
    visitor.send(event)
    looks = iter([False])
    really = inbox.has
    monkeypatch.setattr(
        "ticketing.service.chat.inbox.has", lambda unit, key: next(looks, really(unit, key))
    )
    assert visitor.send(event).duplicate
    assert _count(visitor.store, "messages") == 4


def test_a_conversation_that_never_comes_to_rest_is_busy(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After several lost races the platform is told to come again; nothing is kept."""
    visitor.start()
    monkeypatch.setattr(
        "ticketing.service.chat.conversations.advance", lambda *_args, **_kwargs: False
    )
    with pytest.raises(Conflict, match="busy"):
        visitor.type("hallo")
    assert _count(visitor.store, "inbox") == 1
