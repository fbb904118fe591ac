"""A small service over real loopback HTTP, which can also be slow, silent, rude or wrong.

It judges with the real rule and remembers moves; pairing, confirm and decline work. How it
misbehaves next is set by `Service.mood`.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.scanner.station_kit import BERLIN, DIGEST_KEY, HOLDER, RING, a_view
from tests.scanner.sync_double import SyncDouble
from ticketing.wire.admission import Known, Move, MoveKind, Terms, decide, fold
from ticketing.wire.facts import Decision
from ticketing.wire.facts import Gate as Place
from ticketing.wire.station_api import (
    OfferName,
    PairAnswer,
    PairRequest,
    Remaining,
    ScanAnswer,
    ScanRequest,
)
from ticketing.wire.texts import Localised
from ticketing.wire.token import BadToken, Token, verify
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

TOKEN = "es_" + "t" * 43
MOST_WRONG_PINS = 3
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mood:
    """How the next answers go; the plain one is honest and quick.

    `cut`: close in the middle of the body; `drop`: close without a word; `drip`: a byte
    at a time; `status` and `body` replace the real ones.
    """

    delay_s: float = 0.0
    cut: bool = False
    drop: bool = False
    drip: bool = False
    status: int = 0
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Service:
    """What the double knows; tests read and set it."""

    mood: Mood = field(default_factory=Mood)
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    moves: dict[bytes, list[Move]] = field(default_factory=dict)
    pending: dict[str, ScanRequest] = field(default_factory=dict)
    holder: str = HOLDER
    codes: dict[str, str] = field(default_factory=dict)
    paired_by: str = ""
    skew_s: float = 0.0
    server_time: str | None = None
    connections: int = 0
    inside: int = 142
    url: str = ""
    sync: SyncDouble = field(default_factory=SyncDouble)
    conditions: list[dict[str, str]] = field(default_factory=list)
    annulled: list[str] = field(default_factory=list)
    later_moves: set[str] = field(default_factory=set)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    pins: dict[str, str] = field(default_factory=dict)
    wrong_pins: int = 0
    refused: dict[str, ScanRequest] = field(default_factory=dict)

    def now(self) -> datetime:
        """The clock of a service, which may be apart from the station's."""
        return datetime.now(UTC) + timedelta(seconds=self.skew_s)  # noqa: TID251  it has a clock of its own

    def judge(self, request: ScanRequest, done: frozenset[Check] = frozenset()) -> ScanAnswer:
        """The real rule over the moves so far; a short code stands for a barcode."""
        if request.scan_id in self.annulled:  # a tombstone: its annul was faster
            return _answer(request, Decision(Verdict.REFUSE, Reason.ANNULLED), self)
        barcode = self.codes.get(request.barcode, request.barcode)
        now = datetime.now(UTC)  # noqa: TID251  a service has a clock of its own
        place = Place(
            id="sued", zone=BERLIN, direction=request.direction, done=done, people=request.people
        )
        try:
            token = verify(barcode, RING)
        except BadToken as bad:
            return _answer(request, decide(bad, None, now, place), self)
        ticket_id = token.claims.ticket_id
        rows = self.moves.setdefault(ticket_id, [])
        moves = fold(rows, now, BERLIN, terms=Terms(token.claims.party))
        decision = decide(token, Known(moves=moves, registered=True), now, place)
        if decision.move is not None and request.direction is not Direction.CHECK:
            scan_id = bytes.fromhex(request.scan_id)
            rows.append(Move(len(rows) + 1, scan_id, decision.move, decision.people, now, "sued"))
            leaves = decision.verdict is Verdict.EXIT
            self.inside += -decision.people if leaves else decision.people
        if decision.verdict is Verdict.ATTENTION:
            self.pending[request.scan_id] = request
        if decision.verdict is Verdict.REFUSE:
            self.refused[request.scan_id] = request
        return _answer(request, decision, self, token)


def _answer(
    request: ScanRequest, decision: Decision, service: Service, token: Token | None = None
) -> ScanAnswer:
    ticket = None
    if token is not None:
        claims = token.claims
        ticket = a_view(
            holder=service.holder,
            id=claims.ticket_id.hex(),
            party=claims.party,
            entries=claims.entries,
            valid_from=claims.not_before,
            valid_until=claims.not_after,
        )
    is_open = decision.verdict is Verdict.ATTENTION
    return ScanAnswer(
        scan_id=request.scan_id,
        verdict=decision.verdict,
        reason=decision.reason,
        basis=Basis.ONLINE,
        text="",
        inside=service.inside,
        ticket=ticket,
        remaining=Remaining(decision.remaining_uses, decision.remaining_people),
        checks=decision.checks,
        until=request.scanned_at + timedelta(minutes=5) if is_open else None,
        evidence=decision.evidence,
        people=decision.people,
    )


def a_pair_answer() -> PairAnswer:
    """What pairing gives."""
    return PairAnswer(
        station="st1",
        token=TOKEN,
        gate="sued",
        gate_name=Localised("Eingang Süd", "South entrance"),
        museum="Stadtmuseum Erlenbach",
        zone="Europe/Berlin",
        epoch="e1",
        keys=RING,
        digest_key=DIGEST_KEY,
        offers=(OfferName(7, Localised("Tageskarte", "Day ticket")),),
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def setup(self) -> None:
        super().setup()
        self.service.connections += 1

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Whether it lives, and knows the station."""
        path, _, query = self.path.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._problem(401, "unauthorized")
        elif path == "/api/v1/station/knowledge":
            self._know(asked)
        elif path != "/api/v1/station":
            self._problem(404, "not_found")
        else:
            self.service.conditions.append(asked)
            now = self.service.now()
            said = {"station": "st1", "gate": "sued", "inside": self.service.inside}
            self._send(200, said | {"server_time": self.service.server_time or now.isoformat()})

    def do_POST(self) -> None:
        """Judge, settle, pair."""
        size = int(self.headers.get("Content-Length") or 0)
        data = json.loads(self.rfile.read(size) or b"{}")
        self.service.paths.append(self.path)
        self.service.asked.append(data)
        if self.path.endswith("/stations/pair"):
            self._pair(data)
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._problem(401, "unauthorized")
        elif self.path.endswith("/scans"):
            self._send(201, self.service.judge(ScanRequest.from_json(data)).to_json())
        elif self.path.endswith("/scans/batch"):
            self._upload(data)
        elif self.path.endswith("/tickets/search"):
            found = [one for one in self.service.tickets if data["holder"] in one["holder"].lower()]
            self._send(200, {"items": found, "next_cursor": None})
        elif self.path.endswith("/override"):
            self._override(self.path.split("/")[-2], data)
        elif self.path.endswith("/annul"):
            self._annul(self.path.split("/")[-2])
        else:
            self._settle(data)

    def _know(self, asked: dict[str, str]) -> None:
        told = self.service.sync.page(asked, self.service.now())
        if told is None:
            self._problem(410, "gone")
        else:
            self._send(200, told.to_json())

    def _upload(self, data: dict[str, Any]) -> None:
        status, body = self.service.sync.take(data)
        self._send(status, body)

    def _annul(self, scan_id: str) -> None:
        service = self.service
        if scan_id in service.later_moves:
            self._problem(409, "has_later_moves")
            return
        service.annulled.append(scan_id)
        for rows in service.moves.values():
            for row in [one for one in rows if one.scan_id.hex() == scan_id]:
                rows.append(replace(row, no=len(rows) + 1, kind=MoveKind.ANNUL))
                service.inside -= row.people
        plain = ScanRequest(scan_id, "", Direction.ENTRY, service.now())
        annulled = Decision(Verdict.REFUSE, Reason.ANNULLED)
        self._send(201, _answer(plain, annulled, service).to_json())

    def _override(self, scan_id: str, data: dict[str, Any]) -> None:
        service = self.service
        if service.wrong_pins >= MOST_WRONG_PINS:
            self._problem(429, "throttled", headers=(("Retry-After", "700"),))
        elif service.pins.get(data["by"]) != data["pin"]:
            service.wrong_pins += 1
            self._problem(403, "wrong_pin")
        elif scan_id not in service.refused:
            self._problem(409, "not_overridable")
        else:
            service.inside += 1
            admitted = Decision(Verdict.ADMIT, Reason.OK_OVERRIDE, people=1, remaining_uses=0)
            request = service.refused[scan_id]
            token = verify(service.codes.get(request.barcode, request.barcode), RING)
            self._send(200, _answer(request, admitted, service, token).to_json())

    def _pair(self, data: dict[str, Any]) -> None:
        key = PairRequest.from_json(data).public_key.hex()
        if data["pairing_code"].startswith("EXP"):
            self._problem(410, "expired_code")
        elif self.service.paired_by not in {"", key}:
            self._problem(409, "used_code")
        else:
            created, self.service.paired_by = not self.service.paired_by, key
            self._send(201 if created else 200, a_pair_answer().to_json())

    def _settle(self, data: dict[str, Any]) -> None:
        _, _, scan_id, action = self.path.rsplit("/", 3)
        request = self.service.pending.pop(scan_id, None)
        if request is None:
            self._problem(409, "already_resolved")
        elif action == "decline":
            declined = Decision(Verdict.REFUSE, Reason.DECLINED)
            self._send(200, _answer(request, declined, self.service).to_json())
        else:
            done = frozenset(Check(one) for one in data["checks"])
            self._send(200, self.service.judge(request, done).to_json())

    def _problem(self, status: int, reason: str, headers: Headers = ()) -> None:
        self._send(status, {"type": f"urn:einlass:problem:{reason}"}, headers)

    def _send(self, status: int, data: dict[str, object], headers: Headers = ()) -> None:
        mood = self.service.mood
        time.sleep(mood.delay_s)
        if mood.drop:
            self.close_connection = True
            return
        body = json.dumps(data).encode() if mood.body is None else mood.body
        self.send_response(mood.status or status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (*headers, *mood.headers):
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self._write(body, mood)

    def _write(self, body: bytes, mood: Mood) -> None:
        if mood.cut:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif mood.drip:
            for at in range(len(body)):
                self.wfile.write(body[at : at + 1])
                time.sleep(0.02)
        else:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def handle_error(self, *_: object) -> None:
        """A station that hangs up is no news."""


@contextmanager
def running() -> Iterator[Service]:
    """A service that listens on some port of loopback."""
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def moody(service: Service, **mood: Any) -> None:
    """Change how the service behaves from now on."""
    service.mood = replace(Mood(), **mood)
