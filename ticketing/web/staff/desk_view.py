"""What the desk sells, in words: offers with prices, days, slots with their free places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ticketing.domain.offers import Offer, Validity, days_of
from ticketing.domain.payments import Flow
from ticketing.domain.slots import SlotPlaces
from ticketing.service.cards import said_days
from ticketing.service.cases import TicketCase
from ticketing.service.desk import OnSale, Paying
from ticketing.service.takings import Payment
from ticketing.web.parts import the_parts
from ticketing.web.staff.forms import Form
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import local_time
from ticketing.wire.verdict import TicketState

_PARTY: Final = re.compile("[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class OfferChoice:
    """One offer to be tapped on."""

    slug: str
    name: str
    price: str
    hint: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """One time window; one with too few places for the persons cannot be chosen."""

    id: str
    span: str
    free: int
    is_full: bool
    is_too_small: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The chosen offer and what it asks for; `payings` are values with their words."""

    slug: str
    name: str
    on: date
    day: str
    has_day: bool
    has_slots: bool
    slots: tuple[SlotChoice, ...]
    can_issue: bool
    party_max: int
    is_per_ticket: bool
    payings: tuple[tuple[str, str], ...]
    paying: str


def offers_of(found: OnSale, speaker: Speaker) -> list[OfferChoice]:
    """The offers, each with its price."""
    return [
        OfferChoice(
            slug=one.slug,
            name=one.name.in_(speaker.lang),
            price=speaker.price(one),
            hint=speaker.validity(one),
            is_chosen=one == found.offer,
        )
        for one in found.offers
    ]


def choice_of(found: OnSale, speaker: Speaker, *, slot: str, party: int) -> Choice | None:
    """The chosen offer for so many persons; `slot` is the id that was chosen before, "" for none.

    Where that slot has too few places the next one with enough is chosen.
    """
    offer = found.offer
    if offer is None:
        return None
    chosen = _chosen(found, slot, party)
    has_slots = offer.validity is Validity.SLOT
    return Choice(
        slug=offer.slug,
        name=offer.name.in_(speaker.lang),
        on=found.on,
        day=said_days(*days_of(offer, found.on), lang=speaker.lang),
        has_day=offer.validity is not Validity.RANGE,
        has_slots=has_slots,
        slots=tuple(_slot(one, chosen, party) for one in found.slots),
        can_issue=bool(chosen) or not has_slots,
        party_max=offer.party_max,
        is_per_ticket=offer.party_max > 1 and offer.price_cents > 0,
        payings=_payings(offer, speaker),
        paying=Paying.TAKEN.value if offer.price_cents else Paying.FREE.value,
    )


def party_of(form: Form) -> int:
    """For how many persons slots are shown; what is no number of them counts as one."""
    typed = form.value("party").strip()
    return int(typed) if _PARTY.fullmatch(typed) else 1


def money_of(case: TicketCase, payments: Sequence[Payment], speaker: Speaker) -> str:
    """What was taken for a ticket just sold, or what is still to be paid; "" of a free offer."""
    ticket, offer = case.ticket, case.offer
    taken = next((one for one in payments if one.flow is Flow.TAKEN), None)
    if taken is not None:
        return speaker.say("desk_taken", price=speaker.amount(taken.cents, taken.currency))
    if not offer.price_cents:
        return ""
    if ticket.state is TicketState.UNPAID:
        price = speaker.amount(offer.price_cents, offer.currency)
        return speaker.say("desk_still_to_pay", price=price)
    return speaker.say("desk_nothing_taken")


def _chosen(found: OnSale, slot: str, party: int) -> str:
    """Of the slots with enough places the first from the wanted one on, else the first at all."""
    ids = [one.slot.id for one in found.slots]
    wanted = ids.index(slot) if slot in ids else 0
    fitting = [one.slot.id for one in (*found.slots[wanted:], *found.slots) if one.free >= party]
    return next(iter(fitting), "")


def _slot(one: SlotPlaces, chosen: str, party: int) -> SlotChoice:
    zone, slot = the_parts().house.museum.zone, one.slot
    span = f"{local_time(slot.starts_at, zone)}\u2013{local_time(slot.ends_at, zone)}"
    return SlotChoice(
        slot.id,
        span,
        free=one.free,
        is_full=not one.free,
        is_too_small=one.free < party,
        is_chosen=slot.id == chosen,
    )


def _payings(offer: Offer, speaker: Speaker) -> tuple[tuple[str, str], ...]:
    if not offer.price_cents:
        return ()
    price = speaker.money(offer.price_cents, offer.currency)
    return (
        (Paying.TAKEN.value, speaker.say("desk_paying_taken", price=price)),
        (Paying.LATER.value, speaker.say("desk_paying_later")),
        (Paying.FREE.value, speaker.say("desk_paying_free")),
    )
