"""The outbox table: messages on their way out; in the store room.

A row can be claimed when it is due, or when its lease has run out, and when nothing
before it in the same conversation is still on its way: one visitor's order is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, insert, or_, select, update

from ticketing.domain.delivery import PENDING, DeliveryState, Errand, OutboxId, Settlement
from ticketing.domain.ids import ConversationId, VisitorId
from ticketing.domain.messages import Content, MessageId, content_from_json
from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.outbox.c
_C, _I, _M = schema.conversations.c, schema.identities.c, schema.messages.c
_EARLIER = schema.outbox.alias("earlier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """A message to be sent: which, where to, what for."""

    message: MessageId
    conversation: ConversationId
    channel: str
    account: str
    errand: Errand


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to send one message until `until`; `fence` tells a late result apart."""

    id: OutboxId
    fence: int
    tries: int
    until: datetime
    channel: str
    account: str
    errand: Errand
    visitor: VisitorId
    address: bytes = field(repr=False)
    content: Content = field(repr=False)


def add(unit: Unit, errands: Errands, *, at: datetime) -> OutboxId:
    """Queue a message, due at once."""
    row = {
        "message": errands.message,
        "conversation": errands.conversation,
        "channel": errands.channel,
        "account": errands.account,
        "purpose": errands.errand.value,
        "state": DeliveryState.QUEUED.value,
        "due_at": at,
        "fence": 0,
        "tries": 0,
        "created_at": at,
    }
    return OutboxId(unit.run(insert(schema.outbox).values(row).returning(T.id)).scalar_one())


def of_row(unit: Unit, row: OutboxId) -> tuple[MessageId, str] | None:
    """The message of a row, and the kind of channel it goes by."""
    found = unit.run(select(T.message, T.channel).where(T.id == row)).first()
    return None if found is None else (MessageId(found.message), found.channel)


def content_for(unit: Unit, row: OutboxId, errand: Errand) -> Content | None:
    """What a row says, or None if it is sent for something else."""
    query = select(_M.kind, _M.content).join(schema.messages, _M.id == T.message)
    found = unit.run(query.where(T.id == row, T.purpose == errand.value)).first()
    return None if found is None else content_from_json(found.kind, found.content)


def is_due(unit: Unit, now: datetime) -> bool:
    """Whether there is anything to claim; a plain read, no lock."""
    return unit.run(_claimable(now).limit(1)).first() is not None


def claim(unit: Unit, now: datetime, *, until: datetime, limit: int) -> tuple[Lease, ...]:
    """Lease due rows, oldest first, at most one of each conversation."""
    query = _claimable(now).order_by(T.id).limit(limit)
    if not unit.is_sqlite:  # other workers pass over what this one is about to take
        query = query.with_for_update(skip_locked=True, of=schema.outbox)
    ids = unit.run(query).scalars().all()
    if not ids:
        return ()
    leased = {
        "state": DeliveryState.LEASED.value,
        "lease_until": until,
        "fence": T.fence + 1,
        "tries": T.tries + 1,
    }
    unit.run(update(schema.outbox).where(T.id.in_(ids)).values(leased))
    return _leases(unit, ids)


def settle(unit: Unit, lease: Lease, settlement: Settlement, *, at: datetime) -> bool:
    """Store what became of a lease; False if it is not the newest one any more."""
    is_over = settlement.state not in PENDING
    values: dict[str, Any] = {
        "state": settlement.state.value,
        "reason": settlement.reason,
        "external_id": settlement.external_id,
        "lease_until": None,
        "settled_at": at if is_over else None,
    }
    if settlement.due_at is not None:
        values["due_at"] = settlement.due_at
    current = (T.id == lease.id, T.fence == lease.fence, T.state == DeliveryState.LEASED.value)
    statement = update(schema.outbox).where(*current).values(values).returning(T.id)
    return unit.run(statement).first() is not None


def state_of(unit: Unit, row: OutboxId) -> DeliveryState | None:
    """Where a row stands; None if there is none."""
    word = unit.run(select(T.state).where(T.id == row)).scalar_one_or_none()
    return None if word is None else DeliveryState(word)


def move(
    unit: Unit, row: OutboxId, *, old: DeliveryState, new: DeliveryState, at: datetime
) -> bool:
    """Go from one state to another; False if the row has left the old one."""
    statement = (
        update(schema.outbox)
        .where(T.id == row, T.state == old.value)
        .values(state=new.value, lease_until=None, settled_at=at)
        .returning(T.id)
    )
    return unit.run(statement).first() is not None


def _claimable(now: datetime) -> Select[tuple[int]]:
    queued = and_(T.state == DeliveryState.QUEUED.value, T.due_at <= now)
    expired = and_(T.state == DeliveryState.LEASED.value, T.lease_until <= now)
    return select(T.id).where(or_(queued, expired), ~_waits())


def _waits() -> ColumnElement[bool]:
    earlier = _EARLIER.c
    return exists().where(
        earlier.conversation == T.conversation,
        earlier.id < T.id,
        earlier.state.in_([state.value for state in PENDING]),
    )


def _leases(unit: Unit, ids: Sequence[int]) -> tuple[Lease, ...]:
    query = (
        select(schema.outbox, _M.kind, _M.content, _I.visitor, _I.address)
        .join(schema.messages, _M.id == T.message)
        .join(schema.conversations, _C.id == T.conversation)
        .join(schema.identities, _I.id == _C.identity)
        .where(T.id.in_(ids))
        .order_by(T.id)
    )
    return tuple(_lease(row) for row in unit.run(query))


def _lease(row: Row[Any]) -> Lease:
    return Lease(
        id=OutboxId(row.id),
        fence=row.fence,
        tries=row.tries,
        until=row.lease_until,
        channel=row.channel,
        account=row.account,
        errand=Errand(row.purpose),
        visitor=VisitorId(row.visitor),
        address=row.address,
        content=content_from_json(row.kind, row.content),
    )
