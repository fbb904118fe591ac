"""Signing keys: publish, rotate, retire, give up for compromised; in the service room.

A station that has not fetched the ring with a key asks the service about each of its
tickets, and offline lets nobody in with them. So a key is published days before it signs,
and nothing is changed silently over the head of a station that does not know it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ticketing.domain.accounts import Station
from ticketing.domain.keys import BadStep, KeyBook, KeyLife
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.ports import House, KeyStore
from ticketing.store import key_use
from ticketing.store import stations as station_rows
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId, KeyState

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Push(StrEnum):
    """What an operator takes upon themselves."""

    NOW = "now"  # sign with a key that was published only lately
    FORCE = "force"  # though stations do not know it, though tickets are still valid


class Turn(StrEnum):
    """What came of a rotation."""

    PUBLISHED = "published"  # a next key is there now; it signs after its time
    ACTIVE = "active"  # the next key signs from now on
    TOO_EARLY = "too_early"  # it is not published for long enough
    UNKNOWN = "unknown"  # stations have not fetched it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What came of it, for which key, from when it may sign (aware UTC), who does not know it."""

    turn: Turn
    key: KeyId
    may_sign_at: datetime
    unaware: tuple[Station, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """Whether a key was retired, and how many valid tickets it has signed."""

    retired: bool
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compromise:
    """The key that signs now, how many valid tickets want a new one, who does not know yet."""

    active: KeyId
    tickets: int
    unaware: tuple[Station, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInUse:
    """A key with its valid tickets, and of how many stations in service how many know it."""

    life: KeyLife
    tickets: int
    known_by: int
    stations: int


def list_keys(unit: Unit, house: House, keystore: KeyStore) -> tuple[KeyInUse, ...]:
    """Every key, oldest first."""
    book, tickets = keystore.read(), key_use.valid_tickets(unit, now=house.clock.now())
    stations = _in_service(unit)
    return tuple(
        KeyInUse(
            life=life,
            tickets=tickets.get(life.key.id, 0),
            known_by=len(stations) - len(_unaware(book, life.key.id, stations)),
            stations=len(stations),
        )
        for life in book.lives
    )


def rotate_keys(
    unit: Unit,
    house: House,
    keystore: KeyStore,
    *,
    publish_for: timedelta,
    pushes: frozenset[Push] = frozenset(),
) -> Rotation:
    """Publish a next key if there is none; let the next one sign when its time has come.

    `Push.NOW` does not wait for the time, `Push.FORCE` not for the stations.

    Raises:
        Conflict: `no_id_left` after 255 keys.
    """
    now, stations = house.clock.now(), _in_service(unit)
    with keystore.held() as before:
        book = _with_next(before, keystore, now)
        rotation = _due(book, stations, publish_for=publish_for)
        if book is before or Push.NOW in pushes:
            rotation = replace(rotation, turn=_turn(rotation, now, pushes))
        if rotation.turn is Turn.ACTIVE:
            keystore.write(book.activate(now))
        elif book is not before:
            keystore.write(book)
    if rotation.turn in {Turn.ACTIVE, Turn.PUBLISHED}:
        _note(unit, house, rotation.key, rotation.turn.value)
    return rotation


def retire_key(
    unit: Unit,
    house: House,
    keystore: KeyStore,
    *,
    key: KeyId,
    pushes: frozenset[Push] = frozenset(),
) -> Retirement:
    """Accept a key no longer that signs nothing any more.

    With valid tickets it stays, unless `Push.FORCE`: those are refused as `unknown_key`
    from then on.

    Raises:
        NotFound: `key`.
        Conflict: `not_verify`: it is in another state.
    """
    now = house.clock.now()
    tickets = key_use.valid_tickets(unit, now=now).get(key, 0)
    with keystore.held() as book:
        changed = _step(lambda: book.retire(key, now))
        may_go = not tickets or Push.FORCE in pushes
        if may_go:
            keystore.write(changed)
    if may_go:
        _note(unit, house, key, KeyState.RETIRED.value)
    return Retirement(retired=may_go, tickets=tickets)


def compromise_key(unit: Unit, house: House, keystore: KeyStore, *, key: KeyId) -> Compromise:
    """Strangers may have the private key: another one signs at once, made if needed.

    Its tickets are good from now on only if the service knows them; reissue them.

    Raises:
        NotFound: `key`.
        Conflict: `no_id_left` after 255 keys.
    """
    now, stations = house.clock.now(), _in_service(unit)
    tickets = key_use.valid_tickets(unit, now=now).get(key, 0)
    with keystore.held() as before:
        life = before.find(key)
        signs = life is not None and life.key.state is KeyState.ACTIVE
        heirs = _with_next(before, keystore, now) if signs else before
        book = _step(lambda: heirs.compromise(key, now))
        keystore.write(book)
    _note(unit, house, key, KeyState.COMPROMISED.value)
    active = book.first(KeyState.ACTIVE)
    unaware = tuple(
        one for one in stations if book.known_as(key, one.ring) is not KeyState.COMPROMISED
    )
    return Compromise(active=active.key.id if active else key, tickets=tickets, unaware=unaware)


# ------------------------------------------------------------ parts of the above
def _note(unit: Unit, house: House, key: KeyId, state: str) -> None:
    """After the ring was written: the files have no transaction to share."""
    unit.begin()
    thing = Thing("signing_key", str(key))
    audit.note(unit, house, action=Action.SIGNING_KEY_CHANGED, object=thing, after={"state": state})
    unit.commit()


def _in_service(unit: Unit) -> tuple[Station, ...]:
    return tuple(one for one in station_rows.listed(unit) if one.revoked_at is None)


def _unaware(book: KeyBook, key: KeyId, stations: Iterable[Station]) -> tuple[Station, ...]:
    return tuple(one for one in stations if book.known_as(key, one.ring) is None)


def _with_next(book: KeyBook, keystore: KeyStore, now: datetime) -> KeyBook:
    """With a next key, the private part of a new one on disk; the ring is not written yet."""
    if book.first(KeyState.NEXT) is not None:
        return book
    return _step(lambda: book.publish(keystore.make(book.next_id()), now))


def _due(book: KeyBook, stations: tuple[Station, ...], *, publish_for: timedelta) -> Rotation:
    """The next key as it stands: when it may sign, and who does not know it."""
    life = book.get_next()
    # A file from before times were written: who has not heard of the key decides alone.
    published_at = life.published_at or EPOCH
    return Rotation(
        turn=Turn.PUBLISHED,
        key=life.key.id,
        may_sign_at=published_at + publish_for,
        unaware=_unaware(book, life.key.id, stations),
    )


def _turn(rotation: Rotation, now: datetime, pushes: frozenset[Push]) -> Turn:
    if now < rotation.may_sign_at and Push.NOW not in pushes:
        return Turn.TOO_EARLY
    return Turn.UNKNOWN if rotation.unaware and Push.FORCE not in pushes else Turn.ACTIVE


def _step(step: Callable[[], KeyBook]) -> KeyBook:
    """A step of the ring; one that cannot be taken is a refusal."""
    try:
        return step()
    except BadStep as bad:
        problem = bad.errors[0].problem
        raise (NotFound("key") if problem == "unknown" else Conflict(problem)) from None
