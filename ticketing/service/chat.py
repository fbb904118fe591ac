"""What a visitor says, and what the bot answers; in the service room.

One event is one transaction: the delivery, the visitor's message, the next step, the
answers with their outbox rows, the ledger and a ticket are kept together or not at all.
"""

import hashlib
from dataclasses import dataclass, replace

from ticketing.domain.consent import Action, Declaration
from ticketing.domain.ids import ConversationId
from ticketing.domain.messages import (
    TEXT_MAX,
    MessageId,
    MessageSource,
    Text,
    kept,
    storable,
)
from ticketing.service import consent
from ticketing.service.channels import ChannelRef, Incoming, IncomingKind
from ticketing.service.errors import Conflict
from ticketing.service.planning import Declared, Message, Plan, plan_turn
from ticketing.service.ports import House
from ticketing.service.tickets import Draft, store_draft
from ticketing.service.visitors import Known, known, store_new
from ticketing.store import conversations, counters, inbox, outbox
from ticketing.store import messages as rows
from ticketing.store import visitors as visitor_rows
from ticketing.store.conversations import Address, Conversation
from ticketing.store.inbox import InboxKey
from ticketing.store.messages import ShownMessage
from ticketing.store.outbox import Errands
from ticketing.store.unit import Unit

__all__ = ["Received", "ShownMessage", "find_lang", "history", "newest", "receive"]

VISIBLE = "chat-visible"
"""Counter that rises whenever a page may have something new to show."""
PAGE = 200
"""Messages a page shows at most."""
RAW_MAX = 16_384
_ID_MAX = 200
_LOOKED_BACK = 30
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an event; a duplicate changed nothing."""

    conversation_id: ConversationId
    duplicate: bool


def receive(
    unit: Unit, house: House, *, channel: ChannelRef, event: Incoming, raw: bytes
) -> Received:
    """Take an event exactly once and answer it.

    The answer is planned without a lock. If somebody else wrote to the conversation
    meanwhile, it is planned again with the lock held.

    Args:
        unit: without an open transaction.
        house: the world.
        channel: where the event came in.
        event: what the visitor did.
        raw: the delivery as it came, kept as evidence; over-long ones as a digest.

    Raises:
        Conflict: `busy`, after several lost races.
    """
    event = _storable(event)
    come = _Come(
        Address(channel.kind, channel.account, event.address), event, _evidence(raw, event)
    )
    for attempt in range(_TRIES):
        if attempt:
            unit.begin()
        received = _attempt(unit, house, come)
        unit.rollback()  # of a lost race or a duplicate; nothing after a commit
        if received is not None:
            return received
    raise Conflict("busy")


def history(
    unit: Unit, *, address: bytes, channel: ChannelRef, after: int = 0
) -> tuple[ShownMessage, ...]:
    """What a page shows of a conversation, oldest first.

    Answers appear once they are sent, own messages at once unless an answer before them
    is still on its way. So ids only ever rise: whoever asks with the highest id seen so
    far misses nothing.

    Args:
        unit: for reading.
        address: the visitor's address on the channel.
        channel: the museum's account.
        after: id of the last message seen; 0 gives the newest 200.
    """
    found = conversations.find(unit, Address(channel.kind, channel.account, address))
    if found is None:
        return ()
    if after <= 0:
        return rows.newest_visible(unit, found.id, limit=PAGE)
    return rows.visible_after(unit, found.id, after=MessageId(after), limit=PAGE)


def newest(unit: Unit) -> int:
    """A number that rises with everything that becomes visible in any conversation.

    One row by its key, for all event streams of a process together. It is written last
    in its transaction, so its order is the order in which things became visible.
    """
    return counters.read(unit, VISIBLE) or 0


def find_lang(unit: Unit, *, address: bytes, channel: ChannelRef) -> str | None:
    """The language of a conversation; None if there is none yet."""
    found = conversations.find(unit, Address(channel.kind, channel.account, address))
    return found.lang.value if found else None


# ------------------------------------------------------------ one attempt
@dataclass(frozen=True, slots=True)
class _Come:
    """An event, where it came from, and what is kept of it as evidence."""

    address: Address
    event: Incoming
    evidence: bytes

    @property
    def key(self) -> InboxKey:
        where = self.address
        return InboxKey(where.channel, where.account, self.event.external_id)


def _attempt(unit: Unit, house: House, come: _Come) -> Received | None:
    """Plan and write; None if somebody was faster."""
    found = known(unit, house, address=come.address, event=come.event)
    if inbox.has(unit, come.key):
        return Received(found.conversation.id, duplicate=True)
    plan = plan_turn(unit, house, known=found, event=come.event)
    said = _said(unit, found, come.event)
    unit.begin()
    now = house.clock.now()
    if not inbox.add(unit, come.key, raw=come.evidence, at=now):
        return None  # the next attempt finds the other one's conversation
    if not _moved_on(unit, house, come=come, found=found, plan=plan):
        return None
    conversation = found.conversation
    message = rows.add(unit, conversation.id, source=MessageSource.IN, content=said, at=now)
    inbox.name_message(unit, come.key, message)
    _Writer(unit, house, come.address, conversation, message).carry_out(plan)
    counters.add(unit, VISIBLE, 1)
    unit.commit()
    return Received(conversation.id, duplicate=False)


def _moved_on(unit: Unit, house: House, *, come: _Come, found: Known, plan: Plan) -> bool:
    conversation, now = found.conversation, house.clock.now()
    if found.is_new:
        moved = replace(conversation, step=plan.step, lang=plan.lang, updated_at=now)
        return store_new(unit, house, address=come.address, conversation=moved)
    if plan.lang is not conversation.lang:
        visitor_rows.set_lang(unit, conversation.visitor, plan.lang)
    return conversations.advance(unit, conversation, step=plan.step, lang=plan.lang, at=now)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes a plan behind the visitor's message."""

    unit: Unit
    house: House
    address: Address
    conversation: Conversation
    message: MessageId

    def carry_out(self, plan: Plan) -> None:
        """Every write in its order."""
        for write in plan.writes:
            match write:
                case Message():
                    self._send(write)
                case Declared():
                    self._declare(write)
                case Draft():
                    store_draft(self.unit, write)

    def _send(self, write: Message) -> None:
        now = self.house.clock.now()
        message = rows.add(
            self.unit,
            self.conversation.id,
            source=MessageSource.OUT,
            content=write.content,
            at=now,
        )
        errands = Errands(
            message=message,
            conversation=self.conversation.id,
            channel=self.address.channel,
            account=self.address.account,
            errand=write.errand,
        )
        outbox.add(self.unit, errands, at=now)

    def _declare(self, write: Declared) -> None:
        record = write.record
        declaration = Declaration(
            visitor=self.conversation.visitor,
            purpose=record.purpose,
            action=record.action,
            shown=write.shown,
            channel=self.address.channel,
            account=self.address.account,
            message=self.message,
            how=record.how,
            of_age=record.action is Action.GRANTED,
            at=self.house.clock.now(),
        )
        consent.append(self.unit, self.house, declaration=declaration)


# ------------------------------------------------------------ what is kept of an event
def _storable(event: Incoming) -> Incoming:
    external_id = storable(event.external_id)
    if len(external_id) > _ID_MAX:
        external_id = "sha256:" + hashlib.sha256(external_id.encode()).hexdigest()
    return replace(
        event,
        external_id=external_id,
        text=storable(event.text),
        choice=storable(event.choice)[:_ID_MAX],
    )


def _evidence(raw: bytes, event: Incoming) -> bytes:
    """The delivery; of one that is too long, like of its text, only a digest is kept."""
    if len(raw) <= RAW_MAX and len(event.text) <= TEXT_MAX:
        return raw
    return b"sha256:" + hashlib.sha256(raw).hexdigest().encode()


def _said(unit: Unit, found: Known, event: Incoming) -> Text:
    """The visitor's message: the text, or the label of the button as it was shown."""
    if event.kind is not IncomingKind.CHOICE:
        return Text(kept(event.text))
    label = _label(unit, found, event.choice)
    return Text(label or kept(event.text) or "…", event.choice)


def _label(unit: Unit, found: Known, choice: str) -> str | None:
    if found.is_new:
        return None
    asked = rows.recent_choices(unit, found.conversation.id, limit=_LOOKED_BACK)
    labels = (choices.label_of(choice) for choices in asked)
    return next((label for label in labels if label), None)
