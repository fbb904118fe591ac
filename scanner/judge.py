"""What the station thinks of a scan, with the one rule of admission and its own moves. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from scanner.events import Failure, JournalMove, OwnMove, ScanId
from scanner.post import Post
from scanner.reading import Reading, which_ticket
from scanner.screen import Result, by_service, by_station
from ticketing.wire.admission import (
    Decision,
    Known,
    Move,
    MoveKind,
    Moves,
    Terms,
    decide,
    decide_text,
    fold,
)
from ticketing.wire.admission import Gate as Place
from ticketing.wire.journal import Action
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

SETTLE_TIME = timedelta(minutes=5)
"""How long an attention may be settled (`protocol.md`, ATTENTION)."""
PASSED = frozenset({Verdict.ADMIT, Verdict.EXIT})
"""Somebody has gone through."""
OPEN = frozenset({Verdict.ATTENTION, Verdict.DISCOUNT})
"""Staff still have to settle it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One presentation.

    `asked_ms`: when the service was asked, monotonic; `action` and `settled` (what was
    shown before) are set while staff settle it; `people` how many come, if staff said so;
    `replaces` the scan that was annulled for that.
    """

    scan_id: ScanId
    reading: Reading
    direction: Direction
    at: datetime
    asked_ms: int
    action: Action | None = None
    settled: Result | None = None
    people: int | None = None
    replaces: str = ""


class Memory(Protocol):
    """Where the station's own moves stand: the journal."""

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        """Those of one ticket, oldest first."""
        ...


class Judge:
    """Judges scans by the station's own moves; `post` may change at any time."""

    def __init__(self, post: Post, memory: Memory) -> None:
        self.clock_ok = True
        self.post = post
        self._memory = memory

    def alone(self, scan: Scan, now: datetime, *, done: frozenset[Check] = frozenset()) -> Result:
        """The station's own verdict, with the checks that staff have made."""
        place = Place(
            id=self.post.gate,
            zone=self.post.zone,
            basis=Basis.OFFLINE,
            direction=scan.direction,
            people=scan.people,
            done=done,
            unsent_elsewhere=True,
            clock_ok=self.clock_ok,
        )
        decision = self._decision(scan.reading, now, place)
        return by_station(decision, now + SETTLE_TIME if decision.verdict in OPEN else None)

    def told(self, scan: Scan, answer: ScanAnswer, now: datetime) -> Result:
        """The service's verdict, with the number of people, which the answer leaves open."""
        ticket, claims = answer.ticket, scan.reading.claims
        party = ticket.party if ticket else claims.party if claims else 1
        which = which_ticket(scan.reading, ticket)
        moves = self._fold(which[0], now, party) if which else Moves()
        people = {
            Verdict.ADMIT: party - answer.remaining.people - moves.people_in_use,
            Verdict.ATTENTION: answer.remaining.people,
            Verdict.EXIT: moves.inside,
        }
        count = people.get(answer.verdict)
        return by_service(answer, 0 if count is None else max(1, count))

    def settled_alone(self, scan: Scan, failure: Failure, now: datetime) -> Result:
        """What a settled attention comes to when the service cannot or will not say."""
        before = scan.settled
        if failure is Failure.LAPSED:
            return _plain(Verdict.REFUSE, Reason.LAPSED)
        declines = scan.action is Action.DECLINE
        # Already resolved is said of the opposite only: the other thing has happened.
        if declines is not (failure is Failure.RESOLVED):
            return _plain(Verdict.REFUSE, Reason.DECLINED)
        if before is None or scan.reading.token is not None:
            return self.alone(scan, now, done=frozenset(before.checks if before else ()))
        # A code has no signature to judge again; the service has, and asked staff.
        if before.verdict is Verdict.DISCOUNT:
            return _plain(Verdict.DISCOUNT, Reason.OK_CODE)
        return _plain(Verdict.ADMIT, Reason.OK, people=before.people)

    def own_move(self, scan: Scan, result: Result, now: datetime) -> OwnMove | None:
        """The move that a verdict is for the station's own record, if it is one."""
        which = which_ticket(scan.reading, result.ticket)
        if which is None or result.verdict not in PASSED:
            return None
        ticket_id, issue = which
        move = Move(
            no=len(self._own(ticket_id)) + 1,
            scan_id=bytes.fromhex(scan.scan_id),
            kind=_kind(result),
            people=result.people,
            at=now,
            gate=self.post.gate,
        )
        return OwnMove(ticket_id, issue, move)

    def _decision(self, reading: Reading, now: datetime, place: Place) -> Decision:
        if reading.token is None:
            return decide_text(reading.classified, now, place)
        claims = reading.claims
        if claims is None:
            return decide(reading.token, Known(), now, place)
        own = self._own(claims.ticket_id)
        issue = max((one.issue for one in own), default=None)
        moves = self._fold(claims.ticket_id, now, claims.party)
        return decide(reading.token, Known(issue=issue, moves=moves), now, place)

    def _own(self, ticket_id: TicketId) -> tuple[OwnMove, ...]:
        return tuple(one.own for one in self._memory.moves_of(ticket_id))

    def _fold(self, ticket_id: TicketId, now: datetime, party: int) -> Moves:
        own = self._own(ticket_id)
        return fold((one.move for one in own), now, self.post.zone, terms=Terms(party))


def signed_off(result: Result) -> Result:
    """What a station that was signed off makes of its own verdict: a refusal stands."""
    if result.verdict is Verdict.REFUSE:
        return result
    return _plain(Verdict.ATTENTION, Reason.NEEDS_SERVICE)


def _plain(verdict: Verdict, reason: Reason, *, people: int = 0) -> Result:
    return Result(verdict=verdict, reason=reason, basis=Basis.OFFLINE, people=people)


def _kind(result: Result) -> MoveKind:
    if result.verdict is Verdict.EXIT:
        return MoveKind.EXIT
    return MoveKind.REENTRY if result.reason is Reason.OK_REENTRY else MoveKind.ENTRY
