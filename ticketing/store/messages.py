"""The messages table: what was said, in order; in the store room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, or_, select

from ticketing.domain.delivery import PENDING, VISIBLE
from ticketing.domain.ids import ConversationId
from ticketing.domain.messages import (
    Choices,
    Content,
    MessageId,
    MessageKind,
    MessageSource,
    content_from_json,
)
from ticketing.store import schema
from ticketing.store.unit import Unit

T = schema.messages.c
_O = schema.outbox.c


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as a page shows it; `at` is aware UTC."""

    id: MessageId
    source: MessageSource
    content: Content
    at: datetime

    @property
    def is_own(self) -> bool:
        """Whether the visitor said it."""
        return self.source is MessageSource.IN


def add(
    unit: Unit,
    conversation: ConversationId,
    *,
    source: MessageSource,
    content: Content,
    at: datetime,
) -> MessageId:
    """Store a message behind all others; the caller holds the conversation's row."""
    row = {
        "conversation": conversation,
        "direction": source.value,
        "kind": content.kind.value,
        "content": content.to_json(),
        "at": at,
    }
    return MessageId(unit.run(insert(schema.messages).values(row).returning(T.id)).scalar_one())


def newest_visible(
    unit: Unit, conversation: ConversationId, *, limit: int
) -> tuple[ShownMessage, ...]:
    """The newest messages a page may show, oldest first."""
    query = _visible(conversation).order_by(T.id.desc()).limit(limit)
    return _shown(reversed(unit.run(query).all()))


def visible_after(
    unit: Unit, conversation: ConversationId, *, after: MessageId, limit: int
) -> tuple[ShownMessage, ...]:
    """What a page may show behind a message, oldest first."""
    query = _visible(conversation).where(T.id > after).order_by(T.id).limit(limit)
    return _shown(unit.run(query).all())


def recent_choices(unit: Unit, conversation: ConversationId, *, limit: int) -> Sequence[Choices]:
    """The last messages with buttons, newest first."""
    query = (
        select(T.kind, T.content)
        .where(T.conversation == conversation, T.kind == MessageKind.CHOICES.value)
        .order_by(T.id.desc())
        .limit(limit)
    )
    contents = (content_from_json(row.kind, row.content) for row in unit.run(query))
    return [content for content in contents if isinstance(content, Choices)]


def _visible(conversation: ConversationId) -> Select[Any]:
    """Everything before the first message that is still on its way.

    Own messages behind it wait too: shown first, they would carry the page's place
    past an answer that becomes visible later with a lower id.
    """
    pending = [state.value for state in PENDING]
    first_pending = (
        select(func.min(_O.message))
        .where(_O.conversation == conversation, _O.state.in_(pending))
        .scalar_subquery()
    )
    own = T.direction == MessageSource.IN.value
    sent = _O.state.in_([state.value for state in VISIBLE])
    return (
        select(T.id, T.direction, T.kind, T.content, T.at)
        .outerjoin(schema.outbox, _O.message == T.id)
        .where(T.conversation == conversation, or_(own, sent))
        .where(or_(first_pending.is_(None), T.id < first_pending))
    )


def _shown(rows: Any) -> tuple[ShownMessage, ...]:  # noqa: ANN401  rows of a query, either way round
    return tuple(_message(row) for row in rows)


def _message(row: Row[Any]) -> ShownMessage:
    content = content_from_json(row.kind, row.content)
    return ShownMessage(MessageId(row.id), MessageSource(row.direction), content, row.at)
