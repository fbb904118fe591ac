"""The way to the service: what a station asks and tells, and every failure is a value."""

import http.client
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from scanner.events import Failure, ScanId
from scanner.line import CERTIFICATE, BadAddress, Call, Line, NoReply, Server, refused
from ticketing.wire.journal import Action
from ticketing.wire.messages import Fields, JsonObject
from ticketing.wire.station_api import (
    BadMessage,
    PairAnswer,
    PairRequest,
    ScanAnswer,
    ScanRequest,
)
from ticketing.wire.sync_api import MOST_TICKETS, KnowledgePage, Upload, UploadAnswer
from ticketing.wire.verdict import VERDICTS_OF, Check

__all__ = [
    "CERTIFICATE",
    "BadAddress",
    "Condition",
    "Link",
    "NoReply",
    "Pulse",
    "Server",
    "Told",
]

_API: Final = "/api/v1"
_MOST_KNOWLEDGE_BYTES: Final = 8 * 1024 * 1024
_MOST_DOUBT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """The service knows this station; `ahead_ms`: how far its clock is ahead, if that is told."""

    ahead_ms: int | None


@dataclass(frozen=True, slots=True)
class Condition:
    """What a station tells of itself: entries the service lacks, its version, its keys.

    `ring` is the fingerprint of the key ring it trusts.
    """

    unsent: int
    version: str
    ring: str

    def query(self) -> str:
        """As the query of an address."""
        return "?" + urlencode({"unsent": self.unsent, "version": self.version, "ring": self.ring})


@dataclass(frozen=True, slots=True)
class Told:
    """A page of knowledge; `ahead_ms` as in a pulse."""

    page: KnowledgePage
    ahead_ms: int | None


class Link(Line):
    """Talks to one service; may be used by several threads, each call has a connection.

    `timeout_s` limits a call as a whole; `trust` is the TLS context (the system's if None).
    """

    def ask(self, request: ScanRequest) -> ScanAnswer | NoReply:
        """Have a scan judged."""
        return self._scan("/scans", request.to_json(), request.scan_id)

    def settle(
        self, scan_id: ScanId, action: Action, *, checks: tuple[Check, ...]
    ) -> ScanAnswer | NoReply:
        """Confirm or decline an attention."""
        confirms = action is Action.CONFIRM
        body: dict[str, object] = {"checks": [one.value for one in checks]} if confirms else {}
        return self._scan(f"/scans/{scan_id}/{action.value}", body, scan_id)

    def annul(self, scan_id: ScanId, reason: str) -> ScanAnswer | NoReply:
        """Take a scan back; one the service has not heard of yet will never count."""
        return self._scan(f"/scans/{scan_id}/annul", {"reason": reason}, scan_id)

    def override(self, scan_id: ScanId, *, why: str, by: str, pin: str) -> ScanAnswer | NoReply:
        """Have a supervisor let somebody in who was refused."""
        body: dict[str, object] = {"why": why, "by": by, "pin": pin}
        return self._scan(f"/scans/{scan_id}/override", body, scan_id)

    def search(self, holder: str) -> tuple[JsonObject, ...] | NoReply:
        """Tickets of holders whose name has these letters (at least 3), as the service shows."""
        reply = self.post(f"{_API}/tickets/search", {"holder": holder})
        if isinstance(reply, NoReply):
            return reply
        try:
            items = Fields.of(json.loads(reply.body)).items("items")
            return tuple(Fields.of(item).data for item in items)
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)

    def upload(self, entries: Upload) -> UploadAnswer | NoReply:
        """Give the service a run of the journal."""
        reply = self.post(f"{_API}/scans/batch", entries.to_json())
        if isinstance(reply, NoReply):
            return reply
        try:
            return UploadAnswer.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)

    def knowledge(
        self, position: tuple[str, str] | None, now: datetime, *, limit: int = MOST_TICKETS
    ) -> Told | NoReply:
        """The next page after epoch and cursor, the first for None; at most `limit` tickets.

        `now` is the station's clock, aware. A place the service no longer knows is a
        `REFUSED` of status 410.
        """
        query = {"limit": str(limit)}
        if position is not None:
            query |= {"epoch": position[0], "cursor": position[1]}
        path = f"{_API}/station/knowledge?{urlencode(query)}"
        begun = time.monotonic()
        reply = self.call(Call("GET", path, None, self.timeout_s, _MOST_KNOWLEDGE_BYTES))
        took_s = time.monotonic() - begun
        if isinstance(reply, NoReply):
            return reply
        if reply.status != http.client.OK:
            return refused(reply)
        try:
            page = KnowledgePage.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)
        ahead = now + timedelta(seconds=took_s / 2) - page.server_time
        # A long page may have been on its way for longer than clocks differ.
        return Told(page, round(ahead.total_seconds() * 1_000) if took_s < _MOST_DOUBT_S else None)

    def pair(self, request: PairRequest) -> PairAnswer | NoReply:
        """Become a station of this service."""
        reply = self.post(f"{_API}/stations/pair", request.to_json())
        if isinstance(reply, NoReply):
            return reply
        try:
            return PairAnswer.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)

    def probe(self, now: datetime, condition: Condition | None = None) -> Pulse | NoReply:
        """Whether the service lives and this is still a station of it.

        `now` is the station's clock, aware; `condition` what it tells of itself. A
        signed-off station hears `REVOKED`.
        """
        path = f"{_API}/station{condition.query() if condition else ''}"
        begun = time.monotonic()
        reply = self.call(Call("GET", path, None, min(self.timeout_s, 2.0)))
        if isinstance(reply, NoReply):
            return reply
        if reply.status != http.client.OK:
            return refused(reply)
        half = (time.monotonic() - begun) / 2
        return _pulse(reply.body, now + timedelta(seconds=half))

    def _scan(self, path: str, body: dict[str, object], scan_id: str) -> ScanAnswer | NoReply:
        reply = self.post(_API + path, body)
        if isinstance(reply, NoReply):
            return reply
        try:
            answer = ScanAnswer.from_json(json.loads(reply.body))
        except (BadMessage, ValueError, RecursionError):
            return NoReply(Failure.BROKEN)
        # An answer to another question, or a verdict its reason cannot have, is rubbish.
        fits = answer.scan_id == scan_id and answer.verdict in VERDICTS_OF[answer.reason]
        return answer if fits else NoReply(Failure.BROKEN)


def _pulse(body: bytes, now: datetime) -> Pulse | NoReply:
    """What `GET /station` says; `now`: the station's clock when the service answered."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "station" not in told:
        return NoReply(Failure.BROKEN)  # another web server may say 200 to anything
    try:
        text = str(told.get("server_time"))
        ahead = now - datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return Pulse(None)
    return Pulse(round(ahead.total_seconds() * 1_000))
