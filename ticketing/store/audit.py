"""The audit log; in the store room. Lines are added and read, never changed or deleted."""

from sqlalchemy import Row, and_, insert, select

from ticketing.domain.audit import Actor, Entry, Thing, Wanted
from ticketing.store import schema
from ticketing.store.unit import Unit

A = schema.audit.c


def add(unit: Unit, entry: Entry) -> None:
    """Store a line; its number is the next one."""
    values = {
        "at": entry.at,
        "actor_kind": entry.actor.kind,
        "actor": entry.actor.id,
        "action": entry.action,
        "object_kind": entry.object.kind,
        "object": entry.object.id,
        "before": entry.before,
        "after": entry.after,
    }
    unit.run(insert(schema.audit).values(values))


def page(unit: Unit, wanted: Wanted, *, before: int | None, limit: int) -> tuple[Entry, ...]:
    """Lines of a number below `before`, newest first."""
    equal = {
        "actor_kind": wanted.actor_kind,
        "actor": wanted.actor,
        "action": wanted.action,
        "object_kind": wanted.object_kind,
        "object": wanted.object,
    }
    tests = [A[name] == value for name, value in equal.items() if value is not None]
    if wanted.since is not None:
        tests.append(A.at >= wanted.since)
    if wanted.until is not None:
        tests.append(A.at < wanted.until)
    if before is not None:
        tests.append(A.number < before)
    query = select(schema.audit).where(and_(True, *tests)).order_by(A.number.desc()).limit(limit)  # noqa: FBT003  SQLAlchemy's own way
    return tuple(_entry(row) for row in unit.run(query))


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        actor=Actor(row.actor_kind, row.actor),
        action=row.action,
        object=Thing(row.object_kind, row.object),
        before=row.before,
        after=row.after,
    )
