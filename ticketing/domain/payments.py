"""Money for tickets: taken once, given back once (domain: pure)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.offers import Offer
from ticketing.wire.token import TicketId


class PaymentKind(StrEnum):
    """Where money was taken."""

    DESK = "desk"
    GATE = "gate"
    ELSEWHERE = "elsewhere"  # another program or a command says so: not in any till here


class Flow(StrEnum):
    """Which way money went."""

    TAKEN = "taken"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money for one ticket, never negative; `actor` took it or gave it back, `at` aware UTC."""

    ticket: TicketId
    flow: Flow
    offer: int
    cents: int
    currency: str
    at: datetime
    kind: PaymentKind
    actor: Actor


_KINDS = {ActorKind.STAFF: PaymentKind.DESK, ActorKind.STATION: PaymentKind.GATE}


def payment(ticket: TicketId, offer: Offer, *, actor: Actor, at: datetime) -> Payment:
    """A ticket of an offer is paid; the price is that of the ticket, however many persons."""
    return Payment(
        ticket=ticket,
        flow=Flow.TAKEN,
        offer=offer.number,
        cents=offer.price_cents,
        currency=offer.currency,
        at=at,
        kind=_KINDS.get(actor.kind, PaymentKind.ELSEWHERE),
        actor=actor,
    )


def returned(taken: Payment, *, actor: Actor, at: datetime) -> Payment:
    """The same money given back."""
    kind = _KINDS.get(actor.kind, PaymentKind.ELSEWHERE)
    return replace(taken, flow=Flow.RETURNED, kind=kind, actor=actor, at=at)
