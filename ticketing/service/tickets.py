"""Tickets: issued, shown, listed, taken back; in the service room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ticketing.domain import offers as offer_rules
from ticketing.domain import tickets as rules
from ticketing.domain.ids import VisitorId
from ticketing.domain.museum import Museum, local_day
from ticketing.domain.offers import Offer
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import ShownState, Ticket
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.issuing import (
    Draft,
    TicketOrder,
    drafted,
    free_short_codes,
    store_draft,
    ticket_flags,
)
from ticketing.service.pages import LIMIT, Page, place_of, text_of
from ticketing.service.ports import CardCaptions, CardFacts, House
from ticketing.store import histories
from ticketing.store import moves as move_rows
from ticketing.store import scans as scan_rows
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store.histories import History
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move, Terms, fold
from ticketing.wire.namebox import NONCE_BYTES, seal_name
from ticketing.wire.texts import local_date, local_time
from ticketing.wire.token import TicketId
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
    "reissue_ticket",
    "revoke_ticket",
    "state_of",
    "store_draft",
    "tickets_of_visitor",
    "unblock_ticket",
    "with_histories",
]
REASON_LIMIT = 200
LAST_ISSUE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A ticket in a list, with what has happened to it."""

    ticket: Ticket
    offer: Offer
    moves: tuple[Move, ...] = ()
    slot: Slot | None = None

    @property
    def terms(self) -> Terms:
        """How its moves add up."""
        slot = None if self.slot is None else offer_rules.slot_window(self.offer, self.slot)
        return rules.terms(self.ticket, self.offer, slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCase(ListedTicket):
    """A ticket with all there is to know about it; `barcode` is its text."""

    barcode: str
    scans: tuple[Scan, ...] = ()


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
    unit.commit()
    return case_of(draft)


def case_of(draft: Draft) -> TicketCase:
    """A ticket just issued."""
    return TicketCase(
        ticket=draft.ticket, offer=draft.offer, barcode=draft.barcode, slot=draft.slot
    )


def state_of(house: House, listed: ListedTicket) -> ShownState:
    """What the ticket is shown as now: its stored state, or what follows from time and use."""
    now = house.clock.now()
    sums = fold(listed.moves, now, house.museum.zone, terms=listed.terms)
    return rules.shown_state(listed.ticket, sums, now)


def get_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """A ticket with its moves and scans.

    Raises:
        NotFound: `ticket`.
    """
    ticket, offer = _found(unit, ticket_id)
    return TicketCase(
        ticket=ticket,
        offer=offer,
        barcode=house.signer.barcode(rules.claims(ticket)).text,
        moves=move_rows.of_ticket(unit, ticket_id),
        scans=scan_rows.of_ticket(unit, ticket_id),
        slot=None if ticket.slot is None else slot_rows.find(unit, ticket.slot),
    )


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


def with_histories(unit: Unit, found: Sequence[tuple[Ticket, Offer]]) -> tuple[ListedTicket, ...]:
    """Tickets of a list with their moves and slots, read in one more statement."""
    pasts = histories.of_tickets(unit, [ticket.id for ticket, _ in found]) if found else {}
    return tuple(
        ListedTicket(ticket=ticket, offer=offer, moves=past.moves, slot=past.slot)
        for ticket, offer in found
        for past in (pasts.get(ticket.id, History()),)
    )


def issued_to_visitor(unit: Unit, *, visitor: VisitorId, since: datetime) -> int:
    """How many tickets a visitor has been issued since a time."""
    return rows.count_of_visitor(unit, visitor, since=since)


def revoke_ticket(unit: Unit, house: House, *, ticket_id: TicketId, reason: str) -> TicketCase:
    """Take a ticket back for good; once more changes nothing.

    The places of its slot are free again, unless it was used.

    Raises:
        NotFound: `ticket`.
        Invalid: A reason of more than 200 characters.
    """
    if len(reason) > REASON_LIMIT:
        raise Invalid(FieldError("reason", "length"))
    return _moved(unit, house, ticket_id, _Change(TicketState.REVOKED, _ANY, reason))


def block_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """Stop a ticket for a while.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_unpaid`.
    """
    return _moved(unit, house, ticket_id, _Change(TicketState.BLOCKED, (TicketState.VALID,)))


def unblock_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """Let a blocked ticket be good again.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_unpaid`.
    """
    return _moved(unit, house, ticket_id, _Change(TicketState.VALID, (TicketState.BLOCKED,)))


def pay_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """Mark a ticket as paid.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `ticket_blocked`.
    """
    return _moved(unit, house, ticket_id, _Change(TicketState.VALID, (TicketState.UNPAID,)))


def reissue_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """Give a ticket a new barcode, under the active key, and a new short code.

    The card was lost, or a picture of it is going round: neither the barcode nor the code
    that stands below it may open the door any more. The old barcode says which ticket it was
    and is superseded; the old short code is unknown from now on, as it says nothing by itself.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `too_many_issues` after 255, `changed` if somebody
            else reissued it at the same time, `no_free_short_code` after several tries.
    """
    old, offer = _found(unit, ticket_id)
    if old.state is TicketState.REVOKED:
        raise Conflict("ticket_revoked")
    if old.issue == LAST_ISSUE:
        raise Conflict("too_many_issues")
    [code] = free_short_codes(unit, house, 1)
    new, barcode = next_issue(house, replace(old, short_code=code), offer)
    slot = None if old.slot is None else slot_rows.find(unit, old.slot)
    unit.begin()
    if not rows.reissue(unit, new):
        raise Conflict("changed")
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
    box = seal_name(token.raw, plain.holder, house.chance.draw(NONCE_BYTES))
    return replace(plain, name_box=box), token.text


def card_facts(case: TicketCase, museum: Museum, *, lang: str) -> CardFacts:
    """What stands on the card of a ticket, in the holder's language."""
    words = _CARD_WORDS[lang if lang in _CARD_WORDS else "en"]
    ticket, zone = case.ticket, museum.zone
    first = local_day(ticket.valid_from, zone)
    last = local_day(ticket.valid_until - _MINUTE, zone)
    is_one_day = first == last or case.slot is not None
    return CardFacts(
        museum=museum.name,
        holder=ticket.holder,
        offer=case.offer.name.in_(lang),
        when=_when(case, museum, last=last, lang=lang),
        persons=str(ticket.party),
        short_code=rules.shown_code(ticket.short_code),
        captions=CardCaptions(
            when=words["on"] if is_one_day else words["until"],
            persons=words["persons"],
            short_code=words["short_code"],
        ),
        barcode=case.barcode,
    )


# ------------------------------------------------------------ parts of the above
def _when(case: TicketCase, museum: Museum, *, last: date, lang: str) -> str:
    """The last day; of a slot its day and its time."""
    if case.slot is None:
        return local_date(last, None, lang)
    zone, slot = museum.zone, case.slot
    span = f"{local_time(slot.starts_at, zone)}\u2013{local_time(slot.ends_at, zone)}"
    return f"{local_date(slot.starts_at, zone, lang)}, {span}"


_MINUTE = timedelta(minutes=1)
_CARD_WORDS = {
    "de": {
        "on": "Gültig am",
        "until": "Gültig bis",
        "persons": "Personen",
        "short_code": "Kurzcode",
    },
    "en": {
        "on": "Valid on",
        "until": "Valid until",
        "persons": "Persons",
        "short_code": "Short code",
    },
}
_ANY = tuple(TicketState)


@dataclass(frozen=True, slots=True)
class _Change:
    """A state, the states it may follow, and why."""

    to: TicketState
    follows: tuple[TicketState, ...]
    reason: str | None = None


def _found(unit: Unit, ticket_id: TicketId) -> tuple[Ticket, Offer]:
    found = rows.find(unit, ticket_id)
    if found is None or not found[0].holder:  # nobody's any more: retention leaves figures alone
        raise NotFound("ticket")
    return found


def _moved(unit: Unit, house: House, ticket_id: TicketId, change: _Change) -> TicketCase:
    unit.begin()  # before reading: the state must not move in between
    ticket, offer = _found(unit, ticket_id)
    if ticket.state is not change.to:
        if ticket.state not in change.follows:
            raise Conflict(f"ticket_{ticket.state.value}")
        rows.set_state(unit, ticket_id, change.to, at=house.clock.now(), reason=change.reason)
        if change.to is TicketState.REVOKED:
            _give_back(unit, house, ticket, offer)
    unit.commit()
    return get_ticket(unit, house, ticket_id=ticket_id)


def _give_back(unit: Unit, house: House, ticket: Ticket, offer: Offer) -> None:
    """The places of a slot's ticket that nobody came in with."""
    slot = None if ticket.slot is None else slot_rows.find(unit, ticket.slot)
    if slot is None:
        return
    moves = move_rows.of_ticket(unit, ticket.id)
    listed = ListedTicket(ticket=ticket, offer=offer, moves=moves, slot=slot)
    if not fold(moves, house.clock.now(), house.museum.zone, terms=listed.terms).uses:
        slot_rows.sell(unit, slot, -ticket.party)
