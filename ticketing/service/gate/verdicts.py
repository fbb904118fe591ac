"""Writing what came of settling a scan: move, conflict, scan, passages; in the service room."""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain.accounts import Station
from ticketing.domain.conflicts import (
    ANNULLED_NOTE,
    Conflict,
    conflict_id,
    explained,
)
from ticketing.domain.settling import (
    PASSED,
    RESOLVABLE,
    Count,
    CountExtra,
    CountPeople,
    Known,
    Mark,
    Outcome,
    Record,
    Store,
    TakeBack,
    Told,
    has_later,
    standing_moves,
)
from ticketing.service.gate import discounts, records
from ticketing.service.gate.passages import Passages
from ticketing.service.ports import House
from ticketing.store import conflicts, moves, tickets
from ticketing.store import scans as rows
from ticketing.store.facts import Facts
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import Decision
from ticketing.wire.journal import ResolveBody
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.sync_api import Result
from ticketing.wire.verdict import Basis, Check, Reason, TicketState, Verdict

LATE_EXIT_NOTE = "the exit arrived later"


class Beaten(Exception):  # noqa: N818  not an error: the transaction is done again
    """A gate was faster with a move or a scan."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an entry; `detail` is the conflict's id or why it was rejected."""

    result: Result = Result.ACCEPTED
    detail: str | None = None
    scan_id: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A scan that is settled: what is known, what is told, its row as it would be or is."""

    facts: Facts
    told: Told
    fresh: Scan
    resolve: ResolveBody | None = None


class Writer:
    """Writes outcomes within the caller's transaction; `passages` are to be written last."""

    def __init__(self, unit: Unit, house: House, *, station: Station, now: datetime) -> None:
        self._unit = unit
        self._station = station
        self._now = now
        self.passages = Passages(house, now=now)

    def write(self, case: Case, record: Record, outcome: Outcome) -> Settled:
        """Do what the rule says.

        Raises:
            Beaten: a gate was faster; nothing of this transaction may be kept.
        """
        told = case.told
        match outcome:
            case Known():
                self._agree(case, record)
            case Mark():
                self._mark(case.facts, case.facts.scan or case.fresh, told.shown)
            case TakeBack():
                self._take_back(case)
            case Store():
                self._store(case, record)
            case Count(move):
                self._move(case, move)
                self._keep(case, record, self._passed(case, move))
                self._pass(case, people=_signed(told), move=move)
            case CountPeople():
                self._keep(case, record, self._passed(case, None))
                self._pass(case, people=_signed(told))
            case CountExtra():
                return self._extra(case, record, outcome)
        return Settled(scan_id=told.scan_id)

    def tell(self, case: Case) -> None:
        """Note what was shown, and nothing else."""
        told = case.told
        diff_ms = case.fresh.diff_ms
        rows.tell(self._unit, case.fresh.scan_id, shown=told.shown, diff_ms=diff_ms)

    def bury(self, tombstone: Scan) -> None:
        """Leave a tombstone for a scan that may still come."""
        if not rows.add(self._unit, tombstone):
            raise Beaten

    def annul(self, facts: Facts, found: Scan, *, why: str, by: str | None, at: datetime) -> None:
        """Take a scan back as its staff did; once more changes nothing.

        After a later move of the ticket it is only marked.
        """
        record = records.record_of(found)
        if record is Record.ANNULLED:
            return
        if record is Record.PASSED and has_later(standing_moves(facts.moves), found.scan_id):
            self._mark(facts, found, Verdict.REFUSE)
            return
        if record is Record.PASSED:
            self._let_out(facts, found, at=at)
        gone = records.annulled(found, why=why, by=by, at=at)
        self._settle(found, gone)
        discounts.give_back(self._unit, found, at=at)

    def count_after_all(self, case: Case, move: MoveKind, conflict: Conflict) -> None:
        """Write the move of people who are counted already, and close what reported them."""
        found = case.fresh
        self._move(case, move)
        self._settle(found, replace(found, decision=replace(found.decision, move=move)))
        if move is MoveKind.ENTRY:
            self.passages.came(case.told.people, slot=case.facts.slot)
        conflicts.close(self._unit, self._explained(conflict, LATE_EXIT_NOTE))

    # -------------------------------------------------------- parts of the above
    def _mark(self, facts: Facts, found: Scan, shown: Verdict) -> None:
        """Note that nobody passed by a scan; its move stays, later ones rest on it."""
        if records.is_marked(found):
            return
        self._uncount(found, found.decision.people, own=_own(facts, found))
        self._settle(found, replace(found, shown=shown, why=records.MARKED))

    def _store(self, case: Case, record: Record) -> None:
        """Keep what nobody passed by: a question, a refusal, a code that staff redeemed."""
        is_code = discounts.is_code(case.fresh) and record in RESOLVABLE
        if is_code and case.resolve is not None and case.told.shown is Verdict.DISCOUNT:
            self._redeem(case)
            return
        declined = Decision(Verdict.REFUSE, Reason.DECLINED)
        self._keep(case, record, declined if case.resolve else case.fresh.decision)

    def _redeem(self, case: Case) -> None:
        """Staff have redeemed a code while the service was away: it is judged as of then."""
        found, told, resolve = case.facts.scan, case.told, case.resolve
        if found is None or resolve is None:
            return
        facts = discounts.with_kept(self._unit, case.facts)
        decision = discounts.decide(facts.code, detail="", now=told.at)
        settled = replace(
            records.resolved(case.fresh, told, resolve, decision), state=ScanState.CONFIRMED
        )
        self._settle(found, settled)
        if not discounts.redeem(self._unit, facts, settled, at=told.at):
            raise Beaten

    def _agree(self, case: Case, record: Record) -> None:
        """Both say the same, but perhaps not of as many people: those who came in count."""
        found, told = case.facts.scan, case.told
        if found is None:
            return
        people = _present(found)
        was_alone = case.fresh.basis is Basis.OFFLINE and found.basis is Basis.ONLINE
        is_other = was_alone and case.resolve is None
        now_in = told.people if is_other or records.is_marked(found) else people
        if record is not Record.PASSED or told.shown not in PASSED or now_in == people:
            if found.shown is not told.shown:
                self.tell(case)
            return
        self.passages.inside(_sign(told.shown) * (now_in - people), at=told.at)
        decision = replace(found.decision, people=now_in)
        new = replace(found, decision=decision, people=now_in, shown=told.shown, why=None)
        self._settle(found, replace(new, diff_ms=case.fresh.diff_ms))

    def _take_back(self, case: Case) -> None:
        found = case.facts.scan
        if found is None:  # there is nothing to take back without a record
            return
        self._let_out(case.facts, found, at=case.told.at)
        gone = records.annulled(found, why=records.RETRACTED, by=None, at=case.told.at)
        shown = replace(gone, shown=case.told.shown, diff_ms=case.fresh.diff_ms)
        self._settle(found, shown)

    def _let_out(self, facts: Facts, found: Scan, *, at: datetime) -> None:
        """Annul the move of a scan, and uncount the people it brought, with or without one."""
        own = _own(facts, found)
        if own is not None:
            self._add_move(facts, replace(own, kind=MoveKind.ANNUL, at=at))
            if own.kind is MoveKind.ENTRY:
                self.passages.came(-own.people, slot=facts.slot)
        extra = conflicts.of_scan(self._unit, found.scan_id)
        brought = max((one.people_extra for one in extra), default=0)
        people = _present(found) if found.decision.verdict in PASSED else brought
        self._uncount(found, people, own=own)
        for one in extra:
            conflicts.close(self._unit, self._explained(one, ANNULLED_NOTE))

    def _uncount(self, found: Scan, people: int, *, own: Move | None) -> None:
        """Take people off the day on which they were counted."""
        verdict = found.decision.verdict if found.decision.verdict in PASSED else found.shown
        at = found.settled_at or records.happened_at(found)
        self.passages.inside(-_sign(verdict) * people, at=at if own is None else own.at)

    def _explained(self, conflict: Conflict, note: str) -> Conflict:
        return explained(conflict, note, by=self._station.id, at=self._now)

    def _move(self, case: Case, kind: MoveKind) -> None:
        told, ticket = case.told, case.facts.ticket
        move = Move(0, told.scan_id, kind, told.people, told.at, told.gate)
        self._add_move(case.facts, move)
        is_unpaid = ticket is not None and ticket.state is TicketState.UNPAID
        if ticket is not None and is_unpaid and Check.PAYMENT in told.done:
            tickets.set_state(self._unit, ticket.id, TicketState.VALID, at=told.at)

    def _add_move(self, facts: Facts, move: Move) -> None:
        ticket = facts.ticket
        last = max((one.no for one in facts.moves), default=0)
        is_written = ticket is not None and moves.add(
            self._unit,
            replace(move, no=last + 1),
            ticket_id=ticket.id,
            issue=ticket.issue,
            state=ticket.state,
        )
        if not is_written:
            raise Beaten

    def _keep(self, case: Case, record: Record, decision: Decision) -> None:
        """Write the scan: new, settled by staff, or only what was shown."""
        found = case.facts.scan
        if found is None:
            fresh = replace(case.fresh, decision=decision)
            if not rows.add(self._unit, fresh):
                raise Beaten
        elif case.resolve is not None and record in RESOLVABLE:
            self._settle(found, records.resolved(case.fresh, case.told, case.resolve, decision))
        else:
            self.tell(case)

    def _settle(self, found: Scan, settled: Scan) -> None:
        if not rows.settle(self._unit, settled, was=ScanState(found.state)):
            raise Beaten

    def _passed(self, case: Case, move: MoveKind | None) -> Decision:
        told = case.told
        if case.resolve is None:
            reason = case.fresh.decision.reason
        else:
            reason = Reason.OK_REENTRY if move is MoveKind.REENTRY else Reason.OK
        return Decision(told.shown, reason, people=told.people, move=move)

    def _pass(self, case: Case, *, people: int, move: MoveKind | None = None) -> None:
        told, facts = case.told, case.facts
        ticket = None if facts.ticket is None else facts.ticket.id
        if move is MoveKind.ENTRY:
            self.passages.came(people, slot=facts.slot, scan_id=told.scan_id, ticket=ticket)
        scan_id = told.scan_id if move is not None else None
        self.passages.inside(people, at=told.at, scan_id=scan_id, ticket=ticket)

    def _extra(self, case: Case, record: Record, outcome: CountExtra) -> Settled:
        told = case.told
        conflict = Conflict(
            id=conflict_id(outcome.kind, told.scan_id),
            kind=outcome.kind,
            ticket=case.fresh.ticket,
            counted=outcome.counted,
            extra=told.scan_id,
            reason=outcome.reason,
            people_extra=told.people,
            found_at=self._now,
        )
        is_asked = record is Record.ASKED  # the service would have refused by now
        refused = Decision(Verdict.REFUSE, outcome.reason)
        self._keep(case, record, refused if is_asked else self._passed(case, None))
        if conflicts.add(self._unit, conflict):
            self._pass(case, people=told.people)
        return Settled(Result.CONFLICT, conflict.id, told.scan_id)


def _own(facts: Facts, found: Scan) -> Move | None:
    """The move that a scan has written and that still counts."""
    standing = standing_moves(facts.moves)
    return next((move for move in standing if move.scan_id == found.scan_id), None)


def _present(found: Scan) -> int:
    """How many people are counted for a scan that passed."""
    return 0 if records.is_marked(found) else found.decision.people


def _sign(verdict: Verdict | None) -> int:
    return -1 if verdict is Verdict.EXIT else 1


def _signed(told: Told) -> int:
    return _sign(told.shown) * told.people
