"""What the station thinks of a scan, with the one rule of admission and what it remembers. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scanner.events import Failure, OwnMove, ScanId
from scanner.memory import Memory, Recollection
from scanner.post import Post
from scanner.reading import Reading, which_ticket
from scanner.screen import Result, by_station
from ticketing.wire.admission import (
    Decision,
    Known,
    Move,
    MoveKind,
    Moves,
    OfferRule,
    Terms,
    decide,
    decide_text,
    fold,
)
from ticketing.wire.admission import Gate as Place
from ticketing.wire.journal import Action
from ticketing.wire.namebox import open_name
from ticketing.wire.sync_api import KnownTicket
from ticketing.wire.token import Claims, TicketId, Token
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict
from ticketing.wire.window import local_day

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
    shown before) are set while staff settle it; `people`: how many come, None for all;
    `replaces`: the scan that was annulled for another number.
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


class Judge:
    """Judges scans by what the station remembers: what the service told, and its own moves."""

    def __init__(self, post: Post, memory: Memory) -> None:
        self.clock_ok = True
        self.post = post
        self._memory = memory
        self._fresh: list[OwnMove] = []

    def remember(self, own: OwnMove | None) -> None:
        """Know a move, if it is one, that is not in the journal yet, until `settle`."""
        if own is not None:
            self._fresh.append(own)

    def settle(self) -> None:
        """What was to be recorded is in the journal now: the memory knows it."""
        self._fresh.clear()

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
            read_at=scan.at,
        )
        remembered = self._recall_reading(scan.reading)
        decision = self._decision(scan.reading, now, place, remembered=remembered)
        until = now + SETTLE_TIME if decision.verdict in OPEN else None
        return by_station(decision, until, holder=_holder(scan.reading, remembered))

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
        own = self._recall(ticket_id).own
        move = Move(
            no=max((one.move.no for one in own), default=0) + 1,
            scan_id=bytes.fromhex(scan.scan_id),
            kind=_kind(result),
            people=result.people,
            at=now,
            gate=self.post.gate,
        )
        return OwnMove(ticket_id, issue, move)

    def _decision(
        self, reading: Reading, now: datetime, place: Place, *, remembered: Recollection
    ) -> Decision:
        if reading.token is None:
            return decide_text(reading.classified, now, place)
        claims = reading.claims
        if claims is None:
            return decide(reading.token, Known(), now, place)
        house = self._memory.house()
        is_closed = house is not None and house.is_closed(claims.offer, now, self.post.zone)
        known = self._known(remembered, claims, now)
        return decide(reading.token, known, now, replace(place, closed=is_closed))

    def _known(self, remembered: Recollection, claims: Claims, now: datetime) -> Known:
        told, rule = remembered.known, self._rule(claims)
        issues = [one.issue for one in remembered.own] + ([told.issue] if told else [])
        party = told.party if told else claims.party
        terms = Terms(party, reentry=rule is not None and rule.reentry)
        plain = Known(
            issue=max(issues, default=None),
            offer=rule,
            moves=moves_of(remembered, now, self.post.zone, terms=terms),
        )
        if told is None:
            return plain
        return replace(
            plain,
            state=told.state,
            not_before=told.not_before,
            not_after=told.not_after,
            party=told.party,
            registered=True,
        )

    def _moves(
        self, ticket_id: TicketId, now: datetime, claims: Claims | None, party: int
    ) -> Moves:
        rule = None if claims is None else self._rule(claims)
        terms = Terms(party, reentry=rule is not None and rule.reentry)
        return moves_of(self._recall(ticket_id), now, self.post.zone, terms=terms)

    def _rule(self, claims: Claims) -> OfferRule | None:
        house = self._memory.house()
        offer = None if house is None else house.offers.get(claims.offer)
        return None if offer is None else offer.rule

    def _recall_reading(self, reading: Reading) -> Recollection:
        claims = reading.claims
        return Recollection() if claims is None else self._recall(claims.ticket_id)

    def _recall(self, ticket_id: TicketId) -> Recollection:
        found = self._memory.recall(ticket_id)
        fresh = tuple(one for one in self._fresh if one.ticket_id == ticket_id)
        return replace(found, own=found.own + fresh) if fresh else found


def moves_of(remembered: Recollection, now: datetime, zone: ZoneInfo, *, terms: Terms) -> Moves:
    """What the row and the own moves beside it add up to as of `now`."""
    base, own = _base(remembered.known), [one.move for one in remembered.own]
    for undone in remembered.undone:
        base = _without(base, undone.move, party=terms.party)
    if base.entered_at is None:
        return fold(own, now, zone, terms=terms, base=base)
    # Of an earlier day than the row's last entry: uses then, nothing of today.
    day = local_day(base.entered_at, zone)
    older = [move for move in own if local_day(move.at, zone) < day]
    newer = [move for move in own if local_day(move.at, zone) >= day]
    uses = base.uses + fold(older, now, zone, terms=terms).uses
    return fold(newer, now, zone, terms=terms, base=replace(base, uses=uses))


def _base(known: KnownTicket | None) -> Moves:
    """The moves behind a row, added up; figures of a day end with that of the last entry."""
    if known is None:
        return Moves()
    kind = MoveKind.EXIT if known.has_left else MoveKind.ENTRY
    return Moves(
        last_no=known.last_move_no,
        uses=known.uses_total,
        uses_today=known.uses_today,
        people_in_use=known.people_today,
        inside=known.inside,
        last_kind=None if known.last_in_at is None else kind,
        first_at=known.first_in_at,
        first_gate=known.first_in_gate,
        last_at=known.last_in_at,
        last_gate=known.last_in_gate,
        entered_at=known.last_in_at,
    )


def _without(base: Moves, move: Move, *, party: int) -> Moves:
    """What is left without a move of the last use, as far as sums can tell."""
    if move.kind is MoveKind.EXIT:
        return replace(base, inside=base.inside + move.people, last_kind=MoveKind.ENTRY)
    inside = max(0, base.inside - move.people)
    if move.kind is not MoveKind.ENTRY:
        return replace(base, inside=inside)
    left = max(0, base.people_in_use - move.people)
    if left:
        return replace(base, inside=inside, people_in_use=left)
    # Nobody else has come in on that use: there was none, or the one before was complete.
    uses, today = max(0, base.uses - 1), max(0, base.uses_today - 1)
    return replace(
        base,
        inside=inside,
        uses=uses,
        uses_today=today,
        people_in_use=party if today else 0,
        entered_at=base.entered_at if today else None,
    )


def _holder(reading: Reading, remembered: Recollection) -> str:
    """The name, if the service has told its box and the barcode that opens it is here."""
    told, token = remembered.known, reading.token
    if told is None or told.box is None or not isinstance(token, Token):
        return ""
    return open_name(token.raw, told.box) or ""


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
