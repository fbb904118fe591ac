"""All that is kept of one visitor, to be shown or erased; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select

from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.visitors import Lang
from ticketing.store import mails, retention, schema
from ticketing.store.unit import Unit

_V, _I, _C = schema.visitors.c, schema.identities.c, schema.conversations.c
_M, _O, _T, _L = schema.messages.c, schema.outbox.c, schema.tickets.c, schema.consents.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A visitor; `created_at` is the first word."""

    id: VisitorId
    lang: Lang
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One address of a visitor and the conversation there; `updated_at`: the last event."""

    identity: IdentityId
    visitor: VisitorId
    lang: Lang
    channel: str
    account: str
    created_at: datetime
    conversation: ConversationId
    updated_at: datetime
    address: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One message as it is kept."""

    conversation: ConversationId
    direction: str
    kind: str
    at: datetime
    content: dict[str, Any] = field(repr=False)


# ------------------------------------------------------------ reading
def find(unit: Unit, visitor: VisitorId) -> Person | None:
    """The visitor of an id."""
    row = unit.run(select(schema.visitors).where(_V.id == visitor)).first()
    if row is None:
        return None
    return Person(id=VisitorId(row.id), lang=Lang(row.lang), created_at=row.created_at)


def reaches(unit: Unit, visitor: VisitorId) -> tuple[Reach, ...]:
    """The addresses of a visitor, the one used last first."""
    query = _reaches().where(_I.visitor == visitor)
    query = query.order_by(_C.updated_at.desc(), _I.id)
    return tuple(_reach(row) for row in unit.run(query))


def reach(unit: Unit, identity: IdentityId) -> Reach | None:
    """One address."""
    row = unit.run(_reaches().where(_I.id == identity)).first()
    return None if row is None else _reach(row)


def sayings(unit: Unit, visitor: VisitorId) -> tuple[Saying, ...]:
    """What was said with a visitor, in order."""
    columns = (_M.conversation, _M.direction, _M.kind, _M.content, _M.at)
    query = _said(columns, visitor).order_by(_M.id)
    return tuple(
        Saying(
            conversation=ConversationId(row.conversation),
            direction=row.direction,
            kind=row.kind,
            at=row.at,
            content=row.content,
        )
        for row in unit.run(query)
    )


def declarations(unit: Unit, visitor: VisitorId) -> tuple[dict[str, Any], ...]:
    """The ledger's fields of a visitor, in order."""
    query = select(_L.fields).where(_L.visitor == visitor).order_by(_L.id)
    return tuple(unit.run(query).scalars())


# ------------------------------------------------------------ erasing
def drop_messages(unit: Unit, visitor: VisitorId, *, limit: int) -> int:
    """Delete the oldest messages of a visitor, how they came and went; how many there were."""
    ids = unit.run(_said((_M.id,), visitor).order_by(_M.id).limit(limit)).scalars().all()
    if ids:
        unit.run(delete(schema.outbox).where(_O.message.in_(ids)))
        unit.run(delete(schema.inbox).where(schema.inbox.c.message.in_(ids)))
        unit.run(delete(schema.messages).where(_M.id.in_(ids)))
    return len(ids)


def scrub_tickets(unit: Unit, visitor: VisitorId, *, limit: int) -> int:
    """Take a visitor off some tickets; how many there were."""
    ids = unit.run(select(_T.id).where(_T.visitor == visitor).limit(limit)).scalars().all()
    if not ids:
        return 0
    mails.drop_of(unit, ids)
    return retention.scrub_tickets(unit, [(one,) for one in ids])


def hold(unit: Unit, visitor: VisitorId) -> bool:
    """Let nobody write for a visitor until the transaction ends; False if there is none."""
    held = unit.run(select(_V.id).where(_V.id == visitor).with_for_update()).first()
    spoken = select(_C.id).join(schema.identities, _I.id == _C.identity)
    query = spoken.where(_I.visitor == visitor).order_by(_C.id)
    unit.run(query.with_for_update(of=schema.conversations)).all()
    return held is not None


def drop(unit: Unit, visitor: VisitorId) -> int:
    """Delete a held visitor of whom no message and no ticket is left; addresses deleted."""
    own = select(_I.id).where(_I.visitor == visitor)
    unit.run(delete(schema.conversations).where(_C.identity.in_(own)))
    gone = unit.run(delete(schema.identities).where(_I.visitor == visitor)).rowcount
    unit.run(delete(schema.visitors).where(_V.id == visitor))
    return gone


# ------------------------------------------------------------ parts of the above
def _reaches() -> Select[Any]:
    return (
        select(
            _I.id,
            _I.visitor,
            _I.channel,
            _I.account,
            _I.address,
            _I.created_at,
            _C.id.label("conversation"),
            _C.updated_at,
            _C.lang,
        )
        .join(schema.conversations, _C.identity == _I.id)
        .select_from(schema.identities)
    )


def _reach(row: Any) -> Reach:  # noqa: ANN401  a row of the query above
    return Reach(
        identity=IdentityId(row.id),
        visitor=VisitorId(row.visitor),
        lang=Lang(row.lang),
        channel=row.channel,
        account=row.account,
        created_at=row.created_at,
        conversation=ConversationId(row.conversation),
        updated_at=row.updated_at,
        address=row.address,
    )


def _said(columns: Sequence[Any], visitor: VisitorId) -> Select[Any]:
    return (
        select(*columns)
        .join(schema.conversations, _C.id == _M.conversation)
        .join(schema.identities, _I.id == _C.identity)
        .where(_I.visitor == visitor)
    )
