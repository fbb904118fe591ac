"""The worker: sends what is due, survives what is broken, stops when told."""

import logging
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from ticketing.domain.consent import Purpose
from ticketing.domain.ids import ConversationId
from ticketing.domain.messages import Text
from ticketing.edge.channels.webchat import WebChat
from ticketing.service import delivery, retention
from ticketing.service.channels import (
    Channel,
    ChannelReply,
    ChannelRequest,
    Incoming,
    Outgoing,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
)
from ticketing.service.ports import House, Units
from ticketing.store import schema
from ticketing.store.unit import Store, Unit
from ticketing.worker import Worker

POST = ChannelRequest(method="POST", url="https://platform.example", headers={}, body=b"")


@dataclass
class Messenger:
    """A channel that needs HTTP: two requests a message."""

    kind: str = "webchat"
    seen: list[Outgoing] = field(default_factory=list)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Not asked here."""
        raise NotImplementedError

    def parse(self, raw: bytes) -> tuple[Incoming, ...]:
        """Not asked here."""
        raise NotImplementedError

    def render(self, message: Outgoing) -> tuple[ChannelRequest, ...]:
        """Picture and text."""
        self.seen.append(message)
        return POST, POST

    def classify(self, reply: ChannelReply) -> SendOutcome:
        """By status."""
        if reply.failure:
            return Retry(timedelta(seconds=1))
        return Sent("id-1") if reply.status == 200 else Permanent("refused")


@dataclass
class Platform:
    """The other side: answers with these, then with 200."""

    answers: list[int] = field(default_factory=list)
    asked: int = 0

    def __call__(self, _request: ChannelRequest) -> ChannelReply:
        """One request."""
        self.asked += 1
        status = self.answers.pop(0) if self.answers else 200
        return ChannelReply(status=status, headers={}, body=b"")


@pytest.fixture
def visitor(store: Store, house: House) -> Visitor:
    """A visitor who has opened the chat: three messages wait."""
    visitor = Visitor(store, spoken(house))
    visitor.start()
    return visitor


def _rows(visitor: Visitor) -> list[tuple[str, str | None, str | None]]:
    o = schema.outbox.c
    with visitor.store.unit() as unit:
        return [tuple(r) for r in unit.run(select(o.state, o.reason, o.external_id).order_by(o.id))]


def test_the_web_chat_needs_no_request(visitor: Visitor) -> None:
    """Three rounds, three messages, then nothing."""
    worker = Worker(visitor.store, visitor.house, (WebChat(),))
    assert [worker.run_once() for _ in range(4)] == [1, 1, 1, 0]
    assert _rows(visitor) == [("sent", None, None)] * 3


def test_nothing_due_writes_nothing(store: Store, house: House) -> None:
    """An idle worker never takes the writer lock."""
    before = store.longest_hold_ms
    assert Worker(store, house, (WebChat(),)).run_once() == 0
    assert store.longest_hold_ms == before


def test_a_messenger_s_requests_go_out_in_order_until_one_is_refused(visitor: Visitor) -> None:
    """The first that is not taken decides."""
    platform, channel = Platform([200, 200, 200, 400, 400]), Messenger()
    worker = Worker(visitor.store, visitor.house, (channel,), transport=platform)
    while worker.run_once():
        pass
    assert _rows(visitor) == [
        ("sent", None, "id-1"),
        ("failed", "refused", None),
        ("failed", "refused", None),
    ]
    assert platform.asked == 5
    assert [message.outbox_id for message in channel.seen] == [1, 2, 3]
    assert '"text"' in channel.seen[0].content


def test_without_a_transport_messages_wait(visitor: Visitor) -> None:
    """A house that has no way out loses nothing."""
    assert Worker(visitor.store, visitor.house, (Messenger(),)).run_once() == 1
    assert _rows(visitor)[0][:2] == ("queued", "retry")


def test_a_channel_that_is_gone_fails_its_messages(visitor: Visitor) -> None:
    """With the reason."""
    assert Worker(visitor.store, visitor.house, ()).run_once() == 1
    assert _rows(visitor)[0][:2] == ("failed", "no_channel")


def test_a_broken_channel_is_tried_again_and_its_words_stay_out_of_the_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the kind of the fault is logged."""

    def explode(_request: ChannelRequest) -> ChannelReply:
        raise RuntimeError("Jördis Kowalewski")

    worker = Worker(visitor.store, visitor.house, (Messenger(),), transport=explode)
    worker.run_once()
    assert _rows(visitor)[0][:2] == ("queued", "retry")
    assert "RuntimeError" in caplog.text
    assert "Kowalewski" not in caplog.text


def test_a_lease_that_ran_out_while_sending_is_reported(
    visitor: Visitor, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Another worker has it by then; the late result is dropped."""

    def slow(_request: ChannelRequest) -> ChannelReply:
        clock.tick(seconds=61)
        with visitor.store.unit() as unit:
            delivery.claim(unit, visitor.house)
        return ChannelReply(status=200, headers={}, body=b"")

    Worker(visitor.store, visitor.house, (Messenger(),), transport=slow).run_once()
    assert "the lease ran out" in caplog.text
    assert _rows(visitor)[0][0] == "leased"


def test_consent_withdrawn_while_others_are_sent_is_respected(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed, then withdrawn, then not sent."""
    visitor.tap("consent:news:yes")
    visitor.deliver()
    with visitor.store.unit() as unit:
        conversation = ConversationId(unit.run(select(schema.conversations.c.id)).scalar_one())
        delivery.queue_news(
            unit,
            visitor.house,
            conversation=conversation,
            purpose=Purpose.NEWS,
            content=Text("Neu"),
        )
    claim = delivery.claim

    def claim_then_stop(unit: Unit, house: House, *, limit: int) -> tuple[delivery.Lease, ...]:
        leases = claim(unit, house, limit=limit)
        visitor.type("STOP")
        return leases

    monkeypatch.setattr(delivery, "claim", claim_then_stop)
    Worker(visitor.store, visitor.house, (WebChat(),)).run_once()
    assert _rows(visitor)[-2][:2] == ("skipped", "no_consent")


def test_the_loop_sends_and_stops(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    """It runs until it is told."""
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    thread = threading.Thread(
        target=Worker(visitor.store, visitor.house, (WebChat(),)).run, args=(stop,)
    )
    thread.start()
    _wait_until(lambda: [row[0] for row in _rows(visitor)] == ["sent"] * 3)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert "worker stopped" in caplog.text


def test_a_sick_database_does_not_end_the_loop(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trouble is logged by its kind and waited out."""
    monkeypatch.setattr("ticketing.loops.TROUBLE_PAUSE_S", 0.01)
    sick = threading.Event()

    @dataclass
    class Sick:
        def unit(self) -> AbstractContextManager[Unit]:
            if not sick.is_set():
                sick.set()
                raise OSError("locked: secret")
            return visitor.store.unit()

    stop = threading.Event()
    thread = threading.Thread(target=Worker(Sick(), visitor.house, (WebChat(),)).run, args=(stop,))
    thread.start()
    _wait_until(lambda: [row[0] for row in _rows(visitor)] == ["sent"] * 3)
    stop.set()
    thread.join(10)
    assert "OSError" in caplog.text
    assert "secret" not in caplog.text


def test_the_worker_erases_at_its_start_and_every_hour(
    visitor: Visitor, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in between, and after trouble not before the next hour."""
    runs: list[float] = []
    began_at, stop = clock.now(), threading.Event()
    worker = Worker(visitor.store, visitor.house, (WebChat(),))

    def watch(_store: Units, house: House) -> retention.Report:
        runs.append((house.clock.now() - began_at).total_seconds())
        raise OSError("the disk is full")

    def look() -> int:
        clock.tick(minutes=20)
        if clock.now() - began_at > timedelta(hours=2):
            stop.set()
        return 1

    monkeypatch.setattr(retention, "run", watch)
    monkeypatch.setattr(worker, "run_once", look)
    monkeypatch.setattr("ticketing.loops.TROUBLE_PAUSE_S", 0.01)
    worker.run(stop)
    assert runs == [0, 3600, 7200]


def test_a_worker_s_run_erases_what_is_old(visitor: Visitor, clock: FrozenClock) -> None:
    """The promise is kept without anybody's doing, and what was never sent is not sent."""
    clock.tick(days=91)
    stop = threading.Event()
    worker = Worker(visitor.store, visitor.house, (WebChat(),))
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    _wait_until(lambda: _rows(visitor) == [])
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_worker_s_run_does_the_chores_of_the_gates(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """At its start: counters are compared with rows, one line of figures."""
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    thread = threading.Thread(
        target=Worker(visitor.store, visitor.house, (WebChat(),)).run, args=(stop,)
    )
    thread.start()
    _wait_until(lambda: "recount: 0 slots" in caplog.text)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_the_real_channel_and_its_double_are_channels() -> None:
    """Both fit the port."""
    channels: tuple[Channel, ...] = (WebChat(), Messenger())
    assert [channel.kind for channel in channels] == ["webchat", "webchat"]


def _wait_until(is_so: object) -> None:
    assert callable(is_so)
    pause = threading.Event()
    for _ in range(500):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to be")
