"""/tickets/batch and /tickets/search."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import HOLDER
from tests.web.conftest import Headers

BATCH, SEARCH = "/api/v1/tickets/batch", "/api/v1/tickets/search"
ROW = {"offer": "day", "holder": HOLDER}


def _post(
    client: FlaskClient, headers: Headers, url: str, body: object, **more: str
) -> tuple[int, Any]:
    answer = client.post(url, headers=headers | more, json=body)
    return answer.status_code, answer.json


def test_a_batch_answers_every_ticket_in_order(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """Each as the single call would, and each can be looked up."""
    del museum
    rows = [ROW | {"holder": f"Kind {n}"} for n in range(30)]
    status, made = _post(client, api, BATCH, {"tickets": rows})
    assert status == 201
    assert [one["holder"] for one in made["items"]] == [row["holder"] for row in rows]
    one = made["items"][3]
    looked_up: Any = client.get(f"/api/v1/tickets/{one['id']}", headers=api).json
    assert looked_up["barcode"] == one["barcode"]


def test_every_wrong_row_of_a_batch_is_named(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """Index, field and problem; nothing is stored and nothing that was sent is repeated."""
    del museum
    rows = [
        ROW,
        {"offer": "day"},
        ROW | {"offer": "nothing"},
        ROW | {"Kowalewskaja!": 1},
        "no object",
        ROW | {"party": "2"},
        ROW | {"holder": " "},
    ]
    status, problem = _post(client, api, BATCH, {"tickets": rows})
    assert status == 422
    assert [(e["index"], e["field"]) for e in problem["errors"]] == [
        (1, "holder"),
        (2, "offer"),
        (3, ""),
        (4, ""),
        (5, "party"),
        (6, "holder"),
    ]
    assert "Kowalewskaja" not in str(problem)
    listed: Any = client.get("/api/v1/tickets", headers=api).json
    assert listed["items"] == []


@pytest.mark.parametrize("body", [{}, {"tickets": []}, {"tickets": {}}, {"tickets": [1] * 10_001}])
def test_a_batch_has_one_to_ten_thousand_rows(
    client: FlaskClient, api: Headers, museum: None, body: object
) -> None:
    """Another number is refused before any row is looked at."""
    del museum
    status, problem = _post(client, api, BATCH, body)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == ["tickets"]


def test_a_batch_sent_twice_with_one_key_is_issued_once(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """The answer that got lost is given again."""
    del museum
    key = {"Idempotency-Key": "b-1"}
    _, first = _post(client, api, BATCH, {"tickets": [ROW] * 5}, **key)
    _, again = _post(client, api, BATCH, {"tickets": [ROW] * 5}, **key)
    assert first == again
    listed: Any = client.get("/api/v1/tickets", headers=api).json
    assert len(listed["items"]) == 5


def test_a_batch_may_be_larger_than_other_calls(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """Two megabytes are read here and refused elsewhere; nine are too many."""
    del museum
    row = ROW | {"holder": "x" * 1000}
    assert _post(client, api, BATCH, {"tickets": [row] * 2000})[0] == 422
    assert _post(client, api, SEARCH, {"holder": "x" * 2_000_000})[0] == 413
    assert _post(client, api, BATCH, {"tickets": [row] * 9000})[0] == 413


def test_a_program_finds_tickets_with_their_barcodes(
    client: FlaskClient, api: Headers, museum: None
) -> None:
    """By name, by reference, by short code."""
    del museum
    _, made = _post(client, api, "/api/v1/tickets", ROW | {"reference": "R 1"})
    code = made["short_code"].lower().replace("-", " ")
    for wanted in ({"holder": "JORDIS"}, {"reference": "R 1"}, {"short_code": code}):
        status, found = _post(client, api, SEARCH, wanted)
        assert status == 200
        assert [one["barcode"] for one in found["items"]] == [made["barcode"]]


def test_a_station_finds_what_the_desk_needs_and_nothing_that_opens_a_door(
    client: FlaskClient, api: Headers, station: Headers
) -> None:
    """No barcode, no link, no reference."""
    _, made = _post(client, api, "/api/v1/tickets", ROW | {"reference": "R 1"})
    status, found = _post(client, station, SEARCH, {"holder": "kowalew"})
    assert status == 200
    [one] = found["items"]
    assert set(one) == {
        "id",
        "holder",
        "offer",
        "offer_name",
        "party",
        "state",
        "short_code",
        "valid_from",
        "valid_until",
    }
    assert (one["id"], one["state"]) == (made["id"], "valid")


@pytest.mark.parametrize("wanted", [{"holder": "ko"}, {"visitor": "0" * 32}, {}, {"name": "x"}])
def test_a_station_s_search_needs_three_letters(
    client: FlaskClient, station: Headers, wanted: dict[str, str]
) -> None:
    """A stolen gate PC does not leaf through the visitors."""
    assert _post(client, station, SEARCH, wanted)[0] == 422


@pytest.mark.parametrize("wanted", [{"holder": "a", "reference": "b"}, {"cursor": "x"}])
def test_a_search_looks_for_one_thing(
    client: FlaskClient, api: Headers, wanted: dict[str, str]
) -> None:
    """Two things or none are refused."""
    assert _post(client, api, SEARCH, wanted)[0] == 422


def test_a_list_shows_a_used_ticket_as_used_up(
    client: FlaskClient, api: Headers, station: Headers
) -> None:
    """Use is seen in lists and searches as in the ticket itself."""
    _, made = _post(client, api, "/api/v1/tickets", ROW)
    scan = {
        "scan_id": "0" * 32,
        "barcode": made["barcode"],
        "direction": "entry",
        "scanned_at": "2026-10-04T14:00:00+02:00",
    }
    assert _post(client, station, "/api/v1/scans", scan)[0] == 201
    listed: Any = client.get("/api/v1/tickets", headers=api).json
    _, found = _post(client, station, SEARCH, {"holder": HOLDER})
    assert listed["items"][0]["state"] == found["items"][0]["state"] == "used_up"
