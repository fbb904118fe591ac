"""Who may do what: API keys, staff, stations; in the domain room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ticketing.domain.ids import ApiKeyId, StaffId, StationId
from ticketing.wire.texts import Localised


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
    CODES_READ = "codes:read"
    CODES_WRITE = "codes:write"
    MESSAGES_WRITE = "messages:write"
    VISITORS_READ = "visitors:read"
    VISITORS_WRITE = "visitors:write"
    STATS_READ = "stats:read"
    WEBHOOKS_WRITE = "webhooks:write"


class Role(StrEnum):
    """What a person of the staff is there for."""

    DESK = "desk"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A program's key; the key itself is shown once and kept as a hash."""

    id: ApiKeyId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A person who signs in."""

    id: StaffId
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A paired gate PC; `public_key` is 32 raw bytes, `digest_key` 32 secret ones."""

    id: StationId
    name: str
    gate: str
    gate_name: Localised
    public_key: bytes
    digest_key: bytes
    paired_at: datetime
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None
