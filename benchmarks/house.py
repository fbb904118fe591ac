"""A service as a museum runs it, for benchmarks: `ticketing serve` with a station and tickets."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.clients import CLIENTS, post
from ticketing import config
from ticketing.app import App, opened
from ticketing.domain import tickets as rules
from ticketing.domain.tickets import TICKET_ID_BYTES, Ticket
from ticketing.service.gate import stations
from ticketing.service.gates import list_gates
from ticketing.service.tickets import TicketOrder, drafted
from ticketing.store import tickets as ticket_rows
from ticketing.store.unit import Unit
from ticketing.wire.station_api import PairRequest
from ticketing.wire.token import TicketId

CHUNK = 2000
START_LIMIT_S = 30.0
OFFER = "day-free"


@dataclass(frozen=True, slots=True)
class Benched:
    """A home with its database, the tokens of its stations, and settings from outside.

    `codes` are the short codes that its tickets have.
    """

    home: Path
    tokens: tuple[str, ...]
    environment: Mapping[str, str]
    codes: set[str] = field(default_factory=set)

    @property
    def database(self) -> str:
        """The address of the database."""
        return config.load(self.home, self.environment).database_url

    def scans(self, count: int) -> list[bytes]:
        """So many requests, each for a scan of a ticket of its own, issued for it.

        Each client gets those of one station (`clients.run` deals them out in turn).
        """
        at = _now(self)
        return [
            post("/api/v1/scans", _scan(barcode, at), token=token)
            for barcode, token in zip(_issued(self, count), cycle(self.tokens), strict=False)
        ]


def made(home: Path, environment: Mapping[str, str]) -> Benched:
    """A sample museum with a paired station for each client."""
    variables = _variables(environment)
    command = [sys.executable, "-m", "ticketing", "--home", str(home), "init", "--sample"]
    subprocess.run(command, check=True, env=variables, stdout=subprocess.DEVNULL)  # noqa: S603  our own command
    with opened(config.load(home, environment)) as app, app.store.unit() as unit:
        gate = list_gates(unit)[0].slug
        tokens = tuple(_paired(app, unit, gate) for _ in range(CLIENTS))
    return Benched(home, tokens, environment)


def _paired(app: App, unit: Unit, gate: str) -> str:
    """The token of a new station."""
    code = stations.open_pairing(unit, app.house, name="Bench", gate=gate).code
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()  # one station for each key
    asked = PairRequest(code, "Bench", key)
    return stations.pair(unit, app.house, request=asked, address="127.0.0.1").answer.token


def _variables(own: Mapping[str, str]) -> dict[str, str]:
    """A process's environment: no setting of whoever runs the benchmark, but for our own."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("EINLASS_")}
    return given | dict(own)


def _now(benched: Benched) -> str:
    with opened(config.load(benched.home, benched.environment)) as app:
        return app.house.clock.now().isoformat()


def _scan(barcode: str, at: str) -> dict[str, str]:
    return {
        "scan_id": os.urandom(16).hex(),
        "barcode": barcode,
        "direction": "entry",
        "scanned_at": at,
    }


def _issued(benched: Benched, count: int) -> list[str]:
    """The barcodes of new tickets, written in chunks like the product's own bulk work."""
    with opened(config.load(benched.home, benched.environment)) as app:
        with app.store.unit() as unit:
            order = TicketOrder(offer=OFFER, holder="Jördis Kowalewski")
            pattern = drafted(unit, app.house, order=order).ticket
        fresh = [
            _fresh(app, pattern, code) for code in islice(short_codes(app, benched.codes), count)
        ]
        for start in range(0, count, CHUNK):
            with app.store.unit() as unit:
                unit.begin()
                ticket_rows.add(unit, [ticket for ticket, _ in fresh[start : start + CHUNK]])
                unit.commit()
    return [barcode for _, barcode in fresh]


def short_codes(app: App, seen: set[str]) -> Iterator[str]:
    """Short codes that differ from those that were seen: 35 bits meet after 200,000."""
    while True:
        code = rules.short_code(app.house.chance.draw(rules.SHORT_SYMBOLS))
        if code not in seen:
            seen.add(code)
            yield code


def _fresh(app: App, pattern: Ticket, code: str) -> tuple[Ticket, str]:
    id_ = TicketId(app.house.chance.draw(TICKET_ID_BYTES))
    ticket = replace(pattern, id=id_, short_code=code)
    return ticket, app.house.signer.barcode(rules.claims(ticket)).text


# ------------------------------------------------------------ processes
@contextmanager
def serving(benched: Benched, *options: str, **extra: str) -> Iterator[int]:
    """The service as a process of its own; yields its port, stops it at the end."""
    port = free_port()
    command = [sys.executable, "-m", "ticketing", "--home", str(benched.home), "serve"]
    command += ["--port", str(port), *options]
    environment = {**benched.environment, **extra}
    with process(command, environment, log=benched.home / "serve.log"):
        wait_for(port)
        yield port


@contextmanager
def bare(database: str, threads: int, processes: int = 1) -> Iterator[int]:
    """The bare handler of `bare.py` as a process; yields its port."""
    port = free_port()
    environment = {
        "BARE_DATABASE": database,
        "BARE_THREADS": str(threads),
        "BARE_PROCESSES": str(processes),
    }
    command = [sys.executable, "-m", "benchmarks.bare", str(port)]
    with process(command, environment, log=Path(os.devnull)):
        wait_for(port)
        yield port


@contextmanager
def process(
    command: list[str], environment: Mapping[str, str], *, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; what it says goes to `log`."""
    variables = _variables(environment)
    with (
        log.open("ab") as output,
        subprocess.Popen(command, env=variables, stderr=output) as started,  # noqa: S603  our own
    ):
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(START_LIMIT_S)


def wait_for(port: int) -> None:
    """Until somebody listens."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the service did not start")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
