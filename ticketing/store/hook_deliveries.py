"""The webhook_deliveries table: events on their way to receivers; in the store room.

A receiver gets one delivery at a time, in the order in which they became due: while one is
leased nothing else of that receiver is. So its events keep their order, even through the
death of a worker; only what a receiver did not take comes again later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.events import Event
from ticketing.domain.webhooks import HookState, Tried, Webhook
from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.store.webhooks import hold

T = schema.webhook_deliveries.c
W = schema.webhooks.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one receiver; `status` and `problem` are of its last try."""

    id: int
    event: str
    kind: str
    body: str = field(repr=False)
    state: HookState
    tries: int
    status: int | None
    problem: str | None
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookLease:
    """The right to send one delivery; `fence` tells a late result apart."""

    id: int
    fence: int
    tries: int
    event: str
    body: str = field(repr=False)
    webhook: Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettlement:
    """What a try makes of a delivery; `due_at` is set for one that is tried again."""

    state: HookState
    tried: Tried
    due_at: datetime | None = None


def add(unit: Unit, webhook: str, events: Sequence[Event], *, at: datetime) -> None:
    """Queue events, in their order; those that are there already stay as they are."""
    if events:
        statement = _ADD_SQLITE if unit.is_sqlite else _ADD_POSTGRESQL
        unit.run(statement, [_row(webhook, event, at) for event in events])


def due_webhooks(unit: Unit, now: datetime) -> tuple[str, ...]:
    """Receivers for whom there is something to send; a plain read, no lock."""
    waiting = exists().where(T.webhook == W.id, _is_due(now))
    fallen = exists().where(T.webhook == W.id, _is_expired(now))
    query = select(W.id).where(W.disabled_at.is_(None), or_(waiting, fallen)).order_by(W.id)
    return tuple(unit.run(query).scalars())


def claim(unit: Unit, webhook: str, now: datetime, *, until: datetime) -> HookLease | None:
    """Lease the next delivery of a receiver.

    None if there is none, if another worker has one, or if the receiver is switched off.
    """
    held = hold(unit, webhook)
    if held is None or held.disabled_at is not None:
        return None
    leased = (T.webhook == webhook) & (T.state == HookState.LEASED.value)
    found = unit.run(select(T.id, T.lease_until).where(leased).order_by(T.due_at, T.id)).all()
    if any(row.lease_until > now for row in found):
        return None
    row_id = found[0].id if found else unit.run(_next(webhook, now)).scalar_one_or_none()
    return None if row_id is None else _leased(unit, row_id, held, until)


def settle(unit: Unit, lease: HookLease, settlement: HookSettlement, *, at: datetime) -> bool:
    """Store what came of a try; False if the lease is not the newest one any more."""
    values: dict[str, Any] = {
        "state": settlement.state.value,
        "status": settlement.tried.status,
        "problem": settlement.tried.problem,
        "lease_until": None,
    }
    if settlement.due_at is None:
        values["settled_at"] = at
    else:
        values["due_at"] = settlement.due_at
    current = (T.id == lease.id, T.fence == lease.fence, T.state == HookState.LEASED.value)
    statement = update(schema.webhook_deliveries).where(*current).values(values).returning(T.id)
    return unit.run(statement).first() is not None


def page(
    unit: Unit, webhook: str, *, before: int | None = None, limit: int
) -> tuple[Delivery, ...]:
    """A receiver's deliveries, newest first, older than one of them."""
    query = select(schema.webhook_deliveries).where(T.webhook == webhook)
    if before is not None:
        query = query.where(T.id < before)
    return tuple(_delivery(row) for row in unit.run(query.order_by(T.id.desc()).limit(limit)))


def find(unit: Unit, webhook: str, delivery: int) -> Delivery | None:
    """One delivery of a receiver."""
    mine = (T.webhook == webhook, T.id == delivery)
    row = unit.run(select(schema.webhook_deliveries).where(*mine)).first()
    return None if row is None else _delivery(row)


def find_event(unit: Unit, webhook: str, event: str) -> Delivery | None:
    """The delivery of an event to a receiver."""
    mine = (T.webhook == webhook, T.event == event)
    row = unit.run(select(schema.webhook_deliveries).where(*mine)).first()
    return None if row is None else _delivery(row)


def requeue(unit: Unit, webhook: str, delivery: int, *, at: datetime) -> bool:
    """Send a delivery again now, from the first try on; False while it is on its way."""
    again = (T.webhook == webhook, T.id == delivery, T.state != HookState.LEASED.value)
    fresh = {"state": HookState.QUEUED.value, "due_at": at, "tries": 0, "settled_at": None}
    statement = update(schema.webhook_deliveries).where(*again).values(fresh).returning(T.id)
    return unit.run(statement).first() is not None


def drop_some(unit: Unit, webhook: str, *, limit: int) -> int:
    """Delete some of a receiver's deliveries; how many."""
    some = select(T.id).where(T.webhook == webhook).limit(limit).scalar_subquery()
    return unit.run(delete(schema.webhook_deliveries).where(T.id.in_(some))).rowcount


def _row(webhook: str, event: Event, at: datetime) -> dict[str, Any]:
    return {
        "webhook": webhook,
        "event": event.id,
        "kind": event.name.value,
        "body": event.body,
        "state": HookState.QUEUED.value,
        "due_at": at,
        "fence": 0,
        "tries": 0,
        "created_at": at,
    }


_KEY = [T.webhook, T.event]
_ADD_SQLITE = sqlite.insert(schema.webhook_deliveries).on_conflict_do_nothing(index_elements=_KEY)
_ADD_POSTGRESQL = postgresql.insert(schema.webhook_deliveries).on_conflict_do_nothing(
    index_elements=_KEY
)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(T.state == HookState.QUEUED.value, T.due_at <= now)


def _is_expired(now: datetime) -> ColumnElement[bool]:
    return and_(T.state == HookState.LEASED.value, T.lease_until <= now)


def _next(webhook: str, now: datetime) -> Any:  # noqa: ANN401  a select
    query = select(T.id).where(T.webhook == webhook, _is_due(now))
    return query.order_by(T.due_at, T.id).limit(1)


def _leased(unit: Unit, row_id: int, webhook: Webhook, until: datetime) -> HookLease:
    statement = (
        update(schema.webhook_deliveries)
        .where(T.id == row_id)
        .values(
            state=HookState.LEASED.value,
            lease_until=until,
            fence=T.fence + 1,
            tries=T.tries + 1,
        )
        .returning(T.id, T.fence, T.tries, T.event, T.body)
    )
    row = unit.run(statement).one()
    return HookLease(
        id=row.id, fence=row.fence, tries=row.tries, event=row.event, body=row.body, webhook=webhook
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event,
        kind=row.kind,
        body=row.body,
        state=HookState(row.state),
        tries=row.tries,
        status=row.status,
        problem=row.problem,
        due_at=row.due_at,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
