"""The gate under any order of events: what must always hold."""

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scanner.events import (
    Annul,
    AnnulEntry,
    Answer,
    Ask,
    AskAnnul,
    AskSettle,
    ClockJudged,
    Count,
    CountEntry,
    Effect,
    Failure,
    Learned,
    LinkDown,
    LinkUp,
    NoAnswer,
    People,
    Record,
    ResolveEntry,
    ScanEntry,
    ScanId,
    Show,
    Sound,
    Step,
    Switch,
)
from scanner.judge import PASSED
from scanner.screen import Face
from tests.scanner.station_kit import (
    DISCOUNT_CODE,
    POST,
    SHORT_CODE,
    WEB,
    Desk,
    a_ticket,
    an_answer,
    forged,
    may_settle,
)
from ticketing.wire.journal import Action
from ticketing.wire.token import Flag
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

TEXTS = (
    a_ticket(1),
    a_ticket(2),
    a_ticket(3, flags=Flag.PROOF),
    a_ticket(4, flags=Flag.ONLINE_ONLY),
    a_ticket(5, party=4),
    forged(a_ticket(1)),
    SHORT_CODE,
    DISCOUNT_CODE,
    WEB,
)
NEXT = a_ticket(99)
ONE_ENTRY = frozenset(number.to_bytes(15, "big") for number in (1, 2, 3))
VERDICTS = (
    (Verdict.ADMIT, Reason.OK),
    (Verdict.REFUSE, Reason.ALREADY_USED),
    (Verdict.ATTENTION, Reason.CHECK_PROOF),
    (Verdict.EXIT, Reason.OK_EXIT),
    (Verdict.DISCOUNT, Reason.OK_CODE),
    (Verdict.REFUSE, Reason.ANNULLED),
)
STEPS = {Ask: Step.SCAN, AskSettle: Step.SETTLE, AskAnnul: Step.ANNUL}
waits = st.sampled_from((0, 1, 50, 400, 900, 1_600, 2_100, 31_000, 301_000))


class AnyOrder(RuleBasedStateMachine):
    """Codes, keys, answers, failures and time, in whatever order they come."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.open: list[tuple[ScanId, Step]] = []

    def take(self, effects: tuple[Effect, ...]) -> None:
        """Whatever happened: a verdict is recorded before it is shown, and then heard."""
        recorded = False
        for effect in effects:
            recorded |= isinstance(effect, Record)
            assert recorded or not isinstance(effect, Sound)
            if isinstance(effect, Ask | AskSettle | AskAnnul):
                self.open.append((effect.scan_id, STEPS[type(effect)]))
        before = [isinstance(one, Sound) for one in effects]
        for at, is_sound in enumerate(before):
            assert not is_sound or isinstance(effects[at - 1], Show)

    @rule(texts=st.lists(st.sampled_from(TEXTS), max_size=3), after=waits)
    def see(self, texts: list[str], after: int) -> None:
        """A frame."""
        self.take(self.desk.see(*texts, after_ms=after))

    @rule(text=st.sampled_from(TEXTS))
    def type(self, text: str) -> None:
        """The hand scanner."""
        self.take(self.desk.type(text))

    @rule(after=waits)
    def wait(self, after: int) -> None:
        """Nothing but time."""
        self.take(self.desk.wait(after))

    @rule()
    def annul(self) -> None:
        """F8."""
        self.take(self.desk.do(Annul()))

    @rule(delta=st.sampled_from((-2, -1, 1, 3)))
    def people(self, delta: int) -> None:
        """Arrow keys."""
        self.take(self.desk.do(People(delta, self.desk.fresh())))

    @rule(delta=st.sampled_from((-1, 1, 5)))
    def count(self, delta: int) -> None:
        """People without a ticket."""
        self.take(self.desk.do(Count(delta, "without_ticket")))

    @rule(gate=st.sampled_from(("sued", "nord")))
    def learn(self, gate: str) -> None:
        """The service puts the station at another door."""
        self.take(self.desk.do(Learned(replace(POST, gate=gate))))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), outcome=st.sampled_from(VERDICTS))
    def answer(self, data: st.DataObject, outcome: tuple[Verdict, Reason]) -> None:
        """The service answers some open question, once or again."""
        scan_id, step = data.draw(st.sampled_from(self.open))
        self.take(self.desk.do(Answer(scan_id, step, an_answer(scan_id, *outcome))))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), failure=st.sampled_from(Failure))
    def fail(self, data: st.DataObject, failure: Failure) -> None:
        """A question gets no answer."""
        question = data.draw(st.sampled_from(self.open))
        self.take(self.desk.do(NoAnswer(*question, failure)))

    @rule(action=st.sampled_from(Action))
    def settle(self, action: Action) -> None:
        """A key is pressed."""
        self.take(self.desk.settle(action))

    @rule(direction=st.sampled_from(Direction))
    def switch(self, direction: Direction) -> None:
        """Entry or exit."""
        self.take(self.desk.do(Switch(direction)))

    @rule(failure=st.sampled_from(Failure))
    def line_down(self, failure: Failure) -> None:
        """A probe in vain."""
        self.take(self.desk.do(LinkDown(failure)))

    @rule()
    def line_up(self) -> None:
        """A probe that was answered."""
        self.take(self.desk.do(LinkUp(self.desk.fresh())))

    @rule(ok=st.booleans())
    def clock(self, *, ok: bool) -> None:
        """The clock is judged."""
        self.take(self.desk.do(ClockJudged(ok)))

    @invariant()
    def no_scan_id_is_asked_twice(self) -> None:
        """A text is asked about once under one id."""
        asked = Counter(one.scan_id for one in self.desk.asked if isinstance(one, Ask))
        assert set(asked.values()) <= {1}

    @invariant()
    def offline_one_entry_admits_once(self) -> None:
        """What this station has let in, it never lets in again by itself."""
        admitted: Counter[bytes] = Counter()
        entered: set[bytes] = set()
        for entry in self.desk.records:
            own = getattr(entry, "own", None)
            if own is None or own.move.kind == "exit":
                continue
            if own.move.kind == "annul":
                admitted[own.ticket_id] -= own.move.scan_id in entered
                continue
            entered.add(own.move.scan_id)
            if isinstance(entry, ScanEntry) and entry.basis is Basis.OFFLINE:
                assert not admitted[own.ticket_id] or own.ticket_id not in ONE_ENTRY
            admitted[own.ticket_id] += 1

    @invariant()
    def keys_act_on_open_checks_only(self) -> None:
        """Confirm never stands under a verdict."""
        result = self.desk.gate.screen.result
        if may_settle(self.desk):
            assert result is not None
            assert result.verdict in {Verdict.ATTENTION, Verdict.DISCOUNT}
            assert result.reason is not Reason.NEEDS_SERVICE

    @invariant()
    def what_is_taken_back_had_passed_and_is_so_once(self) -> None:
        """No scan is annulled twice, and none that let nobody through."""
        taken = Counter(one.scan_id for one in self.desk.records if isinstance(one, AnnulEntry))
        passed = {
            entry.scan_id
            for entry in self.desk.records
            if (isinstance(entry, ScanEntry) and entry.verdict in PASSED)
            or (isinstance(entry, ResolveEntry) and entry.shown in PASSED)
        }
        assert set(taken.values()) <= {1}
        assert set(taken) <= passed

    @invariant()
    def people_counted_by_hand_are_all_recorded(self) -> None:
        """What the page shows is what the journal has."""
        deltas = [one.delta for one in self.desk.records if isinstance(one, CountEntry)]
        assert self.desk.gate.counted == sum(deltas)

    @invariant()
    def after_an_annul_nothing_else_is_offered(self) -> None:
        """No key acts on what was taken back."""
        screen = self.desk.gate.screen
        if screen.face is Face.ANNULLED:
            assert not screen.may_settle
            assert not screen.may_change

    def teardown(self) -> None:
        """After any order of events the gate is ready for the next code."""
        for _ in range(20):  # whatever was typed has its turn first, two seconds at most
            self.take(self.desk.wait(3_000))
        for _ in range(8):
            self.take(self.desk.see(NEXT, after_ms=400))
        screen = self.desk.gate.screen
        assert screen.face is Face.VERDICT
        assert screen.claims is not None
        assert screen.claims.ticket_id == (99).to_bytes(15, "big")


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
