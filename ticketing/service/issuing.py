"""From an order to a signed ticket: everything before the first write; in the service room.

Offers, slots and visitors are read, short codes drawn and barcodes signed without a lock.
What is left for the transaction is writing the ticket and taking its places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from ticketing.domain import offers as offer_rules
from ticketing.domain import tickets as rules
from ticketing.domain.ids import VisitorId
from ticketing.domain.museum import local_day
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.slots import Slot, SlotPlaces
from ticketing.domain.tickets import Ticket
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, SoldOut, as_invalid
from ticketing.service.ports import House
from ticketing.store import offers as offer_rows
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store import visitors as visitor_rows
from ticketing.store.unit import Unit
from ticketing.wire.admission import Window
from ticketing.wire.namebox import NONCE_BYTES, seal_name
from ticketing.wire.token import Flag, TicketId
from ticketing.wire.verdict import TicketState

PROPOSED = 3
"""So many free slots are named when one is full."""
Item = TypeVar("Item")
_TRIES = 5
_AT_ONCE = 500  # values in one question to the database


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOrder:
    """A ticket that somebody wants.

    `offer` is a slug; `on` a local day, None is today; `slot` is the id of a time window,
    for offers that have them; `paid` None follows the offer: unpaid if the desk takes the
    money, paid otherwise.
    """

    offer: str
    holder: str
    on: date | None = None
    party: int = 1
    visitor: VisitorId | None = None
    reference: str | None = None
    paid: bool | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A signed ticket that is not stored yet: made outside the transaction."""

    ticket: Ticket
    offer: Offer
    barcode: str
    slot: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What orders refer to, as far as it exists: offers by slug, slots by id, visitors."""

    offers: dict[str, Offer]
    slots: dict[str, Slot]
    visitors: frozenset[VisitorId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An order that was looked at and can be fulfilled."""

    order: TicketOrder
    offer: Offer
    slot: Slot | None
    holder: str
    validity: Window
    is_paid: bool


def stock_for(unit: Unit, orders: Sequence[TicketOrder]) -> Stock:
    """Read what these orders refer to."""
    slugs = {order.offer for order in orders}
    found = ((slug, offer_rows.find(unit, slug)) for slug in sorted(slugs))
    slots: dict[str, Slot] = {}
    for ids in chunks(sorted({o.slot for o in orders if o.slot is not None}), _AT_ONCE):
        slots |= slot_rows.find_all(unit, ids)
    visitors = {o.visitor for o in orders if o.visitor is not None}
    return Stock(
        offers={slug: offer for slug, offer in found if offer is not None},
        slots=slots,
        visitors=frozenset(one for one in visitors if visitor_rows.exists(unit, one)),
    )


def planned(house: House, stock: Stock, order: TicketOrder) -> Planned:
    """Look at an order; writes and draws nothing.

    Raises:
        NotFound: `offer`.
        Conflict: `offer_inactive`.
        Invalid: Errors for `holder`, `party`, `on`, `slot`, `reference`, `visitor`.
    """
    offer = stock.offers.get(order.offer)
    if offer is None:
        raise NotFound("offer")
    if not offer.active:
        raise Conflict("offer_inactive")
    if len(order.reference or "") > rules.REFERENCE_LIMIT:
        raise Invalid(FieldError("reference", "length"))
    if order.visitor is not None and order.visitor not in stock.visitors:
        raise Invalid(FieldError("visitor", "unknown"))
    slot = _slot_of(stock, order, offer)
    with as_invalid():
        holder = rules.clean_holder(order.holder)
        rules.checked_party(order.party, offer.party_max)
        validity = _validity(house, order, offer, slot)
    return Planned(
        order=order,
        offer=offer,
        slot=slot,
        holder=holder,
        validity=validity,
        is_paid=not offer.is_paid_at_desk if order.paid is None else order.paid,
    )


def signed(house: House, plan: Planned, *, short_code: str, now: datetime) -> Draft:
    """Draw and sign the ticket of a plan."""
    plain = Ticket(
        id=TicketId(house.chance.draw(rules.TICKET_ID_BYTES)),
        short_code=short_code,
        offer=plan.offer.number,
        key_id=house.signer.key_id,
        issue=0,
        holder=plan.holder,
        party=plan.order.party,
        entries=plan.offer.entries,
        flags=ticket_flags(plan.offer, is_paid=plan.is_paid),
        valid_from=plan.validity.start_at,
        valid_until=plan.validity.end_at,
        state=TicketState.VALID if plan.is_paid else TicketState.UNPAID,
        created_at=now,
        issued_at=now,
        state_at=now,
        visitor=plan.order.visitor,
        reference=plan.order.reference,
        slot=None if plan.slot is None else plan.slot.id,
    )
    token = house.signer.barcode(rules.claims(plain))
    box = seal_name(token.raw, plain.holder, house.chance.draw(NONCE_BYTES))
    ticket = replace(plain, name_box=box)
    return Draft(ticket=ticket, offer=plan.offer, barcode=token.text, slot=plan.slot)


def drafted(unit: Unit, house: House, *, order: TicketOrder) -> Draft:
    """Make and sign a ticket without writing: drawing and signing hold no lock.

    Raises:
        ServiceError: As `planned`.
    """
    plan = planned(house, stock_for(unit, (order,)), order)
    [code] = free_short_codes(unit, house, 1)
    return signed(house, plan, short_code=code, now=house.clock.now())


def store_draft(unit: Unit, draft: Draft) -> None:
    """Write a drafted ticket and take its places in the caller's transaction, who commits.

    The places come last: everybody who buys for the slot waits for them.

    Raises:
        SoldOut: The slot has not got so many places any more.
    """
    ticket = draft.ticket
    rows.add(unit, (ticket,))
    if draft.slot is not None and not slot_rows.sell(unit, draft.slot, ticket.party):
        since = ticket.created_at
        raise SoldOut(next_free(unit, draft.offer, people=ticket.party, since=since))


def next_free(unit: Unit, offer: Offer, *, people: int, since: datetime) -> tuple[SlotPlaces, ...]:
    """The next slots of an offer with places for so many persons."""
    return slot_rows.next_free(unit, offer=offer.number, people=people, since=since, limit=PROPOSED)


def ticket_flags(offer: Offer, *, is_paid: bool) -> Flag:
    """A gate without network cannot know whether the desk has taken the money: it must ask."""
    plain = offer_rules.flags(offer)
    return plain if is_paid else plain | Flag.ONLINE_ONLY


def free_short_codes(unit: Unit, house: House, count: int) -> list[str]:
    """So many short codes that nobody has and that differ from each other.

    35 bits meet after 200,000 tickets, so they are looked at before anything is signed;
    the unique key catches the rest.

    Raises:
        Conflict: `no_free_short_code` after several tries.
    """
    free: dict[str, None] = {}
    for _ in range(_TRIES):
        wanted = range(count - len(free))
        drawn = [rules.short_code(house.chance.draw(rules.SHORT_SYMBOLS)) for _ in wanted]
        taken = _taken(unit, drawn)
        free |= dict.fromkeys(code for code in drawn if code not in taken)
        if len(free) == count:
            return list(free)
    raise Conflict("no_free_short_code")


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in their order, so many at once."""
    return (items[at : at + size] for at in range(0, len(items), size))


# ------------------------------------------------------------ parts of the above
def _taken(unit: Unit, codes: Sequence[str]) -> set[str]:
    taken: set[str] = set()
    for some in chunks(codes, _AT_ONCE):
        taken |= rows.taken_short_codes(unit, some)
    return taken


def _slot_of(stock: Stock, order: TicketOrder, offer: Offer) -> Slot | None:
    if offer.validity is not Validity.SLOT:
        if order.slot is not None:
            raise Invalid(FieldError("slot", "offer_without_slots"))
        return None
    if order.slot is None:
        raise Invalid(FieldError("slot", "missing"))
    slot = stock.slots.get(order.slot)
    if slot is None or slot.offer != offer.number:
        raise Invalid(FieldError("slot", "unknown"))
    return slot


def _validity(house: House, order: TicketOrder, offer: Offer, slot: Slot | None) -> Window:
    now, zone = house.clock.now(), house.museum.zone
    if slot is None:
        on = order.on or local_day(now, zone)
        window = offer_rules.window(offer, on, zone)
        if offer_rules.is_past(offer, on, now=now, zone=zone):
            raise Invalid(FieldError("on", "past"))
        return window
    if order.on is not None and order.on != local_day(slot.starts_at, zone):
        raise Invalid(FieldError("on", "not_of_the_slot"))
    if slot.ends_at <= now:
        raise Invalid(FieldError("slot", "past"))
    return offer_rules.slot_validity(offer, slot, zone)
