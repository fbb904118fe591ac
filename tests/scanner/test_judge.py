"""A station alone: what the service told it, its own moves, and the one rule."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.desk import _without_name
from scanner.events import OwnMove, ScanId
from scanner.judge import Judge, Scan, moves_of
from scanner.memory import Recollection
from scanner.panel import Place, panel_of
from scanner.reading import identify
from scanner.screen import Face, Result, Screen
from scanner.wording import both
from tests.scanner.station_kit import (
    BERLIN,
    DIGEST_KEY,
    HOLDER,
    NOON,
    RING,
    Desk,
    a_ticket,
    forged,
)
from tests.scanner.telling import a_page, a_row, an_offer, closed_on, judge_of, ticket_id
from ticketing.service.gate.knowledge import known_ticket
from ticketing.store.knowledge import TicketRow
from ticketing.wire.admission import Gate, Known, Move, MoveKind, OfferRule, Terms, decide, fold
from ticketing.wire.namebox import seal_name
from ticketing.wire.sync_api import KnownTicket
from ticketing.wire.token import Flag, TicketId, Token, verify
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict
from ticketing.wire.window import local_day

NORTH = OfferRule(gates=frozenset({"nord"}))
DAY = timedelta(days=1)


def asked(
    judge: Judge,
    barcode: str,
    *,
    now: datetime = NOON,
    direction: Direction = Direction.ENTRY,
    done: Iterable[Check] = (),
) -> Result:
    """What the station says to a barcode."""
    reading = identify(barcode, RING, DIGEST_KEY)
    scan = Scan(scan_id=ScanId("0" * 32), reading=reading, direction=direction, at=now, asked_ms=0)
    return judge.alone(scan, now, done=frozenset(done))


def own_entry(at: datetime = NOON, **changes: Any) -> OwnMove:
    """Somebody came in here with `a_ticket()`."""
    return OwnMove(
        ticket_id(1), 0, replace(Move(1, b"1" * 16, MoveKind.ENTRY, 1, at, "sued"), **changes)
    )


# ------------------------------------------------------------ peers 51 to 54
def test_a_signed_ticket_is_good_without_any_knowledge(tmp_path: Path) -> None:
    """Behaviour 51: the issuer's public key is enough."""
    result = asked(judge_of(tmp_path, None), a_ticket())
    assert (result.verdict, result.reason, result.basis) == (
        *(Verdict.ADMIT, Reason.OK),
        Basis.OFFLINE,
    )


@pytest.mark.parametrize(
    ("barcode", "reason"),
    [
        (forged(a_ticket()), Reason.FORGED),
        (a_ticket()[:-1] + ("0" if a_ticket()[-1] != "0" else "G"), None),
        (a_ticket()[:150], Reason.MALFORMED),
        (a_ticket() + "00", Reason.MALFORMED),
        ("0C" + "0" * 160, Reason.UNSUPPORTED),
    ],
)
def test_a_damaged_ticket_is_refused_without_a_fault(
    tmp_path: Path, barcode: str, reason: Reason | None
) -> None:
    """Behaviour 52: one wrong character, cut off, too long, of a later release."""
    result = asked(judge_of(tmp_path, a_page([a_row()])), barcode)
    assert result.verdict is Verdict.REFUSE
    assert reason is None or result.reason is reason


def test_a_key_nobody_has_told_of_waits_for_the_service(tmp_path: Path) -> None:
    """Behaviour 52, another key: it may be newer than the station's ring."""
    text = a_ticket(key_id=9)
    result = asked(judge_of(tmp_path, a_page()), text)
    assert (result.verdict, result.reason) == (Verdict.ATTENTION, Reason.NEEDS_SERVICE)


_WRONG = [
    (Reason.REVOKED, {"state": TicketState.REVOKED}, {}),
    (Reason.BLOCKED, {"state": TicketState.BLOCKED}, {}),
    (Reason.UNPAID, {"state": TicketState.UNPAID}, {}),
    (Reason.SUPERSEDED, {"issue": 1}, {}),
    (Reason.EXPIRED, {"not_after": NOON}, {}),
    (Reason.NOT_YET_VALID, {"not_before": NOON + timedelta(minutes=1)}, {}),
    (Reason.WRONG_GATE, {}, {"offers": (an_offer(7, NORTH),)}),
    (
        Reason.CLOSED,
        {},
        {
            "offers": (an_offer(7, calendar=True),),
            "settings": closed_on(local_day(NOON, BERLIN)),
        },
    ),
    (Reason.ALREADY_USED, {"uses_total": 1, "last_in_at": NOON - 2 * DAY}, {}),
]


@pytest.mark.parametrize(("reason", "row", "page"), _WRONG, ids=[one[0].value for one in _WRONG])
def test_a_signed_ticket_that_is_not_good_gets_the_exact_reason_offline(
    tmp_path: Path, reason: Reason, row: dict[str, Any], page: dict[str, Any]
) -> None:
    """Behaviour 53: what the service told rules over what the barcode claims."""
    judge = judge_of(tmp_path, a_page([a_row(**row)], **page))
    result = asked(judge, a_ticket())
    assert (result.verdict, result.reason) == (Verdict.REFUSE, reason)


def test_a_second_scan_at_the_same_station_is_refused(tmp_path: Path) -> None:
    """Behaviour 54: by its own journal, with and without knowledge, and says when and where."""
    for page in (None, a_page([a_row()])):
        folder = tmp_path / str(page is None)
        folder.mkdir()
        judge = judge_of(folder, page, [own_entry()])
        result = asked(judge, a_ticket(), now=NOON + timedelta(minutes=9))
        assert (result.verdict, result.reason) == (Verdict.REFUSE, Reason.ALREADY_USED)
        assert (result.evidence.at, result.evidence.gate) == (NOON, "sued")


def test_two_codes_of_one_ticket_in_one_moment_are_one_entry() -> None:
    """Both are judged before the journal has the first: the gate knows it all the same."""
    desk = Desk.offline()
    desk.type(a_ticket())
    desk.wait(2_000)
    desk.type(a_ticket(issue=1))
    verdicts = [getattr(entry, "verdict", None) for entry in desk.records]
    assert verdicts == [Verdict.ADMIT, Verdict.REFUSE]


# ------------------------------------------------------------ what was told and what happened here
def test_an_entry_at_another_gate_is_known_offline(tmp_path: Path) -> None:
    """With time and gate, as the service told them."""
    at = NOON - timedelta(minutes=20)
    row = a_row(
        uses_total=1,
        uses_today=1,
        people_today=1,
        inside=1,
        last_in_at=at,
        first_in_at=at,
        last_in_gate="nord",
        first_in_gate="nord",
    )
    result = asked(judge_of(tmp_path, a_page([row])), a_ticket())
    assert result.reason is Reason.ALREADY_USED
    assert (result.evidence.at, result.evidence.gate) == (at, "nord")


def test_a_party_comes_in_parts_at_two_gates(tmp_path: Path) -> None:
    """Three came in elsewhere, one here: nobody is left to come."""
    row = a_row(
        party=4, uses_total=1, uses_today=1, people_today=2, last_in_at=NOON, first_in_at=NOON
    )
    page = a_page([row])
    barcode = a_ticket(party=4)
    first = asked(judge_of(tmp_path, page), barcode, now=NOON + timedelta(minutes=1))
    assert (first.verdict, first.people, first.remaining_people) == (Verdict.ADMIT, 2, 0)
    (tmp_path / "again").mkdir()
    judge = judge_of(tmp_path / "again", page, [own_entry(people=2)])
    result = asked(judge, barcode, now=NOON + timedelta(minutes=2))
    assert (result.verdict, result.reason) == (Verdict.REFUSE, Reason.ALREADY_USED)


def test_a_limit_per_day_ends_with_the_day_of_the_last_entry(tmp_path: Path) -> None:
    """Used up today, free tomorrow, though nothing new was told."""
    rule = OfferRule(per_day=1)
    row = a_row(
        not_after=NOON + 5 * DAY, uses_total=1, uses_today=1, people_today=1, last_in_at=NOON
    )
    judge = judge_of(tmp_path, a_page([row], offers=(an_offer(7, rule),)))
    barcode = a_ticket(entries=10, not_after=NOON + 5 * DAY)
    assert asked(judge, barcode).reason is Reason.USED_TODAY
    midnight = NOON.replace(hour=22, minute=0)
    assert asked(judge, barcode, now=midnight - timedelta(minutes=1)).reason is Reason.USED_TODAY
    assert asked(judge, barcode, now=midnight).reason is Reason.OK


def test_own_moves_of_an_earlier_day_do_not_open_todays_limit(tmp_path: Path) -> None:
    """They arrive at the service late; the row is newer than they are."""
    rule = OfferRule(per_day=1)
    row = a_row(not_after=NOON + DAY, uses_total=1, uses_today=1, people_today=1, last_in_at=NOON)
    page = a_page([row], offers=(an_offer(7, rule),))
    judge = judge_of(tmp_path, page, [own_entry(NOON - DAY)])
    result = asked(judge, a_ticket(entries=3, not_after=NOON + DAY))
    assert (result.reason, result.remaining_uses) == (Reason.USED_TODAY, 1)


def test_an_annul_takes_back_what_the_service_has_told_of(tmp_path: Path) -> None:
    """The service recorded the entry, then the line broke and staff took it back."""
    row = a_row(uses_total=1, uses_today=1, people_today=1, inside=1, last_in_at=NOON)
    annul = own_entry(NOON + timedelta(minutes=1), no=2, kind=MoveKind.ANNUL)
    page = a_page([row], acked=1)
    later = NOON + timedelta(minutes=2)
    judge = judge_of(tmp_path, page, [own_entry(), annul])
    assert asked(judge, a_ticket(), now=later).reason is Reason.OK
    (tmp_path / "again").mkdir()
    again = own_entry(later, no=3, scan_id=b"2" * 16)
    judge = judge_of(tmp_path / "again", page, [own_entry(), annul, again])
    assert asked(judge, a_ticket(), now=later).reason is Reason.ALREADY_USED


def test_an_annulled_exit_leaves_them_inside(tmp_path: Path) -> None:
    """With re-entry nobody comes back who has not left."""
    rule = OfferRule(reentry=True)
    row = a_row(
        uses_total=1, uses_today=1, people_today=1, last_in_at=NOON, first_in_at=NOON, has_left=True
    )
    left = own_entry(NOON + timedelta(minutes=1), kind=MoveKind.EXIT)
    annul = own_entry(NOON + timedelta(minutes=2), no=2, kind=MoveKind.ANNUL)
    page = a_page([row], offers=(an_offer(7, rule),), acked=1)
    judge = judge_of(tmp_path, page, [left, annul])
    result = asked(judge, a_ticket(), now=NOON + timedelta(minutes=3))
    assert (result.verdict, result.reason) == (Verdict.ATTENTION, Reason.STILL_INSIDE)


def test_an_unpaid_ticket_may_be_paid_at_the_gate_offline(tmp_path: Path) -> None:
    """If the offer says so and the barcode does not forbid it."""
    row = a_row(state=TicketState.UNPAID)
    offer = an_offer(7, OfferRule(pay_at_desk=True))
    judge = judge_of(tmp_path, a_page([row], offers=(offer,)))
    result = asked(judge, a_ticket())
    assert (result.reason, result.checks) == (Reason.COLLECT_PAYMENT, (Check.PAYMENT,))
    assert asked(judge, a_ticket(), done=[Check.PAYMENT]).verdict is Verdict.ADMIT
    flagged = asked(judge, a_ticket(flags=Flag.ONLINE_ONLY))
    assert flagged.reason is Reason.NEEDS_SERVICE


def test_a_ticket_may_leave_though_it_was_revoked(tmp_path: Path) -> None:
    """Nobody is locked in, and who came in elsewhere leaves as one who did."""
    row = a_row(state=TicketState.REVOKED, inside=1, uses_total=1, last_in_at=NOON)
    judge = judge_of(tmp_path, a_page([row]))
    result = asked(judge, a_ticket(), direction=Direction.EXIT)
    assert (result.verdict, result.reason) == (Verdict.EXIT, Reason.OK_EXIT)


# ------------------------------------------------------------ the name
def boxed(barcode: str, name: str = HOLDER) -> KnownTicket:
    """The row of a ticket with the box for this barcode."""
    raw = verify(barcode, RING).raw
    return a_row(box=seal_name(raw, name, bytes(12)))


def shown_name(result: Result) -> str:
    """The holder on the panel."""
    screen = Screen(face=Face.VERDICT, result=result, at=NOON)
    place = Place(gate="sued", gate_name=a_page().settings.gate_name, zone=BERLIN, now=NOON)
    return panel_of(screen, place, next(iter(both()))).who


def test_the_presented_barcode_opens_the_name(tmp_path: Path) -> None:
    """Offline too the panel says who it is for."""
    result = asked(judge_of(tmp_path, a_page([boxed(a_ticket())])), a_ticket())
    assert (result.holder, shown_name(result)) == (HOLDER, HOLDER)


def test_an_older_barcode_opens_no_name(tmp_path: Path) -> None:
    """It is superseded, and the box is of the newer one."""
    row = replace(boxed(a_ticket(issue=1)), issue=1)
    result = asked(judge_of(tmp_path, a_page([row])), a_ticket())
    assert (result.reason, result.holder) == (Reason.SUPERSEDED, "")


def test_a_forged_barcode_opens_no_name(tmp_path: Path) -> None:
    """Whatever id it claims."""
    result = asked(judge_of(tmp_path, a_page([boxed(a_ticket())])), forged(a_ticket()))
    assert (result.reason, result.holder) == (Reason.FORGED, "")


def test_the_name_does_not_stand_in_the_list_of_last_scans(tmp_path: Path) -> None:
    """Visitors can read it; nor in what a log would show of a result."""
    result = asked(judge_of(tmp_path, a_page([boxed(a_ticket())])), a_ticket())
    listed = _without_name(Screen(face=Face.VERDICT, result=result, at=NOON)).result
    assert listed is not None
    assert listed.holder == ""
    assert HOLDER not in repr(result)


# ------------------------------------------------------------ rows and moves agree with all moves
_START = NOON - DAY
_minutes = st.integers(0, 2 * 24 * 60).map(lambda n: timedelta(minutes=n))
_kinds = st.sampled_from([MoveKind.ENTRY, MoveKind.ENTRY, MoveKind.REENTRY, MoveKind.EXIT])
_drafts = st.lists(st.tuples(_kinds, st.integers(1, 4), _minutes), max_size=9)
_rules = st.builds(OfferRule, reentry=st.booleans(), per_day=st.none() | st.integers(1, 3))


def _in_order(drafts: Iterable[tuple[MoveKind, int, timedelta]]) -> list[Move]:
    in_time = sorted(drafts, key=lambda draft: draft[2])
    return [
        Move(no, no.to_bytes(16, "big"), kind, people, _START + after, "sued")
        for no, (kind, people, after) in enumerate(in_time, 1)
    ]


def _row_of(moves: list[Move], terms: Terms) -> KnownTicket:
    row = TicketRow(
        id=TicketId(bytes(15)),
        issue=0,
        offer=7,
        state=TicketState.VALID,
        valid_from=_START,
        valid_until=_START + 5 * DAY,
        party=terms.party,
    )
    known = known_ticket(row, moves, terms=terms, zone=BERLIN)
    return KnownTicket.from_row(known.to_row())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_drafts, st.integers(0, 9), _rules, st.integers(1, 4), _minutes, st.sampled_from(Direction))
def test_a_row_and_the_moves_behind_it_say_what_all_moves_say(
    drafts: list[tuple[MoveKind, int, timedelta]],
    told: int,
    rule: OfferRule,
    party: int,
    after: timedelta,
    direction: Direction,
) -> None:
    """The first of them in a row, the rest in the journal: within a day and across midnight."""
    moves = _in_order(drafts)
    now = max([_START + after, *(move.at for move in moves)])
    terms = Terms(party, reentry=rule.reentry)
    own = tuple(OwnMove(TicketId(bytes(15)), 0, move) for move in moves[told:])
    remembered = Recollection(_row_of(moves[:told], terms), own)
    whole = fold(moves, now, BERLIN, terms=terms)
    pieced = moves_of(remembered, now, BERLIN, terms=terms)
    token = _token(party)
    gate = Gate("sued", BERLIN, Basis.OFFLINE, direction, unsent_elsewhere=True)
    decisions = [
        decide(token, Known(offer=rule, moves=sums, registered=True), now, gate)
        for sums in (whole, pieced)
    ]
    assert decisions[0] == decisions[1]


def _token(party: int) -> Token:
    text = a_ticket(party=party, entries=5, not_before=_START, not_after=_START + 5 * DAY)
    return verify(text, RING)
