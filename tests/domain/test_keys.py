"""The steps of a signing key's life, and which it cannot take."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes import START
from ticketing.domain.keys import RINGS_KEPT, BadStep, KeyBook, KeyLife
from ticketing.wire.keys import BadKey, KeyId, KeyState, PublicKey

LATER = START + timedelta(days=7)


def raw(seed: int) -> bytes:
    """Some public key."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32)).public_key().public_bytes_raw()


def a_book() -> KeyBook:
    """One active key."""
    return KeyBook.of(
        [KeyLife(key=PublicKey(KeyId(1), KeyState.ACTIVE, raw(1)), published_at=START, since=START)]
    )


def states(book: KeyBook) -> list[KeyState]:
    """In the order of the ids."""
    return [life.key.state for life in book.lives]


def rotated() -> KeyBook:
    """Key 1 verifies, key 2 signs."""
    return a_book().publish(raw(2), START).activate(LATER)


def test_a_key_goes_through_its_states_in_order() -> None:
    """Published, signing, verifying, retired; each step is dated."""
    book = a_book().publish(raw(2), START)
    assert states(book) == [KeyState.ACTIVE, KeyState.NEXT]
    book = book.activate(LATER)
    assert states(book) == [KeyState.VERIFY, KeyState.ACTIVE]
    book = book.retire(KeyId(1), LATER + timedelta(days=400))
    assert states(book) == [KeyState.RETIRED, KeyState.ACTIVE]
    first, second = book.lives
    assert (first.since, second.since) == (LATER + timedelta(days=400), LATER)
    assert (first.published_at, second.published_at) == (START, START)


def test_there_is_one_next_key_at_a_time() -> None:
    """A second one would sign before anybody has fetched it."""
    with pytest.raises(BadStep, match="next_exists"):
        a_book().publish(raw(2), START).publish(raw(3), START)


def test_without_a_next_key_nothing_is_activated() -> None:
    """The only key goes on signing."""
    with pytest.raises(BadStep, match="no_next"):
        a_book().activate(LATER)


@pytest.mark.parametrize("state", [s for s in KeyState if s is not KeyState.VERIFY])
def test_only_a_key_that_verifies_can_be_retired(state: KeyState) -> None:
    """Not the one that signs, nor one that is given up or over already."""
    book = KeyBook.of([*a_book().lives, KeyLife(key=PublicKey(KeyId(2), state, raw(2)))])
    with pytest.raises(BadStep, match="not_verify"):
        book.retire(KeyId(2), LATER)


def test_an_unknown_key_takes_no_step() -> None:
    """Neither retired nor given up."""
    with pytest.raises(BadStep, match="unknown"):
        a_book().retire(KeyId(9), LATER)
    with pytest.raises(BadStep, match="unknown"):
        a_book().compromise(KeyId(9), LATER)


@pytest.mark.parametrize("state", [s for s in KeyState if s is not KeyState.ACTIVE])
def test_any_other_key_is_given_up_without_a_change_of_the_signing_one(state: KeyState) -> None:
    """`compromised` can be reached from every state."""
    book = KeyBook.of([*a_book().lives, KeyLife(key=PublicKey(KeyId(2), state, raw(2)))])
    assert states(book.compromise(KeyId(2), LATER)) == [KeyState.ACTIVE, KeyState.COMPROMISED]


def test_when_the_signing_key_is_given_up_the_next_one_signs_at_once() -> None:
    """Not published long enough, but the other is worse."""
    book = a_book().publish(raw(2), START).compromise(KeyId(1), START)
    assert states(book) == [KeyState.COMPROMISED, KeyState.ACTIVE]


def test_the_signing_key_is_not_given_up_without_a_next_one() -> None:
    """Something must sign."""
    with pytest.raises(BadStep, match="no_next"):
        a_book().compromise(KeyId(1), LATER)


def test_an_id_is_never_used_again() -> None:
    """Not even that of a retired key; after 255 there is none."""
    book = rotated().retire(KeyId(1), LATER)
    assert book.next_id() == 3
    last = KeyBook.of([KeyLife(key=PublicKey(KeyId(255), KeyState.ACTIVE, raw(1)))])
    with pytest.raises(BadStep, match="no_id_left"):
        last.publish(raw(2), START)


def test_a_key_of_low_order_is_not_published() -> None:
    """Anybody could sign under it."""
    with pytest.raises(BadKey):
        a_book().publish(bytes(32), START)


def test_who_has_which_ring_is_known() -> None:
    """By the fingerprint that a station tells: the state in which it knows a key, or nothing."""
    before = a_book()
    published = before.publish(raw(2), START)
    active = published.activate(LATER)
    old, middle, new = (book.ring.fingerprint() for book in (before, published, active))
    assert active.known_as(KeyId(2), old) is None
    assert active.known_as(KeyId(2), middle) is KeyState.NEXT
    assert active.known_as(KeyId(2), new) is KeyState.ACTIVE
    assert active.known_as(KeyId(1), old) is KeyState.ACTIVE
    assert active.known_as(KeyId(2), "no such ring") is None
    assert active.known_as(KeyId(2), None) is None


def test_rings_of_long_ago_are_forgotten() -> None:
    """The file does not grow for ever; the newest rings stay known."""
    book, at = a_book(), START
    fingerprints: list[str] = []
    for seed in range(2, 30):
        at = at + timedelta(days=30)
        book = book.publish(raw(seed), at).activate(at)
        fingerprints.append(book.ring.fingerprint())
    assert all(len(life.rings) <= RINGS_KEPT for life in book.lives)
    assert book.known_as(KeyId(1), fingerprints[-1]) is KeyState.VERIFY
    assert book.known_as(KeyId(1), fingerprints[0]) is None


def test_a_key_of_before_has_no_dates() -> None:
    """Its file was written when nobody noted them; the ring it makes counts all the same."""
    life = KeyLife(key=PublicKey(KeyId(1), KeyState.ACTIVE, raw(1)))
    book = KeyBook.of([life])
    dates: tuple[datetime | None, ...] = (book.lives[0].published_at, book.lives[0].since)
    assert dates == (None, None)
    assert book.known_as(KeyId(1), book.ring.fingerprint()) is KeyState.ACTIVE
