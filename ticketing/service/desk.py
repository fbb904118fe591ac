"""The desk: a ticket for somebody who stands there, sold once however often the form is sent.

Each form carries a token. Ticket, places, money, audit and the token are written in one
transaction; whoever sends the form again gets the ticket that is there already.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from ticketing.domain import payments as money_rules
from ticketing.domain.museum import day_bounds, is_plausible_day, local_day
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.slots import SlotPlaces
from ticketing.service import audit, offers, once, slots
from ticketing.service.audit import Action, Thing
from ticketing.service.cases import TicketCase, get_ticket
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.issuing import Draft, TicketOrder, drafted, next_free, store_draft
from ticketing.service.ports import House
from ticketing.service.slots import SlotQuery
from ticketing.store import payments, sales
from ticketing.store.sales import Sale
from ticketing.store.unit import Unit

SHOWN_FOR: Final = timedelta(seconds=60)
"""For so long the second screen shows a barcode."""
_SLOTS_MOST: Final = 100


class Paying(StrEnum):
    """What about the money."""

    TAKEN = "taken"  # the desk has it
    LATER = "later"  # the ticket waits for it
    FREE = "free"  # nothing is to be paid: a free offer, or a gift of the house


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody at the desk gets.

    `on` is a local day, None today; `slot` an id, for offers that have slots.
    """

    offer: str
    holder: str
    party: int
    on: date | None = None
    slot: str | None = None
    reference: str | None = None
    paying: Paying = Paying.FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form that was sent: its token, the browser it was sent from."""

    token: str
    desk: str


@dataclass(frozen=True, slots=True)
class Sold:
    """The ticket of a form; `is_repeat`: the form was sent before."""

    case: TicketCase
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the second screen shows: a ticket, and of which sale."""

    case: TicketCase
    sale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSale:
    """What can be sold now, and more of the one that was chosen, None if there is none.

    `on` is the local day it is for; `slots` are those of that day that are not over.
    """

    offers: tuple[Offer, ...]
    offer: Offer | None
    on: date
    slots: tuple[SlotPlaces, ...] = ()


def on_sale(unit: Unit, house: House, *, slug: str, on: date | None, people: int = 1) -> OnSale:
    """The offers of the desk; the first is chosen unless `slug` names another.

    Without a day it is today, of an offer with slots the day of the next one with places for
    so many people.
    """
    today = local_day(house.clock.now(), house.museum.zone)
    listed = offers.list_offers(unit, active_only=True)
    sold = tuple(one for one in listed if one.valid_until is None or one.valid_until >= today)
    offer = next((one for one in sold if one.slug == slug), next(iter(sold), None))
    day = today if on is None or not is_plausible_day(on) else on
    if offer is None or offer.validity is not Validity.SLOT:
        return OnSale(offers=sold, offer=offer, on=day)
    now = house.clock.now()
    free = next_free(unit, offer, people=people, since=now) if on is None else ()
    if free:
        day = local_day(free[0].slot.starts_at, house.museum.zone)
    begins, ends = day_bounds(day, house.museum.zone)
    query = SlotQuery(offer=offer.slug, since=max(begins, now), until=ends, limit=_SLOTS_MOST)
    found = slots.list_slots(unit, query=query).items
    return OnSale(offers=sold, offer=offer, on=day, slots=found)


def sell(unit: Unit, house: House, *, wish: Wish, form: Form) -> Sold:
    """Issue the ticket and note the money, once.

    Raises:
        NotFound: `offer`.
        Invalid: Errors for `holder`, `party`, `on`, `slot`, `reference`, `token`.
        Conflict: `offer_inactive`; `form_reused` when the form was sent with another wish.
        SoldOut: The slot is full; names the next ones that are not.
    """
    if not once.is_token(form.token):
        raise Invalid(FieldError("token", "malformed"))
    before = _repeated(unit, house, wish, form)
    if before is not None:
        return before
    draft = drafted(unit, house, order=_order(wish))
    unit.begin()
    store_draft(unit, draft)
    if not sales.add(unit, _sale(house, draft, wish, form)):
        unit.rollback()  # the same form came twice at the same moment: the other one has sold
        return _again(unit, house, wish, form)
    if wish.paying is Paying.TAKEN and draft.offer.price_cents:
        _take_money(unit, house, draft)
    _note(unit, house, draft, wish)
    unit.commit()
    return Sold(get_ticket(unit, house, ticket_id=draft.ticket.id), is_repeat=False)


def on_screen(unit: Unit, house: House, *, desk: str) -> Shown | None:
    """What the second screen of a desk shows now: its newest ticket, for a minute."""
    now = house.clock.now()
    sale = sales.latest(unit, desk, since=now - SHOWN_FOR)
    if sale is None or sale.done_at is not None:
        return None
    try:
        case = get_ticket(unit, house, ticket_id=sale.ticket)
    except NotFound:  # erased meanwhile
        return None
    return Shown(case, sale.token)


def next_customer(unit: Unit, house: House, *, desk: str) -> None:
    """Clear the second screen."""
    unit.begin()
    sales.end(unit, desk, at=house.clock.now())
    unit.commit()


# ------------------------------------------------------------ parts of the above
def _order(wish: Wish) -> TicketOrder:
    return TicketOrder(
        offer=wish.offer,
        holder=wish.holder,
        on=wish.on,
        party=wish.party,
        reference=wish.reference,
        paid=wish.paying is not Paying.LATER,
        slot=wish.slot,
    )


def _repeated(unit: Unit, house: House, wish: Wish, form: Form) -> Sold | None:
    sale = sales.find(unit, form.token)
    if sale is None:
        return None
    if sale.asked != _asked(wish):
        raise Conflict("form_reused")
    return Sold(get_ticket(unit, house, ticket_id=sale.ticket), is_repeat=True)


def _again(unit: Unit, house: House, wish: Wish, form: Form) -> Sold:
    found = _repeated(unit, house, wish, form)
    if found is None:  # pragma: no cover  the row that was in the way cannot be gone
        raise Conflict("busy")
    return found


def _asked(wish: Wish) -> bytes:
    """A hash of the wish; the name is left out, for the desk's own names hold the time."""
    told = [
        wish.offer,
        wish.party,
        wish.on and wish.on.isoformat(),
        wish.slot,
        wish.reference,
        wish.paying.value,
    ]
    return hashlib.sha256(json.dumps(told).encode()).digest()


def _sale(house: House, draft: Draft, wish: Wish, form: Form) -> Sale:
    return Sale(
        token=form.token,
        asked=_asked(wish),
        ticket=draft.ticket.id,
        desk=form.desk,
        staff=house.actor.id,
        at=house.clock.now(),
    )


def _take_money(unit: Unit, house: House, draft: Draft) -> None:
    at = house.clock.now()
    paid = money_rules.payment(draft.ticket.id, draft.offer, actor=house.actor, at=at)
    payments.add(unit, paid)


def _note(unit: Unit, house: House, draft: Draft, wish: Wish) -> None:
    ticket = draft.ticket
    audit.note(
        unit,
        house,
        action=Action.TICKET_ISSUED,
        object=Thing("ticket", ticket.id.hex()),
        after={"offer": draft.offer.slug, "party": ticket.party, "paying": wish.paying},
    )
