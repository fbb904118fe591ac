"""Format 2: a ticket bound to a key in the holder's browser, which a screenshot cannot copy.

The browser signs the time every five seconds. Here the signature is judged; whether the
time is fresh needs a clock and is judged by `admission.py`.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ticketing.wire.contexts import CONTEXT_LIVE

KEY_BYTES = 32
"""The x coordinate of a P-256 key; y is even by agreement."""

_TIME_BYTES = 4
_EVEN_Y = b"\x02"


@dataclass(frozen=True, slots=True)
class Live:
    """The live part of a format-2 ticket: when the phone signed, aware UTC.

    `signed_at` is None for the head alone (a print, a browser without keys).
    """

    signed_at: datetime | None


def is_on_curve(public_x: bytes) -> bool:
    """Whether 32 bytes are the x of a P-256 point; the service asks before it binds."""
    try:
        _public_key(public_x)
    except ValueError:
        return False
    return True


def proof_message(head: bytes, seconds: bytes) -> bytes:
    """What the browser signs: context, SHA-256 of the head, 4 bytes of Unix seconds."""
    return CONTEXT_LIVE + hashlib.sha256(head).digest() + seconds


def find_live(head: bytes, proof: bytes, public_x: bytes) -> Live | None:
    """The live part of a proof (68 bytes, or none at all), or None if it is not good."""
    if not proof:
        return Live(None)
    seconds, signature = proof[:_TIME_BYTES], proof[_TIME_BYTES:]
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    try:
        _public_key(public_x).verify(
            encode_dss_signature(r, s), proof_message(head, seconds), ECDSA(SHA256())
        )
    except (InvalidSignature, ValueError):
        return None
    return Live(datetime.fromtimestamp(int.from_bytes(seconds, "big"), UTC))


def _public_key(public_x: bytes) -> EllipticCurvePublicKey:
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _EVEN_Y + public_x)
