"""Service, worker and station as real processes in a home of their own, to be killed.

with Museum(tmp_path / "home") as museum:
    museum.service.start()               # returns when it is ready
    gate = museum.gate()                 # a paired station's token, as a caller
    gate.scan(museum.tickets(1)[0])
    museum.service.kill()                # SIGKILL, its children too
    museum.service.start()
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.factories import STATION_KEY, a_scan_id
from ticketing import config
from ticketing.app import App, opened
from ticketing.domain.accounts import Scope
from ticketing.home import SAMPLE_MUSEUM, make_home
from ticketing.service import access, gates, sample, tickets
from ticketing.service.gate import stations
from ticketing.service.tickets import TicketOrder
from ticketing.store import migrate
from ticketing.wire.station_api import PairRequest

READY_WITHIN_S = 40.0
STOPPED_WITHIN_S = 15.0
NO_CAMERA = "97"


class Fallen(AssertionError):  # noqa: N818  says what it is
    """A process ended, or was not ready in time; the message has the end of its output."""


class Program:
    """One of our commands, and what it said."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, *, ready: str = "") -> None:
        """Take a command; it is ready when `ready`, an address, answers 200."""
        self.name = name
        self.starts = 0
        self._arguments = tuple(arguments)
        self._log = log
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        """All it has written, over all its starts."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        assert not self.is_running, f"{self.name} runs already"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that a kill reaches its children and nobody else
            )
        if self._ready:
            self.until(lambda: _answers(self._ready), within_s=READY_WITHIN_S)

    def until(self, is_so: Callable[[], object], *, within_s: float = 20.0) -> None:
        """Wait for something while it runs."""
        ends_s = time.monotonic() + within_s
        while not is_so():
            if not self.is_running:
                raise Fallen(f"{self.name} has ended: {self.output[-2000:]}")
            if time.monotonic() > ends_s:
                raise Fallen(f"{self.name} is not so far: {self.output[-2000:]}")
            time.sleep(0.03)

    def kill(self) -> None:
        """SIGKILL for it and its children."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            code = self._process.wait(STOPPED_WITHIN_S)
        finally:
            self.kill()
        return code

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def _signal(self, number: int) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        self._process.wait(STOPPED_WITHIN_S)


@dataclass(frozen=True)
class Said:
    """An answer; `body` is its JSON."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Somebody with a bearer key; `port` may be a proxy's."""

    port: int
    token: str
    timeout_s: float = 15.0

    def at(self, port: int) -> "Caller":
        """The same caller at another port."""
        return Caller(port, self.token, self.timeout_s)

    def call(self, method: str, path: str, body: object = None) -> Said:
        """One request on a connection of its own.

        Raises OSError or HTTPException, also for an answer that was cut off in its head.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/api/v1{path}", body=sent, headers=headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        if not raw and answer.status != http.client.NO_CONTENT:
            raise http.client.IncompleteRead(raw)
        return Said(answer.status, json.loads(raw) if raw else {})

    def scan(self, barcode: str, scan_id: str | None = None, **more: Any) -> Said:
        """Show a barcode to come in; the same `scan_id` again is a repeat."""
        body = {
            "scan_id": scan_id or a_scan_id(),
            "barcode": barcode,
            "direction": "entry",
            "scanned_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        return self.call("POST", "/scans", body | more)


class Museum:
    """The sample museum in a home of its own; nothing is started yet.

    Settings are given as in `settings.toml`, e.g. `database_url`.
    """

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port, self.station_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        make_home(home, name=SAMPLE_MUSEUM, sample=True)
        file = home / config.FILE_NAME
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        file.write_text("".join(lines) + file.read_text(encoding="utf-8"), encoding="utf-8")
        migrate.upgrade(config.load(home, {}).database_url)
        with self.opened() as app, app.store.unit() as unit:
            sample.make_sample(unit, app.house)
        ours = ("ticketing", "--home", str(home))
        logs = home / "logs"
        serve = (*ours, "serve", "--port", str(self.port))
        self.service = Program("service", serve, logs / "service.log", ready=f"{self.url}/readyz")
        self.worker = Program("worker", (*ours, "worker"), logs / "worker.log")
        self.station_home = home / "station"
        self.station = self._station(NO_CAMERA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for program in (self.station, self.worker, self.service):
            program.kill()

    @contextlib.contextmanager
    def opened(self) -> Iterator[App]:
        """The same home in this process, for a look or a deed past the network."""
        with opened(config.load(self.home, {})) as app:
            yield app

    def tickets(self, count: int, *, offer: str = "day-free") -> list[str]:
        """Barcodes of new tickets."""
        made = []
        with self.opened() as app:
            for number in range(count):
                order = TicketOrder(offer=offer, holder=f"Gast {number + 1}")
                with app.store.unit() as unit:
                    made.append(tickets.issue_ticket(unit, app.house, order=order).barcode)
        return made

    def gate(self, name: str = "Tor") -> Caller:
        """A paired station, as whoever holds its token; its gate is the sample's first."""
        with self.opened() as app:
            with app.store.unit() as unit:
                code = stations.open_pairing(unit, app.house, name=name, gate=self._gate(app)).code
            with app.store.unit() as unit:
                asked = PairRequest(code, name, STATION_KEY)
                paired = stations.pair(unit, app.house, request=asked, address="127.0.0.1")
        return Caller(self.port, paired.answer.token)

    def program(self) -> Caller:
        """A program with every scope."""
        with self.opened() as app, app.store.unit() as unit:
            token, _ = access.create_api_key(unit, app.house, name="Test", scopes=tuple(Scope))
        return Caller(self.port, token)

    def pair_station(self, *, server: str | None = None, source: str = NO_CAMERA) -> None:
        """Pair the real station by its own command, at `server` (a proxy's address, say)."""
        with self.opened() as app, app.store.unit() as unit:
            code = stations.open_pairing(unit, app.house, name="Tor", gate=self._gate(app)).code
        command = [sys.executable, "-m", "scanner", "--home", str(self.station_home)]
        command += ["pair", "--server", server or self.url, code]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stderr
        self.station = self._station(source)

    def _station(self, source: str) -> Program:
        ours = ("scanner", "--home", str(self.station_home), "run", "--no-browser")
        run = (*ours, "--port", str(self.station_port), "--source", source)
        ready = f"http://127.0.0.1:{self.station_port}/healthz"
        return Program("station", run, self.home / "logs" / "station.log", ready=ready)

    @staticmethod
    def _gate(app: App) -> str:
        with app.store.unit() as unit:
            return gates.list_gates(unit)[0].slug


@contextlib.contextmanager
def locked_by_another(database: Path, *, seconds: float) -> Iterator[threading.Event]:
    """Another process that writes to a SQLite file and does not come to an end for a while.

    It knows nothing of our lock file, like a backup tool; the event is set when it let go.
    """
    script = (
        "import sqlite3, sys, time\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "time.sleep(float(sys.argv[2]))\n"
        "c.execute('ROLLBACK')\n"
    )
    command = [sys.executable, "-c", script, str(database), str(seconds)]
    released = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"

        def wait() -> None:
            process.wait()
            released.set()

        waiter = threading.Thread(target=wait, daemon=True)
        waiter.start()
        try:
            yield released
        finally:
            process.kill()
            waiter.join(10)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


__all__ = ["Caller", "Fallen", "Museum", "Program", "Said", "free_port", "locked_by_another"]
