"""The moves table: every accepted change of a ticket; in the store room.

`(ticket_id, move_no)` is the one key that makes entries, exits, parties and daily
limits exactly-once at any number of gates.
"""

from typing import Any

from sqlalchemy import FromClause, Select, bindparam, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from ticketing.store import positions, schema
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

T = schema.moves.c
GIVEN = ("ticket_id", "move_no", "scan_id", "kind", "people", "at", "gate")
_COLUMNS = [*GIVEN, "pos"]


def of_ticket(unit: Unit, ticket_id: TicketId) -> tuple[Move, ...]:
    """A ticket's moves in the order they were written."""
    query = select(schema.moves).where(T.ticket_id == ticket_id).order_by(T.move_no)
    return tuple(to_move(row) for row in unit.run(query).mappings())


def add(unit: Unit, move: Move, *, ticket_id: TicketId, issue: int, state: TicketState) -> bool:
    """Write the next move; False if somebody was faster.

    Nothing is written either if the ticket is no longer of that issue and state: a
    ticket that was revoked since it was read must be judged again.
    """
    values = values_of(move, ticket_id=ticket_id, issue=issue, state=state)
    return bool(unit.fetch(_ADD[unit.is_sqlite], values))


def values_of(move: Move, *, ticket_id: TicketId, issue: int, state: TicketState) -> dict[str, Any]:
    """The values for `insertion`."""
    return {
        "ticket_id": ticket_id,
        "move_no": move.no,
        "scan_id": move.scan_id,
        "kind": move.kind,
        "people": move.people,
        "at": move.at,
        "gate": move.gate,
        "of_issue": issue,
        "of_state": state,
    }


def hold(unit: Unit, ticket_id: TicketId) -> None:
    """Let nobody else write a move of this ticket, or mail it, until the transaction ends."""
    if not unit.is_sqlite:  # SQLite's writer lock holds everything already
        ticket = schema.tickets.c.id
        unit.run(select(ticket).where(ticket == ticket_id).with_for_update())


def to_move(row: Row) -> Move:
    """The move of a row that holds the table's columns."""
    return Move(
        no=row[T.move_no],
        scan_id=row[T.scan_id],
        kind=row[T.kind],
        people=row[T.people],
        at=row[T.at],
        gate=row[T.gate],
    )


def _unchanged_ticket(*, is_sqlite: bool) -> Select[tuple[bytes]]:
    tickets = schema.tickets.c
    values = (bindparam(name, type_=T[name].type).label(name) for name in GIVEN[1:])
    pos = positions.next_in(schema.moves, is_sqlite=is_sqlite)
    query = select(tickets.id, *values, pos.label("pos")).where(
        tickets.id == bindparam("ticket_id"),
        tickets.issue == bindparam("of_issue"),
        tickets.state == bindparam("of_state"),
    )
    # Whoever comes while another holds the ticket waits here, with nothing written yet. The
    # foreign key takes this lock too, but after the row: `hold` and the row would deadlock.
    return query if is_sqlite else query.with_for_update(read=True, key_share=True)


def insertion(*, is_sqlite: bool) -> ReturningInsert[tuple[int]]:
    """The statement that writes a move, for its values."""
    return _inserted(_unchanged_ticket(is_sqlite=is_sqlite), is_sqlite=is_sqlite)


def insertions(given: FromClause) -> ReturningInsert[tuple[int]]:
    """PostgreSQL: the statement for several of different tickets, in the order they are given.

    `given` has the columns `GIVEN`, `of_issue` and `of_state`.
    """
    tickets = schema.tickets.c
    held = (  # looked up one by one: as a join it may read the whole table (measured)
        select(tickets.id)
        .where(
            tickets.id == given.c.ticket_id,
            tickets.issue == given.c.of_issue,
            tickets.state == given.c.of_state,
        )
        .with_for_update(read=True, key_share=True)
        .lateral("held")
    )
    pos = positions.next_in(schema.moves, is_sqlite=False)
    values = (given.c[name] for name in GIVEN[1:])
    query = select(held.c.id, *values, pos.label("pos")).select_from(given.join(held, true()))
    return _inserted(query, is_sqlite=False)


def _inserted(query: Select[Any], *, is_sqlite: bool) -> ReturningInsert[tuple[int]]:
    into = sqlite.insert if is_sqlite else postgresql.insert
    return (
        into(schema.moves)
        .from_select(_COLUMNS, query)
        .on_conflict_do_nothing(index_elements=[T.ticket_id, T.move_no])
        .returning(T.move_no)
    )


_ADD = {is_sqlite: Prepared(insertion(is_sqlite=is_sqlite)) for is_sqlite in (True, False)}
