"""The audit log, and how people of the staff sign in."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Text

from ticketing.domain.audit import Action, ActorKind
from ticketing.domain.sign_in import LinkUse, Method, StepKind
from ticketing.store.schema.base import table
from ticketing.store.types import BigInt, Blob, JsonText, UtcMs, Word

audit = table(  # append-only: triggers refuse to change or delete a line
    "audit",
    Column("number", Integer, primary_key=True),
    Column("at", UtcMs, nullable=False),
    Column("actor_kind", Word(ActorKind), nullable=False),
    Column("actor", Text, nullable=False),  # an id, never a name
    Column("action", Word(Action), nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("before", JsonText),
    Column("after", JsonText),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor_number", "actor", "number"),
    Index("ix_audit_action_number", "action", "number"),
    Index("ix_audit_object_kind_object_number", "object_kind", "object", "number"),
)

staff_sessions = table(
    "staff_sessions",
    Column("key_hash", Blob, primary_key=True),  # SHA-256 of what the cookie holds
    Column("id", Text, nullable=False, unique=True),  # to name it in a list
    Column("staff", Text, ForeignKey("staff.id"), nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("seen_at", UtcMs, nullable=False),  # once a minute
    Column("ends_at", UtcMs, nullable=False),
    Column("agent", Text, nullable=False),  # browser and system, no more
    Column("method", Word(Method), nullable=False),
    Column("lang", Text, nullable=False),
    Index("ix_staff_sessions_staff", "staff"),
    Index("ix_staff_sessions_ends_at", "ends_at"),
)

staff_steps = table(  # what a ceremony keeps between two requests; each is used once
    "staff_steps",
    Column("key_hash", Blob, primary_key=True),
    Column("kind", Word(StepKind), primary_key=True),
    Column("staff", Text, ForeignKey("staff.id")),
    Column("data", Blob, nullable=False),  # a challenge, or a sealed secret
    Column("ends_at", UtcMs, nullable=False),
    Index("ix_staff_steps_ends_at", "ends_at"),
)

staff_passkeys = table(
    "staff_passkeys",
    Column("credential_id", Blob, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("staff", Text, ForeignKey("staff.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", Blob, nullable=False),
    Column("sign_count", BigInt, nullable=False),
    Column("created_at", UtcMs, nullable=False),
    Column("used_at", UtcMs),
    Index("ix_staff_passkeys_staff", "staff"),
)

staff_recovery = table(
    "staff_recovery",
    Column("code_hash", Blob, primary_key=True),  # under the house's secret
    Column("staff", Text, ForeignKey("staff.id"), nullable=False),
    Column("used_at", UtcMs),
    Index("ix_staff_recovery_staff", "staff"),
)

staff_links = table(  # one-time links: an invitation, a new start
    "staff_links",
    Column("key_hash", Blob, primary_key=True),
    Column("staff", Text, ForeignKey("staff.id"), nullable=False),
    Column("use", Word(LinkUse), nullable=False),
    Column("ends_at", UtcMs, nullable=False),
    Index("ix_staff_links_staff", "staff"),
)
