"""The gate, one behaviour at a time."""

from datetime import timedelta

import pytest

from scanner.events import (
    Answer,
    Ask,
    AskSettle,
    ClockJudged,
    Failure,
    ForeignCount,
    LateEntry,
    LinkDown,
    LinkEntry,
    LinkState,
    LinkUp,
    Record,
    ResolveEntry,
    ScanEntry,
    ScanId,
    Show,
    Sound,
    Step,
    Switch,
)
from scanner.screen import Face
from tests.scanner.station_kit import (
    DISCOUNT_CODE,
    NOON,
    POST,
    SHORT_CODE,
    WEB,
    Desk,
    a_ticket,
    a_view,
    an_answer,
    forged,
    kinds,
    link_of,
    may_settle,
)
from ticketing.wire.journal import Action
from ticketing.wire.station_api import Remaining
from ticketing.wire.token import Flag
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

ADMITTED = (Verdict.ADMIT, Reason.OK)
USED = (Verdict.REFUSE, Reason.ALREADY_USED)
WAITS = (Verdict.ATTENTION, Reason.NEEDS_SERVICE)
PROOF = (Verdict.ATTENTION, Reason.CHECK_PROOF)


@pytest.fixture
def desk() -> Desk:
    """A gate that has not heard of the line yet."""
    return Desk()


def proof_desk() -> Desk:
    """A desk where the service asks for proof of a reduced ticket."""
    desk = Desk()
    desk.see(a_ticket(flags=Flag.PROOF))
    desk.answer(*PROOF)
    return desk


# ---------------------------------------------------------------- one code, one scan


def test_a_code_in_view_is_asked_once(desk: Desk) -> None:
    """Seen in every frame for seconds, it is one scan."""
    for _ in range(40):
        desk.see(a_ticket(), after_ms=80)
        if len(desk.effects) == 1:
            desk.answer()
    assert [type(one) for one in desk.effects].count(Ask) == 1


def test_a_verdict_is_recorded_then_shown_then_heard(desk: Desk) -> None:
    """The order of effects is the order in which they are done."""
    desk.see(a_ticket())
    assert kinds(desk.answer()) == [Record, Record, Show, Sound]
    assert desk.shown == ADMITTED
    assert desk.gate.inside == 143


def test_an_online_verdict_refuses_what_the_service_refuses(desk: Desk) -> None:
    """The service's word counts, whatever the station's own record says."""
    desk.see(a_ticket())
    desk.answer(*USED)
    assert desk.shown == USED
    entry = desk.records[-1]
    assert isinstance(entry, ScanEntry)
    assert (entry.basis, entry.own, entry.people) == (Basis.ONLINE, None, 0)


def test_a_code_that_was_away_is_a_new_presentation(desk: Desk) -> None:
    """1.5 s out of sight and back: asked again, and refused this time."""
    desk.see(a_ticket())
    desk.answer()
    desk.see(after_ms=1_400)
    assert len(desk.asked) == 1
    desk.see(after_ms=200)
    desk.see(a_ticket())
    desk.answer(*USED)
    assert desk.asked[0].scan_id != desk.asked[1].scan_id
    assert desk.shown == USED


def test_a_flicker_is_no_new_presentation(desk: Desk) -> None:
    """A missed frame does not make a second scan."""
    desk.see(a_ticket())
    desk.answer()
    desk.see(after_ms=700)
    desk.see(a_ticket(), after_ms=700)
    desk.see(a_ticket(), after_ms=1_400)
    assert len(desk.asked) == 1


def test_two_codes_at_once_come_one_after_the_other(desk: Desk) -> None:
    """The second waits until the first verdict has stood for a moment."""
    one, two = a_ticket(1), a_ticket(2)
    desk.see(one, two)
    assert len(desk.asked) == 1
    desk.answer()
    desk.see(one, two, after_ms=700)
    assert len(desk.asked) == 1
    desk.see(one, two, after_ms=200)
    assert len(desk.asked) == 2


def test_a_waiting_code_that_leaves_is_forgotten(desk: Desk) -> None:
    """Nobody is judged who has walked away."""
    desk.see(a_ticket(1), a_ticket(2))
    desk.see(a_ticket(1), after_ms=1_000)
    desk.see(a_ticket(1), after_ms=1_000)
    desk.answer()
    desk.wait(5_000)
    assert len({one.scan_id for one in desk.asked}) == 1


def test_a_sheet_of_codes_fills_no_memory(desk: Desk) -> None:
    """Eight wait, more are dropped until they are seen again."""
    desk.see(*(a_ticket(number) for number in range(1, 13)))
    assert len(desk.gate._turns) == 7
    for number in range(20, 30):
        desk.type(a_ticket(number))
    assert len(desk.gate._turns) == 8


def test_a_hand_scanner_beside_the_camera_is_one_presentation(desk: Desk) -> None:
    """The same code typed while it is judged, waits or is shown is not asked again."""
    desk.see(a_ticket(1), a_ticket(2))
    desk.type(a_ticket(1))
    desk.type(a_ticket(2))
    desk.answer()
    desk.type(a_ticket(1), after_ms=100)
    assert len(desk.asked) == 1


def test_typing_waits_for_no_verdict_to_be_seen(desk: Desk) -> None:
    """Whoever types means it."""
    desk.see(a_ticket(1))
    desk.answer()
    desk.type(a_ticket(2))
    assert len(desk.asked) == 2


def test_a_typed_code_may_be_typed_again_later(desk: Desk) -> None:
    """Another verdict is on the screen by then."""
    desk.type(a_ticket(1))
    desk.answer()
    desk.type(a_ticket(2))
    desk.answer()
    desk.type(a_ticket(1))
    assert len(desk.asked) == 3


# ---------------------------------------------------------------- offline


def test_a_silent_service_is_waited_for_no_longer_than_the_deadline(desk: Desk) -> None:
    """400 ms, then the station decides from the barcode."""
    desk.see(a_ticket())
    assert desk.wait(399) == ()
    assert kinds(desk.wait(1)) == [Record, Show, Sound]
    assert desk.shown == ADMITTED
    result = desk.gate.screen.result
    assert result is not None
    assert result.basis is Basis.OFFLINE


def test_a_line_that_is_down_is_not_waited_for() -> None:
    """Offline the verdict comes at once."""
    desk = Desk.offline()
    assert kinds(desk.see(a_ticket())) == [Record, Show, Sound]


def test_offline_a_one_entry_ticket_gets_in_once() -> None:
    """The station remembers its own moves."""
    desk = Desk.offline()
    desk.see(a_ticket())
    assert desk.shown == ADMITTED
    desk.see(after_ms=2_000)
    desk.see(a_ticket())
    assert desk.shown == USED


def test_what_was_admitted_online_is_refused_offline(desk: Desk) -> None:
    """Own moves are remembered whoever decided."""
    desk.see(a_ticket())
    desk.answer()
    desk.do(LinkDown(Failure.TIMEOUT), after_ms=2_000)
    desk.see(a_ticket())
    assert desk.shown == USED


def test_a_restarted_station_still_knows_its_moves() -> None:
    """Moves come back from the journal."""
    desk = Desk.offline()
    desk.see(a_ticket())
    entry = desk.records[-1]
    assert isinstance(entry, ScanEntry)
    assert entry.own is not None
    again = Desk.offline([entry.own])
    again.see(a_ticket())
    assert again.shown == USED


def test_a_ticket_admitted_by_its_short_code_is_refused_by_its_barcode(desk: Desk) -> None:
    """The service names the ticket of a typed code, and the station keeps the move."""
    desk.type(SHORT_CODE)
    desk.answer()
    desk.do(LinkDown(Failure.UNREACHABLE))
    desk.type(a_ticket(1))
    assert desk.shown == USED


@pytest.mark.parametrize("ticket_id", ["no hexadecimal", "00ff"])
def test_a_strange_ticket_id_makes_no_move(desk: Desk, ticket_id: str) -> None:
    """Only ids of ours are counted under."""
    desk.type(SHORT_CODE)
    desk.answer(ticket=a_view(id=ticket_id))
    entry = desk.records[-1]
    assert isinstance(entry, ScanEntry)
    assert (entry.own, entry.ticket_id) == (None, None)


def test_a_code_without_a_ticket_makes_no_move(desk: Desk) -> None:
    """An unknown short code is refused and belongs to nobody."""
    desk.type(SHORT_CODE)
    desk.answer(Verdict.REFUSE, Reason.UNKNOWN_CODE, ticket=None)
    entry = desk.records[-1]
    assert isinstance(entry, ScanEntry)
    assert entry.ticket_id is None


def test_an_older_barcode_of_a_reissued_ticket_is_superseded() -> None:
    """The station has let in issue 1, so issue 0 is no good any more."""
    desk = Desk.offline()
    desk.see(a_ticket(entries=0, issue=1))
    desk.see(after_ms=2_000)
    desk.see(a_ticket(entries=0))
    assert desk.shown == (Verdict.REFUSE, Reason.SUPERSEDED)


def test_a_forged_ticket_is_refused_offline() -> None:
    """No signature, no entrance."""
    desk = Desk.offline()
    desk.see(forged(a_ticket()))
    assert desk.shown == (Verdict.REFUSE, Reason.FORGED)


def test_a_ticket_text_cut_short_is_malformed() -> None:
    """There are no claims to speak of."""
    desk = Desk.offline()
    desk.see(a_ticket()[:150])
    assert desk.shown == (Verdict.REFUSE, Reason.MALFORMED)


def test_an_expired_ticket_is_refused_offline() -> None:
    """The barcode's own times count."""
    desk = Desk.offline()
    desk.see(a_ticket(not_after=NOON.replace(minute=0)))
    assert desk.shown == (Verdict.REFUSE, Reason.EXPIRED)


def test_a_wrong_clock_judges_no_times() -> None:
    """It asks for the service instead of refusing."""
    desk = Desk.offline()
    desk.do(ClockJudged(ok=False))
    desk.see(a_ticket())
    assert desk.shown == WAITS


def test_a_mistyped_code_is_refused_offline() -> None:
    """Its check character tells."""
    desk = Desk.offline()
    wrong = "0" if SHORT_CODE[-1] != "0" else "1"
    desk.type(SHORT_CODE[:-1] + wrong)
    assert desk.shown == (Verdict.REFUSE, Reason.UNKNOWN_CODE)


def test_a_group_comes_in_parts(desk: Desk) -> None:
    """How many came now is what the service says."""
    desk.see(a_ticket(party=5))
    desk.answer(ticket=a_view(party=5), remaining=Remaining(0, 2))
    first = desk.records[-1]
    desk.see(after_ms=2_000)
    desk.see(a_ticket(party=5))
    desk.answer(ticket=a_view(party=5), remaining=Remaining(0, 0), people=2)
    second = desk.records[-1]
    assert isinstance(first, ScanEntry)
    assert isinstance(second, ScanEntry)
    assert (first.people, second.people) == (3, 2)


# ---------------------------------------------------------------- exit


def test_an_exit_is_counted_and_coming_back_too(desk: Desk) -> None:
    """Moves keep their kind: entry, exit, re-entry."""
    desk.see(a_ticket(entries=0))
    desk.answer()
    desk.do(Switch(Direction.EXIT), after_ms=2_000)
    desk.see(a_ticket(entries=0))
    desk.answer(Verdict.EXIT, Reason.OK_EXIT)
    desk.do(Switch(Direction.ENTRY), after_ms=2_000)
    desk.see(a_ticket(entries=0))
    desk.answer(Verdict.ADMIT, Reason.OK_REENTRY)
    moves = [one.own.move.kind for one in desk.records if isinstance(one, ScanEntry) and one.own]
    assert moves == ["entry", "exit", "reentry"]
    directions = [one.direction for one in desk.asked if isinstance(one, Ask)]
    assert directions == [Direction.ENTRY, Direction.EXIT, Direction.ENTRY]


def test_a_check_is_no_direction_to_switch_to(desk: Desk) -> None:
    """A station that stores nothing would let everybody in twice."""
    desk.do(Switch(Direction.CHECK))
    assert desk.gate.screen.direction is Direction.ENTRY


# ---------------------------------------------------------------- foreign


def test_a_foreign_text_is_counted_and_never_asked(desk: Desk) -> None:
    """A calm hint, no sound, no word to the service."""
    assert kinds(desk.see(WEB)) == [Record, Show]
    assert desk.records == [ForeignCount(NOON)]
    assert (desk.gate.screen.face, desk.gate.screen.hint) == (Face.FOREIGN, "web")
    assert desk.see(WEB, after_ms=100) == ()


def test_a_foreign_text_does_not_cover_a_fresh_verdict(desk: Desk) -> None:
    """The menu on the wall must not hide who may come in."""
    desk.see(a_ticket())
    assert kinds(desk.see(WEB)) == [Record]
    desk.answer()
    desk.see(after_ms=1_600)
    assert kinds(desk.see(WEB)) == [Record]
    assert desk.shown == ADMITTED
    desk.see(after_ms=2_000)
    desk.see(WEB)
    assert desk.gate.screen.face is Face.FOREIGN


def test_a_student_card_does_not_cover_an_open_check() -> None:
    """Proof often carries a code of its own."""
    desk = proof_desk()
    desk.see(after_ms=60_000)
    desk.see(WEB)
    assert desk.shown == PROOF


def test_a_typed_foreign_text_is_answered_at_once(desk: Desk) -> None:
    """Whoever types wants to know."""
    desk.see(a_ticket())
    desk.answer()
    desk.type("Guten Tag")
    assert desk.gate.screen.face is Face.FOREIGN


# ---------------------------------------------------------------- the line


def test_a_refused_connection_decides_at_once(desk: Desk) -> None:
    """No answer will come: do not wait for the deadline."""
    desk.see(a_ticket())
    desk.fail(Failure.UNREACHABLE)
    assert desk.shown == ADMITTED
    assert link_of(desk) is LinkState.DOWN


@pytest.mark.parametrize("failure", [Failure.BUSY, Failure.REFUSED])
def test_a_busy_service_is_no_broken_line(desk: Desk, failure: Failure) -> None:
    """It is asked again with the next code."""
    desk.do(LinkUp(desk.fresh()))
    desk.see(a_ticket(1))
    desk.fail(failure)
    desk.see(a_ticket(2), after_ms=1_000)
    assert link_of(desk) is LinkState.UP
    assert len(desk.asked) == 2


def test_the_line_is_recorded_when_it_changes(desk: Desk) -> None:
    """Once down, once up, not every five seconds."""
    for event in (
        LinkDown(Failure.TIMEOUT),
        LinkDown(Failure.BUSY),
        LinkUp(desk.fresh()),
        LinkUp(desk.fresh()),
    ):
        desk.do(event)
    assert [one.is_up for one in desk.records if isinstance(one, LinkEntry)] == [False, True]


def test_a_revoked_station_stays_so_until_an_answer(desk: Desk) -> None:
    """A dead line is no proof that the service takes this station back; an answer is."""
    desk.see(a_ticket(1))
    desk.fail(Failure.REVOKED)
    desk.do(LinkDown(Failure.UNREACHABLE))
    assert link_of(desk) is LinkState.REVOKED
    desk.see(a_ticket(2), after_ms=1_000)
    desk.answer()
    assert link_of(desk) is LinkState.UP


@pytest.mark.parametrize("failure", [Failure.REVOKED, Failure.TIMEOUT, Failure.UNREACHABLE])
def test_a_revoked_station_admits_nobody(desk: Desk, failure: Failure) -> None:
    """From the first 401 on no ticket is admitted, also if the service is gone by then."""
    desk.do(LinkDown(Failure.REVOKED))
    desk.see(a_ticket(1))
    desk.fail(failure)
    assert desk.shown == WAITS
    assert not may_settle(desk)
    [scan] = [one for one in desk.records if isinstance(one, ScanEntry)]
    assert (scan.reason, scan.own) == (Reason.NEEDS_SERVICE, None)


def test_the_scan_that_finds_out_that_a_station_is_revoked_admits_nobody(desk: Desk) -> None:
    """The 401 itself is no reason to decide alone."""
    desk.see(a_ticket(1))
    desk.fail(Failure.REVOKED)
    assert desk.shown == WAITS


def test_a_revoked_station_confirms_nothing(desk: Desk) -> None:
    """A question that was open before is not answered by an admit."""
    desk.see(a_ticket(1))
    desk.answer(Verdict.ATTENTION, Reason.CHECK_PROOF)
    desk.settle(Action.CONFIRM)
    desk.fail(Failure.REVOKED, step=Step.SETTLE)
    assert desk.shown == WAITS


def test_a_revoked_station_still_refuses_a_forgery(desk: Desk) -> None:
    """A refusal lets nobody in."""
    desk.do(LinkDown(Failure.REVOKED))
    desk.see(forged(a_ticket(1)))
    desk.fail(Failure.REVOKED)
    assert desk.shown == (Verdict.REFUSE, Reason.FORGED)


def test_a_station_that_is_taken_back_asks_again(desk: Desk) -> None:
    """The first answer that is no 401 ends it, and what waits is judged."""
    desk.see(a_ticket(1))
    desk.fail(Failure.REVOKED)
    desk.do(LinkUp(desk.fresh()))
    desk.answer()
    assert desk.shown == ADMITTED


# ---------------------------------------------------------------- waiting for the service


def test_what_only_the_service_knows_is_waited_for_longer(desk: Desk) -> None:
    """A typed code is worth two seconds; meanwhile the panel says so."""
    desk.type(SHORT_CODE)
    assert kinds(desk.wait(400)) == [Show]
    assert desk.gate.screen.face is Face.WAITING
    assert desk.wait(100) == ()
    desk.answer()
    assert desk.shown == ADMITTED


def test_patience_has_an_end(desk: Desk) -> None:
    """After two seconds: needs the service, cannot be confirmed."""
    desk.type(SHORT_CODE)
    desk.wait(2_000)
    assert desk.shown == WAITS
    assert not may_settle(desk)
    assert desk.settle(Action.CONFIRM) == ()


def test_the_next_code_ends_patience(desk: Desk) -> None:
    """Nobody waits behind a code that only the service knows."""
    desk.type(SHORT_CODE)
    desk.wait(400)
    desk.type(a_ticket())
    assert isinstance(desk.effects[-1], Ask)
    assert len(desk.asked) == 2


def test_it_is_asked_again_when_the_line_is_back() -> None:
    """By itself, as a new scan."""
    desk = Desk.offline()
    desk.type(SHORT_CODE)
    assert desk.shown == WAITS
    desk.do(LinkUp(ScanId("f" * 32)), after_ms=5_000)
    assert desk.asked[-1].scan_id == "f" * 32
    desk.answer()
    assert desk.shown == ADMITTED


def test_an_old_question_is_not_asked_again() -> None:
    """After five minutes whoever held the code is gone."""
    desk = Desk.offline()
    desk.type(SHORT_CODE)
    desk.do(LinkUp(desk.fresh()), after_ms=301_000)
    assert desk.asked == []


# ---------------------------------------------------------------- late answers


def test_a_late_agreement_is_only_recorded(desk: Desk) -> None:
    """Nothing on the screen changes."""
    desk.see(a_ticket())
    desk.wait(400)
    desk.answer()
    late = desk.records[-1]
    assert isinstance(late, LateEntry)
    assert late.agrees
    assert desk.gate.screen.alert is None


def test_a_late_refusal_behind_an_admit_is_a_line_not_a_verdict(desk: Desk) -> None:
    """The person is in: amber, for half a minute, over the next verdicts too."""
    desk.see(a_ticket(1))
    desk.wait(400)
    desk.answer(*USED)
    assert desk.shown == ADMITTED
    alert = desk.gate.screen.alert
    assert alert is not None
    assert alert.reason is Reason.ALREADY_USED
    desk.see(a_ticket(2), after_ms=1_000)
    desk.answer()
    assert desk.gate.screen.alert == alert
    desk.see(WEB, after_ms=5_000)
    assert desk.gate.screen.alert == alert
    desk.wait(30_000)
    assert desk.gate.screen.alert is None


def test_a_late_admit_behind_a_refusal_changes_nothing(desk: Desk) -> None:
    """The service annuls it when the journal arrives."""
    desk.see(a_ticket(not_after=NOON.replace(minute=0)))
    desk.wait(400)
    desk.answer()
    late = desk.records[-1]
    assert isinstance(late, LateEntry)
    assert not late.agrees
    assert desk.shown == (Verdict.REFUSE, Reason.EXPIRED)


def test_a_late_answer_settles_what_waits_for_the_service(desk: Desk) -> None:
    """Nobody has gone in yet: the verdict changes, and is heard."""
    desk.type(SHORT_CODE)
    desk.wait(2_000)
    done = desk.answer()
    assert kinds(done) == [Record, Record, Record, Show, Sound]
    assert desk.shown == ADMITTED


def test_a_late_admit_that_is_taken_over_is_owed_to_the_service(desk: Desk) -> None:
    """It has answered, and does not know that somebody came in by it: recorded as offline."""
    desk.type(SHORT_CODE)
    desk.wait(2_000)
    desk.answer()
    taken = [one for one in desk.records if isinstance(one, ResolveEntry)]
    assert [(one.basis, one.shown) for one in taken] == [(Basis.OFFLINE, Verdict.ADMIT)]


def test_a_late_refusal_stops_an_open_check(desk: Desk) -> None:
    """Staff look at the proof when the service says that the ticket was used elsewhere."""
    desk.see(a_ticket(flags=Flag.PROOF))
    desk.wait(400)
    assert desk.shown == PROOF
    desk.answer(*USED)
    assert desk.shown == USED
    assert not may_settle(desk)


def test_a_late_check_is_settled_with_the_service(desk: Desk) -> None:
    """The pending scan is there after all."""
    desk.see(a_ticket(flags=Flag.PROOF))
    desk.wait(400)
    desk.answer(*PROOF)
    assert isinstance(desk.settle(Action.CONFIRM)[-1], AskSettle)


def test_a_late_answer_for_what_is_gone_from_the_screen_is_only_recorded(desk: Desk) -> None:
    """The next verdict stays."""
    desk.type(SHORT_CODE)
    desk.wait(2_000)
    first = desk.asked[0].scan_id
    desk.type(a_ticket())
    desk.answer()
    desk.answer(*USED, scan_id=first)
    assert desk.shown == ADMITTED


def test_answers_nobody_waits_for_are_dropped(desk: Desk) -> None:
    """An unknown id changes nothing but the number of people inside."""
    desk.do(LinkUp(desk.fresh()))
    assert desk.do(Answer(ScanId("a" * 32), Step.SETTLE, an_answer("a" * 32))) == ()


def test_late_answers_are_not_expected_for_ever(desk: Desk) -> None:
    """A service that swallows questions fills no memory."""
    for number in range(1, 80):
        desk.type(a_ticket(number))
        desk.wait(500)
    assert len(desk.gate._late) == 64


def test_a_failure_after_the_deadline_closes_the_case(desk: Desk) -> None:
    """Nothing more is expected, nothing is shown twice."""
    desk.see(a_ticket())
    desk.wait(400)
    assert kinds(desk.fail(Failure.TIMEOUT)) == [Record]
    assert len(desk.gate._late) == 0


# ---------------------------------------------------------------- attention


def test_a_check_is_confirmed_with_the_service() -> None:
    """It decides again; the station records what staff did."""
    desk = proof_desk()
    assert desk.settle(Action.CONFIRM) == (
        AskSettle(desk.asked[0].scan_id, Action.CONFIRM, (Check.PROOF,)),
    )
    desk.answer(step=Step.SETTLE)
    entry = desk.records[-1]
    assert isinstance(entry, ResolveEntry)
    assert (entry.action, entry.basis, entry.people) == (Action.CONFIRM, Basis.ONLINE, 1)
    assert desk.shown == ADMITTED


def test_a_check_is_declined_with_the_service() -> None:
    """The ticket stays unused."""
    desk = proof_desk()
    desk.settle(Action.DECLINE)
    desk.answer(Verdict.REFUSE, Reason.DECLINED, step=Step.SETTLE)
    assert desk.shown == (Verdict.REFUSE, Reason.DECLINED)
    desk.do(LinkDown(Failure.TIMEOUT))
    assert not any(one.own for one in desk.records if isinstance(one, ResolveEntry))


def test_a_press_for_another_scan_does_nothing() -> None:
    """The verdict has changed under the finger."""
    desk = proof_desk()
    assert desk.settle(Action.CONFIRM, ScanId("b" * 32)) == ()


def test_a_second_press_does_nothing() -> None:
    """One question is enough."""
    desk = proof_desk()
    desk.settle(Action.CONFIRM)
    assert desk.settle(Action.CONFIRM) == ()
    desk.answer(step=Step.SETTLE)
    assert desk.settle(Action.DECLINE) == ()


def test_nothing_shown_is_nothing_to_settle(desk: Desk) -> None:
    """A key pressed on an empty screen."""
    assert desk.settle(Action.CONFIRM) == ()


def test_codes_wait_while_a_check_is_being_settled() -> None:
    """The service has 400 ms for it."""
    desk = proof_desk()
    desk.settle(Action.CONFIRM)
    desk.type(a_ticket(2))
    assert len(desk.asked) == 2
    desk.answer(step=Step.SETTLE)
    assert len(desk.asked) == 3


@pytest.mark.parametrize(
    ("action", "expected"),
    [(Action.CONFIRM, ADMITTED), (Action.DECLINE, (Verdict.REFUSE, Reason.DECLINED))],
)
def test_a_check_is_settled_alone_when_the_line_breaks(
    action: Action, expected: tuple[Verdict, Reason]
) -> None:
    """What was asked online may be answered offline."""
    desk = proof_desk()
    desk.do(LinkDown(Failure.TIMEOUT))
    desk.settle(action)
    assert desk.shown == expected


def test_a_silent_service_does_not_hold_a_confirmed_visitor() -> None:
    """400 ms, then the station decides with the checks done; a late refusal is a line."""
    desk = proof_desk()
    desk.settle(Action.CONFIRM)
    desk.wait(400)
    assert desk.shown == ADMITTED
    desk.answer(Verdict.REFUSE, Reason.REVOKED, step=Step.SETTLE)
    assert desk.gate.screen.alert is not None


def test_a_check_found_offline_is_settled_offline() -> None:
    """The move counts from the confirmation."""
    desk = Desk.offline()
    desk.see(a_ticket(flags=Flag.PROOF))
    assert desk.shown == PROOF
    desk.settle(Action.CONFIRM)
    assert desk.shown == ADMITTED
    desk.see(after_ms=2_000)
    desk.see(a_ticket(flags=Flag.PROOF))
    assert desk.shown == USED


@pytest.mark.parametrize(
    ("failure", "action", "expected"),
    [
        (Failure.LAPSED, Action.CONFIRM, (Verdict.REFUSE, Reason.LAPSED)),
        (Failure.RESOLVED, Action.CONFIRM, (Verdict.REFUSE, Reason.DECLINED)),
        (Failure.RESOLVED, Action.DECLINE, ADMITTED),
        (Failure.REFUSED, Action.DECLINE, (Verdict.REFUSE, Reason.DECLINED)),
    ],
)
def test_a_settling_that_came_too_late_shows_what_has_happened(
    failure: Failure, action: Action, expected: tuple[Verdict, Reason]
) -> None:
    """Already resolved is said of the opposite only."""
    desk = proof_desk()
    desk.settle(action)
    desk.fail(failure, step=Step.SETTLE)
    assert desk.shown == expected


def test_a_typed_code_is_confirmed_without_the_line(desk: Desk) -> None:
    """The service had judged it and asked for proof; the station has no signature to judge."""
    desk.type(SHORT_CODE)
    desk.answer(*PROOF)
    desk.do(LinkDown(Failure.TIMEOUT))
    desk.settle(Action.CONFIRM)
    assert desk.shown == ADMITTED


def test_a_discount_is_redeemed_without_the_line(desk: Desk) -> None:
    """It counts no person."""
    desk.type(DISCOUNT_CODE)
    desk.answer(Verdict.DISCOUNT, Reason.OK_CODE, ticket=None)
    assert may_settle(desk)
    desk.do(LinkDown(Failure.TIMEOUT))
    desk.settle(Action.CONFIRM)
    assert desk.shown == (Verdict.DISCOUNT, Reason.OK_CODE)
    assert not may_settle(desk)
    assert desk.settle(Action.CONFIRM) == ()


def test_after_five_minutes_a_check_has_lapsed() -> None:
    """The panel says so once, and the keys are dead."""
    desk = proof_desk()
    assert kinds(desk.wait(301_000)) == [Show]
    assert desk.gate.screen.has_lapsed
    assert desk.settle(Action.CONFIRM) == ()
    assert desk.wait(1_000) == ()


def test_an_open_check_keeps_its_place_while_its_code_is_in_view() -> None:
    """A second code on the same sheet waits for staff, but not for ever."""
    desk = Desk.offline()
    reduced, full = a_ticket(1, flags=Flag.PROOF), a_ticket(2)
    desk.see(reduced, full)
    for _ in range(9):
        desk.see(reduced, full, after_ms=1_000)
    assert desk.shown == PROOF
    desk.see(reduced, full, after_ms=1_000)
    assert desk.shown == ADMITTED


def test_a_clock_set_back_breaks_nothing(desk: Desk) -> None:
    """Waiting goes by the monotonic clock."""
    desk.see(a_ticket())
    desk.jump = timedelta(days=-400)
    assert kinds(desk.wait(400)) == [Record, Show, Sound]


def test_a_patient_post_is_a_setting() -> None:
    """The deadline comes from the settings."""
    post = type(POST)(
        gate="nord", zone=POST.zone, ring=POST.ring, digest_key=POST.digest_key, deadline_ms=50
    )
    desk = Desk(post=post)
    desk.see(a_ticket())
    assert kinds(desk.wait(50)) == [Record, Show, Sound]
