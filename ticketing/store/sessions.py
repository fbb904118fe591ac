"""Sessions of the staff, and the steps of their ceremonies; in the store room."""

from datetime import datetime

from sqlalchemy import Row, Select, delete, insert, select, update

from ticketing.domain.accounts import Role, Staff
from ticketing.domain.sign_in import Method, Session, StepKind
from ticketing.store import schema
from ticketing.store.unit import Unit

S = schema.staff_sessions.c
P = schema.staff.c
T = schema.staff_steps.c


def add(unit: Unit, session: Session, *, key_hash: bytes) -> None:
    """Store a session under the hash of its key, and forget those that are over."""
    unit.run(delete(schema.staff_sessions).where(S.ends_at <= session.created_at))
    values = {
        "key_hash": key_hash,
        "id": session.id,
        "staff": session.staff.id,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "ends_at": session.ends_at,
        "agent": session.agent,
        "method": session.method,
        "lang": session.lang,
    }
    unit.run(insert(schema.staff_sessions).values(values))


def find(unit: Unit, key_hash: bytes, *, now: datetime) -> Session | None:
    """The session of a key that is not over, of a person who is still there."""
    query = _sessions().where(S.key_hash == key_hash, S.ends_at > now)
    row = unit.run(query).first()
    return None if row is None else _session(row)


def of_staff(unit: Unit, staff_id: str, *, now: datetime) -> tuple[Session, ...]:
    """A person's open sessions, the newest first."""
    query = _sessions().where(S.staff == staff_id, S.ends_at > now)
    rows = unit.run(query.order_by(S.created_at.desc(), S.id))
    return tuple(_session(row) for row in rows)


def seen(unit: Unit, key_hash: bytes, *, at: datetime) -> None:
    """Note when a session was used last."""
    unit.run(update(schema.staff_sessions).where(S.key_hash == key_hash).values(seen_at=at))


def speak(unit: Unit, session_id: str, lang: str) -> None:
    """Let a session speak another language."""
    unit.run(update(schema.staff_sessions).where(S.id == session_id).values(lang=lang))


def strengthen(unit: Unit, session_id: str, method: Method) -> None:
    """Note that more than a password was proved in a session."""
    unit.run(update(schema.staff_sessions).where(S.id == session_id).values(method=method))


def end(unit: Unit, session_id: str, *, staff_id: str) -> bool:
    """End one of a person's sessions; False if there is none of that id."""
    statement = delete(schema.staff_sessions).where(S.id == session_id, S.staff == staff_id)
    return unit.run(statement.returning(S.id)).first() is not None


def end_key(unit: Unit, key_hash: bytes) -> None:
    """End the session of a key, if there is one."""
    unit.run(delete(schema.staff_sessions).where(S.key_hash == key_hash))
    unit.run(delete(schema.staff_steps).where(T.key_hash == key_hash))


def end_all(unit: Unit, staff_id: str, *, but: str | None = None) -> None:
    """End a person's sessions, and all steps on the way to one; `but` is kept."""
    statement = delete(schema.staff_sessions).where(S.staff == staff_id)
    unit.run(statement if but is None else statement.where(S.id != but))
    unit.run(delete(schema.staff_steps).where(T.staff == staff_id))


def _sessions() -> Select[*tuple[object, ...]]:
    there = schema.staff_sessions.join(schema.staff, P.id == S.staff)
    return (
        select(schema.staff_sessions, P.name, P.role)
        .select_from(there)
        .where(P.removed_at.is_(None))
    )


def _session(row: Row[*tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        staff=Staff(id=row.staff, name=row.name, role=Role(row.role)),
        created_at=row.created_at,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
        agent=row.agent,
        method=row.method,
        lang=row.lang,
    )


# ------------------------------------------------------------ steps
def put_step(
    unit: Unit,
    kind: StepKind,
    key_hash: bytes,
    *,
    staff_id: str | None,
    data: bytes,
    span: tuple[datetime, datetime],
) -> None:
    """Keep something until the next request, instead of what was kept there before.

    `span` is now and when it ends; steps that are over are forgotten.
    """
    now, ends_at = span
    is_this = (T.key_hash == key_hash) & (T.kind == kind)
    unit.run(delete(schema.staff_steps).where(is_this | (T.ends_at <= now)))
    values = {
        "key_hash": key_hash,
        "kind": kind,
        "staff": staff_id,
        "data": data,
        "ends_at": ends_at,
    }
    unit.run(insert(schema.staff_steps).values(values))


def find_step(
    unit: Unit, kind: StepKind, key_hash: bytes, *, now: datetime
) -> tuple[str | None, bytes] | None:
    """The person and the data of a step that is not over."""
    query = select(T.staff, T.data)
    query = query.where(T.key_hash == key_hash, T.kind == kind, T.ends_at > now)
    row = unit.run(query).first()
    return None if row is None else (row.staff, row.data)


def take_step(
    unit: Unit, kind: StepKind, key_hash: bytes, *, now: datetime
) -> tuple[str | None, bytes] | None:
    """The same, and it is gone: of two at once one gets it."""
    statement = delete(schema.staff_steps).where(
        T.key_hash == key_hash, T.kind == kind, T.ends_at > now
    )
    row = unit.run(statement.returning(T.staff, T.data)).first()
    return None if row is None else (row.staff, row.data)
