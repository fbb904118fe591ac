"""What the calls about discount codes take and give; see `shapes.py`."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from ticketing.domain.codes import (
    AMOUNT_LIMIT_CENTS,
    BUDGET_LIMIT_CENTS,
    MOST,
    NAME_LIMIT,
    NOTE_LIMIT,
    OFFERS_LIMIT,
    TAG_LIMIT,
    USES_LIMIT,
    BatchState,
    EffectKind,
    RedemptionState,
)
from ticketing.domain.offers import PRICE_LIMIT_CENTS
from ticketing.web.api.shapes import (
    WHOLE,
    BothLanguages,
    In,
    ListQuery,
    Out,
    Slug,
    Time,
    VisitorIdText,
    text,
)

BatchName = Annotated[str, text(1, NAME_LIMIT)]
Prefix = Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9]{2,12}$")]
Tag = Annotated[str, text(1, TAG_LIMIT)]
LongNote = Annotated[str, text(0, NOTE_LIMIT)]
CodeText = Annotated[str, text(1, 64)]
ClientText = Annotated[str, text(1, 100)]
RedemptionId = Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9_-]{1,64}$")]
Uses = Annotated[int, Field(strict=True, ge=1, le=USES_LIMIT), WHOLE]
Amount = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_LIMIT_CENTS), WHOLE]
Budget = Annotated[int, Field(strict=True, ge=1, le=BUDGET_LIMIT_CENTS), WHOLE]
Offers = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=OFFERS_LIMIT)]
Version = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1), WHOLE]


class EffectShape(In):
    """What a code does: `value` is percent (1 to 100), cents off, or the new price in cents."""

    kind: EffectKind
    value: Annotated[int, Field(strict=True, ge=0, le=PRICE_LIMIT_CENTS), WHOLE] = 0


class CodeBatchIn(In):
    """Codes to be made; null is no limit, no end, every offer."""

    name: BatchName
    prefix: Prefix
    count: Annotated[int, Field(strict=True, ge=1, le=MOST), WHOLE]
    effect: EffectShape
    valid_from: Time | None = None
    valid_until: Time | None = None
    max_uses: Uses | None = 1
    per_visitor: Uses | None = None
    offers: Offers | None = None
    min_amount_cents: Amount | None = None
    budget_cents: Budget | None = None
    tag: Tag | None = None
    note: LongNote | None = None


class CodeBatchPatch(In):
    """What of a batch to change; null lifts a limit, but changes no name and no effect.

    With `version`, that of the batch as it was read, nobody's change in between is undone.
    """

    name: BatchName | None = None
    effect: EffectShape | None = None
    valid_from: Time | None = None
    valid_until: Time | None = None
    max_uses: Uses | None = None
    per_visitor: Uses | None = None
    offers: Offers | None = None
    min_amount_cents: Amount | None = None
    budget_cents: Budget | None = None
    tag: Tag | None = None
    note: LongNote | None = None
    version: Version | None = None


class TallyOut(Out):
    """What has come of codes; `redeemed` and `given_cents` are of what was not released."""

    made: int
    sent: int
    delivered: int
    used: int
    redeemed: int
    released: int
    given_cents: int


class CodeBatchOut(Out):
    """One batch; while it is `building`, `tally.made` of `count` codes are there."""

    id: str
    name: str
    prefix: str
    count: int
    effect: EffectShape
    valid_from: datetime | None
    valid_until: datetime | None
    max_uses: int | None
    per_visitor: int | None
    offers: list[str] | None
    min_amount_cents: int | None
    budget_cents: int | None
    tag: str | None
    note: str | None
    state: BatchState
    version: int
    created_at: datetime
    created_by: str | None
    tally: TallyOut


class CodeBatches(Out):
    """A page of batches."""

    items: list[CodeBatchOut]
    next_cursor: str | None = None


class CodeBatchQuery(ListQuery):
    """Which batches: all, or those of a tag."""

    tag: Annotated[str, text(1, TAG_LIMIT)] | None = None


class TagOut(Out):
    """What the batches of a tag have come to; null: those without one."""

    tag: str | None
    batches: int
    tally: TallyOut


class Tags(Out):
    """Every tag."""

    items: list[TagOut]
    next_cursor: str | None = None


class CodeOut(Out):
    """One code of a batch."""

    code: str
    uses: int
    visitor: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    first_redeemed_at: datetime | None
    last_redeemed_at: datetime | None


class Codes(Out):
    """A page of codes."""

    items: list[CodeOut]
    next_cursor: str | None = None


class DeletedOut(Out):
    """How many codes went."""

    deleted: int


# ------------------------------------------------------------ one code
class CheckIn(In):
    """A code, and what for; the offer's price stands for an amount that is not given.

    `client` tells the caller's customers apart, whoever they are: only wrong codes are counted
    by it, and no more than a hash is kept, for a day.
    """

    code: CodeText
    offer: Slug | None = None
    amount_cents: Amount | None = None
    visitor: VisitorIdText | None = None
    client: ClientText | None = None


class RedeemIn(CheckIn):
    """The same with an id that the caller draws: the same again is the same redemption."""

    redemption_id: RedemptionId


class ReleaseIn(In):
    """A redemption to be given back."""

    redemption_id: RedemptionId


class BindIn(In):
    """A code, and the only visitor who may use it; null frees it."""

    code: CodeText
    visitor: VisitorIdText | None = None


class ReducedOut(Out):
    """What an offer costs with the code."""

    offer: str
    offer_name: BothLanguages
    price_cents: int
    reduced_cents: int
    currency: str


class CheckOut(Out):
    """What a code takes off now; of an amount that nobody knows, the most it may be."""

    batch: str
    name: str
    effect: EffectShape
    amount_cents: int | None
    discount_cents: int
    to_pay_cents: int | None
    uses_left: int | None
    valid_until: datetime | None
    offers: list[ReducedOut]


class RedemptionOut(Out):
    """A redemption as it stands."""

    redemption_id: str
    state: RedemptionState
    batch: str
    effect: EffectShape
    offer: str | None
    amount_cents: int | None
    discount_cents: int
    to_pay_cents: int | None
    uses_left: int | None
    redeemed_at: datetime
    released_at: datetime | None
