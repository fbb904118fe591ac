"""The signed ticket: claims to barcode text and back, byte by byte (`protocol.md`).

    BadToken
      Malformed     not the canonical text of a ticket of ours
      Unsupported   a format or flag this reader is too old for; with claims: the signature held
      UnknownKey    signed under a key that is not in the ring, or retired
      Forged        a signature does not hold

No message holds the text.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from typing import ClassVar, NewType

from ticketing.wire.codec import from_base32hex, to_base32hex
from ticketing.wire.contexts import (
    CONTEXT_JOURNAL,
    CONTEXT_JOURNAL_SIGNATURE,
    CONTEXT_LIVE,
    CONTEXT_NAME,
    CONTEXT_TICKET,
)
from ticketing.wire.errors import WireError
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.live import KEY_BYTES, Live, find_live
from ticketing.wire.textclass import MALFORMED, TextClass, classify
from ticketing.wire.verdict import Reason

__all__ = [
    "CONTEXT_JOURNAL",
    "CONTEXT_JOURNAL_SIGNATURE",
    "CONTEXT_LIVE",
    "CONTEXT_NAME",
    "CONTEXT_TICKET",
    "BadClaims",
    "BadToken",
    "Claims",
    "Flag",
    "Forged",
    "Malformed",
    "TicketId",
    "Token",
    "UnknownKey",
    "Unsupported",
    "encode",
    "signed_bytes",
    "verify",
]

TicketId = NewType("TicketId", bytes)
"""15 random bytes; uses are counted per ticket id."""
Holds = Callable[[PublicKey, bytes, bytes], bool]
"""Whether a key's signature of a value holds: key, value, signature."""

FORMAT_STATIC = 1
FORMAT_LIVE = 2
PAYLOAD_BYTES = 32
SIGNATURE_BYTES = 64
DIGEST_BYTES = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_TICKET_ID_BYTES = 15


class Flag(IntFlag):
    """Byte 31 of the payload. Bits this reader does not know are kept, and refused."""

    PROOF = 1
    IDENTITY = 2
    ONLINE_ONLY = 4
    LIVE_REQUIRED = 8


# A plain number: what `~` makes of an IntFlag with unknown bits differs between Pythons.
_LATER_FLAGS = 0xF0


class BadClaims(WireError):  # noqa: N818 - agreed family: leaves say what came
    """Claims that fit no barcode: a number too large, a time that is not a whole minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a ticket says about itself.

    `not_before` and `not_after` are aware UTC in whole minutes, the end exclusive;
    `entries` counts uses, 0 is unlimited; `party` is persons per use, 1 to 255;
    `offer` is the number of the offer; `format` is 1, or 2 for a live ticket.
    """

    key_id: KeyId
    ticket_id: TicketId
    issue: int
    offer: int
    not_before: datetime
    not_after: datetime
    entries: int
    party: int
    flags: Flag
    format: int = FORMAT_STATIC

    def payload(self) -> bytes:
        """The 32 bytes that are signed.

        Raises:
            BadClaims: a value that does not fit its field.
        """
        if len(self.ticket_id) != _TICKET_ID_BYTES or self.party < 1:
            raise BadClaims("a ticket id has 15 bytes, a party at least one person")
        if self.format not in {FORMAT_STATIC, FORMAT_LIVE} or int(self.flags) & _LATER_FLAGS:
            raise BadClaims("no such format or flag")
        if self.format == FORMAT_LIVE and Flag.LIVE_REQUIRED not in self.flags:
            raise BadClaims("a live ticket carries the flag that says so")
        return b"".join(
            (
                _field(self.format, 1),
                _field(self.key_id, 1),
                self.ticket_id,
                _field(self.issue, 1),
                _field(self.offer, 3),
                _field(_minutes(self.not_before), 4),
                _field(_minutes(self.not_after), 4),
                _field(self.entries, 1),
                _field(self.party, 1),
                _field(self.flags, 1),
            )
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> "Claims":
        """The claims of 32 bytes, unknown flags kept.

        Raises:
            Malformed: another length, another format, a party of 0, a live ticket without
                its flag, or a time beyond the year 9999.
        """
        if len(payload) != PAYLOAD_BYTES or payload[0] not in {FORMAT_STATIC, FORMAT_LIVE}:
            raise Malformed("no payload of a known format")
        flags = Flag(payload[31])
        if not payload[30]:
            raise Malformed("a party of nobody")
        if payload[0] == FORMAT_LIVE and Flag.LIVE_REQUIRED not in flags:
            raise Malformed("a live ticket without its flag")
        return cls(
            format=payload[0],
            key_id=KeyId(payload[1]),
            ticket_id=TicketId(payload[2:17]),
            issue=payload[17],
            offer=int.from_bytes(payload[18:21], "big"),
            not_before=_time(payload[21:25]),
            not_after=_time(payload[25:29]),
            entries=payload[29],
            party=payload[30],
            flags=flags,
        )


class BadToken(WireError):  # noqa: N818 - agreed name
    """What was shown is no good ticket.

    `claims` are what could be parsed (of a forged ticket: what it pretends to be);
    `detail` is a fixed phrase, never a part of the text.
    """

    reason: ClassVar[Reason] = Reason.MALFORMED

    def __init__(self, detail: str, claims: Claims | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.claims = claims


class Malformed(BadToken):
    """Not the canonical text of a ticket: class, length, alphabet, or a party of nobody."""


class Unsupported(BadToken):
    """A format or a flag this reader is too old for.

    With claims, the signature held: such a ticket may still leave (`admission.py`).
    """

    reason = Reason.UNSUPPORTED


class UnknownKey(BadToken):
    """Signed under a key that is not in the ring, or is retired."""

    reason = Reason.UNKNOWN_KEY


class Forged(BadToken):
    """The issuer's signature, or the phone's, does not hold."""

    reason = Reason.FORGED


@dataclass(frozen=True, slots=True)
class Token:
    """A ticket whose signature holds.

    `raw` is payload and signature: 96 bytes, of a live ticket the 128 bytes of its head;
    every key and digest is made from it. `live` is set for format 2 only.
    """

    claims: Claims
    raw: bytes = field(repr=False)
    key_state: KeyState
    live: Live | None = None

    @property
    def digest(self) -> bytes:
        """The first 16 bytes of SHA-256 of `raw`: what a journal keeps instead of the text."""
        return hashlib.sha256(self.raw).digest()[:DIGEST_BYTES]

    @property
    def text(self) -> str:
        """The canonical text of `raw`: 154 characters, or 205 for the head of a live ticket."""
        return to_base32hex(self.raw)


def signed_bytes(claims: Claims, *, public_x: bytes = b"") -> bytes:
    """What the issuer signs: context, payload, and for format 2 the holder's key (32 bytes).

    Raises:
        BadClaims: as `encode`.
    """
    wanted = KEY_BYTES if claims.format == FORMAT_LIVE else 0
    if len(public_x) != wanted:
        raise BadClaims("a live ticket carries a key of 32 bytes, another none")
    return CONTEXT_TICKET + claims.payload() + public_x


def encode(claims: Claims, signature: bytes, *, public_x: bytes = b"") -> str:
    """The barcode text: 154 characters, or 205 for the head of a live ticket.

    Raises:
        BadClaims: claims that fit no barcode, or a signature that is not 64 bytes.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise BadClaims("an Ed25519 signature has 64 bytes")
    body = signed_bytes(claims, public_x=public_x).removeprefix(CONTEXT_TICKET)
    return to_base32hex(body + signature)


def verify(text: str | bytes, ring: KeyRing, *, holds: Holds = PublicKey.holds) -> Token:
    """The ticket of a barcode text whose signature holds.

    Takes what `classify` folds: lower case and blanks do no harm. Of the four texts that
    decode to the same bytes only the canonical one is good. `holds` judges the issuer's
    signature, for whoever has a faster way.

    Raises:
        BadToken: whatever else comes in.
    """
    raw = _decode(text)
    claims = Claims.from_payload(raw[:PAYLOAD_BYTES])
    key = _usable_key(claims, ring)
    size = PAYLOAD_BYTES + (KEY_BYTES if claims.format == FORMAT_LIVE else 0)
    body, head = raw[:size], raw[: size + SIGNATURE_BYTES]
    if not holds(key, CONTEXT_TICKET + body, head[size:]):
        raise Forged("the issuer's signature does not hold", claims)
    live = None
    if claims.format == FORMAT_LIVE:
        live = find_live(head, raw[len(head) :], body[PAYLOAD_BYTES:])
        if live is None:
            raise Forged("the phone's signature does not hold", claims)
    if int(claims.flags) & _LATER_FLAGS:
        raise Unsupported("a flag of a later release", claims)
    return Token(claims, head, key.state, live)


def _decode(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        try:
            text = text.decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("no ASCII text") from None
    classified = classify(text)
    if classified.kind is TextClass.FUTURE:
        raise Unsupported("a format of a later release")
    if classified.kind is not TextClass.TICKET or classified.detail == MALFORMED:
        raise Malformed("not the text of a whole ticket")
    raw = from_base32hex(classified.folded)
    if raw is None:
        raise Malformed("not the canonical text of its bytes")
    return raw


def _usable_key(claims: Claims, ring: KeyRing) -> PublicKey:
    key = ring.find(claims.key_id)
    if key is None:
        raise UnknownKey("no such key", claims)
    if key.state is KeyState.RETIRED:
        raise UnknownKey("a retired key", claims)
    return key


def _field(value: int, size: int) -> bytes:
    try:
        return value.to_bytes(size, "big")
    except OverflowError:
        raise BadClaims("a number does not fit its field") from None


def _minutes(at: datetime) -> int:
    if at.tzinfo is None:
        raise BadClaims("times are aware")
    minutes, rest = divmod(at - _EPOCH, _MINUTE)
    if rest:
        raise BadClaims("times are whole minutes")
    return minutes


def _time(raw: bytes) -> datetime:
    try:
        return _EPOCH + int.from_bytes(raw, "big") * _MINUTE
    except OverflowError:
        raise Malformed("a time beyond the year 9999") from None
