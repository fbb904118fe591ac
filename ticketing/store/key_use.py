"""How many tickets hang on which signing key; in the store room."""

from datetime import datetime

from sqlalchemy import func, select

from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId
from ticketing.wire.verdict import TicketState

T = schema.tickets.c


def valid_tickets(unit: Unit, *, now: datetime) -> dict[KeyId, int]:
    """By key: tickets whose barcode may still be shown at a gate; keys without any are left out."""
    query = (
        select(T.key_id, func.count().label("n"))
        .where(T.valid_until > now, T.state != TicketState.REVOKED)
        .group_by(T.key_id)
    )
    return {KeyId(row["key_id"]): int(row["n"]) for row in unit.run(query).mappings()}
