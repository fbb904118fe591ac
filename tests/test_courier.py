"""The courier: a slow receiver holds up nobody, trouble is waited out, a stop is heard."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from tests.factories import with_gates, with_offer, with_station
from tests.fakes import FrozenClock
from tests.receivers import Receiver
from tests.service.conftest import Entrance
from tests.service.hooked import Hooked
from tests.watching import rows_written
from ticketing import loops
from ticketing.courier import Courier
from ticketing.service import hooks_out
from ticketing.service.channels import ChannelReply, ChannelRequest
from ticketing.service.ports import House
from ticketing.store.unit import Store, Unit

SLOW, QUICK = "https://slow.example/", "https://quick.example/"


@pytest.fixture(name="hooked")
def _hooked(
    store: Store, house: House, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> Hooked:
    monkeypatch.setattr(loops, "PAUSE_S", 0.01)
    monkeypatch.setattr(loops, "TROUBLE_PAUSE_S", 0.01)
    with_gates(store, house)
    with_offer(store, house)
    return Hooked(Entrance(store, house, clock, with_station(store, house)))


def _await(is_so: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to be")


def test_one_slow_receiver_holds_up_no_other(hooked: Hooked) -> None:
    """Nor does it get two requests at once."""
    release, at_once = threading.Event(), []

    def post(request: ChannelRequest) -> ChannelReply:
        if request.url == SLOW:
            at_once.append(1)
            assert sum(at_once) == 1
            release.wait(10)
            at_once.append(-1)
        return hooked.receiver(request)

    hooked.register(url=SLOW)
    hooked.register(url=QUICK)
    for _ in range(5):
        hooked.entrance.ticket()
    stop = threading.Event()
    courier = Courier(hooked.entrance.store, hooked.entrance.house, post=post)
    with courier.beside(stop):
        _await(lambda: len(hooked.receiver.got) == 5)
        assert {request.url for request in hooked.receiver.got} == {QUICK}
        release.set()
        _await(lambda: len(hooked.receiver.got) == 10)
    assert stop.is_set()


def test_a_stop_waits_for_what_is_being_sent(hooked: Hooked) -> None:
    """It is settled, so that it does not come twice."""
    arrived, release = threading.Event(), threading.Event()

    def post(request: ChannelRequest) -> ChannelReply:
        arrived.set()
        release.wait(10)
        return hooked.receiver(request)

    webhook = hooked.register("ticket.issued").webhook
    hooked.entrance.ticket()
    stop = threading.Event()
    courier = Courier(hooked.entrance.store, hooked.entrance.house, post=post)
    with courier.beside(stop):
        assert arrived.wait(10)
        stop.set()
        threading.Timer(0.1, release.set).start()
    [delivery] = hooked.deliveries(webhook.id)
    assert delivery.state.value == "done"


def test_a_stop_does_not_wait_for_a_long_queue(hooked: Hooked) -> None:
    """What is being sent is finished, the rest is for the next start."""
    stop = threading.Event()
    hooked.receiver.before = lambda _request: stop.set()
    hooked.register("ticket.issued")
    for _ in range(5):
        hooked.entrance.ticket()
    with hooked.courier.beside(stop):
        assert stop.wait(10)
    assert len(hooked.receiver.got) == 1
    hooked.receiver.before = None
    hooked.courier.run_once()
    assert len(set(hooked.receiver.ids)) == 5


def test_a_sick_database_does_not_end_the_courier(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    """The trouble is logged by its kind and waited out."""
    failures = iter(range(3))

    @dataclass
    class Sick:
        def unit(self) -> AbstractContextManager[Unit]:
            if next(failures, None) is not None:
                raise OSError("locked: secret")
            return hooked.entrance.store.unit()

    hooked.register("ticket.issued")
    hooked.entrance.ticket()
    courier = Courier(Sick(), hooked.entrance.house, post=hooked.receiver)
    with courier.beside(threading.Event()):
        _await(lambda: hooked.receiver.got)
    assert "courier: OSError" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_while_sending_is_logged_by_its_kind_and_sent_again_later(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    """The lease runs out; the log holds neither address nor body."""

    def explode(_request: ChannelRequest) -> None:
        hooked.receiver.before = None
        raise RuntimeError("https://slow.example/?key=secret")

    hooked.receiver.before = explode
    hooked.register("ticket.issued")
    hooked.entrance.ticket()
    with hooked.courier.beside(threading.Event()), caplog.at_level(logging.DEBUG):
        _await(lambda: "RuntimeError" in caplog.text)
        hooked.entrance.clock.tick(minutes=1)
        _await(lambda: len(hooked.receiver.got) == 2)
    assert "secret" not in caplog.text
    assert len(set(hooked.receiver.ids)) == 1


def test_no_transaction_writes_many_rows(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is to tell: a gate waits for one small chunk at most."""
    monkeypatch.setattr(hooks_out, "CHUNK", 20)
    hooked.register()
    for _ in range(70):
        hooked.entrance.ticket()
    with rows_written(hooked.entrance.store, {"INSERT", "UPDATE", "DELETE"}) as written:
        while hooked.courier.run_once():
            pass
    assert len(hooked.receiver.got) == 70
    assert max(written) <= 20 + 1


def test_a_house_without_receivers_does_nothing(hooked: Hooked) -> None:
    """No cursor, no delivery, no lock."""
    hooked.entrance.ticket()
    with hooked.entrance.store.unit() as unit:
        unit.begin()
        assert hooked.courier.run_once() == 0
    assert [hooked.rows(name) for name in ("cursors", "webhook_deliveries")] == [0, 0]
    assert Receiver().told == []
