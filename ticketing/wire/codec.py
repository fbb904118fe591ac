"""Bytes as text and back: base32hex for barcodes, base64url for JSON, one canonical JSON."""

import base64
import binascii
import json
import re

BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
"""Digits and A to V: alphanumeric QR mode, and safe for a US hand scanner on a German PC."""
_BASE32HEX = re.compile(f"[{BASE32HEX}]*")
_SYMBOL_BITS = 5


def to_base32hex(raw: bytes) -> str:
    """Upper-case base32hex without padding (RFC 4648, section 7)."""
    return base64.b32hexencode(raw).decode("ascii").rstrip("=")


def from_base32hex(text: str) -> bytes | None:
    """The bytes of a canonical base32hex text, or None.

    Four last characters decode to the same bytes where two bits are spare; only
    the text that the bytes encode back to is taken, so that a ticket has one text.
    """
    if not _BASE32HEX.fullmatch(text):
        return None
    # Digits of base 32, read by int() in a twentieth of the time that base64 takes.
    size, spare_bits = divmod(len(text) * _SYMBOL_BITS, 8)
    number = int(text or "0", 32)
    if spare_bits >= _SYMBOL_BITS or number & ((1 << spare_bits) - 1):  # a symbol or a bit too many
        return None
    return (number >> spare_bits).to_bytes(size, "big")


def to_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def from_base64url(text: str) -> bytes | None:
    """The bytes of a canonical unpadded base64url text, or None."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if to_base64url(raw) == text else None


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8; equal values give equal bytes.

    Raises:
        TypeError: something JSON has no form for.
        ValueError: not a number, or text that is no Unicode.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")
