"""What stands in the entries of a station's journal (`protocol.md`, JOURNAL).

Station and service share it: one writes the bodies, the other reads them. No text that was
shown and no name has a field here. Times are aware UTC, in a body milliseconds since 1970.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ticketing.wire.messages import BadMessage, Fields, JsonObject
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_LATEST_MS: Final = 253_402_300_799_000  # the last second of the year 9999
_SCAN_BYTES, _TICKET_BYTES, _DIGEST_BYTES = 16, 15, 16
_MOST_PEOPLE = 1_000_000


class Action(StrEnum):
    """How staff settle an attention."""

    CONFIRM = "confirm"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBody:
    """A scan and what was shown for it; `ticket` and `issue` are what the barcode says."""

    scan_id: bytes
    ticket: TicketId | None
    issue: int | None
    digest: bytes
    text_class: str
    direction: Direction
    people: int
    at: datetime
    mono_ms: int
    basis: Basis
    verdict: Verdict
    reason: Reason
    checks: tuple[Check, ...]
    shown: Verdict

    def to_json(self) -> JsonObject:
        """As the body's object."""
        body: JsonObject = {
            "kind": "scan",
            "scan_id": self.scan_id.hex(),
            "digest": self.digest.hex(),
            "class": self.text_class,
            "direction": self.direction.value,
            "people": self.people,
            "at": to_ms(self.at),
            "mono": self.mono_ms,
            "basis": self.basis.value,
            "verdict": self.verdict.value,
            "reason": self.reason.value,
            "checks": [check.value for check in self.checks],
            "shown": self.shown.value,
        }
        if self.ticket is not None:
            body |= {"ticket": self.ticket.hex(), "issue": self.issue}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveBody:
    """Staff settled an attention; `shown` is the verdict that came of it."""

    scan_id: bytes
    action: Action
    checks: tuple[Check, ...]
    at: datetime
    shown: Verdict
    people: int = 0
    why: str | None = None
    by: str | None = None

    def to_json(self) -> JsonObject:
        """As the body's object."""
        body: JsonObject = {
            "kind": "resolve",
            "scan_id": self.scan_id.hex(),
            "action": self.action.value,
            "checks": [check.value for check in self.checks],
            "at": to_ms(self.at),
            "shown": self.shown.value,
            "people": self.people,
        }
        return body | _given({"why": self.why, "by": self.by})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnulBody:
    """Staff took a scan back."""

    scan_id: bytes
    reason: str
    at: datetime
    by: str | None = None

    def to_json(self) -> JsonObject:
        """As the body's object."""
        body: JsonObject = {
            "kind": "annul",
            "scan_id": self.scan_id.hex(),
            "reason": self.reason,
            "at": to_ms(self.at),
        }
        return body | _given({"by": self.by})


@dataclass(frozen=True, slots=True, kw_only=True)
class LateBody:
    """The service's verdict came after the station had shown its own."""

    scan_id: bytes
    service_verdict: Verdict
    at: datetime

    def to_json(self) -> JsonObject:
        """As the body's object."""
        return {
            "kind": "late",
            "scan_id": self.scan_id.hex(),
            "service_verdict": self.service_verdict.value,
            "at": to_ms(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CountBody:
    """People without a ticket, or who left without a scan: `delta` may be negative."""

    delta: int
    at: datetime
    reason: str = ""

    def to_json(self) -> JsonObject:
        """As the body's object."""
        body: JsonObject = {"kind": "count", "delta": self.delta, "at": to_ms(self.at)}
        return body | _given({"reason": self.reason or None})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBody:
    """The way to the service opened or closed."""

    up: bool
    at: datetime

    def to_json(self) -> JsonObject:
        """As the body's object."""
        return {"kind": "link", "up": self.up, "at": to_ms(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBody:
    """How far the station's clock is ahead of the service's, from here on."""

    diff_ms: int
    at: datetime

    def to_json(self) -> JsonObject:
        """As the body's object."""
        return {"kind": "clock", "diff_ms": self.diff_ms, "at": to_ms(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncBody:
    """Knowledge was fetched up to here."""

    epoch: str
    cursor: str
    at: datetime

    def to_json(self) -> JsonObject:
        """As the body's object."""
        return {
            "kind": "sync",
            "epoch": self.epoch,
            "cursor": self.cursor,
            "at": to_ms(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BootBody:
    """The station started."""

    version: str
    at: datetime

    def to_json(self) -> JsonObject:
        """As the body's object."""
        return {"kind": "boot", "version": self.version, "at": to_ms(self.at)}


Body = (
    ScanBody
    | ResolveBody
    | AnnulBody
    | LateBody
    | CountBody
    | LinkBody
    | ClockBody
    | SyncBody
    | BootBody
)


def parse_body(text: str) -> Body:
    """The body of an entry as it was sent.

    Raises:
        BadMessage: no body of a kind that is known here; names the field, never its content.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("body: JSON is wanted") from None
    got = Fields.of(data)
    read = _READERS.get(got.text("kind"))
    if read is None:
        raise BadMessage("kind: an unknown word")
    return read(got)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """The aware UTC time of `to_ms`.

    Raises:
        BadMessage: beyond the year 9999.
    """
    try:
        return _EPOCH + ms * _MS
    except OverflowError:
        raise BadMessage("a time is wanted") from None


# ------------------------------------------------------------ reading
def _given(texts: Mapping[str, str | None]) -> JsonObject:
    return {name: text for name, text in texts.items() if text is not None}


def _at(got: Fields) -> datetime:
    ms = got.whole("at")
    if not 0 <= ms <= _LATEST_MS:
        raise BadMessage("at: milliseconds since 1970 are wanted")
    return from_ms(ms)


def _raw(got: Fields, name: str, size: int) -> bytes:
    try:
        raw = bytes.fromhex(got.text(name))
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise BadMessage(f"{name}: {2 * size} hex digits are wanted")
    return raw


def _people(got: Fields, name: str, *, least: int = 0) -> int:
    number = got.whole(name)
    if not least <= number <= _MOST_PEOPLE:
        raise BadMessage(f"{name}: a number of people is wanted")
    return number


def _scan(got: Fields) -> ScanBody:
    ticket = got.optional("ticket", lambda name: TicketId(_raw(got, name, _TICKET_BYTES)))
    return ScanBody(
        scan_id=_raw(got, "scan_id", _SCAN_BYTES),
        ticket=ticket,
        issue=None if ticket is None else got.whole("issue"),
        digest=_raw(got, "digest", _DIGEST_BYTES),
        text_class=got.text("class"),
        direction=got.choice("direction", Direction),
        people=_people(got, "people"),
        at=_at(got),
        mono_ms=got.whole("mono"),
        basis=got.choice("basis", Basis),
        verdict=got.choice("verdict", Verdict),
        reason=got.choice("reason", Reason),
        checks=got.choices("checks", Check),
        shown=got.choice("shown", Verdict),
    )


def _resolve(got: Fields) -> ResolveBody:
    return ResolveBody(
        scan_id=_raw(got, "scan_id", _SCAN_BYTES),
        action=got.choice("action", Action),
        checks=got.choices("checks", Check),
        at=_at(got),
        shown=got.choice("shown", Verdict),
        people=_people(got, "people"),
        why=got.optional("why", got.text),
        by=got.optional("by", got.text),
    )


def _annul(got: Fields) -> AnnulBody:
    return AnnulBody(
        scan_id=_raw(got, "scan_id", _SCAN_BYTES),
        reason=got.text("reason"),
        at=_at(got),
        by=got.optional("by", got.text),
    )


def _late(got: Fields) -> LateBody:
    return LateBody(
        scan_id=_raw(got, "scan_id", _SCAN_BYTES),
        service_verdict=got.choice("service_verdict", Verdict),
        at=_at(got),
    )


def _count(got: Fields) -> CountBody:
    return CountBody(
        delta=_people(got, "delta", least=-_MOST_PEOPLE),
        at=_at(got),
        reason=got.optional("reason", got.text) or "",
    )


def _link(got: Fields) -> LinkBody:
    up = got.data.get("up")
    if not isinstance(up, bool):
        raise BadMessage("up: true or false is wanted")
    return LinkBody(up=up, at=_at(got))


_READERS: Mapping[str, Callable[[Fields], Body]] = MappingProxyType(
    {
        "scan": _scan,
        "resolve": _resolve,
        "annul": _annul,
        "late": _late,
        "count": _count,
        "link": _link,
        "clock": lambda got: ClockBody(diff_ms=got.whole("diff_ms"), at=_at(got)),
        "sync": lambda got: SyncBody(
            epoch=got.text("epoch"), cursor=got.text("cursor"), at=_at(got)
        ),
        "boot": lambda got: BootBody(version=got.text("version"), at=_at(got)),
    }
)
