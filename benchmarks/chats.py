"""Open chats: visitors who have begun a conversation and hold its event stream open."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_TRIES = 60
_COOKIE = re.compile(rb"set-cookie: ([^;]+);", re.IGNORECASE)


@contextmanager
def open_chats(port: int, count: int) -> Iterator[None]:
    """So many streams, each of a visitor of its own, until the block ends."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(_stream(port, _begun(port)))
        yield


def _stream(port: int, cookie: bytes) -> socket.socket:
    """An open stream; those of the round before are given back when the service notices."""
    for _ in range(_TRIES):
        stream = socket.create_connection(("127.0.0.1", port), timeout=30)
        stream.sendall(
            b"GET /chat/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie + b"\r\n\r\n"
        )
        if stream.recv(4096).startswith(b"HTTP/1.1 200"):
            return stream
        stream.close()
        time.sleep(1)
    raise ConnectionError("the service has no stream left")


def _begun(port: int) -> bytes:
    """Begin a conversation; the visitor's cookie."""
    content = json.dumps({"id": "begin", "start": True}).encode()
    head = (
        "POST /chat/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode() + content)
        raw = connection.recv(65536)
    found = _COOKIE.search(raw)
    if found is None:
        raise ConnectionError("the service began no conversation")
    return found[1]
