"""Threads that die or stand still are started again, and the log says so in few words."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from scanner import worker as worker_module
from scanner.worker import Guarded, Watchman, Worker
from tests.scanner.homes import until


class Patient:
    """Something to be watched, with a hand on its heartbeat."""

    def __init__(self) -> None:
        self.beat = 0.0
        self.restarts = 0

    def restart(self) -> None:
        """Counted; it does not help by itself."""
        self.restarts += 1

    def watched(self) -> Watchman:
        """A watchman who looks after it, patient for ten seconds."""
        return Watchman((Guarded("reader", lambda: self.beat, self.restart),), silent_s=10)


def looks_at(patient: Patient, watchman: Watchman, until_s: int, *, from_s: int = 0) -> list[int]:
    """The seconds at which it was started again, with one look a second."""
    restarted = []
    for second in range(from_s, until_s):
        before = patient.restarts
        watchman.look(second)
        if patient.restarts > before:
            restarted.append(second)
    return restarted


def test_what_lives_is_left_alone() -> None:
    """A sign of life now and then is enough."""
    patient = Patient()
    watchman = patient.watched()
    for second in range(100):
        patient.beat = second - second % 9
        watchman.look(second)
    assert patient.restarts == 0


def test_what_stands_still_is_started_again_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    """After its time of silence, once."""
    patient = Patient()
    assert looks_at(patient, patient.watched(), 20) == [11]
    assert "reader stood still for 11 s and is started again" in caplog.text


def test_what_does_not_come_back_is_tried_ever_more_rarely() -> None:
    """Each restart leaves a thread behind that nobody can end."""
    patient = Patient()
    restarted = looks_at(patient, patient.watched(), 400)
    gaps = [after - before for before, after in pairwise(restarted)]
    assert gaps[:5] == [21, 41, 81, 81, 81]


def test_after_a_good_while_patience_is_as_at_first() -> None:
    """A fault in the morning does not slow down the help in the afternoon."""
    patient = Patient()
    watchman = patient.watched()
    looks_at(patient, watchman, 12)
    for second in range(12, 200):
        patient.beat = second
        watchman.look(second)
    assert looks_at(patient, watchman, 300, from_s=200)[0] == 210


def test_the_watchman_looks_by_itself() -> None:
    """With a real clock."""
    patient, stop = Patient(), threading.Event()
    watchman = Watchman((Guarded("reader", lambda: patient.beat, patient.restart),), silent_s=0.2)
    thread = threading.Thread(target=watchman.run, args=(stop,))
    thread.start()
    until(lambda: patient.restarts > 0)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def dies(times: int, then: Callable[[], None]) -> Callable[[threading.Event], None]:
    """Work that fails so often, with a secret in its mouth, and then goes on."""
    left = [None] * times

    def work(stop: threading.Event) -> None:
        if left:
            left.pop()
            raise RuntimeError("Jördis Kowalewski")
        then()
        stop.wait()

    return work


def test_a_thread_that_dies_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the kind of fault and nothing of what was being worked on."""
    alive = threading.Event()
    with Worker("probe", dies(3, alive.set), pause_s=0.01):
        assert alive.wait(5)
    assert caplog.text.count("probe died and is started again: RuntimeError") == 3
    assert "Kowalewski" not in caplog.text


def test_a_thread_that_dies_at_once_each_time_does_not_burn_the_processor() -> None:
    """The pause doubles."""
    tries: list[float] = []

    def work(_stop: threading.Event) -> None:
        tries.append(time.monotonic())
        raise RuntimeError

    with Worker("probe", work, pause_s=0.02):
        time.sleep(0.5)
    assert 3 <= len(tries) <= 6


def test_after_a_long_good_time_the_pause_is_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dying twice a day is not dying all the time."""
    monkeypatch.setattr(worker_module, "LONGEST_PAUSE_S", 0.0)
    alive = threading.Event()
    with Worker("probe", dies(8, alive.set), pause_s=0.02):
        assert alive.wait(5)


def test_a_stuck_thread_is_given_up_and_another_one_works() -> None:
    """The old one has been told to stop, for when it wakes."""
    wakes = threading.Event()
    stops: list[threading.Event] = []

    def work(stop: threading.Event) -> None:
        stops.append(stop)
        (wakes if len(stops) == 1 else stop).wait(10)

    with Worker("camera", work) as worker:
        until(lambda: len(stops) == 1)
        worker.restart()
        until(lambda: len(stops) == 2)
        assert (stops[0].is_set(), stops[1].is_set()) == (True, False)
    assert stops[1].is_set()
    worker.restart()
    assert len(stops) == 2
    wakes.set()


def test_work_without_an_event_is_halted() -> None:
    """The desk has a way of its own to end."""
    halted = threading.Event()
    with Worker("desk", lambda _: [halted.wait(10)].clear(), halt=halted.set):
        pass
    assert halted.is_set()
