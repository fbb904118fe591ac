"""The service's side of journal upload and knowledge, small and honest; and how it fails.

Every entry is kept by (number, hash); the chain is checked. What goes wrong next is set on
`SyncDouble`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.scanner.station_kit import RING
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, is_signed
from ticketing.wire.codec import from_base64url
from ticketing.wire.house import HouseSettings
from ticketing.wire.journal import parse_body
from ticketing.wire.keys import KeyRing
from ticketing.wire.messages import BadMessage
from ticketing.wire.sync_api import EntryResult, KnowledgePage, Result, UploadAnswer
from ticketing.wire.texts import Localised

SETTINGS = HouseSettings(
    museum="Stadtmuseum Erlenbach",
    zone="Europe/Berlin",
    gate="sued",
    gate_name=Localised("Eingang Süd", "South entrance"),
)
OFFER: dict[str, object] = {"number": 7, "name": {"de": "Tageskarte", "en": "Day ticket"}}


def _raw(text: object) -> bytes:
    raw = from_base64url(str(text))
    assert raw is not None
    return raw


@dataclass
class SyncDouble:
    """What the service holds of one journal, and what it tells.

    `poison`: numbers for which it answers a whole batch with `poison_status`; `fail`: the
    statuses of the next uploads, 0 for none; `forget_answer`: it stores and then answers
    500; `at_most`: batches above that many entries are 413; `pages`: of knowledge;
    `public_key`: the station's, to check signatures by.
    """

    public_key: bytes = b""
    bodies: dict[int, str] = field(default_factory=dict)
    hashes: dict[int, bytes] = field(default_factory=dict)
    batches: list[list[int]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    poison: set[int] = field(default_factory=set)
    poison_status: int = 422
    fail: list[int] = field(default_factory=list)
    forget_answer: int = 0
    at_most: int = 500
    results: dict[int, Result] = field(default_factory=dict)
    epoch: str = "e1"
    cursor: str = "c0"
    pages: int = 1
    page_acked: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    ring: KeyRing = RING
    settings: HouseSettings = SETTINGS
    gone: int = 0
    change: Callable[[KnowledgePage], KnowledgePage] | None = None

    @property
    def acked(self) -> int:
        """The highest number up to which all are here."""
        n = 0
        while n + 1 in self.hashes:
            n += 1
        return n

    @property
    def held(self) -> tuple[tuple[int, int], ...]:
        """Single entries behind the first gap."""
        return tuple((n, n) for n in sorted(self.hashes) if n > self.acked)

    def take(self, data: dict[str, Any]) -> tuple[int, dict[str, object]]:
        """An upload: status and answer."""
        entries = data["entries"]
        numbers = [entry["n"] for entry in entries]
        self.batches.append(numbers)
        status = self.fail.pop(0) if self.fail else 0
        if len(entries) > self.at_most:
            status = 413
        elif self.poison & set(numbers):
            status = self.poison_status
        if status:
            return status, {"type": "urn:einlass:problem:invalid"}
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        items = [self._store(data, entry) for entry in entries]
        if self.forget_answer:
            self.forget_answer -= 1
            return 500, {"type": "urn:einlass:problem:internal"}
        head = self.hashes.get(self.acked, bytes(32))
        return 200, UploadAnswer(tuple(items), self.acked, head).to_json()

    def restore(self, acked: int) -> None:
        """Back to a backup that had this many entries."""
        self.bodies = {n: body for n, body in self.bodies.items() if n <= acked}
        self.hashes = {n: digest for n, digest in self.hashes.items() if n <= acked}

    def page(self, asked: dict[str, str], now: datetime) -> KnowledgePage | None:
        """A page of knowledge; None: it no longer knows the place."""
        self.asked.append(asked)
        if asked.get("epoch", self.epoch) != self.epoch or self.gone:
            self.gone = max(0, self.gone - 1)
            return None
        so_far = asked.get("cursor", "0").partition(".")[2] or "0"
        number = int(so_far) + 1 if "cursor" in asked else 1
        more = number < self.pages
        page = KnowledgePage(
            epoch=self.epoch,
            cursor=f"{self.cursor}.{number}" if more else self.cursor,
            more=more,
            server_time=now,
            window_from=now,
            window_until=now + timedelta(days=7),
            keys=self.ring,
            offers=(OFFER,),
            settings=self.settings,
            tickets=(),
            acked=self.page_acked,
            held=() if self.page_acked is None else self.held,
        )
        return self.change(page) if self.change else page

    def _store(self, data: dict[str, Any], entry: dict[str, Any]) -> EntryResult:
        n, body = entry["n"], entry["body"]
        before = self.hashes.get(n - 1) or _raw(data["previous"])
        digest = entry_hash(JournalId(_raw(data["journal"])), n, EntryHash(before), body.encode())
        key = self.public_key
        if key and not is_signed(digest, _raw(entry["sig"]), station_public_key=key):
            self.broken.append(n)
        known = self.hashes.get(n)
        self.bodies[n], self.hashes[n] = body, digest
        if known is not None:
            return EntryResult(n, Result.KNOWN if known == digest else Result.FORK)
        try:
            parse_body(body)
        except BadMessage:
            return EntryResult(n, Result.REJECTED, "malformed")
        return EntryResult(n, self.results.get(n, Result.ACCEPTED))
