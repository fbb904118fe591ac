"""`ticketing demo`: service, worker and station as three processes, supervised.

The parent holds no state of its own: it starts the commands a person would start,
waits until each answers, and stops all of them together.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows has no flock; two demos there meet at the ports
    fcntl = None  # type: ignore[assignment]  # the module is absent there

START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
MOST_RESTARTS = 10


class DemoError(Exception):
    """The demo cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """The sign-in of the demo's staff page."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the demo prints when it is ready."""

    service: str
    chat: str
    staff: str
    station: str
    staff_login: Login
    api_key: str

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """What to start, and where."""

    home: Path
    port: int
    station_port: int
    source: str
    login: Login
    api_key: str

    @property
    def service(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def station_home(self) -> Path:
        """The station's own home, within the service's."""
        return self.home / "station"

    @property
    def is_paired(self) -> bool:
        """Whether the station has been paired by an earlier start."""
        return (self.station_home / "station.json").exists()

    def addresses(self) -> Addresses:
        """The addresses to show."""
        return Addresses(
            service=self.service,
            chat=f"{self.service}/chat",
            staff=f"{self.service}/staff",
            station=f"http://127.0.0.1:{self.station_port}",
            staff_login=self.login,
            api_key=self.api_key,
        )


class Stopped(Exception):  # noqa: N818  not an error: somebody pressed Ctrl-C
    """The demo was asked to stop while it was starting."""


class Processes:
    """Child processes that live and die together."""

    def __init__(self) -> None:
        self.stop_asked = threading.Event()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, tuple[tuple[str, ...], Path]] = {}
        self.restarts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, arguments: Sequence[str], log: Path) -> None:
        """Start one of the product's own commands; its output goes to `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._started[name] = (tuple(arguments), log)
        with log.open("ab") as output:
            self._children[name] = subprocess.Popen(  # noqa: S603  our own commands
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the parent alone, which then stops the children in order
                start_new_session=True,
            )

    def ended(self) -> str | None:
        """The name of a child that has stopped, if any."""
        return next((n for n, child in self._children.items() if child.poll() is not None), None)

    def restart(self, name: str) -> None:
        """Start a fallen child again, as it was."""
        self.restarts += 1
        arguments, log = self._started[name]
        self.start(name, arguments, log)

    def stop(self) -> None:
        """End all children: politely, then, after a while, for good."""
        for child in reversed(self._children.values()):
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        for child in reversed(self._children.values()):
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()


def check_port(port: int, option: str) -> None:
    """Raise DemoError when somebody else listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(
                f"port {port} is taken by another program. Choose another with {option} NUMBER."
            ) from None


def check_station() -> None:
    """Raise DemoError when the station's extra is not installed."""
    if find_spec("scanner") is None or find_spec("cv2") is None:
        raise DemoError('the station is not installed. Install it: pip install "einlass[all]"')


def wait_for(address: str, processes: Processes, log: Path) -> None:
    """Wait until `address` answers.

    Raises DemoError when a process ends or time is up, Stopped on Ctrl-C.
    """
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        ended = processes.ended()
        if ended is not None:
            raise DemoError(f"{ended} stopped while starting; {log.name} in {log.parent} says why")
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310  our own loopback address
                return
        except (urllib.error.URLError, OSError):
            if processes.stop_asked.wait(0.05):
                raise Stopped from None
    raise DemoError(f"a process did not answer within {START_LIMIT_S:.0f} s; see {log}")


def pair_station(plan: DemoPlan, code: str) -> None:
    """Pair the demo's station by the command a person would use."""
    command = [sys.executable, "-m", "scanner", "--home", str(plan.station_home), "pair"]
    done = subprocess.run(  # noqa: S603  our own command
        [*command, "--server", plan.service, code], capture_output=True, check=False, text=True
    )
    if done.returncode != 0:
        raise DemoError(f"the station could not be paired: {done.stderr.strip()}")


def run(
    plan: DemoPlan,
    *,
    pairing_code: Callable[[], str],
    ready: Callable[[Addresses], None],
) -> int:
    """Start everything, report, wait for Ctrl-C or a fallen process, stop everything.

    `pairing_code` gives a fresh code; it is asked for when the station is not paired yet.
    Returns the exit code. Raises DemoError when the start fails.
    """
    check_station()
    with ExitStack() as stack:
        stack.enter_context(_alone(plan.home))
        processes = stack.enter_context(Processes())
        stack.enter_context(_signals_set(processes.stop_asked))
        try:
            _start(plan, processes, pairing_code)
        except Stopped:
            return 0
        ready(plan.addresses())
        return _watch(processes)


def _start(plan: DemoPlan, processes: Processes, pairing_code: Callable[[], str]) -> None:
    logs = plan.home / "logs"
    service = ["ticketing", "--home", str(plan.home)]
    station = ["scanner", "--home", str(plan.station_home), "run", "--no-browser"]
    station += ["--port", str(plan.station_port), "--source", plan.source]
    serve = [*service, "serve", "--migrate", "--port", str(plan.port)]
    processes.start("service", serve, logs / "service.log")
    if plan.is_paired:  # it waits for the service by itself
        processes.start("station", station, logs / "station.log")
    wait_for(f"{plan.service}/readyz", processes, logs / "service.log")
    processes.start("worker", [*service, "worker"], logs / "worker.log")
    if not plan.is_paired:
        pair_station(plan, pairing_code())
        processes.start("station", station, logs / "station.log")
    wait_for(f"{plan.addresses().station}/healthz", processes, logs / "station.log")


def _watch(processes: Processes) -> int:
    while not processes.stop_asked.wait(0.3):
        fallen = processes.ended()
        if fallen is None:
            continue
        if processes.restarts >= MOST_RESTARTS:
            raise DemoError(f"{fallen} has stopped again and again; its log says why")
        processes.restart(fallen)
    return 0


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep a second demo off the same home. Raises DemoError; the lock goes with the process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("ab") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DemoError("a demo runs in this home already") from None
        yield


@contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set an event instead of raising in the middle of a start."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: event.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def has_screen() -> bool:
    """Whether a browser could be shown to somebody."""
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
