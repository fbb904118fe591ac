"""What reaches the gate and what it wants done: events in, effects out. Pure data.

The gate's room: no clock, no chance, no I/O. Times come with a `Moment`, scan ids are
drawn by the station and travel with the events.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from scanner.post import Post
from scanner.screen import Screen
from ticketing.wire.journal import Action
from ticketing.wire.moves import Move
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

ScanId = NewType("ScanId", str)
"""32 lower-case hexadecimal digits, drawn by the station."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened: aware UTC for records, monotonic milliseconds for waiting.

    The wall clock may jump; how long a code was out of sight must not.
    """

    at: datetime
    mono_ms: int


class Failure(StrEnum):
    """Why the service gave no answer that can be used."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    REVOKED = "revoked"
    BUSY = "busy"
    SERVER = "server"
    REFUSED = "refused"
    RESOLVED = "already_resolved"
    LAPSED = "lapsed"
    LATER_MOVES = "has_later_moves"


class LinkState(StrEnum):
    """What is known of the way to the service."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"
    REVOKED = "revoked"


LINK_AFTER: Final[Mapping[Failure, LinkState]] = MappingProxyType(
    {
        Failure.REVOKED: LinkState.REVOKED,
        Failure.UNREACHABLE: LinkState.DOWN,
        Failure.TIMEOUT: LinkState.DOWN,
        Failure.BROKEN: LinkState.DOWN,
        Failure.SERVER: LinkState.DOWN,
    }
)
"""What a failure tells of the line; the others tell nothing."""


class Step(StrEnum):
    """What the service was asked: to judge a scan, settle it, take it back, or overrule it."""

    SCAN = "scan"
    SETTLE = "settle"
    ANNUL = "annul"
    OVERRIDE = "override"


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Sighting:
    """A text in the picture, with the id its scan would have if it is a new one."""

    text: str
    scan_id: ScanId


@dataclass(frozen=True, slots=True)
class Seen:
    """All texts of one frame; none is an event too, it says that codes have left."""

    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """A text of the hand scanner, the keyboard, or a dropped picture."""

    text: str
    scan_id: ScanId


@dataclass(frozen=True, slots=True)
class Answer:
    """The service's answer, in time or late."""

    scan_id: ScanId
    step: Step
    answer: ScanAnswer


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The service will not answer this question any more."""

    scan_id: ScanId
    step: Step
    failure: Failure


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The service answers; `fresh` is for a scan that waits to be asked again."""

    fresh: ScanId


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The service was probed in vain."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Settle:
    """Staff confirm or decline what is shown; a press meant for another scan does nothing."""

    scan_id: ScanId
    action: Action


@dataclass(frozen=True, slots=True)
class Switch:
    """Entry or exit from now on."""

    direction: Direction


@dataclass(frozen=True, slots=True)
class ClockJudged:
    """Whether the station's clock can be believed."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Annul:
    """Staff take back the last admit or exit of this station."""


@dataclass(frozen=True, slots=True)
class People:
    """More (or fewer, negative) people came with the ticket that was just admitted.

    `fresh` is for the scan that takes the place of the old one.
    """

    delta: int
    fresh: ScanId


@dataclass(frozen=True, slots=True)
class Count:
    """People without a ticket came in (or, negative, went out); `reason` is a fixed word."""

    delta: int
    reason: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What this gate trusts and where it stands, as the service tells it now."""

    post: Post


Event = (
    Seen
    | Typed
    | Answer
    | NoAnswer
    | Tick
    | LinkUp
    | LinkDown
    | Settle
    | Switch
    | ClockJudged
    | Annul
    | People
    | Count
    | Learned
)

# ---------------------------------------------------------------- what is recorded


@dataclass(frozen=True, slots=True)
class OwnMove:
    """A move this station has let happen; `issue` is that of the barcode shown."""

    ticket_id: TicketId
    issue: int
    move: Move


@dataclass(frozen=True, slots=True)
class JournalMove:
    """An own move as it stands in the journal.

    `n`: the number of its entry; `is_online`: the service had recorded it by then; `of`:
    the number of the scan it settles, if that is in another entry; `is_told`: the service
    has answered for it.
    """

    n: int
    is_online: bool
    own: OwnMove
    of: int | None = None
    is_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanEntry:
    """A scan and what was shown for it. No text, no name.

    `ticket_id` and `issue` are what the barcode says, None for codes; `digest` has 16 bytes.
    """

    scan_id: ScanId
    ticket_id: TicketId | None
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
    own: OwnMove | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveEntry:
    """Staff settled an attention; `shown` is the verdict that came of it.

    `basis` tells whether the service knows of it.
    """

    scan_id: ScanId
    action: Action
    checks: tuple[Check, ...]
    people: int
    at: datetime
    basis: Basis
    shown: Verdict
    own: OwnMove | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnulEntry:
    """Staff took a scan back; `own` is the move that takes its move back, if it had one."""

    scan_id: ScanId
    reason: str
    at: datetime
    basis: Basis
    own: OwnMove | None = None


@dataclass(frozen=True, slots=True)
class CountEntry:
    """People without a ticket, or who left without a scan: `delta` may be negative."""

    delta: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LateEntry:
    """The service's verdict came after the station had shown its own; `agrees` with it."""

    scan_id: ScanId
    verdict: Verdict
    at: datetime
    agrees: bool


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """The way to the service opened or closed."""

    is_up: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ForeignCount:
    """A text that is none of ours: counted for its hour, nothing else is kept."""

    at: datetime


Entry = ScanEntry | ResolveEntry | AnnulEntry | CountEntry | LateEntry | LinkEntry | ForeignCount

# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Record:
    """Write and sync before anything that follows."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Show:
    """Put this on the screen."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a verdict, once."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the service to judge a scan."""

    scan_id: ScanId
    text: str
    direction: Direction
    at: datetime
    people: int | None = None


@dataclass(frozen=True, slots=True)
class AskSettle:
    """Ask the service to settle an attention."""

    scan_id: ScanId
    action: Action
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class AskAnnul:
    """Ask the service to take a scan back."""

    scan_id: ScanId
    reason: str


Effect = Record | Show | Sound | Ask | AskSettle | AskAnnul
