"""What the API takes and gives, as pydantic models; they make the OpenAPI document too.

Unknown fields are refused: a misspelt optional field must not be lost silently.
"""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from ticketing.domain.museum import is_plausible_time
from ticketing.domain.offers import (
    BYTE_LIMIT,
    NAME_LIMIT,
    NUMBER_LIMIT,
    PRICE_LIMIT_CENTS,
    SLUG_LIMIT,
    TOLERANCE_LIMIT_MIN,
    Live,
    Validity,
)
from ticketing.wire.verdict import Reason, TicketState, Verdict

MOST_PER_PAGE = 200


def _no_number(value: Any) -> Any:  # noqa: ANN401  anything JSON may hold
    """Pydantic would take numbers as times since 1970."""
    if isinstance(value, int | float):
        raise ValueError("an ISO 8601 text is wanted")  # noqa: TRY004  pydantic lists only these
    return value


def _plausible(value: datetime) -> datetime:
    """A time that every reader can turn into UTC and into a date of the museum."""
    if not is_plausible_time(value):
        raise PydanticCustomError("range", "range")
    return value


def _whole(value: Any) -> Any:  # noqa: ANN401  anything JSON may hold
    """JSON Schema has 1.0 for an integer; strict pydantic has not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)


def text(least: int, most: int) -> StringConstraints:
    """A text of so many characters; none has a NUL, which PostgreSQL refuses."""
    return StringConstraints(strict=True, min_length=least, max_length=most, pattern=r"^[^\x00]*$")


Day = Annotated[date, BeforeValidator(_no_number)]
Time = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_plausible)]
Byte = Annotated[int, Field(strict=True, ge=0, le=BYTE_LIMIT), WHOLE]
Count = Annotated[int, Field(strict=True, ge=1, le=BYTE_LIMIT), WHOLE]
Minutes = Annotated[int, Field(strict=True, ge=0, le=TOLERANCE_LIMIT_MIN), WHOLE]
Cents = Annotated[int, Field(strict=True, ge=0, le=PRICE_LIMIT_CENTS), WHOLE]
Number = Annotated[int, Field(strict=True, ge=1, le=NUMBER_LIMIT), WHOLE]
Slug = Annotated[
    str,
    StringConstraints(strict=True, pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=SLUG_LIMIT),
]
Name = Annotated[str, text(1, NAME_LIMIT)]
Currency = Annotated[str, StringConstraints(strict=True, pattern="^[A-Z]{3}$")]
Note = Annotated[str, text(0, 500)]
SlotId = Annotated[str, StringConstraints(strict=True, pattern="^sl_[0-9a-f]{16}$")]
VisitorIdText = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{32}$")]
ScanIdText = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{32}$")]


class In(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class BothLanguages(In):
    """One text in German and English."""

    de: Name
    en: Name


# ------------------------------------------------------------ offers and gates
class OfferFields(In):
    """What an offer says; `gates` null is every gate, also one made later."""

    name: BothLanguages
    price_cents: Cents = 0
    currency: Currency = "EUR"
    pay_at_desk: StrictBool = False
    entries: Byte = 1
    per_day: Count | None = None
    party_max: Count = 1
    validity: Validity = Validity.DAY
    valid_from: Day | None = None
    valid_until: Day | None = None
    reentry: StrictBool = False
    gates: tuple[Slug, ...] | None = None
    calendar: StrictBool = False
    proof: StrictBool = False
    identity: StrictBool = False
    offline: StrictBool = True
    live: Live = Live.OFF
    active: StrictBool = True
    early_min: Minutes = 15
    late_min: Minutes = 15


class OfferIn(OfferFields):
    """A new offer; without `number` it gets the next free one."""

    slug: Slug
    number: Number | None = None


class OfferOut(OfferFields):
    """One offer."""

    slug: Slug
    number: Number


class OfferPatch(In):
    """What of an offer to change: only what no issued barcode carries.

    Null changes nothing, but for `per_day`, no limit then, and `gates`, every gate then.
    """

    name: BothLanguages | None = None
    price_cents: Cents | None = None
    pay_at_desk: StrictBool | None = None
    party_max: Count | None = None
    active: StrictBool | None = None
    early_min: Minutes | None = None
    late_min: Minutes | None = None
    reentry: StrictBool | None = None
    calendar: StrictBool | None = None
    per_day: Count | None = None
    gates: tuple[Slug, ...] | None = None


class Offers(Out):
    """A page of offers."""

    items: list[OfferOut]
    next_cursor: str | None = None


class GateIn(In):
    """A new gate."""

    slug: Slug
    name: BothLanguages


class GateOut(Out):
    """One gate."""

    slug: str
    name: BothLanguages


class Gates(Out):
    """A page of gates."""

    items: list[GateOut]
    next_cursor: str | None = None


class ListQuery(In):
    """Which page of a list."""

    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = 50


class ShortListQuery(ListQuery):
    """Which page of a list that mostly fits on one."""

    limit: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = MOST_PER_PAGE


# ------------------------------------------------------------ tickets
class TicketIn(In):
    """A ticket to issue; `on` is today in the museum's zone unless said.

    An offer with slots needs a `slot`, another one refuses it.
    """

    offer: Slug
    holder: Annotated[str, StringConstraints(strict=True, max_length=1000)]
    on: Day | None = None
    slot: SlotId | None = None
    party: Count = 1
    visitor: VisitorIdText | None = None
    reference: Name | None = None
    paid: StrictBool | None = None


class TicketLinks(Out):
    """Where the ticket's pictures and its page are."""

    barcode_png: str
    card_png: str
    page: str


class TicketOut(Out):
    """One ticket; `state` may be a derived one (`used_up`, `expired`)."""

    id: str
    issue: int
    barcode: str
    short_code: str
    offer: str
    holder: str
    party: int
    entries: int
    valid_from: datetime
    valid_until: datetime
    state: str
    slot: str | None
    reference: str | None
    links: TicketLinks


class MoveOut(Out):
    """One accepted move of a ticket."""

    scan_id: str
    kind: str
    people: int
    at: datetime
    gate: str


class TicketScanOut(Out):
    """One scan of a ticket, refused ones too."""

    scan_id: str
    at: datetime
    gate: str
    verdict: Verdict
    reason: Reason


class TicketWithPast(TicketOut):
    """One ticket with its moves and scans."""

    moves: list[MoveOut]
    scans: list[TicketScanOut]


class Tickets(Out):
    """A page of tickets."""

    items: list[TicketOut]
    next_cursor: str | None = None


class TicketQuery(ListQuery):
    """Which tickets; `offer` is a slug, `state` a stored state."""

    offer: Slug | None = None
    state: TicketState | None = None


class RevokeIn(In):
    """Why a ticket is withdrawn, for the record."""

    reason: Note = ""
