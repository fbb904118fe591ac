"""What could not be recorded has not happened: what the service made of it is taken back.

A station that cannot write (a full disk) shows nobody a verdict, but the service may have
let somebody in by the same scan, or still do so while its answer is on the way. Without an
annul the ticket would be used up, and its holder refused at the next gate.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from scanner.events import Effect, Failure, Record, ResolveEntry, ScanEntry, ScanId
from scanner.judge import PASSED
from scanner.link import Link, NoReply
from ticketing.wire.journal import Action
from ticketing.wire.verdict import Basis

NOT_RECORDED: Final = "not_recorded_at_gate"
_MOST: Final = 64
_SAID: Final = frozenset(
    {Failure.REFUSED, Failure.RESOLVED, Failure.LAPSED, Failure.LATER_MOVES, Failure.REVOKED}
)
"""The service has answered, and will not say anything else."""

log = logging.getLogger("scanner")


def lost_scans(undone: Iterable[Effect]) -> tuple[ScanId, ...]:
    """The scans whose verdict was to be recorded, or what staff made of it."""
    return tuple(one.scan_id for one in _verdicts(undone))


def given_away(undone: Iterable[Effect]) -> tuple[ScanId, ...]:
    """Those of them by which the service may let somebody in, or have done so.

    Where the station decided by itself nobody knows what the service has done with the
    question; where the service refused, or staff declined, there is nothing to take back.
    """
    return tuple(one.scan_id for one in _verdicts(undone) if _may_have_passed(one))


class GivingBack:
    """Annuls that are owed to the service, until it has answered; may be used by all threads."""

    def __init__(self, link: Link, submit: Callable[[Callable[[], None]], object]) -> None:
        """Work is given to `submit`, which does it in some other thread."""
        self._link = link
        self._submit = submit
        self._owed: dict[ScanId, None] = {}
        self._lock = threading.Lock()
        self._is_working = threading.Lock()

    @property
    def is_owed(self) -> bool:
        """Whether anything is left to be taken back."""
        return bool(self._owed)

    def owe(self, scan_ids: Iterable[ScanId]) -> None:
        """Take these back, now or when the service answers; the oldest are forgotten of many."""
        with self._lock:
            self._owed |= dict.fromkeys(scan_ids)
            while len(self._owed) > _MOST:
                del self._owed[next(iter(self._owed))]
        self.remind()

    def remind(self) -> None:
        """The service may answer now."""
        if self.is_owed:
            with suppress(RuntimeError):  # the station is stopping
                self._submit(self._work)

    def _work(self) -> None:
        if not self._is_working.acquire(blocking=False):
            return  # somebody is at it; what is left waits for the next reminder
        try:
            while (scan_id := self._next()) is not None and self._is_done(scan_id):
                with self._lock:
                    self._owed.pop(scan_id, None)
        finally:
            self._is_working.release()

    def _next(self) -> ScanId | None:
        with self._lock:
            return next(iter(self._owed), None)

    def _is_done(self, scan_id: ScanId) -> bool:
        """Whether the service has answered: a scan it has not heard of will never count now."""
        reply = self._link.annul(scan_id, NOT_RECORDED)
        return not isinstance(reply, NoReply) or reply.failure in _SAID


def _verdicts(undone: Iterable[Effect]) -> list[ScanEntry | ResolveEntry]:
    entries = [effect.entry for effect in undone if isinstance(effect, Record)]
    return [entry for entry in entries if isinstance(entry, ScanEntry | ResolveEntry)]


def _may_have_passed(entry: ScanEntry | ResolveEntry) -> bool:
    if isinstance(entry, ResolveEntry):
        is_admit = entry.shown in PASSED or entry.basis is Basis.OFFLINE
        return is_admit and entry.action is Action.CONFIRM
    return entry.verdict in PASSED or entry.basis is Basis.OFFLINE
