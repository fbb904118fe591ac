"""Liveness, readiness, public keys, static files."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

import pytest
from flask.testing import FlaskClient

from ticketing.service.ports import House
from ticketing.store.together import Joint
from ticketing.store.unit import Unit
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts
from ticketing.wire.codec import from_base64url
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.token import Claims, Token

T = TypeVar("T")


class BrokenStore:
    """A store whose database is gone."""

    def unit(self) -> AbstractContextManager[Unit]:
        """No unit at all."""
        raise OSError("the disk is gone")

    def together(self, work: Callable[[Unit], T], joint: Joint[Unit, T] | None = None) -> T:
        """No shared one either."""
        del joint
        with self.unit() as unit:
            return work(unit)


class Ring:
    """A signer with one key of each state."""

    key_id = KeyId(2)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def barcode(self, claims: Claims) -> Token:
        """Nothing is signed here."""
        raise NotImplementedError

    def ring(self) -> KeyRing:
        """Every state once."""
        keys = (PublicKey(KeyId(n), state, self._raw) for n, state in enumerate(KeyState, 1))
        return KeyRing(tuple(keys))

    def holds(self, key: PublicKey, value: bytes, signature: bytes) -> bool:
        """Nothing is shown here either."""
        raise NotImplementedError


def test_the_process_lives(client: FlaskClient) -> None:
    """Without asking anybody else."""
    assert client.get("/healthz").json == {"status": "ok", "version": ""}


def test_a_migrated_database_is_ready(client: FlaskClient) -> None:
    """The tables are there."""
    assert client.get("/readyz").json == {"status": "ok"}


def test_a_lost_database_is_not_ready(parts: Parts) -> None:
    """503 tells whoever balances load, without saying why."""
    client = create_app(replace(parts, store=BrokenStore())).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "disk" not in answer.text
    assert client.get("/healthz").status_code == 200


def test_the_keys_are_a_jwk_set(client: FlaskClient, house: House) -> None:
    """Anybody may verify a ticket."""
    answer = client.get("/.well-known/einlass-keys").json
    assert answer is not None
    [key] = answer["keys"]
    [ours] = house.signer.ring().keys
    assert (key["kty"], key["crv"], key["kid"]) == ("OKP", "Ed25519", str(ours.id))
    assert from_base64url(key["x"]) == ours.raw


def test_retired_and_compromised_keys_are_not_given_out(parts: Parts) -> None:
    """A key one must not trust any more is not in the set."""
    [ours] = parts.house.signer.ring().keys
    house = replace(parts.house, signer=Ring(ours.raw))
    answer = create_app(replace(parts, house=house)).test_client().get("/.well-known/einlass-keys")
    assert answer.json is not None
    shown = [(key["kid"], key["state"]) for key in answer.json["keys"]]
    assert shown == [("1", "next"), ("2", "active"), ("3", "verify")]
    assert answer.json["withdrawn"] == [
        {"kid": "4", "state": "retired"},
        {"kid": "5", "state": "compromised"},
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("einlass.css", "text/css"),
        ("chat.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
        ("fonts/bricolage-grotesque-latin.woff2", "font/woff2"),
    ],
)
def test_static_files_have_their_type(client: FlaskClient, name: str, kind: str) -> None:
    """`nosniff` makes browsers refuse a wrong type."""
    answer = client.get(f"/static/{name}")
    assert (answer.status_code, answer.mimetype) == (200, kind)


@pytest.mark.parametrize(
    "name", ["nothing.css", "../chat.html", "%2e%2e/chat.html", "fonts/../../pyproject.toml"]
)
def test_only_static_files_are_given_out(client: FlaskClient, name: str) -> None:
    """Templates and settings are not."""
    assert client.get(f"/static/{name}").status_code == 404


def test_styles_load_only_our_own_files(client: FlaskClient) -> None:
    """No font, picture or import from elsewhere."""
    css = client.get("/static/einlass.css").text
    assert "http" not in css
    assert "@import" not in css
    assert 'url("/static/fonts/' in css


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    """Browsers ask with the mark they have."""
    mark = client.get("/static/einlass.css").headers["ETag"]
    again = client.get("/static/einlass.css", headers={"If-None-Match": mark})
    assert (again.status_code, again.data) == (304, b"")
