"""People of the staff, and their one-time links; in the store room."""

from datetime import datetime

from sqlalchemy import (
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from ticketing.domain.accounts import Role, Staff
from ticketing.domain.ids import StaffId
from ticketing.domain.sign_in import LinkUse, Person
from ticketing.store import schema
from ticketing.store.types import UtcMs
from ticketing.store.unit import Unit

P = schema.staff.c
S = schema.staff_sessions.c
K = schema.staff_passkeys.c
L = schema.staff_links.c


def lock(unit: Unit) -> None:
    """Let nobody else change people until the transaction ends.

    SQLite's writer lock does it already; on PostgreSQL two admins could demote each
    other at once, each seeing that one is left.
    """
    if not unit.is_sqlite:
        unit.run(text("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE"))


def listed(unit: Unit, *, now: datetime) -> tuple[Person, ...]:
    """Everybody who is not removed, by name."""
    return tuple(_person(row) for row in unit.run(_people(now).order_by(P.name)))


def find(unit: Unit, staff_id: str, *, now: datetime) -> Person | None:
    """The person of an id."""
    row = unit.run(_people(now).where(P.id == staff_id)).first()
    return None if row is None else _person(row)


def id_of(unit: Unit, name: str) -> StaffId | None:
    """The id of a name; upper and lower case are one, unless two of old differ by that alone."""
    same = _called(unit, name)
    found = [id_ for id_, exact in same.items() if exact == name] or [*same]
    return found[0] if len(found) == 1 else None


def is_taken(unit: Unit, name: str, *, by: str = "") -> bool:
    """Whether somebody is called so who is not `by`; under the lock of `lock`."""
    return bool(_called(unit, name).keys() - {by})


def _called(unit: Unit, name: str) -> dict[StaffId, str]:
    """Who is called so, whatever the case: the people of a house are few."""
    rows = unit.run(select(P.id, P.name).where(P.removed_at.is_(None)))
    folded = name.casefold()
    return {StaffId(row.id): row.name for row in rows if row.name.casefold() == folded}


def other_admins(unit: Unit, staff_id: str) -> int:
    """How many admins beside one person can sign in."""
    can = or_(P.password_hash != "", exists().where(K.staff == P.id))
    query = select(func.count()).select_from(schema.staff)
    query = query.where(P.role == Role.ADMIN, P.removed_at.is_(None), P.id != staff_id, can)
    return int(unit.run(query).scalar_one())


def set_role(unit: Unit, staff_id: str, role: Role) -> None:
    """Give a person another role."""
    unit.run(update(schema.staff).where(P.id == staff_id).values(role=role.value))


def set_password(unit: Unit, staff_id: str, password_hash: str) -> None:
    """Give a person a password, or none (empty)."""
    values = {"password_hash": password_hash}
    unit.run(update(schema.staff).where(P.id == staff_id).values(values))


def renew_password(unit: Unit, staff_id: str, *, old: str, new: str) -> None:
    """Replace the hash of a password by a better one, unless the password has changed."""
    statement = update(schema.staff).where(P.id == staff_id, P.password_hash == old)
    unit.run(statement.values(password_hash=new))


def join(unit: Unit, staff_id: str, *, name: str, at: datetime) -> bool:
    """Note that an invited person has come, under a name; False if it is taken.

    Under the lock of `lock`, so that nobody takes the name in between.
    """
    if is_taken(unit, name, by=staff_id):
        return False
    values = {"name": name, "joined_at": func.coalesce(P.joined_at, literal(at, UtcMs()))}
    unit.run(update(schema.staff).where(P.id == staff_id).values(values))
    return True


def remove(unit: Unit, staff_id: str, *, at: datetime) -> None:
    """Take a person out: nothing signs them in any more, and the name is free again."""
    forget_factors(unit, staff_id)
    values = {
        "removed_at": at,
        "removed_name": P.name,
        "name": P.id,
    }
    unit.run(update(schema.staff).where(P.id == staff_id).values(values))


def forget_factors(unit: Unit, staff_id: str) -> None:
    """Drop all that signs a person in: password, codes, passkeys, links, sessions, PIN."""
    for part in (
        schema.staff_sessions,
        schema.staff_steps,
        schema.staff_passkeys,
        schema.staff_recovery,
        schema.staff_links,
    ):
        unit.run(delete(part).where(part.c.staff == staff_id))
    values = {"password_hash": "", "totp_box": None, "totp_step": None, "pin_hash": None}
    unit.run(update(schema.staff).where(P.id == staff_id).values(values))


# ------------------------------------------------------------ one-time links
def put_link(
    unit: Unit, key_hash: bytes, *, staff_id: str, use: LinkUse, ends_at: datetime
) -> None:
    """Store a link; a person has one at a time."""
    unit.run(delete(schema.staff_links).where(L.staff == staff_id))
    values = {"key_hash": key_hash, "staff": staff_id, "use": use, "ends_at": ends_at}
    unit.run(insert(schema.staff_links).values(values))


def find_link(unit: Unit, key_hash: bytes, *, now: datetime) -> tuple[Staff, LinkUse] | None:
    """Whose link it is, if it still holds."""
    there = schema.staff_links.join(schema.staff, P.id == L.staff)
    query = select(P.id, P.name, P.role, L.use).select_from(there)
    query = query.where(and_(L.key_hash == key_hash, L.ends_at > now, P.removed_at.is_(None)))
    row = unit.run(query).first()
    if row is None:
        return None
    return Staff(id=row.id, name=row.name, role=Role(row.role)), row.use


def take_link(unit: Unit, key_hash: bytes, *, now: datetime) -> bool:
    """Use a link up; of two at once one does."""
    statement = delete(schema.staff_links).where(L.key_hash == key_hash, L.ends_at > now)
    return unit.run(statement.returning(L.staff)).first() is not None


# ------------------------------------------------------------ rows
def _people(now: datetime) -> Select[*tuple[object, ...]]:
    seen = select(func.max(S.seen_at)).where(S.staff == P.id).scalar_subquery()
    passkeys = select(func.count()).where(K.staff == P.id).scalar_subquery()
    link = select(func.max(L.ends_at)).where(L.staff == P.id, L.ends_at > now).scalar_subquery()
    return select(
        schema.staff,
        seen.label("seen_at"),
        passkeys.label("passkeys"),
        link.label("link_ends_at"),
    ).where(P.removed_at.is_(None))


def _person(row: Row[*tuple[object, ...]]) -> Person:
    return Person(
        staff=Staff(id=row.id, name=row.name, role=Role(row.role)),
        created_at=row.created_at,
        joined_at=row.joined_at,
        seen_at=row.seen_at,
        passkeys=row.passkeys,
        has_password=bool(row.password_hash),
        has_codes=row.totp_box is not None,
        has_pin=row.pin_hash is not None,
        link_ends_at=row.link_ends_at,
    )
