"""The settling rule alone: total, never counts too often, takes nothing back that is used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.conflicts import ConflictKind, conflict_id
from ticketing.domain.settling import (
    PASSED,
    RESOLVABLE,
    Count,
    CountExtra,
    CountPeople,
    Holding,
    Known,
    Mark,
    Record,
    Store,
    TakeBack,
    Told,
    excess,
    has_later,
    settle,
    standing_moves,
)
from ticketing.wire.moves import Move, MoveKind, Terms, fold
from ticketing.wire.verdict import Check, Reason, TicketState, Verdict
from ticketing.wire.window import Window, local_day

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 10, 4, 10, 0, tzinfo=UTC)
SCAN = b"s" * 16
MINUTE = timedelta(minutes=1)


def told(shown: Verdict = Verdict.ADMIT, **changes: object) -> Told:
    """One person at noon."""
    plain = Told(scan_id=SCAN, shown=shown, reason=Reason.OK, people=1, at=NOON, gate="sued")
    return replace(plain, **changes)  # type: ignore[arg-type]  # handed on as they came


def holding(*moves: Move, **changes: object) -> Holding:
    """A good ticket for one person and one use."""
    plain = Holding(
        state=TicketState.VALID,
        state_at=NOON - timedelta(days=1),
        issue=0,
        issued_at=NOON - timedelta(days=1),
        entries=1,
        per_day=None,
        pay_at_desk=False,
        terms=Terms(party=1),
        moves=moves,
        zone=BERLIN,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # handed on as they came


def entry(no: int, minutes: int = 0, **changes: object) -> Move:
    """An entry of one person so many minutes after noon."""
    plain = Move(no, bytes([no]) * 16, MoveKind.ENTRY, 1, NOON + minutes * MINUTE, "sued")
    return replace(plain, **changes)  # type: ignore[arg-type]  # handed on as they came


def outcome_of(one: Told, record: Record, what: Holding | None = None) -> object:
    """What is to be done, where the service had said that the ticket was blocked."""
    return settle(one, record, what, said=Reason.BLOCKED)


# ------------------------------------------------------------ the table
@given(
    shown=st.sampled_from(Verdict),
    record=st.sampled_from(Record),
    is_resolve=st.booleans(),
    is_known=st.booleans(),
)
def test_every_cell_has_an_outcome(
    shown: Verdict, record: Record, *, is_resolve: bool, is_known: bool
) -> None:
    """Whatever was shown and recorded; people are counted only if somebody passed."""
    found = outcome_of(told(shown, is_resolve=is_resolve), record, holding() if is_known else None)
    counts = isinstance(found, Count | CountPeople | CountExtra)
    assert not counts or shown in PASSED
    assert not isinstance(found, TakeBack | Mark) or shown not in PASSED


@pytest.mark.parametrize("record", [Record.PASSED, Record.ANNULLED, Record.RETRACTED])
def test_a_pass_that_is_recorded_is_not_counted_again(record: Record) -> None:
    """Also one that was taken back meanwhile: its people have been counted and uncounted."""
    assert outcome_of(told(), record, holding()) == Known()


def test_a_pass_behind_a_refusal_is_overruled_with_the_services_reason() -> None:
    """The service said no, the gate let them in."""
    found = outcome_of(told(), Record.REFUSED, holding())
    assert found == CountExtra(ConflictKind.OVERRULED, Reason.BLOCKED)


@pytest.mark.parametrize("record", sorted(RESOLVABLE))
def test_a_resolved_question_is_counted(record: Record) -> None:
    """Staff have looked; nothing speaks against it."""
    assert outcome_of(told(is_resolve=True), record, holding()) == Count(MoveKind.ENTRY)


def test_only_the_services_own_question_can_be_overruled() -> None:
    """Of the station's own question two gates may not have known."""
    used = holding(entry(1))
    own = outcome_of(told(is_resolve=True), Record.QUESTION, used)
    asked = outcome_of(told(is_resolve=True), Record.ASKED, used)
    assert isinstance(own, CountExtra)
    assert isinstance(asked, CountExtra)
    assert (own.kind, asked.kind) == (ConflictKind.DOUBLE_USE, ConflictKind.OVERRULED)
    assert own.counted == asked.counted == entry(1).scan_id


def test_a_refusal_takes_a_recorded_pass_back_unless_the_ticket_moved_on() -> None:
    """What rests on a move keeps it."""
    own = entry(1, scan_id=SCAN)
    left = Move(2, b"x" * 16, MoveKind.EXIT, 1, NOON + MINUTE, "sued")
    refused = told(Verdict.REFUSE)
    assert outcome_of(refused, Record.PASSED, holding(own)) == TakeBack()
    assert outcome_of(refused, Record.PASSED, holding(own, left)) == Mark()
    assert outcome_of(refused, Record.NONE, holding()) == Store()


def test_an_exit_is_never_refused() -> None:
    """Known or not, in whatever state."""
    leaves = told(Verdict.EXIT)
    gone = holding(state=TicketState.REVOKED)
    assert outcome_of(leaves, Record.NONE, gone) == Count(MoveKind.EXIT)
    assert outcome_of(leaves, Record.NONE, None) == CountPeople()
    assert outcome_of(leaves, Record.REFUSED, gone) == CountPeople()


def test_a_supervisor_answers_for_an_override() -> None:
    """A use if one is left, otherwise a person, and no conflict."""
    freed = told(reason=Reason.OK_OVERRIDE)
    blocked = holding(state=TicketState.BLOCKED)
    assert outcome_of(freed, Record.NONE, blocked) == Count(MoveKind.ENTRY)
    assert outcome_of(freed, Record.NONE, holding(entry(1))) == CountPeople()


# ------------------------------------------------------------ as of then
@pytest.mark.parametrize(("minutes", "is_good"), [(-1, True), (0, False), (1, False)])
def test_a_state_holds_from_its_moment_on(minutes: int, *, is_good: bool) -> None:
    """Blocked at noon: what was scanned a minute before was good."""
    case = holding(state=TicketState.BLOCKED, state_at=NOON)
    found = outcome_of(told(at=NOON + minutes * MINUTE), Record.NONE, case)
    assert (found == Count(MoveKind.ENTRY)) is is_good


@pytest.mark.parametrize(("minutes", "is_good"), [(-1, True), (0, False), (1, False)])
def test_an_old_issue_is_good_until_the_new_one(minutes: int, *, is_good: bool) -> None:
    """Reissued at noon."""
    case = holding(issue=1, issued_at=NOON)
    found = outcome_of(told(issue=0, at=NOON + minutes * MINUTE), Record.NONE, case)
    assert (found == Count(MoveKind.ENTRY)) is is_good
    if not is_good:
        assert found == CountExtra(ConflictKind.SUPERSEDED_USED, Reason.SUPERSEDED)


def test_an_issue_that_the_service_has_lost_is_good() -> None:
    """It was restored from before the reissue."""
    assert outcome_of(told(issue=3), Record.NONE, holding()) == Count(MoveKind.ENTRY)


def test_an_unpaid_ticket_needs_the_money_at_the_gate() -> None:
    """Where the offer is paid there, and staff have taken it."""
    unpaid = holding(state=TicketState.UNPAID)
    at_desk = replace(unpaid, pay_at_desk=True)
    paid = told(done=frozenset({Check.PAYMENT}))
    refused = CountExtra(ConflictKind.OVERRULED, Reason.UNPAID)
    assert outcome_of(told(), Record.NONE, at_desk) == refused
    assert outcome_of(paid, Record.NONE, unpaid) == refused
    assert outcome_of(paid, Record.NONE, at_desk) == Count(MoveKind.ENTRY)


# ------------------------------------------------------------ trial insertion
def test_staff_who_looked_whether_somebody_is_inside_are_believed() -> None:
    """Left through a door without a reader: coming back is no double use."""
    case = holding(entry(1), terms=Terms(party=1, reentry=True))
    back = Move(2, SCAN, MoveKind.REENTRY, 1, NOON + MINUTE, "sued")
    assert excess(case, back) is Reason.STILL_INSIDE
    assert excess(case, back, done=frozenset({Check.INSIDE})) is None


def test_an_earlier_entry_may_make_a_later_one_too_many() -> None:
    """Tried in its place: three of four at eleven, four at noon."""
    case = holding(entry(1, people=4), terms=Terms(party=4))
    early = entry(2, -60, people=3)
    assert excess(case, early) is Reason.ALREADY_USED
    assert excess(replace(case, entries=2), early) is None


def test_more_people_than_the_ticket_is_for_are_too_many() -> None:
    """A party of one is one."""
    assert excess(holding(entries=0), entry(1, people=2)) is Reason.ALREADY_USED


def test_a_day_is_the_local_day_of_the_scan() -> None:
    """Half past midnight is another day, whatever UTC says."""
    evening = datetime(2026, 10, 4, 21, 50, tzinfo=UTC)  # 23:50 in Berlin
    case = holding(replace(entry(1), at=evening), entries=0, per_day=1)
    assert excess(case, replace(entry(2), at=evening + 5 * MINUTE)) is Reason.USED_TODAY
    assert excess(case, replace(entry(2), at=evening + 15 * MINUTE)) is None


def test_a_slot_is_a_period_of_its_own() -> None:
    """Once per slot, also when it lies across midnight."""
    start = datetime(2026, 10, 4, 21, 0, tzinfo=UTC)
    slot = Window(start, start + timedelta(hours=3))
    case = holding(
        replace(entry(1), at=start), entries=0, per_day=1, terms=Terms(party=1, slot=slot)
    )
    late = replace(entry(2), at=start + timedelta(hours=2))
    assert local_day(late.at, BERLIN) != local_day(start, BERLIN)
    assert excess(case, late) is Reason.USED_TODAY


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(("in", "back", "out", "annul")),
        st.integers(-3_000, 3_000),
        st.integers(1, 3),
    ),
    max_size=14,
)


@given(
    arrivals=ARRIVALS,
    entries=st.integers(0, 3),
    per_day=st.none() | st.integers(1, 2),
    party=st.integers(1, 3),
    reentry=st.booleans(),
)
def test_scans_in_any_order_never_count_too_often(
    arrivals: list[tuple[str, int, int]],
    entries: int,
    per_day: int | None,
    party: int,
    *,
    reentry: bool,
) -> None:
    """Entries, returns, exits and annuls of several days, told in any order."""
    case = holding(entries=entries, per_day=per_day, terms=Terms(party=party, reentry=reentry))
    for no, (what, minutes, people) in enumerate(arrivals, 1):
        case = replace(case, moves=_after(case, what, NOON + minutes * MINUTE, people, no))
        moves = standing_moves(case.moves)
        for at in {move.at for move in moves}:
            sums = fold(moves, at, BERLIN, terms=case.terms)
            assert not entries or sums.uses <= entries
            assert sums.doubled == 0
            period = [m for m in moves if local_day(m.at, BERLIN) == local_day(at, BERLIN)]
            today = fold(period, at, BERLIN, terms=case.terms).uses_today
            assert per_day is None or today <= per_day


def _after(case: Holding, what: str, at: datetime, people: int, no: int) -> tuple[Move, ...]:
    moves = case.moves
    last = max((move.no for move in moves), default=0)
    if what == "annul":
        newest = max(standing_moves(moves), key=lambda move: move.no, default=None)
        if newest is None or has_later(standing_moves(moves), newest.scan_id):
            return moves
        return (*moves, replace(newest, no=last + 1, kind=MoveKind.ANNUL, at=at))
    shown = Verdict.EXIT if what == "out" else Verdict.ADMIT
    reason = Reason.OK_REENTRY if what == "back" else Reason.OK
    scan = bytes([no]) * 16
    one = told(shown, scan_id=scan, people=people, reason=reason, at=at)
    found = outcome_of(one, Record.NONE, case)
    if not isinstance(found, Count):
        return moves
    return (*moves, Move(last + 1, scan, found.move, people, at, "sued"))


@given(arrivals=ARRIVALS)
def test_what_stands_adds_up_to_the_same(arrivals: list[tuple[str, int, int]]) -> None:
    """Annuls and what they took back bear on no sum."""
    case = holding(entries=0, terms=Terms(party=3, reentry=True))
    for no, (what, minutes, people) in enumerate(arrivals, 1):
        case = replace(case, moves=_after(case, what, NOON + minutes * MINUTE, people, no))
    whole = fold(case.moves, NOON, BERLIN, terms=case.terms)
    left = fold(standing_moves(case.moves), NOON, BERLIN, terms=case.terms)
    assert replace(whole, last_no=0) == replace(left, last_no=0)


def test_the_same_finding_has_the_same_id() -> None:
    """On whatever database it is found; another kind or scan is another one."""
    first = conflict_id(ConflictKind.FORK, SCAN)
    assert first == conflict_id(ConflictKind.FORK, SCAN)
    assert first != conflict_id(ConflictKind.DOUBLE_USE, SCAN)
    assert first != conflict_id(ConflictKind.FORK, b"t" * 16)
