"""People: visitors, their channels, what was said, what they agreed to."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, UniqueConstraint

from ticketing.store.schema.base import table
from ticketing.store.types import Blob, JsonText, UtcMs

visitors = table(
    "visitors",
    Column("id", Blob, primary_key=True),
    Column("lang", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Index("ix_visitors_created_at_id", "created_at", "id"),
)

identities = table(
    "identities",
    Column("id", Blob, primary_key=True),
    Column("visitor", Blob, ForeignKey("visitors.id"), nullable=False),
    Column("channel", Text, nullable=False),  # kind, e.g. webchat
    Column("account", Text, nullable=False),  # the museum's account on it
    Column(
        "address", Blob, nullable=False
    ),  # the visitor's address on it; webchat: hash of the cookie
    Column("created_at", UtcMs, nullable=False),
    UniqueConstraint("channel", "account", "address"),
    Index("ix_identities_visitor", "visitor"),
)

conversations = table(
    "conversations",
    Column("id", Blob, primary_key=True),
    Column("identity", Blob, ForeignKey("identities.id"), nullable=False, unique=True),
    Column("state", Text, nullable=False),  # bot | waiting | human | closed
    Column("step", JsonText, nullable=False),  # domain.conversation.Step
    Column("lang", Text, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("updated_at", UtcMs, nullable=False),
)

messages = table(  # what was said, in order; `id` is that order
    "messages",
    Column("id", Integer, primary_key=True),
    Column("conversation", Blob, ForeignKey("conversations.id"), nullable=False),
    Column("direction", Text, nullable=False),  # in | out
    Column("kind", Text, nullable=False),  # text | choices | ticket
    Column("content", JsonText, nullable=False),
    Column("at", UtcMs, nullable=False),
    Index("ix_messages_conversation_id", "conversation", "id"),
)

inbox = table(  # one row for one delivery of a platform; a repeat is found by the key
    "inbox",
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("raw", Blob, nullable=False),
    Column("received_at", UtcMs, nullable=False),
    Column("message", Integer, ForeignKey("messages.id")),
    Index("ix_inbox_message", "message"),  # without it each erased message reads the whole inbox
)

outbox = table(
    "outbox",
    Column("id", Integer, primary_key=True),
    Column("message", Integer, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("conversation", Blob, ForeignKey("conversations.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("purpose", Text, nullable=False),  # answer | ticket | a consent purpose
    Column("state", Text, nullable=False),  # domain.delivery.DeliveryState
    Column("reason", Text),
    Column("due_at", UtcMs, nullable=False),
    Column("lease_until", UtcMs),
    Column("fence", Integer, nullable=False),  # +1 with every lease: late results drop
    Column("tries", Integer, nullable=False),
    Column("external_id", Text),
    Column("created_at", UtcMs, nullable=False),
    Column("settled_at", UtcMs),
    Index("ix_outbox_state_due_at", "state", "due_at"),
    Index("ix_outbox_conversation_id", "conversation", "id"),
)

consents = table(  # append-only; the chain links salted commitments, so erasure keeps it whole
    "consents",
    Column("id", Integer, primary_key=True),
    Column("visitor", Blob),  # erased with the visitor, like salt and fields
    Column("salt", Blob),
    Column(
        "fields", JsonText
    ),  # purpose, action, text id, version, lang, shown hash, channel, message, how
    Column("at", UtcMs, nullable=False),
    Column("commitment", Blob, nullable=False),
    Column("previous", Blob, nullable=False, unique=True),  # unique: the chain cannot fork
    Index("ix_consents_visitor", "visitor"),
)
