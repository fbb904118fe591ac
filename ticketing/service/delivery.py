"""Messages on their way out; in the service room."""

from dataclasses import dataclass
from typing import Final

from ticketing.domain.consent import Action, Declaration, How, Purpose
from ticketing.domain.delivery import (
    LEASE,
    TRIES_MAX,
    DeliveryState,
    Errand,
    OutboxId,
    Settlement,
    again,
    may_follow,
)
from ticketing.domain.events import of_failure
from ticketing.domain.ids import ConversationId
from ticketing.domain.messages import Content, MessageId, MessageSource, code_in
from ticketing.domain.visitors import Lang
from ticketing.service import batch_codes, consent, saying
from ticketing.service.batch_codes import Way
from ticketing.service.channels import OptOut, Permanent, Retry, SendOutcome, Sent, Unknown
from ticketing.service.chat import VISIBLE
from ticketing.service.ports import House
from ticketing.service.telling import tell
from ticketing.store import conversations, counters, messages
from ticketing.store import outbox as rows
from ticketing.store.conversations import Held
from ticketing.store.outbox import Errands, Lease
from ticketing.store.unit import Unit

__all__ = [
    "Lease",
    "claim",
    "is_due",
    "is_wanted",
    "queue_news",
    "queue_plain",
    "report",
    "settle",
    "withhold",
]

NO_CONSENT = "no_consent"
GAVE_UP = "gave_up"
BY_PLATFORM = "platform"
_WAYS: Final[dict[DeliveryState, Way]] = {
    DeliveryState.SENT: "sent",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.READ: "delivered",
}
"""What a state of a message says of the code in it."""


def is_due(unit: Unit, house: House) -> bool:
    """Whether there is anything to send; takes no lock."""
    return rows.is_due(unit, house.clock.now())


def claim(unit: Unit, house: House, *, limit: int = 20) -> tuple[Lease, ...]:
    """Lease what is due for a minute, at most one message of each conversation.

    Messages that lost their consent since they were queued are skipped here, messages
    that no worker survived are given up.
    """
    unit.begin()
    now = house.clock.now()
    leases: tuple[Lease, ...] = ()
    while not leases:  # behind a skipped message another one may wait
        found = rows.claim(unit, now, until=now + LEASE, limit=limit)
        if not found:
            break
        leases = tuple(lease for lease in found if _keeps(unit, house, lease))
    unit.commit()
    return leases


def is_wanted(unit: Unit, *, lease: Lease) -> bool:
    """The consent gate at the moment of sending; answers and tickets pass."""
    purpose = lease.errand.purpose
    return purpose is None or consent.may_send(unit, visitor=lease.visitor, purpose=purpose)


def settle(unit: Unit, house: House, *, lease: Lease, outcome: SendOutcome) -> bool:
    """Store what became of a message; False if the lease is not the newest any more.

    An opt-out on the platform's side withdraws every consent of the visitor. A code that was
    sent is noted as sent.
    """
    unit.begin()
    is_stored = _store(unit, house, lease, _settlement(house, lease, outcome))
    if is_stored and isinstance(outcome, Sent) and lease.errand is Errand.CODES:
        _note_code(unit, house, lease.content, "sent")
    if is_stored and isinstance(outcome, OptOut):
        _withdraw_all(unit, house, lease)
    unit.commit()
    return is_stored


def withhold(unit: Unit, house: House, *, lease: Lease) -> bool:
    """Skip a leased message whose consent is gone; False if the lease is an old one."""
    unit.begin()
    is_stored = _store(unit, house, lease, Settlement(DeliveryState.SKIPPED, NO_CONSENT))
    unit.commit()
    return is_stored


def report(unit: Unit, house: House, *, row: OutboxId, state: DeliveryState) -> bool:
    """A platform's own status of a message; False for one that does not lead on.

    A code that was sent or has arrived is noted as such.
    """
    unit.begin()
    old = rows.state_of(unit, row)
    is_news = (
        old is not None
        and may_follow(old, state)
        and rows.move(unit, row, old=old, new=state, at=house.clock.now())
    )
    if is_news:
        if state is DeliveryState.FAILED:
            _tell_failure(unit, house, row, BY_PLATFORM)
        way = _WAYS.get(state)
        content = None if way is None else rows.content_for(unit, row, Errand.CODES)
        if way is not None and content is not None:
            _note_code(unit, house, content, way)
        counters.add(unit, VISIBLE, 1)
    unit.commit()
    return is_news


def queue_news(
    unit: Unit, house: House, *, conversation: ConversationId, purpose: Purpose, content: Content
) -> MessageId | None:
    """Queue a message that needs consent: the only way to the outbox for such a message.

    Returns:
        Its id, or None if there is no such conversation or no consent.
    """
    unit.begin()
    held = conversations.hold(unit, conversation)
    if held is None or not consent.may_send(unit, visitor=held.visitor, purpose=purpose):
        unit.rollback()
        return None
    return _queued(
        unit, house, _Place(conversation, held), errand=Errand(purpose.value), content=content
    )


def queue_plain(
    unit: Unit, house: House, *, conversation: ConversationId, errand: Errand, content: Content
) -> MessageId | None:
    """Queue a message that needs no consent: an answer or a ticket.

    Returns:
        Its id, or None if there is no such conversation.

    Raises:
        ValueError: The errand needs consent.
    """
    if errand.purpose is not None:
        raise ValueError("this errand needs consent")
    unit.begin()
    held = conversations.hold(unit, conversation)
    if held is None:
        unit.rollback()
        return None
    return _queued(unit, house, _Place(conversation, held), errand=errand, content=content)


@dataclass(frozen=True, slots=True)
class _Place:
    conversation: ConversationId
    held: Held


def _queued(
    unit: Unit, house: House, place: _Place, *, errand: Errand, content: Content
) -> MessageId:
    """Store and queue a message in a held conversation, and commit."""
    now, conversation = house.clock.now(), place.conversation
    message = messages.add(unit, conversation, source=MessageSource.OUT, content=content, at=now)
    errands = Errands(
        message=message,
        conversation=conversation,
        channel=place.held.channel,
        account=place.held.account,
        errand=errand,
    )
    rows.add(unit, errands, at=now)
    unit.commit()
    return message


def _keeps(unit: Unit, house: House, lease: Lease) -> bool:
    refusal = _refusal(unit, lease)
    if refusal is not None:
        _store(unit, house, lease, refusal)
    return refusal is None


def _refusal(unit: Unit, lease: Lease) -> Settlement | None:
    if lease.tries > TRIES_MAX:
        return Settlement(DeliveryState.FAILED, GAVE_UP)
    if not is_wanted(unit, lease=lease):
        return Settlement(DeliveryState.SKIPPED, NO_CONSENT)
    return None


def _store(unit: Unit, house: House, lease: Lease, settlement: Settlement) -> bool:
    is_stored = rows.settle(unit, lease, settlement, at=house.clock.now())
    if is_stored and settlement.state is DeliveryState.FAILED:
        _tell_failure(unit, house, lease.id, settlement.reason or GAVE_UP)
    if is_stored and settlement.due_at is None:
        counters.add(unit, VISIBLE, 1)
    return is_stored


def _note_code(unit: Unit, house: House, content: Content, what: Way) -> None:
    batch_codes.note_way(unit, house, texts=(code_in(content),), what=what)


def _tell_failure(unit: Unit, house: House, row: OutboxId, reason: str) -> None:
    found = rows.of_row(unit, row)
    if found is not None:
        message, channel = found
        tell(unit, house, of_failure(str(message), channel, reason, house.clock.now()))


def _settlement(house: House, lease: Lease, outcome: SendOutcome) -> Settlement:
    match outcome:
        case Sent():
            return Settlement(DeliveryState.SENT, external_id=outcome.external_id)
        case Retry():
            return again(outcome.after, lease.tries, house.clock.now())
        case Permanent():
            return Settlement(DeliveryState.FAILED, outcome.reason)
        case OptOut():
            return Settlement(DeliveryState.SKIPPED, "opt_out")
        case Unknown():
            return Settlement(DeliveryState.UNKNOWN, "no_answer")


def _withdraw_all(unit: Unit, house: House, lease: Lease) -> None:
    """The ledger after a platform told us; there was no text of ours, so the key stands for it."""
    shown = saying.confirmation_shown(house, Lang.DE, "stop.done")
    for purpose, action in consent.current(unit, visitor=lease.visitor).items():
        if action is not Action.GRANTED:
            continue
        declaration = Declaration(
            visitor=lease.visitor,
            purpose=purpose,
            action=Action.WITHDRAWN,
            shown=shown,
            channel=lease.channel,
            account=lease.account,
            message=None,
            how=How.PLATFORM,
            of_age=False,
            at=house.clock.now(),
        )
        consent.append(unit, house, declaration=declaration)
