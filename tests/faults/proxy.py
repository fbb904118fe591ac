"""A TCP proxy on loopback that fails on command: the network between two processes.

    with Proxy(port_of_the_service) as wire:
        wire.delay(200)                      # each piece waits 200 ms in both directions
        wire.cut_after(40, Way.DOWN)         # 40 bytes of the answer, then the end
        wire.drop()                          # a black hole: connections stay, nothing flows
        wire.refuse()                        # nobody listens; what is open breaks
        wire.reset()                         # RST for what is open and what comes
        wire.half_close(Way.UP)              # the sender's end is passed on, answers still flow
        wire.pass_on()                       # all is well again

Switches may be set at any time, from any thread; each replaces the one before. What a
black hole has swallowed flows on when it ends, as TCP would send it again.
"""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

TICK_S = 0.01
_PIECE_BYTES = 65536
_NO_LINGER = struct.pack("ii", 1, 0)  # close sends RST


class Way(StrEnum):
    """A direction."""

    UP = "up"  # from the client to the service
    DOWN = "down"  # from the service to the client


class Fault(StrEnum):
    """What the wire does."""

    PASS = "pass"  # noqa: S105  no password
    REFUSE = "refuse"
    DROP = "drop"
    CUT = "cut"
    HALF_CLOSE = "half_close"
    RESET = "reset"


@dataclass(frozen=True, eq=False)
class Switch:
    """One position of the switch; compared by identity, so setting it again counts anew."""

    fault: Fault = Fault.PASS
    delay_s: float = 0.0
    after_bytes: int = 0
    way: Way | None = None


class Proxy:
    """The wire to one port; clients connect to `port`."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.connections = 0
        self._switch = Switch()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pairs: set[_Pair] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = _listen(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    # -------------------------------------------------------- the switches
    def pass_on(self) -> None:
        """All is well."""
        self._set(Switch())

    def delay(self, delay_ms: float) -> None:
        """Each piece waits so long, in both directions."""
        self._set(Switch(delay_s=delay_ms / 1000))

    def refuse(self) -> None:
        """Nobody listens any more, and what is open breaks: a dead process."""
        self._set(Switch(Fault.REFUSE))
        self._break_all()

    def drop(self) -> None:
        """Nothing flows and nothing ends: a pulled cable."""
        self._set(Switch(Fault.DROP))

    def cut_after(self, count: int, way: Way) -> None:
        """End each connection when, after so many more bytes of its own, one more comes."""
        self._set(Switch(Fault.CUT, after_bytes=count, way=way))

    def half_close(self, way: Way) -> None:
        """End one direction of each connection; the other flows on."""
        self._set(Switch(Fault.HALF_CLOSE, way=way))

    def reset(self) -> None:
        """RST for every open connection, and for those that come."""
        self._set(Switch(Fault.RESET))
        self._break_all()

    def _set(self, switch: Switch) -> None:
        with self._lock:
            self._switch = switch
            if switch.fault is Fault.REFUSE:
                self._close_listener()
            elif self._listener is None and not self._ended.is_set():
                self._listener = _listen(self.port)

    # -------------------------------------------------------- its life
    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        with self._lock:
            self._close_listener()
        self._break_all()
        for thread in tuple(self._threads):
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True, name="proxy")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _break_all(self) -> None:
        with self._lock:
            pairs = tuple(self._pairs)
        for pair in pairs:
            pair.reset()

    # -------------------------------------------------------- the wire
    def _accept(self) -> None:
        while not self._ended.is_set():
            client = self._next_client()
            if client is None:
                self._ended.wait(TICK_S)
                continue
            self.connections += 1
            if self._switch.fault is Fault.RESET:
                _reset(client)
            else:
                self._start(self._join, client)

    def _next_client(self) -> socket.socket | None:
        with self._lock, contextlib.suppress(OSError):
            if self._listener is not None and select.select([self._listener], [], [], 0)[0]:
                return self._listener.accept()[0]
        return None

    def _join(self, client: socket.socket) -> None:
        """Connect onwards, as soon as the wire lets anything through."""
        while self._switch.fault is Fault.DROP and not self._ended.is_set():
            self._ended.wait(TICK_S)
        try:
            service = socket.create_connection(("127.0.0.1", self.target_port), 10)
        except OSError:
            _reset(client)
            return
        pair = _Pair(client, service)
        with self._lock:
            self._pairs.add(pair)
        other = threading.Thread(
            target=self._pump, args=(pair, Way.DOWN), daemon=True, name="proxy"
        )
        other.start()
        self._pump(pair, Way.UP)
        other.join()
        pair.close()
        with self._lock:
            self._pairs.discard(pair)

    def _pump(self, pair: "_Pair", way: Way) -> None:
        """Carry one direction until its end."""
        source, sink = pair.ends(way)
        with contextlib.suppress(OSError, ValueError):  # a socket that was broken meanwhile
            for most in self._pieces(pair, way):
                if not select.select([source], [], [], TICK_S)[0]:
                    continue
                if most == 0:
                    pair.cut()
                    return
                piece = source.recv(most)
                if not piece:
                    break
                self._ended.wait(self._switch.delay_s)
                sink.sendall(piece)
                pair.passed[way] += len(piece)
            if not pair.is_broken:
                sink.shutdown(socket.SHUT_WR)

    def _pieces(self, pair: "_Pair", way: Way) -> Iterator[int]:
        """How many bytes the next piece may have, 0: none more; the end of this direction."""
        seen, start = self._switch, pair.passed[way]
        while not self._ended.is_set() and not pair.is_broken:
            switch = self._switch
            if switch is not seen:
                seen, start = switch, pair.passed[way]
            if switch.fault is Fault.DROP:
                self._ended.wait(TICK_S)
                continue
            left = start + switch.after_bytes - pair.passed[way]
            if switch.fault is Fault.CUT and switch.way is way:
                yield max(0, left)
            elif switch.fault is Fault.HALF_CLOSE and switch.way is way:
                return
            else:
                yield _PIECE_BYTES


class _Pair:
    """One client's connection and the one onwards."""

    def __init__(self, client: socket.socket, service: socket.socket) -> None:
        self._client = client
        self._service = service
        self.is_broken = False
        self.passed = dict.fromkeys(Way, 0)

    def ends(self, way: Way) -> tuple[socket.socket, socket.socket]:
        """Where a direction comes from and where it goes."""
        if way is Way.UP:
            return self._client, self._service
        return self._service, self._client

    def cut(self) -> None:
        """End both directions as if both had ended by themselves."""
        self.is_broken = True
        for end in (self._client, self._service):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End both with RST."""
        self.is_broken = True
        _reset(self._client)
        _reset(self._service)

    def close(self) -> None:
        """Give the sockets back."""
        self._client.close()
        self._service.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    end.close()
