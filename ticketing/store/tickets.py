"""The tickets table; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, or_, select, update

from ticketing.domain.ids import VisitorId
from ticketing.domain.names import search_key
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket
from ticketing.store import offers, positions, schema
from ticketing.store.prepared import Row
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId
from ticketing.wire.token import Flag, TicketId
from ticketing.wire.verdict import TicketState

T = schema.tickets.c
_DERIVED = frozenset({"pos", "holder_key"})
_NAMES = tuple(column.name for column in schema.tickets.columns if column.name not in _DERIVED)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of tickets, newest first: behind this ticket."""

    created_at: datetime
    id: bytes


def find(unit: Unit, ticket_id: TicketId) -> tuple[Ticket, Offer] | None:
    """A ticket and what it is for."""
    return next(iter(_pairs(unit, _joined().where(T.id == ticket_id))), None)


def add(unit: Unit, tickets: Sequence[Ticket]) -> None:
    """Store new tickets. Ids and short codes are random: a collision is an error."""
    pos = positions.next_in(schema.tickets, is_sqlite=unit.is_sqlite)
    names = (*_NAMES, "holder_key")
    values = {name: bindparam(name, type_=T[name].type) for name in names}
    statement = insert(schema.tickets).values(values | {"pos": pos})
    unit.run(statement, [_columns(ticket) for ticket in tickets])


def taken_short_codes(unit: Unit, codes: Sequence[str]) -> frozenset[str]:
    """Which of these short codes are given out already."""
    return frozenset(unit.run(select(T.short_code).where(T.short_code.in_(codes))).scalars())


def set_state(
    unit: Unit, ticket_id: TicketId, state: TicketState, *, at: datetime, reason: str | None = None
) -> None:
    """Change what staff or payment have made of a ticket; `at` is when."""
    pos = positions.next_in(schema.tickets, is_sqlite=unit.is_sqlite)
    values = {"state": state, "state_reason": reason, "state_at": at, "pos": pos}
    unit.run(update(schema.tickets).where(T.id == ticket_id).values(values))


def reissue(unit: Unit, ticket: Ticket) -> bool:
    """Store a ticket's next issue; False if it is not the next one any more."""
    statement = (
        update(schema.tickets)
        .where(T.id == ticket.id, T.issue == ticket.issue - 1)
        .values(
            issue=ticket.issue,
            issued_at=ticket.issued_at,
            key_id=ticket.key_id,
            short_code=ticket.short_code,
            flags=int(ticket.flags),
            name_box=ticket.name_box,
            pos=positions.next_in(schema.tickets, is_sqlite=unit.is_sqlite),
        )
        .returning(T.id)
    )
    return unit.run(statement).first() is not None


def rename(unit: Unit, ticket: Ticket, *, was: str) -> bool:
    """Store another name and its box; False if name or issue are no longer those."""
    statement = (
        update(schema.tickets)
        .where(T.id == ticket.id, T.issue == ticket.issue, T.holder == was)
        .values(
            holder=ticket.holder,
            holder_key=search_key(ticket.holder),
            name_box=ticket.name_box,
            pos=positions.next_in(schema.tickets, is_sqlite=unit.is_sqlite),
        )
        .returning(T.id)
    )
    return unit.run(statement).first() is not None


def under_key(
    unit: Unit, key_id: KeyId, *, now: datetime, after: bytes, limit: int
) -> tuple[tuple[Ticket, Offer], ...]:
    """Tickets of persons signed under a key that may still admit, by id behind one."""
    is_good = (T.state != TicketState.REVOKED) & (T.valid_until > now) & (T.holder != "")
    query = _joined().where(T.key_id == key_id, is_good, T.id > after).order_by(T.id)
    return _pairs(unit, query.limit(limit))


def page(
    unit: Unit,
    *,
    offer: str | None = None,
    state: TicketState | None = None,
    after: Place | None = None,
    limit: int,
) -> tuple[tuple[Ticket, Offer], ...]:
    """Tickets with their offers, newest first, behind a place."""
    query = _joined().order_by(T.created_at.desc(), T.id.desc()).limit(limit)
    if offer is not None:
        query = query.where(schema.offers.c.slug == offer)
    if state is not None:
        query = query.where(T.state == state)
    if after is not None:
        older = or_(T.created_at < after.created_at, T.id < after.id)
        query = query.where(T.created_at <= after.created_at, older)
    return _pairs(unit, query)


def of_visitor(unit: Unit, visitor: VisitorId, *, limit: int) -> tuple[tuple[Ticket, Offer], ...]:
    """A visitor's tickets with their offers, newest first."""
    query = _joined().where(T.visitor == visitor).order_by(T.created_at.desc(), T.id.desc())
    return _pairs(unit, query.limit(limit))


def count_of_visitor(unit: Unit, visitor: VisitorId, *, since: datetime) -> int:
    """How many tickets a visitor has been issued since a time."""
    query = select(func.count()).where(T.visitor == visitor, T.created_at >= since)
    return int(unit.run(query).scalar_one())


def count(unit: Unit, *, since: datetime) -> int:
    """How many tickets were issued since a time."""
    return int(unit.run(select(func.count()).where(T.created_at >= since)).scalar_one())


def to_ticket(row: Row) -> Ticket:
    """The ticket of a row that holds the table's columns."""
    values: dict[str, Any] = dict(zip(_NAMES, _values(row), strict=True))
    values["flags"] = Flag(values["flags"])
    return Ticket(**values)


_values = itemgetter(*(T[name] for name in _NAMES))


def _columns(ticket: Ticket) -> dict[str, Any]:
    # not `asdict`: it copies every value deeply, and the writer lock is held meanwhile
    values = {name: getattr(ticket, name) for name in _NAMES}
    return values | {"flags": int(ticket.flags), "holder_key": search_key(ticket.holder)}


def _joined() -> Select[Any]:
    return select(schema.tickets, schema.offers).join(schema.offers)


def _pairs(unit: Unit, query: Select[Any]) -> tuple[tuple[Ticket, Offer], ...]:
    rows = unit.run(query).mappings()
    return tuple((to_ticket(row), offers.to_offer(row)) for row in rows)
