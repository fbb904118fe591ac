"""The gate's lane and the application behind it give the same answers."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import a_scan_id, with_ticket
from tests.fakes import START
from tests.web.conftest import Headers
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web import lane

PATH = "/api/v1/scans"
BROKEN: dict[str, bytes] = {
    "no JSON": b"{",
    "no object": b"[]",
    "half a character": b'{"scan_id": "\\ud800"}',
    "no UTF-8": b'{"scan_id": "\xff"}',
    "nothing": b"",
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each answer that the lane gave."""
    answers: list[int] = []
    answered = lane._answered

    def noting(*given: Any) -> Any:
        answers.append(1)
        return answered(*given)

    monkeypatch.setattr(lane, "_answered", noting)
    return answers


def a_scan(barcode: str, **fields: Any) -> dict[str, Any]:
    """A scan as a station sends it."""
    plain = {"scan_id": a_scan_id(), "barcode": barcode, "scanned_at": START.isoformat()}
    return plain | {"direction": "entry"} | fields


def behind(client: FlaskClient, headers: Headers, **sent: Any) -> TestResponse:
    """The same call as the application answers it: a query keeps the lane away."""
    return client.post(PATH + "?lang=de", headers=headers, **sent)


@pytest.mark.parametrize("language", ["de", "en", "fr, en;q=0.5", "fr"])
def test_both_give_the_same_answer(
    client: FlaskClient,
    store: Store,
    house: House,
    station: Headers,
    seen: list[int],
    language: str,
) -> None:
    """Body, status and headers, in every language that may be asked for."""
    sent = a_scan(with_ticket(store, house).barcode)
    headers = {**station, "Accept-Language": language}
    first = client.post(PATH, headers=headers, json=sent)
    again = client.post(PATH, headers=headers, json=sent)
    flask = client.post(
        PATH + "?",
        headers={**headers, "Content-Type": "application/json;x=y"},
        data=json.dumps(sent),
    )
    assert seen == [1, 1]
    assert (first.status_code, again.status_code, flask.status_code) == (201, 200, 200)
    assert first.data == again.data
    assert first.json == flask.json
    assert sorted(again.headers) == sorted(flask.headers)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_body_is_answered_behind(
    client: FlaskClient, station: Headers, seen: list[int], name: str
) -> None:
    """With the same problem as ever."""
    sent = {"data": BROKEN[name], "content_type": "application/json"}
    through, straight = client.post(PATH, headers=station, **sent), behind(client, station, **sent)
    assert (through.status_code, through.data) == (straight.status_code, straight.data)
    assert through.status_code in {400, 422}
    assert not seen


@pytest.mark.parametrize(
    "fields",
    [
        {"scan_id": "x"},
        {"barcode": "x" * 4097},
        {"barcode": 1},
        {"direction": "up"},
        {"people": 0},
        {"people": "2"},
        {"people": 1.5},
        {"people": True},
        {"scanned_at": "2026-07-01"},
        {"scanned_at": 1},
        {"gate": "No Gate"},
        {"gate": "nowhere"},
        {"more": 1},
    ],
)
def test_wrong_fields_are_refused_behind(
    client: FlaskClient, station: Headers, seen: list[int], fields: dict[str, Any]
) -> None:
    """The lane never takes what the application would refuse."""
    sent = a_scan("EINLASS") | fields
    through = client.post(PATH, headers=station, json=sent)
    straight = behind(client, station, json=sent)
    assert (through.status_code, through.data) == (straight.status_code, straight.data)
    assert through.status_code == 422
    assert not seen


@pytest.mark.parametrize("token", ["es_nobody", "ek_nobody", ""])
def test_strangers_are_refused_behind(
    client: FlaskClient, station: Headers, seen: list[int], token: str
) -> None:
    """401 with a challenge."""
    del station
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(PATH, headers=headers, json=a_scan("EINLASS"))
    assert (answer.status_code, not seen) == (401, True)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_large_body_is_left_to_the_application(
    client: FlaskClient, station: Headers, seen: list[int]
) -> None:
    """It alone knows how much it takes."""
    answer = client.post(PATH, headers=station, json=a_scan("E" * 2_000_000))
    assert (answer.status_code, not seen) == (413, True)


def test_a_used_scan_id_is_a_conflict_through_the_lane_too(
    client: FlaskClient, store: Store, house: House, station: Headers, seen: list[int]
) -> None:
    """409 as ever."""
    sent = a_scan(with_ticket(store, house).barcode)
    client.post(PATH, headers=station, json=sent)
    answer = client.post(PATH, headers=station, json=sent | {"barcode": "EINLASS"})
    assert (answer.status_code, len(seen)) == (409, 1)
