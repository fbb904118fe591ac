"""What the gate wants recorded, as the bodies and columns of the journal. Pure.

The gate's room: no clock, no chance, no I/O. `online` says that the service has recorded
the same by itself, `owed` that it can know of the entry from the journal alone.
"""

from dataclasses import dataclass
from datetime import datetime

from scanner.events import (
    AnnulEntry,
    CountEntry,
    LateEntry,
    LinkEntry,
    OwnMove,
    ResolveEntry,
    ScanEntry,
)
from ticketing.wire.journal import (
    AnnulBody,
    Body,
    BootBody,
    ClockBody,
    CountBody,
    LateBody,
    LinkBody,
    ResolveBody,
    ScanBody,
    SyncBody,
)
from ticketing.wire.verdict import Basis

Chained = ScanEntry | ResolveEntry | AnnulEntry | CountEntry | LateEntry | LinkEntry
Note = BootBody | ClockBody | SyncBody
"""What the station says of itself."""


@dataclass(frozen=True, slots=True)
class Written:
    """One entry: its body, and what stands beside it in the file.

    `settles`: the scan (16 bytes) of which the service has turned out to know already.
    """

    body: Body
    at: datetime
    scan_id: bytes | None = None
    online: bool = False
    owed: bool = False
    own: OwnMove | None = None
    settles: bytes | None = None


def written(entry: Chained) -> Written:
    """An entry of the gate."""
    match entry:
        case ScanEntry():
            return _known(entry, _scan(entry))
        case ResolveEntry():
            return _known(entry, _resolve(entry))
        case AnnulEntry():
            scan_id = bytes.fromhex(entry.scan_id)
            return _known(entry, AnnulBody(scan_id=scan_id, reason=entry.reason, at=entry.at))
        case LateEntry():
            scan_id = bytes.fromhex(entry.scan_id)
            body = LateBody(scan_id=scan_id, service_verdict=entry.verdict, at=entry.at)
            # A disagreement has to reach the service, an agreement settles the scan.
            settles = scan_id if entry.agrees else None
            return Written(body, entry.at, scan_id, owed=not entry.agrees, settles=settles)
        case CountEntry():
            count = CountBody(delta=entry.delta, reason=entry.reason, at=entry.at)
            return Written(count, entry.at, owed=True)
        case LinkEntry():
            return Written(LinkBody(up=entry.is_up, at=entry.at), entry.at)


def noted(note: Note) -> Written:
    """What the station says of itself; nobody waits for it."""
    return Written(note, note.at)


def _known(entry: ScanEntry | ResolveEntry | AnnulEntry, body: Body) -> Written:
    online = entry.basis is Basis.ONLINE
    scan_id = bytes.fromhex(entry.scan_id)
    return Written(body, entry.at, scan_id, online=online, owed=not online, own=entry.own)


def _scan(entry: ScanEntry) -> ScanBody:
    return ScanBody(
        scan_id=bytes.fromhex(entry.scan_id),
        ticket=entry.ticket_id,
        issue=entry.issue,
        digest=entry.digest,
        text_class=entry.text_class,
        direction=entry.direction,
        people=entry.people,
        at=entry.at,
        mono_ms=entry.mono_ms,
        basis=entry.basis,
        verdict=entry.verdict,
        reason=entry.reason,
        checks=entry.checks,
        shown=entry.verdict,
    )


def _resolve(entry: ResolveEntry) -> ResolveBody:
    return ResolveBody(
        scan_id=bytes.fromhex(entry.scan_id),
        action=entry.action,
        checks=entry.checks,
        at=entry.at,
        shown=entry.shown,
        people=entry.people,
    )
