"""Questions the service has not answered in time: its answer may still come. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from scanner.events import ScanId, Step
from scanner.judge import Scan
from scanner.screen import Result

_MOST = 64


class Late:
    """What was shown instead, by the question; the oldest is forgotten when there are many."""

    def __init__(self) -> None:
        self._shown: dict[tuple[ScanId, Step], tuple[Scan, Result]] = {}

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
