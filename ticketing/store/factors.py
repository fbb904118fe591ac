"""Passkeys, one-time codes and recovery codes of the staff; in the store room."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.accounts import Role, Staff
from ticketing.domain.sign_in import Passkey
from ticketing.store import schema
from ticketing.store.unit import Unit

K = schema.staff_passkeys.c
P = schema.staff.c
R = schema.staff_recovery.c


# ------------------------------------------------------------ passkeys
def add_passkey(unit: Unit, passkey: Passkey, *, staff_id: str) -> bool:
    """Store a new passkey; False if it is somebody's already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    values = {
        "credential_id": passkey.credential_id,
        "id": passkey.id,
        "staff": staff_id,
        "name": passkey.name,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "created_at": passkey.created_at,
    }
    statement = into(schema.staff_passkeys).values(values).on_conflict_do_nothing()
    return unit.run(statement.returning(K.id)).first() is not None


def find_passkey(unit: Unit, credential_id: bytes) -> tuple[Staff, Passkey] | None:
    """The passkey of a credential id, and whose it is."""
    there = schema.staff_passkeys.join(schema.staff, P.id == K.staff)
    query = (
        select(schema.staff_passkeys, P.name.label("staff_name"), P.role)
        .select_from(there)
        .where(K.credential_id == credential_id, P.removed_at.is_(None))
    )
    row = unit.run(query).first()
    if row is None:
        return None
    return Staff(id=row.staff, name=row.staff_name, role=Role(row.role)), _passkey(row)


def passkeys_of(unit: Unit, staff_id: str) -> tuple[Passkey, ...]:
    """A person's passkeys, oldest first."""
    query = select(schema.staff_passkeys).where(K.staff == staff_id).order_by(K.created_at, K.id)
    return tuple(_passkey(row) for row in unit.run(query))


def passkey_used(unit: Unit, passkey: Passkey, *, sign_count: int, at: datetime) -> bool:
    """Note a use; False if it was used by somebody else in the meantime."""
    statement = (
        update(schema.staff_passkeys)
        .where(K.credential_id == passkey.credential_id, K.sign_count == passkey.sign_count)
        .values(sign_count=sign_count, used_at=at)
    )
    return unit.run(statement.returning(K.id)).first() is not None


def drop_passkey(unit: Unit, passkey_id: str, *, staff_id: str) -> bool:
    """Forget one of a person's passkeys; False if there is none of that id."""
    statement = delete(schema.staff_passkeys).where(K.id == passkey_id, K.staff == staff_id)
    return unit.run(statement.returning(K.id)).first() is not None


def _passkey(row: Row[*tuple[object, ...]]) -> Passkey:
    return Passkey(
        id=row.id,
        name=row.name,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        created_at=row.created_at,
        used_at=row.used_at,
    )


# ------------------------------------------------------------ one-time codes
def totp_box(unit: Unit, staff_id: str) -> bytes | None:
    """The sealed secret, None where there is no second factor."""
    query = select(P.totp_box).where(P.id == staff_id, P.removed_at.is_(None))
    box: bytes | None = unit.run(query).scalar_one_or_none()
    return box


def set_totp(unit: Unit, staff_id: str, box: bytes | None, *, step: int | None) -> None:
    """Give a person a secret whose codes up to `step` are used, or take it away."""
    values = {"totp_box": box, "totp_step": step}
    unit.run(update(schema.staff).where(P.id == staff_id).values(values))


def use_step(unit: Unit, staff_id: str, step: int) -> bool:
    """Use up the code of a time step and all before; False if it was used up already."""
    is_new = or_(P.totp_step.is_(None), P.totp_step < step)
    statement = update(schema.staff).where(P.id == staff_id, is_new).values(totp_step=step)
    return unit.run(statement.returning(P.id)).first() is not None


# ------------------------------------------------------------ recovery codes
def replace_recovery(unit: Unit, staff_id: str, hashes: Iterable[bytes]) -> None:
    """Give a person new recovery codes; the old ones are no good any more."""
    unit.run(delete(schema.staff_recovery).where(R.staff == staff_id))
    values = [{"code_hash": one, "staff": staff_id} for one in hashes]
    if values:
        unit.run(insert(schema.staff_recovery), values)


def use_recovery(unit: Unit, staff_id: str, code_hash: bytes, *, at: datetime) -> bool:
    """Use a code up; False if there is none or it was used."""
    statement = (
        update(schema.staff_recovery)
        .where(R.code_hash == code_hash, R.staff == staff_id, R.used_at.is_(None))
        .values(used_at=at)
    )
    return unit.run(statement.returning(R.staff)).first() is not None


def recovery_left(unit: Unit, staff_id: str) -> int:
    """How many of a person's codes are unused."""
    query = select(func.count()).select_from(schema.staff_recovery)
    return int(unit.run(query.where(R.staff == staff_id, R.used_at.is_(None))).scalar_one())
