"""What a station showed and what the service has recorded, settled; in the domain room.

The table is `protocol.md`'s, SETTLING. Pure and total: `settle` looks at a scan, its record
and its ticket as of the corrected time of the scan, and says what is to be done. Whoever
passed is counted inside, whatever comes out; a use is spent only where one is left.

| shown, record    | none                       | passed             | refused, or a question |
|---|---|---|---|
| admit, exit      | `Count`, or `CountExtra`   | `Known`            | `CountExtra` overruled |
| anything else    | `Store`                    | `TakeBack`, `Mark` | `Known`                |
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from ticketing.domain.conflicts import ConflictKind
from ticketing.wire.moves import Move, MoveKind, Terms, fold
from ticketing.wire.verdict import Check, Reason, TicketState, Verdict
from ticketing.wire.window import local_day

PASSED = frozenset({Verdict.ADMIT, Verdict.EXIT})
"""Verdicts behind which somebody goes through."""


class Record(StrEnum):
    """What the service has of a scan.

    A question waits for staff, or has lapsed: `asked` is the service's, `question` the
    station's own. `retracted` is a pass that the service took back by itself, because the
    station had shown none. All three may still be resolved.
    """

    NONE = "none"
    ASKED = "asked"
    QUESTION = "question"
    PASSED = "passed"
    REFUSED = "refused"
    RETRACTED = "retracted"
    ANNULLED = "annulled"


RESOLVABLE = frozenset({Record.ASKED, Record.QUESTION, Record.RETRACTED})
"""Records that staff may still settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A scan as its station tells it.

    `at` is the corrected time, aware; `shown` the verdict that was shown last, `reason`
    why; `done` are the checks that staff made; `is_resolve` whether staff settled a
    question with it.
    """

    scan_id: bytes
    shown: Verdict
    reason: Reason
    people: int
    at: datetime
    gate: str
    issue: int | None = None
    done: frozenset[Check] = frozenset()
    is_resolve: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the service has of the ticket; times aware; `entries` 0 is unlimited."""

    state: TicketState
    state_at: datetime
    issue: int
    issued_at: datetime
    entries: int
    per_day: int | None
    pay_at_desk: bool
    terms: Terms
    moves: tuple[Move, ...]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Known:
    """Nothing is to be done: both sides say the same."""


@dataclass(frozen=True, slots=True)
class Store:
    """Keep the scan; nobody went through."""


@dataclass(frozen=True, slots=True)
class Count:
    """Write the move; the people are inside, or outside."""

    move: MoveKind


@dataclass(frozen=True, slots=True)
class CountPeople:
    """Count who passed, without a move: there is nothing to write one for."""


@dataclass(frozen=True, slots=True)
class CountExtra:
    """Count who passed as persons, spend no use, and report it."""

    kind: ConflictKind
    reason: Reason
    counted: bytes | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Annul the recorded pass: nobody was let in by it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Only note what was shown: later moves of the ticket rest on the recorded one."""


Outcome = Known | Store | Count | CountPeople | CountExtra | TakeBack | Mark


def settle(told: Told, record: Record, holding: Holding | None, *, said: Reason) -> Outcome:
    """What is to be done about a scan; `said` is the reason the service gave, if it did.

    `holding` is None where the service does not know the ticket.
    """
    if told.shown not in PASSED:
        return _not_shown(told, record, holding)
    if record is Record.NONE or (record in RESOLVABLE and told.is_resolve):
        found = _counted(told, holding)
        return _overruled(found) if record is Record.ASKED else found
    if record in {Record.PASSED, Record.ANNULLED, Record.RETRACTED}:
        return Known()
    if told.shown is Verdict.EXIT:
        return CountPeople()
    return CountExtra(ConflictKind.OVERRULED, said)


def standing_moves(moves: Iterable[Move]) -> tuple[Move, ...]:
    """The moves that hold: without annuls and what they took back; in their own order."""
    rows = tuple(moves)
    annulled: dict[bytes, int] = {}
    for move in rows:
        if move.kind is MoveKind.ANNUL:
            annulled[move.scan_id] = max(move.no, annulled.get(move.scan_id, 0))
    return tuple(
        move
        for move in rows
        if move.kind is not MoveKind.ANNUL and move.no > annulled.get(move.scan_id, 0)
    )


def excess(holding: Holding, move: Move, *, done: frozenset[Check] = frozenset()) -> Reason | None:
    """Why a move would be one too many, or None: it is tried in its place among the others.

    Later moves are recorded already, perhaps, and a move that fits at its own time may make
    one of them too many.
    """
    old = standing_moves(holding.moves)
    new = (*old, move)
    terms, zone = holding.terms, holding.zone
    before, after = (fold(rows, move.at, zone, terms=terms) for rows in (old, new))
    if Check.INSIDE not in done and after.doubled > before.doubled:
        return Reason.STILL_INSIDE
    too_many = move.people > max(1, terms.party)
    if too_many or (holding.entries and after.uses > max(holding.entries, before.uses)):
        return Reason.ALREADY_USED
    if holding.per_day is None:
        return None
    was, would_be = (_uses_of_period(holding, rows, move.at) for rows in (old, new))
    return Reason.USED_TODAY if would_be > max(holding.per_day, was) else None


# ------------------------------------------------------------ cells of the table
def _not_shown(told: Told, record: Record, holding: Holding | None) -> Outcome:
    if record is Record.NONE:
        return Store()
    if record in {Record.ASKED, Record.QUESTION} and told.is_resolve:
        return Store()
    if record is not Record.PASSED:
        return Known()
    moves = () if holding is None else standing_moves(holding.moves)
    return Mark() if has_later(moves, told.scan_id) else TakeBack()


def has_later(moves: Iterable[Move], scan_id: bytes) -> bool:
    """Whether the ticket has moved on since the move of a scan."""
    rows = tuple(moves)
    own = max((move.no for move in rows if move.scan_id == scan_id), default=None)
    return own is not None and any(move.no > own for move in rows)


def _counted(told: Told, holding: Holding | None) -> Outcome:
    if told.shown is Verdict.EXIT:
        return CountPeople() if holding is None else Count(MoveKind.EXIT)
    if holding is None:
        return CountExtra(ConflictKind.UNKNOWN_TICKET, Reason.UNKNOWN_TICKET)
    is_freed = told.reason is Reason.OK_OVERRIDE  # a supervisor answers for it
    found = None if is_freed else _forbidden(told, holding)
    if found is not None:
        return found
    move = _move(told, holding)
    reason = excess(holding, move, done=told.done)
    if reason is None:
        return Count(move.kind)
    if is_freed:
        return CountPeople()
    return CountExtra(ConflictKind.DOUBLE_USE, reason, _counted_instead(told, holding))


def _overruled(found: Outcome) -> Outcome:
    """Staff answered the service's own question: a refusal that results was overruled."""
    if isinstance(found, CountExtra):
        return replace(found, kind=ConflictKind.OVERRULED)
    return found


def _forbidden(told: Told, holding: Holding) -> CountExtra | None:
    """Why nobody should have come in by this ticket then, in the order of the rules."""
    state = holding.state if told.at >= holding.state_at else TicketState.VALID
    if state in {TicketState.REVOKED, TicketState.BLOCKED}:
        return CountExtra(ConflictKind.OVERRULED, Reason(state.value))
    issue = holding.issue if told.issue is None else told.issue
    if issue < holding.issue and told.at >= holding.issued_at:
        counted = _counted_instead(told, holding)
        return CountExtra(ConflictKind.SUPERSEDED_USED, Reason.SUPERSEDED, counted)
    is_paid = holding.pay_at_desk and Check.PAYMENT in told.done
    if state is TicketState.UNPAID and not is_paid:
        return CountExtra(ConflictKind.OVERRULED, Reason.UNPAID)
    return None


def _move(told: Told, holding: Holding) -> Move:
    returns = told.reason in {Reason.OK_REENTRY, Reason.STILL_INSIDE} or Check.INSIDE in told.done
    is_return = holding.terms.reentry and returns
    last = max((move.no for move in holding.moves), default=0)
    kind = MoveKind.REENTRY if is_return else MoveKind.ENTRY
    return Move(last + 1, told.scan_id, kind, told.people, told.at, told.gate)


def _counted_instead(told: Told, holding: Holding) -> bytes | None:
    """The scan of the entry that lies nearest: the one whoever asks will want to see."""
    entries = [m for m in standing_moves(holding.moves) if m.kind is not MoveKind.EXIT]
    nearest = min(entries, key=lambda move: (abs(move.at - told.at), move.no), default=None)
    return None if nearest is None else nearest.scan_id


def _uses_of_period(holding: Holding, moves: Iterable[Move], at: datetime) -> int:
    """Uses on the local day, or in the slot, of a time: others do not bear on it."""
    terms, zone = holding.terms, holding.zone

    def period(when: datetime) -> object:
        is_in_slot = terms.slot is not None and terms.slot.holds(when)
        return terms.slot if is_in_slot else local_day(when, zone)

    rows = (move for move in moves if period(move.at) == period(at))
    return fold(rows, at, zone, terms=terms).uses_today
