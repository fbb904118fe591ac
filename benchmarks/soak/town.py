"""A museum for the soak: service, worker and stations as real processes, each behind its proxy."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil

from tests.faults.proxy import Proxy
from ticketing import config
from ticketing.domain import calendars

START_LIMIT_S = 60.0
GATES = ("sued", "nord")
ROUND_THE_CLOCK = "00:00-23:59"
"""The soak may begin at any hour: what happens at closing time has tests of its own."""
ROOT = Path(__file__).resolve().parents[2]


def noon_zone(now: datetime) -> ZoneInfo:
    """A zone in which it is about noon: no day ends, and no house closes, during a soak."""
    ahead = 12 - now.hour  # of Greenwich; the names of these zones count the other way round
    return ZoneInfo(f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(method: str, url: str, body: object = None, *, key: str = "", limit_s: float = 5.0) -> Any:  # noqa: ANN401  JSON
    """One HTTP call with JSON; None for an empty answer. Raises what urllib raises."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=limit_s) as answer:  # noqa: S310  loopback
        raw = answer.read()
    return json.loads(raw) if raw else None


@dataclass
class Process:
    """One of the product's commands, which may be killed and started again."""

    name: str
    arguments: list[str]
    log: Path
    kills: int = 0
    rss_mb: list[float] = field(default_factory=list)
    _child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output goes to the log."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603  our own commands
                [sys.executable, "-m", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )

    def kill(self) -> None:
        """SIGKILL, its workers too, and start again."""
        self._signal(signal.SIGKILL)
        self.kills += 1
        self.start()

    def stop(self) -> None:
        """End it politely."""
        self._signal(signal.SIGTERM)

    def measure(self) -> None:
        """Note its memory: the resident set of it and its children, in MB."""
        if self._child is None:
            return
        with suppress(psutil.Error):
            parent = psutil.Process(self._child.pid)
            family = [parent, *parent.children(recursive=True)]
            self.rss_mb.append(sum(one.memory_info().rss for one in family) / 2**20)

    def _signal(self, number: int) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@dataclass
class Post:
    """One station: its process, its page, its way to the service."""

    number: int
    process: Process
    page: str
    proxy: Proxy
    home: Path

    def state(self) -> dict[str, Any] | None:
        """What its page shows, or None while it is down."""
        try:
            found = call("GET", f"{self.page}/state", limit_s=2)
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def do(self, what: str, **body: object) -> bool:
        """Press something on its page; False while it is down."""
        try:
            call("POST", f"{self.page}/{what}", body, limit_s=2)
        except (OSError, ValueError):
            return False
        return True


class Town:
    """Service, worker, stations."""

    def __init__(self, home: Path, stations: int, *, database_url: str = "") -> None:
        """Begin with nothing; without an address the database is a SQLite file."""
        self.home = home
        self.port = free_port()
        self.logs = home / "logs"
        self._run("init", "--name", "Dauerlauf")
        self.logs.mkdir()
        self.zone = noon_zone(datetime.now(UTC))
        self._settle_down(database_url)
        self.database_url = config.load(home).database_url
        serve = ["ticketing", "--home", str(home), "serve", "--migrate", "--port", str(self.port)]
        self.service = Process("service", serve, self.logs / "service.log")
        worker = ["ticketing", "--home", str(home), "worker"]
        self.worker = Process("worker", worker, self.logs / "worker.log")
        self.service.start()
        wait_for(f"{self.address}/readyz")
        self.worker.start()
        self.key = self._run(*self._apikey())["api_key"]
        self.posts = [self._post(number) for number in range(stations)]
        for post in self.posts:
            post.process.start()
        for post in self.posts:
            wait_for(f"{post.page}/healthz")

    @property
    def address(self) -> str:
        """Where the service is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def processes(self) -> Iterator[Process]:
        """All of them."""
        yield self.service
        yield self.worker
        for post in self.posts:
            yield post.process

    def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """A call to the service's API with every scope."""
        return call(method, f"{self.address}/api/v1{path}", body, key=self.key, limit_s=60)

    def close(self) -> None:
        """Stop everything."""
        for process in self.processes:
            process.stop()
        for post in self.posts:
            post.proxy.__exit__(None, None, None)

    def _settle_down(self, database_url: str) -> None:
        """Its own zone, hours and database; two gates."""
        path = self.home / config.FILE_NAME
        plain = path.read_text("utf-8").replace(
            'zone = "Europe/Berlin"', f'zone = "{self.zone.key}"'
        )
        head = f"database_url = {json.dumps(database_url)}\n" if database_url else ""
        opening = "".join(f'{day} = "{ROUND_THE_CLOCK}"\n' for day in calendars.DAYS)
        path.write_text(f"{head}{plain}\n[opening]\n{opening}", "utf-8")
        self._run("migrate")
        for gate in GATES:
            self._run("gate", "add", gate, "--name", gate)

    def _apikey(self) -> list[str]:
        scopes = ("tickets:read", "tickets:write", "offers:write", "scans:read", "stations:read")
        return ["apikey", "create", "soak", *(word for s in scopes for word in ("--scope", s))]

    def _post(self, number: int) -> Post:
        gate = GATES[number % len(GATES)]
        code = self._run("station", "add", f"Tor {number}", "--gate", gate)["pairing_code"]
        home, port = self.home / f"station-{number}", free_port()
        proxy = Proxy(self.port).__enter__()
        server = f"http://127.0.0.1:{proxy.port}"
        _command("scanner", "--home", str(home), "pair", "--server", server, code)
        empty = self.home / "no-pictures"
        empty.mkdir(exist_ok=True)
        run = ["scanner", "--home", str(home), "run", "--no-browser", "--port", str(port)]
        process = Process(
            f"station {number}",
            [*run, "--source", f"http://127.0.0.1:{free_port()}/"],  # no camera: typed codes
            self.logs / f"station-{number}.log",
        )
        return Post(number, process, f"http://127.0.0.1:{port}", proxy, home)

    def _run(self, *words: str) -> dict[str, Any]:
        text = _command("ticketing", "--home", str(self.home), *words, "--json")
        found: dict[str, Any] = json.loads(text.splitlines()[-1]) if text.strip() else {}
        return found


def _command(*words: str) -> str:
    done = subprocess.run(  # noqa: S603  our own commands
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} {words[3]}: {done.stderr.strip()}")
    return done.stdout


def wait_for(address: str) -> None:
    """Wait until something answers there."""
    ends_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < ends_at:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):  # noqa: S310  loopback
            return
        time.sleep(0.1)
    raise TimeoutError(address)
