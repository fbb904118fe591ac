"""Money that was taken and given back, and what was sold at the desk."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text

from ticketing.domain.audit import ActorKind
from ticketing.domain.payments import Flow, PaymentKind
from ticketing.store.schema.base import table
from ticketing.store.types import Blob, UtcMs, Word

payments = table(  # a ticket is paid once, and its money given back once
    "payments",
    Column("ticket", Blob, ForeignKey("tickets.id"), primary_key=True),
    Column("flow", Word(Flow), primary_key=True),
    Column("offer", Integer, ForeignKey("offers.number"), nullable=False),
    Column("cents", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("kind", Word(PaymentKind), nullable=False),
    Column("actor_kind", Word(ActorKind), nullable=False),
    Column("actor", Text, nullable=False),  # an id, never a name
    Index("ix_payments_at", "at"),
)

sales = table(  # the same form sent twice sells one ticket
    "sales",
    Column("token", Text, primary_key=True),
    Column("asked", Blob, nullable=False),  # hash of what was asked: another wish is another sale
    Column("ticket", Blob, ForeignKey("tickets.id"), nullable=False),
    Column("desk", Text, nullable=False),  # a browser at a desk
    Column("staff", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("done_at", UtcMs),  # the customer has gone: the second screen is blank
    Index("ix_sales_desk_at", "desk", "at"),
)
