"""Tickets: issued, shown, listed, taken back; in the service room."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ticketing.domain import offers as offer_rules
from ticketing.domain import tickets as rules
from ticketing.domain.ids import VisitorId
from ticketing.domain.museum import Museum, local_day
from ticketing.domain.offers import Offer
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import Ticket
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, as_invalid
from ticketing.service.offers import get_offer
from ticketing.service.pages import LIMIT, Page, place_of, text_of
from ticketing.service.ports import CardCaptions, CardFacts, House
from ticketing.store import moves as move_rows
from ticketing.store import scans as scan_rows
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store import visitors as visitor_rows
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move, Terms
from ticketing.wire.namebox import NONCE_BYTES, seal_name
from ticketing.wire.texts import local_date
from ticketing.wire.token import Flag, TicketId
from ticketing.wire.verdict import TicketState

REASON_LIMIT = 200
_LAST_ISSUE = 255
_SHORT_CODE_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOrder:
    """A ticket that somebody wants.

    `offer` is a slug; `on` a local day, None is today; `paid` None follows the offer:
    unpaid if the desk takes the money, paid otherwise.
    """

    offer: str
    holder: str
    on: date | None = None
    party: int = 1
    visitor: VisitorId | None = None
    reference: str | None = None
    paid: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A signed ticket that is not stored yet: made outside the transaction."""

    ticket: Ticket
    offer: Offer
    barcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCase:
    """A ticket with all there is to know about it; `barcode` is its text."""

    ticket: Ticket
    offer: Offer
    barcode: str
    moves: tuple[Move, ...] = ()
    scans: tuple[Scan, ...] = ()
    slot: Slot | None = None

    @property
    def terms(self) -> Terms:
        """How its moves add up."""
        slot = None if self.slot is None else offer_rules.slot_window(self.offer, self.slot)
        return rules.terms(self.ticket, self.offer, slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A ticket in a list."""

    ticket: Ticket
    offer: Offer


def issue_ticket(unit: Unit, house: House, *, order: TicketOrder) -> TicketCase:
    """Issue a ticket.

    Raises:
        NotFound: `offer`.
        Invalid: Errors for `holder`, `party`, `on`, `reference`.
        Conflict: `offer_inactive`.
    """
    draft = drafted(unit, house, order=order)
    unit.begin()
    store_draft(unit, draft)
    unit.commit()
    return TicketCase(ticket=draft.ticket, offer=draft.offer, barcode=draft.barcode)


def drafted(unit: Unit, house: House, *, order: TicketOrder) -> Draft:
    """Make and sign a ticket without writing: drawing and signing hold no lock.

    Raises:
        ServiceError: As `issue_ticket`.
    """
    offer = get_offer(unit, slug=order.offer)
    if not offer.active:
        raise Conflict("offer_inactive")
    ticket = _ticket(unit, house, order=order, offer=offer)
    token = house.signer.barcode(rules.claims(ticket))
    box = seal_name(token.raw, ticket.holder, house.chance.draw(NONCE_BYTES))
    return Draft(ticket=replace(ticket, name_box=box), offer=offer, barcode=token.text)


def store_draft(unit: Unit, draft: Draft) -> None:
    """Write a drafted ticket in the caller's transaction; the caller commits."""
    rows.add(unit, (draft.ticket,))


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
    items = tuple(ListedTicket(ticket=ticket, offer=of) for ticket, of in found[:limit])
    return Page(items, text_of(items[-1].ticket) if len(found) > limit else None)


def latest_tickets(unit: Unit, *, limit: int = 10) -> tuple[ListedTicket, ...]:
    """The newest tickets, for staff."""
    return tuple(
        ListedTicket(ticket=ticket, offer=offer) for ticket, offer in rows.page(unit, limit=limit)
    )


def tickets_of_visitor(
    unit: Unit, *, visitor: VisitorId, limit: int = 10
) -> tuple[ListedTicket, ...]:
    """A visitor's newest tickets."""
    found = rows.of_visitor(unit, visitor, limit=limit)
    return tuple(ListedTicket(ticket=ticket, offer=offer) for ticket, offer in found)


def issued_to_visitor(unit: Unit, *, visitor: VisitorId, since: datetime) -> int:
    """How many tickets a visitor has been issued since a time."""
    return rows.count_of_visitor(unit, visitor, since=since)


def revoke_ticket(unit: Unit, house: House, *, ticket_id: TicketId, reason: str) -> TicketCase:
    """Take a ticket back for good; once more changes nothing.

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
    """Give a ticket a new barcode, under the active key; the old one is superseded.

    Raises:
        NotFound: `ticket`.
        Conflict: `ticket_revoked`, `too_many_issues` after 255, `changed` if somebody
            else reissued it at the same time.
    """
    old, offer = _found(unit, ticket_id)
    if old.state is TicketState.REVOKED:
        raise Conflict("ticket_revoked")
    if old.issue == _LAST_ISSUE:
        raise Conflict("too_many_issues")
    is_paid = old.state is not TicketState.UNPAID
    fresh = _flags(offer, is_paid=is_paid)
    plain = replace(
        old,
        issue=old.issue + 1,
        issued_at=house.clock.now(),
        key_id=house.signer.key_id,
        flags=fresh,
    )
    token = house.signer.barcode(rules.claims(plain))
    box = seal_name(token.raw, plain.holder, house.chance.draw(NONCE_BYTES))
    new = replace(plain, name_box=box)
    unit.begin()
    if not rows.reissue(unit, new):
        raise Conflict("changed")
    unit.commit()
    return TicketCase(ticket=new, offer=offer, barcode=token.text)


def card_facts(case: TicketCase, museum: Museum, *, lang: str) -> CardFacts:
    """What stands on the card of a ticket, in the holder's language."""
    words = _CARD_WORDS[lang if lang in _CARD_WORDS else "en"]
    ticket, zone = case.ticket, museum.zone
    first = local_day(ticket.valid_from, zone)
    last = local_day(ticket.valid_until - _MINUTE, zone)
    is_one_day = first == last
    return CardFacts(
        museum=museum.name,
        holder=ticket.holder,
        offer=case.offer.name.in_(lang),
        when=local_date(last, None, lang),
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
    ticket, _ = _found(unit, ticket_id)
    if ticket.state is not change.to:
        if ticket.state not in change.follows:
            raise Conflict(f"ticket_{ticket.state.value}")
        rows.set_state(unit, ticket_id, change.to, at=house.clock.now(), reason=change.reason)
    unit.commit()
    return get_ticket(unit, house, ticket_id=ticket_id)


def _ticket(unit: Unit, house: House, *, order: TicketOrder, offer: Offer) -> Ticket:
    now, zone = house.clock.now(), house.museum.zone
    on = order.on or local_day(now, zone)
    if len(order.reference or "") > rules.REFERENCE_LIMIT:
        raise Invalid(FieldError("reference", "length"))
    if order.visitor is not None and not visitor_rows.exists(unit, order.visitor):
        raise Invalid(FieldError("visitor", "unknown"))
    with as_invalid():
        holder = rules.clean_holder(order.holder)
        party = rules.checked_party(order.party, offer.party_max)
        window = offer_rules.window(offer, on, zone)
    if offer_rules.is_past(offer, on, now=now, zone=zone):
        raise Invalid(FieldError("on", "past"))
    is_paid = not offer.is_paid_at_desk if order.paid is None else order.paid
    return Ticket(
        id=TicketId(house.chance.draw(rules.TICKET_ID_BYTES)),
        short_code=_free_short_code(unit, house),
        offer=offer.number,
        key_id=house.signer.key_id,
        issue=0,
        holder=holder,
        party=party,
        entries=offer.entries,
        flags=_flags(offer, is_paid=is_paid),
        valid_from=window.start_at,
        valid_until=window.end_at,
        state=TicketState.VALID if is_paid else TicketState.UNPAID,
        created_at=now,
        issued_at=now,
        state_at=now,
        visitor=order.visitor,
        reference=order.reference,
    )


def _flags(offer: Offer, *, is_paid: bool) -> Flag:
    """A gate without network cannot know whether the desk has taken the money: it must ask."""
    plain = offer_rules.flags(offer)
    return plain if is_paid else plain | Flag.ONLINE_ONLY


def _free_short_code(unit: Unit, house: House) -> str:
    """35 bits meet after 200,000 tickets, so look before signing; the key catches the rest."""
    for _ in range(_SHORT_CODE_TRIES):
        code = rules.short_code(house.chance.draw(rules.SHORT_SYMBOLS))
        if not rows.taken_short_codes(unit, (code,)):
            return code
    raise Conflict("no_free_short_code")
