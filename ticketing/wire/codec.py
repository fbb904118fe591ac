"""Bytes as text and back: base32hex for barcodes, base64url for JSON, one canonical JSON."""

import base64
import binascii
import json

BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
"""Digits and A to V: alphanumeric QR mode, and safe for a US hand scanner on a German PC."""


def to_base32hex(raw: bytes) -> str:
    """Upper-case base32hex without padding (RFC 4648, section 7)."""
    return base64.b32hexencode(raw).decode("ascii").rstrip("=")


def from_base32hex(text: str) -> bytes | None:
    """The bytes of a canonical base32hex text, or None.

    Four last characters decode to the same bytes where two bits are spare; only
    the text that the bytes encode back to is taken, so that a ticket has one text.
    """
    try:
        raw = base64.b32hexdecode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return raw if to_base32hex(raw) == text else None


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
