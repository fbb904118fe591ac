"""API keys, staff, and failed attempts; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.accounts import ApiKey, Role, Scope, Staff
from ticketing.domain.ids import ApiKeyId
from ticketing.store import schema, staff_people
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit

K = schema.api_keys.c
S = schema.staff.c
A = schema.attempts.c
ATTEMPTS_KEPT = timedelta(days=1)
_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed attempts of a while: how many, and when the first of them was."""

    count: int
    first_at: datetime | None


# ------------------------------------------------------------ API keys
def add_key(unit: Unit, key: ApiKey, *, key_hash: bytes) -> None:
    """Store a new key under its hash."""
    values = {
        "id": key.id,
        "name": key.name,
        "key_hash": key_hash,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_at": key.created_at,
    }
    unit.run(insert(schema.api_keys).values(values))


def find_key(unit: Unit, key_hash: bytes) -> ApiKey | None:
    """The key of that hash, if it is not revoked."""
    rows = unit.fetch(_FIND_KEY, {"hash": key_hash})
    return _key(rows[0]) if rows else None


def find_key_by_id(unit: Unit, key: ApiKeyId) -> ApiKey | None:
    """The key of an id, revoked or not."""
    row = unit.run(select(schema.api_keys).where(K.id == key)).mappings().first()
    return None if row is None else _key(row)


def keys(unit: Unit) -> tuple[ApiKey, ...]:
    """Every key, oldest first, revoked ones too."""
    query = select(schema.api_keys).order_by(K.created_at, K.id)
    return tuple(_key(row) for row in unit.run(query).mappings())


def note_use(unit: Unit, key: ApiKeyId, *, on: date) -> None:
    """Note the local day on which a key was used."""
    unit.run(update(schema.api_keys).where(K.id == key).values(last_used_on=on.isoformat()))


def revoke_key(unit: Unit, key: ApiKeyId, *, at: datetime) -> bool:
    """End a key, unless it is ended already; whether it was good until now."""
    is_good = (K.id == key) & K.revoked_at.is_(None)
    statement = update(schema.api_keys).where(is_good).values(revoked_at=at).returning(K.id)
    return unit.run(statement).first() is not None


def _key(row: Row) -> ApiKey:
    used_on = row[K.last_used_on]
    return ApiKey(
        id=row[K.id],
        name=row[K.name],
        scopes=frozenset(Scope(scope) for scope in row[K.scopes]),
        created_at=row[K.created_at],
        last_used_on=None if used_on is None else date.fromisoformat(used_on),
        revoked_at=row[K.revoked_at],
    )


# ------------------------------------------------------------ staff
def add_staff(unit: Unit, staff: Staff, *, password_hash: str, at: datetime) -> bool:
    """Store a new person; False if the name is taken. An empty hash: invited only."""
    staff_people.lock(unit)
    if staff_people.is_taken(unit, staff.name):
        return False
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    values = {
        "id": staff.id,
        "name": staff.name,
        "password_hash": password_hash,
        "role": staff.role.value,
        "created_at": at,
        "joined_at": at if password_hash else None,
    }
    statement = into(schema.staff).values(values).on_conflict_do_nothing().returning(S.id)
    return unit.run(statement).first() is not None


def find_staff(unit: Unit, name: str) -> tuple[Staff, str] | None:
    """A person and the hash of the password."""
    row = unit.run(select(schema.staff).where(S.id == staff_people.id_of(unit, name))).first()
    if row is None:
        return None
    return Staff(id=row.id, name=row.name, role=Role(row.role)), row.password_hash


def find_staff_by_id(unit: Unit, staff_id: str) -> Staff | None:
    """The person of an id."""
    query = select(schema.staff).where(S.id == staff_id, S.removed_at.is_(None))
    row = unit.run(query).first()
    return None if row is None else Staff(id=row.id, name=row.name, role=Role(row.role))


def find_pin(unit: Unit, name: str) -> tuple[Staff, str | None] | None:
    """A person and the hash of the PIN, if there is one."""
    row = unit.run(select(schema.staff).where(S.id == staff_people.id_of(unit, name))).first()
    if row is None:
        return None
    return Staff(id=row.id, name=row.name, role=Role(row.role)), row.pin_hash


def set_pin(unit: Unit, staff_id: str, pin_hash: str) -> None:
    """Give a person a PIN, or another one."""
    unit.run(update(schema.staff).where(S.id == staff_id).values(pin_hash=pin_hash))


def drop_pin(unit: Unit, staff_id: str) -> bool:
    """Take a person's PIN away; whether there was one."""
    there = update(schema.staff).where(S.id == staff_id, S.pin_hash.is_not(None))
    return unit.run(there.values(pin_hash=None).returning(S.id)).first() is not None


# ------------------------------------------------------------ failed attempts
def lock_attempts(unit: Unit) -> None:
    """Let nobody else count attempts until the transaction ends.

    SQLite's writer lock does it already; on PostgreSQL two at once would both
    read one too few.
    """
    if not unit.is_sqlite:
        unit.run(text("LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE"))


def failures(unit: Unit, kind: str, *, since: datetime, who: bytes | None = None) -> Failures:
    """Failed attempts of a kind since a time, of one address or of all."""
    query = select(func.count().label("count"), func.min(A.at).label("first_at"))
    query = query.where(A.kind == kind, A.at > since)
    if who is not None:
        query = query.where(A.who == who)
    row = unit.run(query).mappings().one()
    return Failures(int(row["count"]), row["first_at"])


def failures_of_each(
    unit: Unit, asked: Sequence[tuple[str, bytes]], *, since: datetime
) -> list[Failures]:
    """The same of up to three kinds at once, each of one address: it is asked with every code."""
    slots = [*asked, *([asked[-1]] * (_AT_ONCE - len(asked)))]
    values: dict[str, object] = {"since": since}
    for place, (kind, who) in enumerate(slots):
        values |= {f"kind{place}": kind, f"who{place}": who}
    rows = unit.fetch(_OF_EACH, values)
    found = {row[A.kind]: Failures(int(row["count"]), row["first_at"]) for row in rows}
    return [found.get(kind, Failures(0, None)) for kind, _ in asked]


def add_failure(unit: Unit, kind: str, *, who: bytes, at: datetime) -> None:
    """Store a failed attempt and forget those of its kind of more than a day ago."""
    unit.run(insert(schema.attempts).values(kind=kind, who=who, at=at))
    unit.run(delete(schema.attempts).where(A.kind == kind, A.at < at - ATTEMPTS_KEPT))


def _of_each() -> Prepared:
    asked = [
        and_(
            A.kind == bindparam(f"kind{n}", type_=A.kind.type),
            A.who == bindparam(f"who{n}", type_=A.who.type),
            A.at > bindparam("since", type_=A.at.type),
        )
        for n in range(_AT_ONCE)
    ]
    query = select(A.kind, func.count().label("count"), func.min(A.at).label("first_at"))
    return Prepared(query.where(or_(*asked)).group_by(A.kind))


_OF_EACH = _of_each()
_FIND_KEY = Prepared(
    select(schema.api_keys).where(K.key_hash == bindparam("hash"), K.revoked_at.is_(None))
)
