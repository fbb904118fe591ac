"""The keys on disk, links, passwords, clock and chance: the real parts."""

import hashlib
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.fakes import START, FrozenClock, SeededChance
from ticketing.edge import links as link_module
from ticketing.edge.chance import SystemChance
from ticketing.edge.clock import SystemClock
from ticketing.edge.links import SignedLinks
from ticketing.edge.passwords import ScryptPasswords
from ticketing.edge.signer import FileSigner, KeysError, create_ring
from ticketing.service.ports import Chance, Clock, LinkKind
from ticketing.wire.keys import KeyId, KeyState
from ticketing.wire.token import CONTEXT_TICKET, Claims, Flag, TicketId, verify

CLAIMS = Claims(
    key_id=KeyId(1),
    ticket_id=TicketId(bytes(range(15))),
    issue=0,
    offer=7,
    not_before=START,
    not_after=START + timedelta(days=1),
    entries=1,
    party=1,
    flags=Flag(0),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one active key."""
    create_ring(tmp_path / "keys", SeededChance())
    return tmp_path / "keys"


def _states(folder: Path, *states: str) -> None:
    ring = json.loads((folder / "ring.json").read_text())
    for key, state in zip(ring, states, strict=True):
        key["state"] = state
    (folder / "ring.json").write_text(json.dumps(ring))


def test_a_signed_ticket_verifies_and_is_the_same_again(folder: Path) -> None:
    """Ed25519 draws nothing: a barcode need not be kept."""
    signer = FileSigner(folder)
    token = signer.barcode(CLAIMS)
    assert verify(token.text, signer.ring()) == token
    assert FileSigner(folder).barcode(CLAIMS) == token
    assert (signer.key_id, token.claims) == (1, CLAIMS)


def test_a_private_key_is_its_owners_alone(folder: Path) -> None:
    """Mode 0600 in a folder of 0700."""
    assert stat.S_IMODE((folder / "key-1.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "PRIVATE" not in (folder / "ring.json").read_text()


def test_a_ring_is_never_overwritten(folder: Path) -> None:
    """A second set of keys would make every ticket unknown."""
    with pytest.raises(KeysError, match="already"):
        create_ring(folder, SeededChance())


def test_a_service_without_keys_does_not_start(tmp_path: Path) -> None:
    """It would sell tickets that no gate takes."""
    with pytest.raises(KeysError, match="no ring"):
        FileSigner(tmp_path)


@pytest.mark.parametrize("ring", ["", "{}", "[1]"])
def test_a_broken_ring_is_refused(folder: Path, ring: str) -> None:
    """No JSON, no list, no key."""
    (folder / "ring.json").write_text(ring)
    with pytest.raises(KeysError, match="no key ring"):
        FileSigner(folder)


def test_a_ring_without_an_active_key_is_refused(folder: Path) -> None:
    """Something must sign."""
    _states(folder, "verify")
    with pytest.raises(KeysError, match="one active"):
        FileSigner(folder)


def test_a_missing_active_key_is_refused(folder: Path) -> None:
    """The ring names it, the file is gone."""
    (folder / "key-1.pem").unlink()
    with pytest.raises(KeysError, match=r"key-1\.pem"):
        FileSigner(folder)


def test_a_private_key_of_another_ring_is_refused(folder: Path, tmp_path: Path) -> None:
    """Its tickets would be forgeries at the gate."""
    create_ring(tmp_path / "other", SeededChance("other"))
    (folder / "key-1.pem").write_bytes((tmp_path / "other" / "key-1.pem").read_bytes())
    with pytest.raises(KeysError, match="not the key"):
        FileSigner(folder)
    (folder / "key-1.pem").write_text("rubbish")
    with pytest.raises(KeysError, match="no private key"):
        FileSigner(folder)


def test_a_ticket_of_a_key_that_is_gone_cannot_be_shown(folder: Path) -> None:
    """It is to be reissued."""
    with pytest.raises(KeysError, match=r"key-9\.pem"):
        FileSigner(folder).barcode(replace(CLAIMS, key_id=KeyId(9)))


def test_an_older_key_still_signs_its_own_tickets(folder: Path, tmp_path: Path) -> None:
    """After a rotation the barcode of an old ticket stays the same."""
    old = FileSigner(folder).barcode(CLAIMS)
    create_ring(tmp_path / "next", SeededChance("next"))
    ring = json.loads((folder / "ring.json").read_text())
    new = json.loads((tmp_path / "next" / "ring.json").read_text())[0] | {"id": 2}
    ring[0]["state"] = "verify"
    (folder / "ring.json").write_text(json.dumps([*ring, new]))
    (folder / "key-2.pem").write_bytes((tmp_path / "next" / "key-1.pem").read_bytes())
    signer = FileSigner(folder)
    assert signer.key_id == 2
    assert signer.barcode(CLAIMS).raw == old.raw
    assert signer.barcode(CLAIMS).key_state is KeyState.VERIFY


@pytest.mark.parametrize("has_private", [True, False])
def test_a_signature_holds_as_it_does_for_a_gate(folder: Path, *, has_private: bool) -> None:
    """By making it again or, where the private key is gone, by looking: never another answer."""
    own = FileSigner(folder).barcode(CLAIMS)
    if not has_private:
        create_ring(folder.parent / "next", SeededChance("next"))
        ring = json.loads((folder / "ring.json").read_text())
        new = json.loads((folder.parent / "next" / "ring.json").read_text())[0] | {"id": 2}
        (folder / "ring.json").write_text(json.dumps([ring[0] | {"state": "verify"}, new]))
        (folder / "key-2.pem").write_bytes((folder.parent / "next" / "key-1.pem").read_bytes())
        (folder / "key-1.pem").unlink()
    signer = FileSigner(folder)
    ring = signer.ring()
    key = ring.keys[0]
    assert verify(own.text, ring, holds=signer.holds).claims == CLAIMS
    signed, signature = CONTEXT_TICKET + own.raw[:32], own.raw[32:]
    assert signer.holds(key, signed, signature)
    for place in (0, 31, 32, 63):
        wrong = bytearray(signature)
        wrong[place] ^= 1
        assert not signer.holds(key, signed, bytes(wrong))
    for other in (b"", signature[:-1], signature + b"\0"):
        assert not signer.holds(key, signed, other)
    assert not signer.holds(key, signed + b"x", signature)
    assert not signer.holds(replace(key, id=KeyId(9), raw=bytes(31) + b"\1"), signed, signature)


def test_another_key_of_the_same_id_holds_its_own_signatures_alone(folder: Path) -> None:
    """What we would sign is no answer for a key that is not ours."""
    signer = FileSigner(folder)
    key = signer.ring().keys[0]
    stranger = Ed25519PrivateKey.generate()
    elsewhere = replace(key, raw=stranger.public_key().public_bytes_raw())
    assert signer.holds(elsewhere, b"value", stranger.sign(b"value"))
    assert not signer.holds(key, b"value", stranger.sign(b"value"))
    raw = signer.barcode(CLAIMS).raw
    signed, own = CONTEXT_TICKET + raw[:32], raw[32:]
    assert signer.holds(key, signed, own)
    assert not signer.holds(elsewhere, signed, own)


def _signed_otherwise(folder: Path, value: bytes) -> bytes:
    """As RFC 8032 signs, but for the nonce, which is another key's secret."""
    own = load_pem_private_key((folder / "key-1.pem").read_bytes(), None)
    assert isinstance(own, Ed25519PrivateKey)
    nonce = Ed25519PrivateKey.generate()
    point, public = (one.public_key().public_bytes_raw() for one in (nonce, own))
    hashed = int.from_bytes(hashlib.sha512(point + public + value).digest(), "little")
    scalar = (_secret(nonce) + hashed * _secret(own)) % (
        2**252 + 27742317777372353535851937790883648493
    )
    return point + scalar.to_bytes(32, "little")


def _secret(key: Ed25519PrivateKey) -> int:
    """The scalar of a private key."""
    half = int.from_bytes(hashlib.sha512(key.private_bytes_raw()).digest()[:32], "little")
    return half & (2**254 - 8) | 2**254


def test_a_good_signature_that_we_would_not_make_holds_too(folder: Path) -> None:
    """Another maker's nonce is as good: the rule is that of the gates."""
    signer = FileSigner(folder)
    key = signer.ring().keys[0]
    other = _signed_otherwise(folder, b"value")
    assert other != _signed_otherwise(folder, b"value")
    assert signer.holds(key, b"value", other)
    assert not signer.holds(key, b"valve", other)


def test_a_link_opens_its_subject() -> None:
    """And nothing else does: not another secret, not a changed or a foreign text."""
    links = SignedLinks(b"a" * 32)
    token = links.make(LinkKind.TICKET, b"\x00subject")
    assert links.read(LinkKind.TICKET, token) == b"\x00subject"
    assert SignedLinks(b"b" * 32).read(LinkKind.TICKET, token) is None
    for wrong in ("", "x", token[:-1], token + "x", token.replace(".", "-")):
        assert links.read(LinkKind.TICKET, wrong) is None
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_link_of_another_content_opens_nothing() -> None:
    """Signed by us, but not a subject."""
    links = SignedLinks(b"a" * 32)
    serializer = links._serializers[LinkKind.TICKET]
    assert links.read(LinkKind.TICKET, str(serializer.dumps(7))) is None


def test_a_link_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its 400 days; here after none at all."""
    links = SignedLinks(b"a" * 32)
    token = links.make(LinkKind.TICKET, b"subject")
    monkeypatch.setitem(link_module.EXPIRES_AFTER, LinkKind.TICKET, timedelta(seconds=-1))
    assert links.read(LinkKind.TICKET, token) is None


def test_a_password_matches_its_own_hash_only() -> None:
    """Salted: the same password hashes differently each time."""
    passwords = ScryptPasswords()
    hashed = passwords.hash("Im Haus der Tiere")
    assert passwords.matches("Im Haus der Tiere", hashed)
    assert not passwords.matches("im haus der tiere", hashed)
    assert hashed.startswith("scrypt$15,8,1$")
    assert ScryptPasswords(log_n=4).matches("Im Haus der Tiere", hashed)
    assert passwords.hash("x") != passwords.hash("x")


@pytest.mark.parametrize(
    "hashed", ["", "x", "a$b$c$d", "argon$4,8,1$AA==$AA==", "scrypt$4,8,1$!$!"]
)
def test_a_hash_of_another_make_matches_nothing(hashed: str) -> None:
    """Neither an error nor a way in."""
    assert not ScryptPasswords(log_n=4).matches("x", hashed)


@pytest.mark.parametrize("clock", [SystemClock(), FrozenClock(datetime.now(UTC))])  # noqa: TID251  to compare with
def test_a_clock_tells_an_aware_time(clock: Clock) -> None:
    """The real one and its double."""
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - SystemClock().now()) < timedelta(minutes=10)


@pytest.mark.parametrize("chance", [SystemChance(), SeededChance()])
def test_chance_draws_what_is_asked_for(chance: Chance) -> None:
    """Sizes hold, and two draws differ."""
    assert [len(chance.draw(size)) for size in (0, 7, 32)] == [0, 7, 32]
    assert chance.draw(16) != chance.draw(16)
