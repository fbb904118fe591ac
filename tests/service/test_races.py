"""Many gates at once: the unique key of the moves decides, not luck."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.factories import with_offer
from tests.service.conftest import Entrance
from ticketing.service import tickets
from ticketing.service.errors import Conflict
from ticketing.service.gate.scans import ScanResult
from ticketing.store import moves, passings
from ticketing.store.passings import Passing
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.station_api import ScanRequest
from ticketing.wire.verdict import Reason, Verdict

GATES = 8
TICKETS = {"sqlite": 200, "postgres": 50}


def _at_once(entrance: Entrance, requests: list[ScanRequest]) -> list[ScanResult]:
    """Send these at the same moment, one thread each."""
    barrier = threading.Barrier(len(requests))

    def send(request: ScanRequest) -> ScanResult:
        barrier.wait()
        return entrance.send(request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


@pytest.mark.timeout(240)
def test_of_eight_gates_with_one_ticket_one_admits(entrance: Entrance, engine: str) -> None:
    """200 tickets (50 on PostgreSQL) at eight gates each: one entry each, no error."""
    barcodes = [entrance.ticket().barcode for _ in range(TICKETS[engine])]
    reasons: Counter[Reason] = Counter()
    for barcode in barcodes:
        results = _at_once(entrance, [entrance.request(barcode) for _ in range(GATES)])
        found = Counter(result.answer.reason for result in results)
        assert found[Reason.OK] == 1
        reasons += found
    assert reasons == {
        Reason.OK: len(barcodes),
        Reason.ALREADY_USED: len(barcodes) * (GATES - 1),
    }
    assert entrance.inside() == len(barcodes)
    print(f"longest write transaction: {entrance.store.longest_hold_ms:.1f} ms")  # noqa: T201  a figure to watch


def test_one_scan_sent_twice_at_once_is_one_scan(entrance: Entrance) -> None:
    """A station that was too impatient: both requests get the same admit."""
    for _ in range(20):
        request = entrance.request(entrance.ticket().barcode)
        results = _at_once(entrance, [request] * 4)
        assert Counter(result.created for result in results) == {True: 1, False: 3}
        assert {result.answer.verdict for result in results} == {Verdict.ADMIT}
    assert entrance.inside() == 20


def test_eight_times_the_same_scan_at_once_is_eight_successes_and_one_row(
    entrance: Entrance,
) -> None:
    """One is made, seven are found, all eight say the same; one scan and one move are stored."""
    for _ in range(20):
        case = entrance.ticket()
        request = entrance.request(case.barcode)
        results = _at_once(entrance, [request] * GATES)
        assert Counter(result.created for result in results) == {True: 1, False: GATES - 1}
        assert all(result.answer == results[0].answer for result in results)
        assert results[0].answer.reason is Reason.OK
        with entrance.store.unit() as unit:
            past = tickets.get_ticket(unit, entrance.house, ticket_id=case.ticket.id)
        assert (len(past.scans), len(past.moves)) == (1, 1)
    assert entrance.inside() == 20


def test_a_party_at_two_gates_is_never_more_than_itself(entrance: Entrance) -> None:
    """Five persons, eight gates letting in one each: five pass."""
    with_offer(entrance.store, entrance.house, slug="family", number=8, party_max=5)
    barcode = entrance.ticket(offer="family", party=5).barcode
    answers: list[Reason] = []

    def enter(_gate: int) -> None:
        while True:
            try:
                answers.append(entrance.scan(barcode, people=1).reason)
            except Conflict:  # others were faster three times: the station asks again
                continue
            return

    with ThreadPoolExecutor(GATES) as pool:
        list(pool.map(enter, range(GATES)))
    assert Counter(answers) == {Reason.OK: 5, Reason.ALREADY_USED: 3}
    assert entrance.inside() == 5


def test_a_ticket_revoked_between_reading_and_writing_is_refused(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The move is written only for the state that was judged."""
    case = entrance.ticket()

    def revoke() -> None:
        with entrance.store.unit() as unit:
            tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")

    _before_writing(monkeypatch, revoke)
    assert entrance.scan(case.barcode).reason is Reason.REVOKED
    with entrance.store.unit() as unit:
        assert moves.of_ticket(unit, case.ticket.id) == ()


def test_a_refused_scan_sent_twice_at_once_is_one_scan(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No move decides here, but the key of the scan."""
    request = entrance.request("04" + "0" * 60)
    created: list[bool] = []
    _before_writing(monkeypatch, lambda: created.append(entrance.send(request).created))
    assert not entrance.send(request).created
    assert created == [True]


def test_three_times_too_slow_is_busy(entrance: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service does not try for ever; nothing of the scan is left."""
    request = entrance.request(entrance.ticket().barcode)
    with monkeypatch.context() as patched:
        patched.setattr(passings, "add", lambda *_args: None)
        with pytest.raises(Conflict, match="busy"):
            entrance.send(request)
    assert entrance.send(replace(request)).created


def _before_writing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen once, when the decision is made and nothing yet written."""
    add = passings.add
    done: list[bool] = []

    def late(unit: Unit, passing: Passing) -> Scan | None:
        if not done:
            done.append(True)
            act()
        return add(unit, passing)

    monkeypatch.setattr(passings, "add", late)
