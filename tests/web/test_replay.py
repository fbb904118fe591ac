"""`Idempotency-Key`: one effect, however often it is asked for."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.factories import HOLDER
from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from ticketing.service import idempotency, tickets
from ticketing.service.idempotency import Attempt, Running

pytestmark = pytest.mark.usefixtures("museum")
PATH = "/api/v1/tickets"
ORDER = {"offer": "day", "holder": HOLDER}


def count(client: FlaskClient, api: Headers) -> int:
    """How many tickets there are."""
    listed = client.get(PATH, headers=api).json
    assert listed is not None
    return len(listed["items"])


def test_the_same_write_again_gets_the_same_answer(client: FlaskClient, api: Headers) -> None:
    """One ticket; the second answer says that it is a replay."""
    headers = api | {"Idempotency-Key": "order-7"}
    first = client.post(PATH, headers=headers, json=ORDER)
    again = client.post(PATH, headers=headers, json=ORDER)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.data, again.content_type) == (first.data, first.content_type)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(client, api) == 1


def test_without_a_key_each_write_counts(client: FlaskClient, api: Headers) -> None:
    """Nobody is protected who does not ask for it."""
    for _ in range(2):
        client.post(PATH, headers=api, json=ORDER)
    assert count(client, api) == 2


def test_a_key_belongs_to_its_caller(
    client: FlaskClient, api: Headers, key: Callable[..., Headers]
) -> None:
    """Another caller's same key is another key."""
    for headers in (api, key()):
        client.post(PATH, headers=headers | {"Idempotency-Key": "1"}, json=ORDER)
    assert count(client, api) == 2


def test_another_write_under_the_same_key_is_a_conflict(client: FlaskClient, api: Headers) -> None:
    """The key stands for one request."""
    headers = api | {"Idempotency-Key": "1"}
    client.post(PATH, headers=headers, json=ORDER)
    answer = client.post(PATH, headers=headers, json=ORDER | {"holder": "Jemand"})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["type"].endswith("idempotency_key_reused")


def test_a_key_is_forgotten_after_a_day(
    client: FlaskClient, api: Headers, clock: FrozenClock
) -> None:
    """24 hours later it is a new request."""
    headers = api | {"Idempotency-Key": "1"}
    client.post(PATH, headers=headers, json=ORDER)
    clock.tick(hours=25)
    client.post(PATH, headers=headers, json=ORDER)
    assert count(client, api) == 2


def test_a_refusal_is_replayed_too(client: FlaskClient, api: Headers) -> None:
    """422 stays 422, by the shape of the body or by the rules of the house."""
    for wrong in ({"holder": 7}, {"holder": ""}, {"offer": "nothing"}):
        headers = api | {"Idempotency-Key": str(wrong)}
        answers = [client.post(PATH, headers=headers, json=ORDER | wrong) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [422, 422]
        assert answers[0].data == answers[1].data
        assert answers[1].content_type == "application/problem+json"
        assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_a_conflict_is_not_frozen(client: FlaskClient, api: Headers) -> None:
    """What forbids it now may be gone in a minute."""
    headers = api | {"Idempotency-Key": "1"}
    client.patch("/api/v1/offers/day", headers=api, json={"active": False})
    assert client.post(PATH, headers=headers, json=ORDER).status_code == 409
    client.patch("/api/v1/offers/day", headers=api, json={"active": True})
    assert client.post(PATH, headers=headers, json=ORDER).status_code == 201


def test_a_fault_is_not_frozen(
    client: FlaskClient, api: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try is a first try."""
    headers = api | {"Idempotency-Key": "1"}
    with monkeypatch.context() as broken:
        broken.delattr(tickets, "issue_ticket")
        assert client.post(PATH, headers=headers, json=ORDER).status_code == 500
    assert client.post(PATH, headers=headers, json=ORDER).status_code == 201


def test_a_write_that_is_still_running_says_so(
    client: FlaskClient, api: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 with Retry-After, and nothing is done twice."""
    headers = api | {"Idempotency-Key": "1"}

    def running(*_: object, attempt: Attempt) -> Running:
        assert attempt.key == "1"
        return Running()

    monkeypatch.setattr(idempotency, "begin", running)
    answer = client.post(PATH, headers=headers, json=ORDER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "2")
    assert count(client, api) == 0


@pytest.mark.parametrize("value", ["", "x" * 201])
def test_a_wrong_key_is_refused(client: FlaskClient, api: Headers, value: str) -> None:
    """Empty and endless keys are mistakes."""
    answer = client.post(PATH, headers=api | {"Idempotency-Key": value}, json=ORDER)
    assert answer.status_code == 400
    assert count(client, api) == 0


def test_a_question_takes_no_key(client: FlaskClient, api: Headers) -> None:
    """GET under the same key is answered anew, as things are now."""
    headers = api | {"Idempotency-Key": "1"}
    assert count(client, headers) == 0
    client.post(PATH, headers=api, json=ORDER)
    assert count(client, headers) == 1
    again = client.post(PATH, headers=headers, json=ORDER)  # and leaves the key free
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


def test_pairing_takes_no_key(client: FlaskClient) -> None:
    """It has its own way of being repeated; a header changes nothing."""
    answer = client.post("/api/v1/stations/pair", headers={"Idempotency-Key": "1"}, json={})
    assert answer.status_code == 422
