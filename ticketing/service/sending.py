"""Messages that other programs and staff send to a visitor; in the service room."""

from dataclasses import dataclass, field
from datetime import timedelta

from ticketing.domain.delivery import Errand
from ticketing.domain.ids import IdentityId, VisitorId
from ticketing.domain.messages import Content, MessageId, Text, storable
from ticketing.service import audit, delivery, saying
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.service.tickets import get_ticket
from ticketing.store import people
from ticketing.store.people import Reach
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

ANSWER_WINDOW = timedelta(hours=24)
"""For so long after a visitor's last word an answer needs no consent."""
_VOID = frozenset({TicketState.REVOKED, TicketState.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrder:
    """What is to be sent, to a visitor (where they wrote last) or to one address.

    `errand` is what it is for; with `ticket` it is that ticket's picture.
    """

    visitor: VisitorId | None = None
    identity: IdentityId | None = None
    errand: Errand
    text: str = field(default="", repr=False)
    ticket: TicketId | None = None


def send(unit: Unit, house: House, *, order: MessageOrder) -> MessageId:
    """Queue a message.

    Raises:
        NotFound: `visitor`.
        Invalid: `ticket` that is not this visitor's; `text` of nothing.
        Conflict: `no_consent` for news and codes without a yes; `window_closed` for an
            answer more than 24 hours after the visitor's last word.
    """
    to = _reach(unit, order)
    content = _content(unit, house, order, to)
    purpose = order.errand.purpose
    if purpose is not None:
        message = delivery.queue_news(
            unit, house, conversation=to.conversation, purpose=purpose, content=content
        )
        if message is None:
            raise Conflict("no_consent")
        return message
    if order.errand is Errand.ANSWER and house.clock.now() - to.updated_at > ANSWER_WINDOW:
        raise Conflict("window_closed")
    message = delivery.queue_plain(
        unit, house, conversation=to.conversation, errand=order.errand, content=content
    )
    if message is None:  # erased this very moment
        raise NotFound("visitor")
    return message


def send_again(unit: Unit, house: House, *, ticket_id: TicketId) -> MessageId:
    """Send a ticket once more to where its visitor wrote last; no consent is needed for that.

    Raises:
        NotFound: `ticket`.
        Conflict: `no_chat` for a ticket without a visitor; `ticket_revoked`, `ticket_blocked`.
    """
    case = get_ticket(unit, house, ticket_id=ticket_id)
    if case.ticket.state in _VOID:
        raise Conflict(f"ticket_{case.ticket.state.value}")
    visitor = case.ticket.visitor
    to = None if visitor is None else next(iter(people.reaches(unit, visitor)), None)
    if to is None:
        raise Conflict("no_chat")
    content = saying.picture_of(house, to.lang, case.ticket, case.offer)
    unit.begin()
    thing = audit.Thing("ticket", ticket_id.hex())
    action = audit.Action.TICKET_SENT
    audit.note(unit, house, action=action, object=thing, after={"to": to.channel})
    message = delivery.queue_plain(
        unit, house, conversation=to.conversation, errand=Errand.TICKET, content=content
    )
    if message is None:  # erased this very moment
        raise Conflict("no_chat")
    return message


def _reach(unit: Unit, order: MessageOrder) -> Reach:
    if order.identity is not None:
        found = people.reach(unit, order.identity)
    elif order.visitor is not None:
        found = next(iter(people.reaches(unit, order.visitor)), None)
    else:
        raise Invalid(FieldError("visitor", "missing"))
    if found is None:
        raise NotFound("visitor")
    return found


def _content(unit: Unit, house: House, order: MessageOrder, to: Reach) -> Content:
    if order.ticket is None:
        text = storable(order.text)
        if not text.strip():
            raise Invalid(FieldError("text", "length"))
        return Text(text)
    try:
        case = get_ticket(unit, house, ticket_id=order.ticket)
    except NotFound:
        raise Invalid(FieldError("ticket", "unknown")) from None
    if case.ticket.visitor != to.visitor:
        raise Invalid(FieldError("ticket", "unknown"))
    return saying.picture_of(house, to.lang, case.ticket, case.offer)
