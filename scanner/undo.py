"""Taking back the last admit or exit of this station. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scanner.events import AnnulEntry, Failure, OwnMove, People, ScanId
from scanner.judge import Scan
from scanner.screen import Result
from scanner.turns import Turn
from ticketing.wire.moves import MoveKind
from ticketing.wire.verdict import Basis

ANNUL_TIME_MS: Final = 15 * 60_000
"""How long a scan may be taken back, by the monotonic clock (`design.md`, Clocks)."""
BY_STAFF: Final = "annulled_at_gate"
OTHER_COUNT: Final = "other_number_of_people"
_ALONE: Final = frozenset(
    {Failure.UNREACHABLE, Failure.TIMEOUT, Failure.BROKEN, Failure.SERVER, Failure.BUSY}
)


@dataclass(frozen=True, slots=True)
class Passed:
    """Who has gone through last: the scan, what was shown, the move, when (monotonic)."""

    scan: Scan
    result: Result
    own: OwnMove | None
    at_ms: int

    def is_old(self, now_ms: int) -> bool:
        """Whether it is too late to take it back."""
        return now_ms - self.at_ms > ANNUL_TIME_MS


@dataclass(frozen=True, slots=True)
class Job:
    """What is being taken back; `then` is the scan that takes its place, if one does."""

    passed: Passed
    then: Turn | None = None

    @property
    def reason(self) -> str:
        """Why, as a fixed word for the record."""
        return OTHER_COUNT if self.then else BY_STAFF

    def notice(self, failure: Failure | None, now_ms: int) -> str:
        """What to say instead of doing it; empty: it is done, by the service or here."""
        if failure is None:
            return ""
        if failure in _ALONE:
            return "old" if self.passed.is_old(now_ms) else ""
        return "later" if failure is Failure.LATER_MOVES else "refused"

    def entry(self, failure: Failure | None, now: datetime) -> AnnulEntry:
        """What is recorded of it: without a failure the service has done it."""
        basis = Basis.ONLINE if failure is None else Basis.OFFLINE
        scan_id, own = self.passed.scan.scan_id, self.passed.own
        taken = own and _taken_back(own, now)
        return AnnulEntry(scan_id=scan_id, reason=self.reason, at=now, basis=basis, own=taken)


class Undo:
    """Who has gone through last, what is being taken back, and what staff want after that."""

    def __init__(self) -> None:
        self.passed: Passed | None = None
        self.job: Job | None = None
        self._wish: People | None = None

    def last(self) -> Job | None:
        """Taking back the last one; None if there is none."""
        return Job(self.passed) if self.passed else None

    def changed(self, event: People, shown: Scan) -> Job | None:
        """Taking back what is shown for another number of people; None: nothing to do."""
        if self.job is not None:
            self.wish(event)
            return None
        passed = self.passed
        if passed is None or passed.scan.scan_id != shown.scan_id:
            return None
        people = _people_wanted(passed.result, event.delta)
        return Job(passed, _again(shown, event, people)) if people != passed.result.people else None

    def done(self, job: Job) -> None:
        """It is taken back, and so is what staff could do about it."""
        if self.passed is job.passed:
            self.passed = None

    def forget(self, lost: Collection[ScanId]) -> None:
        """Nobody has gone through by these scans."""
        if self.passed is not None and self.passed.scan.scan_id in lost:
            self.passed = None

    def end(self) -> Job:
        """What was being taken back; there must be something."""
        job, self.job = self.job, None
        if job is None:  # pragma: no cover  the gate asks while an annul is pending
            raise LookupError
        return job

    def wish(self, event: People) -> None:
        """Staff press again while a change is on its way: presses are added up."""
        before = self._wish.delta if self._wish else 0
        self._wish = People(before + event.delta, event.fresh)

    def wished(self) -> People | None:
        """What staff have pressed meanwhile, once."""
        wish, self._wish = self._wish, None
        return wish


def _people_wanted(result: Result, delta: int) -> int:
    """How many come after all: at least one, at most those who were still to come."""
    return min(max(1, result.people + delta), result.people + result.remaining_people)


def _again(scan: Scan, event: People, people: int) -> Turn:
    """The same code once more, with another number of people."""
    return Turn(
        scan.reading,
        event.fresh,
        deliberate=True,
        people=people,
        replaces=scan.scan_id,
        direction=scan.direction,
    )


def _taken_back(own: OwnMove, now: datetime) -> OwnMove:
    move = replace(own.move, no=own.move.no + 1, kind=MoveKind.ANNUL, at=now)
    return replace(own, move=move)
