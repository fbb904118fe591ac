"""/station/knowledge: the page as JSON, and the ways to begin anew."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.factories import HOLDER, with_ticket
from tests.web.conftest import Headers
from ticketing.domain.accounts import Scope
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.codec import to_base64url
from ticketing.wire.sync_api import KnowledgePage

pytestmark = pytest.mark.usefixtures("museum")
PATH = "/api/v1/station/knowledge"
JOURNAL = to_base64url(bytes(range(16)))


def test_a_station_is_told_what_it_may_know(
    client: FlaskClient, station: Headers, store: Store, house: House
) -> None:
    """Keys and settings come first, rows last, and no name, barcode or short code."""
    case = with_ticket(store, house)
    answer = client.get(PATH, headers=station)
    assert answer.status_code == 200
    page = KnowledgePage.from_json(answer.json)
    assert [row.id for row in page.tickets] == [case.ticket.id]
    assert page.settings.gate == "sued"
    names = list(json.loads(answer.text))
    assert names[-1] == "tickets"
    for secret in (HOLDER, "Kowalewski", case.barcode, case.ticket.short_code):
        assert secret not in answer.text
        assert json.dumps(secret).strip('"') not in answer.text


def test_the_offers_are_those_of_the_contract(
    client: FlaskClient, station: Headers, api: Headers
) -> None:
    """The same objects as `GET /offers`."""
    listed = client.get("/api/v1/offers", headers=api).json
    told = client.get(PATH, headers=station).json
    assert listed is not None
    assert told is not None
    assert told["offers"] == listed["items"]


def test_a_station_goes_on_with_its_cursor(
    client: FlaskClient, station: Headers, store: Store, house: House
) -> None:
    """A page of one, the next one, and then what has changed."""
    ids = {with_ticket(store, house).ticket.id for _ in range(2)}
    asked: dict[str, str] = {"limit": "1", "journal": JOURNAL}
    pages = []
    for _ in range(4):
        page = KnowledgePage.from_json(client.get(PATH, headers=station, query_string=asked).json)
        pages.append(page)
        asked |= {"epoch": page.epoch, "cursor": page.cursor}
    assert {row.id for page in pages for row in page.tickets} == ids
    assert (pages[-1].more, pages[-1].tickets, pages[-1].acked) == (False, (), 0)


@pytest.mark.parametrize(
    "asked", [{"epoch": "x", "cursor": "y"}, {"cursor": "y"}, {"epoch": "0" * 16}]
)
def test_an_unknown_cursor_is_gone(
    client: FlaskClient, station: Headers, asked: dict[str, str]
) -> None:
    """410, which means: load everything anew."""
    answer = client.get(PATH, headers=station, query_string=asked)
    assert answer.status_code == 410
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["type"] == "urn:einlass:problem:gone"


@pytest.mark.parametrize(
    "asked", [{"limit": "0"}, {"limit": "5001"}, {"journal": "short"}, {"journal": "A" * 21 + "B"}]
)
def test_a_question_that_is_none_is_refused(
    client: FlaskClient, station: Headers, asked: dict[str, str]
) -> None:
    """422, and what was sent is not repeated."""
    answer = client.get(PATH, headers=station, query_string=asked)
    assert answer.status_code == 422


def test_an_api_key_is_told_nothing(client: FlaskClient, key: Callable[..., Headers]) -> None:
    """Not even with every scope: knowledge is for stations."""
    assert client.get(PATH, headers=key(*Scope)).status_code == 403
