"""/counts: people without a ticket."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Headers
from ticketing.domain.accounts import Scope

PATH = "/api/v1/counts"
CLASS = {"gate": "sued", "delta": 25, "reason": "Schulklasse"}

pytestmark = pytest.mark.usefixtures("museum")


def test_people_without_a_ticket_are_counted(client: FlaskClient, api: Headers) -> None:
    """201 with the count and people inside."""
    answer = client.post(PATH, headers=api, json=CLASS)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json | CLASS == answer.json
    assert (answer.json["inside"], len(answer.json["id"])) == (25, 32)
    assert answer.json["at"]


def test_inside_is_never_shown_below_nobody(client: FlaskClient, api: Headers) -> None:
    """A correction may be wrong as well."""
    answer = client.post(PATH, headers=api, json=CLASS | {"delta": -3})
    assert answer.json is not None
    assert answer.json["inside"] == 0


def test_a_count_that_is_sent_twice_counts_once(client: FlaskClient, api: Headers) -> None:
    """The `Idempotency-Key` as for other writes."""
    headers = api | {"Idempotency-Key": "class-7"}
    first, again = (client.post(PATH, headers=headers, json=CLASS) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    after = client.post(PATH, headers=api, json=CLASS | {"delta": 1}).json
    assert after is not None
    assert after["inside"] == 26


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gate", "nowhere"),
        ("gate", None),
        ("delta", 0),
        ("delta", "3"),
        ("delta", 1.5),
        ("delta", True),
        ("delta", 10_001),
        ("reason", ""),
        ("reason", "  "),
        ("reason", "x" * 501),
        ("by", "me"),
    ],
)
def test_a_wrong_count_is_refused(
    client: FlaskClient, api: Headers, field: str, value: Any
) -> None:
    """422 with the field; nobody is inside by it."""
    answer = client.post(PATH, headers=api, json=CLASS | {field: value})
    assert answer.status_code == 422
    after = client.post(PATH, headers=api, json=CLASS | {"delta": 1}).json
    assert after is not None
    assert after["inside"] == 1


def test_counting_needs_the_scope(
    client: FlaskClient, key: Callable[..., Headers], station: Headers
) -> None:
    """Another key may not, and a station journals its counts instead."""
    assert client.post(PATH, headers=key(Scope.SCANS_READ), json=CLASS).status_code == 403
    assert client.post(PATH, headers=station, json=CLASS).status_code == 403
    assert client.post(PATH, headers=key(Scope.SCANS_WRITE), json=CLASS).status_code == 201
