"""/offers/{slug}/slots, and tickets for them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Headers

SLOT = {
    "starts_at": "2026-10-04T15:00:00+02:00",
    "ends_at": "2026-10-04T16:00:00+02:00",
    "capacity": 3,
}
SERIES = {
    "from": "2026-10-24",
    "until": "2026-10-26",
    "weekdays": [5, 6],
    "times": ["10:00", "14:30"],
    "length_min": 45,
    "capacity": 12,
}
URL = "/api/v1/offers/tour/slots"


@pytest.fixture(autouse=True)
def _tour(client: FlaskClient, api: Headers, museum: None) -> None:
    """An offer with slots, parties up to 3."""
    del museum
    offer = {
        "slug": "tour",
        "name": {"de": "Führung", "en": "Tour"},
        "validity": "slot",
        "party_max": 3,
    }
    assert client.post("/api/v1/offers", headers=api, json=offer).status_code == 201


def _post(client: FlaskClient, api: Headers, url: str, body: object) -> tuple[int, Any]:
    answer = client.post(url, headers=api, json=body)
    return answer.status_code, answer.json


def _ticket(client: FlaskClient, api: Headers, **fields: Any) -> tuple[int, Any]:
    return _post(client, api, "/api/v1/tickets", {"offer": "tour", "holder": "Zoë"} | fields)


def test_a_slot_comes_back_with_its_places(client: FlaskClient, api: Headers) -> None:
    """Made, listed, sold from."""
    status, made = _post(client, api, URL, SLOT)
    assert (status, made["sold"], made["free"]) == (201, 0, 3)
    assert made["starts_at"] == SLOT["starts_at"]
    status, ticket = _ticket(client, api, slot=made["id"], party=2)
    assert (status, ticket["slot"]) == (201, made["id"])
    listed: Any = client.get(URL, headers=api).json
    assert [(one["id"], one["sold"], one["free"]) for one in listed["items"]] == [
        (made["id"], 2, 1)
    ]


def test_a_full_slot_is_sold_out_with_the_next_free_ones(client: FlaskClient, api: Headers) -> None:
    """409 sold_out; the problem names id, times and free places."""
    _, full = _post(client, api, URL, SLOT | {"capacity": 1})
    _, free = _post(
        client,
        api,
        URL,
        SLOT | {"starts_at": "2026-10-05T15:00+02:00", "ends_at": "2026-10-05T16:00+02:00"},
    )
    _ticket(client, api, slot=full["id"])
    status, problem = _ticket(client, api, slot=full["id"])
    assert (status, problem["type"]) == (409, "urn:einlass:problem:sold_out")
    assert problem["slots"] == [
        {
            "id": free["id"],
            "starts_at": "2026-10-05T15:00:00+02:00",
            "ends_at": "2026-10-05T16:00:00+02:00",
            "free": 3,
        }
    ]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, {"field": "slot", "problem": "missing"}),
        ({"slot": "sl_" + "0" * 16}, {"field": "slot", "problem": "unknown"}),
        (
            {"offer": "day", "slot": "sl_" + "0" * 16},
            {"field": "slot", "problem": "offer_without_slots"},
        ),
    ],
)
def test_a_ticket_without_its_slot_is_refused(
    client: FlaskClient, api: Headers, fields: dict[str, str], problem: dict[str, str]
) -> None:
    """And one with a slot that its offer has not."""
    status, answer = _ticket(client, api, **fields)
    assert (status, answer["errors"]) == (422, [problem])


def test_a_series_is_made_and_listed_by_day(client: FlaskClient, api: Headers) -> None:
    """Local times on both sides of the change of the clock."""
    status, made = _post(client, api, f"{URL}/series", SERIES)
    assert status == 201
    assert [one["starts_at"] for one in made["items"]] == [
        "2026-10-24T10:00:00+02:00",
        "2026-10-24T14:30:00+02:00",
        "2026-10-25T10:00:00+01:00",
        "2026-10-25T14:30:00+01:00",
    ]
    query = {"from": "2026-10-25", "until": "2026-10-25"}
    listed: Any = client.get(URL, headers=api, query_string=query).json
    assert listed["items"] == made["items"][2:]
    first: Any = client.get(URL, headers=api, query_string={"limit": 3}).json
    rest: Any = client.get(URL, headers=api, query_string={"cursor": first["next_cursor"]}).json
    assert first["items"] + rest["items"] == made["items"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-10-04T15:00:00"),
        ("starts_at", 1790000000),
        ("ends_at", "2026-10-04T14:00:00+02:00"),
        ("capacity", 0),
        ("capacity", "3"),
        ("price", 1),
    ],
)
def test_a_wrong_slot_is_refused(
    client: FlaskClient, api: Headers, field: str, value: object
) -> None:
    """By its field."""
    status, answer = _post(client, api, URL, SLOT | {field: value})
    assert (status, answer["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("times", []),
        ("times", ["25:00"]),
        ("times", ["10:00:00"]),
        ("times", [36000]),
        ("weekdays", [7]),
        ("length_min", 0),
        ("until", "2026-10-01"),
        ("until", "2099-01-01"),
        ("from", "1999-01-01"),
    ],
)
def test_a_wrong_series_is_refused(
    client: FlaskClient, api: Headers, field: str, value: object
) -> None:
    """Nothing of it is made."""
    status, _ = _post(client, api, f"{URL}/series", SERIES | {field: value})
    assert status == 422
    listed: Any = client.get(URL, headers=api).json
    assert listed["items"] == []


def test_a_second_slot_of_that_start_is_a_conflict(client: FlaskClient, api: Headers) -> None:
    """And an offer without slots takes none, an unknown one is 404."""
    _post(client, api, URL, SLOT)
    assert _post(client, api, URL, SLOT)[0] == 409
    assert _post(client, api, "/api/v1/offers/day/slots", SLOT)[0] == 422
    assert _post(client, api, "/api/v1/offers/nothing/slots", SLOT)[0] == 404
    odd = client.get(URL, headers=api, query_string={"from": "1900-01-01"})
    assert odd.status_code == 422


def test_rules_at_the_gate_may_change_and_null_lifts_a_limit(
    client: FlaskClient, api: Headers
) -> None:
    """Tolerances, re-entry, calendar, limit per day, gates: no barcode carries them."""
    url = "/api/v1/offers/tour"
    change = {
        "early_min": 5,
        "late_min": 0,
        "reentry": True,
        "calendar": True,
        "per_day": 2,
        "gates": ["sued"],
    }
    changed: Any = client.patch(url, headers=api, json=change).json
    assert changed | change == changed
    kept: Any = client.patch(url, headers=api, json={"reentry": None}).json
    assert kept == changed
    lifted: Any = client.patch(url, headers=api, json={"per_day": None, "gates": None}).json
    assert (lifted["per_day"], lifted["gates"]) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("gates", ["nowhere"]), ("gates", []), ("per_day", 0), ("early_min", 721), ("late_min", -1)],
)
def test_a_wrong_rule_is_refused(
    client: FlaskClient, api: Headers, field: str, value: object
) -> None:
    """By its field, and the offer stays."""
    answer = client.patch("/api/v1/offers/tour", headers=api, json={field: value})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == field
