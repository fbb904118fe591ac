"""Stations and their pairing codes; in the store room."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.accounts import Station, Told
from ticketing.domain.ids import StationId
from ticketing.store import schema
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised

T = schema.stations.c
P = schema.pairings.c
_STATION = ("id", "name", "gate", "public_key", "digest_key", "paired_at")
_TOLD = ("last_seen_at", "revoked_at", "version", "unsent", "clock_diff_ms", "ring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A pairing code, kept as its SHA-256; used once, by one key."""

    code_hash: bytes
    name: str
    gate: str
    expires_at: datetime
    used_at: datetime | None = None
    used_key: bytes | None = None
    station: StationId | None = None


def find_by_token(unit: Unit, token_hash: bytes) -> Station | None:
    """The station of a token, revoked or not."""
    rows = unit.fetch(_BY_TOKEN, {"key_token": token_hash})
    return to_station(rows[0]) if rows else None


def find(unit: Unit, station: StationId) -> Station | None:
    """The station of an id, revoked or not."""
    return _first(unit, _joined().where(T.id == station))


def listed(unit: Unit) -> tuple[Station, ...]:
    """Every station, oldest first, revoked ones too."""
    query = _joined().order_by(T.paired_at, T.id)
    return tuple(to_station(row) for row in unit.run(query).mappings())


def add(unit: Unit, station: Station, *, token_hash: bytes) -> None:
    """Store a newly paired station."""
    values: dict[str, Any] = {name: getattr(station, name) for name in _STATION}
    unit.run(insert(schema.stations).values(values | {"token_hash": token_hash}))


def set_token(unit: Unit, station: StationId, token_hash: bytes) -> None:
    """Give a station another token; the old one is dead."""
    unit.run(update(schema.stations).where(T.id == station).values(token_hash=token_hash))


def find_by_key(unit: Unit, public_key: bytes) -> Station | None:
    """The station that has this key, revoked or not; one in service first, then the newest."""
    query = _joined().where(T.public_key == public_key)
    order = (T.revoked_at.is_not(None), T.paired_at.desc(), T.id)
    return _first(unit, query.order_by(*order).limit(1))


def reinstate(unit: Unit, station: StationId) -> None:
    """Put a station into service again."""
    unit.run(update(schema.stations).where(T.id == station).values(revoked_at=None))


def set_place(unit: Unit, station: StationId, *, name: str, gate: str) -> None:
    """Give a station another name, another gate."""
    unit.run(update(schema.stations).where(T.id == station).values(name=name, gate=gate))


def revoke(unit: Unit, station: StationId, *, at: datetime) -> None:
    """Take a station out of service; the first time stays."""
    is_in_service = (T.id == station) & T.revoked_at.is_(None)
    unit.run(update(schema.stations).where(is_in_service).values(revoked_at=at))


def touch(unit: Unit, station: StationId, *, at: datetime) -> None:
    """Note that a station was heard of."""
    unit.run(update(schema.stations).where(T.id == station).values(last_seen_at=at))


def note(unit: Unit, station: StationId, told: Told, *, at: datetime) -> None:
    """Keep what a station tells of itself; what it does not say stays."""
    said = {name: value for name, value in asdict(told).items() if value is not None}
    values = said | {"last_seen_at": at}
    unit.run(update(schema.stations).where(T.id == station).values(values))


def set_version(unit: Unit, station: StationId, version: str) -> None:
    """Note which version a station runs."""
    unit.run(update(schema.stations).where(T.id == station).values(version=version))


# ------------------------------------------------------------ pairing codes
def add_pairing(unit: Unit, pairing: Pairing) -> bool:
    """Store a new code; False in the 2^-45 case that it is open already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    statement = into(schema.pairings).values(asdict(pairing)).on_conflict_do_nothing()
    return unit.run(statement.returning(P.code_hash)).first() is not None


def find_pairing(unit: Unit, code_hash: bytes) -> Pairing | None:
    """The code of that hash, locked for this transaction where rows can be."""
    query = select(schema.pairings).where(P.code_hash == code_hash).with_for_update()
    row = unit.run(query).mappings().first()
    return None if row is None else Pairing(**row)


def open_pairings(unit: Unit, *, now: datetime) -> int:
    """How many codes are neither used nor expired."""
    query = select(func.count()).where(P.used_at.is_(None), P.expires_at > now)
    return int(unit.run(query).scalar_one())


def drop_pairings(unit: Unit, *, before: datetime) -> None:
    """Forget codes that expired before a time."""
    unit.run(delete(schema.pairings).where(P.expires_at < before))


def use_pairing(unit: Unit, pairing: Pairing) -> None:
    """Note who used a code, and when."""
    values = {"used_at": pairing.used_at, "used_key": pairing.used_key, "station": pairing.station}
    unit.run(update(schema.pairings).where(P.code_hash == pairing.code_hash).values(values))


def _joined() -> Select[Any]:
    return select(schema.stations, schema.gates.c.name_de, schema.gates.c.name_en).join(
        schema.gates
    )


_BY_TOKEN = Prepared(_joined().where(T.token_hash == bindparam("key_token")))


_values = itemgetter(*(T[name] for name in _STATION + _TOLD))
_gate_name = itemgetter(schema.gates.c.name_de, schema.gates.c.name_en)


def _first(unit: Unit, query: Select[Any]) -> Station | None:
    row = unit.run(query).mappings().first()
    return None if row is None else to_station(row)


def to_station(row: Row) -> Station:
    """The station of a row that holds its columns and those of its gate."""
    return _station(_values(row), _gate_name(row))


@lru_cache(maxsize=256)  # a house has few, and every scan asks for one
def _station(values: tuple[Any, ...], gate_name: tuple[str, str]) -> Station:
    told: dict[str, Any] = dict(zip(_STATION + _TOLD, values, strict=True))
    return Station(**told, gate_name=Localised(*gate_name))
