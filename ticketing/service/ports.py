"""What the use cases need from the world, as Protocols; in the service room.

`edge` has the real parts, `tests/fakes.py` their doubles; `app` puts a House together.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol, TypeVar

from ticketing.domain.accounts import Staff
from ticketing.domain.audit import SYSTEM, Actor
from ticketing.domain.keys import KeyBook
from ticketing.domain.museum import Museum
from ticketing.domain.sign_in import Passkey, SignInRules
from ticketing.domain.spreadsheets import Sheet
from ticketing.domain.webhooks import HookRules
from ticketing.store.together import Joint
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId, KeyRing, PublicKey
from ticketing.wire.token import Claims, Token

T = TypeVar("T")


class Units(Protocol):
    """Where units of work come from: the store, for those who may not import it."""

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work; leaving it without a commit rolls back."""


class SharedUnits(Units, Protocol):
    """The same for a process of many threads."""

    def together(self, work: Callable[[Unit], T], joint: Joint[Unit, T] | None = None) -> T:
        """What short work makes of a unit that it may share; it may be run more than once.

        `joint` does several of its kind at once, where the database likes that better.
        """


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """The present time, aware UTC."""


class Chance(Protocol):
    """Where random bytes come from."""

    def draw(self, size: int) -> bytes:
        """That many unguessable bytes."""


class Signer(Protocol):
    """The issuer's private keys, behind a door."""

    @property
    def key_id(self) -> KeyId:
        """The active key: the one new tickets name."""

    def barcode(self, claims: Claims) -> Token:
        """The signed ticket, under the key that the claims name; the same each time."""

    def ring(self) -> KeyRing:
        """Every public key and its state."""

    def holds(self, key: PublicKey, value: bytes, signature: bytes) -> bool:
        """Whether a signature of a value was made under one of these keys."""


class KeyStore(Protocol):
    """Where the issuer's keys lie, for those who may change them."""

    def read(self) -> KeyBook:
        """The keys as they are."""

    def held(self) -> AbstractContextManager[KeyBook]:
        """The keys as they are, while nobody else changes them."""

    def make(self, key_id: KeyId) -> bytes:
        """Make the private key of an id; its 32 public bytes."""

    def write(self, book: KeyBook) -> None:
        """Replace the ring as a whole."""


class Wording(Protocol):
    """What the service says to visitors."""

    def say(self, key: str, lang: str, **values: str) -> str:
        """The text of a key in a language, its placeholders filled."""


class LinkKind(StrEnum):
    """What a signed link is for; each kind has its own salt."""

    TICKET = "t"


class Links(Protocol):
    """Signed, expiring link tokens."""

    def make(self, kind: LinkKind, subject: bytes) -> str:
        """The token for a subject, safe in an address."""

    def read(self, kind: LinkKind, token: str) -> bytes | None:
        """The subject, or None for a forged, foreign or expired token."""


class Passwords(Protocol):
    """Slow hashes for what people type."""

    def hash(self, password: str) -> str:
        """A salted hash, with its parameters."""

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password made that hash."""

    def is_outdated(self, hashed: str) -> bool:
        """Whether that hash was made in a way that new ones are not."""


class OneTimeCodes(Protocol):
    """Codes that change every 30 seconds (TOTP, RFC 6238)."""

    def secret(self, drawn: bytes) -> str:
        """The secret as an app takes it, of 20 random bytes."""

    def address(self, secret: str, *, name: str, house: str) -> str:
        """What an app reads out of a QR code."""

    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        """The time step of a code, one step early or late too; None for a wrong one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where passkeys are for: the host's name, the origin as browsers say it, the house."""

    host: str
    origin: str
    house: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """What a new passkey tells of itself."""

    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int


class Passkeys(Protocol):
    """The two ceremonies of WebAuthn; options and answers are JSON as browsers take it."""

    def options_to_add(
        self, site: Site, *, challenge: bytes, staff: Staff, known: Sequence[bytes]
    ) -> str:
        """What a browser needs to make a passkey; none where a `known` one is."""

    def added(self, site: Site, *, challenge: bytes, answer: str) -> NewPasskey | None:
        """The passkey that was made, or None for an answer that does not hold."""

    def options_to_sign_in(self, site: Site, *, challenge: bytes) -> str:
        """What a browser needs to sign in with whichever passkey it has."""

    def claimed(self, answer: str) -> bytes | None:
        """The credential id that an answer is said to come from."""

    def signed(self, site: Site, *, challenge: bytes, answer: str, passkey: Passkey) -> int | None:
        """The new sign count, or None for an answer that does not hold."""


class Board(Protocol):
    """Where hangs what the people of the house have set."""

    def over(self, house: "House") -> "House":
        """The house with what is set by now."""

    def turn(self) -> None:
        """Something was set: whoever looks from now on sees it."""


class EmptyBoard:
    """Nobody sets anything: the house is as it was built."""

    def over(self, house: "House") -> "House":
        """The house itself."""
        return house

    def turn(self) -> None:
        """Nothing hangs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything a use case may need from the world. `secret` (32 bytes) keys address hashes.

    `actor` is for whom it works: the person, key, station or command that the audit names. Nothing
    else says who acts; where only a use case finds that out, it goes on with `replace`.
    A house that is kept for long is asked for a fresh one before each piece of work.
    """

    museum: Museum
    clock: Clock
    chance: Chance
    signer: Signer
    wording: Wording
    links: Links
    passwords: Passwords
    codes: OneTimeCodes
    passkeys: Passkeys
    secret: bytes = field(repr=False)
    hook_rules: HookRules = field(default_factory=HookRules)
    sign_in_rules: SignInRules = field(default_factory=SignInRules)
    can_mail: bool = False
    actor: Actor = SYSTEM
    board: Board = field(default_factory=EmptyBoard)

    def fresh(self) -> "House":
        """The house with what its people have set up to now."""
        return self.board.over(self)


# ------------------------------------------------------------ the ticket as a picture
@dataclass(frozen=True, slots=True, kw_only=True)
class CardCaptions:
    """The small words above the facts of a card, in the holder's language."""

    when: str
    persons: str
    short_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What stands on a ticket card, ready to paint; `barcode` is the barcode text."""

    museum: str
    holder: str
    offer: str
    when: str
    persons: str
    short_code: str
    captions: CardCaptions
    barcode: str


class CardPainter(Protocol):
    """Paints a ticket for phone screens."""

    def card(self, facts: CardFacts) -> bytes:
        """The whole card as a PNG."""

    def barcode(self, text: str) -> bytes:
        """The barcode alone as a PNG."""


# ------------------------------------------------------------ lists that leave the house
class Sheets(Protocol):
    """Writes lists as XLSX."""

    def xlsx(self, sheet: Sheet, into: BinaryIO) -> None:
        """Write the whole file, a row at a time; `into` can be sought in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSheet:
    """What stands beside each code of a printed sheet; `worth` may take two lines."""

    title: str
    museum: str
    worth: str
    until: str
    lang: str


class CodePress(Protocol):
    """Makes discount codes into what can be printed; codes are read once, one after the other."""

    def pdf(self, facts: CodeSheet, codes: Iterable[str], into: BinaryIO) -> None:
        """Sheets of A4 to cut up, each code as a symbol and as text."""

    def zip(self, codes: Iterable[str], into: BinaryIO) -> None:
        """A picture of each code's symbol, named by the code, in one archive."""
