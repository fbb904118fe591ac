"""Stations: gate PCs, paired by a code that is shown once; in the service room.

Pairing as in `protocol.md`: a code of 45 random bits, 15 minutes, one use, at most
five open. Ten wrong codes from an address and sixty in all per 15 minutes leave a
guesser a chance of 60 * 5 / 2^45 per window.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ticketing.domain.accounts import Station, Told
from ticketing.domain.ids import StationId
from ticketing.domain.tickets import PAIRING_SYMBOLS, pairing_code, shown_code
from ticketing.service import audit
from ticketing.service.audit import Action, Actor, ActorKind, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, PairingRefused
from ticketing.service.gates import get_gate
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access, counters
from ticketing.store import offers as offer_rows
from ticketing.store import stations as rows
from ticketing.store.stations import Pairing
from ticketing.store.unit import Unit
from ticketing.wire.check import CodeKind, fold, is_valid
from ticketing.wire.codec import to_base64url
from ticketing.wire.keys import BadKey, KeyId, KeyState, PublicKey
from ticketing.wire.station_api import OfferName, PairAnswer, PairRequest

CODE_LIVES = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
OPEN_AT_MOST = 5
NAME_LIMIT = 100
TOKEN_PREFIX = "es_"  # noqa: S105  a prefix that tells tokens apart, not a token
WRONG_CODES = Limit(kind="pairing", window=timedelta(minutes=15), each=10, in_all=60)
NOTHING_TOLD = Told()
_SECRET_BYTES = 32
_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingCode:
    """A code to type at a station, `XXXXX-XXXXX`; it is not kept and cannot be shown again."""

    code: str = field(repr=False)
    gate: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a station is called and where it stands; None leaves it as it is."""

    name: str | None = None
    gate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A station's answer, and whether it is new (201) or a repeat (200)."""

    answer: PairAnswer
    created: bool


def open_pairing(unit: Unit, house: House, *, name: str, gate: str) -> PairingCode:
    """Let a station be paired within 15 minutes; makes no gate.

    Raises:
        NotFound: `gate`.
        Invalid: `name` of no or of more than 100 characters.
        Conflict: `too_many_open` beyond five open codes.
    """
    checked_name = _checked_name(name)
    get_gate(unit, slug=gate)
    code = pairing_code(house.chance.draw(PAIRING_SYMBOLS))
    now = house.clock.now()
    pairing = Pairing(
        code_hash=_hash(code), name=checked_name, gate=gate, expires_at=now + CODE_LIVES
    )
    unit.begin()
    access.lock_attempts(unit)  # of two at once, one sees the other's code
    if rows.open_pairings(unit, now=now) >= OPEN_AT_MOST:
        raise Conflict("too_many_open")
    if not rows.add_pairing(unit, pairing):
        raise Conflict("changed")
    rows.drop_pairings(unit, before=now - access.ATTEMPTS_KEPT)
    audit.note(
        unit,
        house,
        action=Action.STATION_PAIRING_OPENED,
        object=Thing("gate", gate),
        after={"name": checked_name},
    )
    unit.commit()
    return PairingCode(code=shown_code(code), gate=gate, expires_at=pairing.expires_at)


def pair(unit: Unit, house: House, *, request: PairRequest, address: str) -> Paired:
    """Make a station of whoever knows an open code.

    The same code and key again within 15 minutes of the first time: the answer got
    lost, so a new token is given and the old one is dead. A new code and the key of a
    station in service: the same computer is paired anew, so it stays that station, with
    the new code's name and gate and a new token, and the old token is dead.

    Raises:
        PairingRefused: `throttled`, `unknown_code`, `expired_code`, `used_code`.
        Invalid: `public_key` that is no key one may trust.
    """
    now, who = house.clock.now(), who_is(house, address)
    fresh = _drawn(house)
    _check_key(request.public_key)
    unit.begin()
    access.lock_attempts(unit)
    wait_s = retry_after_s(unit, WRONG_CODES, who=who, now=now)
    if wait_s:
        raise PairingRefused("throttled", retry_after_s=wait_s)
    pairing = _find(unit, request.pairing_code)
    if pairing is None:
        access.add_failure(unit, WRONG_CODES.kind, who=who, at=now)
        unit.commit()
        raise PairingRefused("unknown_code")
    is_new = pairing.used_at is None
    use = _first if is_new else _again
    station = use(unit, pairing, key=request.public_key, fresh=fresh, now=now)
    answer = _answer(unit, house, station=station, fresh=fresh)
    if is_new:
        thing, told = Thing("station", station.id), {"name": station.name, "gate": station.gate}
        own = replace(house, actor=Actor(ActorKind.STATION, station.id))  # the code says who it is
        audit.note(unit, own, action=Action.STATION_PAIRED, object=thing, after=told)
    unit.commit()
    return Paired(answer=answer, created=is_new)


def token_hash(token: str) -> bytes:
    """As which a token is kept; that of nobody for what is no station's token."""
    return _hash(token) if token.startswith(TOKEN_PREFIX) else b""


def station_by_token(unit: Unit, *, token: str) -> Station | None:
    """The station of a token, if it is in service."""
    found = rows.find_by_token(unit, token_hash(token))
    return None if found is None or found.revoked_at is not None else found


def is_news(station: Station, now: datetime) -> bool:
    """Whether it is time to note that a station was heard of: at most once a minute."""
    seen_at = station.last_seen_at
    return seen_at is None or now - seen_at >= SEEN_EVERY


def hear(unit: Unit, house: House, *, station: Station, told: Told = NOTHING_TOLD) -> datetime:
    """Note that a station lives and what it tells; the service's time, aware UTC.

    Written at most once a minute, unless something has changed.
    """
    now = house.clock.now()
    if is_news(station, now) or station.says_news(told):
        unit.begin()
        rows.note(unit, station.id, told, at=now)
        unit.commit()
    return now


def list_stations(unit: Unit) -> tuple[Station, ...]:
    """Every station, oldest first, revoked ones too."""
    return rows.listed(unit)


def get_station(unit: Unit, *, station: StationId) -> Station:
    """One station, revoked or not.

    Raises:
        NotFound: `station`.
    """
    found = rows.find(unit, station)
    if found is None:
        raise NotFound("station")
    return found


def change_station(unit: Unit, house: House, *, station: StationId, to: Place) -> Station:
    """Call a station otherwise, put it at another gate; None leaves it as it is.

    It judges at the new gate from its next scan on, and shows so at its next pulse.

    Raises:
        NotFound: `station`, `gate`.
        Invalid: `name` of no or of more than 100 characters.
    """
    checked_name = None if to.name is None else _checked_name(to.name)
    if to.gate is not None:
        get_gate(unit, slug=to.gate)
    unit.begin()
    found = get_station(unit, station=station)
    rows.set_place(unit, station, name=checked_name or found.name, gate=to.gate or found.gate)
    changed = get_station(unit, station=station)
    _note(unit, house, action=Action.STATION_CHANGED, change=(found, changed))
    unit.commit()
    return changed


def revoke_station(unit: Unit, house: House, *, station: StationId) -> Station:
    """Take a station out of service: its token is dead at once.

    Raises:
        NotFound: `station`.
    """
    unit.begin()
    found = get_station(unit, station=station)
    rows.revoke(unit, station, at=house.clock.now())
    revoked = get_station(unit, station=station)
    _note(unit, house, action=Action.STATION_REVOKED, change=(found, revoked))
    unit.commit()
    return revoked


# ------------------------------------------------------------ parts of the above
def _note(unit: Unit, house: House, *, action: Action, change: tuple[Station, Station]) -> None:
    old, new = (
        {"name": one.name, "gate": one.gate, "revoked_at": one.revoked_at} for one in change
    )
    thing = Thing("station", change[0].id)
    audit.note(unit, house, action=action, object=thing, before=old, after=new)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """What a new station may need of chance, drawn before the lock is taken."""

    station: StationId
    token: str = field(repr=False)
    digest_key: bytes = field(repr=False)
    epoch: int


def _drawn(house: House) -> _Drawn:
    draw = house.chance.draw
    return _Drawn(
        station=StationId(f"st_{draw(_ID_BYTES).hex()}"),
        token=TOKEN_PREFIX + to_base64url(draw(_SECRET_BYTES)),
        digest_key=draw(_SECRET_BYTES),
        epoch=int.from_bytes(draw(_ID_BYTES), "big") >> 1,  # the column is signed
    )


def _check_key(raw: bytes) -> None:
    try:
        PublicKey(KeyId(0), KeyState.ACTIVE, raw)
    except BadKey:
        raise Invalid(FieldError("public_key", "untrusted")) from None


def _find(unit: Unit, text: str) -> Pairing | None:
    code = fold(text)
    if len(code) != PAIRING_SYMBOLS + 1 or not is_valid(code, CodeKind.PAIRING):
        return None
    return rows.find_pairing(unit, _hash(code))


def _first(unit: Unit, pairing: Pairing, *, key: bytes, fresh: _Drawn, now: datetime) -> Station:
    if now >= pairing.expires_at:
        raise PairingRefused("expired_code")
    known = rows.find_by_key(unit, key)
    if known is not None:
        # The same computer: what its journal has not told yet belongs to the same station.
        rows.reinstate(unit, known.id)
        rows.set_place(unit, known.id, name=pairing.name, gate=pairing.gate)
        rows.set_token(unit, known.id, _hash(fresh.token))
        rows.use_pairing(unit, replace(pairing, used_at=now, used_key=key, station=known.id))
        return get_station(unit, station=known.id)
    station = Station(
        id=fresh.station,
        name=pairing.name,
        gate=pairing.gate,
        gate_name=get_gate(unit, slug=pairing.gate).name,
        public_key=key,
        digest_key=fresh.digest_key,
        paired_at=now,
    )
    rows.add(unit, station, token_hash=_hash(fresh.token))
    rows.use_pairing(unit, replace(pairing, used_at=now, used_key=key, station=station.id))
    return station


def _again(unit: Unit, pairing: Pairing, *, key: bytes, fresh: _Drawn, now: datetime) -> Station:
    used_at, used_key = pairing.used_at, pairing.used_key
    station = None if pairing.station is None else rows.find(unit, pairing.station)
    is_late = used_at is None or now >= used_at + CODE_LIVES
    if is_late or used_key != key or station is None or station.revoked_at is not None:
        raise PairingRefused("used_code")
    rows.set_token(unit, station.id, _hash(fresh.token))
    return station


def _answer(unit: Unit, house: House, *, station: Station, fresh: _Drawn) -> PairAnswer:
    epoch = counters.fix(unit, "epoch", fresh.epoch)
    return PairAnswer(
        station=station.id,
        token=fresh.token,
        gate=station.gate,
        gate_name=station.gate_name,
        museum=house.museum.name,
        zone=house.museum.zone.key,
        epoch=f"{epoch:016x}",
        keys=house.signer.ring(),
        digest_key=station.digest_key,
        offers=tuple(OfferName(offer.number, offer.name) for offer in offer_rows.listed(unit)),
    )


def _hash(secret: str) -> bytes:
    """Codes and tokens are random: one plain SHA-256 keeps them."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > NAME_LIMIT:
        raise Invalid(FieldError("name", "length"))
    return clean
