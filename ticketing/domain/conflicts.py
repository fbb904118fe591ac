"""What two records of the same people cannot both be true about; in the domain room."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Reason

NOTE_LIMIT = 500
_ID_BYTES = 8


class ConflictKind(StrEnum):
    """Why people are inside whom the tickets do not account for."""

    DOUBLE_USE = "double_use"  # no use was left
    OVERRULED = "overruled"  # the service had refused, or would have
    SUPERSEDED_USED = "superseded_used"  # an older issue, although the newer one was out
    OVER_CAPACITY = "over_capacity"  # counted, but house or slot had no room
    FORK = "fork"  # one journal with two histories: a station was restored from an image
    UNKNOWN_TICKET = "unknown_ticket"  # signed, but not in these tables


class ConflictState(StrEnum):
    """Whether somebody has looked at it; only `open` can be closed."""

    OPEN = "open"
    EXPLAINED = "explained"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One record per extra scan; it is kept, and closing it changes no count.

    `counted` is the scan that was counted instead, if there is one; `extra` the one that
    was not (for `fork` the journal); `people_extra` came in with it. `reason` is what the
    service would have said.
    """

    id: str
    kind: ConflictKind
    ticket: TicketId | None
    counted: bytes | None
    extra: bytes
    reason: Reason | None
    people_extra: int
    found_at: datetime
    state: ConflictState = ConflictState.OPEN
    note: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None


def conflict_id(kind: ConflictKind, extra: bytes) -> str:
    """The id: the same finding has the same one, on whatever database it is found."""
    return "cf_" + hashlib.sha256(kind.value.encode() + b"\0" + extra).digest()[:_ID_BYTES].hex()


ANNULLED_NOTE = "annulled"
"""Why a conflict is over whose extra scan was taken back."""


def explained(conflict: Conflict, note: str, *, by: str | None, at: datetime) -> Conflict:
    """The conflict closed as explained; `at` aware UTC."""
    return replace(conflict, state=ConflictState.EXPLAINED, note=note, closed_by=by, closed_at=at)
