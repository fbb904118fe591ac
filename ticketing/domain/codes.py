"""Discount codes: batches, what a code takes off, and whether it may be used; in the domain room.

Money is integer cents. A batch promises so many uses of each code, of each visitor, and so
much money in all; `judge` says what a code is good for now. Whether two who use it at once
both may is the store's to decide, by the same limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ticketing.domain import DomainError
from ticketing.domain.code_texts import CodeBits
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.wire.verdict import Reason

MOST = 1_000_000
"""Codes of one batch."""
NAME_LIMIT = TAG_LIMIT = 100
NOTE_LIMIT = 500
USES_LIMIT = 1_000_000
OFFERS_LIMIT = 200
BUDGET_LIMIT_CENTS = 10**12
AMOUNT_LIMIT_CENTS = 1_000_000_000
WHOLE = 100
"""Per cent."""
_HALF = 50


class EffectKind(StrEnum):
    """What a code does to a price."""

    PERCENT = "percent"
    AMOUNT = "amount"
    PRICE = "price"
    FREE = "free"


class BatchState(StrEnum):
    """Where a batch stands; only the codes of a ready one are good for anything."""

    BUILDING = "building"
    READY = "ready"
    STOPPED = "stopped"
    FAILED = "failed"


class Standing(StrEnum):
    """How a batch is at a moment; of one that is ready, whether its time and money are."""

    BUILDING = "building"
    LATER = "later"
    READY = "ready"
    SPENT = "spent"
    OVER = "over"
    STOPPED = "stopped"
    FAILED = "failed"


KNOWN = frozenset({BatchState.READY, BatchState.STOPPED})
"""States in which there are such codes at all."""


class RedemptionState(StrEnum):
    """Whether a redemption holds."""

    REDEEMED = "redeemed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a code does: `value` is percent (1 to 100), cents off, the new price, or 0 for free."""

    kind: EffectKind
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What has come of a batch; `used` are codes with a use that stands.

    `redeemed` are the redemptions that stand, `released` those that were taken back,
    `given_cents` what those that stand took off.
    """

    made: int = 0
    sent: int = 0
    delivered: int = 0
    used: int = 0
    redeemed: int = 0
    released: int = 0
    given_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Codes that were made together and do the same; times aware, `valid_until` excluded.

    `max_uses` of each code and `per_visitor` uses of the batch by one visitor, None without a
    limit; `offers` are slugs, None is every offer, also one made later; `version` counts edits.
    """

    id: str
    name: str
    prefix: str
    count: int
    effect: Effect
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    max_uses: int | None = 1
    per_visitor: int | None = None
    offers: tuple[str, ...] | None = None
    min_amount_cents: int | None = None
    budget_cents: int | None = None
    tag: str | None = None
    note: str | None = None
    state: BatchState = BatchState.BUILDING
    created_at: datetime | None = None
    created_by: str | None = None
    number: int = 0
    version: int = 0
    tally: Tally = Tally()

    @property
    def is_touched(self) -> bool:
        """Whether anybody has ever redeemed one of its codes."""
        return self.tally.redeemed + self.tally.released > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code: `uses` that stand, the visitor it is bound to, and what is known of its way."""

    bits: CodeBits
    batch: int
    uses: int = 0
    visitor: VisitorId | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What a code is asked for: an offer, an amount in cents, a visitor, as far as known.

    `visitor_uses` is the number of times this visitor has used the batch.
    """

    offer: Offer | None = None
    amount_cents: int | None = None
    visitor: VisitorId | None = None
    visitor_uses: int = 0


@dataclass(frozen=True, slots=True)
class Discount:
    """What a code takes off an amount, which is None where nobody knows it."""

    amount_cents: int | None
    off_cents: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a code is not good now; times as in `wire.facts.Evidence`."""

    reason: Reason
    at: datetime | None = None
    until: datetime | None = None
    detail: str = ""


class BadBatch(DomainError):  # noqa: N818  named like the other Bad… errors of this package
    """A batch that cannot be made; `errors` names each field."""


# ------------------------------------------------------------ what it takes off
def off_cents(effect: Effect, amount_cents: int) -> int:
    """What is taken off an amount: never more than it, never less than nothing.

    Half a cent goes to the visitor: percent rounds half up.
    """
    amount = max(0, amount_cents)
    off = {
        EffectKind.PERCENT: (amount * effect.value + _HALF) // WHOLE,
        EffectKind.AMOUNT: effect.value,
        EffectKind.PRICE: amount - effect.value,
        EffectKind.FREE: amount,
    }[effect.kind]
    return min(amount, max(0, off))


def takes_off(batch: Batch, sale: Sale, offers: tuple[Offer, ...]) -> Discount:
    """What a code takes off a sale.

    Where neither amount nor offer is known it is what it takes off most among `offers`, those
    that it is for: so a budget never gives more than it has.
    """
    amount = _amount(sale)
    if amount is None and len(offers) == 1:
        amount = offers[0].price_cents
    if amount is not None:
        return Discount(amount, off_cents(batch.effect, amount))
    most = max((off_cents(batch.effect, offer.price_cents) for offer in offers), default=0)
    return Discount(None, most)


def applicable(batch: Batch, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """The offers that a code is for and that cost enough for it."""
    least = batch.min_amount_cents or 0
    return tuple(one for one in offers if is_for(batch, one) and one.price_cents >= least)


def _amount(sale: Sale) -> int | None:
    if sale.amount_cents is None and sale.offer is not None:
        return sale.offer.price_cents
    return sale.amount_cents


def is_for(batch: Batch, offer: Offer) -> bool:
    """Whether the batch is for an offer that is on sale."""
    return offer.active and (batch.offers is None or offer.slug in batch.offers)


def gate_cents(batch: Batch, offers: Iterable[Offer]) -> int | None:
    """What one use at a gate takes from the budget, None where that is what it takes off.

    Nobody says there which offer a code is for: it is the most that it takes off any of them.
    """
    offs = {off_cents(batch.effect, one.price_cents) for one in applicable(batch, offers)}
    return max(offs) if len(offs) > 1 else None


# ------------------------------------------------------------ may it be used
def standing(batch: Batch, now: datetime) -> Standing:
    """How a batch is now; `store.code_lists` asks the same of the database."""
    if batch.state is not BatchState.READY:
        return Standing(batch.state.value)
    if batch.valid_until is not None and now >= batch.valid_until:
        return Standing.OVER
    if batch.budget_cents is not None and batch.tally.given_cents >= batch.budget_cents:
        return Standing.SPENT
    is_early = batch.valid_from is not None and now < batch.valid_from
    return Standing.LATER if is_early else Standing.READY


def judge(
    batch: Batch, code: Code, sale: Sale, *, offers: tuple[Offer, ...], now: datetime
) -> Discount | Refusal:
    """What a code is good for now, or why for nothing; the first reason in a fixed order.

    `offers` are those on sale. Total; it asks neither clock nor store.
    """
    refusal = _by_batch(batch, now) or _by_uses(batch, code, sale) or _by_sale(batch, sale, offers)
    if refusal is not None:
        return refusal
    discount = takes_off(batch, sale, applicable(batch, offers))
    budget, given = batch.budget_cents, batch.tally.given_cents
    if budget is not None and (given >= budget or given + discount.off_cents > budget):
        return Refusal(Reason.BUDGET_SPENT)
    return discount


def _by_batch(batch: Batch, now: datetime) -> Refusal | None:
    if batch.state not in KNOWN:
        return Refusal(Reason.UNKNOWN_CODE)
    if batch.state is BatchState.STOPPED:
        return Refusal(Reason.CODE_NOT_APPLICABLE, detail="stopped")
    if batch.valid_from is not None and now < batch.valid_from:
        return Refusal(Reason.NOT_YET_VALID, batch.valid_from, batch.valid_until)
    if batch.valid_until is not None and now >= batch.valid_until:
        return Refusal(Reason.EXPIRED, batch.valid_from, batch.valid_until)
    return None


def _by_uses(batch: Batch, code: Code, sale: Sale) -> Refusal | None:
    if batch.max_uses is not None and code.uses >= batch.max_uses:
        return Refusal(Reason.CODE_USED_UP, code.last_at)
    if code.visitor is not None and sale.visitor != code.visitor:
        return Refusal(Reason.CODE_NOT_APPLICABLE, detail="visitor")
    if batch.per_visitor is not None and sale.visitor_uses >= batch.per_visitor:
        return Refusal(Reason.CODE_USED_UP, detail="visitor")
    return None


def _by_sale(batch: Batch, sale: Sale, offers: tuple[Offer, ...]) -> Refusal | None:
    if sale.offer is not None and not is_for(batch, sale.offer):
        return Refusal(Reason.CODE_NOT_APPLICABLE, detail="offer")
    amount, least = _amount(sale), batch.min_amount_cents
    if amount is not None:
        is_enough = least is None or amount >= least
        return None if is_enough else Refusal(Reason.CODE_NOT_APPLICABLE, detail="min_amount")
    is_bound = batch.offers is not None or least is not None
    if is_bound and not applicable(batch, offers):
        return Refusal(Reason.CODE_NOT_APPLICABLE, detail="offer")
    return None
