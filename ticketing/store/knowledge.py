"""What stations may know of tickets, followed in commit order; in the store room.

Three ways lead to a ticket: the walk through all of them by id, what has changed of tickets,
and what has changed of moves. A change that is visible but not final yet (an older
transaction still runs, see `positions`) is told at once and once more later.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_

from ticketing.domain.ids import StationId
from ticketing.domain.slots import Slot
from ticketing.store import moves, positions, schema, slots
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.sync_api import Result
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

T, M, J = schema.tickets.c, schema.moves.c, schema.journals.c
E = schema.journal_entries.c
_MOST_RUNS = 100
_FORBIDDEN = (TicketState.REVOKED, TicketState.BLOCKED)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a station may know: `elsewhere` are the offers that are not for its gate.

    Tickets of the others that end after `since` and begin before `until`, and until
    their end all that are revoked, blocked or superseded. Aware UTC.
    """

    elsewhere: tuple[int, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows of tickets and of moves below these positions are final."""

    tickets: int
    moves: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the changes: a position, and a row within it (`no` for moves only)."""

    pos: int
    id: bytes = b""
    no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """What a station may know of a ticket as it is stored; times aware UTC.

    `is_known` whether it is within the scope, `has_turned` whether its state was ever
    another, so that a station may know it from then.
    """

    id: TicketId
    issue: int
    offer: int
    state: TicketState
    valid_from: datetime
    valid_until: datetime
    party: int
    name_box: bytes | None = None
    slot: str | None = None
    is_known: bool = True
    has_turned: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Entries of a journal that are here: all up to `acked`, and runs behind a gap.

    A run is its first and last number; what was rejected is in none.
    """

    acked: int = 0
    runs: tuple[tuple[int, int], ...] = ()


def uploaded(unit: Unit, journal: bytes, *, station: StationId) -> Uploaded | None:
    """What is here of a journal; None for another station's.

    Of a journal with two histories nothing is said behind `acked`: it could be the other's.
    """
    query = select(J.station, J.acked, J.forked_at).where(J.id == journal)
    row = unit.run(query).first()
    if row is None:
        return Uploaded()
    if row.station != station:
        return None
    runs = () if row.forked_at else _runs(unit, journal, after=row.acked)
    return Uploaded(int(row.acked), runs)


def _runs(unit: Unit, journal: bytes, *, after: int) -> tuple[tuple[int, int], ...]:
    """Runs of processed entries; of more than `_MOST_RUNS` the first."""
    place = E.n - func.row_number().over(order_by=E.n)
    here = and_(E.journal == journal, E.n > after, E.result != Result.REJECTED.value)
    found = select(E.n, place.label("run")).where(here).subquery()
    first, last = func.min(found.c.n).label("low"), func.max(found.c.n).label("high")
    query = select(first, last).group_by(found.c.run).order_by(first)
    return tuple((int(row.low), int(row.high)) for row in unit.run(query.limit(_MOST_RUNS)))


def bounds(unit: Unit) -> Bounds:
    """Up to where changes are final now."""
    if unit.is_sqlite:
        last_ticket = select(func.max(T.pos)).scalar_subquery().label("ticket")
        last_move = select(func.max(M.pos)).scalar_subquery().label("move")
        last = unit.run(select(last_ticket, last_move)).one()
        return Bounds((last.ticket or 0) + 1, (last.move or 0) + 1)
    final = int(unit.run(select(positions.final_below(unit))).scalar_one())
    return Bounds(final, final)


def walk(
    unit: Unit, scope: Scope, *, begins: datetime | None, after: bytes, limit: int
) -> tuple[TicketId, ...]:
    """The next tickets by id within the scope; with `begins` those that begin then or later."""
    query = select(T.id).where(_is_known(scope)).limit(limit)
    if begins is None:
        return tuple(unit.run(query.where(T.id > after).order_by(T.id)).scalars())
    # Few of many: reading the table as it lies is faster than in the order of the index.
    unindexed = func.coalesce(T.id, T.id)
    query = query.where(T.valid_from >= begins, T.valid_from < scope.until, unindexed > after)
    return tuple(unit.run(query.order_by(unindexed)).scalars())


def changed_tickets(unit: Unit, spot: Spot, *, limit: int) -> tuple[Spot, ...]:
    """Tickets written behind a spot, in commit order."""
    behind = tuple_(T.pos, T.id) > tuple_(spot.pos, spot.id, types=[T.pos.type, T.id.type])
    query = select(T.pos, T.id).where(T.pos >= spot.pos, behind).order_by(T.pos, T.id)
    return tuple(Spot(row.pos, row.id) for row in unit.run(query.limit(limit)))


def changed_moves(unit: Unit, spot: Spot, *, limit: int) -> tuple[Spot, ...]:
    """Moves written behind a spot, in commit order; `id` is the ticket's."""
    key = (M.pos, M.ticket_id, M.move_no)
    types = [column.type for column in key]
    behind = tuple_(*key) > tuple_(spot.pos, spot.id, spot.no, types=types)
    query = select(*key).where(M.pos >= spot.pos, behind).order_by(*key).limit(limit)
    return tuple(Spot(row.pos, row.ticket_id, row.move_no) for row in unit.run(query))


def rows(unit: Unit, scope: Scope, ids: Sequence[TicketId]) -> tuple[TicketRow, ...]:
    """These tickets as they are now, in the order of their ids."""
    query = select(*_COLUMNS, _is_known(scope).label("is_known"), _HAS_TURNED)
    found = unit.run(query.where(T.id.in_(ids)).order_by(T.id))
    return tuple(
        TicketRow(
            id=row.id,
            issue=row.issue,
            offer=row.offer,
            state=row.state,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            party=row.party,
            name_box=row.name_box,
            slot=row.slot,
            is_known=bool(row.is_known),
            has_turned=bool(row.has_turned),
        )
        for row in found
    )


def moves_of(unit: Unit, ids: Sequence[TicketId]) -> Mapping[TicketId, Sequence[Move]]:
    """All moves of these tickets, in the order in which they were written."""
    query = select(schema.moves).where(M.ticket_id.in_(ids)).order_by(M.ticket_id, M.move_no)
    found: dict[TicketId, list[Move]] = defaultdict(list)
    for row in unit.run(query).mappings():
        found[row[M.ticket_id]].append(moves.to_move(row))
    return found


def slots_of(unit: Unit, ids: Sequence[str]) -> Mapping[str, Slot]:
    """These slots by their ids."""
    query: Select[tuple[object, ...]] = select(schema.slots).where(slots.T.id.in_(ids))
    return {row[slots.T.id]: slots.to_slot(row) for row in unit.run(query).mappings()}


def _is_known(scope: Scope) -> ColumnElement[bool]:
    is_for_here = T.offer.not_in(scope.elsewhere) if scope.elsewhere else literal(1) == literal(1)
    is_soon = and_(T.valid_from < scope.until, is_for_here)
    is_dead = or_(T.state.in_(_FORBIDDEN), T.issue > 0)
    return and_(T.valid_until > scope.since, or_(is_soon, is_dead))


_HAS_TURNED = (T.state_at > T.created_at).label("has_turned")
_COLUMNS = (
    T.id,
    T.issue,
    T.offer,
    T.state,
    T.valid_from,
    T.valid_until,
    T.party,
    T.name_box,
    T.slot,
)
