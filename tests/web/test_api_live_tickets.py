"""POST /scans with live tickets (format 2): 314 characters, or 205 for the head alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask.testing import FlaskClient

from tests.factories import a_scan_id, with_offer, with_ticket
from tests.fakes import START, FrozenClock
from tests.live import OTHER_PHONE, Sign, head_text, live_text
from tests.web.conftest import Headers
from ticketing.domain.offers import Live
from ticketing.domain.tickets import claims
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.token import Claims

PATH = "/api/v1/scans"


def scan(barcode: str) -> dict[str, str]:
    """A scan as a station sends it."""
    return {
        "scan_id": a_scan_id(),
        "barcode": barcode,
        "direction": "entry",
        "scanned_at": START.isoformat(),
    }


@pytest.fixture
def pass_claims(store: Store, house: House, museum: None) -> Claims:
    """The claims of a ticket that has to be shown on a phone."""
    del museum
    with_offer(store, house, slug="pass", number=8, live=Live.REQUIRED)
    return claims(with_ticket(store, house, offer="pass").ticket)


@pytest.fixture
def sign(keys: Path) -> Sign:
    """What the issuer's page will sign with one day."""
    private = load_pem_private_key((keys / "key-1.pem").read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    return private.sign


def test_a_live_ticket_of_314_characters_is_judged(
    client: FlaskClient, station: Headers, pass_claims: Claims, sign: Sign, clock: FrozenClock
) -> None:
    """201 and admitted; the same id again with the next picture is a reused id."""
    first, later = (live_text(pass_claims, sign, clock.at + timedelta(seconds=s)) for s in (0, 5))
    asked = scan(first)
    answer = client.post(PATH, headers=station, json=asked)
    assert (answer.status_code, len(first)) == (201, 314)
    assert answer.json is not None
    assert (answer.json["verdict"], answer.json["reason"]) == ("admit", "ok")
    again = client.post(PATH, headers=station, json=asked | {"barcode": later})
    assert again.status_code == 200  # the same ticket, signed by the same phone


def test_a_stale_or_printed_live_ticket_is_confirmed_with_the_name(
    client: FlaskClient, station: Headers, pass_claims: Claims, sign: Sign, clock: FrozenClock
) -> None:
    """Attention `not_live` with its age, check identity; another check does not do."""
    stale = live_text(pass_claims, sign, clock.at - timedelta(minutes=4))
    asked = scan(stale)
    answer = client.post(PATH, headers=station, json=asked).json
    assert answer is not None
    assert (answer["verdict"], answer["reason"], answer["checks"]) == (
        "attention",
        "not_live",
        ["identity"],
    )
    assert answer["evidence"]["detail"] == "240"
    assert "4\N{NO-BREAK SPACE}min" in answer["text"]
    confirm = f"{PATH}/{asked['scan_id']}/confirm"
    wrong = client.post(confirm, headers=station, json={"checks": ["proof"]})
    assert wrong.status_code == 422
    done = client.post(confirm, headers=station, json={"checks": ["identity"]}).json
    assert done is not None
    assert done["verdict"] == "admit"
    printed = client.post(PATH, headers=station, json=scan(head_text(pass_claims, sign))).json
    assert printed is not None
    assert (printed["verdict"], printed["reason"]) == ("refuse", "already_used")


def test_a_live_ticket_of_another_phone_is_forged(
    client: FlaskClient, station: Headers, pass_claims: Claims, sign: Sign, clock: FrozenClock
) -> None:
    """Nobody is named, nothing of the text comes back."""
    text = live_text(pass_claims, sign, clock.at, phone=OTHER_PHONE)
    answer = client.post(PATH, headers=station, json=scan(text))
    assert answer.json is not None
    assert (answer.json["verdict"], answer.json["reason"]) == ("refuse", "forged")
    assert answer.json["ticket"] is None
    assert text not in answer.text
