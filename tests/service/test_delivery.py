"""Sending: leased, fenced, in order, and only with consent where it needs one."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.delivery import TRIES_MAX, DeliveryState, Errand, OutboxId
from ticketing.domain.ids import ConversationId, VisitorId
from ticketing.domain.messages import MessageId, Text
from ticketing.service import chat, consent, delivery
from ticketing.service.channels import OptOut, Permanent, Retry, SendOutcome, Sent, Unknown
from ticketing.service.delivery import Lease
from ticketing.service.ports import House
from ticketing.store import schema
from ticketing.store.unit import Store

S = DeliveryState


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor of a house without offers."""
    return Visitor(store, spoken(house))


def _claim(visitor: Visitor, limit: int = 20) -> tuple[Lease, ...]:
    with visitor.store.unit() as unit:
        return delivery.claim(unit, visitor.house, limit=limit)


def _settle(visitor: Visitor, lease: Lease, outcome: SendOutcome) -> bool:
    with visitor.store.unit() as unit:
        return delivery.settle(unit, visitor.house, lease=lease, outcome=outcome)


def _states(visitor: Visitor) -> list[DeliveryState]:
    with visitor.store.unit() as unit:
        query = select(schema.outbox.c.state).order_by(schema.outbox.c.id)
        return [DeliveryState(word) for word in unit.run(query).scalars()]


def _reasons(visitor: Visitor) -> list[str | None]:
    with visitor.store.unit() as unit:
        query = select(schema.outbox.c.reason).order_by(schema.outbox.c.id)
        return list(unit.run(query).scalars())


def _conversation(visitor: Visitor) -> tuple[ConversationId, VisitorId]:
    with visitor.store.unit() as unit:
        c, i = schema.conversations.c, schema.identities.c
        row = unit.run(select(c.id, i.visitor).join(schema.identities, i.id == c.identity)).one()
    return ConversationId(row.id), VisitorId(row.visitor)


def _queue(visitor: Visitor, purpose: Purpose = Purpose.NEWS) -> MessageId | None:
    with visitor.store.unit() as unit:
        return delivery.queue_news(
            unit,
            visitor.house,
            conversation=_conversation(visitor)[0],
            purpose=purpose,
            content=Text("Neue Ausstellung"),
        )


def _agreed(visitor: Visitor) -> Visitor:
    visitor.start()
    visitor.tap("consent:news:yes")
    visitor.tap("consent:codes:no")
    visitor.news()
    return visitor


def test_one_message_of_a_conversation_at_a_time_in_order(visitor: Visitor) -> None:
    """The second is claimed when the first is settled."""
    visitor.start()
    order = []
    while leases := _claim(visitor):
        (lease,) = leases
        order.append(lease.id)
        assert _claim(visitor) == ()
        assert _settle(visitor, lease, Sent("x1"))
    assert order == sorted(order)
    assert _states(visitor) == [S.SENT] * 3


def test_several_conversations_are_claimed_together(visitor: Visitor) -> None:
    """One message each, oldest first, up to the limit."""
    for n in range(5):
        Visitor(visitor.store, visitor.house, address=b"%d" % n).start()
    first = _claim(visitor, limit=3)
    assert len(first) == 3
    assert len({lease.address for lease in first}) == 3
    assert len(_claim(visitor)) == 2


def test_a_dead_worker_s_message_is_sent_again_after_its_lease(
    visitor: Visitor, clock: FrozenClock
) -> None:
    """Not a moment before a minute has passed; its late result is dropped."""
    visitor.start()
    (dead,) = _claim(visitor)
    clock.tick(seconds=59)
    assert _claim(visitor) == ()
    clock.tick(seconds=1)
    (alive,) = _claim(visitor)
    assert (alive.id, alive.fence, alive.tries) == (dead.id, dead.fence + 1, 2)
    assert not _settle(visitor, dead, Permanent("late"))
    assert _settle(visitor, alive, Sent())
    assert not _settle(visitor, dead, Retry(timedelta(0)))
    assert _states(visitor)[0] is S.SENT


def test_a_lease_settles_once(visitor: Visitor) -> None:
    """The second result of the same worker is dropped too."""
    visitor.start()
    (lease,) = _claim(visitor)
    assert _settle(visitor, lease, Sent())
    assert not _settle(visitor, lease, Permanent("twice"))


def test_a_retry_holds_back_what_comes_after(visitor: Visitor, clock: FrozenClock) -> None:
    """Order counts more than speed."""
    visitor.start()
    (lease,) = _claim(visitor)
    _settle(visitor, lease, Retry(timedelta(minutes=5)))
    clock.tick(minutes=4)
    assert _claim(visitor) == ()
    clock.tick(minutes=1)
    (again,) = _claim(visitor)
    assert again.id == lease.id


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Permanent("blocked"), S.FAILED, "blocked"),
        (Unknown(), S.UNKNOWN, "no_answer"),
        (OptOut(), S.SKIPPED, "opt_out"),
    ],
)
def test_what_does_not_arrive_lets_the_next_one_go(
    visitor: Visitor, outcome: SendOutcome, state: DeliveryState, reason: str
) -> None:
    """Each end has its state and its word."""
    visitor.start()
    (lease,) = _claim(visitor)
    assert _settle(visitor, lease, outcome)
    assert (_states(visitor)[0], _reasons(visitor)[0]) == (state, reason)
    assert len(_claim(visitor)) == 1


def test_a_message_no_worker_survives_is_given_up(visitor: Visitor, clock: FrozenClock) -> None:
    """After eight leases that ran out; the next message goes."""
    visitor.start()
    for _ in range(TRIES_MAX):
        assert len(_claim(visitor)) == 1
        clock.tick(seconds=60)
    (following,) = _claim(visitor)
    assert following.tries == 1
    assert (_states(visitor)[0], _reasons(visitor)[0]) == (S.FAILED, "gave_up")


def test_two_workers_never_send_one_message_twice(visitor: Visitor) -> None:
    """Four threads, twenty conversations with three messages each: sixty claims, all different."""
    for n in range(20):
        Visitor(visitor.store, visitor.house, address=b"%d" % n).start()
    barrier = threading.Barrier(4)

    def work(_worker: int) -> list[int]:
        barrier.wait()
        sent: list[int] = []
        for _ in range(200):
            leases = _claim(visitor, limit=3)
            for lease in leases:
                sent.append(lease.id)
                assert _settle(visitor, lease, Sent())
        return sent

    with ThreadPoolExecutor(4) as pool:
        sent = [row for rows in pool.map(work, range(4)) for row in rows]
    assert set(Counter(sent).values()) == {1}
    assert _states(visitor) == [S.SENT] * 60


def test_nothing_due_takes_no_lock(visitor: Visitor) -> None:
    """An idle worker only reads."""
    with visitor.store.unit() as unit:
        assert not delivery.is_due(unit, visitor.house)
        assert not unit.writing


# ------------------------------------------------------------ consent
def test_news_go_to_those_who_agreed(visitor: Visitor) -> None:
    """The gate lets it through, the worker sends it, the page shows it."""
    assert _queue(_agreed(visitor)) is not None
    assert visitor.texts() == ["Neue Ausstellung"]


@pytest.mark.parametrize("answer", ["consent:news:no", None])
def test_news_go_to_nobody_else(visitor: Visitor, answer: str | None) -> None:
    """A no and no answer are alike."""
    visitor.start()
    if answer:
        visitor.tap(answer)
    before = _states(visitor)
    assert _queue(visitor) is None
    assert _states(visitor) == before


def test_each_purpose_has_its_own_gate(visitor: Visitor) -> None:
    """Who wants news does not get codes."""
    assert _queue(_agreed(visitor), Purpose.CODES) is None


def test_an_unknown_conversation_gets_nothing(visitor: Visitor) -> None:
    """Nor does it break."""
    with visitor.store.unit() as unit:
        nobody = ConversationId(b"0" * 16)
        found = delivery.queue_news(
            unit, visitor.house, conversation=nobody, purpose=Purpose.NEWS, content=Text("x")
        )
    assert found is None


def test_consent_withdrawn_before_sending_skips_the_message(visitor: Visitor) -> None:
    """STOP after it was queued: skipped with the reason, answers still go."""
    _queue(_agreed(visitor))
    visitor.type("STOP")
    texts = visitor.texts()
    assert len(texts) == 1
    assert texts[0].startswith("Erledigt")
    assert _reasons(visitor)[-2] == "no_consent"
    assert _states(visitor)[-2] is S.SKIPPED


def test_a_message_without_consent_is_never_leased(visitor: Visitor) -> None:
    """The claim itself skips it and goes on to the next."""
    _queue(_agreed(visitor))
    visitor.type("STOP")
    (lease,) = _claim(visitor)
    assert lease.errand is Errand.ANSWER
    assert _states(visitor)[-2:] == [S.SKIPPED, S.LEASED]


def test_consent_withdrawn_after_the_claim_is_seen_at_the_moment_of_sending(
    visitor: Visitor,
) -> None:
    """The gate is asked again with the lease in hand."""
    _queue(_agreed(visitor))
    (lease,) = _claim(visitor)
    with visitor.store.unit() as unit:
        assert delivery.is_wanted(unit, lease=lease)
    visitor.type("STOP")
    with visitor.store.unit() as unit:
        assert not delivery.is_wanted(unit, lease=lease)
        assert delivery.withhold(unit, visitor.house, lease=lease)
        assert not delivery.withhold(unit, visitor.house, lease=lease)
    assert _states(visitor)[-2] is S.SKIPPED


def test_an_opt_out_on_the_platform_withdraws_every_consent(visitor: Visitor) -> None:
    """Recorded once, as told by the platform."""
    _queue(_agreed(visitor))
    (lease,) = _claim(visitor)
    _settle(visitor, lease, OptOut())
    with visitor.store.unit() as unit:
        now = consent.current(unit, visitor=_conversation(visitor)[1])
        fields = unit.run(select(schema.consents.c.fields)).scalars().all()[-1]
    assert now == {Purpose.NEWS: Action.WITHDRAWN, Purpose.CODES: Action.REFUSED}
    assert (fields["how"], fields["message"]) == ("platform", None)


# ------------------------------------------------------------ a platform's own word
def test_a_platform_s_status_only_leads_forward(visitor: Visitor) -> None:
    """Unknown is settled by it, read never becomes delivered, nobody is nothing."""
    visitor.start()
    (lease,) = _claim(visitor)
    _settle(visitor, lease, Unknown())

    def report(row: OutboxId, state: DeliveryState) -> bool:
        with visitor.store.unit() as unit:
            return delivery.report(unit, visitor.house, row=row, state=state)

    assert report(lease.id, S.READ)
    assert not report(lease.id, S.DELIVERED)
    assert not report(lease.id, S.FAILED)
    assert not report(OutboxId(999), S.READ)
    assert _states(visitor)[0] is S.READ


def test_a_status_faster_than_the_worker_wins(visitor: Visitor) -> None:
    """Delivered before the worker has settled: its own result is dropped."""
    visitor.start()
    (lease,) = _claim(visitor)
    with visitor.store.unit() as unit:
        before = chat.newest(unit)
        assert delivery.report(unit, visitor.house, row=lease.id, state=S.DELIVERED)
        assert chat.newest(unit) == before + 1
    assert not _settle(visitor, lease, Sent())
    assert _states(visitor)[0] is S.DELIVERED
