"""Who a conversation is with and what the bot knows of it; in the service room."""

from dataclasses import dataclass
from datetime import datetime

from ticketing.domain.conversation import Facts, OwnTicket, Step
from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.visitors import ID_BYTES, language
from ticketing.service.channels import Incoming
from ticketing.service.offers import list_offers
from ticketing.service.ports import House
from ticketing.service.tickets import ListedTicket, issued_to_visitor, tickets_of_visitor
from ticketing.store import consents as consent_rows
from ticketing.store import conversations as rows
from ticketing.store import visitors as visitor_rows
from ticketing.store.conversations import Address, Conversation
from ticketing.store.unit import Unit
from ticketing.wire.verdict import TicketState

TICKETS_SHOWN = 5
_LOOKED_THROUGH = 30


@dataclass(frozen=True, slots=True)
class Known:
    """What was read before answering an event.

    `conversation` is new, and not stored yet, if `is_new`.
    """

    conversation: Conversation
    is_new: bool
    facts: Facts
    tickets: tuple[ListedTicket, ...]


def known(unit: Unit, house: House, *, address: Address, event: Incoming) -> Known:
    """Read, or invent for a new visitor, all that the bot's answer depends on."""
    now = house.clock.now()
    found = rows.find(unit, address, hold=unit.writing)
    conversation = found or _new(house, event, now)
    tickets = _open_tickets(unit, conversation.visitor, now)
    away = now - found.updated_at if found else None
    museum = house.museum
    midnight, _ = day_bounds(local_day(now, museum.zone), museum.zone)
    facts = Facts(
        lang=conversation.lang,
        local=now.astimezone(museum.zone),
        away=away,
        museum=museum.name,
        contact=museum.contact or museum.name,
        privacy=f"{museum.base_url}/privacy",
        offers=tuple(list_offers(unit, active_only=True)),
        calendar=museum.hours,
        address=", ".join(museum.address),
        kept=museum.kept,
        answers=consent_rows.answers(unit, conversation.visitor),
        own=tuple(OwnTicket(listed.ticket.id) for listed in tickets),
        issued_today=issued_to_visitor(unit, visitor=conversation.visitor, since=midnight),
    )
    return Known(conversation, found is None, facts, tickets)


def store_new(unit: Unit, house: House, *, address: Address, conversation: Conversation) -> bool:
    """Store a new visitor with the conversation; False if the address is known by now."""
    identity = visitor_rows.Identity(
        id=IdentityId(house.chance.draw(ID_BYTES)),
        visitor=conversation.visitor,
        channel=address.channel,
        account=address.account,
        address=address.address,
    )
    at = conversation.updated_at
    if not visitor_rows.add(unit, identity, lang=conversation.lang, at=at):
        return False
    rows.add(unit, conversation, identity.id)
    return True


def _new(house: House, event: Incoming, now: datetime) -> Conversation:
    return Conversation(
        id=ConversationId(house.chance.draw(ID_BYTES)),
        visitor=VisitorId(house.chance.draw(ID_BYTES)),
        step=Step(),
        version="",
        lang=language(event.lang),
        updated_at=now,
    )


def _open_tickets(unit: Unit, visitor: VisitorId, now: datetime) -> tuple[ListedTicket, ...]:
    """The newest tickets that are neither over nor taken back."""
    good = {TicketState.VALID, TicketState.UNPAID}
    listed = tickets_of_visitor(unit, visitor=visitor, limit=_LOOKED_THROUGH)
    open_ones = (t for t in listed if t.ticket.state in good and t.ticket.valid_until > now)
    return tuple(open_ones)[:TICKETS_SHOWN]
