"""What the API takes and gives at the gates: scans and stations; see `shapes.py`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from ticketing.domain.accounts import StationState
from ticketing.service.gate.counting import MOST
from ticketing.web.api.shapes import (
    WHOLE,
    BothLanguages,
    Count,
    In,
    Name,
    Note,
    Out,
    ScanIdText,
    Slug,
    Time,
    text,
)
from ticketing.wire.station_api import ScanRequest
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

Why = Annotated[str, text(1, 500)]


# ------------------------------------------------------------ scans
class ScanIn(In):
    """One presentation at a gate."""

    scan_id: ScanIdText
    barcode: Annotated[str, StringConstraints(strict=True, max_length=4096)]
    direction: Direction = Direction.ENTRY
    scanned_at: Time
    people: Count | None = None
    gate: Slug | None = None


def scan_request(shape: ScanIn) -> ScanRequest:
    """The same as the use case takes it."""
    return ScanRequest(
        scan_id=shape.scan_id,
        barcode=shape.barcode,
        direction=shape.direction,
        scanned_at=shape.scanned_at,
        people=shape.people,
        gate=shape.gate,
    )


class ConfirmIn(In):
    """Attention settled: the checks that were made."""

    checks: tuple[Check, ...]
    people: Count | None = None
    by: Name | None = None


class DeclineIn(In):
    """Attention settled the other way."""

    why: Note | None = None


class AnnulIn(In):
    """A scan to be taken back; `override` lifts the limits, for keys with `gate:override`."""

    reason: Why
    by: Name | None = None
    override: StrictBool = False


class OverrideIn(In):
    """A refusal overruled; from a station with the name and PIN of a supervisor."""

    why: Why
    by: Name | None = None
    pin: Annotated[str, text(1, 32)] | None = None
    people: Count | None = None


class CountIn(In):
    """People in or out who have no ticket, or a correction of how many are inside."""

    gate: Slug
    delta: Annotated[int, Field(strict=True, ge=-MOST, le=MOST), WHOLE]
    reason: Why


class CountOut(Out):
    """A count as it is kept, and people inside after it."""

    id: str
    gate: str
    delta: int
    reason: str
    at: datetime
    inside: int


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
    people: int
    inside: int


class LangQuery(In):
    """The language of the texts."""

    lang: Annotated[str, StringConstraints(pattern="^(de|en)$")] = "de"


# ------------------------------------------------------------ stations
class PairIn(In):
    """A station asks to be one; `public_key` is 32 bytes as base64url without padding."""

    pairing_code: Annotated[str, text(1, 40)]
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


class StationChangeIn(In):
    """What may change of a station; what is left out stays."""

    name: Name | None = None
    gate: Slug | None = None


class StationOut(Out):
    """One paired station; from `version` on what it last told, null if nothing."""

    id: str
    name: str
    gate: str
    state: StationState
    paired_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None
    version: str | None
    unsent: int | None
    clock_diff_ms: int | None
    knows_newest_keys: bool


class Stations(Out):
    """A page of stations."""

    items: list[StationOut]
    next_cursor: str | None = None
