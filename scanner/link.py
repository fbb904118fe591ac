"""The way to the service: short HTTP calls, and every failure is a value.

`http.client` with connections that are kept: at a gate the hand-shake costs more than the
question. A call has one deadline for all of it, so that a service that drips its answer
byte by byte holds nobody. Nothing here raises for what the network does.
"""

import http.client
import json
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from scanner.events import Action, Failure, ScanId
from ticketing.wire.station_api import (
    BadMessage,
    PairAnswer,
    PairRequest,
    ScanAnswer,
    ScanRequest,
)
from ticketing.wire.verdict import VERDICTS_OF, Check

_API: Final = "/api/v1"
_MOST_BYTES: Final = 256 * 1024
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_OK = frozenset({200, 201})
_IDLE_AT_MOST: Final = 4

CERTIFICATE: Final = "certificate"
"""Problem of an unreachable service whose certificate does not hold."""


class BadAddress(Exception):  # noqa: N818  says what it is
    """An address that no station talks to; the message says why."""


@dataclass(frozen=True, slots=True)
class NoReply:
    """No answer that can be used.

    `problem` is the last word of a problem document's type (`used_code`), `retry_after_s`
    what the service asks for; both only if it said so.
    """

    failure: Failure
    problem: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """The service knows this station; `ahead_ms`: how far its clock is ahead, if that is told."""

    ahead_ms: int | None


@dataclass(frozen=True, slots=True)
class Server:
    """A service's address, taken apart."""

    host: str
    port: int
    is_https: bool
    path: str = ""

    @classmethod
    def of(cls, url: str) -> "Server":
        """The server of an address.

        Raises:
            BadAddress: not http(s), or http to anything but this computer.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadAddress("this is no web address") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise BadAddress("the address must begin with https:// (or http://127.0.0.1)")
        if parts.scheme == "http" and host not in _LOOPBACK:
            raise BadAddress(
                "http:// would send the station's token in the clear; use https:// (http is"
                " for this computer only)"
            )
        is_https = parts.scheme == "https"
        return cls(host, port or (443 if is_https else 80), is_https, parts.path.rstrip("/"))


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    retry_after: str


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    body: bytes | None
    limit_s: float


@dataclass
class Link:
    """Talks to one service; may be used by several threads, each call has a connection.

    `timeout_s` limits a call as a whole; `trust` is the TLS context (the system's if None).
    """

    server: Server
    token: str = field(default="", repr=False)
    timeout_s: float = 5.0
    trust: ssl.SSLContext | None = None
    _idle: list[http.client.HTTPConnection] = field(default_factory=list, repr=False)
    _busy: set[http.client.HTTPConnection] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ask(self, request: ScanRequest) -> ScanAnswer | NoReply:
        """Have a scan judged."""
        return self._scan("/scans", request.to_json(), request.scan_id)

    def settle(
        self, scan_id: ScanId, action: Action, *, checks: tuple[Check, ...]
    ) -> ScanAnswer | NoReply:
        """Confirm or decline an attention."""
        confirms = action is Action.CONFIRM
        body: dict[str, object] = {"checks": [one.value for one in checks]} if confirms else {}
        return self._scan(f"/scans/{scan_id}/{action.value}", body, scan_id)

    def pair(self, request: PairRequest) -> PairAnswer | NoReply:
        """Become a station of this service."""
        reply = self._post(f"{_API}/stations/pair", request.to_json())
        if isinstance(reply, NoReply):
            return reply
        try:
            return PairAnswer.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)

    def probe(self, now: datetime) -> Pulse | NoReply:
        """Whether the service lives and this is still a station of it.

        `now` is the station's clock, aware. A signed-off station hears `REVOKED`.
        """
        begun = time.monotonic()
        reply = self._call(_Call("GET", f"{_API}/station", None, min(self.timeout_s, 2.0)))
        if isinstance(reply, NoReply):
            return reply
        if reply.status != http.client.OK:
            return _refused(reply)
        half = (time.monotonic() - begun) / 2
        return _pulse(reply.body, now + timedelta(seconds=half))

    def close(self) -> None:
        """Let go of the connections that wait, and cut those that are in use."""
        with self._lock:
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for connection in busy:
            _cut(connection)
        for connection in idle:
            connection.close()

    def _scan(self, path: str, body: dict[str, object], scan_id: str) -> ScanAnswer | NoReply:
        reply = self._post(_API + path, body)
        if isinstance(reply, NoReply):
            return reply
        try:
            answer = ScanAnswer.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)
        # An answer to another question, or a verdict its reason cannot have, is rubbish.
        fits = answer.scan_id == scan_id and answer.verdict in VERDICTS_OF[answer.reason]
        return answer if fits else NoReply(Failure.BROKEN)

    def _post(self, path: str, body: dict[str, object]) -> _Reply | NoReply:
        data = json.dumps(body).encode()
        reply = self._call(_Call("POST", path, data, self.timeout_s))
        if isinstance(reply, _Reply) and reply.status not in _OK:
            return _refused(reply)
        return reply

    def _call(self, call: _Call) -> _Reply | NoReply:
        ends_at = time.monotonic() + call.limit_s
        connection = self._take()
        if connection is not None:
            reply = self._exchange(connection, call, ends_at)
            # A kept connection may have been closed meanwhile: once more on a fresh one.
            if isinstance(reply, _Reply) or reply.failure is Failure.TIMEOUT:
                return reply
        return self._exchange(self._connection(), call, ends_at)

    def _exchange(
        self, connection: http.client.HTTPConnection, call: _Call, ends_at: float
    ) -> _Reply | NoReply:
        left = max(0.001, ends_at - time.monotonic())
        guard = threading.Timer(left, _cut, (connection,))
        guard.daemon = True
        guard.start()
        with self._lock:
            self._busy.add(connection)
        try:
            reply = self._sent(connection, call, left)
        except TimeoutError:
            reply = NoReply(Failure.TIMEOUT)
        except ssl.SSLError:
            reply = NoReply(Failure.UNREACHABLE, CERTIFICATE)
        except OSError:
            reply = NoReply(Failure.UNREACHABLE)
        except (http.client.HTTPException, ValueError):
            reply = NoReply(Failure.BROKEN)
        finally:
            guard.cancel()
            with self._lock:
                self._busy.discard(connection)
        if isinstance(reply, _Reply):
            self._keep(connection)
            return reply
        connection.close()
        return NoReply(Failure.TIMEOUT) if time.monotonic() >= ends_at else reply

    def _sent(
        self, connection: http.client.HTTPConnection, call: _Call, left: float
    ) -> _Reply | NoReply:
        if connection.sock is None:
            connection.timeout = left
        else:
            connection.sock.settimeout(left)
        connection.request(call.method, self.server.path + call.path, call.body, self._headers())
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES + 1)
        if len(body) > _MOST_BYTES or answer.length:  # too much, or not all of it
            return NoReply(Failure.BROKEN)
        retry_after = answer.getheader("Retry-After") or ""
        return _Reply(answer.status, body, retry_after)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _connection(self) -> http.client.HTTPConnection:
        if not self.server.is_https:
            return http.client.HTTPConnection(self.server.host, self.server.port)
        if self.trust is None:
            self.trust = ssl.create_default_context()
        return http.client.HTTPSConnection(self.server.host, self.server.port, context=self.trust)

    def _take(self) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if connection.sock is not None and len(self._idle) < _IDLE_AT_MOST:
                self._idle.append(connection)
                return
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a call whose time is over, whatever it is waiting for."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(2)


def _refused(reply: _Reply) -> NoReply:
    problem = _problem(reply.body)
    after = (
        int(reply.retry_after)
        if reply.retry_after.isascii() and reply.retry_after.isdigit()
        else None
    )
    match reply.status:
        case 401:
            failure = Failure.REVOKED
        case 429:
            failure = Failure.BUSY
        case 409 if problem in {Failure.RESOLVED, Failure.LAPSED}:
            failure = Failure(problem)
        case 501:  # a web server that knows no POST; the service never says so
            failure = Failure.BROKEN
        case status if status >= 500:  # noqa: PLR2004  server errors, RFC 9110
            failure = Failure.SERVER
        case status if status >= 400:  # noqa: PLR2004  client errors
            failure = Failure.REFUSED
        case _:  # a redirect or anything else that is no answer of the service
            failure = Failure.BROKEN
    return NoReply(failure, problem, after)


def _problem(body: bytes) -> str:
    """The last word of a problem's type: `urn:einlass:problem:used_code`."""
    try:
        kind = json.loads(body)["type"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return str(kind).replace("/", ":").rpartition(":")[2]


def _pulse(body: bytes, now: datetime) -> Pulse | NoReply:
    """What `GET /station` says; `now`: the station's clock when the service answered."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "station" not in told:
        return NoReply(Failure.BROKEN)  # another web server may say 200 to anything
    try:
        text = str(told.get("server_time"))
        ahead = now - datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return Pulse(None)
    return Pulse(round(ahead.total_seconds() * 1_000))
