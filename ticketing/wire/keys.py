"""Public keys of the issuer. No private key type exists here: a stolen station cannot sign."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NewType, NoReturn, TypedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from itsdangerous.signer import SigningAlgorithm

from ticketing.wire.codec import canonical_json, from_base64url, to_base64url
from ticketing.wire.errors import WireError

KeyId = NewType("KeyId", int)
"""0 to 255, one byte of the barcode; never reused."""

KEY_BYTES = 32
"""The size of an Ed25519 public key (RFC 8032)."""

_PRIME = 2**255 - 19
_SIGN_BIT = 1 << 255
# The y coordinates of the eight points of low order, canonical or not (RFC 7748 section 7
# and libsodium's list): 0, 1 and -1, the two of order eight, and the encodings p and p + 1.
_LOW_ORDER_Y = frozenset(
    {
        0,
        1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        _PRIME - 1,
        _PRIME,
        _PRIME + 1,
    }
)


class BadKey(WireError):  # noqa: N818 - agreed name: says what came, like every leaf here
    """No public key one may trust: wrong size, a point of low order, an id given twice."""


class KeyState(StrEnum):
    """Ring states: next, active, verify, retired in this order; compromised from any."""

    NEXT = "next"
    ACTIVE = "active"
    VERIFY = "verify"
    RETIRED = "retired"
    COMPROMISED = "compromised"


class KeyJson(TypedDict):
    """One key of a ring as JSON; `public_key` is base64url of 32 bytes."""

    id: int
    state: str
    public_key: str


def is_low_order(raw: bytes) -> bool:
    """Whether 32 bytes encode, in any way, a point under which anybody could sign."""
    return int.from_bytes(raw, "little") & ~_SIGN_BIT in _LOW_ORDER_Y


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One Ed25519 public key: id, state in the ring, 32 raw bytes.

    Raises:
        BadKey: not 32 bytes, a point of low order, or an id outside 0 to 255.
    """

    id: KeyId
    state: KeyState
    raw: bytes

    def __post_init__(self) -> None:
        if self.id not in range(256):
            raise BadKey("a key id is one byte")
        if len(self.raw) != KEY_BYTES:
            raise BadKey("an Ed25519 public key has 32 bytes")
        if is_low_order(self.raw):
            raise BadKey("a point of low order is no key")

    def holds(self, value: bytes, signature: bytes) -> bool:
        """Whether a signature (64 bytes) of a value was made under this key."""
        return Ed25519Verifier().verify_signature(self.raw, value, signature)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The public keys a reader trusts.

    Raises:
        BadKey: two keys under one id.
    """

    keys: tuple[PublicKey, ...]

    def __post_init__(self) -> None:
        if len({key.id for key in self.keys}) != len(self.keys):
            raise BadKey("a key id is never used twice")

    def find(self, key_id: KeyId) -> PublicKey | None:
        """The key of this id in whatever state, or None."""
        return next((key for key in self.keys if key.id == key_id), None)

    def fingerprint(self) -> str:
        """Base64url SHA-256 of the canonical JSON of the ring, sorted by id (43 characters)."""
        return to_base64url(hashlib.sha256(canonical_json(self.to_json())).digest())

    def to_json(self) -> list[KeyJson]:
        """The ring as a JSON list, sorted by id."""
        return [
            {"id": key.id, "state": key.state.value, "public_key": to_base64url(key.raw)}
            for key in sorted(self.keys, key=lambda key: key.id)
        ]

    @classmethod
    def from_json(cls, data: object) -> "KeyRing":
        """The ring of a JSON list.

        Raises:
            BadKey: anything but a list of id, state and public key.
        """
        if not isinstance(data, list):
            raise BadKey("a key ring is a list")
        return cls(tuple(_key_from_json(item) for item in data))


def _key_from_json(item: object) -> PublicKey:
    match item:
        case {"id": int(key_id), "state": str(state), "public_key": str(encoded)} if not isinstance(
            key_id, bool
        ):
            raw = from_base64url(encoded)
        case _:
            raise BadKey("a key has id, state and public_key")
    if raw is None or state not in set(KeyState):
        raise BadKey("a key has a known state and a base64url public_key")
    return PublicKey(KeyId(key_id), KeyState(state), raw)


@lru_cache(maxsize=256)
def _key(raw: bytes) -> Ed25519PublicKey:
    """The key of its bytes; a museum has a handful, and a scan asks for one each time."""
    return Ed25519PublicKey.from_public_bytes(raw)


class Ed25519Verifier(SigningAlgorithm):
    """itsdangerous' signing algorithm over Ed25519, verifying only.

    itsdangerous ignores the salt with `key_derivation="none"`, hence the context
    strings in front of every signed value (`token.py`).
    """

    def get_signature(self, key: bytes, value: bytes) -> NoReturn:
        """Never: private keys live with the service, in `edge/signer.py`.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("this side holds public keys only")

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        """Whether `sig` (64 bytes) is the signature of `value` under 32 public bytes."""
        try:
            _key(key).verify(sig, value)
        except (InvalidSignature, ValueError):
            return False
        return True
