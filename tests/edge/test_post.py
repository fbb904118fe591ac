"""Requests to addresses that others have chosen: checked, bounded, never led on."""

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.edge.wire_ends import Speak, certificate, listening, saying
from ticketing.domain.webhooks import HookRules
from ticketing.edge.post import Post
from ticketing.service.channels import ChannelReply, ChannelRequest

OPEN = HookRules(allow_http=True, allow_private=True)
NAME = "receiver.example"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
LOOPBACK = ("127.0.0.1",)


class Names:
    """A resolver that knows one name, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[str]:
        """The next answer; the last one again and again."""
        self.asked.append((host, port))
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not found:
            raise socket.gaierror
        return list(found)


def a_request(url: str) -> ChannelRequest:
    """Something to send."""
    return ChannelRequest(method="POST", url=url, headers={"webhook-id": "evt_1"}, body=b"{}")


def sent(
    url: str,
    *,
    rules: HookRules = OPEN,
    names: Names | None = None,
    context: ssl.SSLContext | None = None,
    limit_s: float = 5.0,
) -> ChannelReply:
    """What comes of it."""
    resolving = names or Names(LOOPBACK)
    post = Post(rules, resolving=resolving, context=context, limit_s=limit_s)
    return post(a_request(url))


def test_a_request_arrives_and_its_status_comes_back() -> None:
    """With the name as Host, the headers and the body; the answer's body is dropped."""
    with listening(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")) as end:
        reply = sent(f"http://{NAME}:{end.port}/hook?k=1")
    assert (reply.status, reply.failure, reply.body) == (200, "", b"")
    head, _, body = end.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?k=1 HTTP/1.1\r\n")
    assert f"host: {NAME}:{end.port}".encode() in head
    assert b"webhook-id: evt_1" in head
    assert body == b"{}"


def test_a_redirect_is_not_followed() -> None:
    """Not even to where one may go."""
    with listening(saying(OK)) as other:
        to = f"http://127.0.0.1:{other.port}/".encode()
        with listening(saying(b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\n\r\n")) as end:
            assert sent(f"http://{NAME}:{end.port}/").status == 302
    assert other.heard == []


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("fe80::1%lo",),
        ("93.184.216.34", "127.0.0.1"),
        ("127.0.0.1", "93.184.216.34"),
        ("not an address",),
    ],
)
def test_a_name_that_leads_into_the_house_is_not_followed(addresses: Sequence[str]) -> None:
    """One such address among others forbids them all; nothing is even connected to."""
    with listening(saying(OK)) as end:
        rules = HookRules(allow_http=True)
        reply = sent(f"http://{NAME}:{end.port}/", rules=rules, names=Names(addresses))
    assert reply.failure == "forbidden_address"
    assert end.heard == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "127.0.0.1."])
def test_a_number_in_disguise_is_seen_through(host: str) -> None:
    """The real resolver turns these into loopback or does not know them."""
    post = Post(HookRules(allow_http=True), limit_s=5)
    assert post(a_request(f"http://{host}:9/")).failure in {"forbidden_address", "no_address"}


def test_a_name_is_resolved_once_and_its_checked_address_is_used() -> None:
    """A second answer, which would lead elsewhere, is never asked for."""
    names = Names(LOOPBACK, ("169.254.169.254",))
    with listening(saying(OK)) as end:
        assert sent(f"http://{NAME}:{end.port}/", names=names).status == 204
    assert names.asked == [(NAME, end.port)]


def test_the_second_address_is_tried_when_the_first_takes_nothing() -> None:
    """Both were checked."""
    with listening(saying(OK)) as end:
        names = Names(("127.0.0.9", "127.0.0.1"))
        assert sent(f"http://{NAME}:{end.port}/", names=names).status == 204


@pytest.mark.parametrize(
    ("url", "rules", "failure"),
    [
        (f"http://{NAME}/", HookRules(), "bad_address"),
        ("https://127.0.0.1/", HookRules(), "forbidden_address"),
        ("https://169.254.169.254/", OPEN, "forbidden_address"),
        ("https://user@receiver.example/", OPEN, "bad_address"),
    ],
)
def test_rules_hold_at_the_moment_of_sending_too(url: str, rules: HookRules, failure: str) -> None:
    """A setting may have been taken back since the address was stored."""
    assert sent(url, rules=rules).failure == failure


def test_a_name_nobody_knows_is_said_so() -> None:
    """And one whose resolver says nothing is not waited for without end."""
    assert sent(f"http://{NAME}/", names=Names(())).failure == "no_address"

    def hang(_host: str, _port: int) -> list[str]:
        time.sleep(1.0)
        return []

    began_s = time.monotonic()
    post = Post(OPEN, resolving=hang, limit_s=0.2)
    assert post(a_request(f"http://{NAME}/")).failure == "timeout"
    assert time.monotonic() - began_s < 0.9


# ------------------------------------------------------------ TLS
@pytest.fixture(name="pem", scope="module")
def _pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), NAME)


def test_tls_is_verified_against_the_name(pem: Path) -> None:
    """The name goes into SNI, the connection to the checked address."""
    with listening(saying(OK), tls=pem) as end:
        context = ssl.create_default_context(cafile=str(pem))
        assert sent(f"https://{NAME}:{end.port}/", context=context).status == 204
    assert end.names == [NAME]


def test_a_certificate_of_nobody_known_is_refused(pem: Path) -> None:
    """Nothing is sent."""
    with listening(saying(OK), tls=pem) as end:
        assert sent(f"https://{NAME}:{end.port}/").failure == "tls"
    assert end.heard == []


def test_a_certificate_of_another_name_is_refused(pem: Path) -> None:
    """Even if its issuer is known."""
    with listening(saying(OK), tls=pem) as end:
        context = ssl.create_default_context(cafile=str(pem))
        assert sent(f"https://other.example:{end.port}/", context=context).failure == "tls"
    assert end.heard == []


def test_plain_text_where_tls_is_due_is_a_failure() -> None:
    """E.g. a proxy's error page."""
    with listening(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as end:
        failure = sent(f"https://{NAME}:{end.port}/", limit_s=1).failure
    assert failure in {"tls", "broken", "timeout"}


# ------------------------------------------------------------ receivers that misbehave
def drip(first: bytes, drop: bytes) -> Speak:
    """Say something, then a little more for ever."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            time.sleep(0.05)
            connection.sendall(drop)

    return speak


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_is_cut_off(first: bytes, drop: bytes) -> None:
    """Each drop comes in time, the whole does not."""
    speak = drip(first, drop)
    with listening(speak) as end:
        began_s = time.monotonic()
        assert sent(f"http://{NAME}:{end.port}/", limit_s=0.5).failure == "timeout"
        assert time.monotonic() - began_s < 3


def test_a_body_that_drips_does_not_undo_the_status() -> None:
    """The receiver has said that it has it; nobody waits for the rest."""
    speak = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b".")
    with listening(speak) as end:
        assert sent(f"http://{NAME}:{end.port}/", limit_s=0.5).status == 200


def test_a_huge_body_is_not_read() -> None:
    """A few kilobytes, then the connection is closed."""
    taken = 0

    def pour(connection: socket.socket) -> None:
        nonlocal taken
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            taken += connection.send(b"x" * 65536)

    with listening(pour) as end:
        assert sent(f"http://{NAME}:{end.port}/").status == 200
    assert taken < 50_000_000


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", "broken"),
        (b"SSH-2.0-OpenSSH\r\n", "bad_answer"),
        (b"HTTP/1.1 abc\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "bad_answer"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, "bad_answer"),
    ],
)
def test_what_is_no_answer_is_a_failure(answer: bytes, failure: str) -> None:
    """By a fixed word."""
    with listening(saying(answer)) as end:
        assert sent(f"http://{NAME}:{end.port}/").failure == failure


def test_a_silent_receiver_times_out_and_a_missing_one_refuses() -> None:
    """Both in time."""
    release = threading.Event()

    def say_nothing(_connection: socket.socket) -> None:
        release.wait(5)

    with listening(say_nothing) as end:
        assert sent(f"http://{NAME}:{end.port}/", limit_s=0.3).failure == "timeout"
        release.set()
    assert sent(f"http://{NAME}:{end.port}/").failure == "refused"


def test_a_request_leaves_no_thread_behind() -> None:
    """Its clock is stopped with it."""
    before = threading.active_count()
    with listening(saying(OK)) as end:
        assert [sent(f"http://{NAME}:{end.port}/").status for _ in range(5)] == [204] * 5
    ends_s = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < ends_s:
        time.sleep(0.02)
    assert threading.active_count() <= before
