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

from ticketing.domain.museum import is_plausible_time
from ticketing.domain.offers import (
    BYTE_LIMIT,
    NAME_LIMIT,
    NUMBER_LIMIT,
    PRICE_LIMIT_CENTS,
    SLUG_LIMIT,
    Live,
    Validity,
)
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict

MOST_PER_PAGE = 200


def _no_number(value: Any) -> Any:  # noqa: ANN401  anything JSON may hold
    """Pydantic would take numbers as times since 1970."""
    if isinstance(value, int | float):
        raise ValueError("an ISO 8601 text is wanted")  # noqa: TRY004  pydantic lists only these
    return value


def _plausible(value: datetime) -> datetime:
    """A time that every reader can turn into UTC and into a date of the museum."""
    if not is_plausible_time(value):
        raise ValueError("a time from 2000 to 2100 is wanted")
    return value


Day = Annotated[date, BeforeValidator(_no_number)]
Time = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_plausible)]
Byte = Annotated[int, Field(strict=True, ge=0, le=BYTE_LIMIT)]
Count = Annotated[int, Field(strict=True, ge=1, le=BYTE_LIMIT)]
Cents = Annotated[int, Field(strict=True, ge=0, le=PRICE_LIMIT_CENTS)]
Number = Annotated[int, Field(strict=True, ge=1, le=NUMBER_LIMIT)]
Slug = Annotated[
    str,
    StringConstraints(strict=True, pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=SLUG_LIMIT),
]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=NAME_LIMIT)]
Currency = Annotated[str, StringConstraints(strict=True, pattern="^[A-Z]{3}$")]
Note = Annotated[str, StringConstraints(strict=True, max_length=500)]
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


class OfferIn(OfferFields):
    """A new offer; without `number` it gets the next free one."""

    slug: Slug
    number: Number | None = None


class OfferOut(OfferFields):
    """One offer."""

    slug: Slug
    number: Number


class OfferPatch(In):
    """What of an offer to change: only what no issued barcode carries."""

    name: BothLanguages | None = None
    price_cents: Cents | None = None
    pay_at_desk: StrictBool | None = None
    party_max: Count | None = None
    active: StrictBool | None = None


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


# ------------------------------------------------------------ tickets
class TicketIn(In):
    """A ticket to issue; `on` is today in the museum's zone unless said."""

    offer: Slug
    holder: Annotated[str, StringConstraints(strict=True, max_length=1000)]
    on: Day | None = None
    party: Count = 1
    visitor: Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-f]{32}$")] | None = None
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


# ------------------------------------------------------------ scans
class ScanIn(In):
    """One presentation at a gate."""

    scan_id: ScanIdText
    barcode: Annotated[str, StringConstraints(strict=True, max_length=4096)]
    direction: Direction = Direction.ENTRY
    scanned_at: Time
    people: Count | None = None
    gate: Slug | None = None


class ConfirmIn(In):
    """Attention settled: the checks that were made."""

    checks: tuple[Check, ...]
    people: Count | None = None
    by: Name | None = None


class DeclineIn(In):
    """Attention settled the other way."""

    why: Note | None = None


class FirstUseOut(Out):
    """When and where the use that is in the way began."""

    at: datetime
    gate: str
    gate_name: BothLanguages


class RemainingOut(Out):
    """Uses left (null: unlimited) and persons of the running use still to come."""

    uses: int | None
    people: int


class EvidenceOut(Out):
    """The facts behind a reason."""

    at: datetime | None
    gate: str | None
    until: datetime | None
    detail: str


class ScanTicketOut(Out):
    """What the gate shows of a ticket."""

    id: str
    issue: int
    holder: str
    offer: str
    offer_name: BothLanguages
    party: int
    entries: int
    valid_from: datetime
    valid_until: datetime
    state: str
    short_code: str


class ScanOut(Out):
    """What became of a scan; `text` is the sentence of the reason."""

    scan_id: str
    verdict: Verdict
    reason: Reason
    basis: Basis
    text: str
    ticket: ScanTicketOut | None
    code: dict[str, Any] | None
    first_use: FirstUseOut | None
    remaining: RemainingOut
    checks: list[Check]
    until: datetime | None
    evidence: EvidenceOut
    inside: int


class LangQuery(In):
    """The language of the texts."""

    lang: Annotated[str, StringConstraints(pattern="^(de|en)$")] = "de"


# ------------------------------------------------------------ stations
class PairIn(In):
    """A station asks to be one; `public_key` is 32 bytes as base64url without padding."""

    pairing_code: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40)]
    name: Name
    public_key: Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9_-]{43}$")]


class KeyOut(Out):
    """One public key of the ring."""

    id: int
    state: str
    public_key: str


class OfferNameOut(Out):
    """The name of the offer with this number."""

    number: int
    name: BothLanguages


class PairOut(Out):
    """What a new station gets; the token is shown once."""

    station: str
    token: str
    gate: str
    gate_name: BothLanguages
    museum: str
    zone: str
    epoch: str
    keys: list[KeyOut]
    digest_key: str
    offers: list[OfferNameOut]


class StationOut(Out):
    """One paired station."""

    id: str
    name: str
    gate: str
    paired_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


class Stations(Out):
    """A page of stations."""

    items: list[StationOut]
    next_cursor: str | None = None
