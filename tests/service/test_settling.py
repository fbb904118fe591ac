"""The settling table, cell by cell: what a station showed against what is recorded."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from tests.factories import a_scan_id, with_gates, with_offer
from tests.fakes import FrozenClock
from tests.service.halls import Hall
from ticketing.domain.conflicts import ConflictKind, ConflictState
from ticketing.domain.offers import Validity
from ticketing.service import tickets
from ticketing.service.gate import attention
from ticketing.service.ports import House
from ticketing.store.scans import ScanState
from ticketing.store.unit import Store
from ticketing.wire.moves import MoveKind
from ticketing.wire.sync_api import Result
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict

ENTRY, EXIT, ANNUL = MoveKind.ENTRY, MoveKind.EXIT, MoveKind.ANNUL


@pytest.fixture(name="hall")
def _hall(store: Store, house: House, clock: FrozenClock) -> Hall:
    with_gates(store, house)
    with_offer(store, house)
    with_offer(store, house, slug="proof", number=8, proof=True)
    with_offer(store, house, slug="again", number=9, reentry=True, party_max=4)
    return Hall(store, house, clock)


# ------------------------------------------------------------ nothing is recorded
def test_an_admit_nobody_has_recorded_is_counted(hall: Hall) -> None:
    """The move is of the time of the scan, the row says who decided."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = door.journal.scan(case, hall.now(-30))
    assert hall.upload(door) == [Result.ACCEPTED]
    [move] = hall.written(case)
    assert (move.kind, move.people, move.at, move.gate) == (ENTRY, 1, hall.now(-30), "sued")
    scan = hall.scan(scan_id)
    assert (scan.basis, scan.shown, scan.state) == (Basis.OFFLINE, Verdict.ADMIT, ScanState.FINAL)
    assert (scan.scanned_at, scan.received_at) == (hall.now(-30), hall.now())
    assert (hall.inside(), hall.conflicts()) == (1, [])


def test_an_admit_without_a_use_left_is_a_person_and_a_conflict(hall: Hall) -> None:
    """No second move, but one more person inside."""
    door, case = hall.door("A"), hall.ticket()
    counted = hall.online(hall.door("B"), case).scan_id
    extra = door.journal.scan(case, hall.now(-1))
    assert hall.upload(door) == [Result.CONFLICT]
    [found] = hall.conflicts()
    assert (found.kind, found.reason) == (ConflictKind.DOUBLE_USE, Reason.ALREADY_USED)
    assert (found.counted, found.extra) == (bytes.fromhex(counted), bytes.fromhex(extra))
    assert (found.ticket, found.people_extra) == (case.ticket.id, 1)
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 2)


@pytest.mark.parametrize("state", ["revoked", "blocked", "unpaid"])
def test_a_ticket_that_was_not_good_is_stored_and_flagged(hall: Hall, state: str) -> None:
    """Forced in offline although revoked, blocked or unpaid: stored, and reported."""
    door = hall.door("A")
    case = hall.ticket(paid=state != "unpaid")
    with hall.store.unit() as unit:
        if state == "revoked":
            tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
        elif state == "blocked":
            tickets.block_ticket(unit, hall.house, ticket_id=case.ticket.id)
    hall.clock.tick(minutes=5)
    scan_id = door.journal.scan(case, hall.now())
    assert hall.upload(door) == [Result.CONFLICT]
    [found] = hall.conflicts()
    assert (found.kind, found.reason) == (ConflictKind.OVERRULED, Reason(state))
    assert (hall.moves(case), hall.inside()) == ([], 1)
    assert hall.scan(scan_id).shown is Verdict.ADMIT


def test_a_ticket_revoked_after_the_scan_was_good(hall: Hall) -> None:
    """What counts is the state as of the scan, whenever the journal comes."""
    door, case = hall.door("A"), hall.ticket()
    door.journal.scan(case, hall.now())
    hall.clock.tick(minutes=5)
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
    assert hall.upload(door) == [Result.ACCEPTED]
    assert (hall.moves(case), hall.conflicts()) == ([ENTRY], [])


def test_a_report_is_made_only_where_the_service_would_have_said_no(hall: Hall) -> None:
    """Of five people let in offline those by a revoked and by a used ticket are reported."""
    door = hall.door("A")
    good, revoked, used, again = (hall.ticket() for _ in range(4))
    back = hall.ticket(offer="again")
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=revoked.ticket.id, reason="")
    hall.online(hall.door("B"), used)
    hall.clock.tick(minutes=60)
    door.journal.scan(good, hall.now(-50))
    wrong = {
        door.journal.scan(revoked, hall.now(-49)): Reason.REVOKED,
        door.journal.scan(used, hall.now(-48)): Reason.ALREADY_USED,
    }
    door.journal.scan(back, hall.now(-47))
    door.journal.scan(back, hall.now(-46), shown=Verdict.EXIT)
    door.journal.scan(back, hall.now(-45), reason=Reason.OK_REENTRY)
    door.journal.scan(again, hall.now(-44))
    door.journal.scan(again, hall.now(-43), shown=Verdict.REFUSE)
    told = hall.upload(door)
    assert [n for n, result in enumerate(told) if result is Result.CONFLICT] == [1, 2]
    reported = {found.extra.hex(): found.reason for found in hall.conflicts() if found.extra}
    assert reported == wrong


def test_an_issue_that_was_replaced_before_is_superseded(hall: Hall) -> None:
    """The old barcode spends nothing of the new one."""
    door, case = hall.door("A"), hall.ticket()
    with hall.store.unit() as unit:
        fresh = tickets.reissue_ticket(unit, hall.house, ticket_id=case.ticket.id)
    hall.clock.tick(minutes=5)
    door.journal.scan(case, hall.now())
    assert hall.upload(door) == [Result.CONFLICT]
    assert [found.kind for found in hall.conflicts()] == [ConflictKind.SUPERSEDED_USED]
    assert hall.online(hall.door("B"), fresh).reason is Reason.OK
    assert hall.inside() == 2


def test_an_issue_replaced_while_the_gate_was_offline_was_good(hall: Hall) -> None:
    """Reissued after the scan: the use is spent, the new barcode finds it so."""
    door, case = hall.door("A"), hall.ticket()
    door.journal.scan(case, hall.now())
    hall.clock.tick(minutes=5)
    with hall.store.unit() as unit:
        fresh = tickets.reissue_ticket(unit, hall.house, ticket_id=case.ticket.id)
    assert hall.upload(door) == [Result.ACCEPTED]
    assert hall.conflicts() == []
    assert hall.online(hall.door("B"), fresh).reason is Reason.ALREADY_USED


def test_a_ticket_that_the_service_does_not_know_is_reported(hall: Hall) -> None:
    """Signed and admitted, but not in these tables: a person and a conflict."""
    door, case = hall.door("A"), hall.ticket()
    door.journal.scan(case, hall.now(), ticket=b"\x07" * 15)
    assert hall.upload(door) == [Result.CONFLICT]
    assert [found.kind for found in hall.conflicts()] == [ConflictKind.UNKNOWN_TICKET]
    assert hall.inside() == 1


@pytest.mark.parametrize("shown", [Verdict.REFUSE, Verdict.ATTENTION])
def test_a_refusal_nobody_has_recorded_is_stored(hall: Hall, shown: Verdict) -> None:
    """A row, no move; a question lapses by itself."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = door.journal.scan(case, hall.now(-10), shown=shown)
    assert hall.upload(door) == [Result.ACCEPTED]
    is_open = shown is Verdict.ATTENTION
    assert hall.scan(scan_id).state is (ScanState.PENDING if is_open else ScanState.FINAL)
    assert (hall.moves(case), hall.inside(), hall.conflicts()) == ([], 0, [])


def test_offline_refusals_upload_once_although_sent_twice(hall: Hall) -> None:
    """The second time each entry is known."""
    door, case = hall.door("A"), hall.ticket()
    door.journal.scan(case, hall.now(-2), shown=Verdict.REFUSE)
    door.journal.scan(case, hall.now(-1), shown=Verdict.REFUSE)
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert hall.upload(door) == [Result.KNOWN] * 2
    with hall.store.unit() as unit:
        past = tickets.get_ticket(unit, hall.house, ticket_id=case.ticket.id)
    assert len(past.scans) == 2


def test_an_exit_is_always_recorded(hall: Hall) -> None:
    """Also of a revoked ticket, and of one that is not known here."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
    door.journal.scan(case, hall.now(), shown=Verdict.EXIT)
    door.journal.count(1, hall.now())
    door.journal.scan(case, hall.now(), shown=Verdict.EXIT, ticket=b"\x07" * 15)
    assert hall.upload(door) == [Result.ACCEPTED] * 3
    assert (hall.moves(case), hall.inside(), hall.conflicts()) == ([ENTRY, EXIT], 0, [])


# ------------------------------------------------------------ an admit is recorded
def test_an_admit_that_both_know_is_counted_once(hall: Hall) -> None:
    """Online scans are in the journal too."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, basis=Basis.ONLINE)
    assert hall.upload(door) == [Result.ACCEPTED]
    assert (hall.moves(case), hall.inside(), hall.conflicts()) == ([ENTRY], 1, [])
    assert hall.scan(scan_id).shown is Verdict.ADMIT


@pytest.mark.parametrize("shown", [Verdict.REFUSE, Verdict.ATTENTION])
def test_a_late_admit_behind_a_shown_refusal_is_annulled(hall: Hall, shown: Verdict) -> None:
    """Nobody came in by it, so the ticket is good again."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=shown)
    door.journal.late(scan_id, hall.now(), Verdict.ADMIT)
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert (hall.moves(case), hall.inside()) == ([ENTRY, ANNUL], 0)
    scan = hall.scan(scan_id)
    assert (scan.state, scan.decision.reason) == (ScanState.ANNULLED, Reason.ANNULLED)
    assert hall.online(hall.door("B"), case).verdict is Verdict.ADMIT


def test_a_refusal_uploaded_after_a_success_of_the_same_scan_keeps_both(hall: Hall) -> None:
    """The admit stays as a move, the refusal as what was shown and as sent."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.REFUSE)
    hall.upload(door)
    assert [move.kind for move in hall.written(case)] == [ENTRY, ANNUL]
    assert hall.scan(scan_id).shown is Verdict.REFUSE
    assert [kept.body for kept in hall.kept(door)] == [door.journal.entries[0].body]


def test_after_a_later_move_a_late_admit_is_only_marked(hall: Hall) -> None:
    """Somebody has left on it: what rests on a move keeps it."""
    door, case = hall.door("A"), hall.ticket(offer="again")
    scan_id = hall.online(door, case).scan_id
    hall.online(hall.door("B"), case, direction=Direction.EXIT)
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.REFUSE)
    assert hall.upload(door) == [Result.ACCEPTED]
    assert hall.moves(case) == [ENTRY, EXIT]
    assert hall.scan(scan_id).shown is Verdict.REFUSE


# ------------------------------------------------------------ a refusal is recorded
def test_a_late_refusal_behind_a_shown_admit_is_overruled(hall: Hall) -> None:
    """A person, and a conflict with the service's own reason."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    scan_id = hall.online(door, case, scan_id=a_scan_id()).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id)
    assert hall.upload(door) == [Result.CONFLICT]
    [found] = hall.conflicts()
    assert (found.kind, found.reason) == (ConflictKind.OVERRULED, Reason.ALREADY_USED)
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 2)
    scan = hall.scan(scan_id)
    assert (scan.decision.verdict, scan.shown) == (Verdict.REFUSE, Verdict.ADMIT)


def test_a_shown_admit_behind_a_question_of_the_service_is_overruled(hall: Hall) -> None:
    """The service wanted to see proof, the gate let them in."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id)
    hall.upload(door)
    assert [found.reason for found in hall.conflicts()] == [Reason.CHECK_PROOF]
    assert (hall.moves(case), hall.inside()) == ([], 1)


def test_a_refusal_that_both_know_changes_nothing(hall: Hall) -> None:
    """Refused and shown as refused."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    scan_id = hall.online(door, case, scan_id=a_scan_id()).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.REFUSE)
    assert hall.upload(door) == [Result.ACCEPTED]
    assert (hall.moves(case), hall.inside(), hall.conflicts()) == ([ENTRY], 1, [])


# ------------------------------------------------------------ questions, settled by staff
def test_a_question_confirmed_offline_counts_from_then(hall: Hall) -> None:
    """The move has the time of the confirmation, whenever it arrives."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = door.journal.scan(case, hall.now(-60), shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(-58))
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    [move] = hall.written(case)
    assert (move.kind, move.at) == (ENTRY, hall.now(-58))
    scan = hall.scan(scan_id)
    assert (scan.state, scan.decision.verdict) == (ScanState.CONFIRMED, Verdict.ADMIT)
    assert (hall.inside(), hall.conflicts()) == (1, [])


def test_a_question_of_the_service_confirmed_offline_counts(hall: Hall) -> None:
    """Asked online, settled without the link: decided as of then."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = hall.online(door, case).scan_id
    shown, basis = Verdict.ATTENTION, Basis.ONLINE
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=shown, basis=basis)
    door.journal.resolve(scan_id, hall.now(3))
    hall.clock.tick(minutes=60)
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert (hall.moves(case), hall.inside(), hall.conflicts()) == ([ENTRY], 1, [])


def test_a_confirmation_that_the_service_would_have_refused_is_overruled(hall: Hall) -> None:
    """Used at another gate while staff looked."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(1))
    other = hall.online(hall.door("B"), case, scan_id=a_scan_id())
    with hall.store.unit() as unit:
        attention.confirm_scan(
            unit,
            hall.house,
            station=hall.door("B").station,
            confirmation=attention.Confirmation(
                scan_id=hall.scan(other.scan_id).scan_id, checks=frozenset({Check.PROOF})
            ),
            lang="en",
        )
    hall.upload(door)
    [found] = hall.conflicts()
    assert (found.kind, found.reason) == (ConflictKind.OVERRULED, Reason.ALREADY_USED)
    assert found.counted == bytes.fromhex(other.scan_id)
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 2)


def test_a_confirmation_after_its_five_minutes_is_overruled(hall: Hall) -> None:
    """The question had lapsed: let in all the same, so it is reported."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = door.journal.scan(case, hall.now(-60), shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(-54))
    assert hall.upload(door) == [Result.ACCEPTED, Result.CONFLICT]
    assert [found.reason for found in hall.conflicts()] == [Reason.LAPSED]
    assert (hall.moves(case), hall.inside()) == ([], 1)


def test_a_declined_question_leaves_the_ticket_unused(hall: Hall) -> None:
    """Declined without the link."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = door.journal.scan(case, hall.now(-60), shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(-59), shown=Verdict.REFUSE)
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert hall.scan(scan_id).state is ScanState.DECLINED
    assert (hall.moves(case), hall.inside()) == ([], 0)


def test_a_decline_behind_a_confirmation_takes_it_back(hall: Hall) -> None:
    """Confirmed at the service, its answer lost, then declined at the gate."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = hall.online(door, case).scan_id
    with hall.store.unit() as unit:
        attention.confirm_scan(
            unit,
            hall.house,
            station=door.station,
            confirmation=attention.Confirmation(
                scan_id=hall.scan(scan_id).scan_id, checks=frozenset({Check.PROOF})
            ),
            lang="en",
        )
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(1), shown=Verdict.REFUSE)
    hall.upload(door)
    assert (hall.moves(case), hall.inside()) == ([ENTRY, ANNUL], 0)


def test_a_late_admit_that_staff_then_confirmed_is_counted(hall: Hall) -> None:
    """The scan and its confirmation come in two uploads: annulled, then written anew."""
    door, case = hall.door("A"), hall.ticket(offer="again")
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.ATTENTION)
    hall.upload(door)
    assert hall.inside() == 0
    door.journal.resolve(scan_id, hall.now(1))
    hall.upload(door)
    assert hall.moves(case) == [ENTRY, ANNUL, ENTRY]
    assert (hall.inside(), hall.conflicts()) == (1, [])
    assert hall.online(hall.door("B"), case).reason is Reason.STILL_INSIDE


def test_both_in_one_upload_are_settled_at_once(hall: Hall) -> None:
    """What was shown last counts: nothing is annulled in between."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=scan_id, shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(1))
    hall.upload(door)
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 1)


def test_a_confirmation_may_come_before_its_scan(hall: Hall) -> None:
    """The batches come the wrong way round."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    scan_id = door.journal.scan(case, hall.now(-60), shown=Verdict.ATTENTION)
    door.journal.resolve(scan_id, hall.now(-58))
    hall.send(door, door.journal.upload(2, 2))
    assert hall.moves(case) == []
    assert hall.send(door, door.journal.upload(1, 1)).acked == 2
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 1)


def test_money_taken_offline_pays_the_ticket(hall: Hall) -> None:
    """Pay at the desk, without the link."""
    with_offer(hall.store, hall.house, slug="paid", number=10, price_cents=900, pay_at_desk=True)
    door, case = hall.door("A"), hall.ticket(offer="paid")
    scan_id = door.journal.scan(
        case, hall.now(), shown=Verdict.ATTENTION, reason=Reason.COLLECT_PAYMENT
    )
    door.journal.resolve(scan_id, hall.now(), checks=(Check.PAYMENT,))
    hall.upload(door)
    with hall.store.unit() as unit:
        ticket = tickets.get_ticket(unit, hall.house, ticket_id=case.ticket.id).ticket
    assert (ticket.state, hall.conflicts()) == (TicketState.VALID, [])


# ------------------------------------------------------------ annulled by staff
def test_an_annul_takes_the_scan_back(hall: Hall) -> None:
    """Admitted and annulled offline: the ticket is good."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = door.journal.scan(case, hall.now(-3))
    door.journal.annul(scan_id, hall.now(-2))
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert (hall.moves(case), hall.inside()) == ([ENTRY, ANNUL], 0)
    assert hall.online(hall.door("B"), case).verdict is Verdict.ADMIT


def test_an_annul_may_come_before_its_scan(hall: Hall) -> None:
    """It leaves a tombstone, and the scan admits nobody."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = door.journal.scan(case, hall.now(-3))
    door.journal.annul(scan_id, hall.now(-2))
    hall.send(door, door.journal.upload(2, 2))
    hall.send(door, door.journal.upload(1, 1))
    scan = hall.scan(scan_id)
    assert (scan.state, scan.ticket) == (ScanState.ANNULLED, case.ticket.id)
    assert (hall.moves(case), hall.inside()) == ([], 0)


def test_an_annulled_extra_person_was_none(hall: Hall) -> None:
    """The conflict is explained by the annul, and nobody is inside for it."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    scan_id = door.journal.scan(case, hall.now())
    hall.upload(door)
    door.journal.annul(scan_id, hall.now())
    hall.upload(door)
    assert [found.state.value for found in hall.conflicts()] == ["explained"]
    assert hall.inside() == 1


def test_a_station_annuls_its_own_scans_only(hall: Hall) -> None:
    """Another's scan is left alone, and the entry says why."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = hall.online(hall.door("B"), case).scan_id
    door.journal.annul(scan_id, hall.now())
    assert hall.upload(door) == [Result.REJECTED]
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 1)


# ------------------------------------------------------------ several moves
def test_the_order_is_by_scan_time_not_by_upload(hall: Hall) -> None:
    """Out at ten past, in again at twenty past; the exit arrives first."""
    inner, outer, case = hall.door("A"), hall.door("B"), hall.ticket(offer="again")
    inner.journal.scan(case, hall.now(-60))
    outer.journal.scan(case, hall.now(-50), shown=Verdict.EXIT)
    inner.journal.scan(case, hall.now(-40), reason=Reason.OK_REENTRY)
    hall.upload(outer)
    hall.upload(inner)
    assert hall.conflicts() == []
    assert hall.inside() == 1
    assert hall.online(outer, case).reason is Reason.STILL_INSIDE


@pytest.mark.parametrize("order", list(permutations("ABC")), ids="".join)
def test_in_whatever_order_they_are_uploaded_moves_are_ordered_by_the_time_of_the_scan(
    hall: Hall, order: tuple[str, ...]
) -> None:
    """In, out, in again at three gates: inside since the last entry, and nothing is left open."""
    case = hall.ticket(offer="again")
    hall.door("A").journal.scan(case, hall.now(-60))
    hall.door("B").journal.scan(case, hall.now(-50), shown=Verdict.EXIT)
    hall.door("C").journal.scan(case, hall.now(-40), reason=Reason.OK_REENTRY)
    for name in order:
        hall.upload(hall.door(name))
    assert hall.inside() == 1
    assert [one for one in hall.conflicts() if one.state is ConflictState.OPEN] == []
    refused = hall.online(hall.door("A"), case)
    assert (refused.reason, refused.evidence.at) == (Reason.STILL_INSIDE, hall.now(-40))
    assert hall.online(hall.door("A"), case, direction=Direction.EXIT).reason is Reason.OK_EXIT
    assert hall.inside() == 0


def test_an_exit_that_arrives_last_explains_who_came_back(hall: Hall) -> None:
    """In and in again at one gate, out in between at another one, whose journal comes later."""
    inner, outer, case = hall.door("A"), hall.door("B"), hall.ticket(offer="again")
    inner.journal.scan(case, hall.now(-60))
    inner.journal.scan(case, hall.now(-40), reason=Reason.OK_REENTRY)
    outer.journal.scan(case, hall.now(-50), shown=Verdict.EXIT)
    assert hall.upload(inner) == [Result.ACCEPTED, Result.CONFLICT]
    hall.upload(outer)
    assert hall.moves(case) == [ENTRY, EXIT, MoveKind.REENTRY]
    assert [found.state.value for found in hall.conflicts()] == ["explained"]
    assert hall.inside() == 1


def test_an_exit_explains_nothing_that_was_too_much_anyhow(hall: Hall) -> None:
    """Two people inside at once on one ticket: the later exit is one of the two."""
    inner, outer, case = hall.door("A"), hall.door("B"), hall.ticket(offer="again")
    inner.journal.scan(case, hall.now(-60))
    inner.journal.scan(case, hall.now(-40))
    outer.journal.scan(case, hall.now(-30), shown=Verdict.EXIT)
    hall.upload(inner)
    hall.upload(outer)
    assert hall.moves(case) == [ENTRY, EXIT]
    assert [found.state.value for found in hall.conflicts()] == ["open"]


def test_a_move_that_makes_a_recorded_one_too_many_is_the_extra_one(hall: Hall) -> None:
    """Two entries of one person, the earlier one uploaded later."""
    door, case = hall.door("A"), hall.ticket(offer="again")
    counted = hall.online(hall.door("B"), case).scan_id
    door.journal.scan(case, hall.now(-10))
    assert hall.upload(door) == [Result.CONFLICT]
    [found] = hall.conflicts()
    assert (found.reason, found.counted) == (Reason.STILL_INSIDE, bytes.fromhex(counted))


def test_a_limit_per_day_is_held_for_the_day_of_the_scan(hall: Hall) -> None:
    """Once a day: yesterday's scan is fine beside today's, a second one is not."""
    with_offer(
        hall.store, hall.house, slug="year", number=10, entries=0, per_day=1, validity=Validity.YEAR
    )
    door, case = hall.door("A"), hall.ticket(offer="year")
    hall.online(hall.door("B"), case)
    door.journal.scan(case, hall.now(-24 * 60))
    door.journal.scan(case, hall.now(-10))
    assert hall.upload(door) == [Result.ACCEPTED, Result.CONFLICT]
    assert [found.reason for found in hall.conflicts()] == [Reason.USED_TODAY]


def test_a_party_is_counted_up_to_its_size(hall: Hall) -> None:
    """Three and one of four are one use; one more is extra."""
    with_offer(hall.store, hall.house, slug="family", number=10, party_max=4)
    door, other = hall.door("A"), hall.door("B")
    case = hall.ticket(offer="family", party=4)
    door.journal.scan(case, hall.now(-10), people=3)
    other.journal.scan(case, hall.now(-9), people=1)
    other.journal.scan(case, hall.now(-8), people=1)
    hall.upload(other)
    assert hall.upload(door) == [Result.CONFLICT]
    assert (sum(found.people_extra for found in hall.conflicts()), hall.inside()) == (3, 5)


def test_places_do_not_refuse_but_report(hall: Hall) -> None:
    """Offline nobody is turned away for want of room: counted, and reported."""
    small = Hall(hall.store, _with_capacity(hall.house, 1), hall.clock)
    door = small.door("A")
    first, second = small.ticket(), small.ticket()
    door.journal.scan(first, small.now(-2))
    door.journal.scan(second, small.now(-1))
    assert small.upload(door) == [Result.ACCEPTED, Result.CONFLICT]
    [found] = small.conflicts()
    assert (found.kind, found.ticket) == (ConflictKind.OVER_CAPACITY, second.ticket.id)
    assert (small.moves(second), small.inside()) == ([ENTRY], 2)


# ------------------------------------------------------------ clocks
def test_a_clock_ten_minutes_ahead_is_marked_and_corrected(hall: Hall) -> None:
    """The difference stands with the scan, the move has the corrected time."""
    door, case = hall.door("A", ahead=timedelta(minutes=10)), hall.ticket()
    door.journal.clock(hall.now(-31))
    scan_id = door.journal.scan(case, hall.now(-30))
    hall.upload(door)
    scan, [move] = hall.scan(scan_id), hall.written(case)
    assert (scan.diff_ms, scan.scanned_at) == (600_000, hall.now(-20))
    assert move.at == hall.now(-30)


def test_the_clock_of_an_earlier_upload_still_holds(hall: Hall) -> None:
    """One entry tells the difference for all behind it."""
    door, case = hall.door("A", ahead=timedelta(minutes=10)), hall.ticket()
    door.journal.clock(hall.now(-31))
    hall.upload(door)
    door.journal.scan(case, hall.now(-30))
    hall.send(door, door.journal.upload(2))
    assert [move.at for move in hall.written(case)] == [hall.now(-30)]


def test_nothing_happens_after_it_was_told(hall: Hall) -> None:
    """A clock ahead that nobody has measured: at the latest when the upload came."""
    door, case = hall.door("A", ahead=timedelta(hours=3)), hall.ticket()
    door.journal.scan(case, hall.now())
    hall.upload(door)
    assert [move.at for move in hall.written(case)] == [hall.now()]


def _with_capacity(house: House, capacity: int) -> House:
    return replace(house, museum=replace(house.museum, capacity=capacity))
