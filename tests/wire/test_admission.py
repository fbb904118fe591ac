"""Properties of the one rule, whatever it is asked."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import strategies as any_
from tests.wire.cases import BERLIN, AdmissionCase, load_cases
from ticketing.wire.admission import (
    RULES,
    Decision,
    Evidence,
    Gate,
    Known,
    Move,
    MoveKind,
    Moves,
    OfferRule,
    Terms,
    Window,
    decide,
    decide_text,
    fold,
    override,
)
from ticketing.wire.textclass import classify
from ticketing.wire.token import BadToken, Token
from ticketing.wire.verdict import (
    CONFIRMABLE,
    OVERRIDABLE,
    VERDICTS_OF,
    Basis,
    Check,
    Direction,
    Reason,
    TicketState,
    Verdict,
)

_NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
_GATE = Gate("north", BERLIN)
_OFFLINE = Gate("north", BERLIN, basis=Basis.OFFLINE)
_CASES = {case.name: case for case in load_cases()}
_DAY = _CASES["a day ticket on its day"]
_any_token = any_.tokens | any_.bad_tokens
_any_known = st.none() | any_.known


@given(token=_any_token, known=_any_known, now=any_.times, gate=any_.gates)
def test_every_question_has_one_answer(
    token: Token | BadToken, known: Known | None, now: datetime, gate: Gate
) -> None:
    """Total and deterministic: the same question, the same answer of the contract's table."""
    decision = decide(token, known, now, gate)
    assert decision == decide(token, known, now, gate)
    assert decision.verdict in VERDICTS_OF[decision.reason]
    assert any(decision.reason in rule.reasons for rule in RULES)


@given(token=_any_token, known=_any_known, now=any_.times, gate=any_.gates)
def test_only_who_passes_is_written(
    token: Token | BadToken, known: Known | None, now: datetime, gate: Gate
) -> None:
    """A refusal has nobody, no move and no check; attention has no move; a check writes nothing."""
    decision = decide(token, known, now, gate)
    passes = decision.verdict in {Verdict.ADMIT, Verdict.EXIT}
    assert decision.move is None or passes
    assert decision.move is None or gate.direction is not Direction.CHECK
    assert (decision.people == 0) == (
        decision.verdict is Verdict.REFUSE or decision.reason is Reason.NEEDS_SERVICE
    )
    assert bool(decision.checks) == (
        decision.reason in CONFIRMABLE and decision.verdict is Verdict.ATTENTION
    )


@given(token=any_.bad_tokens, known=_any_known, now=any_.times, gate=any_.gates)
def test_a_bad_barcode_never_enters(
    token: BadToken, known: Known | None, now: datetime, gate: Gate
) -> None:
    """Whatever is known and done, nothing but a signature opens the door."""
    decision = decide(token, known, now, replace(gate, done=frozenset(Check)))
    assert decision.verdict is not Verdict.ADMIT
    assert decision.verdict is not Verdict.ATTENTION or decision.reason is Reason.NEEDS_SERVICE


@given(token=any_.tokens, known=_any_known, now=any_.times, gate=any_.gates)
def test_nobody_is_locked_in(token: Token, known: Known | None, now: datetime, gate: Gate) -> None:
    """A ticket whose signature holds may leave, whatever its state."""
    decision = decide(token, known, now, replace(gate, direction=Direction.EXIT))
    assert decision.verdict is Verdict.EXIT
    assert decision.people >= 1


@given(token=any_.tokens, known=any_.known, now=any_.times, gate=any_.gates)
def test_a_revoked_ticket_never_enters(
    token: Token, known: Known, now: datetime, gate: Gate
) -> None:
    """No check, no basis, no clock lets a revoked ticket in."""
    revoked = replace(known, state=TicketState.REVOKED)
    asked = replace(gate, direction=Direction.ENTRY, done=frozenset(Check))
    assert decide(token, revoked, now, asked).verdict is not Verdict.ADMIT


@given(token=any_.tokens, known=_any_known, now=any_.times, gate=any_.gates)
def test_confirmed_checks_leave_none_open(
    token: Token, known: Known | None, now: datetime, gate: Gate
) -> None:
    """Asked again with every check done, attention is left only for what cannot be confirmed."""
    decision = decide(token, known, now, replace(gate, done=frozenset(Check)))
    assert decision.verdict is not Verdict.ATTENTION or decision.reason not in CONFIRMABLE


@given(
    scans=st.lists(st.tuples(st.booleans(), st.integers(-1, 6), st.integers(0, 20)), max_size=14),
    party=st.integers(1, 4),
    entries=st.integers(1, 3),
    reentry=st.booleans(),
)
def test_a_ticket_admits_exactly_as_often_as_it_may(
    scans: list[tuple[bool, int, int]], party: int, entries: int, *, reentry: bool
) -> None:
    """Over any scans of one day, folded and decided in turn, no use and no person too many."""
    assert isinstance(_DAY.token, Token)
    claims = replace(_DAY.token.claims, party=party, entries=entries)
    token = replace(_DAY.token, claims=claims)
    rows: list[Move] = []
    came = 0
    for n, (leaving, people, minute) in enumerate(scans, 1):
        now = _NOW.replace(hour=10 + n // 3, minute=n % 3 * 20 + minute % 20)
        known = Known(
            offer=OfferRule(reentry=reentry),
            moves=fold(rows, now, BERLIN, terms=Terms(party)),
            registered=True,
        )
        direction = Direction.EXIT if leaving else Direction.ENTRY
        gate = replace(_GATE, people=None if people < 0 else people, direction=direction)
        decision = decide(token, known, now, gate)
        if decision.move:
            rows.append(Move(n, bytes([n]), decision.move, decision.people, now, "north"))
            came += decision.people if decision.move is MoveKind.ENTRY else 0
    final = fold(rows, _NOW.replace(hour=16), BERLIN, terms=Terms(party))
    assert final.uses <= entries
    assert came <= entries * party
    assert not reentry or final.inside <= party


@given(
    rows=st.lists(any_.moves, max_size=12),
    now=any_.times,
    zone=any_.zones,
    party=st.integers(0, 9),
    slot=st.none() | any_.windows,
)
def test_any_rows_add_up(
    rows: list[Move], now: datetime, zone: ZoneInfo, party: int, slot: Window | None
) -> None:
    """The fold is total, does not mind the order of rows, and never counts below nothing."""
    total = fold(rows, now, zone, terms=Terms(party, slot))
    assert total.inside >= 0
    assert total.uses_today <= total.uses
    assert total.last_no == max((row.no for row in rows), default=0)
    assert total.use_open or total.people_in_use == 0


def test_no_rows_are_nothing() -> None:
    """A ticket without moves is a fresh one."""
    assert fold([], _NOW, BERLIN, terms=Terms(4)) == Moves()


def test_an_annulled_exit_is_undone() -> None:
    """After the annul the entry is the last move again, the next number counts on."""
    rows = [
        Move(1, b"a", MoveKind.ENTRY, 2, _NOW, "north"),
        Move(2, b"b", MoveKind.EXIT, 2, _NOW, "south"),
        Move(3, b"b", MoveKind.ANNUL, 0, _NOW, "south"),
    ]
    total = fold(rows, _NOW, BERLIN, terms=Terms(2))
    assert (total.last_kind, total.inside, total.last_no) == (MoveKind.ENTRY, 2, 3)


def test_a_confirmed_return_does_not_make_the_party_grow() -> None:
    """Let in again on the word of staff, one person stays one person."""
    rows = [
        Move(1, b"a", MoveKind.ENTRY, 1, _NOW, "north"),
        Move(2, b"b", MoveKind.REENTRY, 1, _NOW, "north"),
    ]
    assert fold(rows, _NOW, BERLIN, terms=Terms(1)).inside == 1


def test_a_use_lasts_as_long_as_its_slot() -> None:
    """A night event past midnight is one use; without a slot it would be over."""
    before, after = _NOW.replace(hour=21), _NOW.replace(hour=23)
    rows = [
        Move(1, b"a", MoveKind.ENTRY, 1, before, "north"),
        Move(2, b"b", MoveKind.EXIT, 1, before, "north"),
    ]
    slot = Window(before.replace(hour=20), after)
    late = after.replace(hour=22, minute=30)
    assert fold(rows, late, BERLIN, terms=Terms(1, slot)).use_open
    assert not fold(rows, late, BERLIN, terms=Terms(1)).use_open


@pytest.mark.parametrize(
    ("text", "verdict", "reason", "detail"),
    [
        ("https://example.org", Verdict.REFUSE, Reason.FOREIGN, "web"),
        ("4006381333931", Verdict.REFUSE, Reason.FOREIGN, ""),
        ("04" + "0" * 60, Verdict.REFUSE, Reason.MALFORMED, "malformed"),
        ("0C" + "0" * 152, Verdict.REFUSE, Reason.UNSUPPORTED, ""),
        ("HERBST-0123456789Z", Verdict.REFUSE, Reason.UNKNOWN_CODE, "typo"),
        ("HERBST-01234567890", Verdict.ATTENTION, Reason.NEEDS_SERVICE, ""),
        ("0000-0000", Verdict.REFUSE, Reason.UNKNOWN_CODE, "typo"),
        ("0000-0001", Verdict.ATTENTION, Reason.NEEDS_SERVICE, ""),
    ],
)
def test_a_text_that_is_no_ticket(text: str, verdict: Verdict, reason: Reason, detail: str) -> None:
    """Foreign and mistyped texts are refused at once, good codes wait for the service."""
    decision = decide_text(classify(text), _NOW, _OFFLINE)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert decision.evidence == Evidence(detail=detail)


_REFUSED = {case.name: case for case in _CASES.values() if case.verdict is Verdict.REFUSE}


@pytest.mark.parametrize("case", _REFUSED.values(), ids=_REFUSED)
def test_a_supervisor_may_overrule_some_refusals_and_no_others(case: AdmissionCase) -> None:
    """Nobody lets in a forgery, a revoked or a superseded ticket."""
    found = override(case.token, case.known, case.now, case.gate)
    assert (found is not None) == (case.reason in OVERRIDABLE)
    assert found is None or (found.verdict, found.reason) == (Verdict.ADMIT, Reason.OK_OVERRIDE)
    assert found is None or found.people >= 1


def test_the_cases_hold_every_refusal_that_may_be_overruled() -> None:
    """None of them is allowed without being tried."""
    assert {case.reason for case in _REFUSED.values()} >= OVERRIDABLE


def _overruled(moves: Moves, *, gate: Gate = _GATE, **known: Any) -> Decision:
    """What a supervisor makes of a plain day ticket that is for another gate."""
    rule = known.pop("offer", OfferRule(gates=frozenset({"south"})))
    facts = Known(moves=moves, offer=rule, registered=True, **known)
    found = override(_DAY.token, facts, _NOW, gate)
    assert found is not None
    return found


def test_overruling_spends_a_use_if_one_is_left() -> None:
    """Of three one is gone; an unlimited ticket stays so."""
    found = _overruled(Moves(), entries=3, party=2)
    assert (found.move, found.people, found.remaining_uses) == (MoveKind.ENTRY, 2, 2)
    assert _overruled(Moves(uses=5), entries=0).remaining_uses is None


def test_overruling_a_used_ticket_counts_people_and_no_use() -> None:
    """One person if nothing is said, no move, and nothing is left that was not."""
    used = Moves(last_no=1, uses=1, people_in_use=1, use_open=True, inside=1)
    found = _overruled(used, entries=1)
    assert (found.move, found.people) == (None, 1)
    assert (found.remaining_uses, found.remaining_people) == (0, 0)
    assert _overruled(used, gate=replace(_GATE, people=4), entries=1, party=4).people == 3


def test_overruling_lets_the_rest_of_a_party_join_its_open_use() -> None:
    """Two of five are in: the three others are not let in a second time later."""
    two = Moves(last_no=1, uses=1, people_in_use=2, use_open=True, inside=2)
    found = _overruled(two, entries=1, party=5)
    assert (found.move, found.people) == (MoveKind.ENTRY, 3)
    assert (found.remaining_uses, found.remaining_people) == (0, 0)


def test_overruling_lets_somebody_come_back_who_had_left() -> None:
    """A re-entry at the wrong gate stays a re-entry."""
    out = Moves(last_no=2, uses=1, people_in_use=1, use_open=True, last_kind=MoveKind.EXIT)
    rule = OfferRule(gates=frozenset({"south"}), reentry=True)
    found = _overruled(out, entries=1, offer=rule)
    assert (found.move, found.remaining_uses) == (MoveKind.REENTRY, 0)


def test_attention_is_not_overruled() -> None:
    """What staff may confirm needs no supervisor."""
    known = Known(state=TicketState.UNPAID, offer=OfferRule(pay_at_desk=True), registered=True)
    asked = decide(_DAY.token, known, _NOW, _GATE)
    assert asked.verdict is Verdict.ATTENTION
    assert override(_DAY.token, known, _NOW, _GATE) is None


def test_the_rules_stand_in_the_order_of_the_design() -> None:
    """Class to signature, exit, flags, state, gate, time, uses, capacity, checks."""
    assert [rule.name for rule in RULES] == [
        "barcode",
        "exit",
        "service only",
        "known",
        "state",
        "gate",
        "clock",
        "validity",
        "slot",
        "calendar",
        "uses",
        "capacity",
        "checks",
        "admit",
    ]


def test_a_window_holds_from_its_start_to_before_its_end() -> None:
    """Without tolerance the start is in, the end is out."""
    window = Window(_NOW, _NOW.replace(hour=13))
    assert window.holds(_NOW)
    assert not window.holds(_NOW.replace(hour=13))
    assert not window.holds(_NOW.replace(hour=11, minute=59))
