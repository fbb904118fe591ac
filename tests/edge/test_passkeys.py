"""Passkeys: what browsers are asked for, and what no broken answer gets."""

import json

import pytest

from tests.authenticator import SoftPasskey
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.ids import StaffId
from ticketing.edge.passkeys import WebAuthn
from ticketing.service.ports import Site

SITE = Site(host="tickets.example", origin="https://tickets.example", house="Museum")
ADA = Staff(id=StaffId("staff_1"), name="Ada", role=Role.DESK)


def test_a_browser_is_asked_for_a_key_that_knows_its_user() -> None:
    """Kept in the device, with finger, face or PIN; of which make is nobody's business."""
    text = WebAuthn().options_to_add(SITE, challenge=b"x" * 32, staff=ADA, known=(b"old",))
    told = json.loads(text)
    assert told["rp"] == {"id": "tickets.example", "name": "Museum"}
    assert told["authenticatorSelection"]["residentKey"] == "required"
    assert told["authenticatorSelection"]["userVerification"] == "required"
    assert told["attestation"] == "none"
    assert [one["id"] for one in told["excludeCredentials"]] == ["b2xk"]


def test_a_sign_in_names_nobody() -> None:
    """No list of keys, so no name is asked for and none can be tried out."""
    told = json.loads(WebAuthn().options_to_sign_in(SITE, challenge=b"x" * 32))
    assert told.get("allowCredentials", []) == []
    assert told["userVerification"] == "required"


def test_what_was_made_is_read() -> None:
    """The id, the public key, the count."""
    options = WebAuthn().options_to_add(SITE, challenge=b"x" * 32, staff=ADA, known=())
    made = WebAuthn().added(SITE, challenge=b"x" * 32, answer=SoftPasskey(count=3).made(options))
    assert made is not None
    assert (made.credential_id, made.sign_count) == (b"c" * 32, 3)
    assert WebAuthn().added(SITE, challenge=b"y" * 32, answer=SoftPasskey().made(options)) is None


@pytest.mark.parametrize(
    "answer", ["", "{", "null", "7", '{"id":"x"}', "[" * 5000, '{"id":"\\ud800"}', "\x00"]
)
def test_what_is_no_answer_is_none(answer: str) -> None:
    """Parsers break at it; nobody else does."""
    assert WebAuthn().added(SITE, challenge=b"x", answer=answer) is None
    assert WebAuthn().claimed(answer) is None
