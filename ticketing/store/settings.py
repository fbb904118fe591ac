"""The settings table: one row for each part that somebody has set; in the store room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.settings import Facts, Part
from ticketing.store import schema
from ticketing.store.prepared import Prepared
from ticketing.store.unit import Unit

T = schema.settings.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A part as it is stored; `before` is what its last change can be taken back to."""

    part: Part
    version: int
    facts: Facts
    before: Facts
    changed_at: datetime


def listed(unit: Unit) -> tuple[SettingRow, ...]:
    """Every part that was set, in the order of their names; parts of other releases are left."""
    rows = unit.fetch(_LISTED, {})
    return tuple(_row(row) for row in rows if row[T.part] in _KNOWN)


def find(unit: Unit, part: Part) -> SettingRow | None:
    """A part, if anybody has set it."""
    row = unit.run(select(schema.settings).where(T.part == part.value)).mappings().first()
    return None if row is None else _row(row)


def add(unit: Unit, row: SettingRow) -> bool:
    """Store a part for the first time; False if somebody was faster."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    statement = into(schema.settings).values(part=row.part.value, **_columns(row))
    statement = statement.on_conflict_do_nothing()
    return unit.run(statement.returning(T.version)).first() is not None


def change(unit: Unit, row: SettingRow) -> bool:
    """Store a part's next version; False if the one before it is not there any more."""
    is_next = (T.part == row.part.value) & (T.version == row.version - 1)
    statement = update(schema.settings).where(is_next).values(_columns(row))
    return unit.run(statement.returning(T.version)).first() is not None


def _columns(row: SettingRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "facts": dict(row.facts),
        "before": dict(row.before),
        "changed_at": row.changed_at,
    }


def _row(row: Mapping[Any, Any]) -> SettingRow:
    return SettingRow(
        part=Part(row[T.part]),
        version=row[T.version],
        facts=row[T.facts],
        before=row[T.before],
        changed_at=row[T.changed_at],
    )


_KNOWN = frozenset(part.value for part in Part)
_LISTED = Prepared(select(schema.settings).order_by(T.part))
