"""Tickets by e-mail, on their way out."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text

from ticketing.store.schema.base import table
from ticketing.store.types import Blob, UtcMs

mails = table(
    "mails",
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the same mail again says the same
    Column("ticket", Blob, ForeignKey("tickets.id"), nullable=False),
    Column("lang", Text, nullable=False),
    Column("address", Blob),  # sealed by the house; nothing once the errand is over
    Column("state", Text, nullable=False),  # domain.delivery.DeliveryState
    Column("reason", Text),
    Column("due_at", UtcMs, nullable=False),
    Column("lease_until", UtcMs),
    Column("fence", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("settled_at", UtcMs),
    Index("ix_mails_state_due_at", "state", "due_at"),
    Index("ix_mails_ticket", "ticket"),
)
