"""What the gate has recorded of a scan. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from scanner.events import Moment, OwnMove, ResolveEntry, ScanEntry
from scanner.judge import Scan
from scanner.reading import which_ticket
from scanner.screen import Result
from ticketing.wire.journal import Action
from ticketing.wire.verdict import Basis


def entry_of(
    scan: Scan, result: Result, own: OwnMove | None, now: Moment
) -> ScanEntry | ResolveEntry:
    """The entry of a verdict: of the scan itself, or of how staff have settled it."""
    if scan.action is None:
        return _scan_entry(scan, result, own, now)
    return _resolve_entry(scan, result, own, now)


def _scan_entry(scan: Scan, result: Result, own: OwnMove | None, now: Moment) -> ScanEntry:
    which = which_ticket(scan.reading, result.ticket)
    return ScanEntry(
        scan_id=scan.scan_id,
        ticket_id=which[0] if which else None,
        issue=which[1] if which else None,
        digest=scan.reading.digest,
        text_class=scan.reading.kind.value,
        direction=scan.direction,
        people=result.people,
        at=scan.at,
        mono_ms=now.mono_ms,
        basis=result.basis,
        verdict=result.verdict,
        reason=result.reason,
        checks=result.checks,
        own=own,
    )


def _resolve_entry(scan: Scan, result: Result, own: OwnMove | None, now: Moment) -> ResolveEntry:
    return ResolveEntry(
        scan_id=scan.scan_id,
        action=scan.action or Action.CONFIRM,
        checks=scan.settled.checks if scan.settled else (),
        people=result.people,
        at=now.at,
        # Without what was settled it is a late answer that staff did not wait for: the service
        # does not know yet that it counted.
        basis=result.basis if scan.settled else Basis.OFFLINE,
        shown=result.verdict,
        own=own,
    )
