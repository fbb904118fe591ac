"""The proxy does what its switches say: only then do tests with it mean anything."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy, Way


class Echo(socketserver.BaseRequestHandler):
    """Gives back what comes; at the end of it says `bye`."""

    def handle(self) -> None:
        """One connection."""
        with contextlib.suppress(OSError):
            while piece := self.request.recv(4096):
                self.request.sendall(piece)
            self.request.sendall(b"bye")


class Server(socketserver.ThreadingTCPServer):
    """The far end."""

    daemon_threads = True
    block_on_close = False


@pytest.fixture(name="wire")
def _wire() -> Iterator[Proxy]:
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        with Proxy(server.server_address[1]) as wire:
            yield wire
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def client(wire: Proxy, timeout_s: float = 5.0) -> Iterator[socket.socket]:
    """A connection through the wire."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout_s) as end:
        yield end


def said(end: socket.socket, text: bytes) -> bytes:
    """Send it; what comes back, up to that length or the end."""
    end.sendall(text)
    return heard(end, len(text))


def heard(end: socket.socket, most: int) -> bytes:
    """What comes, up to a length or the end."""
    data = b""
    while len(data) < most:
        piece = end.recv(most - len(data))
        if not piece:
            break
        data += piece
    return data


def test_it_passes_on_in_both_directions(wire: Proxy) -> None:
    """Much as well as little, and the end of either side."""
    with client(wire) as end:
        assert said(end, b"hello") == b"hello"
        big = bytes(range(256)) * 2000
        sender = threading.Thread(target=end.sendall, args=(big,))
        sender.start()
        assert heard(end, len(big)) == big
        sender.join()
        end.shutdown(socket.SHUT_WR)
        assert heard(end, 10) == b"bye"
    assert wire.connections == 1


def test_refuse_breaks_what_is_open_and_takes_nothing_new(wire: Proxy) -> None:
    """Like a process that died; afterwards the same port answers again."""
    with client(wire) as end:
        assert said(end, b"a") == b"a"
        wire.refuse()
        with pytest.raises(ConnectionError):
            end.recv(1)
    with pytest.raises(ConnectionRefusedError), client(wire):
        pass
    wire.pass_on()
    with client(wire) as end:
        assert said(end, b"b") == b"b"


def test_delay_holds_each_piece_back(wire: Proxy) -> None:
    """Both directions: there and back takes twice as long."""
    with client(wire) as end:
        wire.delay(100)
        began_s = time.monotonic()
        assert said(end, b"x") == b"x"
        assert time.monotonic() - began_s >= 0.2


def test_drop_is_silence_until_it_ends(wire: Proxy) -> None:
    """Nothing comes, nothing breaks; then everything that was sent arrives."""
    with client(wire, 0.3) as end:
        assert said(end, b"a") == b"a"
        wire.drop()
        time.sleep(0.05)  # until both directions have seen it
        end.sendall(b"bc")
        with pytest.raises(TimeoutError):
            end.recv(1)
        wire.pass_on()
        end.settimeout(5)
        assert heard(end, 2) == b"bc"


def test_who_comes_into_a_black_hole_gets_no_answer(wire: Proxy) -> None:
    """A new connection is as silent as an old one."""
    wire.drop()
    with client(wire, 0.2) as end, pytest.raises(TimeoutError):
        said(end, b"a")


@pytest.mark.parametrize("way", list(Way))
def test_cut_ends_a_connection_after_so_many_bytes(wire: Proxy, way: Way) -> None:
    """Not one more, not one less; each connection counts for itself."""
    wire.cut_after(4, way)
    for _ in range(2):
        with client(wire) as end:
            end.sendall(b"abcdefgh")
            with contextlib.suppress(ConnectionError):
                data = heard(end, 8)
                assert data == b"abcd"[: len(data)]
                if way is Way.DOWN:
                    assert data == b"abcd"


def test_cut_counts_from_the_moment_it_is_set(wire: Proxy) -> None:
    """What has passed before does not count; nothing at all may pass with 0."""
    with client(wire) as end:
        assert said(end, b"a" * 100) == b"a" * 100
        wire.cut_after(0, Way.DOWN)
        end.sendall(b"b")
        with contextlib.suppress(ConnectionError):
            assert heard(end, 1) == b""


def test_half_close_ends_one_direction_alone(wire: Proxy) -> None:
    """The far end hears the end and still can answer."""
    with client(wire) as end:
        assert said(end, b"a") == b"a"
        wire.half_close(Way.UP)
        assert heard(end, 10) == b"bye"


def test_half_close_of_the_answer_leaves_the_question_open(wire: Proxy) -> None:
    """The client hears the end, and may go on sending for a while."""
    with client(wire) as end:
        assert said(end, b"a") == b"a"
        wire.half_close(Way.DOWN)
        assert heard(end, 1) == b""
        end.sendall(b"more")


def test_reset_is_a_reset(wire: Proxy) -> None:
    """For what is open and for what comes."""
    with client(wire) as end:
        assert said(end, b"a") == b"a"
        wire.reset()
        with pytest.raises(ConnectionResetError):
            end.recv(1)
    with pytest.raises(ConnectionError), client(wire) as end:  # noqa: PT012  either may see it
        end.sendall(b"x")
        assert end.recv(1), "an orderly end is no reset"


def test_a_far_end_that_is_gone_is_a_reset_for_the_client() -> None:
    """The proxy listens, the service does not."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with Proxy(port) as wire, pytest.raises(ConnectionError), client(wire) as end:  # noqa: PT012
        end.sendall(b"x")
        assert end.recv(1), "an orderly end is no reset"


def test_it_leaves_no_thread_behind(wire: Proxy) -> None:
    """Leaving the block ends every connection."""
    with client(wire) as end:
        assert said(end, b"a") == b"a"
        wire.__exit__(None, None, None)
        names = [thread.name for thread in threading.enumerate()]
    assert "proxy" not in names
