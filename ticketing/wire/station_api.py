"""The messages between station and service, as frozen dataclasses.

JSON in and out: times ISO 8601 with offset, bytes base64url without padding. Every
`from_json` raises `BadMessage` on rubbish.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from ticketing.wire.codec import to_base64url
from ticketing.wire.facts import Evidence
from ticketing.wire.keys import BadKey, KeyRing
from ticketing.wire.messages import BadMessage, Fields, JsonObject
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict
from ticketing.wire.views import (
    CodeOffer,
    CodeView,
    FirstUse,
    Remaining,
    TicketView,
    name_json,
    name_of,
)

__all__ = [
    "BadMessage",
    "CodeOffer",
    "CodeView",
    "FirstUse",
    "OfferName",
    "PairAnswer",
    "PairRequest",
    "Remaining",
    "ScanAnswer",
    "ScanRequest",
    "TicketView",
]

_SCAN_ID = re.compile("[0-9a-f]{32}")
_MAX_BARCODE = 4096
_PARTY = range(1, 256)


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One presentation at a gate; the station draws `scan_id`, 32 lower-case hex digits."""

    scan_id: str
    barcode: str = field(repr=False)
    direction: Direction
    scanned_at: datetime
    people: int | None = None
    gate: str | None = None

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "scan_id": self.scan_id,
            "barcode": self.barcode,
            "direction": self.direction.value,
            "scanned_at": self.scanned_at.isoformat(),
            "people": self.people,
            "gate": self.gate,
        }

    @classmethod
    def from_json(cls, data: object) -> "ScanRequest":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        people = got.optional("people", got.whole)
        if not _SCAN_ID.fullmatch(got.text("scan_id")):
            raise BadMessage("scan_id: 32 hex digits are wanted")
        if len(got.text("barcode")) > _MAX_BARCODE:
            raise BadMessage("barcode: longer than any code")
        if people is not None and people not in _PARTY:
            raise BadMessage("people: 1 to 255 are wanted")
        return cls(
            scan_id=got.text("scan_id"),
            barcode=got.text("barcode"),
            direction=got.choice("direction", Direction),
            scanned_at=got.time("scanned_at"),
            people=people,
            gate=got.optional("gate", got.text),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAnswer:
    """What became of a scan.

    `text` is the sentence of the reason; `until` when attention lapses; `people` are let
    in (or out) by this scan, with attention: would be; `inside` people in the house.
    """

    scan_id: str
    verdict: Verdict
    reason: Reason
    basis: Basis
    text: str
    inside: int
    ticket: TicketView | None = None
    code: CodeView | None = None
    first_use: FirstUse | None = None
    remaining: Remaining = field(default_factory=lambda: Remaining(0, 0))
    checks: tuple[Check, ...] = ()
    until: datetime | None = None
    evidence: Evidence = field(default_factory=Evidence)
    people: int = 0

    def to_json(self) -> JsonObject:
        """As JSON, every field of the contract present."""
        return {
            "scan_id": self.scan_id,
            "verdict": self.verdict.value,
            "reason": self.reason.value,
            "basis": self.basis.value,
            "text": self.text,
            "ticket": self.ticket and self.ticket.to_json(),
            "code": self.code and self.code.to_json(),
            "first_use": self.first_use and self.first_use.to_json(),
            "remaining": self.remaining.to_json(),
            "checks": [check.value for check in self.checks],
            "until": _time_json(self.until),
            "evidence": _evidence_json(self.evidence),
            "people": self.people,
            "inside": self.inside,
        }

    @classmethod
    def from_json(cls, data: object) -> "ScanAnswer":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(
            scan_id=got.text("scan_id"),
            verdict=got.choice("verdict", Verdict),
            reason=got.choice("reason", Reason),
            basis=got.choice("basis", Basis),
            text=got.text("text"),
            inside=got.whole("inside"),
            ticket=got.optional("ticket", lambda name: TicketView.from_json(got.data[name])),
            code=got.optional("code", lambda name: CodeView.from_json(got.data[name])),
            first_use=got.optional("first_use", lambda name: FirstUse.from_json(got.data[name])),
            remaining=Remaining.from_json(got.data.get("remaining")),
            checks=tuple(got.choices("checks", Check)),
            until=got.optional("until", got.time),
            evidence=_evidence(got.optional("evidence", got.part)),
            people=got.optional("people", got.whole) or 0,
        )


@dataclass(frozen=True, slots=True)
class PairRequest:
    """A station asks to be one; `public_key` is 32 raw bytes."""

    pairing_code: str = field(repr=False)
    name: str
    public_key: bytes

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "pairing_code": self.pairing_code,
            "name": self.name,
            "public_key": to_base64url(self.public_key),
        }

    @classmethod
    def from_json(cls, data: object) -> "PairRequest":
        """From JSON; the key is judged by `keys.PublicKey`.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(got.text("pairing_code"), got.text("name"), got.raw("public_key"))


@dataclass(frozen=True, slots=True)
class OfferName:
    """The name of the offer with this number, for showing it offline."""

    number: int
    name: Localised

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {"number": self.number, "name": name_json(self.name)}

    @classmethod
    def from_json(cls, data: object) -> "OfferName":
        """From JSON.

        Raises:
            BadMessage: anything else.
        """
        got = Fields.of(data)
        return cls(got.whole("number"), name_of(got, "name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAnswer:
    """What a new station gets: its token, its gate, the keys to verify and to digest with.

    `zone` is the IANA name of the museum's zone; `digest_key` 32 bytes.
    """

    station: str
    token: str = field(repr=False)
    gate: str
    gate_name: Localised
    museum: str
    zone: str
    epoch: str
    keys: KeyRing
    digest_key: bytes = field(repr=False)
    offers: tuple[OfferName, ...] = ()

    def to_json(self) -> JsonObject:
        """As JSON."""
        return {
            "station": self.station,
            "token": self.token,
            "gate": self.gate,
            "gate_name": name_json(self.gate_name),
            "museum": self.museum,
            "zone": self.zone,
            "epoch": self.epoch,
            "keys": self.keys.to_json(),
            "digest_key": to_base64url(self.digest_key),
            "offers": [offer.to_json() for offer in self.offers],
        }

    @classmethod
    def from_json(cls, data: object) -> "PairAnswer":
        """From JSON.

        Raises:
            BadMessage: anything else, keys one may not trust among it.
        """
        got = Fields.of(data)
        try:
            ring = KeyRing.from_json(got.items("keys"))
        except BadKey:
            raise BadMessage("keys: a key ring is wanted") from None
        return cls(
            station=got.text("station"),
            token=got.text("token"),
            gate=got.text("gate"),
            gate_name=name_of(got, "gate_name"),
            museum=got.text("museum"),
            zone=got.text("zone"),
            epoch=got.text("epoch"),
            keys=ring,
            digest_key=got.raw("digest_key"),
            offers=tuple(OfferName.from_json(item) for item in got.items("offers")),
        )


def _time_json(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _evidence(got: Fields | None) -> Evidence:
    if got is None:
        return Evidence()
    return Evidence(
        at=got.optional("at", got.time),
        gate=got.optional("gate", got.text),
        until=got.optional("until", got.time),
        detail=got.optional("detail", got.text) or "",
    )


def _evidence_json(evidence: Evidence) -> JsonObject:
    return {
        "at": _time_json(evidence.at),
        "gate": evidence.gate,
        "until": _time_json(evidence.until),
        "detail": evidence.detail,
    }
