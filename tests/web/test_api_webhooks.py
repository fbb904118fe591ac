"""/webhooks: registered, shown, tried, taken away; the secret is shown once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import with_ticket
from tests.fakes import START, FrozenClock
from tests.receivers import Receiver
from tests.web.conftest import Headers
from ticketing.courier import Courier
from ticketing.domain.events import EventName
from ticketing.service.ports import House
from ticketing.store.unit import Store

ROOT = Path(__file__).resolve().parents[2]
URL = "https://receiver.example/hook"


@pytest.fixture(name="made")
def _made(client: FlaskClient, api: Headers) -> dict[str, Any]:
    answer = client.post("/api/v1/webhooks", headers=api, json={"url": URL})
    assert answer.status_code == 201
    body: dict[str, Any] = json.loads(answer.text)
    return body


def test_a_receiver_is_registered_and_its_secret_is_shown_once(
    client: FlaskClient, api: Headers, made: dict[str, Any]
) -> None:
    """256 bits; the list does not have it."""
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert (made["state"], made["events"]) == ("active", [])
    listed = client.get("/api/v1/webhooks", headers=api)
    assert listed.json is not None
    assert [one["id"] for one in listed.json["items"]] == [made["id"]]
    assert "secret" not in listed.json["items"][0]
    assert made["secret"] not in listed.text


def test_a_repeated_registration_gets_the_same_answer(client: FlaskClient, api: Headers) -> None:
    """A lost answer does not make a second receiver."""
    headers = api | {"Idempotency-Key": "one"}
    answers = [client.post("/api/v1/webhooks", headers=headers, json={"url": URL}) for _ in "ab"]
    assert answers[0].json == answers[1].json
    listed = client.get("/api/v1/webhooks", headers=api).json
    assert listed is not None
    assert len(listed["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "http://receiver.example/"}, "url"),
        ({"url": "https://127.0.0.1/geheim"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": 7}, "url"),
        ({"url": URL, "secret": "whsec_x"}, "secret"),
        ({"url": URL, "events": ["ticket.eaten"]}, "events.0"),
        ({"url": URL, "events": "ticket.issued"}, "events"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    client: FlaskClient, api: Headers, body: dict[str, Any], field: str
) -> None:
    """422, and the address is not repeated."""
    answer = client.post("/api/v1/webhooks", headers=api, json=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert field.split(".", maxsplit=1)[0] in answer.json["errors"][0]["field"]
    assert "geheim" not in answer.text


def test_a_receiver_is_deleted(client: FlaskClient, api: Headers, made: dict[str, Any]) -> None:
    """Twice is 404."""
    address = f"/api/v1/webhooks/{made['id']}"
    assert client.delete(address, headers=api).status_code == 204
    assert client.delete(address, headers=api).status_code == 404
    assert client.get("/api/v1/webhooks", headers=api).json == {"items": [], "next_cursor": None}


def test_a_new_secret_is_another_one(
    client: FlaskClient, api: Headers, made: dict[str, Any]
) -> None:
    """And the answer says until when the old one signs."""
    answer = client.post(f"/api/v1/webhooks/{made['id']}/secret", headers=api).json
    assert answer is not None
    assert answer["secret"] != made["secret"]
    assert answer["old_secret_until"].startswith("2026-10-05T12:00:00")


def test_a_test_is_queued_sent_shown_and_sent_again(
    client: FlaskClient, api: Headers, store: Store, house: House, made: dict[str, Any]
) -> None:
    """The log has status and tries, no body."""
    base = f"/api/v1/webhooks/{made['id']}"
    queued = client.post(f"{base}/test", headers=api)
    assert queued.status_code == 202
    receiver = Receiver()
    Courier(store, house, post=receiver).run_once()
    listed = client.get(f"{base}/deliveries", headers=api).json
    assert listed is not None
    [delivery] = listed["items"]
    assert (delivery["state"], delivery["status"], delivery["tries"]) == ("done", 204, 1)
    assert "body" not in delivery
    again = client.post(f"{base}/deliveries/{delivery['id']}/replay", headers=api)
    assert again.status_code == 202
    Courier(store, house, post=receiver).run_once()
    assert receiver.ids == [delivery["event"]] * 2


@pytest.mark.parametrize("delivery", ["1", "0", "x", "9" * 30, "-1"])
def test_a_delivery_that_is_not_there_is_404(
    client: FlaskClient, api: Headers, made: dict[str, Any], delivery: str
) -> None:
    """Whatever its id looks like."""
    path = f"/api/v1/webhooks/{made['id']}/deliveries/{delivery}/replay"
    assert client.post(path, headers=api).status_code == 404


def test_a_receiver_that_is_off_is_shown_so_and_takes_no_test(
    client: FlaskClient, api: Headers, store: Store, house: House, made: dict[str, Any]
) -> None:
    """409 until it is enabled again."""
    base = f"/api/v1/webhooks/{made['id']}"
    client.post(f"{base}/test", headers=api)
    Courier(store, house, post=Receiver([410])).run_once()
    listed = client.get("/api/v1/webhooks", headers=api).json
    assert listed is not None
    [one] = listed["items"]
    assert (one["state"], one["disabled_why"]) == ("disabled", "gone")
    refused = client.post(f"{base}/test", headers=api)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["type"].endswith("webhook_disabled")
    enabled = client.post(f"{base}/enable", headers=api).json
    assert enabled is not None
    assert enabled["state"] == "active"
    assert client.post(f"{base}/test", headers=api).status_code == 202


def test_the_integrators_example_verifies_what_is_sent(
    store: Store, house: House, museum: None, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document's own lines, run: genuine, changed, of another secret, too old."""
    del museum
    page = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102  our own document
    is_genuine = names["is_genuine"]
    with_ticket(store, house)
    receiver = Receiver()
    Courier(store, house, post=receiver).run_once()
    [request] = receiver.got
    headers, body, secret = dict(request.headers), request.body, made["secret"]
    clock = FrozenClock()
    monkeypatch.setattr("time.time", lambda: clock.now().timestamp())
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body.replace(b"issued", b"revoked"))
    assert not is_genuine(secret, headers | {"webhook-id": "evt_x"}, body)
    assert not is_genuine("whsec_" + "A" * 43 + "=", headers, body)
    assert not is_genuine(secret, headers | {"webhook-timestamp": "now"}, body)
    clock.at = START
    clock.tick(minutes=6)
    assert not is_genuine(secret, headers, body)


def test_the_integrators_page_lists_every_event() -> None:
    """In the order of the code."""
    page = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(name.value for name in EventName)
