"""Stored answers of writes, encrypted by the service; in the store room."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.idempotency.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key's request and, once it is done, its sealed answer."""

    key_hash: bytes
    request_hash: bytes
    created_at: datetime
    answer: bytes | None = None


def find(unit: Unit, key_hash: bytes) -> Entry | None:
    """What is stored under a key."""
    row = unit.run(select(schema.idempotency).where(T.key_hash == key_hash)).mappings().first()
    return None if row is None else Entry(**row)


def add(unit: Unit, entry: Entry) -> bool:
    """Note that a request is running; False if its key is there already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    values = {
        "key_hash": entry.key_hash,
        "request_hash": entry.request_hash,
        "created_at": entry.created_at,
    }
    statement = into(schema.idempotency).values(values).on_conflict_do_nothing()
    return unit.run(statement.returning(T.key_hash)).first() is not None


def finish(unit: Unit, key_hash: bytes, answer: bytes) -> None:
    """Keep the sealed answer of a running request."""
    running = (T.key_hash == key_hash) & T.answer.is_(None)
    unit.run(update(schema.idempotency).where(running).values(answer=answer))


def release(unit: Unit, key_hash: bytes) -> None:
    """Forget a running request: its key may be used again."""
    unit.run(delete(schema.idempotency).where(T.key_hash == key_hash, T.answer.is_(None)))


def drop(unit: Unit, *, before: datetime, unfinished_before: datetime) -> None:
    """Forget answers of before a time, and requests that never came to an end."""
    unfinished = T.answer.is_(None) & (T.created_at < unfinished_before)
    unit.run(delete(schema.idempotency).where((T.created_at < before) | unfinished))
