"""The accepted changes of a ticket, and what they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from ticketing.wire.window import Window, local_day


class MoveKind(StrEnum):
    """An entry opens a use or joins the open one; a re-entry follows an exit."""

    ENTRY = "entry"
    REENTRY = "reentry"
    EXIT = "exit"
    ANNUL = "annul"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a ticket's record.

    `no` counts from 1 per ticket; `at` is the corrected scan time, aware; `gate` an id.
    An annul carries the `scan_id` of the scan it annuls.
    """

    no: int
    scan_id: bytes
    kind: MoveKind
    people: int
    at: datetime
    gate: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What the moves of a ticket add up to at a time.

    `last_no` counts annulled rows too (the next row is last + 1). `people_in_use`: persons
    of the use that is open today, or in this slot, who have come in; `use_open` whether one
    is. `inside`: persons of the last use who have not left. `first_*` belong to the first
    entry of the last use, `last_*` to the last move.
    """

    last_no: int = 0
    uses: int = 0
    uses_today: int = 0
    people_in_use: int = 0
    use_open: bool = False
    inside: int = 0
    last_kind: MoveKind | None = None
    first_at: datetime | None = None
    first_gate: str | None = None
    last_at: datetime | None = None
    last_gate: str | None = None


def fold(
    moves: Iterable[Move], now: datetime, zone: ZoneInfo, *, party: int, slot: Window | None = None
) -> Moves:
    """The moves of one ticket, added up as of `now`.

    Ordered by `at`, annulled scans dropped. An entry joins the open use while the party
    (persons per use) is not complete, otherwise it opens the next: so rows need not say
    which. A use is open for one local day of `zone`, or as long as its slot.
    """
    rows = sorted(moves, key=lambda move: (move.at, move.no))
    annulled = {move.scan_id for move in rows if move.kind is MoveKind.ANNUL}
    folder = _Folder(zone, slot, max(party, 1))
    for move in rows:
        if move.scan_id not in annulled:
            folder.add(move)
    last_no = max((move.no for move in rows), default=0)
    return replace(folder.result(now), last_no=last_no)


class _Folder:
    """The running sum; a period is a local day, or the ticket's slot."""

    def __init__(self, zone: ZoneInfo, slot: Window | None, party: int) -> None:
        self._zone = zone
        self._slot = slot
        self._party = party
        self._period: date | Window | None = None
        self._uses_in_period = 0
        self._sum = Moves()

    def add(self, move: Move) -> None:
        if move.kind is MoveKind.ENTRY:
            self._enter(move)
        elif move.kind is MoveKind.REENTRY:
            # Who comes back had left, seen or not: the party does not grow by it.
            inside = min(self._sum.inside + move.people, self._party)
            inside = max(self._sum.inside, inside)
            people = max(self._sum.people_in_use, inside)
            self._sum = replace(self._sum, inside=inside, people_in_use=people)
        else:
            self._sum = replace(self._sum, inside=max(0, self._sum.inside - move.people))
        self._sum = replace(self._sum, last_kind=move.kind, last_at=move.at, last_gate=move.gate)

    def result(self, now: datetime) -> Moves:
        if self._period is not None and self._period == self._period_of(now):
            return replace(self._sum, use_open=True, uses_today=self._uses_in_period)
        return replace(self._sum, people_in_use=0)

    def _enter(self, move: Move) -> None:
        period = self._period_of(move.at)
        if period != self._period:
            self._period, self._uses_in_period = period, 0
            self._open(move, inside=0)
        elif self._sum.people_in_use + move.people > self._party:
            self._open(move, inside=self._sum.inside)
        else:
            people = self._sum.people_in_use + move.people
            inside = self._sum.inside + move.people
            self._sum = replace(self._sum, people_in_use=people, inside=inside)

    def _open(self, move: Move, *, inside: int) -> None:
        self._uses_in_period += 1
        self._sum = replace(
            self._sum,
            uses=self._sum.uses + 1,
            people_in_use=move.people,
            inside=inside + move.people,
            first_at=move.at,
            first_gate=move.gate,
        )

    def _period_of(self, at: datetime) -> date | Window:
        if self._slot is not None and self._slot.holds(at):
            return self._slot
        return local_day(at, self._zone)
