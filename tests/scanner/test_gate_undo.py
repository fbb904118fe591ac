"""The gate: taking back, other numbers of people, people without a ticket, news of the house."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scanner.events import (
    Annul,
    AnnulEntry,
    Answer,
    Ask,
    AskAnnul,
    Count,
    CountEntry,
    Failure,
    Learned,
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
from scanner.screen import Face
from scanner.undo import Undo
from tests.scanner.station_kit import (
    DISCOUNT_CODE,
    POST,
    Desk,
    a_ticket,
    a_view,
    an_answer,
    kinds,
)
from ticketing.wire.journal import Action
from ticketing.wire.keys import KeyRing
from ticketing.wire.moves import MoveKind
from ticketing.wire.station_api import Remaining
from ticketing.wire.token import Flag
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

ADMITTED = (Verdict.ADMIT, Reason.OK)
USED = (Verdict.REFUSE, Reason.ALREADY_USED)
GROUP = a_ticket(5, party=5)
ANNULLED = (Verdict.REFUSE, Reason.ANNULLED)


@pytest.fixture(name="desk")
def _desk() -> Desk:
    """A gate that has just admitted ticket 1 with the service."""
    desk = Desk()
    desk.type(a_ticket())
    desk.answer()
    return desk


def annulled(desk: Desk) -> AnnulEntry:
    """The newest record, an annul."""
    entry = desk.records[-1]
    assert isinstance(entry, AnnulEntry)
    return entry


def says(desk: Desk) -> tuple[Face, str]:
    """What kind of thing is on the screen."""
    return desk.gate.screen.face, desk.gate.screen.hint


def a_group() -> Desk:
    """A gate that has admitted three of a party of five, the service agreeing."""
    desk = Desk()
    desk.type(GROUP)
    desk.answer(ticket=a_view(5, party=5), remaining=Remaining(0, 0))
    return desk


def press(desk: Desk, delta: int) -> None:
    """An arrow key."""
    desk.do(People(delta, desk.fresh()))


# ---------------------------------------------------------------- annul


def test_the_last_admit_is_annulled_by_the_service(desk: Desk) -> None:
    """Behaviour 46: asked, recorded, then said plainly; nothing else is offered."""
    assert kinds(desk.do(Annul())) == [AskAnnul]
    assert kinds(desk.answer(*ANNULLED, step=Step.ANNUL)) == [Record, Show]
    entry, screen = annulled(desk), desk.gate.screen
    assert (entry.scan_id, entry.basis) == (screen.scan_id, Basis.ONLINE)
    assert says(desk) == (Face.ANNULLED, "")
    assert not screen.may_settle
    assert not screen.may_change


def test_offline_an_annulled_ticket_is_usable_again() -> None:
    """Behaviour 46, without the line: the move is taken back in the station's own record."""
    desk = Desk.offline()
    desk.type(a_ticket())
    assert kinds(desk.do(Annul(), after_ms=1_000)) == [Record, Show]
    own = annulled(desk).own
    assert own is not None
    assert (own.move.kind, own.move.no) == (MoveKind.ANNUL, 2)
    desk.type(a_ticket(), after_ms=2_000)
    assert desk.shown == ADMITTED


def test_an_exit_is_taken_back_too() -> None:
    """Whoever turned round at the door is still inside."""
    desk = Desk.offline()
    desk.type(a_ticket())
    desk.do(Switch(Direction.EXIT))
    desk.wait(2_000)
    desk.type(a_ticket())
    desk.do(Annul())
    own = annulled(desk).own
    assert own is not None
    assert own.move.no == 3
    assert desk.gate.screen.result is not None
    assert desk.gate.screen.result.verdict is Verdict.EXIT


def test_annul_twice_is_annul_once(desk: Desk) -> None:
    """Behaviour 48: a second press takes back nobody else, before the answer and after it."""
    desk.do(Annul())
    assert desk.do(Annul()) == ()
    desk.answer(*ANNULLED, step=Step.ANNUL)
    assert desk.do(Annul()) == ()
    desk.type(a_ticket(2), after_ms=2_000)
    desk.answer(*USED)
    desk.do(Annul())
    assert says(desk) == (Face.NOTICE, "none")


def test_there_is_nothing_to_annul_before_the_first_admit() -> None:
    """Behaviour 47: an unknown scan; said, not done."""
    desk = Desk()
    assert kinds(desk.do(Annul())) == [Show]
    assert says(desk) == (Face.NOTICE, "none")


def test_what_passed_before_a_refusal_is_the_last_one(desk: Desk) -> None:
    """A refusal lets nobody in: there is nothing to take back of it."""
    first = desk.asked[0].scan_id
    desk.type(a_ticket(2), after_ms=2_000)
    desk.answer(*USED)
    desk.do(Annul())
    assert desk.asked[-1].scan_id == first


@pytest.mark.parametrize(
    "failure",
    [Failure.UNREACHABLE, Failure.TIMEOUT, Failure.BROKEN, Failure.SERVER, Failure.BUSY],
)
def test_a_dead_line_does_not_keep_it_from_being_annulled(desk: Desk, failure: Failure) -> None:
    """The journal has it, and the service gets it from there."""
    desk.do(Annul())
    desk.fail(failure, step=Step.ANNUL)
    assert annulled(desk).basis is Basis.OFFLINE
    assert says(desk) == (Face.ANNULLED, "")


def test_a_silent_service_does_not_hold_an_annul(desk: Desk) -> None:
    """After the deadline the station does it by itself; a late answer changes nothing."""
    desk.do(Annul())
    desk.wait(400)
    assert annulled(desk).basis is Basis.OFFLINE
    count = len(desk.records)
    assert desk.answer(*ANNULLED, step=Step.ANNUL) == ()
    assert len(desk.records) == count


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (Failure.LATER_MOVES, "later"),
        (Failure.REFUSED, "refused"),
        (Failure.REVOKED, "refused"),
    ],
)
def test_what_the_service_will_not_take_back_stands(
    desk: Desk, failure: Failure, hint: str
) -> None:
    """Behaviour 47: later moves, too late, another device: said, and nothing is recorded."""
    desk.do(Annul())
    before = [one for one in desk.records if isinstance(one, AnnulEntry)]
    desk.fail(failure, step=Step.ANNUL)
    assert [one for one in desk.records if isinstance(one, AnnulEntry)] == before == []
    assert says(desk) == (Face.NOTICE, hint)


def test_an_answer_that_is_no_annul_is_none(desk: Desk) -> None:
    """The service says that the scan stands."""
    desk.do(Annul())
    desk.answer(step=Step.ANNUL)
    assert says(desk) == (Face.NOTICE, "refused")


def test_a_signed_off_station_annuls_nothing(desk: Desk) -> None:
    """Its word counts for nothing any more."""
    desk.type(a_ticket(2), after_ms=2_000)
    desk.fail(Failure.REVOKED)
    desk.gate._stage.screen = replace(desk.gate.screen, result=None)
    desk.do(Annul())
    assert says(desk) == (Face.NOTICE, "refused")


def test_offline_fifteen_minutes_are_counted_by_the_monotonic_clock() -> None:
    """Behaviour 47: a wall clock that jumps back an hour makes nobody younger."""
    desk = Desk.offline()
    desk.type(a_ticket())
    desk.jump = timedelta(hours=-1)
    desk.wait(15 * 60_000 + 1)
    desk.do(Annul())
    assert says(desk) == (Face.NOTICE, "old")
    assert not any(isinstance(one, AnnulEntry) for one in desk.records)


def test_within_fifteen_minutes_a_jump_of_the_clock_does_not_matter() -> None:
    """The other way round."""
    desk = Desk.offline()
    desk.type(a_ticket())
    desk.jump = timedelta(hours=5)
    desk.do(Annul(), after_ms=15 * 60_000)
    assert says(desk) == (Face.ANNULLED, "")


def test_online_the_service_says_how_late_is_too_late(desk: Desk) -> None:
    """It knows when it heard of the scan."""
    assert kinds(desk.do(Annul(), after_ms=60 * 60_000)) == [AskAnnul]


def test_a_notice_does_not_cover_an_open_check() -> None:
    """What staff still have to settle stays."""
    desk = Desk()
    desk.type(a_ticket(flags=Flag.PROOF))
    desk.answer(Verdict.ATTENTION, Reason.CHECK_PROOF)
    assert desk.do(Annul()) == ()
    assert desk.gate.screen.may_settle


def test_a_redeemed_code_is_no_admit() -> None:
    """A discount lets nobody in."""
    desk = Desk()
    desk.type(DISCOUNT_CODE)
    desk.answer(Verdict.DISCOUNT, Reason.OK_CODE, ticket=None)
    desk.settle(Action.CONFIRM)
    desk.answer(Verdict.DISCOUNT, Reason.OK_CODE, ticket=None, step=Step.SETTLE)
    desk.do(Annul())
    assert says(desk) == (Face.NOTICE, "none")


def test_codes_wait_while_a_scan_is_taken_back(desk: Desk) -> None:
    """The next visitor is judged by what stands then."""
    desk.do(Annul())
    asked = len(desk.asked)
    desk.type(a_ticket(2), after_ms=100)
    assert len(desk.asked) == asked
    desk.answer(*ANNULLED, step=Step.ANNUL)
    assert isinstance(desk.asked[-1], Ask)


def test_whoever_came_meanwhile_can_still_be_taken_back(desk: Desk) -> None:
    """An annul under way takes back the one it was meant for, and no other."""
    first = desk.asked[0].scan_id
    desk.type(a_ticket(2), after_ms=2_000)
    second = desk.asked[-1].scan_id
    desk.do(Annul())
    desk.answer(scan_id=second, ticket=a_view(2))
    desk.do(Answer(first, Step.ANNUL, an_answer(first, *ANNULLED)))
    assert annulled(desk).scan_id == first
    desk.type(a_ticket(3), after_ms=2_000)
    desk.answer(*USED)
    desk.do(Annul())
    assert desk.asked[-1].scan_id == second


def test_an_annulled_scan_without_a_ticket_takes_back_no_move() -> None:
    """A typed code of which the service told no ticket."""
    desk = Desk()
    desk.type(a_ticket())
    desk.answer(ticket=a_view(id="not hex"))
    desk.do(Annul())
    desk.answer(*ANNULLED, step=Step.ANNUL)
    assert annulled(desk).own is not None  # the barcode itself says which


# ---------------------------------------------------------------- how many people


def test_fewer_people_are_one_step_and_two_rows() -> None:
    """Annulled and scanned anew with the number; the old row leaves the list."""
    desk = a_group()
    old = desk.gate.screen.scan_id
    press(desk, -1)
    assert kinds(desk.answer(*ANNULLED, step=Step.ANNUL)) == [Record, Ask]
    asked = desk.asked[-1]
    assert isinstance(asked, Ask)
    assert (asked.people, asked.direction) == (4, Direction.ENTRY)
    desk.answer(ticket=a_view(5, party=5), remaining=Remaining(0, 1))
    screen = desk.gate.screen
    assert (screen.replaces, screen.result and screen.result.people) == (old, 4)
    rows = [type(one) for one in desk.records if isinstance(one, ScanEntry | AnnulEntry)]
    assert rows == [ScanEntry, AnnulEntry, ScanEntry]


def test_offline_the_number_is_changed_by_the_station() -> None:
    """The annul is recorded before the ticket is judged again."""
    desk = Desk.offline()
    desk.type(GROUP)
    press(desk, -2)
    assert kinds(desk.effects)[-4:] == [Record, Record, Show, Sound]
    assert isinstance(desk.records[-2], AnnulEntry)
    result = desk.gate.screen.result
    assert result is not None
    assert (result.people, result.remaining_people) == (3, 2)
    press(desk, +1)
    desk.wait(50)
    assert desk.gate.screen.result is not None
    assert desk.gate.screen.result.people == 4


def test_presses_while_a_change_is_on_its_way_are_added_up() -> None:
    """Three presses in a second are three people, not three questions at once."""
    desk = a_group()
    press(desk, -1)
    press(desk, -1)
    desk.answer(*ANNULLED, step=Step.ANNUL)
    press(desk, -1)
    desk.answer(ticket=a_view(5, party=5), remaining=Remaining(0, 1))
    assert kinds(desk.asked)[-2:] == [Ask, AskAnnul]
    desk.answer(*ANNULLED, step=Step.ANNUL)
    asked = desk.asked[-1]
    assert isinstance(asked, Ask)
    assert asked.people == 2


def test_presses_offline_count_one_after_the_other() -> None:
    """Each is done before the next."""
    desk = Desk.offline()
    desk.type(GROUP)
    press(desk, -1)
    press(desk, -1)
    assert desk.gate.screen.result is not None
    assert desk.gate.screen.result.people == 3


@pytest.mark.parametrize("delta", [+1, +100])
def test_no_more_people_come_in_than_the_ticket_is_for(delta: int) -> None:
    """All five are in already: nothing happens."""
    desk = a_group()
    count = len(desk.effects)
    press(desk, delta)
    assert len(desk.effects) == count


def test_at_least_one_comes_in() -> None:
    """Nobody at all is what annul is for."""
    desk = Desk.offline()
    desk.type(GROUP)
    press(desk, -100)
    desk.wait(50)
    assert desk.gate.screen.result is not None
    assert desk.gate.screen.result.people == 1


def test_a_single_ticket_has_no_number_to_change(desk: Desk) -> None:
    """One person, one entry."""
    assert not desk.gate.screen.may_change
    count = len(desk.effects)
    press(desk, +1)
    assert len(desk.effects) == count


def test_the_next_code_ends_the_change() -> None:
    """What is on the screen then is somebody else."""
    desk = a_group()
    desk.type(a_ticket(2), after_ms=2_000)
    desk.answer(*USED)
    press(desk, -1)
    assert not any(isinstance(one, AskAnnul) for one in desk.asked)


def test_a_number_that_cannot_be_changed_is_told() -> None:
    """The service has later moves: the admit stands, presses are forgotten."""
    desk = a_group()
    press(desk, -1)
    press(desk, -1)
    desk.fail(Failure.LATER_MOVES, step=Step.ANNUL)
    assert says(desk) == (Face.NOTICE, "later")
    desk.type(GROUP, after_ms=2_000)
    desk.answer(ticket=a_view(5, party=5), remaining=Remaining(0, 1))
    assert isinstance(desk.effects[-1], Sound)


def test_what_was_taken_back_cannot_be_changed() -> None:
    """The screen of an older admit that a late answer brought is not the last one."""
    desk = a_group()
    desk.do(Annul())
    desk.answer(*ANNULLED, step=Step.ANNUL)
    press(desk, -1)
    assert isinstance(desk.asked[-1], AskAnnul)
    assert len(desk.asked) == 2


def test_only_who_passed_last_can_be_another_number() -> None:
    """Without an admit there is nothing whose number could change."""
    shown = a_group().gate._stage.scan
    assert shown is not None
    assert Undo().changed(People(-1, shown.scan_id), shown) is None


def test_a_changed_scan_that_is_refused_says_so() -> None:
    """The service has heard something meanwhile: nobody is inside by this ticket."""
    desk = a_group()
    press(desk, -1)
    desk.answer(*ANNULLED, step=Step.ANNUL)
    desk.answer(Verdict.REFUSE, Reason.BLOCKED)
    assert desk.shown == (Verdict.REFUSE, Reason.BLOCKED)


# ---------------------------------------------------------------- without a ticket


def test_people_without_a_ticket_are_recorded_and_seen_at_once(desk: Desk) -> None:
    """The number of people inside is ahead of the service until that has heard."""
    assert kinds(desk.do(Count(3, "without_ticket"))) == [Record]
    assert desk.records[-1] == CountEntry(3, "without_ticket", desk.at)
    assert (desk.gate.inside, desk.gate.counted) == (146, 3)
    desk.do(Count(-1, "correction"))
    assert (desk.gate.inside, desk.gate.counted) == (145, 2)


def test_nobody_is_less_than_none() -> None:
    """Without a number from the service there is none to show; below zero none either."""
    desk = Desk()
    desk.do(Count(-1, "correction"))
    assert (desk.gate.inside, desk.gate.counted) == (None, -1)
    desk.type(a_ticket())
    desk.answer(inside=1)
    desk.do(Count(-5, "correction"))
    assert desk.gate.inside == 0


def test_no_people_are_no_entry(desk: Desk) -> None:
    """Nothing is recorded that did not happen."""
    assert desk.do(Count(0, "without_ticket")) == ()


# ---------------------------------------------------------------- news of the house


def test_a_new_key_ring_is_trusted_without_a_restart() -> None:
    """And one that was taken out no longer is."""
    desk = Desk.offline()
    desk.do(Learned(replace(POST, ring=KeyRing(()))))
    desk.type(a_ticket())
    assert desk.shown == (Verdict.ATTENTION, Reason.NEEDS_SERVICE)
    desk.do(Learned(POST))
    desk.type(a_ticket(2), after_ms=20_000)
    assert desk.shown == ADMITTED


def test_another_gate_stands_in_the_moves_from_then_on() -> None:
    """A station that was put at another door."""
    desk = Desk.offline()
    desk.do(Learned(replace(POST, gate="nord")))
    desk.type(a_ticket())
    entry = desk.records[-1]
    assert isinstance(entry, ScanEntry)
    assert entry.own is not None
    assert entry.own.move.gate == "nord"


def test_offline_codes_in_a_row_are_judged_by_what_came_before() -> None:
    """Behaviour 54: what was let in a moment ago is refused, whatever waited between."""
    desk = Desk()
    for _ in range(2):
        desk.type(a_ticket(2))
    desk.do(NoAnswer(desk.asked[0].scan_id, Step.SCAN, Failure.UNREACHABLE))
    desk.type(a_ticket(1))
    desk.type(a_ticket(3))
    desk.wait(50)
    desk.wait(50)
    admitted = [one for one in desk.records if isinstance(one, ScanEntry)]
    assert [one.verdict for one in admitted] == [Verdict.ADMIT] * 3
    desk.type(a_ticket(1), after_ms=2_000)
    assert desk.shown == USED


def test_the_line_comes_back_by_itself() -> None:
    """Offline and back again, and nobody had to press a key."""
    desk = Desk.offline()
    desk.type(a_ticket())
    desk.do(LinkUp(desk.fresh()))
    desk.type(a_ticket(2), after_ms=2_000)
    assert isinstance(desk.asked[-1], Ask)


# ---------------------------------------------------------------- a supervisor's word


def a_refusal(desk: Desk) -> ScanId:
    """The service has refused a ticket."""
    desk.type(a_ticket())
    desk.answer(Verdict.REFUSE, Reason.ALREADY_USED)
    return ScanId(desk.gate.screen.scan_id)


def test_a_supervisors_word_is_recorded_and_shown() -> None:
    """As staff settling the refused scan: the pass stands in the journal, and F8 takes it back."""
    desk = Desk()
    scan_id = a_refusal(desk)
    desk.answer(Verdict.ADMIT, Reason.OK_OVERRIDE, step=Step.OVERRIDE, scan_id=scan_id)
    assert desk.shown == (Verdict.ADMIT, Reason.OK_OVERRIDE)
    entry = desk.records[-1]
    assert isinstance(entry, ResolveEntry)
    assert (entry.scan_id, entry.action, entry.shown) == (scan_id, Action.CONFIRM, Verdict.ADMIT)
    desk.do(Annul())
    assert desk.asked[-1].scan_id == scan_id


def test_a_supervisors_word_comes_through_behind_the_next_visitor() -> None:
    """The service has let them in, so the journal must know of it, whoever is shown now."""
    desk = Desk()
    scan_id = a_refusal(desk)
    desk.type(a_ticket(2))
    desk.answer()
    desk.answer(Verdict.ADMIT, Reason.OK_OVERRIDE, step=Step.OVERRIDE, scan_id=scan_id)
    assert isinstance(desk.records[-1], ResolveEntry)


def test_a_word_about_an_unknown_scan_changes_nothing() -> None:
    """Nor does a second one about the same, nor one about what nobody may overrule."""
    desk = Desk()
    desk.type(a_ticket())
    desk.answer(Verdict.REFUSE, Reason.FORGED)
    forged_scan = ScanId(desk.gate.screen.scan_id)
    before = len(desk.records)
    for scan_id in (forged_scan, ScanId("f" * 32)):
        desk.answer(Verdict.ADMIT, Reason.OK_OVERRIDE, step=Step.OVERRIDE, scan_id=scan_id)
    assert desk.shown == (Verdict.REFUSE, Reason.FORGED)
    assert len(desk.records) == before


def test_of_many_refusals_the_oldest_can_no_longer_be_overruled() -> None:
    """Memory does not grow with the day."""
    desk = Desk()
    first = a_refusal(desk)
    for number in range(2, 70):
        desk.type(a_ticket(number))
        desk.answer(Verdict.REFUSE, Reason.ALREADY_USED)
    before = len(desk.records)
    desk.answer(Verdict.ADMIT, Reason.OK_OVERRIDE, step=Step.OVERRIDE, scan_id=first)
    assert len(desk.records) == before
