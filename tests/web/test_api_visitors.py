"""/visitors, /messages and /stats as other programs call them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import HOLDER, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from tests.web.talking import Talk
from tests.web.test_api_scans import a_scan
from ticketing.domain.ids import VisitorId
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store import schema
from ticketing.store.unit import Store

NOBODY = "0" * 32


@pytest.fixture(name="visitor")
def _visitor(store: Store, talk: Talk, museum: None) -> str:
    """The id of somebody who has opened the chat."""
    del museum
    talk.start()
    with store.unit() as unit:
        raw: bytes = unit.run(select(schema.visitors.c.id)).scalar_one()
    return raw.hex()


@pytest.fixture(name="case")
def _case(store: Store, house: House, visitor: str) -> TicketCase:
    """A ticket of theirs."""
    return with_ticket(store, house, visitor=VisitorId(bytes.fromhex(visitor)))


def test_a_visitor_is_shown_exported_and_erased(
    client: FlaskClient, api: Headers, visitor: str, case: TicketCase
) -> None:
    """Afterwards nothing of them is found."""
    del case
    path = f"/api/v1/visitors/{visitor}"
    shown = client.get(path, headers=api)
    assert shown.json is not None
    assert (shown.json["id"], shown.json["lang"], shown.json["consents"]) == (visitor, "de", {})
    assert HOLDER not in shown.text
    exported = client.post(f"{path}/export", headers=api).json
    assert exported is not None
    assert exported["tickets"][0]["holder"] == HOLDER
    assert exported["messages"]
    assert (exported["codes"], exported["redemptions"]) == ([], [])
    erased = client.post(f"{path}/erase", headers=api).json
    assert erased is not None
    assert (erased["tickets"], erased["identities"]) == (1, 1)
    assert client.get(path, headers=api).status_code == 404


def test_a_repeated_erasure_gets_the_same_answer(
    client: FlaskClient, api: Headers, visitor: str
) -> None:
    """With an Idempotency-Key; without one there is nobody left."""
    path, headers = f"/api/v1/visitors/{visitor}/erase", api | {"Idempotency-Key": "one"}
    first, again = (client.post(path, headers=headers) for _ in "ab")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert client.post(path, headers=api).status_code == 404


@pytest.mark.parametrize("text", [NOBODY, "x", "Ä" * 32, "0" * 31, "A" * 32])
@pytest.mark.parametrize("call", ["", "/export", "/erase"])
def test_nobody_is_404(client: FlaskClient, api: Headers, text: str, call: str) -> None:
    """An id that is none and one that nobody has are the same answer."""
    method = "POST" if call else "GET"
    answer = client.open(f"/api/v1/visitors/{text}{call}", method=method, headers=api)
    assert answer.status_code == 404


def test_an_answer_and_a_ticket_go_out(
    client: FlaskClient, api: Headers, talk: Talk, visitor: str, case: TicketCase
) -> None:
    """202 with the message's id; the visitor sees both."""
    for body in (
        {"kind": "text", "purpose": "answer", "text": "Ja, um drei."},
        {"kind": "ticket", "ticket": case.ticket.id.hex()},
    ):
        answer = client.post("/api/v1/messages", headers=api, json={"visitor": visitor} | body)
        assert answer.status_code == 202
        assert answer.json is not None
        assert answer.json["message"].isdigit()
    talk.deliver()
    shown = client.get(f"/api/v1/visitors/{visitor}", headers=api).json
    assert shown is not None
    assert "Ja, um drei." in str(talk.items())


def test_a_message_by_identity_reaches_that_address(
    client: FlaskClient, api: Headers, talk: Talk, visitor: str
) -> None:
    """For those with more than one."""
    shown = client.get(f"/api/v1/visitors/{visitor}", headers=api).json
    assert shown is not None
    body = {"kind": "text", "purpose": "answer", "text": "Hier."}
    to = {"identity": shown["identities"][0]["id"]}
    assert client.post("/api/v1/messages", headers=api, json=to | body).status_code == 202
    talk.deliver()
    assert "Hier." in str(talk.items())


@pytest.mark.parametrize(
    "body",
    [{"kind": "text", "text": "Neu"}, {"kind": "code", "code": "FEST-7K2M", "text": "Für Sie"}],
)
def test_news_and_codes_need_consent(
    client: FlaskClient, api: Headers, visitor: str, body: dict[str, Any]
) -> None:
    """409 with the reason; the words are not repeated."""
    answer = client.post("/api/v1/messages", headers=api, json={"visitor": visitor} | body)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:no_consent"
    assert "FEST" not in answer.text


def test_an_answer_after_a_day_is_refused(
    client: FlaskClient, api: Headers, visitor: str, clock: FrozenClock
) -> None:
    """409 `window_closed`."""
    clock.tick(days=2)
    body = {"visitor": visitor, "kind": "text", "purpose": "answer", "text": "Spät"}
    answer = client.post("/api/v1/messages", headers=api, json=body)
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:window_closed"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "text", "text": "x"},
        {"visitor": NOBODY, "identity": NOBODY, "kind": "text", "text": "x"},
        {"visitor": NOBODY, "kind": "text"},
        {"visitor": NOBODY, "kind": "text", "text": "x", "code": "ABCD"},
        {"visitor": NOBODY, "kind": "ticket", "ticket": "0" * 30, "text": "x"},
        {"visitor": NOBODY, "kind": "code", "text": "x"},
        {"visitor": NOBODY, "kind": "code", "code": "ABCD", "purpose": "news"},
        {"visitor": None, "kind": "text", "text": "x"},
        {"visitor": NOBODY, "kind": "letter", "text": "x"},
        {"visitor": NOBODY, "kind": "text", "text": "x" * 2001},
    ],
)
def test_a_message_of_another_shape_is_refused(
    client: FlaskClient, api: Headers, body: dict[str, Any]
) -> None:
    """Each kind has its own fields, and exactly one receiver."""
    assert client.post("/api/v1/messages", headers=api, json=body).status_code == 422


def test_a_message_to_nobody_is_404(client: FlaskClient, api: Headers) -> None:
    """Nothing is queued."""
    body = {"visitor": NOBODY, "kind": "text", "text": "x"}
    assert client.post("/api/v1/messages", headers=api, json=body).status_code == 404


def test_figures_of_today_are_told(
    client: FlaskClient, api: Headers, station: Headers, store: Store, house: House
) -> None:
    """One entry: in its hour, and inside since."""
    body = a_scan(with_ticket(store, house).barcode)
    assert client.post("/api/v1/scans", headers=station, json=body).status_code == 201
    entries = client.get("/api/v1/stats/entries?step=day", headers=api).json
    assert entries == {
        "items": [
            {
                "from": "2026-10-04T00:00:00+02:00",
                "until": "2026-10-05T00:00:00+02:00",
                "entries": 1,
                "exits": 0,
                "refused": 0,
                "by_hand": 0,
            }
        ],
        "next_cursor": None,
    }
    inside = client.get("/api/v1/stats/occupancy?from=2026-10-04&to=2026-10-04", headers=api).json
    assert inside is not None
    assert inside["items"][-1] == {
        "from": "2026-10-04T14:00:00+02:00",
        "until": "2026-10-04T15:00:00+02:00",
        "inside": 1,
        "highest": 1,
    }
