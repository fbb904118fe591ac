"""Discount codes: looked at, redeemed, released; in the service room.

A redemption has an id that its caller has drawn, and is looked up by it first: a repeat gets the
stored answer, whatever has become of the code since. A refusal is not kept: the same id may
ask again.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketing.domain import code_texts
from ticketing.domain import codes as rules
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Batch, Discount, RedemptionState, Refusal, Sale
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.service import code_guessing
from ticketing.service.code_guessing import Guesser
from ticketing.service.errors import CodeRefused, Conflict, FieldError, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.store import codes as rows
from ticketing.store import offers as offer_rows
from ticketing.store import redemptions
from ticketing.store.codes import Found
from ticketing.store.redemptions import Redemption
from ticketing.store.types import to_the_ms
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Reason

TRIES = 4
_ASKED_BYTES = 16
_UNKNOWN = Refusal(Reason.UNKNOWN_CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A code as it is shown, and what for: the slug of an offer, an amount in cents, a visitor."""

    code: str = field(repr=False)
    offer: str | None = None
    amount_cents: int | None = None
    visitor: VisitorId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A code that is good now, and what it takes off; `offers` with their reduced prices.

    `uses_left` None: any number.
    """

    batch: Batch
    code: str = field(repr=False)
    discount: Discount
    uses_left: int | None
    offers: tuple[tuple[Offer, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """A redemption as it stands; `created`: by this call."""

    redemption: Redemption
    batch: Batch
    offer: str | None
    uses_left: int | None
    created: bool = False


def check_code(unit: Unit, house: House, *, asked: Asked, guesser: Guesser) -> Checked:
    """What a code would be good for now; nothing is reserved.

    Raises:
        CodeRefused: With the reason.
        Invalid: `offer` that does not exist; `visitor` missing where the batch counts them.
        Throttled: After too many wrong codes.
    """
    found, offers, discount = _good(unit, house, asked=asked, guesser=guesser)
    batch = found.batch
    return Checked(
        batch=batch,
        code=text_of(batch.prefix, found.code.bits),
        discount=discount,
        uses_left=_left(batch, found.code.uses),
        offers=reduced(batch, offers or offer_rows.listed(unit)),
    )


def redeem_code(
    unit: Unit, house: House, *, asked: Asked, redemption_id: str, guesser: Guesser
) -> Redeemed:
    """Use a code once; the same id again gets the stored answer.

    Raises:
        CodeRefused: With the reason; nothing is kept, the same id may ask again.
        Conflict: `redemption_id_reused` with another code, offer, amount or visitor; `busy` if
            others were faster four times.
        Invalid: As `check_code`.
        Throttled: After too many wrong codes.
    """
    mark = _mark(asked)
    for _ in range(TRIES):
        stored = redemptions.find(unit, redemption_id)
        if stored is not None:
            return _repeated(unit, stored, mark)
        try:
            found, offers, discount = _good(unit, house, asked=asked, guesser=guesser)
        except CodeRefused:
            # perhaps by this very redemption, sent twice and kept since the first look
            stored = redemptions.find(unit, redemption_id)
            if stored is None:
                raise
            return _repeated(unit, stored, mark)
        one = Redemption(
            id=redemption_id,
            code=found.code.bits,
            batch=found.batch.number,
            state=RedemptionState.REDEEMED,
            offer=_number(asked.offer, found.batch, offers),
            amount_cents=discount.amount_cents,
            off_cents=discount.off_cents,
            visitor=asked.visitor,
            gate=None,
            station=None,
            source="api",
            asked=mark,
            at=to_the_ms(house.clock.now()),
        )
        unit.begin()
        if redemptions.add(unit, one, found=found):
            unit.commit()
            told = _told(found.batch, one, offers, uses=found.code.uses + 1)
            return replace(told, created=True)
        unit.rollback()
    raise Conflict("busy")


def release_code(unit: Unit, house: House, *, redemption_id: str) -> Redeemed:
    """Give a use and its money back, once; again gives the same answer.

    Raises:
        NotFound: `redemption`.
    """
    stored = redemptions.find(unit, redemption_id)
    if stored is None:
        raise NotFound("redemption")
    if stored.state is RedemptionState.REDEEMED:
        unit.begin()
        if redemptions.release(unit, stored, at=house.clock.now()):
            unit.commit()
        else:
            unit.rollback()
        stored = redemptions.find(unit, redemption_id) or stored
    return _as_it_stands(unit, stored)


def look_up(unit: Unit, text: str) -> Found | None:
    """The code of a text, if it is one of ours and its batch is complete."""
    read = code_texts.read(text)
    if read is None:
        return None
    prefix, bits = read
    found = rows.find(unit, bits)
    if found is None or not code_texts.is_prefix(prefix, found.batch.prefix):
        return None
    return found if found.batch.state in rules.KNOWN else None


def reduced(batch: Batch, offers: tuple[Offer, ...]) -> tuple[tuple[Offer, int], ...]:
    """The offers that a code is for and that cost something, with what they cost by it."""
    return tuple(
        (one, one.price_cents - rules.off_cents(batch.effect, one.price_cents))
        for one in rules.applicable(batch, offers)
        if one.price_cents
    )


# ------------------------------------------------------------ parts of the above
def _good(
    unit: Unit, house: House, *, asked: Asked, guesser: Guesser
) -> tuple[Found, tuple[Offer, ...], Discount]:
    """A code that is good now, all offers, and what it takes off."""
    now = house.clock.now()
    code_guessing.check_wait(unit, house, guesser, now=now)
    found = look_up(unit, asked.code)
    if found is None:
        code_guessing.note_wrong(unit, house, guesser, now=now)
        raise CodeRefused(_UNKNOWN)
    offers = _wanted_offers(unit, found.batch, asked)
    judged = _judged(unit, found, asked, offers=offers, now=now)
    if isinstance(judged, Refusal):
        raise CodeRefused(judged)
    return found, offers, judged


def _wanted_offers(unit: Unit, batch: Batch, asked: Asked) -> tuple[Offer, ...]:
    """All offers, if any of them matters: an amount of no offer in particular needs none."""
    is_plain = asked.offer is None and asked.amount_cents is not None and batch.offers is None
    return () if is_plain else offer_rows.listed(unit)


def _judged(
    unit: Unit, found: Found, asked: Asked, *, offers: tuple[Offer, ...], now: datetime
) -> Discount | Refusal:
    batch = found.batch
    offer = None if asked.offer is None else _offer(asked.offer, offers)
    is_counted = batch.per_visitor is not None or found.code.visitor is not None
    if asked.visitor is None and is_counted and batch.state is rules.BatchState.READY:
        raise Invalid(FieldError("visitor", "missing"))
    uses = 0
    if asked.visitor is not None and batch.per_visitor is not None:
        uses = redemptions.uses_of(unit, batch=batch.number, visitor=asked.visitor)
    sale = Sale(
        offer=offer, amount_cents=asked.amount_cents, visitor=asked.visitor, visitor_uses=uses
    )
    return rules.judge(batch, found.code, sale, offers=offers, now=now)


def _offer(slug: str, offers: tuple[Offer, ...]) -> Offer:
    for offer in offers:
        if offer.slug == slug:
            return offer
    raise Invalid(FieldError("offer", "unknown"))


def _number(slug: str | None, batch: Batch, offers: tuple[Offer, ...]) -> int | None:
    """The offer that a redemption is for: the one that was named, or the only one it can be."""
    if slug is not None:
        return _offer(slug, offers).number
    only = rules.applicable(batch, offers) if batch.offers is not None else ()
    return only[0].number if len(only) == 1 else None


def _mark(asked: Asked) -> bytes:
    """What tells one question from another, without keeping the code's text."""
    read = code_texts.read(asked.code)
    code = None if read is None else read[1]
    visitor = None if asked.visitor is None else asked.visitor.hex()
    parts = [code, asked.offer, asked.amount_cents, visitor]
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:_ASKED_BYTES]


def _repeated(unit: Unit, stored: Redemption, mark: bytes) -> Redeemed:
    if stored.asked != mark:
        raise Conflict("redemption_id_reused")
    return _as_it_stands(unit, stored)


def _as_it_stands(unit: Unit, stored: Redemption) -> Redeemed:
    found = rows.find(unit, stored.code)
    if found is None:  # pragma: no cover  a redeemed code cannot be taken away
        raise NotFound("redemption")
    offers = offer_rows.listed(unit) if stored.offer is not None else ()
    return _told(found.batch, stored, offers, uses=found.code.uses)


def _told(batch: Batch, one: Redemption, offers: tuple[Offer, ...], *, uses: int) -> Redeemed:
    slug = next((offer.slug for offer in offers if offer.number == one.offer), None)
    return Redeemed(redemption=one, batch=batch, offer=slug, uses_left=_left(batch, uses))


def _left(batch: Batch, uses: int) -> int | None:
    return None if batch.max_uses is None else max(0, batch.max_uses - uses)
