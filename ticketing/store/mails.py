"""The mails table: tickets on their way to an e-mail address; in the store room.

The address goes with the statement that says how the errand ended: neither is without the
other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, delete, insert, or_, select, update

from ticketing.domain.delivery import PENDING, DeliveryState, Settlement
from ticketing.domain.ids import VisitorId
from ticketing.domain.mails import Mail
from ticketing.domain.visitors import Lang
from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId

T = schema.mails.c
_PENDING = T.state.in_([state.value for state in PENDING])


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A mail to be sent; `address` is sealed, `key` names it to servers."""

    key: str
    ticket: TicketId
    lang: Lang
    address: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLease:
    """The right to send one mail; `fence` tells a late result apart."""

    id: int
    fence: int
    tries: int
    errand: Errand


def add(unit: Unit, errand: Errand, *, at: datetime) -> None:
    """Queue a mail, due at once."""
    row = {
        "key": errand.key,
        "ticket": errand.ticket,
        "lang": errand.lang.value,
        "address": errand.address,
        "state": DeliveryState.QUEUED.value,
        "due_at": at,
        "fence": 0,
        "tries": 0,
        "created_at": at,
    }
    unit.run(insert(schema.mails).values(row))


def of_ticket(unit: Unit, ticket: TicketId, *, limit: int) -> tuple[Mail, ...]:
    """The mails of a ticket, newest first."""
    query = select(schema.mails).where(T.ticket == ticket).order_by(T.id.desc()).limit(limit)
    return tuple(_mail(row) for row in unit.run(query))


def of_visitor(unit: Unit, visitor: VisitorId, *, limit: int) -> tuple[Mail, ...]:
    """The mails of a visitor's tickets, newest first."""
    own = select(schema.tickets.c.id).where(schema.tickets.c.visitor == visitor)
    query = select(schema.mails).where(T.ticket.in_(own)).order_by(T.id.desc()).limit(limit)
    return tuple(_mail(row) for row in unit.run(query))


def pending(unit: Unit, ticket: TicketId) -> tuple[Errand, ...]:
    """The errands of a ticket that are not over."""
    query = select(schema.mails).where(T.ticket == ticket, _PENDING).order_by(T.id)
    return tuple(_errand(row) for row in unit.run(query))


def is_due(unit: Unit, now: datetime) -> bool:
    """Whether there is anything to claim; a plain read, no lock."""
    return unit.run(_claimable(now).limit(1)).first() is not None


def claim(unit: Unit, now: datetime, *, until: datetime) -> MailLease | None:
    """Lease the mail that is due longest; None if there is none."""
    query = _claimable(now).order_by(T.due_at, T.id).limit(1)
    if not unit.is_sqlite:  # other workers pass over what this one is about to take
        query = query.with_for_update(skip_locked=True)
    row_id = unit.run(query).scalar_one_or_none()
    if row_id is None:
        return None
    leased = {
        "state": DeliveryState.LEASED.value,
        "lease_until": until,
        "fence": T.fence + 1,
        "tries": T.tries + 1,
    }
    statement = update(schema.mails).where(T.id == row_id).values(leased)
    row = unit.run(statement.returning(*schema.mails.c)).one()
    return MailLease(id=row.id, fence=row.fence, tries=row.tries, errand=_errand(row))


def settle(unit: Unit, lease: MailLease, settlement: Settlement, *, at: datetime) -> bool:
    """Store what became of a lease; False if it is not the newest one any more."""
    values: dict[str, Any] = {
        "state": settlement.state.value,
        "reason": settlement.reason,
        "lease_until": None,
    }
    if settlement.state in PENDING:
        values["due_at"] = settlement.due_at
    else:
        values |= {"settled_at": at, "address": None}
    current = (T.id == lease.id, T.fence == lease.fence, T.state == DeliveryState.LEASED.value)
    statement = update(schema.mails).where(*current).values(values).returning(T.id)
    return unit.run(statement).first() is not None


def drop_of(unit: Unit, tickets: Sequence[bytes]) -> None:
    """Delete the mails of some tickets, whatever has become of them."""
    unit.run(delete(schema.mails).where(T.ticket.in_(tickets)))


def _claimable(now: datetime) -> Select[tuple[int]]:
    queued = and_(T.state == DeliveryState.QUEUED.value, T.due_at <= now)
    expired = and_(T.state == DeliveryState.LEASED.value, T.lease_until <= now)
    return select(T.id).where(or_(queued, expired))


def _errand(row: Row[Any]) -> Errand:
    return Errand(
        key=row.key, ticket=TicketId(row.ticket), lang=Lang(row.lang), address=row.address
    )


def _mail(row: Row[Any]) -> Mail:
    return Mail(
        ticket=TicketId(row.ticket),
        lang=Lang(row.lang),
        state=DeliveryState(row.state),
        reason=row.reason,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
