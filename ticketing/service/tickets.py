"""Tickets: issued, shown, listed, taken back; in the service room."""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import payments as money_rules
from ticketing.domain import tickets as rules
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.domain.payments import Flow
from ticketing.domain.tickets import Ticket
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.cards import card_facts
from ticketing.service.cases import (
    ListedTicket,
    TicketCase,
    case_of,
    existing,
    get_ticket,
    state_of,
    with_histories,
)
from ticketing.service.errors import Conflict, FieldError, Invalid, as_invalid
from ticketing.service.issuing import (
    Draft,
    TicketOrder,
    drafted,
    free_short_codes,
    store_draft,
    ticket_flags,
)
from ticketing.service.pages import LIMIT, Page, place_of, text_of
from ticketing.service.ports import House
from ticketing.store import moves as move_rows
from ticketing.store import payments as payment_rows
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store.unit import Unit
from ticketing.wire.admission import fold
from ticketing.wire.namebox import NONCE_BYTES, seal_name
from ticketing.wire.token import TicketId, Token
from ticketing.wire.verdict import TicketState

__all__ = [  # with what issuing a ticket takes, so that callers need one module
    "LAST_ISSUE",
    "Draft",
    "ListedTicket",
    "TicketCase",
    "TicketOrder",
    "block_ticket",
    "card_facts",
    "case_of",
    "drafted",
    "get_ticket",
    "issue_ticket",
    "issued_to_visitor",
    "latest_tickets",
    "list_tickets",
    "next_issue",
    "pay_ticket",
    "refund_ticket",
    "reissue_ticket",
    "rename_ticket",
    "revoke_ticket",
    "state_of",
    "store_draft",
    "tickets_of_visitor",
    "unblock_ticket",
    "with_histories",
]
REASON_LIMIT = 200
LAST_ISSUE = 255


def issue_ticket(unit: Unit, house: House, *, order: TicketOrder) -> TicketCase:
    """Issue a ticket.

    Raises:
        NotFound: `offer`.
        Invalid: Errors for `holder`, `party`, `on`, `slot`, `reference`, `visitor`.
        Conflict: `offer_inactive`.
        SoldOut: The slot is full; names the next ones that are not.
    """
    draft = drafted(unit, house, order=order)
    unit.begin()
    store_draft(unit, draft)
    ticket = draft.ticket
    audit.note(
        unit,
        house,
        action=Action.TICKET_ISSUED,
        object=Thing("ticket", ticket.id.hex()),
        after={"offer": draft.offer.slug, "party": ticket.party, "state": ticket.state},
    )
    unit.commit()
    return case_of(draft)


def list_tickets(
    unit: Unit,
    *,
    offer: str | None = None,
    state: TicketState | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[ListedTicket]:
    """A page of tickets, newest first; `offer` is a slug.

    Raises:
        Invalid: A cursor that was not given out.
    """
    after = place_of(cursor)
    found = rows.page(unit, offer=offer, state=state, after=after, limit=limit + 1)
    items = with_histories(unit, found[:limit])
    return Page(items, text_of(items[-1].ticket) if len(found) > limit else None)


def latest_tickets(unit: Unit, *, limit: int = 10) -> tuple[ListedTicket, ...]:
    """The newest tickets, for staff."""
    return with_histories(unit, rows.page(unit, limit=limit))


def tickets_of_visitor(
    unit: Unit, *, visitor: VisitorId, limit: int = 10
) -> tuple[ListedTicket, ...]:
    """A visitor's newest tickets."""
    found = rows.of_visitor(unit, visitor, limit=limit)
    return tuple(ListedTicket(ticket=ticket, offer=offer) for ticket, offer in found)


def issued_to_visitor(unit: Unit, *, visitor: VisitorId, since: datetime) -> int:
    """How many tickets a visitor has been issued since a time."""
    return rows.count_of_visitor(unit, visitor, since=since)


def revoke_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, reason: str, seen: str | None = None
) -> TicketCase:
    """Take a ticket back for good; once more changes nothing.

    Here and below `seen` is the mark of what somebody saw, None: whatever it is now.

    The places of its slot are free again, unless it was used.

    Raises:
        NotFound: `ticket`.
        Invalid: A reason of more than 200 characters.
        Conflict: `changed` since it was seen.
    """
    if len(reason) > REASON_LIMIT:
        raise Invalid(FieldError("reason", "length"))
    change = _Change(TicketState.REVOKED, _ANY, Action.TICKET_REVOKED, reason)
    return _moved(unit, house, ticket_id, change, seen=seen)


def block_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, seen: str | None = None
) -> TicketCase:
    """Stop a ticket for a while.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_unpaid`, `changed` since it was seen.
    """
    change = _Change(TicketState.BLOCKED, (TicketState.VALID,), Action.TICKET_BLOCKED)
    return _moved(unit, house, ticket_id, change, seen=seen)


def unblock_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, seen: str | None = None
) -> TicketCase:
    """Let a blocked ticket be good again.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_unpaid`, `changed` since it was seen.
    """
    change = _Change(TicketState.VALID, (TicketState.BLOCKED,), Action.TICKET_UNBLOCKED)
    return _moved(unit, house, ticket_id, change, seen=seen)


def pay_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, seen: str | None = None
) -> TicketCase:
    """Mark a ticket as paid, at its offer's price of now.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_blocked`, `changed` since it was seen.
    """
    change = _Change(TicketState.VALID, (TicketState.UNPAID,), Action.TICKET_PAID)
    return _moved(unit, house, ticket_id, change, seen=seen)


def refund_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """Note that the money for a revoked ticket was given back; once more changes nothing.

    Raises:
        NotFound: `ticket`.
        Conflict: `not_revoked` before the ticket is; `nothing_paid` here.
    """
    unit.begin()
    ticket, _ = existing(unit, ticket_id)
    taken = [one for one in payment_rows.of_ticket(unit, ticket_id) if one.flow is Flow.TAKEN]
    if ticket.state is not TicketState.REVOKED:
        raise Conflict("not_revoked")
    if not taken:
        raise Conflict("nothing_paid")
    back = money_rules.returned(taken[0], actor=house.actor, at=house.clock.now())
    if payment_rows.add(unit, back):
        facts = {"cents": back.cents, "currency": back.currency}
        _note(unit, house, ticket_id, _Line(Action.TICKET_REFUNDED, {}, facts))
    unit.commit()
    return get_ticket(unit, house, ticket_id=ticket_id)


def reissue_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, seen: str | None = None
) -> TicketCase:
    """Give a ticket a new barcode, under the active key, and a new short code.

    The card was lost, or a picture of it is going round: neither the barcode nor the code
    that stands below it may open the door any more. The old barcode says which ticket it was
    and is superseded; the old short code is unknown from now on, as it says nothing by itself.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `too_many_issues` after 255, `changed` since it was
            seen or by somebody else at the same time, `no_free_short_code` after
            several tries.
    """
    old, offer = existing(unit, ticket_id)
    if old.state is TicketState.REVOKED:
        raise Conflict("ticket_revoked")
    _check_seen(old, seen)
    if old.issue == LAST_ISSUE:
        raise Conflict("too_many_issues")
    [code] = free_short_codes(unit, house, 1)
    new, barcode = next_issue(house, replace(old, short_code=code), offer)
    slot = None if old.slot is None else slot_rows.find(unit, old.slot)
    unit.begin()
    if not rows.reissue(unit, new):
        raise Conflict("changed")
    line = _Line(Action.TICKET_REISSUED, {"issue": old.issue}, {"issue": new.issue})
    _note(unit, house, ticket_id, line)
    unit.commit()
    return TicketCase(ticket=new, offer=offer, barcode=barcode, slot=slot)


def next_issue(house: House, old: Ticket, offer: Offer) -> tuple[Ticket, str]:
    """The ticket's next issue under the active key, and its barcode; nothing is written.

    The short code stays what it is in `old`.
    """
    plain = replace(
        old,
        issue=old.issue + 1,
        issued_at=house.clock.now(),
        key_id=house.signer.key_id,
        flags=ticket_flags(offer, is_paid=old.state is not TicketState.UNPAID),
    )
    token = house.signer.barcode(rules.claims(plain))
    return replace(plain, name_box=_name_box(house, token, plain.holder)), token.text


def rename_ticket(
    unit: Unit, house: House, *, ticket_id: TicketId, holder: str, seen: str | None = None
) -> TicketCase:
    """Put another name on a ticket; the barcode stays as it is.

    Raises:
        NotFound: `ticket`.
        Invalid: `holder`.
        Conflict: `ticket_revoked`, `changed` since it was seen, or just now.
    """
    with as_invalid():
        name = rules.clean_holder(holder)
    old, _ = existing(unit, ticket_id)
    if old.state is TicketState.REVOKED:
        raise Conflict("ticket_revoked")
    _check_seen(old, seen)
    box = _name_box(house, house.signer.barcode(rules.claims(old)), name)
    unit.begin()
    if not rows.rename(unit, replace(old, holder=name, name_box=box), was=old.holder):
        raise Conflict("changed")
    line = _Line(Action.TICKET_CHANGED, {"holder": old.holder}, {"holder": name})
    _note(unit, house, ticket_id, line)
    unit.commit()
    return get_ticket(unit, house, ticket_id=ticket_id)


# ------------------------------------------------------------ parts of the above
_ANY = tuple(TicketState)


@dataclass(frozen=True, slots=True)
class _Change:
    """A state, the states it may follow, what that is called, and why."""

    to: TicketState
    follows: tuple[TicketState, ...]
    action: Action
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the audit."""

    action: Action
    before: audit.Facts
    after: audit.Facts


def _moved(
    unit: Unit, house: House, ticket_id: TicketId, change: _Change, *, seen: str | None
) -> TicketCase:
    unit.begin()  # before reading: the state must not move in between
    ticket, offer = existing(unit, ticket_id)
    if ticket.state is not change.to:
        _check_seen(ticket, seen)
        if ticket.state not in change.follows:
            raise Conflict(f"ticket_{ticket.state.value}")
        now = house.clock.now()
        rows.set_state(unit, ticket_id, change.to, at=now, reason=change.reason)
        if change.to is TicketState.REVOKED:
            _give_back(unit, house, ticket, offer)
        if change.action is Action.TICKET_PAID:
            paid = money_rules.payment(ticket_id, offer, actor=house.actor, at=now)
            payment_rows.add(unit, paid)
        states = {"state": ticket.state}, {"state": change.to}
        _note(unit, house, ticket_id, _Line(change.action, *states))
    unit.commit()
    return get_ticket(unit, house, ticket_id=ticket_id)


def _check_seen(ticket: Ticket, seen: str | None) -> None:
    if seen is not None and seen != rules.mark(ticket):
        raise Conflict("changed")


def _note(unit: Unit, house: House, ticket_id: TicketId, line: _Line) -> None:
    audit.note(
        unit,
        house,
        action=line.action,
        object=Thing("ticket", ticket_id.hex()),
        before=line.before,
        after=line.after,
    )


def _name_box(house: House, token: Token, holder: str) -> bytes:
    return seal_name(token.raw, holder, house.chance.draw(NONCE_BYTES))


def _give_back(unit: Unit, house: House, ticket: Ticket, offer: Offer) -> None:
    """The places of a slot's ticket that nobody came in with."""
    slot = None if ticket.slot is None else slot_rows.find(unit, ticket.slot)
    if slot is None:
        return
    moves = move_rows.of_ticket(unit, ticket.id)
    listed = ListedTicket(ticket=ticket, offer=offer, moves=moves, slot=slot)
    if not fold(moves, house.clock.now(), house.museum.zone, terms=listed.terms).uses:
        slot_rows.sell(unit, slot, -ticket.party)
