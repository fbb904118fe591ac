"""How often programs may call: enough for work, not for a flood; gates are not counted."""

import threading
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.factories import with_ticket
from tests.web.conftest import Headers
from tests.web.test_api_scans import a_scan
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.limits import Limits, Meter
from ticketing.web.parts import Parts


class Hand:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


def test_a_minutes_calls_may_come_at_once() -> None:
    """The next is told how long to wait, and is taken then."""
    hand = Hand()
    meter = Meter(6, hand)
    assert [meter.take("a") for _ in range(7)] == [0] * 6 + [10]
    hand.at_s += 9
    assert meter.take("a") == 1
    hand.at_s += 1
    assert [meter.take("a"), meter.take("a")] == [0, 10]


def test_callers_do_not_share() -> None:
    """One that floods keeps nobody else out."""
    meter = Meter(2, Hand())
    assert [meter.take(who) for who in ("a", "a", "a", "b")] == [0, 0, 30, 0]


@pytest.mark.parametrize("none", [0, -5])
def test_no_limit_counts_nothing(none: int) -> None:
    """0 in the settings."""
    meter = Meter(none, Hand())
    assert {meter.take("a") for _ in range(1000)} == {0}


def test_callers_of_long_ago_are_forgotten() -> None:
    """The memory it takes has an end, also if every call has another key."""
    hand = Hand()
    meter = Meter(60, hand)
    for number in range(5000):
        meter.take(str(number))
        hand.at_s += 0.1
    assert len(meter._buckets) <= 4097


def test_threads_get_no_more_than_there_is() -> None:
    """Counting is one step, however many do it."""
    meter = Meter(100, Hand())
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(meter.take("a") == 0 for _ in range(50)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 100


@pytest.fixture(name="few")
def _few(parts: Parts) -> FlaskClient:
    """A service that takes three calls of a key and two searches of a station in a minute."""
    return create_app(replace(parts, limits=Limits(calls=3, searches=2))).test_client()


def test_a_key_that_calls_too_often_is_told_to_wait(
    few: FlaskClient, api: Headers, museum: None
) -> None:
    """429 with Retry-After in seconds, as a problem; nothing was done."""
    del museum
    body = {"offer": "day", "holder": "Jördis"}
    answers = [few.post("/api/v1/tickets", headers=api, json=body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[3].content_type == "application/problem+json"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert answers[3].json is not None
    assert answers[3].json["type"] == "urn:einlass:problem:too_many_requests"


def test_a_refused_call_freezes_no_idempotency_key(
    few: FlaskClient, api: Headers, museum: None
) -> None:
    """The same request with the same key is done when it is taken."""
    del museum
    for _ in range(3):
        few.get("/api/v1/offers", headers=api)
    body, headers = {"offer": "day", "holder": "Jördis"}, api | {"Idempotency-Key": "one"}
    assert few.post("/api/v1/tickets", headers=headers, json=body).status_code == 429


def test_a_station_may_search_only_so_often(few: FlaskClient, station: Headers) -> None:
    """Whoever has stolen a gate PC cannot read the names one by one in a minute."""
    statuses = [
        few.post("/api/v1/tickets/search", headers=station, json={"holder": "Kow"}).status_code
        for _ in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_what_a_gate_needs_is_never_counted(
    few: FlaskClient, station: Headers, store: Store, house: House
) -> None:
    """Scans, the pulse, what a station may know: a queue at the door knows no limit."""
    barcode = with_ticket(store, house).barcode
    for number in range(20):
        body = a_scan(barcode, scan_id=f"{number:032x}")
        assert few.post("/api/v1/scans", headers=station, json=body).status_code == 201
        assert few.get("/api/v1/station", headers=station).status_code == 200
        assert few.get("/api/v1/station/knowledge", headers=station).status_code == 200


def test_who_has_no_key_is_not_counted(few: FlaskClient) -> None:
    """401 it is, each time; there is nobody to count for."""
    assert {few.get("/api/v1/offers").status_code for _ in range(5)} == {401}
