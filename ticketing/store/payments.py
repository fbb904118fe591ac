"""The payments table: money taken and given back; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.audit import Actor
from ticketing.domain.payments import Flow, Payment, PaymentKind
from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId

P = schema.payments.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was paid for an offer to somebody: how often, how much."""

    offer: int
    kind: PaymentKind
    actor: Actor
    flow: Flow
    currency: str
    count: int
    cents: int


def add(unit: Unit, payment: Payment) -> bool:
    """Store a payment; False if the ticket's money has gone that way already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    statement = into(schema.payments).values(_columns(payment))
    done = statement.on_conflict_do_nothing(index_elements=[P.ticket, P.flow])
    return unit.run(done.returning(P.ticket)).first() is not None


def of_ticket(unit: Unit, ticket: TicketId) -> tuple[Payment, ...]:
    """What was paid for a ticket and given back, in that order."""
    query = select(schema.payments).where(P.ticket == ticket).order_by(P.at, P.flow.desc())
    return tuple(
        Payment(
            ticket=TicketId(row.ticket),
            flow=row.flow,
            offer=row.offer,
            cents=row.cents,
            currency=row.currency,
            at=row.at,
            kind=row.kind,
            actor=Actor(row.actor_kind, row.actor),
        )
        for row in unit.run(query)
    )


def sums(unit: Unit, *, since: datetime, until: datetime) -> Sequence[Sum]:
    """What went through which hands, `since` included, `until` not."""
    groups = (P.offer, P.kind, P.actor_kind, P.actor, P.flow, P.currency)
    query = (
        select(*groups, func.count().label("n"), func.sum(P.cents).label("cents"))
        .where(P.at >= since, P.at < until)
        .group_by(*groups)
        .order_by(*groups)
    )
    return [
        Sum(
            offer=row.offer,
            kind=row.kind,
            actor=Actor(row.actor_kind, row.actor),
            flow=row.flow,
            currency=row.currency,
            count=row.n,
            cents=int(row.cents),
        )
        for row in unit.run(query)
    ]


def _columns(payment: Payment) -> dict[str, Any]:
    return {
        "ticket": payment.ticket,
        "flow": payment.flow,
        "offer": payment.offer,
        "cents": payment.cents,
        "currency": payment.currency,
        "at": payment.at,
        "kind": payment.kind,
        "actor_kind": payment.actor.kind,
        "actor": payment.actor.id,
    }
