"""The outbox under any order of claims, results, deaths and delays."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from tests.fakes import FrozenClock
from ticketing.domain.conversation import Step
from ticketing.domain.delivery import (
    LEASE,
    PENDING,
    DeliveryState,
    Errand,
    OutboxId,
    Settlement,
    again,
    may_follow,
)
from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.messages import MessageSource, Text
from ticketing.domain.visitors import Lang
from ticketing.store import conversations, messages, outbox, schema, visitors
from ticketing.store.conversations import Conversation
from ticketing.store.outbox import Errands, Lease
from ticketing.store.unit import Store

S = DeliveryState
TALKS = (b"a" * 16, b"b" * 16, b"c" * 16)


def _open_talk(store: Store, talk: bytes, clock: FrozenClock) -> None:
    identity = visitors.Identity(
        id=IdentityId(talk), visitor=VisitorId(talk), channel="x", account="y", address=talk
    )
    conversation = Conversation(
        id=ConversationId(talk),
        visitor=VisitorId(talk),
        step=Step(),
        version="",
        lang=Lang.DE,
        updated_at=clock.now(),
    )
    with store.unit() as unit:
        unit.begin()
        assert visitors.add(unit, identity, lang=Lang.DE, at=clock.now())
        conversations.add(unit, conversation, identity.id)
        unit.commit()


def _queue(store: Store, talk: bytes, clock: FrozenClock) -> OutboxId:
    with store.unit() as unit:
        unit.begin()
        conversation = ConversationId(talk)
        conversations.hold(unit, conversation)
        message = messages.add(
            unit, conversation, source=MessageSource.OUT, content=Text("x"), at=clock.now()
        )
        errands = Errands(
            message=message,
            conversation=conversation,
            channel="x",
            account="y",
            errand=Errand.ANSWER,
        )
        row = outbox.add(unit, errands, at=clock.now())
        unit.commit()
    return row


@dataclass
class Rows:
    """What the database says, and what it said before."""

    store: Store
    before: dict[int, DeliveryState] = field(default_factory=dict)

    def now(self) -> dict[int, DeliveryState]:
        """State by row."""
        o = schema.outbox.c
        with self.store.unit() as unit:
            return {row.id: DeliveryState(row.state) for row in unit.run(select(o.id, o.state))}


class Outbox(RuleBasedStateMachine):
    """Three conversations, any number of workers, some of them dying."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.clock = FrozenClock()
        self.rows = Rows(store)
        self.leases: list[Lease] = []
        self.newest: dict[int, int] = {}
        self.talk_of: dict[int, bytes] = {}
        self.sent: dict[bytes, list[int]] = {talk: [] for talk in TALKS}
        _wipe(store)
        for talk in TALKS:
            _open_talk(store, talk, self.clock)

    @rule(talk=st.sampled_from(TALKS))
    def queue(self, talk: bytes) -> None:
        """One more message."""
        self.talk_of[_queue(self.store, talk, self.clock)] = talk

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        """A worker takes what is due: one of each conversation, with a new fence."""
        before = self.rows.now()
        with self.store.unit() as unit:
            unit.begin()
            now = self.clock.now()
            leases = outbox.claim(unit, now, until=now + LEASE, limit=limit)
            unit.commit()
        assert len({lease.address for lease in leases}) == len(leases) <= limit
        for lease in leases:
            earlier = [row for row in before if row < lease.id and self._same_talk(row, lease.id)]
            assert all(before[row] not in PENDING for row in earlier)
            assert lease.fence > self.newest.get(lease.id, 0)
            self.newest[lease.id] = lease.fence
        self.leases += leases

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), state=st.sampled_from([S.SENT, S.FAILED, S.UNKNOWN, S.SKIPPED, S.QUEUED]))
    def settle(self, data: st.DataObject, state: DeliveryState) -> None:
        """Any lease ever given comes back with a result: only the newest counts, once."""
        lease = data.draw(st.sampled_from(self.leases))
        is_current = self.newest[lease.id] == lease.fence and self.rows.now()[lease.id] is S.LEASED
        result = (
            again(timedelta(seconds=5), 1, self.clock.now())
            if state is S.QUEUED
            else Settlement(state)
        )
        with self.store.unit() as unit:
            unit.begin()
            assert outbox.settle(unit, lease, result, at=self.clock.now()) is is_current
            unit.commit()
        if is_current and state is S.SENT:
            self.sent[self.talk_of[lease.id]].append(lease.id)

    @precondition(lambda self: self.talk_of)
    @rule(data=st.data(), new=st.sampled_from(list(S)))
    def report(self, data: st.DataObject, new: DeliveryState) -> None:
        """A platform's status moves a row from where it stands, never from elsewhere."""
        row = OutboxId(data.draw(st.sampled_from(sorted(self.talk_of))))
        with self.store.unit() as unit:
            old = outbox.state_of(unit, row)
            assert old is not None
            if old in PENDING or not may_follow(old, new):
                return
            unit.begin()
            wrong = S.QUEUED if old is not S.QUEUED else S.SENT
            assert not outbox.move(unit, row, old=wrong, new=new, at=self.clock.now())
            assert outbox.move(unit, row, old=old, new=new, at=self.clock.now())
            unit.commit()

    @rule(seconds=st.sampled_from([1, 6, 59, 61]))
    def time_passes(self, seconds: int) -> None:
        """Leases run out, retries become due."""
        self.clock.tick(seconds=seconds)

    @invariant()
    def states_move_only_as_they_may(self) -> None:
        """And no row is lost."""
        now = self.rows.now()
        assert set(now) >= set(self.rows.before)
        for row, old in self.rows.before.items():
            assert now[row] is old or may_follow(old, now[row])
        self.rows.before = now

    @invariant()
    def each_conversation_is_sent_in_order(self) -> None:
        """No row twice, none before an earlier one."""
        for sent in self.sent.values():
            assert sent == sorted(set(sent))

    def _same_talk(self, one: int, other: int) -> bool:
        return self.talk_of[one] == self.talk_of[other]


def _wipe(store: Store) -> None:
    with store.unit() as unit:
        unit.begin()
        for name in ("outbox", "messages", "conversations", "identities", "visitors"):
            unit.run(delete(schema.metadata.tables[name]))
        unit.commit()


@pytest.mark.timeout(300)
def test_the_outbox_keeps_its_promises(store: Store, engine: str) -> None:
    """Whatever workers and platforms do, states lead forward and order holds."""
    examples = {"sqlite": 25, "postgres": 10}[engine]

    class Here(Outbox):
        def __init__(self) -> None:
            super().__init__(store)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_an_unknown_row_has_no_state(store: Store) -> None:
    """Nor is there anything to claim in an empty outbox."""
    clock = FrozenClock()
    with store.unit() as unit:
        assert outbox.state_of(unit, OutboxId(7)) is None
        assert not outbox.is_due(unit, clock.now())
        unit.begin()
        until = clock.now() + LEASE
        assert outbox.claim(unit, clock.now(), until=until, limit=5) == ()


def test_an_address_belongs_to_one_visitor(store: Store) -> None:
    """The second one to come with it is refused by the key."""
    clock = FrozenClock()
    _open_talk(store, TALKS[0], clock)
    twin = visitors.Identity(
        id=IdentityId(TALKS[1]),
        visitor=VisitorId(TALKS[1]),
        channel="x",
        account="y",
        address=TALKS[0],
    )
    with store.unit() as unit:
        unit.begin()
        assert not visitors.add(unit, twin, lang=Lang.DE, at=clock.now())
