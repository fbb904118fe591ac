"""What the counters of slots say, beside what the rows say; in the store room.

Each question is one statement: it sees rows and counters as of the same moment, so the
difference may be added to a counter without any lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select

from ticketing.store import schema, slots
from ticketing.store.unit import Unit
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import TicketState

T, L, N = schema.tickets.c, schema.slots.c, schema.counters.c
_moves = schema.moves.alias("used")
_annuls = schema.moves.alias("annuls")
_batches = schema.counters.alias("batches")


@dataclass(frozen=True, slots=True)
class Figure:
    """A counter by its name: its value, and what it should be by the rows."""

    name: str
    counted: int
    by_rows: int

    @property
    def off_by(self) -> int:
        """What is to be added to the counter."""
        return self.by_rows - self.counted


def sold(unit: Unit, *, since: datetime) -> Sequence[Figure]:
    """Places sold of each slot not over at a time; none while a batch is being stored."""
    is_used = exists().where(_moves.c.ticket_id == T.id, _is_standing_entry())
    is_sold = or_(T.state != TicketState.REVOKED, is_used)
    rows = (
        select(T.slot.label("slot"), func.sum(T.party).label("n"))
        .where(T.slot.is_not(None), is_sold)
        .group_by(T.slot)
        .subquery()
    )
    under_way = exists().where(_batches.c.name.startswith("batch:"))
    query = _beside(rows, slots.sold_name(""), since=since).where(~under_way)
    return _figures(unit, query)


def came(unit: Unit, *, since: datetime) -> Sequence[Figure]:
    """People who came by tickets of each slot not over at a time."""
    rows = (
        select(T.slot.label("slot"), func.sum(_moves.c.people).label("n"))
        .join(_moves, _moves.c.ticket_id == T.id)
        .where(T.slot.is_not(None), _is_standing_entry())
        .group_by(T.slot)
        .subquery()
    )
    return _figures(unit, _beside(rows, slots.came_name(""), since=since))


def _is_standing_entry() -> ColumnElement[bool]:
    """An entry that no annul has taken back."""
    is_annulled = exists().where(
        _annuls.c.ticket_id == _moves.c.ticket_id,
        _annuls.c.kind == MoveKind.ANNUL,
        _annuls.c.scan_id == _moves.c.scan_id,
        _annuls.c.move_no > _moves.c.move_no,
    )
    return (_moves.c.kind == MoveKind.ENTRY) & ~is_annulled


def _beside(rows: Any, prefix: str, *, since: datetime) -> Select[Any]:  # noqa: ANN401  a subquery
    name = literal(prefix) + L.id
    return (
        select(
            name.label("name"),
            func.coalesce(N.n, 0).label("counted"),
            func.coalesce(rows.c.n, 0).label("by_rows"),
        )
        .select_from(schema.slots)
        .outerjoin(schema.counters, N.name == name)
        .outerjoin(rows, rows.c.slot == L.id)
        .where(L.ends_at > since)
        .order_by(L.id)
    )


def _figures(unit: Unit, query: Select[Any]) -> Sequence[Figure]:
    return [Figure(row.name, int(row.counted), int(row.by_rows)) for row in unit.run(query)]
