"""Who may do what: API keys, staff, stations; in the domain room."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ticketing.domain.ids import ApiKeyId, StaffId, StationId
from ticketing.domain.rights import RIGHTS, Right, Role
from ticketing.wire.texts import Localised

__all__ = [  # with the rights, so that callers need one module
    "CONNECTED_FOR",
    "RIGHTS",
    "ApiKey",
    "Right",
    "Role",
    "Scope",
    "Staff",
    "Station",
    "StationState",
    "Told",
]


class Scope(StrEnum):
    """What an API key may do; a key holds any number of them."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    OFFERS_READ = "offers:read"
    OFFERS_WRITE = "offers:write"
    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    SCANS_READ = "scans:read"
    SCANS_WRITE = "scans:write"
    GATE_OVERRIDE = "gate:override"
    CODES_READ = "codes:read"
    CODES_WRITE = "codes:write"
    CODES_REDEEM = "codes:redeem"  # check, redeem, release: what a till needs, and no list
    MESSAGES_WRITE = "messages:write"
    VISITORS_READ = "visitors:read"
    VISITORS_WRITE = "visitors:write"
    STATS_READ = "stats:read"
    WEBHOOKS_WRITE = "webhooks:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A program's key; the key itself is shown once and kept as a hash.

    `last_used_on` is a local day, None while nobody has used it.
    """

    id: ApiKeyId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    last_used_on: date | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A person who signs in."""

    id: StaffId
    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the person's role holds a right."""
        return right in RIGHTS[self.role]


class StationState(StrEnum):
    """Whether a station answers: heard of lately, not so, or out of service."""

    CONNECTED = "connected"
    SILENT = "silent"
    REVOKED = "revoked"


CONNECTED_FOR = timedelta(minutes=3)
"""A station is heard of every few seconds; that is noted once a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a station tells of itself, None where it says nothing.

    Its `version`, how many journal entries it has not sent yet, by how many milliseconds its
    clock is ahead of the service's, and the fingerprint of its key ring.
    """

    version: str | None = None
    unsent: int | None = None
    clock_diff_ms: int | None = None
    ring: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A paired gate PC; `public_key` is 32 raw bytes, `digest_key` 32 secret ones.

    `version`, `unsent`, `clock_diff_ms` and `ring` are what it last told (see `Told`).
    """

    id: StationId
    name: str
    gate: str
    gate_name: Localised
    public_key: bytes
    digest_key: bytes
    paired_at: datetime
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None
    version: str | None = None
    unsent: int | None = None
    clock_diff_ms: int | None = None
    ring: str | None = None

    def says_news(self, told: Told) -> bool:
        """Whether it tells anything that it had not told before."""
        before = (self.version, self.unsent, self.clock_diff_ms, self.ring)
        after = (told.version, told.unsent, told.clock_diff_ms, told.ring)
        return any(new not in {None, old} for old, new in zip(before, after, strict=True))

    def state(self, now: datetime) -> StationState:
        """Whether it answers, at a time (aware)."""
        if self.revoked_at is not None:
            return StationState.REVOKED
        seen_at = self.last_seen_at
        is_heard = seen_at is not None and now - seen_at < CONNECTED_FOR
        return StationState.CONNECTED if is_heard else StationState.SILENT
