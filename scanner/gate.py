"""The gate: what a code in front of the camera leads to. No clock, no chance, no I/O.

Events go in (`Gate.handle`), effects come out in the order in which they are to be done:
a verdict is recorded before it is shown. One code in view is one scan; only after it has
been out of sight for a while is it a new presentation. Codes wait their turn while one is
being judged. If the service is silent the station decides by itself with the same rule,
from the barcode and its own moves; an answer that comes later is recorded and never
changes a shown verdict in silence.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import singledispatchmethod

from scanner.entries import entry_of
from scanner.events import (
    LINK_AFTER,
    Annul,
    Answer,
    Ask,
    AskAnnul,
    AskSettle,
    ClockJudged,
    Count,
    CountEntry,
    Effect,
    Event,
    Failure,
    ForeignCount,
    LateEntry,
    Learned,
    LinkDown,
    LinkEntry,
    LinkState,
    LinkUp,
    Moment,
    NoAnswer,
    People,
    Record,
    ScanId,
    Seen,
    Settle,
    Step,
    Switch,
    Typed,
)
from scanner.judge import OPEN, PASSED, Judge, Scan, signed_off
from scanner.late import Late
from scanner.memory import Memory
from scanner.post import Post
from scanner.reading import identify
from scanner.screen import Alert, Face, Result, Screen, by_service
from scanner.stage import Stage
from scanner.turns import Turn, Turns
from scanner.undo import Job, Passed, Undo
from ticketing.wire.journal import Action
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.textclass import TextClass
from ticketing.wire.verdict import Basis, Direction, Reason


class Gate:
    """The state of one gate; `memory` knows what has been recorded so far.

    `post` is where it stands; `link` the state of the way to the service; `inside` the last
    number of people in the house that the service told, with who was counted by hand since;
    `counted` all that were counted by hand here.
    """

    def __init__(self, post: Post, memory: Memory) -> None:
        self.link = LinkState.UNKNOWN
        self.inside: int | None = None
        self.counted = 0
        self.post = post
        self._judge = Judge(post, memory)
        self._now = Moment(datetime.min.replace(tzinfo=UTC), 0)
        self._out: list[Effect] = []
        self._stage = Stage()
        self._pending: dict[Step, Scan] = {}
        self._turns = Turns()
        self._undo = Undo()
        self._late = Late()

    @property
    def screen(self) -> Screen:
        """What is shown."""
        return self._stage.screen

    def handle(self, event: Event, moment: Moment) -> tuple[Effect, ...]:
        """What to do about an event, in order, once the last effects are done; raises nothing."""
        # The station judges by what is recorded: what it only remembered so far now is.
        self._judge.settle()
        self._now, self._out = moment, []
        self._take(event)
        self._turns.forget_gone(moment.mono_ms - self.post.gone_ms)
        self._keep_deadlines()
        while self._may_start():
            self._start(self._turns.take())
        return tuple(self._out)

    def unrecorded(self, lost: Collection[ScanId]) -> None:
        """What was decided of these scans could not be recorded, so it has not happened.

        Nobody was let in: there is nobody to take back, and nobody to look for either when
        the service says something else of them later.
        """
        self._undo.forget(lost)
        self._late.forget(lost)
        self._stage.forget()

    # ------------------------------------------------------------ events

    @singledispatchmethod
    def _take(self, event: Event) -> None:
        """A tick has no news of its own: what time brings is looked at after every event."""

    @_take.register
    def _(self, event: Seen) -> None:
        self._turns.look(self._now.mono_ms)
        for sighting in event.sightings:
            reading = identify(sighting.text, self.post.ring, self.post.digest_key)
            known = self._turns.is_present(reading.key)
            if known or self._enqueue(Turn(reading, sighting.scan_id, deliberate=False)):
                self._turns.see(reading.key, self._now.mono_ms)

    @_take.register
    def _(self, event: Typed) -> None:
        reading = identify(event.text, self.post.ring, self.post.digest_key)
        # A hand scanner fires twice, or beside the camera: still one presentation.
        busy = {scan.reading.key for scan in self._pending.values()}
        busy.add(self._stage.scan.reading.key if self._stage.scan else "")
        is_busy = reading.key in busy or self._turns.is_waiting(reading.key)
        again = self._turns.is_present(reading.key) and is_busy
        if again or self._enqueue(Turn(reading, event.scan_id, deliberate=True)):
            self._turns.see(reading.key, self._now.mono_ms)

    @_take.register
    def _(self, event: Answer) -> None:
        self._set_link(LinkState.UP)
        self.inside = event.answer.inside
        late = self._late.take(event.scan_id, event.step)
        if late is not None:
            self._take_late(*late, event.answer)
        scan = self._take_pending(event.scan_id, event.step)
        if scan is not None and event.step is Step.ANNUL:
            self._end_annul(None if event.answer.reason is Reason.ANNULLED else Failure.REFUSED)
        elif scan is not None:
            self._conclude(scan, by_service(event.answer))

    @_take.register
    def _(self, event: NoAnswer) -> None:
        self._hear(LINK_AFTER.get(event.failure, self.link))
        self._late.take(event.scan_id, event.step)
        scan = self._take_pending(event.scan_id, event.step)
        if scan is not None and event.step is Step.ANNUL:
            self._end_annul(event.failure)
        elif scan is not None:
            self._conclude(scan, self._alone(scan, event.failure))

    @_take.register
    def _(self, event: LinkUp) -> None:
        was_up = self.link is LinkState.UP
        self._hear(LinkState.UP)
        scan, result = self._stage.open_scan(self._now), self.screen.result
        if scan and result and result.reason is Reason.NEEDS_SERVICE and not was_up:
            # The service alone can judge it, and now it is there.
            self._turns.add(Turn(scan.reading, event.fresh, deliberate=True))

    @_take.register
    def _(self, event: LinkDown) -> None:
        self._hear(LINK_AFTER.get(event.failure, LinkState.DOWN))

    @_take.register
    def _(self, event: Settle) -> None:
        shown, result = self._stage.open_scan(self._now), self.screen.result
        may_settle = self.screen.may_settle and not self._pending
        if not may_settle or shown is None or result is None or shown.scan_id != event.scan_id:
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
        direction = event.direction if event.direction is Direction.EXIT else Direction.ENTRY
        self._out += self._stage.show(replace(self.screen, direction=direction))

    @_take.register
    def _(self, event: ClockJudged) -> None:
        self._judge.clock_ok = event.ok

    @_take.register
    def _(self, event: Learned) -> None:
        self.post = self._judge.post = event.post

    @_take.register
    def _(self, event: Count) -> None:
        if event.delta:
            self._out.append(Record(CountEntry(event.delta, event.reason, self._now.at)))
            self.counted += event.delta
            self.inside = None if self.inside is None else max(0, self.inside + event.delta)

    @_take.register
    def _(self, _event: Annul) -> None:
        if self._undo.job is None and self.screen.face is not Face.ANNULLED:
            self._begin_annul(self._undo.last())

    @_take.register
    def _(self, event: People) -> None:
        under_way = (self._turns.first(), self._pending.get(Step.SCAN))
        if any(one is not None and one.replaces for one in under_way):
            self._undo.wish(event)
        elif self.screen.may_change and self._stage.scan is not None:
            job = self._undo.changed(event, self._stage.scan)
            if job is not None:
                self._begin_annul(job)

    # ------------------------------------------------------------ taking back

    def _begin_annul(self, job: Job | None) -> None:
        if job is None or self.link is LinkState.REVOKED:
            self._notice("refused" if job else "none")
            return
        self._undo.job, scan = job, job.passed.scan
        if self.link is LinkState.DOWN:
            self._end_annul(Failure.UNREACHABLE)
        else:
            self._pending[Step.ANNUL] = replace(scan, asked_ms=self._now.mono_ms)
            self._out.append(AskAnnul(scan.scan_id, job.reason))

    def _end_annul(self, failure: Failure | None) -> None:
        """It is done by the service (no failure), or here, or not at all."""
        job = self._undo.end()
        notice = job.notice(failure, self._now.mono_ms)
        if notice:
            self._undo.wished()  # what was pressed meanwhile was for this scan
            self._notice(notice)
            return
        self._undo.done(job)
        entry = job.entry(failure, self._now.at)
        self._judge.remember(entry.own)
        self._out.append(Record(entry))
        if job.then is not None:
            self._turns.push(job.then)
        else:
            self._out += self._stage.annulled(job.passed)

    def _notice(self, hint: str) -> None:
        """Why nothing was taken back; an open check stays on the screen."""
        if self._stage.open_scan(self._now) is None:
            self._out += self._stage.blank(Face.NOTICE, hint=hint)

    # ------------------------------------------------------------ time and turns

    def _enqueue(self, turn: Turn) -> bool:
        """Whether the code has been taken up; a full row drops it until it is seen again."""
        if turn.reading.kind is TextClass.FOREIGN:
            self._take_foreign(turn)
            return True
        return self._turns.add(turn)

    def _take_foreign(self, turn: Turn) -> None:
        """Counted and hinted at; a student card beside an open check hides nothing."""
        self._out.append(Record(ForeignCount(self._now.at)))
        is_free = self._stage.open_scan(self._now) is None and not self._is_held(
            2 * self.post.gone_ms
        )
        if turn.deliberate or is_free:
            self._out += self._stage.blank(Face.FOREIGN, hint=turn.reading.hint)

    def _keep_deadlines(self) -> None:
        for step, scan in tuple(self._pending.items()):
            if self._now.mono_ms - scan.asked_ms >= self.post.deadline_ms:
                self._decide_overdue(step, scan)
        self._out += self._stage.end_alert(self._now, self.post.alert_ms)
        if not self._pending:
            self._out += self._stage.lapse(self._now)

    def _decide_overdue(self, step: Step, scan: Scan) -> None:
        if step is Step.ANNUL:
            del self._pending[step]
            self._end_annul(Failure.TIMEOUT)
            return
        result = self._alone(scan, Failure.TIMEOUT)
        patient = self._now.mono_ms - scan.asked_ms < self.post.patience_ms
        if result.reason is Reason.NEEDS_SERVICE and patient and not self._turns:
            # Nothing could be said but "ask the service", and that is being done.
            if self.screen.face is not Face.WAITING:
                self._out += self._stage.blank(Face.WAITING)
            return
        del self._pending[step]
        self._conclude(scan, result)
        self._late.expect(scan, step, result)

    def _may_start(self) -> bool:
        turn = None if self._pending else self._turns.first()
        hold_ms = self._turns.hold_ms(self._stage.scan, self.post)
        return turn is not None and (turn.deliberate or not self._is_held(hold_ms))

    def _is_held(self, least_ms: int) -> bool:
        """Whether what is shown must stay for now, so that staff can see it."""
        shown_for = self._stage.shown_for_ms(self._now)
        shown = self._stage.open_scan(self._now)
        if shown is not None and self._turns.is_present(shown.reading.key):
            return shown_for < self.post.attention_hold_ms
        return bool(self._pending) or (self.screen.face is Face.VERDICT and shown_for < least_ms)

    def _start(self, turn: Turn) -> None:
        now, direction = self._now, turn.direction or self.screen.direction
        scan = Scan(
            scan_id=turn.scan_id,
            reading=turn.reading,
            direction=direction,
            at=now.at,
            asked_ms=now.mono_ms,
            people=turn.people,
            replaces=turn.replaces,
        )
        if self.link is LinkState.DOWN:
            self._conclude(scan, self._alone(scan, Failure.UNREACHABLE))
            return
        self._pending[Step.SCAN] = scan
        self._out.append(Ask(scan.scan_id, turn.reading.text, direction, now.at, turn.people))

    # ------------------------------------------------------------ judging

    def _alone(self, scan: Scan, failure: Failure) -> Result:
        if scan.action is None:
            result = self._judge.alone(scan, self._now.at)
        else:
            result = self._judge.settled_alone(scan, failure, self._now.at)
        # Whoever was signed off lets nobody in: only the service may have taken it back.
        return signed_off(result) if self.link is LinkState.REVOKED else result

    def _take_pending(self, scan_id: ScanId, step: Step) -> Scan | None:
        is_it = step in self._pending and self._pending[step].scan_id == scan_id
        return self._pending.pop(step) if is_it else self._late.overruled(scan_id, step)

    def _conclude(self, scan: Scan, result: Result) -> None:
        own = self._judge.own_move(scan, result, self._now.at)
        self._judge.remember(own)
        self._out.append(Record(entry_of(scan, result, own, self._now)))
        if result.verdict in PASSED:
            self._undo.passed = Passed(scan, result, own, self._now.mono_ms)
        self._late.refuse(scan, result)
        waits = scan.action is None and result.verdict in OPEN
        # A forgery would be let in by a press: what only the service knows is not confirmed.
        may_settle = waits and result.reason is not Reason.NEEDS_SERVICE
        self._out += self._stage.verdict(scan, result, self._now, may_settle=may_settle)
        wish = self._undo.wished()
        if wish is not None:
            self._take(wish)

    def _take_late(self, scan: Scan, shown: Result, answer: ScanAnswer) -> None:
        agrees = answer.verdict is shown.verdict
        self._out.append(Record(LateEntry(scan.scan_id, answer.verdict, self._now.at, agrees)))
        open_scan = self._stage.open_scan(self._now)
        if shown.verdict in PASSED and answer.verdict not in PASSED:
            self._out += self._stage.alert(Alert(answer.reason, scan.at), self._now)
        elif open_scan is not None and open_scan.scan_id == scan.scan_id:
            self._adopt(scan, by_service(answer))

    def _adopt(self, scan: Scan, result: Result) -> None:
        """Nobody has gone through yet: what the service says now counts, and is heard."""
        if result.verdict in PASSED:
            self._conclude(replace(scan, action=Action.CONFIRM), result)
        else:
            may_settle = result.verdict in OPEN
            self._out += self._stage.verdict(scan, result, self._now, may_settle=may_settle)

    # ------------------------------------------------------------ the line

    def _hear(self, state: LinkState) -> None:
        """News of the line; a dead one does not make a signed-off station one again."""
        if self.link is not LinkState.REVOKED or state is LinkState.UP:
            self._set_link(state)

    def _set_link(self, state: LinkState) -> None:
        old, self.link = self.link, state
        is_up = state is LinkState.UP
        if state is not old and (is_up or old in {LinkState.UP, LinkState.UNKNOWN}):
            self._out.append(Record(LinkEntry(is_up, self._now.at)))
