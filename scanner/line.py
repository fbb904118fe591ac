"""Short HTTP calls over connections that are kept; every failure is a value.

`http.client`: at a gate the hand-shake costs more than the question. A call has one
deadline for all of it, so that a service that drips its answer byte by byte holds nobody.
Nothing here raises for what the network does.
"""

import http.client
import json
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from scanner.events import Failure

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
    what the service asks for, `status` what it answered; all only if it said so.
    """

    failure: Failure
    problem: str = ""
    retry_after_s: int | None = None
    status: int = 0


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
class Reply:
    """What was answered; `retry_after` as it came."""

    status: int
    body: bytes
    retry_after: str


@dataclass(frozen=True, slots=True)
class Call:
    """One question; `limit_s` for all of it, at most so many bytes of an answer."""

    method: str
    path: str
    body: bytes | None
    limit_s: float
    most_bytes: int = _MOST_BYTES


@dataclass
class Line:
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
    _is_closed: bool = False

    def close(self) -> None:
        """Let go of the connections that wait, cut those that are in use, and keep no more."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for connection in busy:
            _cut(connection)
        for connection in idle:
            connection.close()

    def post(self, path: str, body: dict[str, object]) -> Reply | NoReply:
        """Send JSON; only a success is a reply."""
        data = json.dumps(body).encode()
        reply = self.call(Call("POST", path, data, self.timeout_s))
        if isinstance(reply, Reply) and reply.status not in _OK:
            return refused(reply)
        return reply

    def call(self, call: Call) -> Reply | NoReply:
        """Ask; whatever was answered is a reply."""
        ends_at = time.monotonic() + call.limit_s
        connection = self._take()
        if connection is not None:
            reply = self._exchange(connection, call, ends_at)
            # A kept connection may have been closed meanwhile: once more on a fresh one.
            if isinstance(reply, Reply) or reply.failure is Failure.TIMEOUT:
                return reply
        return self._exchange(self._connection(), call, ends_at)

    def _exchange(
        self, connection: http.client.HTTPConnection, call: Call, ends_at: float
    ) -> Reply | NoReply:
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
        if isinstance(reply, Reply):
            self._keep(connection)
            return reply
        connection.close()
        return NoReply(Failure.TIMEOUT) if time.monotonic() >= ends_at else reply

    def _sent(
        self, connection: http.client.HTTPConnection, call: Call, left: float
    ) -> Reply | NoReply:
        if connection.sock is None:
            connection.timeout = left
        else:
            connection.sock.settimeout(left)
        connection.request(call.method, self.server.path + call.path, call.body, self._headers())
        answer = connection.getresponse()
        body = answer.read(call.most_bytes + 1)
        if len(body) > call.most_bytes or answer.length:  # too much, or not all of it
            return NoReply(Failure.BROKEN)
        retry_after = answer.getheader("Retry-After") or ""
        return Reply(answer.status, body, retry_after)

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
            has_room = len(self._idle) < _IDLE_AT_MOST and not self._is_closed
            if connection.sock is not None and has_room:
                self._idle.append(connection)
                return
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a call whose time is over, whatever it is waiting for."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(2)


def refused(reply: Reply) -> NoReply:
    """What an answer that is no success means."""
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
        case 409 if problem in {Failure.RESOLVED, Failure.LAPSED, Failure.LATER_MOVES}:
            failure = Failure(problem)
        case 501:  # a web server that knows no POST; the service never says so
            failure = Failure.BROKEN
        case status if status >= 500:  # noqa: PLR2004  server errors, RFC 9110
            failure = Failure.SERVER
        case status if status >= 400:  # noqa: PLR2004  client errors
            failure = Failure.REFUSED
        case _:  # a redirect or anything else that is no answer of the service
            failure = Failure.BROKEN
    return NoReply(failure, problem, after, reply.status)


def _problem(body: bytes) -> str:
    """The last word of a problem's type: `urn:einlass:problem:used_code`."""
    try:
        kind = json.loads(body)["type"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return str(kind).replace("/", ":").rpartition(":")[2]
