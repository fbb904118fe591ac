"""Clients that send prepared requests over kept-alive connections, as lean as Python gets.

They share the cores with the server, so whatever they cost is taken from it: requests are
made before the clock starts and answers are looked at after it has stopped.
"""

import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

CLIENTS = 8
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Run:
    """What a number of requests came to; an answer is its status and body."""

    taken_s: float
    each_ms: tuple[float, ...]
    answers: tuple[tuple[int, bytes], ...]
    lost: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.answers) / self.taken_s

    def at_ms(self, percent: int) -> float:
        """The time within which so many percent were answered."""
        return quantiles(self.each_ms, n=100)[percent - 1]

    def errors(self, status: int, verdict: str) -> int:
        """How many got no answer, or another one than wanted."""
        return self.lost + sum(
            1
            for got, body in self.answers
            if got != status or json.loads(body)["verdict"] != verdict
        )


def post(path: str, body: dict[str, Any], *, token: str) -> bytes:
    """One request as it goes over the wire."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def run(port: int, requests: Sequence[bytes], *, clients: int = CLIENTS, pause_s: float = 0) -> Run:
    """Send them all, divided among `clients` threads that pause between two requests."""
    ready = threading.Barrier(clients + 1)
    workers = [
        _Client(port, requests[number::clients], ready, pause_s=pause_s)
        for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    taken_s = time.perf_counter() - started
    return Run(
        taken_s=taken_s,
        each_ms=tuple(ms for worker in workers for ms in worker.each_ms),
        answers=tuple(answer for worker in workers for answer in worker.answers),
        lost=sum(worker.lost for worker in workers),
    )


class _Client(threading.Thread):
    def __init__(
        self, port: int, requests: Sequence[bytes], ready: threading.Barrier, *, pause_s: float
    ) -> None:
        super().__init__(daemon=True)
        self._requests, self._ready, self._pause_s = requests, ready, pause_s
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.each_ms: list[float] = []
        self.answers: list[tuple[int, bytes]] = []
        self.lost = 0

    def run(self) -> None:
        self._ready.wait()
        with self._socket:
            for number, request in enumerate(self._requests):
                started = time.perf_counter()
                try:
                    self._socket.sendall(request)
                    answer = read_answer(self._socket)
                except OSError:
                    self.lost = len(self._requests) - number
                    return
                self.each_ms.append((time.perf_counter() - started) * 1000)
                self.answers.append(answer)
                if self._pause_s:
                    time.sleep(self._pause_s)


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer with a Content-Length; OSError if the connection ends."""
    got = _more(connection, b"")
    while (end := got.find(_HEAD_END)) < 0:
        got = _more(connection, got)
    at = got.lower().index(_LENGTH, 0, end) + len(_LENGTH)
    size = end + len(_HEAD_END) + int(got[at : got.index(b"\r", at)])
    while len(got) < size:
        got = _more(connection, got)
    return int(got[9:12]), got[end + len(_HEAD_END) :]


def _more(connection: socket.socket, got: bytes) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionResetError
    return got + piece
