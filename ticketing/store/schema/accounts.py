"""The audit log, and how people of the staff sign in."""

from sqlalchemy import Column, Index, Integer, Text

from ticketing.domain.audit import Action, ActorKind
from ticketing.store.schema.base import table
from ticketing.store.types import JsonText, UtcMs, Word

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
