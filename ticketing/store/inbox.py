"""The inbox table: one row for one delivery of a platform; in the store room."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.messages import MessageId
from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.inbox.c


@dataclass(frozen=True, slots=True)
class InboxKey:
    """What makes a delivery the same delivery."""

    channel: str
    account: str
    external_id: str


def has(unit: Unit, key: InboxKey) -> bool:
    """Whether this delivery came before."""
    return unit.run(select(T.channel).where(*_is(key))).first() is not None


def add(unit: Unit, key: InboxKey, *, raw: bytes, at: datetime) -> bool:
    """Store a delivery; False if it came before, also at this very moment elsewhere."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = {
        "channel": key.channel,
        "account": key.account,
        "external_id": key.external_id,
        "raw": raw,
        "received_at": at,
    }
    statement = into(schema.inbox).values(row).on_conflict_do_nothing().returning(T.channel)
    return unit.run(statement).first() is not None


def name_message(unit: Unit, key: InboxKey, message: MessageId) -> None:
    """Note which message a delivery became."""
    unit.run(update(schema.inbox).where(*_is(key)).values(message=message))


def _is(key: InboxKey) -> tuple[ColumnElement[bool], ...]:
    return (
        T.channel == key.channel,
        T.account == key.account,
        T.external_id == key.external_id,
    )
