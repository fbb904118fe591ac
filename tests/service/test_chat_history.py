"""What a page shows: whoever asks behind the last id it saw misses nothing."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tests.fakes import FrozenClock
from tests.service.chatting import CHANNEL, Visitor, spoken
from ticketing.domain.delivery import DeliveryState
from ticketing.domain.messages import MessageSource
from ticketing.service import chat, delivery
from ticketing.service.channels import Permanent, Retry, SendOutcome, Sent, Unknown
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor of a house without offers."""
    return Visitor(store, spoken(house))


def _newest(store: Store) -> int:
    with store.unit() as unit:
        return chat.newest(unit)


def test_own_words_show_at_once_and_answers_once_sent(visitor: Visitor) -> None:
    """Before the worker has run, only the visitor's message is there."""
    visitor.type("hallo")
    assert [message.is_own for message in visitor.page()] == [True]
    visitor.deliver()
    assert [message.is_own for message in visitor.page()] == [True, False, False, False]


def test_own_words_behind_an_answer_on_its_way_wait_for_it(visitor: Visitor) -> None:
    """Shown first, they would carry the page's place past the answer."""
    visitor.type("hallo")
    seen = visitor.page()[-1].id
    visitor.type("nein")
    assert visitor.page(seen) == ()
    visitor.deliver()
    shown = visitor.page(seen)
    assert [message.id for message in shown] == sorted(message.id for message in shown)
    assert [m.content.text for m in shown if m.is_own] == ["nein"]
    assert len(shown) == 6


def test_a_page_that_starts_gets_the_newest_and_one_that_goes_on_the_next(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both oldest first, both in portions."""
    visitor.refuse_all()
    monkeypatch.setattr("ticketing.service.chat.PAGE", 3)
    everything = [message.id for message in visitor.page(1)]
    portion = [message.id for message in visitor.page()]
    assert portion == sorted(portion)
    assert portion[-1] > everything[-1]
    assert len(portion) == len(everything) == 3


def test_a_visitor_sees_only_the_own_conversation(visitor: Visitor) -> None:
    """Another cookie, another account, another channel: nothing."""
    visitor.refuse_all()
    other = Visitor(visitor.store, visitor.house, address=b"other")
    assert other.page() == ()
    for channel in (replace(CHANNEL, account="x"), replace(CHANNEL, kind="x")):
        with visitor.store.unit() as unit:
            assert chat.history(unit, address=visitor.address, channel=channel) == ()


def test_the_marker_rises_whenever_something_becomes_visible(visitor: Visitor) -> None:
    """With a message that came, with each that was sent; not with a repeat."""
    assert _newest(visitor.store) == 0
    event = visitor.event(text="hallo")
    visitor.send(event)
    first = _newest(visitor.store)
    visitor.send(event)
    assert _newest(visitor.store) == first == 1
    visitor.deliver()
    assert _newest(visitor.store) == first + 3


def test_the_marker_is_one_cheap_query(visitor: Visitor) -> None:
    """One row by its key, whatever the number of streams."""
    with visitor.store.unit() as unit:
        chat.newest(unit)
        assert unit.statements == 1


outcomes = st.sampled_from([Sent(), Permanent("gone"), Unknown(), "retry", "report"])
moves = st.lists(st.tuples(st.integers(0, 2), outcomes), min_size=5, max_size=30)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=moves)
def test_visible_ids_only_rise(
    visitor: Visitor, clock: FrozenClock, moves: list[tuple[int, object]]
) -> None:
    """A page polling behind its highest id shows in the end what a fresh page shows."""
    _wipe(visitor.store)
    seen: list[int] = []
    taken: list[delivery.Lease] = []
    for talk, outcome in moves:
        for _ in range(talk):
            visitor.type("hallo")
        with visitor.store.unit() as unit:
            taken += delivery.claim(unit, visitor.house, limit=1)
        if taken:
            _settle(visitor, clock, taken.pop(), outcome)
        _poll(visitor, seen)
    visitor.deliver()
    _poll(visitor, seen)
    assert seen == sorted(seen)
    assert seen == [message.id for message in visitor.page()][-len(seen) :]
    assert {m.id for m in visitor.page() if m.source is MessageSource.IN} <= set(seen)


def _settle(visitor: Visitor, clock: FrozenClock, lease: delivery.Lease, outcome: object) -> None:
    with visitor.store.unit() as unit:
        if outcome == "report":
            delivery.report(unit, visitor.house, row=lease.id, state=DeliveryState.DELIVERED)
            return
        clock.tick(seconds=3)
        result = Retry(clock.now() - clock.now()) if outcome == "retry" else outcome
        assert isinstance(result, SendOutcome)
        delivery.settle(unit, visitor.house, lease=lease, outcome=result)
    clock.tick(seconds=300)


def _poll(visitor: Visitor, seen: list[int]) -> None:
    while found := visitor.page(max(seen, default=0)):
        fresh = [message.id for message in found if message.id > max(seen, default=0)]
        if not fresh:
            return
        seen += fresh


def _wipe(store: Store) -> None:
    """Each example begins with an empty house."""
    with store.unit() as unit:
        unit.begin()
        for name in ("outbox", "inbox", "messages", "conversations", "identities", "visitors"):
            unit.run(delete(schema.metadata.tables[name]))
        unit.commit()
