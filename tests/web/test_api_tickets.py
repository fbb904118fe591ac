"""/tickets."""

from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image

from tests.factories import HOLDER, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire import token

pytestmark = pytest.mark.usefixtures("museum")
PATH = "/api/v1/tickets"


def issue(client: FlaskClient, api: Headers, **fields: Any) -> dict[str, Any]:
    """Issue a ticket by the API."""
    answer = client.post(PATH, headers=api, json={"offer": "day", "holder": HOLDER} | fields)
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    made: dict[str, Any] = answer.json
    return made


def test_a_ticket_has_every_field_of_the_contract(
    client: FlaskClient, api: Headers, house: House
) -> None:
    """And its barcode is signed."""
    made = issue(client, api, reference="Bestellung 7")
    assert made["holder"] == HOLDER
    assert (made["offer"], made["issue"], made["party"], made["entries"]) == ("day", 0, 1, 1)
    assert made["valid_from"] == "2026-10-04T00:00:00+02:00"
    assert made["valid_until"] == "2026-10-05T00:00:00+02:00"
    assert (made["state"], made["reference"]) == ("valid", "Bestellung 7")
    assert (made["moves"], made["scans"]) == ([], [])
    assert token.verify(made["barcode"], house.signer.ring()).claims.ticket_id.hex() == made["id"]
    found = client.get(f"{PATH}/{made['id']}", headers=api).get_json()
    pages = [one["links"].pop("page") for one in (made, found)]  # each is signed with its second
    assert found == made
    for page in pages:
        assert client.get(urlsplit(page).path).status_code == 200


def test_links_lead_to_what_exists(client: FlaskClient, api: Headers) -> None:
    """Each link answers."""
    links = issue(client, api)["links"]
    assert set(links) == {"barcode_png", "card_png", "page"}
    for address in links.values():
        path = address.removeprefix("https://tickets.example")
        assert client.get(path, headers=api).status_code == 200


def test_the_pictures_hold_the_barcode(client: FlaskClient, api: Headers) -> None:
    """A reader reads from both what the API says."""
    made = issue(client, api)
    for name in ("barcode.png", "card.png", "card.png?lang=en"):
        answer = client.get(f"{PATH}/{made['id']}/{name}", headers=api)
        assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/png", "no-store")
        [found] = zxingcpp.read_barcodes(Image.open(BytesIO(answer.data)))
        assert found.text == made["barcode"]


def test_a_ticket_may_be_for_another_day(client: FlaskClient, api: Headers) -> None:
    """`on` is a local date."""
    made = issue(client, api, on="2026-10-25")
    assert made["valid_from"] == "2026-10-25T00:00:00+02:00"
    assert made["valid_until"] == "2026-10-26T00:00:00+01:00"


def test_paid_may_be_said(client: FlaskClient, api: Headers, store: Store, house: House) -> None:
    """A ticket to be paid at the desk is unpaid unless the caller took the money."""
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    assert issue(client, api, offer="paid")["state"] == "unpaid"
    assert issue(client, api, offer="paid", paid=True)["state"] == "valid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offer", "nothing"),
        ("offer", None),
        ("holder", ""),
        ("holder", "\u202e\u202e"),
        ("holder", "x" * 101),
        ("holder", 7),
        ("on", "2026-10-03"),
        ("on", "04.10.2026"),
        ("on", 20261004),
        ("on", "0001-01-01"),
        ("on", "6053-01-01"),
        ("on", "9999-12-31"),
        ("party", 2),
        ("party", 0),
        ("party", "1"),
        ("visitor", "nobody"),
        ("reference", "x" * 101),
        ("paid", "no"),
        ("surprise", 1),
    ],
)
def test_a_wrong_order_is_refused_by_field(
    client: FlaskClient, api: Headers, field: str, value: Any
) -> None:
    """422 with the field; an unknown one by its name if that is a plain word."""
    order = {"offer": "day", "holder": HOLDER} | {field: value}
    answer = client.post(PATH, headers=api, json=order)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert HOLDER not in answer.text


def test_an_offer_that_rests_sells_nothing(
    client: FlaskClient, api: Headers, store: Store, house: House
) -> None:
    """The state of things forbids it: 409."""
    with_offer(store, house, slug="rest", number=9, active=False)
    answer = client.post(PATH, headers=api, json={"offer": "rest", "holder": HOLDER})
    assert answer.status_code == 409


@pytest.mark.parametrize("ticket", ["x", "00" * 15, "00" * 14, "AA" * 15, "ä", "0" * 5000])
@pytest.mark.parametrize("tail", ["", "/barcode.png", "/card.png"])
def test_an_unknown_ticket_is_404(
    client: FlaskClient, api: Headers, ticket: str, tail: str
) -> None:
    """Whatever stands in the address."""
    assert client.get(f"{PATH}/{ticket}{tail}", headers=api).status_code == 404


def test_a_list_pages_to_its_end(
    client: FlaskClient, api: Headers, store: Store, house: House, clock: FrozenClock
) -> None:
    """Newest first, each ticket once."""
    made = []
    for n in range(5):
        made.append(with_ticket(store, house, holder=f"Gast {n}").ticket.id.hex())
        clock.tick(seconds=1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get(PATH, headers=api, query_string=query).json
        assert page is not None
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


def test_a_list_may_be_narrowed(
    client: FlaskClient, api: Headers, store: Store, house: House
) -> None:
    """By offer and by stored state."""
    with_offer(store, house, slug="other", number=9)
    first = with_ticket(store, house).ticket.id.hex()
    second = with_ticket(store, house, offer="other").ticket.id.hex()
    client.post(f"{PATH}/{first}/revoke", headers=api, json={})

    def ids(**query: str) -> list[str]:
        page = client.get(PATH, headers=api, query_string=query).json
        assert page is not None
        return [item["id"] for item in page["items"]]

    assert ids(offer="other") == [second]
    assert ids(state="revoked") == [first]
    assert ids(offer="other", state="revoked") == []


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "x"}, {"state": "lost"},
              {"cursor": "f" * 12 + "-" + "0" * 30}, {"name": "x"}]
)  # fmt: skip
def test_a_wrong_query_is_refused(client: FlaskClient, api: Headers, query: dict[str, str]) -> None:
    """Limits, cursors and states are checked, and a search by name does not exist here."""
    assert client.get(PATH, headers=api, query_string=query).status_code == 422


def test_a_ticket_is_taken_back_once(client: FlaskClient, api: Headers) -> None:
    """Again changes nothing; the reason stays inside."""
    made = issue(client, api)
    for _ in range(2):
        answer = client.post(
            f"{PATH}/{made['id']}/revoke", headers=api, json={"reason": "doppelt bezahlt"}
        )
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["state"] == "revoked"
        assert "doppelt" not in answer.text


def test_what_is_not_there_cannot_be_taken_back(client: FlaskClient, api: Headers) -> None:
    """404 for an unknown id, 422 for an endless reason."""
    unknown = client.post(f"{PATH}/{'00' * 15}/revoke", headers=api, json={})
    assert unknown.status_code == 404
    made = issue(client, api)
    long = client.post(f"{PATH}/{made['id']}/revoke", headers=api, json={"reason": "x" * 600})
    assert long.status_code == 422


def test_a_past_ticket_is_shown_as_expired(
    client: FlaskClient, api: Headers, clock: FrozenClock
) -> None:
    """Derived states are shown, and never stored."""
    made = issue(client, api, on=date(2026, 10, 4).isoformat())
    clock.tick(days=2)
    found = client.get(f"{PATH}/{made['id']}", headers=api).json
    assert found is not None
    assert found["state"] == "expired"


def state_after(client: FlaskClient, api: Headers, ticket: str, action: str) -> str | int:
    """The state that an action leads to, or the status of its refusal."""
    answer = client.post(f"{PATH}/{ticket}/{action}", headers=api)
    return (
        str(answer.json["state"])
        if answer.json and answer.status_code == 200
        else answer.status_code
    )


def test_a_ticket_is_blocked_for_a_while(client: FlaskClient, api: Headers) -> None:
    """And good again afterwards; once taken back it stays so."""
    made = issue(client, api)["id"]
    assert state_after(client, api, made, "block") == "blocked"
    assert state_after(client, api, made, "pay") == 409
    assert state_after(client, api, made, "unblock") == "valid"
    client.post(f"{PATH}/{made}/revoke", headers=api, json={})
    assert [state_after(client, api, made, action) for action in ("block", "unblock")] == [409] * 2


def test_a_ticket_is_paid(client: FlaskClient, api: Headers, store: Store, house: House) -> None:
    """Once and again."""
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    made = issue(client, api, offer="paid")["id"]
    assert [state_after(client, api, made, "pay") for _ in range(2)] == ["valid", "valid"]


def test_a_reissue_has_another_barcode(client: FlaskClient, api: Headers) -> None:
    """The issue counts up; the id stays; the short code is another, too."""
    made = issue(client, api)
    answer = client.post(f"{PATH}/{made['id']}/reissue", headers=api).json
    assert answer is not None
    assert (answer["id"], answer["issue"]) == (made["id"], 1)
    assert answer["barcode"] != made["barcode"]
    assert answer["short_code"] != made["short_code"]


@pytest.mark.parametrize("action", ["block", "unblock", "pay", "reissue"])
def test_an_unknown_ticket_does_not_change(client: FlaskClient, api: Headers, action: str) -> None:
    """404."""
    assert state_after(client, api, "00" * 15, action) == 404
