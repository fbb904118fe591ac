"""The conflicts table: who came in although the tickets say otherwise; in the store room."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.conflicts import Conflict, ConflictKind, ConflictState
from ticketing.store import positions, scans, schema
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Reason

T = schema.conflicts.c
_NAMES = tuple(column.name for column in schema.conflicts.columns if column.name != "pos")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list, newest first: behind this conflict."""

    found_at: datetime
    id: str


def add(unit: Unit, conflict: Conflict) -> bool:
    """Store a conflict; False if this finding is there already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    values: dict[str, Any] = asdict(conflict) | {
        "kind": conflict.kind.value,
        "state": conflict.state.value,
        "reason": None if conflict.reason is None else conflict.reason.value,
        "pos": positions.next_in(schema.conflicts, is_sqlite=unit.is_sqlite),
    }
    statement = into(schema.conflicts).values(values).on_conflict_do_nothing().returning(T.id)
    return unit.run(statement).first() is not None


def find(unit: Unit, conflict_id: str) -> Conflict | None:
    """The conflict of an id."""
    row = unit.run(select(schema.conflicts).where(T.id == conflict_id)).mappings().first()
    return None if row is None else _to_conflict(row)


def page(
    unit: Unit, *, state: ConflictState | None = None, after: Place | None = None, limit: int
) -> tuple[Conflict, ...]:
    """Conflicts, newest first, behind a place."""
    query = select(schema.conflicts).order_by(T.found_at.desc(), T.id.desc()).limit(limit)
    if state is not None:
        query = query.where(T.state == state.value)
    if after is not None:
        older = T.found_at < after.found_at
        query = query.where(or_(older, (T.found_at == after.found_at) & (T.id < after.id)))
    return tuple(_to_conflict(row) for row in unit.run(query).mappings())


def tally(
    unit: Unit, *, since: datetime, until: datetime
) -> dict[tuple[ConflictKind, ConflictState], int]:
    """How many were found in a time, by what they are and how they stand."""
    query = (
        select(T.kind.label("kind"), T.state.label("state"), func.count().label("n"))
        .where(T.found_at >= since, T.found_at < until)
        .group_by(T.kind, T.state)
        .order_by(T.kind, T.state)
    )
    rows = unit.run(query).mappings()
    return {(ConflictKind(row["kind"]), ConflictState(row["state"])): int(row["n"]) for row in rows}


def close(unit: Unit, conflict: Conflict) -> bool:
    """Write how a conflict was closed; False if it is no longer open."""
    values = {
        "state": conflict.state.value,
        "note": conflict.note,
        "closed_by": conflict.closed_by,
        "closed_at": conflict.closed_at,
        "pos": positions.next_in(schema.conflicts, is_sqlite=unit.is_sqlite),
    }
    is_open = (T.id == conflict.id) & (T.state == ConflictState.OPEN.value)
    statement = update(schema.conflicts).where(is_open).values(values).returning(T.id)
    return unit.run(statement).first() is not None


def of_scan(unit: Unit, extra: bytes) -> tuple[Conflict, ...]:
    """Conflicts about people who came with a scan; they are in the house once it is closed too."""
    query = select(schema.conflicts).where(T.extra == extra)
    return tuple(_to_conflict(row) for row in unit.run(query).mappings())


def unseen_exits(unit: Unit, ticket: TicketId) -> tuple[Conflict, ...]:
    """Open conflicts of a ticket that an exit may explain: somebody came in who was inside."""
    query = select(schema.conflicts).where(
        T.ticket == ticket,
        T.kind == ConflictKind.DOUBLE_USE.value,
        T.reason == Reason.STILL_INSIDE.value,
        T.state == ConflictState.OPEN.value,
    )
    rows = unit.run(query.order_by(T.found_at, T.id)).mappings()
    return tuple(_to_conflict(row) for row in rows)


def scans_of(unit: Unit, conflicts: Sequence[Conflict]) -> dict[bytes, Scan]:
    """The scans that conflicts name, by id."""
    ids = {one.extra for one in conflicts} | {one.counted for one in conflicts if one.counted}
    query = select(schema.scans).where(schema.scans.c.scan_id.in_(sorted(ids)))
    found = [scans.to_scan(row) for row in unit.run(query).mappings()] if ids else []
    return {scan.scan_id: scan for scan in found}


def _to_conflict(row: RowMapping) -> Conflict:
    values: dict[str, Any] = {name: row[T[name]] for name in _NAMES}
    reason = values["reason"]
    typed = {
        "kind": ConflictKind(values["kind"]),
        "state": ConflictState(values["state"]),
        "reason": None if reason is None else Reason(reason),
    }
    return Conflict(**values | typed)
