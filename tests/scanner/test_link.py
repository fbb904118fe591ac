"""The way to the service: every failure is a value, and told apart."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.events import Failure, ScanId
from scanner.link import BadAddress, Condition, Link, NoReply, Pulse, Server, Told
from scanner.station import RealWorld
from tests.scanner.service_double import TOKEN, Service, moody, running
from tests.scanner.station_kit import NOON, RING, a_ticket
from ticketing.wire.journal import Action
from ticketing.wire.station_api import PairRequest, ScanAnswer, ScanRequest
from ticketing.wire.sync_api import Result, SentEntry, Upload, UploadAnswer
from ticketing.wire.token import Flag
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

ALWAYS: dict[str, Any] = {
    "not_before": NOON - timedelta(days=3650),
    "not_after": NOON + timedelta(days=3650),
}


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="link")
def _link(service: Service) -> Iterator[Link]:
    """A link to it, impatient enough for tests."""
    link = Link(Server.of(service.url), TOKEN, timeout_s=1.0)
    yield link
    link.close()


def a_request(number: int = 1, text: str = "") -> ScanRequest:
    """A barcode held up for entry."""
    return ScanRequest(
        scan_id=f"{number:032x}",
        barcode=text or a_ticket(**ALWAYS),
        direction=Direction.ENTRY,
        scanned_at=NOON,
    )


def failure_of(reply: ScanAnswer | NoReply) -> Failure:
    """The failure of a reply that is one."""
    assert isinstance(reply, NoReply)
    return reply.failure


def test_a_scan_is_answered(link: Link) -> None:
    """The plain case, over real HTTP."""
    reply = link.ask(a_request())
    assert isinstance(reply, ScanAnswer)
    assert (reply.verdict, reply.reason) == (Verdict.ADMIT, Reason.OK)


def test_a_connection_is_kept(link: Link, service: Service) -> None:
    """Ten questions, one hand-shake."""
    for number in range(10):
        link.ask(a_request(number))
    assert service.connections == 1


def test_a_check_is_confirmed_and_another_declined(link: Link) -> None:
    """Both ways of settling."""
    proof = a_ticket(flags=Flag.PROOF, **ALWAYS)
    link.ask(a_request(1, proof))
    link.ask(a_request(2, proof))
    one, two = ScanId(f"{1:032x}"), ScanId(f"{2:032x}")
    declined = link.settle(one, Action.DECLINE, checks=())
    confirmed = link.settle(two, Action.CONFIRM, checks=(Check.PROOF,))
    assert isinstance(declined, ScanAnswer)
    assert isinstance(confirmed, ScanAnswer)
    assert (declined.reason, confirmed.reason) == (Reason.DECLINED, Reason.OK)


def test_a_settled_scan_says_so(link: Link) -> None:
    """409 already_resolved is a failure of its own."""
    reply = link.settle(ScanId("a" * 32), Action.DECLINE, checks=())
    assert failure_of(reply) is Failure.RESOLVED


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, Failure.REVOKED),
        (403, Failure.REFUSED),
        (404, Failure.REFUSED),
        (409, Failure.REFUSED),
        (422, Failure.REFUSED),
        (429, Failure.BUSY),
        (500, Failure.SERVER),
        (503, Failure.SERVER),
        (302, Failure.BROKEN),
    ],
)
def test_statuses_are_told_apart(
    link: Link, service: Service, status: int, failure: Failure
) -> None:
    """What the gate does about them differs."""
    moody(service, status=status)
    assert failure_of(link.ask(a_request())) is failure


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type": 3}',
        b" " * 300_000,
    ],
)
def test_rubbish_is_broken(link: Link, service: Service, body: bytes) -> None:
    """A portal that answers 200 with a page is no service."""
    moody(service, body=body)
    assert failure_of(link.ask(a_request())) is Failure.BROKEN
    moody(service, body=body, status=500)
    assert failure_of(link.ask(a_request())) in {Failure.SERVER, Failure.BROKEN}


def test_an_answer_to_another_question_is_broken(link: Link, service: Service) -> None:
    """Never show one visitor's verdict to the next."""
    other = service.judge(a_request(9)).to_json()
    moody(service, body=json.dumps(other).encode())
    assert failure_of(link.ask(a_request(1))) is Failure.BROKEN


def test_a_verdict_that_its_reason_cannot_have_is_broken(link: Link, service: Service) -> None:
    """`admit` because `already_used` admits nobody."""
    answer = service.judge(a_request(1)).to_json() | {"reason": "already_used"}
    moody(service, body=json.dumps(answer).encode())
    assert failure_of(link.ask(a_request(1))) is Failure.BROKEN


def test_a_slow_service_ends_at_the_deadline(link: Link, service: Service) -> None:
    """One second means one second."""
    moody(service, delay_s=3)
    begun = time.monotonic()
    assert failure_of(link.ask(a_request())) is Failure.TIMEOUT
    assert time.monotonic() - begun < 1.5


def test_a_dripping_answer_ends_at_the_deadline_too(link: Link, service: Service) -> None:
    """Each byte comes in time, all of them do not."""
    moody(service, drip=True)
    begun = time.monotonic()
    assert failure_of(link.ask(a_request())) is Failure.TIMEOUT
    assert time.monotonic() - begun < 1.5


def test_a_connection_cut_in_the_middle_is_broken(link: Link, service: Service) -> None:
    """Half an answer is none."""
    moody(service, cut=True)
    assert failure_of(link.ask(a_request())) is Failure.BROKEN


def test_a_connection_closed_without_a_word_is_unreachable(link: Link, service: Service) -> None:
    """Nothing came at all."""
    moody(service, drop=True)
    assert failure_of(link.ask(a_request())) is Failure.UNREACHABLE


def test_a_kept_connection_that_died_is_tried_anew(link: Link, service: Service) -> None:
    """The service restarted between two visitors: nobody notices."""
    link.ask(a_request(1))
    with link._lock:
        kept = link._idle[0].sock
    assert kept is not None
    kept.shutdown(socket.SHUT_RDWR)
    assert isinstance(link.ask(a_request(2)), ScanAnswer)
    assert service.connections == 2


def test_nobody_listening_is_unreachable() -> None:
    """A refused connection comes back at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reply = Link(Server.of(f"http://127.0.0.1:{port}")).ask(a_request())
    assert failure_of(reply) is Failure.UNREACHABLE


def test_an_unknown_name_is_unreachable() -> None:
    """No name server, no exception."""
    reply = Link(Server.of("https://einlass.invalid"), timeout_s=2).ask(a_request())
    assert failure_of(reply) in {Failure.UNREACHABLE, Failure.TIMEOUT}


def test_a_strange_path_is_broken() -> None:
    """Not even the request can be written."""
    reply = Link(Server("127.0.0.1", 9, is_https=False, path="/a b\n")).ask(a_request())
    assert isinstance(reply, NoReply)


def test_plain_http_to_a_tls_port_and_back_is_told(service: Service) -> None:
    """Https to a service that does not speak it: the certificate cannot be checked."""
    port = service.url.rpartition(":")[2]
    reply = Link(Server.of(f"https://127.0.0.1:{port}"), timeout_s=2).ask(a_request())
    assert reply == NoReply(Failure.UNREACHABLE, "certificate")


def test_certificates_are_verified() -> None:
    """The system's trust, names included."""
    link = Link(Server.of("https://127.0.0.1:9"))
    link.ask(a_request())
    assert link.trust is not None
    assert link.trust.verify_mode is ssl.CERT_REQUIRED
    assert link.trust.check_hostname


def test_closing_ends_a_call_that_waits(link: Link, service: Service) -> None:
    """The station stops without waiting for the service."""
    moody(service, delay_s=2)
    replies: list[ScanAnswer | NoReply] = []
    thread = threading.Thread(target=lambda: replies.append(link.ask(a_request())))
    begun = time.monotonic()
    thread.start()
    time.sleep(0.2)
    link.close()
    thread.join(3)
    assert isinstance(replies[0], NoReply)
    assert time.monotonic() - begun < 0.9


def test_few_connections_are_kept(link: Link) -> None:
    """Six threads at once leave four connections behind at most."""
    threads = [threading.Thread(target=link.ask, args=(a_request(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(link._idle) <= 4


def test_what_ends_after_the_close_is_closed_too(link: Link) -> None:
    """A station that stops while an answer is read leaves no connection behind."""
    link.close()
    assert not isinstance(link.ask(a_request()), NoReply)
    assert link._idle == []


# ---------------------------------------------------------------- probing


def test_a_probe_measures_the_clock(link: Link, service: Service) -> None:
    """To the millisecond, give or take the way; two minutes ahead are two minutes."""
    for skew_s in (0, -120):
        service.skew_s = skew_s
        pulse = link.probe(datetime.now(UTC))  # noqa: TID251  against the double's real clock
        assert isinstance(pulse, Pulse)
        assert pulse.ahead_ms is not None
        assert abs(pulse.ahead_ms + skew_s * 1_000) < 500


@pytest.mark.parametrize("told", ["yesterday", "2026-10-04T12:42:00", "0001-01-01T00:00:00+99:99"])
def test_a_service_without_the_time_is_alive_all_the_same(
    link: Link, service: Service, told: str
) -> None:
    """A strange time, or one without a zone: the difference is unknown."""
    service.server_time = told
    assert link.probe(NOON) == Pulse(None)


def test_a_probe_tells_the_service_which_station_lives(link: Link, service: Service) -> None:
    """An idle station was called not connected: it asked without its token."""
    assert isinstance(link.probe(NOON), Pulse)
    stranger = Link(Server.of(service.url), "es_nobody")
    assert stranger.probe(NOON) == NoReply(Failure.REVOKED, "unauthorized", status=401)
    stranger.close()


@pytest.mark.parametrize("body", [b"ok", b"[]", b"{}", b"null", b"<html>"])
def test_another_web_server_is_no_pulse(link: Link, service: Service, body: bytes) -> None:
    """It says 200 to anything."""
    moody(service, body=body)
    assert link.probe(NOON) == NoReply(Failure.BROKEN)


def test_a_sick_service_is_no_pulse(link: Link, service: Service) -> None:
    """It answers, but not that it lives."""
    moody(service, status=503)
    assert link.probe(NOON) == NoReply(Failure.SERVER, status=503)
    moody(service, drop=True)
    assert link.probe(NOON) == NoReply(Failure.UNREACHABLE)


def test_a_probe_tells_how_the_station_is(link: Link, service: Service) -> None:
    """Unsent entries, version and keys, so that the office sees who needs looking after."""
    link.probe(NOON, Condition(unsent=3, version="0.3 beta", ring=RING.fingerprint()))
    assert service.conditions == [
        {"unsent": "3", "version": "0.3 beta", "ring": RING.fingerprint()}
    ]


# ---------------------------------------------------------------- annul, upload, knowledge


def an_upload() -> Upload:
    """One entry of some journal."""
    body = '{"at":0,"kind":"boot","version":"1"}'
    return Upload(bytes(16), (SentEntry(1, body, bytes(64)),), bytes(32))


def test_a_scan_is_taken_back(link: Link, service: Service) -> None:
    """The service says that it is annulled, or that it cannot be any more."""
    answer = link.annul(ScanId("a" * 32), "annulled_at_gate")
    assert isinstance(answer, ScanAnswer)
    assert answer.reason is Reason.ANNULLED
    service.later_moves.add("b" * 32)
    late = link.annul(ScanId("b" * 32), "annulled_at_gate")
    assert late == NoReply(Failure.LATER_MOVES, "has_later_moves", status=409)


def test_an_override_carries_reason_name_and_pin_in_the_body(link: Link, service: Service) -> None:
    """Nothing of it stands in an address."""
    link.override(ScanId("a" * 32), why="lost phone", by="sofia", pin="1234")
    assert service.paths[-1] == f"/api/v1/scans/{'a' * 32}/override"
    assert service.asked[-1] == {"why": "lost phone", "by": "sofia", "pin": "1234"}


def test_a_search_goes_as_a_post(link: Link, service: Service) -> None:
    """A name is in no address; what comes back is shown as it is."""
    moody(service, status=200, body='{"items": [{"holder": "Zoë"}]}'.encode())
    assert link.search("Zoë") == ({"holder": "Zoë"},)
    assert (service.paths[-1], service.asked[-1]) == ("/api/v1/tickets/search", {"holder": "Zoë"})


@pytest.mark.parametrize("body", [b"", b"[]", b'{"items": 3}', b'{"items": [1]}', b"\xff"])
def test_rubbish_instead_of_an_answer_is_broken(link: Link, service: Service, body: bytes) -> None:
    """Search, upload and knowledge alike."""
    moody(service, status=200, body=body)
    assert link.search("Zoë") == NoReply(Failure.BROKEN)
    assert link.upload(an_upload()) == NoReply(Failure.BROKEN)
    assert link.knowledge(None, NOON) == NoReply(Failure.BROKEN)


def test_a_refusal_of_what_is_asked_is_told_with_its_status(link: Link, service: Service) -> None:
    """A poison entry is told from a service that has no such call."""
    moody(service, status=404, body=b"")
    assert link.search("Zoë") == NoReply(Failure.REFUSED, status=404)
    assert link.upload(an_upload()) == NoReply(Failure.REFUSED, status=404)
    assert link.knowledge(("e", "c"), NOON) == NoReply(Failure.REFUSED, status=404)
    moody(service, drop=True)
    assert link.knowledge(None, NOON) == NoReply(Failure.UNREACHABLE)


def test_an_upload_is_answered_entry_by_entry(link: Link) -> None:
    """What was accepted, and how far the service has all."""
    answer = link.upload(an_upload())
    assert isinstance(answer, UploadAnswer)
    assert [(item.n, item.result) for item in answer.items] == [(1, Result.ACCEPTED)]
    assert answer.acked == 1


def test_knowledge_is_asked_for_from_a_place_on(link: Link, service: Service) -> None:
    """Epoch and cursor once there are any; the clock is compared on the way."""
    service.skew_s = -120
    first = link.knowledge(None, RealWorld().moment().at)
    assert isinstance(first, Told)
    assert first.ahead_ms is not None
    assert 119_000 < first.ahead_ms < 121_000
    link.knowledge((first.page.epoch, "a cursor/+&"), NOON)
    assert service.sync.asked == [
        {"limit": "5000"},
        {"limit": "5000", "epoch": "e1", "cursor": "a cursor/+&"},
    ]


def test_a_page_that_took_long_measures_no_clock(link: Link, service: Service) -> None:
    """Half of a long way is no measure."""
    link.timeout_s = 8
    moody(service, delay_s=2.1)
    told = link.knowledge(None, NOON)
    assert isinstance(told, Told)
    assert told.ahead_ms is None


def test_a_long_page_is_no_broken_one(link: Link, service: Service) -> None:
    """Five thousand tickets are more than any scan's answer."""
    big: dict[str, object] = {"note": "x" * 400_000}
    service.sync.change = lambda page: replace(page, offers=(*page.offers, big))
    assert isinstance(link.knowledge(None, NOON), Told)


# ---------------------------------------------------------------- addresses and pairing


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tickets.example",
        "ftp://tickets.example",
        "https://",
        "http://tickets.example",
        "http://192.168.1.10:8080",
        "http://127.0.0.1.example",
        "https://[::1",
        "https://tickets.example:port",
    ],
)
def test_bad_addresses_are_refused(url: str) -> None:
    """A token travels over https, or not at all."""
    with pytest.raises(BadAddress):
        Server.of(url)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://tickets.example", Server("tickets.example", 443, is_https=True)),
        ("https://tickets.example:8443/e/", Server("tickets.example", 8443, True, "/e")),  # noqa: FBT003  a table
        ("http://localhost:8080", Server("localhost", 8080, is_https=False)),
        ("http://[::1]", Server("::1", 80, is_https=False)),
    ],
)
def test_good_addresses_are_taken_apart(url: str, server: Server) -> None:
    """Host, port, path."""
    assert Server.of(url) == server


def test_pairing_answers_rubbish_and_refusals_with_a_value(link: Link, service: Service) -> None:
    """Another program answers there, or the code is over."""
    moody(service, body=b"{}")
    assert link.pair(PairRequest("X" * 10, "Tor", bytes(32))) == NoReply(Failure.BROKEN)
    moody(service)
    refused = link.pair(PairRequest("EXP", "Tor", bytes(32)))
    assert refused == NoReply(Failure.REFUSED, "expired_code", status=410)


def test_a_retry_time_is_passed_on(link: Link, service: Service) -> None:
    """Seconds are; a date is not understood."""
    moody(service, status=429, headers=(("Retry-After", "90"),))
    assert link.ask(a_request()) == NoReply(Failure.BUSY, "", 90, 429)
    moody(service, status=429, headers=(("Retry-After", "Sun, 04 Oct 2026 12:42:00 GMT"),))
    assert link.ask(a_request()) == NoReply(Failure.BUSY, "", None, 429)


def test_the_token_is_in_no_representation(link: Link) -> None:
    """Whatever prints a link prints no secret."""
    assert TOKEN not in repr(link)
