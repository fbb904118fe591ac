"""The demo's supervisor: children live and die together."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from ticketing import demo
from ticketing.demo import DemoError, Processes, Stopped, check_port, wait_for

SLEEPER = ("timeit", "-n1", "-r1", "import time; time.sleep(60)")
STUBBORN = (
    "timeit",
    "-n1",
    "-r1",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
)


def test_a_taken_port_is_named_with_the_option_that_changes_it() -> None:
    """Somebody else listens there: say which option helps."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=f"port {port} is taken.*--station-port"):
            check_port(port, "--station-port")


def test_a_free_port_is_fine() -> None:
    """No listener, no complaint; the probe itself leaves nothing behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    check_port(port, "--port")
    check_port(port, "--port")


def test_stopping_ends_every_child(tmp_path: Path) -> None:
    """Leaving the block terminates all of them."""
    with Processes() as processes:
        processes.start("a", SLEEPER, tmp_path / "a.log")
        processes.start("b", SLEEPER, tmp_path / "b.log")
        children = list(processes._children.values())
        assert processes.ended() is None
    assert all(child.poll() is not None for child in children)


def test_a_child_that_ignores_the_polite_word_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stuck process does not keep the demo from ending."""
    monkeypatch.setattr(demo, "STOP_LIMIT_S", 0.3)
    with Processes() as processes:
        processes.start("a", STUBBORN, tmp_path / "a.log")
        child = processes._children["a"]
        time.sleep(0.7)  # until it ignores the signal
    assert child.returncode == -signal.SIGKILL


def test_a_child_that_falls_while_starting_is_named(tmp_path: Path) -> None:
    """The message names the process and its log."""
    with Processes() as processes:
        processes.start("service", ("no_such_module_here",), tmp_path / "service.log")
        with pytest.raises(DemoError, match=r"service stopped while starting; service\.log"):
            wait_for("http://127.0.0.1:9/", processes, tmp_path / "service.log")


def test_ctrl_c_while_waiting_stops_the_waiting(tmp_path: Path) -> None:
    """A start can be broken off."""
    with Processes() as processes:
        processes.start("a", SLEEPER, tmp_path / "a.log")
        processes.stop_asked.set()
        with pytest.raises(Stopped):
            wait_for("http://127.0.0.1:9/", processes, tmp_path / "a.log")


def test_an_address_that_never_answers_ends_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting has an end."""
    monkeypatch.setattr(demo, "START_LIMIT_S", 0.2)
    with Processes() as processes:
        processes.start("a", SLEEPER, tmp_path / "a.log")
        with pytest.raises(DemoError, match="did not answer"):
            wait_for("http://127.0.0.1:9/", processes, tmp_path / "a.log")


def test_signals_only_set_the_event_and_are_put_back() -> None:
    """SIGTERM asks to stop; afterwards the former handlers stand again."""
    before = signal.getsignal(signal.SIGTERM)
    event = threading.Event()
    with demo._signals_set(event):
        os.kill(os.getpid(), signal.SIGTERM)
        assert event.wait(2)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_thread_leaves_the_signals_alone() -> None:
    """Only the main thread may set handlers."""
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def run() -> None:
        with demo._signals_set(threading.Event()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_machine_without_a_screen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No display variable on Linux: no browser is opened."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert not demo.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert demo.has_screen()


def test_a_service_without_the_station_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The demo needs the station's extra."""
    monkeypatch.setattr(demo, "find_spec", lambda _: None)
    with pytest.raises(DemoError, match=r"einlass\[all\]"):
        demo.check_station()


def test_a_fallen_child_is_started_again(tmp_path: Path) -> None:
    """A killed worker does not take the museum down with it."""
    with Processes() as processes:
        processes.start("worker", SLEEPER, tmp_path / "worker.log")
        processes._children["worker"].kill()
        threading.Timer(1.0, processes.stop_asked.set).start()
        assert demo._watch(processes) == 0
        assert processes.restarts == 1
        assert processes.ended() is None


def test_a_child_that_falls_again_and_again_ends_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting it for ever would hide what is wrong."""
    monkeypatch.setattr(demo, "MOST_RESTARTS", 1)
    with Processes() as processes:
        processes.start("worker", ("no_such_module_here",), tmp_path / "worker.log")
        with pytest.raises(DemoError, match="worker has stopped again and again"):
            demo._watch(processes)


def test_a_second_demo_in_the_same_home_is_refused(tmp_path: Path) -> None:
    """Two of them would write one journal; after the first has gone the next may start."""
    with demo._alone(tmp_path), pytest.raises(DemoError, match="already"), demo._alone(tmp_path):
        pass
    with demo._alone(tmp_path):
        assert (tmp_path / "demo.lock").exists()
