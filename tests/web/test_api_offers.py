"""/offers and /gates."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Headers

NAME = {"de": "Turm", "en": "Tower"}
FULL = {
    "slug": "tower",
    "name": NAME,
    "price_cents": 350,
    "currency": "EUR",
    "pay_at_desk": True,
    "entries": 2,
    "per_day": 1,
    "party_max": 4,
    "validity": "range",
    "valid_from": "2026-10-01",
    "valid_until": "2026-10-31",
    "reentry": True,
    "gates": ["sued"],
    "calendar": True,
    "proof": True,
    "identity": True,
    "offline": False,
    "live": "on",
    "early_min": 10,
    "late_min": 20,
    "active": True,
}


def test_an_offer_comes_back_as_it_was_sent(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """Every field of the contract, and the number that it got."""
    del museum
    made = client.post("/api/v1/offers", headers=api, json=FULL)
    assert made.status_code == 201
    assert made.json == FULL | {"number": 8}
    listed = client.get("/api/v1/offers", headers=api).json
    assert listed is not None
    assert listed["items"][-1] == made.json
    assert listed["next_cursor"] is None


def test_the_least_that_makes_an_offer(client: FlaskClient, api: Headers) -> None:
    """A slug and a name: a free day ticket at every gate."""
    made = client.post("/api/v1/offers", headers=api, json={"slug": "plain", "name": NAME}).json
    assert made is not None
    assert (made["price_cents"], made["gates"], made["validity"]) == (0, None, "day")
    assert (made["entries"], made["offline"], made["active"]) == (1, True, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Großer Turm"),
        ("name", {"de": "Turm"}),
        ("price_cents", 3.5),
        ("price_cents", -1),
        ("price_cents", "350"),
        ("currency", "€"),
        ("entries", 256),
        ("entries", True),
        ("party_max", 0),
        ("validity", "week"),
        ("valid_from", "yesterday"),
        ("valid_until", "2026-09-30"),
        ("valid_from", 1790000000),
        ("gates", ["nowhere"]),
        ("gates", []),
        ("calendar", "yes"),
        ("live", "maybe"),
        ("number", 2**24),
    ],
)
def test_a_wrong_field_is_refused_by_name(
    client: FlaskClient, api: Headers, museum: None, field: str, value: Any
) -> None:
    """One wrong field, and nothing is stored."""
    del museum
    answer = client.post("/api/v1/offers", headers=api, json=FULL | {field: value})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["field"].startswith(field)
    listed = client.get("/api/v1/offers", headers=api).json
    assert listed is not None
    assert len(listed["items"]) == 1


def test_a_taken_slug_is_a_conflict(client: FlaskClient, api: Headers, museum: None) -> None:
    """The type of the problem ends in the reason."""
    del museum
    answer = client.post("/api/v1/offers", headers=api, json={"slug": "day", "name": NAME})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["type"].endswith("offer_exists")


def test_what_no_barcode_carries_may_change(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """Name, price, persons, whether it is on offer; the rest stays."""
    del museum
    change = {"name": NAME, "price_cents": 100, "party_max": 3, "active": False}
    changed = client.patch("/api/v1/offers/day", headers=api, json=change)
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json | change == changed.json
    untouched = client.patch("/api/v1/offers/day", headers=api, json={})
    assert untouched.json == changed.json


@pytest.mark.parametrize("field", ["entries", "validity", "proof", "identity", "live", "slug"])
def test_what_barcodes_carry_stays(
    client: FlaskClient, api: Headers, museum: None, field: str
) -> None:
    """A change that tickets in the field would contradict is refused, not lost."""
    del museum
    answer = client.patch("/api/v1/offers/day", headers=api, json={field: FULL[field]})
    assert answer.status_code == 422


def test_an_unknown_offer_cannot_change(client: FlaskClient, api: Headers) -> None:
    """404, as for every name that is none."""
    assert client.patch("/api/v1/offers/nothing", headers=api, json={}).status_code == 404


def test_gates_are_made_once(client: FlaskClient, api: Headers) -> None:
    """The second one of a slug is a conflict, a wrong slug is not understood."""
    gate = {"slug": "west", "name": {"de": "Westtor", "en": "West gate"}}
    assert client.post("/api/v1/gates", headers=api, json=gate).json == gate
    listed = client.get("/api/v1/gates", headers=api).json
    assert listed == {"items": [gate], "next_cursor": None}
    again = client.post("/api/v1/gates", headers=api, json=gate)
    assert (again.status_code, again.json and again.json["type"]) == (
        409,
        "urn:einlass:problem:gate_exists",
    )
    wrong = client.post("/api/v1/gates", headers=api, json=gate | {"slug": "West"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "6053-01-01", "9999-12-31"])
def test_an_offer_at_the_edge_of_the_calendar_is_refused(
    client: FlaskClient, api: Headers, museum: None, field: str, day: str
) -> None:
    """422 with the field, instead of a fault at its first ticket."""
    del museum
    answer = client.post("/api/v1/offers", headers=api, json=FULL | {field: day})
    assert answer.status_code == 422
    assert answer.json is not None
    assert {"field": field, "problem": "range"} in answer.json["errors"]


def test_a_conflict_says_a_sentence(client: FlaskClient, api: Headers, museum: None) -> None:
    """The detail of a 409 is for people."""
    del museum
    body = {"slug": "day", "name": NAME}
    answer = client.post("/api/v1/offers", headers=api, json=body)
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:offer_exists"
    assert answer.json["detail"] == "There is an offer of this slug or number."
