"""Every list pages the same way, to its very end."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import with_gates, with_offer, with_station, with_tickets
from tests.web.conftest import Headers
from ticketing.service import webhooks
from ticketing.service.ports import House
from ticketing.store.unit import Store

LISTS = {"gates": 7, "offers": 5, "stations": 4, "webhooks": 3, "tickets": 6}
SEARCH = {"holder": "Kowalewski"}


@pytest.fixture(name="full")
def _full(store: Store, house: House) -> None:
    """Some of everything."""
    with_gates(store, house, "sued", "nord", "a", "b", "c", "d", "z-9")
    for number in range(7, 12):
        with_offer(store, house, slug="day" if number == 7 else f"o{number}", number=number)
    for name in ("one", "two", "three", "four"):
        with_station(store, house, name=name)
    for name in ("a", "b", "c"):
        with store.unit() as unit:
            webhooks.register(unit, house, url=f"https://{name}.example/", events=())
    with_tickets(store, house, 6)


def walk(ask: Callable[[dict[str, Any]], Any], limit: int) -> list[Any]:
    """All items of a list, page by page."""
    items: list[Any] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        page = ask(asked)
        assert set(page) == {"items", "next_cursor"}
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        assert len(page["items"]) == limit
        asked = {"limit": limit, "cursor": page["next_cursor"]}


def unsigned(items: list[Any]) -> list[Any]:
    """Without the links: those of a ticket carry the second in which they were signed."""
    return [{name: value for name, value in one.items() if name != "links"} for one in items]


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
@pytest.mark.parametrize("name", LISTS)
def test_pages_together_are_the_list(
    client: FlaskClient, api: Headers, full: None, name: str, limit: int
) -> None:
    """Each item once, in the same order, whatever the size of a page."""
    del full

    def ask(query: dict[str, Any]) -> Any:
        return client.get(f"/api/v1/{name}", headers=api, query_string=query).json

    found = unsigned(walk(ask, limit))
    assert len(found) == LISTS[name]
    assert found == unsigned(ask({"limit": 200})["items"])
    assert len({str(item) for item in found}) == len(found)


@pytest.mark.parametrize("limit", [1, 4, 200])
def test_a_search_pages_in_its_body(
    client: FlaskClient, api: Headers, full: None, limit: int
) -> None:
    """No name stands in an address, on the second page neither."""
    del full

    def ask(query: dict[str, Any]) -> Any:
        return client.post("/api/v1/tickets/search", headers=api, json=SEARCH | query).json

    assert len(walk(ask, limit)) == LISTS["tickets"]


@pytest.mark.parametrize("name", [*LISTS, "conflicts", "stats/entries", "offers/day/slots"])
@pytest.mark.parametrize(
    "query", [{"cursor": "Kowalewski"}, {"limit": 0}, {"limit": 5000}, {"page": 2}]
)
def test_a_page_that_is_none_is_refused(
    client: FlaskClient, api: Headers, full: None, name: str, query: dict[str, Any]
) -> None:
    """A cursor that was not given out, a size out of range, a word nobody knows."""
    del full
    answer = client.get(f"/api/v1/{name}", headers=api, query_string=query)
    assert answer.status_code == 422, name
    assert "Kowalewski" not in answer.text
