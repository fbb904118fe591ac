"""The conversations table; in the store room.

Whoever adds a message writes the conversation's row first, by `advance`, `hold` or
`add`. That row lock makes message ids rise in the order in which transactions end,
within each conversation; a page that asks for what is new relies on it.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, insert, select, type_coerce, update

from ticketing.domain.conversation import Step, step_from_json
from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.visitors import ConversationState, Lang
from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.conversations.c
_I = schema.identities.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The dialogue with one identity.

    `version` is the stored text of the step: writing on it only if it is still the
    same is how two events at once are kept apart. `updated_at` is the last event.
    """

    id: ConversationId
    visitor: VisitorId
    step: Step
    version: str
    lang: Lang
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a conversation is held: channel, account and the visitor's address there."""

    channel: str
    account: str
    address: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """With whom and where a conversation is held."""

    visitor: VisitorId
    channel: str
    account: str


def find(unit: Unit, address: Address, *, hold: bool = False) -> Conversation | None:
    """The conversation at an address; `hold` keeps others from writing it (PostgreSQL)."""
    query = (
        select(T.id, _I.visitor, _step_text().label("version"), T.lang, T.updated_at)
        .join(schema.identities, _I.id == T.identity)
        .where(_I.channel == address.channel, _I.account == address.account)
        .where(_I.address == address.address)
    )
    if hold:
        query = query.with_for_update(of=schema.conversations)
    row = unit.run(query).first()
    if row is None:
        return None
    return Conversation(
        id=ConversationId(row.id),
        visitor=VisitorId(row.visitor),
        step=step_from_json(json.loads(row.version)),
        version=row.version,
        lang=Lang(row.lang),
        updated_at=row.updated_at,
    )


def add(unit: Unit, conversation: Conversation, identity: IdentityId) -> None:
    """Store a new conversation."""
    row = {
        "id": conversation.id,
        "identity": identity,
        "state": ConversationState.BOT.value,
        "step": conversation.step.to_json(),
        "lang": conversation.lang.value,
        "created_at": conversation.updated_at,
        "updated_at": conversation.updated_at,
    }
    unit.run(insert(schema.conversations).values(row))


def advance(unit: Unit, seen: Conversation, *, step: Step, lang: Lang, at: datetime) -> bool:
    """Store the next step; False if somebody else has written since `seen` was read."""
    statement = (
        update(schema.conversations)
        .where(T.id == seen.id, _step_text() == seen.version)
        .values(step=step.to_json(), lang=lang.value, updated_at=at)
        .returning(T.id)
    )
    return unit.run(statement).first() is not None


def hold(unit: Unit, conversation: ConversationId) -> Held | None:
    """Take the conversation's row before adding a message to it; None if it is unknown."""
    taking = update(schema.conversations).where(T.id == conversation).values(lang=T.lang)
    identity = unit.run(taking.returning(T.identity)).scalar_one_or_none()
    if identity is None:
        return None
    query = select(_I.visitor, _I.channel, _I.account).where(_I.id == identity)
    row = unit.run(query).one()
    return Held(VisitorId(row.visitor), row.channel, row.account)


def _step_text() -> ColumnElement[str]:
    return type_coerce(T.step, Text)
