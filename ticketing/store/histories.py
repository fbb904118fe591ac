"""What has happened to several tickets, in one statement; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from ticketing.domain.slots import Slot
from ticketing.store import moves, schema, slots
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.token import TicketId


@dataclass(frozen=True, slots=True)
class History:
    """A ticket's moves in the order they were written, and its slot."""

    moves: tuple[Move, ...] = ()
    slot: Slot | None = None


def of_tickets(unit: Unit, ids: Sequence[TicketId]) -> dict[TicketId, History]:
    """The histories of those tickets that have moves or a slot."""
    t, m = schema.tickets.c, schema.moves.c
    query = (
        select(t.id, schema.moves, schema.slots)
        .select_from(schema.tickets)
        .outerjoin(schema.moves, m.ticket_id == t.id)
        .outerjoin(schema.slots, schema.slots.c.id == t.slot)
        .where(t.id.in_(ids))
        .order_by(t.id, m.move_no)
    )
    found: dict[TicketId, tuple[list[Move], Slot | None]] = {}
    for row in unit.run(query).mappings():
        slot = None if row[schema.slots.c.id] is None else slots.to_slot(row)
        listed, _ = found.setdefault(TicketId(row[t.id]), ([], slot))
        if row[m.ticket_id] is not None:
            listed.append(moves.to_move(row))
    return {ticket: History(tuple(listed), slot) for ticket, (listed, slot) in found.items()}
