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
class Terms:
    """What of a ticket decides how its moves add up: persons per use, its slot, re-entry."""

    party: int
    slot: Window | None = None
    reentry: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """What the moves of a ticket add up to at a time.

    `last_no` counts annulled rows too (the next row is last + 1). `people_in_use`: persons
    of the use that is open today, or in this slot, who have come in; `use_open` whether one
    is. `inside`: persons of the last use who have not left. `first_*` belong to the first
    entry of the last use, `last_*` to the last move, `entered_at` to the last entry or
    re-entry. `doubled` counts entries, with re-entry on, of somebody who was inside already.
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
    entered_at: datetime | None = None
    doubled: int = 0


def fold(
    moves: Iterable[Move],
    now: datetime,
    zone: ZoneInfo,
    *,
    terms: Terms,
    base: Moves | None = None,
) -> Moves:
    """The moves of one ticket, added up as of `now`.

    Ordered by `at`; an annul takes back the earlier moves of its scan. An entry joins the
    open use while the party is not complete, otherwise it opens the next: so rows need not
    say which. A use is open for one local day of `zone`, or as long as its slot. With
    re-entry an entry is a coming back where somebody is outside, whatever it was taken for:
    the exit may have arrived later than the entry behind it.

    `base` is what earlier moves added up to, where only their sum is known.
    """
    rows = sorted(moves, key=lambda move: (move.at, move.no))
    if not rows and base is None:  # nearly every scan asks about a ticket nobody has used
        return Moves()
    annulled_by = {move.scan_id: move.no for move in rows if move.kind is MoveKind.ANNUL}
    folder = _Folder(zone, terms, base or Moves())
    for move in rows:
        if move.kind is not MoveKind.ANNUL and move.no >= annulled_by.get(move.scan_id, 0):
            folder.add(move)
    last_no = max((move.no for move in rows), default=0)
    return replace(folder.result(now), last_no=max(last_no, base.last_no if base else 0))


class _Folder:
    """The running sum; a period is a local day, or the ticket's slot."""

    def __init__(self, zone: ZoneInfo, terms: Terms, base: Moves) -> None:
        self._zone = zone
        self._terms = terms
        self._party = max(terms.party, 1)
        self._sum = base
        self._period = None if base.entered_at is None else self._period_of(base.entered_at)
        self._uses_in_period = base.uses_today

    def add(self, move: Move) -> None:
        if move.kind is MoveKind.EXIT:
            self._sum = replace(self._sum, inside=max(0, self._sum.inside - move.people))
        elif self._period_of(move.at) != self._period:
            self._period, self._uses_in_period = self._period_of(move.at), 0
            self._open(move, inside=0)
        elif move.kind is MoveKind.REENTRY or self._comes_back(move):
            self._return(move)
        elif self._sum.people_in_use + move.people > self._party:
            self._open(move, inside=self._sum.inside)
        else:
            people = self._sum.people_in_use + move.people
            inside = self._sum.inside + move.people
            self._sum = replace(self._sum, people_in_use=people, inside=inside)
        if move.kind is not MoveKind.EXIT:
            self._sum = replace(self._sum, entered_at=move.at)
        self._sum = replace(self._sum, last_kind=move.kind, last_at=move.at, last_gate=move.gate)

    def result(self, now: datetime) -> Moves:
        if self._period is not None and self._period == self._period_of(now):
            return replace(self._sum, use_open=True, uses_today=self._uses_in_period)
        return replace(self._sum, use_open=False, uses_today=0, people_in_use=0)

    def _comes_back(self, move: Move) -> bool:
        joins = self._sum.people_in_use + move.people <= self._party
        has_room = self._sum.inside + move.people <= self._party
        return self._terms.reentry and has_room and not joins

    def _return(self, move: Move) -> None:
        """Who comes back had left, seen or not: the party does not grow by it."""
        if self._sum.inside + move.people > self._party:
            self._sum = replace(self._sum, doubled=self._sum.doubled + 1)
        inside = max(self._sum.inside, min(self._sum.inside + move.people, self._party))
        people = max(self._sum.people_in_use, inside)
        self._sum = replace(self._sum, inside=inside, people_in_use=people)

    def _open(self, move: Move, *, inside: int) -> None:
        self._uses_in_period += 1
        is_doubled = self._terms.reentry and inside + move.people > self._party
        self._sum = replace(
            self._sum,
            uses=self._sum.uses + 1,
            people_in_use=move.people,
            inside=inside + move.people,
            doubled=self._sum.doubled + is_doubled,
            first_at=move.at,
            first_gate=move.gate,
        )

    def _period_of(self, at: datetime) -> date | Window:
        slot = self._terms.slot
        return slot if slot is not None and slot.holds(at) else local_day(at, self._zone)
