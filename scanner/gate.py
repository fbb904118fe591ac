"""The gate: what a code in front of the camera leads to. No clock, no chance, no I/O.

Events go in (`Gate.handle`), effects come out in the order in which they are to be done:
a verdict is recorded before it is shown. One code in view is one scan; only after it has
been out of sight for a while is it a new presentation. Codes wait their turn while one is
being judged. If the service is silent the station decides by itself with the same rule,
from the barcode and its own moves; an answer that comes later is recorded and never
changes a shown verdict in silence.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import singledispatchmethod

from scanner.events import (
    Action,
    Answer,
    Ask,
    AskSettle,
    ClockJudged,
    Effect,
    Event,
    Failure,
    ForeignCount,
    LateEntry,
    LinkDown,
    LinkEntry,
    LinkState,
    LinkUp,
    Moment,
    NoAnswer,
    OwnMove,
    Record,
    ResolveEntry,
    ScanEntry,
    ScanId,
    Seen,
    Settle,
    Show,
    Sound,
    Step,
    Switch,
    Typed,
)
from scanner.judge import OPEN, PASSED, Judge, Post, Scan, signed_off
from scanner.memory import Memory
from scanner.reading import Reading, identify, which_ticket
from scanner.screen import Alert, Face, Result, Screen
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.textclass import TextClass
from ticketing.wire.verdict import Basis, Direction, Reason

_MAX_WAITING = 8
_MAX_LATE = 64
_LINK_AFTER = {
    Failure.REVOKED: LinkState.REVOKED,
    Failure.UNREACHABLE: LinkState.DOWN,
    Failure.TIMEOUT: LinkState.DOWN,
    Failure.BROKEN: LinkState.DOWN,
    Failure.SERVER: LinkState.DOWN,
}


@dataclass(frozen=True, slots=True)
class _Turn:
    """A code that waits to be judged; a deliberate one (typed) waits for nothing else."""

    reading: Reading
    scan_id: ScanId
    deliberate: bool


class Gate:
    """The state of one gate; `memory` is what the station knows and has in its journal.

    `link` is the state of the way to the service, `inside` the last number of people in
    the house that the service told.
    """

    def __init__(self, post: Post, memory: Memory) -> None:
        self.link = LinkState.UNKNOWN
        self.inside: int | None = None
        self.screen = Screen()
        self._post = post
        self._judge = Judge(post, memory)
        self._now = Moment(datetime.min.replace(tzinfo=UTC), 0)
        self._out: list[Effect] = []
        self._shown: Scan | None = None
        self._shown_ms = self._alert_ms = 0
        self._pending: dict[Step, Scan] = {}
        self._present: dict[str, int] = {}
        self._waiting: deque[_Turn] = deque()
        self._late: dict[tuple[ScanId, Step], tuple[Scan, Result]] = {}

    def handle(self, event: Event, moment: Moment) -> tuple[Effect, ...]:
        """What to do about an event, in this order; the effects of the last one are done.

        Raises nothing.
        """
        self._judge.settle()
        self._now, self._out = moment, []
        self._take(event)
        self._forget_gone()
        self._keep_deadlines()
        while self._may_start():
            self._start(self._waiting.popleft())
        return tuple(self._out)

    # ------------------------------------------------------------ events

    @singledispatchmethod
    def _take(self, event: Event) -> None:
        """A tick has no news of its own: what time brings is looked at after every event."""

    @_take.register
    def _(self, event: Seen) -> None:
        for sighting in event.sightings:
            reading = identify(sighting.text, self._post.ring, self._post.digest_key)
            known = reading.key in self._present
            if known or self._enqueue(_Turn(reading, sighting.scan_id, deliberate=False)):
                self._present[reading.key] = self._now.mono_ms

    @_take.register
    def _(self, event: Typed) -> None:
        reading = identify(event.text, self._post.ring, self._post.digest_key)
        # A hand scanner fires twice, or beside the camera: still one presentation.
        busy = {turn.reading.key for turn in self._waiting}
        busy.update(scan.reading.key for scan in self._pending.values())
        busy.add(self._shown.reading.key if self._shown else "")
        again = reading.key in self._present and reading.key in busy
        if again or self._enqueue(_Turn(reading, event.scan_id, deliberate=True)):
            self._present[reading.key] = self._now.mono_ms

    @_take.register
    def _(self, event: Answer) -> None:
        self._set_link(LinkState.UP)
        self.inside = event.answer.inside
        late = self._late.pop((event.scan_id, event.step), None)
        if late is not None:
            self._take_late(*late, event.answer)
        scan = self._take_pending(event.scan_id, event.step)
        if scan is not None:
            self._conclude(scan, self._judge.told(scan, event.answer, self._now.at))

    @_take.register
    def _(self, event: NoAnswer) -> None:
        self._hear(_LINK_AFTER.get(event.failure, self.link))
        self._late.pop((event.scan_id, event.step), None)
        scan = self._take_pending(event.scan_id, event.step)
        if scan is not None:
            self._conclude(scan, self._alone(scan, event.failure))

    @_take.register
    def _(self, event: LinkUp) -> None:
        was_up = self.link is LinkState.UP
        self._hear(LinkState.UP)
        scan, result = self._open_scan(), self.screen.result
        if scan and result and result.reason is Reason.NEEDS_SERVICE and not was_up:
            # The service alone can judge it, and now it is there.
            self._waiting.append(_Turn(scan.reading, event.fresh, deliberate=True))

    @_take.register
    def _(self, event: LinkDown) -> None:
        self._hear(_LINK_AFTER.get(event.failure, LinkState.DOWN))

    @_take.register
    def _(self, event: Settle) -> None:
        shown, result = self._open_scan(), self.screen.result
        if shown is None or result is None or self._pending or not self.screen.may_settle:
            return
        if shown.scan_id != event.scan_id:
            return
        now = self._now.mono_ms
        scan = replace(shown, action=event.action, settled=result, asked_ms=now)
        if result.basis is Basis.ONLINE and self.link is not LinkState.DOWN:
            self._pending[Step.SETTLE] = scan
            self._out.append(AskSettle(scan.scan_id, event.action, result.checks))
        else:
            self._conclude(scan, self._alone(scan, Failure.UNREACHABLE))

    @_take.register
    def _(self, event: Switch) -> None:
        leaving = event.direction is Direction.EXIT
        direction = Direction.EXIT if leaving else Direction.ENTRY
        self._show(replace(self.screen, direction=direction))

    @_take.register
    def _(self, event: ClockJudged) -> None:
        self._judge.clock_ok = event.ok

    # ------------------------------------------------------------ time and turns

    def _enqueue(self, turn: _Turn) -> bool:
        """Whether the code has been taken up; a full row drops it until it is seen again."""
        if turn.reading.kind is TextClass.FOREIGN:
            self._take_foreign(turn)
            return True
        if len(self._waiting) >= _MAX_WAITING:
            return False
        self._waiting.append(turn)
        return True

    def _take_foreign(self, turn: _Turn) -> None:
        """Counted and hinted at; a student card beside an open check hides nothing."""
        self._out.append(Record(ForeignCount(self._now.at)))
        is_free = self._open_scan() is None and not self._is_held(2 * self._post.gone_ms)
        if turn.deliberate or is_free:
            self._show_blank(Face.FOREIGN, hint=turn.reading.hint)

    def _forget_gone(self) -> None:
        oldest = self._now.mono_ms - self._post.gone_ms
        self._present = {key: at for key, at in self._present.items() if at >= oldest}
        self._waiting = deque(
            turn for turn in self._waiting if turn.deliberate or turn.reading.key in self._present
        )

    def _keep_deadlines(self) -> None:
        for step, scan in tuple(self._pending.items()):
            if self._now.mono_ms - scan.asked_ms >= self._post.deadline_ms:
                self._decide_overdue(step, scan)
        is_stale = self._now.mono_ms - self._alert_ms >= self._post.alert_ms
        if self.screen.alert is not None and is_stale:
            self._show(replace(self.screen, alert=None))
        if self.screen.may_settle and not self._pending and self._open_scan() is None:
            self._show(replace(self.screen, may_settle=False, has_lapsed=True))

    def _decide_overdue(self, step: Step, scan: Scan) -> None:
        result = self._alone(scan, Failure.TIMEOUT)
        patient = self._now.mono_ms - scan.asked_ms < self._post.patience_ms
        if result.reason is Reason.NEEDS_SERVICE and patient and not self._waiting:
            # Nothing could be said but "ask the service", and that is being done.
            if self.screen.face is not Face.WAITING:
                self._show_blank(Face.WAITING)
            return
        del self._pending[step]
        self._conclude(scan, result)
        self._late[scan.scan_id, step] = (scan, result)
        if len(self._late) > _MAX_LATE:
            del self._late[next(iter(self._late))]

    def _may_start(self) -> bool:
        if not self._waiting or self._pending:
            return False
        return self._waiting[0].deliberate or not self._is_held(self._post.hold_ms)

    def _is_held(self, least_ms: int) -> bool:
        """Whether what is shown must stay for now, so that staff can see it."""
        shown_for = self._now.mono_ms - self._shown_ms
        shown = self._open_scan()
        if shown is not None and shown.reading.key in self._present:
            return shown_for < self._post.attention_hold_ms
        is_fresh = self.screen.face is Face.VERDICT and shown_for < least_ms
        return is_fresh or bool(self._pending)

    def _start(self, turn: _Turn) -> None:
        now, direction = self._now, self.screen.direction
        scan = Scan(
            scan_id=turn.scan_id,
            reading=turn.reading,
            direction=direction,
            at=now.at,
            asked_ms=now.mono_ms,
        )
        if self.link is LinkState.DOWN:
            self._conclude(scan, self._alone(scan, Failure.UNREACHABLE))
            return
        self._pending[Step.SCAN] = scan
        self._out.append(Ask(scan.scan_id, turn.reading.text, direction, now.at))

    # ------------------------------------------------------------ judging

    def _alone(self, scan: Scan, failure: Failure) -> Result:
        if scan.action is None:
            result = self._judge.alone(scan, self._now.at)
        else:
            result = self._judge.settled_alone(scan, failure, self._now.at)
        # Whoever was signed off lets nobody in: only the service may have taken it back.
        return signed_off(result) if self.link is LinkState.REVOKED else result

    def _take_pending(self, scan_id: ScanId, step: Step) -> Scan | None:
        scan = self._pending.get(step)
        if scan is None or scan.scan_id != scan_id:
            return None
        return self._pending.pop(step)

    def _conclude(self, scan: Scan, result: Result) -> None:
        own = self._judge.own_move(scan, result, self._now.at)
        if own is not None:
            self._judge.remember(own)
        entry = _scan_entry if scan.action is None else _resolve_entry
        self._out.append(Record(entry(scan, result, own, self._now)))
        waits = scan.action is None and result.verdict in OPEN
        self._show_result(
            scan, result, may_settle=waits and result.reason is not Reason.NEEDS_SERVICE
        )

    def _take_late(self, scan: Scan, shown: Result, answer: ScanAnswer) -> None:
        agrees = answer.verdict is shown.verdict
        self._out.append(Record(LateEntry(scan.scan_id, answer.verdict, self._now.at, agrees)))
        open_scan = self._open_scan()
        if shown.verdict in PASSED and answer.verdict not in PASSED:
            self._alert_ms = self._now.mono_ms
            self._show(replace(self.screen, alert=Alert(answer.reason, scan.at)))
        elif open_scan is not None and open_scan.scan_id == scan.scan_id:
            self._adopt(scan, self._judge.told(scan, answer, self._now.at))

    def _adopt(self, scan: Scan, result: Result) -> None:
        """Nobody has gone through yet: what the service says now counts, and is heard."""
        if result.verdict in PASSED:
            self._conclude(replace(scan, action=Action.CONFIRM), result)
        else:
            self._show_result(scan, result, may_settle=result.verdict in OPEN)

    # ------------------------------------------------------------ screen and link

    def _open_scan(self) -> Scan | None:
        """The scan on the screen, as long as staff still have to settle it."""
        result = self.screen.result
        if result is None or result.verdict not in OPEN or self.screen.has_lapsed:
            return None
        if self._shown is None or self._shown.action is not None:
            return None
        is_late = result.until is not None and self._now.at >= result.until
        return None if is_late else self._shown

    def _show(self, screen: Screen) -> None:
        self.screen = screen
        self._out.append(Show(screen))

    def _show_blank(self, face: Face, *, hint: str = "") -> None:
        self._shown = None
        old = self.screen
        self._show(Screen(face=face, direction=old.direction, alert=old.alert, hint=hint))

    def _show_result(self, scan: Scan, result: Result, *, may_settle: bool) -> None:
        self._shown, self._shown_ms = scan, self._now.mono_ms
        screen = Screen(
            face=Face.VERDICT,
            scan_id=scan.scan_id,
            at=scan.at,
            direction=self.screen.direction,
            claims=scan.reading.claims,
            result=result,
            may_settle=may_settle,
            alert=self.screen.alert,
        )
        self._show(screen)
        self._out.append(Sound(result.verdict))

    def _hear(self, state: LinkState) -> None:
        """News of the line; a dead one does not make a signed-off station one again."""
        if self.link is not LinkState.REVOKED or state is LinkState.UP:
            self._set_link(state)

    def _set_link(self, state: LinkState) -> None:
        old, self.link = self.link, state
        is_up = state is LinkState.UP
        if state is not old and (is_up or old in {LinkState.UP, LinkState.UNKNOWN}):
            self._out.append(Record(LinkEntry(is_up, self._now.at)))


def _scan_entry(scan: Scan, result: Result, own: OwnMove | None, now: Moment) -> ScanEntry:
    which = which_ticket(scan.reading, result.ticket)
    return ScanEntry(
        scan_id=scan.scan_id,
        ticket_id=which[0] if which else None,
        issue=which[1] if which else None,
        digest=scan.reading.digest,
        text_class=scan.reading.kind.value,
        direction=scan.direction,
        people=result.people,
        at=scan.at,
        mono_ms=now.mono_ms,
        basis=result.basis,
        verdict=result.verdict,
        reason=result.reason,
        checks=result.checks,
        own=own,
    )


def _resolve_entry(scan: Scan, result: Result, own: OwnMove | None, now: Moment) -> ResolveEntry:
    return ResolveEntry(
        scan_id=scan.scan_id,
        action=scan.action or Action.CONFIRM,
        checks=scan.settled.checks if scan.settled else (),
        people=result.people,
        at=now.at,
        basis=result.basis,
        own=own,
    )
