"""HTTP to addresses that others have chosen: one request, checked, bounded, never led on.

A name is resolved once; every address it leads to must be one that may be reached, and the
connection goes to such an address itself. So nothing can answer the check with one address
and the connection with another. No redirect is followed, the answer's body is dropped, and
the whole takes ten seconds at most, however slowly it drips.
"""

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ticketing.domain.addresses import may_reach
from ticketing.domain.webhooks import BadUrl, HookRules, checked_url
from ticketing.service.channels import ChannelReply, ChannelRequest

LIMIT_S: Final = 10.0
CONNECT_LIMIT_S: Final = 4.0
"""For one of several addresses of a name."""
BODY_LIMIT_BYTES: Final = 4096
AGENT: Final = "Einlass"
_PORTS: Final = {"https": 443, "http": 80}
_NO_FAILURE: Final = ""

Resolve = Callable[[str, int], list[str]]


class NotSent(Exception):  # noqa: N818  an expected outcome
    """Nothing came back; the message is a fixed word."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the name for TLS and Host, and the addresses that were checked."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Post:
    """Makes requests. `context` verifies certificates; the system's unless another is given."""

    def __init__(
        self,
        rules: HookRules,
        *,
        resolving: Resolve = resolve,
        context: ssl.SSLContext | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._rules = rules
        self._resolve = resolving
        self._context = context or ssl.create_default_context()
        self._limit_s = limit_s

    def __call__(self, request: ChannelRequest) -> ChannelReply:
        """Send a request; the reply has the status, no body.

        Its `failure` is `bad_address`, `no_address`, `forbidden_address`, `refused`,
        `tls`, `timeout`, `broken` or `bad_answer`.
        """
        deadline = _Deadline(self._limit_s)
        try:
            status = self._status(request, deadline)
        except NotSent as error:
            return _reply(0, "timeout" if deadline.is_over else str(error))
        finally:
            deadline.close()
        return _reply(status, _NO_FAILURE)

    def _status(self, request: ChannelRequest, deadline: "_Deadline") -> int:
        target = self._target(request.url, deadline)
        sock = self._connected(target, deadline)
        headers = {"host": _authority(target), "user-agent": AGENT, "connection": "close"}
        headers |= dict(request.headers)
        with _named_failures(deadline):
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = self._secured(sock, target, deadline)
            connection.request(request.method, target.path, body=request.body, headers=headers)
            answer = connection.getresponse()
            if deadline.is_over:  # what was cut off looks like the end of the headers
                raise NotSent("timeout")
            with suppress(OSError, http.client.HTTPException, ValueError):
                answer.read(BODY_LIMIT_BYTES)  # so that the receiver sees no broken connection
            answer.close()
            return answer.status

    # -------------------------------------------------------- where to
    def _target(self, url: str, deadline: "_Deadline") -> Target:
        try:
            parts = urlsplit(checked_url(url, self._rules))
        except BadUrl as error:
            is_private = any(one.problem == "private" for one in error.errors)
            raise NotSent("forbidden_address" if is_private else "bad_address") from None
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(parts.scheme, host, port, path, self._checked(host, port, deadline))

    def _checked(self, host: str, port: int, deadline: "_Deadline") -> tuple[str, ...]:
        """Every address of the name; one that may not be reached forbids them all."""
        addresses = tuple(self._resolved(host, port, deadline))
        for text in addresses:
            if not _is_allowed(text, self._rules):
                raise NotSent("forbidden_address")
        if not addresses:
            raise NotSent("no_address")
        return addresses

    def _resolved(self, host: str, port: int, deadline: "_Deadline") -> list[str]:
        """The system's resolver knows no time limit, so it is waited for from outside."""
        answers: queue.Queue[list[str]] = queue.Queue()

        def look_up() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError):
                answers.put([])

        threading.Thread(target=look_up, daemon=True, name="resolver").start()
        try:
            return answers.get(timeout=deadline.left_s())
        except queue.Empty:
            raise NotSent("timeout") from None

    # -------------------------------------------------------- the connection
    def _connected(self, target: Target, deadline: "_Deadline") -> socket.socket:
        """A connection to the first checked address that takes one."""
        problem = "refused"
        for address in target.addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(min(CONNECT_LIMIT_S, deadline.left_s()))
            try:
                sock.connect((address, target.port))
            except OSError as error:
                sock.close()
                problem = "timeout" if isinstance(error, TimeoutError) else "refused"
                continue
            deadline.watch(sock)
            return sock
        raise NotSent(problem)

    def _secured(self, sock: socket.socket, target: Target, deadline: "_Deadline") -> socket.socket:
        sock.settimeout(deadline.left_s())
        if target.scheme == "http":
            return sock
        secured = self._context.wrap_socket(
            sock, server_hostname=target.host, do_handshake_on_connect=False
        )
        deadline.watch(secured)
        secured.do_handshake()
        return secured


class _Deadline:
    """Ends a request when its time is over, whatever it is waiting for."""

    def __init__(self, limit_s: float) -> None:
        self._ends_s = time.monotonic() + limit_s
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(limit_s, self._end)
        self._timer.daemon = True
        self._timer.start()
        self.is_over = False

    def left_s(self) -> float:
        """The seconds left. Raises NotSent when there are none."""
        left = self._ends_s - time.monotonic()
        if left <= 0:
            raise NotSent("timeout")
        return left

    def watch(self, sock: socket.socket) -> None:
        """Shut this socket when time is over, close it at the end."""
        with self._lock:
            self._sock = sock
            if self.is_over:
                _shut(sock)

    def close(self) -> None:
        """The request is over."""
        self._timer.cancel()
        with self._lock:
            if self._sock is not None:
                self._sock.close()
            self._sock = None

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._sock is not None:
                _shut(self._sock)


def _shut(sock: socket.socket) -> None:
    """Wake whoever reads or writes; TLS is not asked, the thread that uses it is at work."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def _named_failures(deadline: _Deadline) -> Iterator[None]:
    """Name what goes wrong between connecting and the answer."""
    try:
        yield
    except TimeoutError:
        raise NotSent("timeout") from None
    except ssl.SSLError:
        raise NotSent("tls") from None
    except OSError:
        raise NotSent("broken") from None
    except (http.client.HTTPException, ValueError):
        raise NotSent("timeout" if deadline.is_over else "bad_answer") from None


def _is_allowed(text: str, rules: HookRules) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # with a zone: an address of this machine's own links
        return False
    has_zone = isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None
    return not has_zone and may_reach(address, allow_private=rules.allow_private)


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == _PORTS[target.scheme] else f"{host}:{target.port}"


def _reply(status: int, failure: str) -> ChannelReply:
    return ChannelReply(status=status, headers={}, body=b"", failure=failure)
