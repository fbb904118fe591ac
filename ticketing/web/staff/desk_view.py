"""What the desk sells, in words: offers with prices, days, slots with their free places."""

from dataclasses import dataclass
from datetime import date

from ticketing.domain.offers import Offer, Validity
from ticketing.domain.slots import SlotPlaces
from ticketing.service.desk import OnSale, Paying
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import local_time


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
    """One time window; a full one cannot be chosen."""

    id: str
    span: str
    free: int
    is_full: bool
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
    party_max: int
    payings: tuple[tuple[str, str], ...]
    paying: str


def offers_of(found: OnSale, speaker: Speaker) -> list[OfferChoice]:
    """The offers, each with its price."""
    return [
        OfferChoice(
            slug=one.slug,
            name=one.name.in_(speaker.lang),
            price=speaker.money(one.price_cents, one.currency),
            hint=speaker.validity(one),
            is_chosen=one == found.offer,
        )
        for one in found.offers
    ]


def choice_of(found: OnSale, speaker: Speaker, *, slot: str) -> Choice | None:
    """The chosen offer; `slot` is the id that was chosen before, "" for none."""
    offer = found.offer
    if offer is None:
        return None
    free = [one.slot.id for one in found.slots if one.free]
    chosen = slot if slot in free else next(iter(free), "")
    return Choice(
        slug=offer.slug,
        name=offer.name.in_(speaker.lang),
        on=found.on,
        day=speaker.day(found.on),
        has_day=offer.validity is not Validity.RANGE,
        has_slots=offer.validity is Validity.SLOT,
        slots=tuple(_slot(one, chosen) for one in found.slots),
        party_max=offer.party_max,
        payings=_payings(offer, speaker),
        paying=Paying.TAKEN.value if offer.price_cents else Paying.FREE.value,
    )


def _slot(one: SlotPlaces, chosen: str) -> SlotChoice:
    zone, slot = the_parts().house.museum.zone, one.slot
    span = f"{local_time(slot.starts_at, zone)}\u2013{local_time(slot.ends_at, zone)}"
    return SlotChoice(slot.id, span, one.free, not one.free, slot.id == chosen)


def _payings(offer: Offer, speaker: Speaker) -> tuple[tuple[str, str], ...]:
    if not offer.price_cents:
        return ()
    price = speaker.money(offer.price_cents, offer.currency)
    return (
        (Paying.TAKEN.value, speaker.say("desk_paying_taken", price=price)),
        (Paying.LATER.value, speaker.say("desk_paying_later")),
        (Paying.FREE.value, speaker.say("desk_paying_free")),
    )
