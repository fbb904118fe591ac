"""What there are tickets for; in the domain room."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ticketing.domain import DomainError, FieldError
from ticketing.domain.museum import day_bounds, is_plausible_day, local_day
from ticketing.domain.slots import Slot
from ticketing.wire.admission import OfferRule, Window
from ticketing.wire.texts import Localised
from ticketing.wire.token import Flag

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
SLUG_LIMIT = 60
CALL_WORDS = frozenset({"batch", "import", "pair", "search"})
"""Calls of their own in addresses where an id may stand."""
SITE_WORDS = CALL_WORDS | {"export", "list", "new"}
"""What stands in addresses where a slug may: nothing can be called this."""
NAME_LIMIT = 100
NUMBER_LIMIT = 2**24 - 1  # three bytes of the barcode
BYTE_LIMIT = 255  # entries and party are one byte each
PRICE_LIMIT_CENTS = 10_000_000
TOLERANCE_LIMIT_MIN = 12 * 60
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MINUTE = timedelta(minutes=1)


class Validity(StrEnum):
    """How long a ticket of an offer is good."""

    DAY = "day"
    """One local day, chosen when the ticket is issued."""
    RANGE = "range"
    """From `valid_from` to `valid_until`, both included."""
    SLOT = "slot"
    """The local day of the slot it is for; each slot has places of its own."""
    YEAR = "year"
    """A year from the chosen day, the same date of the next year excluded."""


class Live(StrEnum):
    """Whether an offer's tickets are bound to a phone."""

    OFF = "off"
    ON = "on"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind of ticket.

    Prices are integer cents; `entries` 0 is unlimited; `per_day` None has no daily
    limit; `gates` None is every gate, also one made later; `calendar` binds entry
    to the opening hours; dates are local to the museum; entry is allowed `early_min`
    before a slot and `late_min` after it.
    """

    slug: str
    number: int
    name: Localised
    price_cents: int = 0
    currency: str = "EUR"
    pay_at_desk: bool = False
    entries: int = 1
    per_day: int | None = None
    party_max: int = 1
    validity: Validity = Validity.DAY
    valid_from: date | None = None
    valid_until: date | None = None
    reentry: bool = False
    gates: tuple[str, ...] | None = None
    calendar: bool = False
    proof: bool = False
    identity: bool = False
    offline: bool = True
    live: Live = Live.OFF
    active: bool = True
    early_min: int = 15
    late_min: int = 15

    @property
    def is_paid_at_desk(self) -> bool:
        """Whether a ticket starts unpaid: it costs something and the desk takes the money."""
        return self.pay_at_desk and self.price_cents > 0


class BadOffer(DomainError):  # noqa: N818  agreed name: says what came
    """An offer that cannot be sold; `errors` names each field."""


def checked(offer: Offer) -> Offer:
    """The offer itself, if everything about it is sound.

    Raises:
        BadOffer: With one error for each field that is not.
    """
    errors = tuple(_errors(offer))
    if errors:
        raise BadOffer(*errors)
    return offer


def checked_new(offer: Offer) -> Offer:
    """The same for an offer that is not there yet; one that is may be called what it is called.

    Raises:
        BadOffer: As `checked`; `reserved` for a slug that is a word of the site.
    """
    errors = (*_errors(offer), *_reserved(offer.slug))
    if errors:
        raise BadOffer(*errors)
    return offer


def _reserved(slug: str) -> Iterator[FieldError]:
    if slug in SITE_WORDS:
        yield FieldError("slug", "reserved")


def edition(offer: Offer) -> str:
    """A short text that is another one as soon as anything about the offer is."""
    return hashlib.sha256(repr(offer).encode()).hexdigest()[:16]


def rule(offer: Offer) -> OfferRule:
    """What the admission rule needs to know of an offer."""
    return OfferRule(
        reentry=offer.reentry,
        per_day=offer.per_day,
        gates=None if offer.gates is None else frozenset(offer.gates),
        pay_at_desk=offer.pay_at_desk,
    )


def slot_window(offer: Offer, slot: Slot) -> Window:
    """When a ticket for the slot may enter, the offer's tolerance included."""
    early, late = timedelta(minutes=offer.early_min), timedelta(minutes=offer.late_min)
    return Window(slot.starts_at, slot.ends_at, early, late)


def flags(offer: Offer) -> Flag:
    """The flag bits that a ticket of the offer carries in its barcode."""
    wanted = {
        Flag.PROOF: offer.proof,
        Flag.IDENTITY: offer.identity,
        Flag.ONLINE_ONLY: not offer.offline,
        Flag.LIVE_REQUIRED: offer.live is Live.REQUIRED,
    }
    return Flag(sum(flag for flag, is_set in wanted.items() if is_set))


def window(offer: Offer, on: date, zone: ZoneInfo) -> Window:
    """From when to when (UTC, end excluded) a ticket for a local day is good.

    A local day is 23, 24 or 25 hours long.

    Raises:
        BadOffer: `on` lies outside what the offer is sold for, or outside 2000..2100.
    """
    if not is_plausible_day(on):
        raise BadOffer(FieldError("on", "range"))
    if not is_sold_for(offer, on):
        raise BadOffer(FieldError("on", "outside_offer"))
    first, last = days_of(offer, on)
    return Window(day_bounds(first, zone)[0], day_bounds(last, zone)[1])


def slot_validity(offer: Offer, slot: Slot, zone: ZoneInfo) -> Window:
    """From when to when (UTC, end excluded) a ticket for a slot is good: its local day.

    A slot across midnight takes both days; tolerance that reaches out of the day counts.

    Raises:
        BadOffer: The slot lies outside what the offer is sold for.
    """
    entry = slot_window(offer, slot)
    first, last = (local_day(at, zone) for at in (slot.starts_at, slot.ends_at - _MINUTE))
    if not is_sold_for(offer, first):
        raise BadOffer(FieldError("slot", "outside_offer"))
    return Window(
        min(day_bounds(first, zone)[0], slot.starts_at - entry.early),
        max(day_bounds(last, zone)[1], slot.ends_at + entry.late),
    )


def is_past(offer: Offer, on: date, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a ticket for that day could never admit any more."""
    return days_of(offer, on)[1] < local_day(now, zone)


def is_sold_for(offer: Offer, on: date) -> bool:
    """Whether tickets for a local day are sold; opening hours are another matter."""
    if offer.validity is Validity.RANGE:  # the dates are the ticket's own; any day buys it
        return True
    starts = offer.valid_from is None or on >= offer.valid_from
    return starts and (offer.valid_until is None or on <= offer.valid_until)


def days_of(offer: Offer, on: date) -> tuple[date, date]:
    """First and last local day, both included."""
    if offer.validity is Validity.RANGE:
        return offer.valid_from or on, offer.valid_until or on
    return on, _day_before_anniversary(on) if offer.validity is Validity.YEAR else on


def _day_before_anniversary(day: date) -> date:
    try:
        anniversary = day.replace(year=day.year + 1)
    except ValueError:  # 29 February: the year ends with the next one's last of February
        anniversary = date(day.year + 1, 3, 1)
    return date.fromordinal(anniversary.toordinal() - 1)


def _errors(offer: Offer) -> Iterator[FieldError]:
    yield from _word_errors(offer)
    yield from _figure_errors(offer)
    yield from _date_errors(offer)
    gates = offer.gates
    if gates is not None and (not gates or len(set(gates)) != len(gates)):
        yield FieldError("gates", "empty_or_repeated")


def _word_errors(offer: Offer) -> Iterator[FieldError]:
    if len(offer.slug) > SLUG_LIMIT or not SLUG.fullmatch(offer.slug):
        yield FieldError("slug", "malformed")
    for lang, name in (("de", offer.name.de), ("en", offer.name.en)):
        if not name.strip() or len(name) > NAME_LIMIT:
            yield FieldError(f"name.{lang}", "length")
    if not CURRENCY.fullmatch(offer.currency):
        yield FieldError("currency", "malformed")


def _figure_errors(offer: Offer) -> Iterator[FieldError]:
    limits = (
        ("number", offer.number, 1, NUMBER_LIMIT),
        ("price_cents", offer.price_cents, 0, PRICE_LIMIT_CENTS),
        ("entries", offer.entries, 0, BYTE_LIMIT),
        ("per_day", 1 if offer.per_day is None else offer.per_day, 1, BYTE_LIMIT),
        ("party_max", offer.party_max, 1, BYTE_LIMIT),
        ("early_min", offer.early_min, 0, TOLERANCE_LIMIT_MIN),
        ("late_min", offer.late_min, 0, TOLERANCE_LIMIT_MIN),
    )
    for field, value, least, most in limits:
        if not least <= value <= most:
            yield FieldError(field, "range")


def _date_errors(offer: Offer) -> Iterator[FieldError]:
    bounds = (offer.valid_from, offer.valid_until)
    for field, day in zip(("valid_from", "valid_until"), bounds, strict=True):
        if day is not None and not is_plausible_day(day):
            yield FieldError(field, "range")
    if offer.validity is Validity.RANGE and None in bounds:
        yield FieldError("valid_from", "missing")
    if offer.valid_from and offer.valid_until and offer.valid_from > offer.valid_until:
        yield FieldError("valid_until", "before_valid_from")
