"""A ticket, its holder and its short code; in the domain room."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ticketing.domain import DomainError, FieldError
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.wire.admission import Moves, Terms, Window
from ticketing.wire.check import ALPHABET, CodeKind, check_character
from ticketing.wire.keys import KeyId
from ticketing.wire.token import Claims, Flag, TicketId
from ticketing.wire.verdict import TicketState

TICKET_ID_BYTES = 15
HOLDER_LIMIT = 100
REFERENCE_LIMIT = 100
SHORT_SYMBOLS = 7
PAIRING_SYMBOLS = 9
# Letters, marks, digits, punctuation and blanks make names. Controls, format characters
# (bidi overrides turn a name's neighbour around), private use and pictures do not.
_KEPT = ("L", "M", "N", "P", "Z")
_WRITING_FORMAT = "\u200c\u200d"  # joiners: needed to write Persian and several Indic names
_ID = re.compile("[0-9a-f]{30}")
_MARK_DIGITS = 16
_MARKS_IN_A_ROW = 4  # no writing stacks more; a heap of marks would cover the card


class BadHolder(DomainError):  # noqa: N818  agreed name: says what came
    """A holder's name that cannot stand on a ticket; `problem` is `empty` or `long`."""

    def __init__(self, problem: str) -> None:
        super().__init__(FieldError("holder", problem))
        self.problem = problem


class BadParty(DomainError):  # noqa: N818  agreed name: says what came
    """More or fewer persons than the offer takes."""


OF_MANY: Final = "batch:"
"""With that the name of tickets begins that are issued together."""


class ShownState(StrEnum):
    """What a ticket is shown as: its stored state, or what follows from time and use."""

    VALID = "valid"
    UNPAID = "unpaid"
    BLOCKED = "blocked"
    REVOKED = "revoked"
    USED_UP = "used_up"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One issued ticket.

    `offer` is the offer's number; `valid_from` and `valid_until` are aware UTC in
    whole minutes, the end excluded; `entries` 0 is unlimited; `party` is persons
    per use; `short_code` is stored without its hyphen; `issued_at` belongs to the
    present issue, `state_at` to the present state; `slot` is the id of its time window.
    """

    id: TicketId
    short_code: str
    offer: int
    key_id: KeyId
    issue: int
    holder: str
    party: int
    entries: int
    flags: Flag
    valid_from: datetime
    valid_until: datetime
    state: TicketState
    created_at: datetime
    issued_at: datetime
    state_at: datetime
    state_reason: str | None = None
    name_box: bytes | None = None
    visitor: VisitorId | None = None
    reference: str | None = None
    slot: str | None = None


def clean_holder(text: str) -> str:
    """A name fit for card and gate: NFC, one line, no pictures, single blanks.

    What is no writing goes, angle brackets with it; whoever shows the rest escapes it.

    Raises:
        BadHolder: Nothing is left, or more than 100 characters are.
    """
    kept = "".join(_cleaned(symbol) for symbol in unicodedata.normalize("NFC", text))
    composed = unicodedata.normalize("NFC", _without_heaps(kept))  # what left may have parted
    name = " ".join(composed.split()).strip(_WRITING_FORMAT + " ")
    if not any(unicodedata.category(symbol)[0] in "LN" for symbol in name):
        raise BadHolder("empty")
    if len(name) > HOLDER_LIMIT:
        raise BadHolder("long")
    return name


def checked_party(party: int, party_max: int) -> int:
    """The number of persons, if the offer takes it.

    Raises:
        BadParty: Below one or above the offer's most.
    """
    if not 1 <= party <= party_max:
        raise BadParty(FieldError("party", "range"))
    return party


def claims(ticket: Ticket) -> Claims:
    """What the ticket's barcode says."""
    return Claims(
        key_id=ticket.key_id,
        ticket_id=ticket.id,
        issue=ticket.issue,
        offer=ticket.offer,
        not_before=ticket.valid_from,
        not_after=ticket.valid_until,
        entries=ticket.entries,
        party=ticket.party,
        flags=ticket.flags,
    )


def terms(ticket: Ticket, offer: Offer, slot: Window | None) -> Terms:
    """How the ticket's moves add up."""
    return Terms(party=ticket.party, slot=slot, reentry=offer.reentry)


def shown_state(ticket: Ticket, moves: Moves, now: datetime) -> ShownState:
    """What to show people as the state: what staff did first, then time, then use."""
    if ticket.state in {TicketState.REVOKED, TicketState.BLOCKED}:
        return ShownState(ticket.state.value)
    if now >= ticket.valid_until:
        return ShownState.EXPIRED
    if ticket.entries and moves.uses >= ticket.entries:
        return ShownState.USED_UP
    return ShownState(ticket.state.value)


def is_of_many(ticket: Ticket) -> bool:
    """Whether it was issued together with others: the name of those stands for a reason."""
    return (ticket.state_reason or "").startswith(OF_MANY)


def mark(ticket: Ticket) -> str:
    """What tells whether a ticket is still as somebody saw it: state, issue, name; 16 digits."""
    told = f"{ticket.state.value}|{ticket.issue}|{ticket.holder}"
    return hashlib.sha256(told.encode()).hexdigest()[:_MARK_DIGITS]


def find_ticket_id(text: str) -> TicketId | None:
    """The id of its text form, 30 lower-case hex digits, or None for anything else."""
    return TicketId(bytes.fromhex(text)) if _ID.fullmatch(text) else None


def short_code(chance: bytes) -> str:
    """A short code, 7 random symbols and a check character, from 7 random bytes.

    It stands for the ticket as it is now, and only the service can say for which: a reissue
    draws another one, so that a card that was lost opens nothing.
    """
    return _code(chance, CodeKind.SHORT)


def pairing_code(chance: bytes) -> str:
    """A pairing code, 9 random symbols and a check character, from 9 random bytes."""
    return _code(chance, CodeKind.PAIRING)


def shown_code(code: str) -> str:
    """The code in two halves, as people read it aloud: `XXXX-XXXX` or `XXXXX-XXXXX`."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"


def _code(chance: bytes, kind: CodeKind) -> str:
    symbols = "".join(ALPHABET[byte % len(ALPHABET)] for byte in chance)  # 32 divides 256
    return symbols + check_character(symbols, kind)


def _cleaned(symbol: str) -> str:
    category = unicodedata.category(symbol)
    if category in {"Cc", "Zl", "Zp"}:
        return " "  # a line break between two names is a blank
    is_written = category[0] in _KEPT and not _is_selector(symbol)
    return symbol if is_written or symbol.isascii() or symbol in _WRITING_FORMAT else ""


def _is_selector(symbol: str) -> bool:
    """Variation selectors and the keycap mark: they only dress up pictures."""
    return "\ufe00" <= symbol <= "\ufe0f" or symbol == "\u20e3"


def _without_heaps(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for symbol in text:
        marks = marks + 1 if unicodedata.combining(symbol) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(symbol)
    return "".join(kept)
