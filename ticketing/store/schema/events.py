"""Events out: webhooks, their deliveries, readers' cursors."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, UniqueConstraint

from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, UtcMs

webhooks = table(
    "webhooks",
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", JsonText, nullable=False),  # list of event names; empty = all
    Column("secret", Blob, nullable=False),
    Column("old_secret", Blob),  # signs beside the new one while a receiver changes over
    Column("old_until", UtcMs),
    Column("created_at", UtcMs, nullable=False),
    Column("failing_since", UtcMs),
    Column("disabled_at", UtcMs),
    Column("disabled_why", Text),
)

webhook_deliveries = table(
    "webhook_deliveries",
    Column("id", Integer, primary_key=True),
    Column("webhook", Text, ForeignKey("webhooks.id"), nullable=False),
    Column("event", Text, nullable=False),  # the event's own id: the same again is not sent twice
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued | leased | done | failed
    Column("due_at", UtcMs, nullable=False),
    Column("lease_until", UtcMs),
    Column("fence", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("status", Integer),  # the receiver's last answer
    Column("problem", Text),  # or why there was none
    Column("created_at", UtcMs, nullable=False),
    Column("settled_at", UtcMs),
    UniqueConstraint("webhook", "event"),
    Index("ix_webhook_deliveries_state_due_at", "state", "due_at"),
)

cursors = table(  # how far a reader has come in a table with `pos`
    "cursors",
    Column("name", Text, primary_key=True),
    Column("pos", BigInt, nullable=False),
    Column("key", Text, nullable=False),
)
