"""The life of signing keys: published, signing, only verifying, over; in the domain room.

    next -> active -> verify -> retired        and compromised from any of them

`next` verifies already and signs nothing yet, `active` is the one that signs, `verify` signs
nothing any more, `retired` is accepted nowhere, and a ticket under a `compromised` key is
good only if the service knows it. Ids are never used again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketing.domain import DomainError, FieldError
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey

RINGS_KEPT = 32
"""Of so many former rings it is known which keys they held; a station is rarely further back."""

_LAST_ID = 255


class BadStep(DomainError):  # noqa: N818  agreed family: says what it is
    """A step that no key of the ring can take; `key` is its field."""

    def __init__(self, problem: str) -> None:
        super().__init__(FieldError("key", problem))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLife:
    """One key and its past, times aware UTC, None if nobody wrote it down then.

    `since`: since when it is in its state; `rings`: its state in each ring that was ever
    given out, by the ring's fingerprint, the oldest first.
    """

    key: PublicKey
    published_at: datetime | None = None
    since: datetime | None = None
    rings: Mapping[str, KeyState] = field(default_factory=dict)

    def into(self, state: KeyState, at: datetime) -> "KeyLife":
        """The same key in another state."""
        return replace(self, key=replace(self.key, state=state), since=at)


@dataclass(frozen=True, slots=True)
class KeyBook:
    """Every key that ever was, and every change that may be made.

    Raises:
        BadKey: two keys under one id.
    """

    lives: tuple[KeyLife, ...]

    @classmethod
    def of(cls, lives: Iterable[KeyLife]) -> "KeyBook":
        """The book of these keys; the ring they make counts as given out."""
        sorted_lives = tuple(sorted(lives, key=lambda life: life.key.id))
        ring = KeyRing(tuple(life.key for life in sorted_lives)).fingerprint()
        return cls(tuple(_told(life, ring) for life in sorted_lives))

    @property
    def ring(self) -> KeyRing:
        """The ring as gates get it."""
        return KeyRing(tuple(life.key for life in self.lives))

    def find(self, key_id: KeyId) -> KeyLife | None:
        """The key of this id in whatever state, or None."""
        return next((life for life in self.lives if life.key.id == key_id), None)

    def first(self, state: KeyState) -> KeyLife | None:
        """The oldest key in a state, or None."""
        return next((life for life in self.lives if life.key.state is state), None)

    def get_next(self) -> KeyLife:
        """The key that will sign next.

        Raises:
            BadStep: `no_next`.
        """
        life = self.first(KeyState.NEXT)
        if life is None:
            raise BadStep("no_next")
        return life

    def next_id(self) -> KeyId:
        """The id of the next new key.

        Raises:
            BadStep: `no_id_left`: the one byte of the barcode is used up.
        """
        last = max((life.key.id for life in self.lives), default=0)
        if last >= _LAST_ID:
            raise BadStep("no_id_left")
        return KeyId(last + 1)

    def known_as(self, key_id: KeyId, fingerprint: str | None) -> KeyState | None:
        """In which state somebody with the ring of that fingerprint knows a key, or None."""
        life = self.find(key_id)
        return None if life is None or fingerprint is None else life.rings.get(fingerprint)

    def publish(self, raw: bytes, at: datetime) -> "KeyBook":
        """With a new key in state `next`.

        Raises:
            BadStep: `no_id_left`, or `next_exists`.
            BadKey: 32 bytes that one may not trust.
        """
        if self.first(KeyState.NEXT) is not None:
            raise BadStep("next_exists")
        key = PublicKey(self.next_id(), KeyState.NEXT, raw)
        return KeyBook.of([*self.lives, KeyLife(key=key, published_at=at, since=at)])

    def activate(self, at: datetime) -> "KeyBook":
        """The next key signs from now on, the one that did verifies.

        Raises:
            BadStep: `no_next`.
        """
        self.get_next()
        steps = {KeyState.NEXT: KeyState.ACTIVE, KeyState.ACTIVE: KeyState.VERIFY}
        return KeyBook.of(
            life.into(steps[life.key.state], at) if life.key.state in steps else life
            for life in self.lives
        )

    def retire(self, key_id: KeyId, at: datetime) -> "KeyBook":
        """A key that only verified is accepted no longer.

        Raises:
            BadStep: `unknown`, or `not_verify`: it is in another state.
        """
        life = self._get(key_id)
        if life.key.state is not KeyState.VERIFY:
            raise BadStep("not_verify")
        return _with(self, life.into(KeyState.RETIRED, at))

    def compromise(self, key_id: KeyId, at: datetime) -> "KeyBook":
        """A key that strangers may sign with; if it was the active one, the next key is now.

        Raises:
            BadStep: `unknown`; `no_next` for the active key.
        """
        life = self._get(key_id)
        if life.key.state is KeyState.COMPROMISED:
            return self
        book = self.activate(at) if life.key.state is KeyState.ACTIVE else self
        return _with(book, life.into(KeyState.COMPROMISED, at))

    def _get(self, key_id: KeyId) -> KeyLife:
        life = self.find(key_id)
        if life is None:
            raise BadStep("unknown")
        return life


def _with(book: KeyBook, changed: KeyLife) -> KeyBook:
    return KeyBook.of(changed if life.key.id == changed.key.id else life for life in book.lives)


def _told(life: KeyLife, ring: str) -> KeyLife:
    """The key with its state in one more ring; the oldest are forgotten."""
    rings = {known: state for known, state in life.rings.items() if known != ring}
    newest = list((rings | {ring: life.key.state}).items())[-RINGS_KEPT:]
    return replace(life, rings=dict(newest))
