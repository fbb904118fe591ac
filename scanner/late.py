"""Scans of which the service may still say something else than what was shown. Pure.

A question it has not answered in time, and a refusal that a supervisor may overrule there.

The gate's room: no clock, no chance, no I/O.
"""

from collections.abc import Collection
from dataclasses import replace

from scanner.events import ScanId, Step
from scanner.judge import Scan
from scanner.screen import Result, may_overrule
from ticketing.wire.journal import Action

_MOST = 64


class Late:
    """What was shown instead, by the question; the oldest is forgotten when there are many."""

    def __init__(self) -> None:
        self._shown: dict[tuple[ScanId, Step], tuple[Scan, Result]] = {}
        self._refused: dict[ScanId, tuple[Scan, Result]] = {}

    def __len__(self) -> int:
        return len(self._shown)

    def expect(self, scan: Scan, step: Step, shown: Result) -> None:
        """The station has decided by itself."""
        self._shown[scan.scan_id, step] = (scan, shown)
        if len(self._shown) > _MOST:
            del self._shown[next(iter(self._shown))]

    def take(self, scan_id: ScanId, step: Step) -> tuple[Scan, Result] | None:
        """What was shown, once; None: nobody waits for this answer."""
        return self._shown.pop((scan_id, step), None)

    def refuse(self, scan: Scan, shown: Result) -> None:
        """A verdict was shown: if it may be overruled, a supervisor may yet say so."""
        if may_overrule(shown):
            self._refused[scan.scan_id] = (scan, shown)
        if len(self._refused) > _MOST:
            del self._refused[next(iter(self._refused))]

    def overruled(self, scan_id: ScanId, step: Step) -> Scan | None:
        """The scan a supervisor has overruled, as one that staff settle; once."""
        found = self._refused.pop(scan_id, None) if step is Step.OVERRIDE else None
        return found and replace(found[0], action=Action.CONFIRM, settled=found[1])

    def forget(self, lost: Collection[ScanId]) -> None:
        """Nothing was shown of these scans: whatever the service says contradicts nothing."""
        self._shown = {key: one for key, one in self._shown.items() if key[0] not in lost}
        self._refused = {key: one for key, one in self._refused.items() if key not in lost}
