"""/scans: what a station may ask."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import a_scan_id, with_offer, with_ticket
from tests.fakes import START, FrozenClock
from tests.web.conftest import Headers
from ticketing.domain.accounts import Scope
from ticketing.service.ports import House
from ticketing.store.unit import Store

PATH = "/api/v1/scans"


@pytest.fixture
def barcode(store: Store, house: House, station: Headers) -> str:
    """The barcode of a ticket for the offer `day`."""
    del station
    return with_ticket(store, house).barcode


def a_scan(barcode: str, **fields: Any) -> dict[str, Any]:
    """A scan as a station sends it."""
    plain = {"scan_id": a_scan_id(), "barcode": barcode, "scanned_at": START.isoformat()}
    return plain | {"direction": "entry"} | fields


def test_a_good_ticket_is_admitted(client: FlaskClient, station: Headers, barcode: str) -> None:
    """201 with every field of the contract."""
    answer = client.post(PATH, headers=station, json=a_scan(barcode))
    assert answer.status_code == 201
    said = answer.json
    assert said is not None
    assert (said["verdict"], said["reason"], said["basis"]) == ("admit", "ok", "online")
    assert said["remaining"] == {"uses": 0, "people": 0}
    assert (said["checks"], said["code"], said["inside"]) == ([], None, 1)
    assert said["ticket"]["holder"] == "Jördis Kowalewski"
    assert set(said) >= {"text", "first_use", "until", "evidence", "scan_id"}


def test_the_same_scan_again_is_200(client: FlaskClient, station: Headers, barcode: str) -> None:
    """A lost answer may be asked for again: the outcome is the same."""
    sent = a_scan(barcode)
    first = client.post(PATH, headers=station, json=sent)
    again = client.post(PATH, headers=station, json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert client.get(f"{PATH}/{sent['scan_id']}", headers=station).json == first.json


def test_another_barcode_under_the_same_id_is_a_conflict(
    client: FlaskClient, store: Store, house: House, station: Headers, barcode: str
) -> None:
    """409 `scan_id_reused`."""
    sent = a_scan(barcode)
    client.post(PATH, headers=station, json=sent)
    other = with_ticket(store, house).barcode
    answer = client.post(PATH, headers=station, json=sent | {"barcode": other})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["type"].endswith("scan_id_reused")
    assert answer.json["detail"]


def test_a_used_ticket_says_when_and_where(
    client: FlaskClient, station: Headers, barcode: str
) -> None:
    """A refusal is an outcome, not an error; its text is in the language asked for."""
    client.post(PATH, headers=station, json=a_scan(barcode))
    answer = client.post(f"{PATH}?lang=en", headers=station, json=a_scan(barcode, gate="sued"))
    assert answer.status_code == 201
    said = answer.json
    assert said is not None
    assert (said["verdict"], said["reason"]) == ("refuse", "already_used")
    assert said["first_use"]["gate"] == "sued"
    assert "14:00" in said["text"]
    assert "used" in said["text"].lower()


def test_a_text_of_others_is_answered_and_not_stored(client: FlaskClient, station: Headers) -> None:
    """200 `foreign`, and no scan is to be found."""
    sent = a_scan("https://example.org/")
    answer = client.post(PATH, headers=station, json=sent)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["reason"] == "foreign"
    assert client.get(f"{PATH}/{sent['scan_id']}", headers=station).status_code == 404


def test_a_question_stores_nothing(client: FlaskClient, station: Headers, barcode: str) -> None:
    """Direction `check`."""
    sent = a_scan(barcode, direction="check")
    assert client.post(PATH, headers=station, json=sent).status_code == 200
    assert client.get(f"{PATH}/{sent['scan_id']}", headers=station).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scan_id", "7"),
        ("scan_id", "G" * 32),
        ("barcode", 7),
        ("barcode", "x" * 5000),
        ("direction", "up"),
        ("scanned_at", "2026-10-04T14:00:00"),
        ("scanned_at", 1791115200),
        ("scanned_at", None),
        ("people", 0),
        ("people", 256),
        ("gate", "nowhere"),
        ("lang", "de"),
    ],
)
def test_a_wrong_scan_is_refused(
    client: FlaskClient, station: Headers, barcode: str, field: str, value: Any
) -> None:
    """422, and the barcode is not in the answer."""
    answer = client.post(PATH, headers=station, json=a_scan(barcode) | {field: value})
    assert answer.status_code == 422
    assert barcode not in answer.text


@pytest.mark.parametrize("field", ["scan_id", "gate"])
def test_no_scan_id_and_no_such_gate_are_errors_of_their_field(
    client: FlaskClient, station: Headers, barcode: str, field: str
) -> None:
    """422 that names the field, and nobody is in."""
    sent = a_scan(barcode, gate="nowhere")
    if field == "scan_id":
        sent = a_scan(barcode)
        del sent["scan_id"]
    answer = client.post(PATH, headers=station, json=sent)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [one["field"] for one in answer.json["errors"]] == [field]
    said = client.post(PATH, headers=station, json=a_scan(barcode)).json
    assert said is not None
    assert (said["verdict"], said["inside"]) == ("admit", 1)


def test_an_idempotency_key_is_not_used_here(
    client: FlaskClient, station: Headers, barcode: str
) -> None:
    """`scan_id` is it: another scan under the same key is another scan."""
    headers = station | {"Idempotency-Key": "same"}
    first = client.post(PATH, headers=headers, json=a_scan(barcode)).json
    second = client.post(PATH, headers=headers, json=a_scan(barcode)).json
    assert first is not None
    assert second is not None
    assert (first["verdict"], second["verdict"]) == ("admit", "refuse")


@pytest.fixture
def pending(client: FlaskClient, store: Store, house: House, station: Headers) -> str:
    """A scan that waits for staff: a reduced ticket needs its proof."""
    with_offer(store, house, slug="reduced", number=9, proof=True)
    sent = a_scan(with_ticket(store, house, offer="reduced").barcode)
    answer = client.post(PATH, headers=station, json=sent).json
    assert answer is not None
    assert (answer["verdict"], answer["checks"]) == ("attention", ["proof"])
    assert answer["until"]
    return str(sent["scan_id"])


def test_staff_confirm(client: FlaskClient, station: Headers, pending: str) -> None:
    """Once and again; the opposite is too late then."""
    for _ in range(2):
        answer = client.post(
            f"{PATH}/{pending}/confirm", headers=station, json={"checks": ["proof"], "by": "AD"}
        )
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["verdict"] == "admit"
    late = client.post(f"{PATH}/{pending}/decline", headers=station, json={})
    assert late.status_code == 409
    assert late.json is not None
    assert late.json["type"].endswith("already_resolved")


def test_staff_decline(client: FlaskClient, station: Headers, pending: str) -> None:
    """The ticket stays unused, and a confirm is too late."""
    answer = client.post(
        f"{PATH}/{pending}/decline", headers=station, json={"why": "kein Nachweis"}
    )
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["verdict"], answer.json["reason"]) == ("refuse", "declined")
    late = client.post(f"{PATH}/{pending}/confirm", headers=station, json={"checks": ["proof"]})
    assert late.status_code == 409


def test_a_confirm_after_five_minutes_is_too_late(
    client: FlaskClient, station: Headers, pending: str, clock: FrozenClock
) -> None:
    """409 `lapsed`: scan again."""
    clock.tick(minutes=6)
    answer = client.post(f"{PATH}/{pending}/confirm", headers=station, json={"checks": ["proof"]})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["type"].endswith("lapsed")


@pytest.mark.parametrize("checks", [[], ["payment"], ["looks"], "proof"])
def test_every_check_has_to_be_made(
    client: FlaskClient, station: Headers, pending: str, checks: Any
) -> None:
    """A confirm that leaves one out admits nobody."""
    answer = client.post(f"{PATH}/{pending}/confirm", headers=station, json={"checks": checks})
    assert answer.status_code == 422


@pytest.mark.parametrize("scan_id", ["x", "0" * 32, "A" * 32, "ä" * 32])
def test_an_unknown_scan_is_404(client: FlaskClient, station: Headers, scan_id: str) -> None:
    """To look at, to confirm, to decline."""
    path = f"{PATH}/{scan_id}"
    assert client.get(path, headers=station).status_code == 404
    confirmed = client.post(f"{path}/confirm", headers=station, json={"checks": []})
    declined = client.post(f"{path}/decline", headers=station, json={})
    assert (confirmed.status_code, declined.status_code) == (404, 404)


def test_an_api_key_may_ask_what_became_of_a_scan(
    client: FlaskClient, station: Headers, key: Callable[..., Headers], barcode: str
) -> None:
    """With the scope for it; another key may not, and no key may scan."""
    sent = a_scan(barcode)
    client.post(PATH, headers=station, json=sent)
    path = f"{PATH}/{sent['scan_id']}"
    told = client.get(path, headers=key(Scope.SCANS_READ)).json
    assert told is not None
    assert told["reason"] == "ok"
    assert client.get(path, headers=key(Scope.TICKETS_READ)).status_code == 403
    assert client.post(PATH, headers=key(Scope.SCANS_READ), json=sent).status_code == 403


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59+00:00",
        "2100-01-01T00:00:01+00:00",
    ],
)
def test_a_scan_at_the_edge_of_the_calendar_is_refused(
    client: FlaskClient, station: Headers, barcode: str, at: str
) -> None:
    """422 with the field: once stored, such a time would break every reader."""
    sent = a_scan(barcode, scanned_at=at)
    answer = client.post(PATH, headers=station, json=sent)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == ["scanned_at"]
    assert client.get(f"{PATH}/{sent['scan_id']}", headers=station).status_code == 404


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"])
def test_a_scan_by_a_wrong_clock_is_still_kept(
    client: FlaskClient, station: Headers, barcode: str, at: str
) -> None:
    """A station without a battery begins long ago: judged, stored and shown."""
    sent = a_scan(barcode, scanned_at=at)
    assert client.post(PATH, headers=station, json=sent).status_code in {200, 201}
    assert client.get(f"{PATH}/{sent['scan_id']}", headers=station).status_code == 200
