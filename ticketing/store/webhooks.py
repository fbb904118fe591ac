"""The webhooks table: who is told what happens; in the store room."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, literal, select, update

from ticketing.domain.webhooks import Webhook
from ticketing.store import schema
from ticketing.store.types import UtcMs
from ticketing.store.unit import Unit

T = schema.webhooks.c


def add(unit: Unit, webhook: Webhook) -> None:
    """Store a new receiver."""
    values = asdict(webhook) | {"events": list(webhook.events)}
    unit.run(insert(schema.webhooks).values(values))


def find(unit: Unit, webhook: str) -> Webhook | None:
    """The receiver of an id."""
    row = unit.run(select(schema.webhooks).where(T.id == webhook)).mappings().first()
    return None if row is None else to_webhook(row)


def hold(unit: Unit, webhook: str) -> Webhook | None:
    """The same, kept from others until the transaction ends; deliveries may still be added."""
    query = select(schema.webhooks).where(T.id == webhook).with_for_update(key_share=True)
    row = unit.run(query).mappings().first()
    return None if row is None else to_webhook(row)


def listed(unit: Unit) -> tuple[Webhook, ...]:
    """Every receiver, oldest first."""
    query = select(schema.webhooks).order_by(T.created_at, T.id)
    return tuple(to_webhook(row) for row in unit.run(query).mappings())


def active(unit: Unit) -> tuple[Webhook, ...]:
    """Those that are not switched off."""
    query = select(schema.webhooks).where(T.disabled_at.is_(None)).order_by(T.created_at, T.id)
    return tuple(to_webhook(row) for row in unit.run(query).mappings())


def count(unit: Unit) -> int:
    """How many there are."""
    return int(unit.run(select(func.count()).select_from(schema.webhooks)).scalar_one())


def change(unit: Unit, webhook: str, **values: Any) -> bool:  # noqa: ANN401  columns of several types
    """Write some columns; False if there is no such receiver."""
    statement = update(schema.webhooks).where(T.id == webhook).values(values).returning(T.id)
    return unit.run(statement).first() is not None


def fails(unit: Unit, webhook: str, *, at: datetime) -> datetime:
    """Note that a receiver has not taken something; since when it takes nothing."""
    first = func.coalesce(T.failing_since, literal(at, UtcMs()))
    statement = (
        update(schema.webhooks)
        .where(T.id == webhook)
        .values(failing_since=first)
        .returning(T.failing_since)
    )
    since: datetime | None = unit.run(statement).scalar_one_or_none()
    return at if since is None else since


def disable(unit: Unit, webhook: str, *, at: datetime, why: str) -> None:
    """Switch a receiver off, unless it is already."""
    is_on = (T.id == webhook) & T.disabled_at.is_(None)
    unit.run(update(schema.webhooks).where(is_on).values(disabled_at=at, disabled_why=why))


def drop(unit: Unit, webhook: str) -> bool:
    """Delete a receiver whose deliveries and cursors are gone; False if there is none."""
    statement = delete(schema.webhooks).where(T.id == webhook).returning(T.id)
    return unit.run(statement).first() is not None


def to_webhook(row: RowMapping) -> Webhook:
    """The receiver of a row that holds the table's columns."""
    values: dict[str, Any] = {column.name: row[column] for column in schema.webhooks.columns}
    return Webhook(**values | {"events": tuple(values["events"])})
