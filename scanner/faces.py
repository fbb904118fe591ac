"""What a scan puts on the screen. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from dataclasses import replace

from scanner.judge import Scan
from scanner.screen import Face, Result, Screen
from ticketing.wire.verdict import Verdict


def verdict_screen(scan: Scan, result: Result, old: Screen, *, may_settle: bool) -> Screen:
    """A verdict; direction and amber line stay as they were on the `old` screen."""
    is_group = result.people + result.remaining_people > 1
    return Screen(
        face=Face.VERDICT,
        scan_id=scan.scan_id,
        at=scan.at,
        direction=old.direction,
        claims=scan.reading.claims,
        result=result,
        may_settle=may_settle,
        may_change=result.verdict is Verdict.ADMIT and is_group,
        replaces=scan.replaces,
        alert=old.alert,
    )


def annulled_screen(scan: Scan, result: Result, old: Screen) -> Screen:
    """A scan that was taken back, with what it had been: nothing can be done about it here."""
    shown = verdict_screen(scan, result, old, may_settle=False)
    return replace(shown, face=Face.ANNULLED, may_change=False, replaces="")


def blank_screen(face: Face, old: Screen, *, hint: str = "") -> Screen:
    """No scan at all: something to wait for, a foreign text, a notice."""
    return Screen(face=face, direction=old.direction, alert=old.alert, hint=hint)
