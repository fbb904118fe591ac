"""A station's journal as it would be uploaded: chained, signed, in any batches.

The simulated station writes what it showed; nothing here asks the service.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories import a_scan_id
from ticketing.service.tickets import TicketCase
from ticketing.wire.chain import (
    EntryHash,
    JournalId,
    canonical_body,
    entry_hash,
    h0,
    signature_message,
)
from ticketing.wire.codec import from_base32hex
from ticketing.wire.journal import (
    Action,
    AnnulBody,
    Body,
    BootBody,
    ClockBody,
    CountBody,
    LateBody,
    ResolveBody,
    ScanBody,
)
from ticketing.wire.sync_api import MOST_ENTRIES, SentEntry, Upload
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

_DIGEST_BYTES = 16
_REASONS = {
    Verdict.ADMIT: Reason.OK,
    Verdict.EXIT: Reason.OK_EXIT,
    Verdict.REFUSE: Reason.ALREADY_USED,
    Verdict.ATTENTION: Reason.CHECK_PROOF,
    Verdict.DISCOUNT: Reason.OK_CODE,
}


@dataclass(frozen=True)
class StationKey:
    """The Ed25519 key of a simulated station, made from a seed of 32 bytes."""

    seed: bytes

    @classmethod
    def of(cls, name: str) -> "StationKey":
        """The same key each time for a name."""
        return cls(hashlib.sha256(name.encode()).digest())

    @property
    def public(self) -> bytes:
        """32 raw bytes, to be paired with."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


FACTORY_KEY = StationKey(bytes(range(32)))
"""The key of `factories.STATION_KEY`."""


class Journal:
    """The journal of one station; every method writes an entry and returns its scan id.

    `ahead` is how far the station's clock is ahead: it is added to every time.
    """

    def __init__(
        self,
        key: StationKey = FACTORY_KEY,
        *,
        name: str = "journal",
        ahead: timedelta | None = None,
    ) -> None:
        self.id = JournalId(hashlib.sha256(name.encode()).digest()[:16])
        self.key = key
        self.ahead = ahead or timedelta(0)
        self.entries: list[SentEntry] = []
        self.hashes: list[EntryHash] = [h0(self.id, key.public)]

    @property
    def length(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    def copy(self) -> "Journal":
        """An image of the station, as it is now."""
        twin = Journal(self.key, ahead=self.ahead)
        twin.id, twin.entries, twin.hashes = self.id, [*self.entries], [*self.hashes]
        return twin

    def upload(self, first: int = 1, last: int | None = None, *, previous: bool = True) -> Upload:
        """The entries of these numbers, both included."""
        part = tuple(self.entries[first - 1 : last])
        return Upload(self.id, part, self.hashes[first - 1] if previous else None)

    def batches(self, size: int = MOST_ENTRIES) -> Sequence[Upload]:
        """The whole journal, in order."""
        return [self.upload(n, n + size - 1) for n in range(1, self.length + 1, size)]

    # -------------------------------------------------------- entries
    def scan(
        self,
        case: TicketCase | None,
        at: datetime,
        *,
        shown: Verdict = Verdict.ADMIT,
        **changes: Any,
    ) -> str:
        """A ticket at the gate, and what was shown; admitted unless said otherwise."""
        scan_id = changes.pop("scan_id", None) or a_scan_id()
        raw = None if case is None else from_base32hex(case.barcode)
        exits = shown is Verdict.EXIT
        plain: dict[str, Any] = {
            "scan_id": bytes.fromhex(scan_id),
            "ticket": None if case is None else case.ticket.id,
            "issue": None if case is None else case.ticket.issue,
            "digest": hashlib.sha256(raw or b"a code").digest()[:_DIGEST_BYTES],
            "text_class": "ticket" if case else "short_code",
            "direction": Direction.EXIT if exits else Direction.ENTRY,
            "people": 1,
            "at": at + self.ahead,
            "mono_ms": 0,
            "basis": Basis.OFFLINE,
            "verdict": shown,
            "reason": _REASONS[shown],
            "checks": (Check.PROOF,) if shown is Verdict.ATTENTION else (),
            "shown": shown,
        }
        self.write(ScanBody(**plain | changes))
        return str(scan_id)

    def resolve(
        self,
        scan_id: str,
        at: datetime,
        *,
        shown: Verdict = Verdict.ADMIT,
        checks: tuple[Check, ...] = (Check.PROOF,),
        people: int = 1,
    ) -> None:
        """Staff confirmed or, if no admit came of it, declined."""
        action = Action.CONFIRM if shown is Verdict.ADMIT else Action.DECLINE
        self.write(
            ResolveBody(
                scan_id=bytes.fromhex(scan_id),
                action=action,
                checks=checks,
                at=at + self.ahead,
                shown=shown,
                people=people,
            )
        )

    def annul(self, scan_id: str, at: datetime, *, reason: str = "mistake") -> None:
        """Staff took a scan back."""
        self.write(AnnulBody(scan_id=bytes.fromhex(scan_id), reason=reason, at=at + self.ahead))

    def late(self, scan_id: str, at: datetime, verdict: Verdict) -> None:
        """The service's verdict came too late."""
        raw = bytes.fromhex(scan_id)
        self.write(LateBody(scan_id=raw, service_verdict=verdict, at=at + self.ahead))

    def count(self, delta: int, at: datetime) -> None:
        """People without a ticket."""
        self.write(CountBody(delta=delta, at=at + self.ahead))

    def clock(self, at: datetime) -> None:
        """The station has heard the service's time."""
        ms = self.ahead // timedelta(milliseconds=1)
        self.write(ClockBody(diff_ms=ms, at=at + self.ahead))

    def boot(self, at: datetime, version: str = "1.2.3") -> None:
        """The station started."""
        self.write(BootBody(version=version, at=at + self.ahead))

    def write(self, body: Body) -> None:
        """Chain and sign one entry."""
        self.write_text(canonical_body(body.to_json()).decode())

    def write_text(self, text: str) -> None:
        """Chain and sign any text, also one that is no entry."""
        n = self.length + 1
        digest = entry_hash(self.id, n, self.hashes[-1], text.encode())
        self.entries.append(SentEntry(n, text, self.key.sign(signature_message(digest))))
        self.hashes.append(digest)
