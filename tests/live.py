"""Format-2 barcodes as a phone shows them, signed by whatever issuer a test has."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.wire.make_vectors import phone_key, public_x
from ticketing.wire.codec import to_base32hex
from ticketing.wire.live import proof_message
from ticketing.wire.token import FORMAT_LIVE, Claims, Flag, signed_bytes

PHONE = phone_key()
OTHER_PHONE = phone_key(100)
Sign = Callable[[bytes], bytes]


def live_head(claims: Claims, sign: Sign) -> bytes:
    """The 128 bytes that the issuer signs once, when a ticket is bound to `PHONE`."""
    bound = replace(claims, format=FORMAT_LIVE, flags=claims.flags | Flag.LIVE_REQUIRED)
    x = public_x(PHONE)
    return bound.payload() + x + sign(signed_bytes(bound, public_x=x))


def head_text(claims: Claims, sign: Sign) -> str:
    """The head alone, as a print or a browser without keys shows it: 205 characters."""
    return to_base32hex(live_head(claims, sign))


def live_text(
    claims: Claims, sign: Sign, at: datetime, *, phone: EllipticCurvePrivateKey = PHONE
) -> str:
    """What the phone shows at a time: 314 characters."""
    head = live_head(claims, sign)
    seconds = int(at.timestamp()).to_bytes(4, "big")
    r, s = decode_dss_signature(phone.sign(proof_message(head, seconds), ECDSA(SHA256())))
    return to_base32hex(head + seconds + r.to_bytes(32, "big") + s.to_bytes(32, "big"))
