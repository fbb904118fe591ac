"""A text that was read or typed, made into what the gate works with. Pure."""

from dataclasses import dataclass

from scanner.hand import is_something, straighten
from ticketing.wire.keys import KeyRing
from ticketing.wire.station_api import TicketView
from ticketing.wire.textclass import Classified, TextClass, classify, text_digest
from ticketing.wire.token import BadToken, Claims, TicketId, Token, verify

_TICKET_ID_BYTES = 15


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text is.

    `key` (hexadecimal) is the same for as long as the same thing is held up: a live
    ticket changes its text every five seconds, its head stays. `token` is None for
    anything but tickets. Of a foreign text nothing is left but the key and a hint.
    """

    key: str
    digest: bytes
    classified: Classified
    token: Token | BadToken | None = None

    @property
    def kind(self) -> TextClass:
        """The class of the text."""
        return self.classified.kind

    @property
    def text(self) -> str:
        """The folded text, to ask the service about; empty for a foreign one."""
        return self.classified.folded

    @property
    def hint(self) -> str:
        """What a foreign text looks like: `web wifi contact email phone`, or empty."""
        return self.classified.detail

    @property
    def claims(self) -> Claims | None:
        """What the barcode says; of a forged one, what it pretends."""
        return None if self.token is None else self.token.claims


def identify(text: str, ring: KeyRing, digest_key: bytes) -> Reading:
    """What a text is; total. Costs a signature (64 µs) for tickets."""
    classified = classify(text)
    digest = text_digest(digest_key, text)
    if classified.kind not in {TextClass.TICKET, TextClass.FUTURE}:
        return Reading(digest.hex(), digest, classified)
    try:
        token = verify(text, ring)
    except BadToken as bad:
        return Reading(digest.hex(), digest, classified, bad)
    return Reading(token.digest.hex(), token.digest, classified, token)


def meant(text: str, ring: KeyRing) -> str:
    """What was meant by a typed text: of several readings the one that is a ticket of ours."""

    def is_good(reading: str) -> bool:
        if not is_something(reading):
            return False
        try:
            is_ticket = classify(reading).kind in {TextClass.TICKET, TextClass.FUTURE}
            return not is_ticket or bool(verify(reading, ring))
        except BadToken:
            return False

    return straighten(text, is_good)


def which_ticket(reading: Reading, told: TicketView | None) -> tuple[TicketId, int] | None:
    """Ticket id and issue: from the barcode, or of a typed code from the service's answer."""
    if reading.claims is not None:
        return reading.claims.ticket_id, reading.claims.issue
    if told is None:
        return None
    try:
        raw = bytes.fromhex(told.id)
    except ValueError:
        return None
    return (TicketId(raw), told.issue) if len(raw) == _TICKET_ID_BYTES else None
