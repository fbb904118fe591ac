"""A scan taken back, on both engines."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import a_scan_id, with_offer, with_slot, with_station
from tests.service.conftest import Entrance
from ticketing.domain.ids import ScanId
from ticketing.service import tickets
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.gate import undo
from ticketing.service.gate.recording import around
from ticketing.service.gate.undo import Annulment
from ticketing.service.tickets import TicketCase
from ticketing.store import facts as fact_rows
from ticketing.store import passings
from ticketing.store import scans as scan_rows
from ticketing.store.passings import Passing
from ticketing.store.scans import Scan, ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Check, Direction, Reason, TicketState, Verdict

TODAY = "inside:2026-10-04"


@pytest.fixture
def gate(entrance: Entrance) -> Entrance:
    """The entrance with offers for re-entry, families, payment at the desk and proof."""
    store, house = entrance.store, entrance.house
    with_offer(store, house, slug="again", number=8, reentry=True, party_max=4)
    with_offer(store, house, slug="family", number=9, party_max=5)
    with_offer(store, house, slug="paid", number=10, price_cents=900, pay_at_desk=True)
    with_offer(store, house, slug="proof", number=11, proof=True)
    return entrance


# ------------------------------------------------------------ what it does
def test_an_annulled_scan_is_a_refusal_and_the_ticket_is_usable_again(gate: Entrance) -> None:
    """Peers 46: the row says annulled, a move behind the entry takes it back, nobody is inside."""
    case = gate.ticket()
    admitted = gate.scan(case.barcode)
    taken = gate.annul(admitted.scan_id)
    assert (taken.created, taken.answer.verdict) == (False, Verdict.REFUSE)
    assert (taken.answer.reason, taken.answer.inside) == (Reason.ANNULLED, 0)
    assert (taken.answer.remaining.uses, taken.answer.remaining.people) == (1, 0)
    assert taken.answer.ticket is not None
    assert taken.answer.ticket.state == "valid"
    assert gate.moves(case) == [(MoveKind.ENTRY, 1), (MoveKind.ANNUL, 1)]
    assert gate.scan(case.barcode).reason is Reason.OK
    assert gate.inside() == 1


def test_the_row_keeps_why_who_and_when(gate: Entrance) -> None:
    """For whoever asks later."""
    admitted = gate.scan(gate.ticket().barcode)
    gate.clock.tick(minutes=2)
    gate.annul(admitted.scan_id, by="AD")
    row = gate.row(admitted.scan_id)
    assert (row.state, row.why, row.by) == (ScanState.ANNULLED, "wrong person", "AD")
    assert (row.settled_at, row.people) == (gate.clock.now(), 0)


def test_annulling_twice_gives_the_same_answer(gate: Entrance) -> None:
    """Peers 48: a lost answer is asked for again; people leave once."""
    gate.scan(gate.ticket().barcode)
    admitted = gate.scan(gate.ticket().barcode)
    first = gate.annul(admitted.scan_id)
    gate.clock.tick(minutes=20)
    assert gate.annul(admitted.scan_id) == first
    assert gate.get(admitted.scan_id) == first.answer
    assert gate.inside() == 1


def test_a_repeat_of_an_annulled_scan_is_annulled(gate: Entrance) -> None:
    """The station's retry of the scan itself does not let anybody in."""
    request = gate.request(gate.ticket().barcode)
    gate.send(request)
    gate.annul(request.scan_id)
    again = gate.send(request)
    assert (again.created, again.answer.reason) == (False, Reason.ANNULLED)
    assert gate.inside() == 0


def test_a_payment_taken_at_the_gate_stays_taken(gate: Entrance) -> None:
    """The money is in the till: the annulled ticket is valid, not unpaid."""
    case = gate.ticket(offer="paid")
    asked = gate.scan(case.barcode)
    gate.confirm(asked.scan_id, Check.PAYMENT)
    gate.annul(asked.scan_id)
    with gate.store.unit() as unit:
        found = tickets.get_ticket(unit, gate.house, ticket_id=case.ticket.id)
    assert found.ticket.state is TicketState.VALID
    assert gate.scan(case.barcode).reason is Reason.OK


def test_an_annulled_party_leaves_with_all_its_persons(gate: Entrance) -> None:
    """Three of five came: three go, and five may come."""
    case = gate.ticket(offer="family", party=5)
    admitted = gate.scan(case.barcode, people=3)
    gate.annul(admitted.scan_id)
    assert gate.inside() == 0
    assert gate.scan(case.barcode).inside == 5


def test_a_part_of_a_party_is_taken_back_alone(gate: Entrance) -> None:
    """Two came, then three more by mistake: the two stay, three are still to come."""
    case = gate.ticket(offer="family", party=5)
    gate.scan(case.barcode, people=2)
    more = gate.scan(case.barcode)
    taken = gate.annul(more.scan_id).answer
    assert (taken.inside, taken.remaining.uses, taken.remaining.people) == (2, 0, 3)


def test_other_persons_are_an_annul_and_a_new_scan(gate: Entrance) -> None:
    """What arrow keys do at a station: two rows in the record, and the right number inside."""
    case = gate.ticket(offer="family", party=5)
    first = gate.scan(case.barcode)
    gate.annul(first.scan_id)
    second = gate.scan(case.barcode, people=2)
    assert (second.reason, second.inside, second.remaining.people) == (Reason.OK, 2, 3)
    with gate.store.unit() as unit:
        record = tickets.get_ticket(unit, gate.house, ticket_id=case.ticket.id).scans
    states = {scan.scan_id.hex(): (scan.state, scan.decision.people) for scan in record}
    assert states == {
        first.scan_id: (ScanState.ANNULLED, 0),
        second.scan_id: (ScanState.FINAL, 2),
    }


def test_an_annulled_exit_brings_people_back_inside(gate: Entrance) -> None:
    """The ticket is inside again, so it may not come in."""
    case = gate.ticket(offer="again", party=2)
    gate.scan(case.barcode)
    left = gate.scan(case.barcode, direction=Direction.EXIT)
    assert left.inside == 0
    taken = gate.annul(left.scan_id).answer
    assert (taken.reason, taken.inside) == (Reason.ANNULLED, 2)
    assert gate.scan(case.barcode).reason is Reason.STILL_INSIDE


def test_an_annulled_reentry_leaves_them_outside(gate: Entrance) -> None:
    """Once more through the door is a re-entry again."""
    case = gate.ticket(offer="again")
    gate.scan(case.barcode)
    gate.scan(case.barcode, direction=Direction.EXIT)
    back = gate.scan(case.barcode)
    assert gate.annul(back.scan_id).answer.inside == 0
    assert gate.scan(case.barcode).reason is Reason.OK_REENTRY


def test_an_annul_gives_the_slot_its_places_back(gate: Entrance) -> None:
    """Persons who came by a slot's tickets are counted out of it too."""
    case = _slot_ticket(gate, capacity=2)
    admitted = gate.scan(case.barcode)
    assert gate.counter("came:s1") == 2
    gate.annul(admitted.scan_id)
    assert (gate.counter("came:s1"), gate.counter(TODAY)) == (0, 0)
    assert gate.scan(case.barcode).reason is Reason.OK


def test_people_leave_the_day_on_which_they_were_counted(gate: Entrance) -> None:
    """An annul behind midnight does not make the new day begin with less than nobody."""
    gate.clock.at = gate.clock.at.replace(hour=21, minute=55)  # 23:55 in Berlin
    admitted = gate.scan(gate.ticket().barcode)
    gate.clock.tick(minutes=10)
    assert gate.annul(admitted.scan_id).answer.inside == 0
    assert (gate.counter(TODAY), gate.counter("inside:2026-10-05")) == (0, None)


def test_a_revoked_ticket_does_not_keep_its_entry(gate: Entrance) -> None:
    """Whatever has become of the ticket, what was scanned can be taken back."""
    case = gate.ticket()
    admitted = gate.scan(case.barcode)
    with gate.store.unit() as unit:
        tickets.revoke_ticket(unit, gate.house, ticket_id=case.ticket.id, reason="")
    assert gate.annul(admitted.scan_id).answer.reason is Reason.ANNULLED
    assert gate.inside() == 0


# ------------------------------------------------------------ what it refuses
def test_an_annul_within_fifteen_minutes_and_not_later(gate: Entrance) -> None:
    """Peers 47: by the service's receipt; then the scan stays what it was."""
    in_time, late = gate.scan(gate.ticket().barcode), gate.scan(gate.ticket().barcode)
    gate.clock.tick(minutes=15)
    assert gate.annul(in_time.scan_id).answer.reason is Reason.ANNULLED
    gate.clock.tick(seconds=1)
    with pytest.raises(Conflict, match="too_late"):
        gate.annul(late.scan_id)
    with pytest.raises(Conflict, match="too_late"):
        gate.annul(late.scan_id, station=None)
    assert gate.get(late.scan_id).verdict is Verdict.ADMIT
    assert gate.inside() == 1


def test_a_wrong_clock_of_the_station_does_not_lengthen_it(gate: Entrance) -> None:
    """The time the station says it scanned at does not count."""
    request = gate.request(gate.ticket().barcode)
    future = replace(request, scanned_at=request.scanned_at + timedelta(hours=1))
    gate.send(future)
    gate.clock.tick(minutes=16)
    with pytest.raises(Conflict, match="too_late"):
        gate.annul(request.scan_id)


def test_the_minutes_of_a_confirmed_scan_begin_with_the_confirm(gate: Entrance) -> None:
    """Nobody had come in before it."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    gate.clock.tick(minutes=4)
    gate.confirm(asked.scan_id, Check.PROOF)
    gate.clock.tick(minutes=14)
    assert gate.annul(asked.scan_id).answer.reason is Reason.ANNULLED


def test_another_station_may_not_annul(gate: Entrance) -> None:
    """Peers 47: other device. Staff may, whatever the station."""
    admitted = gate.scan(gate.ticket().barcode)
    other = with_station(gate.store, gate.house, gate="nord")
    with pytest.raises(Conflict, match="other_station"):
        gate.annul(admitted.scan_id, station=other)
    assert gate.annul(admitted.scan_id, station=None, by="staff_1").answer.inside == 0
    with pytest.raises(Conflict, match="other_station"):
        gate.annul(admitted.scan_id, station=other)


def test_every_refused_annul_is_logged_by_its_reason_and_changes_nothing(
    gate: Entrance, caplog: pytest.LogCaptureFixture
) -> None:
    """Peers 47: other station, later move, nothing to annul, too late; a line names nobody."""
    case = gate.ticket(offer="again")
    came = gate.scan(case.barcode)
    refused = gate.scan(case.barcode)
    gate.scan(case.barcode, direction=Direction.EXIT)
    other = with_station(gate.store, gate.house, gate="nord")
    before = (gate.row(came.scan_id), gate.row(refused.scan_id), gate.moves(case))
    with caplog.at_level(logging.INFO, logger="ticketing.gate"):
        for scan, changes in ((came, {"station": other}), (came, {}), (refused, {})):
            with pytest.raises(Conflict):
                gate.annul(scan.scan_id, **changes)
        gate.clock.tick(minutes=16)
        with pytest.raises(Conflict):
            gate.annul(came.scan_id)
    assert [record.getMessage() for record in caplog.records] == [
        f"annul refused: {why}"
        for why in ("other_station", "has_later_moves", "nothing_to_annul", "too_late")
    ]
    assert (gate.row(came.scan_id), gate.row(refused.scan_id), gate.moves(case)) == before


def test_a_refusal_has_nothing_to_annul(gate: Entrance) -> None:
    """Refused, declined, refused at the confirm: nobody came in."""
    case = gate.ticket(offer="proof")
    here, there = gate.scan(case.barcode), gate.scan(case.barcode)
    gate.confirm(here.scan_id, Check.PROOF)
    gate.confirm(there.scan_id, Check.PROOF)
    declined = gate.scan(gate.ticket(offer="proof").barcode)
    gate.decline(declined.scan_id)
    for refused in (gate.scan(case.barcode), there, declined):
        with pytest.raises(Conflict, match="nothing_to_annul"):
            gate.annul(refused.scan_id)
    assert gate.inside() == 1


def test_a_question_is_taken_back_like_a_decline(gate: Entrance) -> None:
    """Nobody came in, the ticket stays unused, and a confirm comes too late."""
    case = gate.ticket(offer="proof")
    asked = gate.scan(case.barcode)
    first = gate.annul(asked.scan_id)
    assert first.answer.reason is Reason.ANNULLED
    assert gate.annul(asked.scan_id) == first
    assert gate.moves(case) == []
    with pytest.raises(Conflict, match="already_resolved"):
        gate.confirm(asked.scan_id, Check.PROOF)
    assert gate.scan(case.barcode).verdict is Verdict.ATTENTION


def test_a_lapsed_question_is_over_already(gate: Entrance) -> None:
    """409 `lapsed`, as for confirm and decline."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    gate.clock.tick(minutes=5)
    with pytest.raises(Conflict, match="lapsed"):
        gate.annul(asked.scan_id)
    assert gate.get(asked.scan_id).reason is Reason.LAPSED


def test_after_a_later_move_of_the_ticket_it_is_too_late(gate: Entrance) -> None:
    """An entry under an exit is not pulled away; the exit goes first, then the entry."""
    case = gate.ticket(offer="again")
    came = gate.scan(case.barcode)
    left = gate.scan(case.barcode, direction=Direction.EXIT)
    for station in (gate.station, None):
        with pytest.raises(Conflict, match="has_later_moves"):
            gate.annul(came.scan_id, station=station)
    gate.annul(left.scan_id)
    assert gate.annul(came.scan_id).answer.inside == 0


def test_who_may_overrule_may_annul_under_a_later_move_and_late(gate: Entrance) -> None:
    """The record is put right by hand; the sums follow."""
    case = gate.ticket(offer="family", party=5)
    came = gate.scan(case.barcode, people=2)
    gate.scan(case.barcode, people=1)
    gate.clock.tick(hours=1)
    forced = gate.annul(came.scan_id, station=None, by="staff_1", is_forced=True).answer
    assert (forced.reason, forced.inside, forced.remaining.people) == (Reason.ANNULLED, 1, 4)


# ------------------------------------------------------------ tombstones
def test_an_annul_of_a_scan_that_never_came_leaves_a_tombstone(gate: Entrance) -> None:
    """The scan that arrives afterwards lets nobody in, whatever its barcode."""
    request = gate.request(gate.ticket().barcode)
    buried = gate.annul(request.scan_id)
    assert (buried.created, buried.answer.verdict) == (True, Verdict.REFUSE)
    assert (buried.answer.reason, buried.answer.ticket) == (Reason.ANNULLED, None)
    again = gate.annul(request.scan_id)
    assert (again.created, again.answer) == (False, buried.answer)
    for barcode in (request.barcode, gate.ticket().barcode, gate.ticket().ticket.short_code):
        late = gate.send(replace(request, barcode=barcode))
        assert (late.created, late.answer.reason) == (False, Reason.ANNULLED)
    assert gate.inside() == 0
    assert gate.get(request.scan_id).reason is Reason.ANNULLED


def test_staff_and_programs_bury_nothing(gate: Entrance) -> None:
    """A scan id is made by a station: without one an unknown id is a mistake."""
    with pytest.raises(NotFound, match="scan"):
        gate.annul(a_scan_id(), station=None)


# ------------------------------------------------------------ at the same time
def test_a_scan_that_arrives_while_its_tombstone_is_made_is_annulled(
    gate: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The annul finds the scan at its second look."""
    case = gate.ticket()
    request = gate.request(case.barcode)
    _before_begin(monkeypatch, lambda: gate.send(request))
    taken = gate.annul(request.scan_id)
    assert (taken.created, taken.answer.reason) == (False, Reason.ANNULLED)
    assert gate.moves(case) == [(MoveKind.ENTRY, 1), (MoveKind.ANNUL, 1)]
    assert gate.inside() == 0


def test_a_tombstone_that_is_made_while_the_scan_arrives_stops_it(
    gate: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan finds the tombstone at its second look; nothing of it is left."""
    case = gate.ticket()
    request = gate.request(case.barcode)
    _before_begin(monkeypatch, lambda: gate.annul(request.scan_id))
    late = gate.send(request)
    assert (late.created, late.answer.reason) == (False, Reason.ANNULLED)
    assert gate.moves(case) == []


def test_a_move_that_gets_in_between_stops_an_annul(
    gate: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exit at another gate was faster: the entry under it stays."""
    case = gate.ticket(offer="again")
    came = gate.scan(case.barcode)
    _before_begin(monkeypatch, lambda: gate.scan(case.barcode, direction=Direction.EXIT))
    with pytest.raises(Conflict, match="has_later_moves"):
        gate.annul(came.scan_id)
    assert gate.moves(case) == [(MoveKind.ENTRY, 1), (MoveKind.EXIT, 1)]


def test_an_annul_gives_up_when_others_are_always_faster(
    gate: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three tries, then the station asks again; nothing is written."""
    case = gate.ticket()
    admitted = gate.scan(case.barcode)
    with monkeypatch.context() as patched:
        patched.setattr(scan_rows, "settle", lambda _unit, _scan, *, was: was is None)
        with pytest.raises(Conflict, match="busy"):
            gate.annul(admitted.scan_id)
    assert gate.moves(case) == [(MoveKind.ENTRY, 1)]
    assert gate.inside() == 1


def test_a_scan_can_be_taken_back_by_the_service_itself(gate: Entrance) -> None:
    """Without limits and without a station, for what was shown as refused."""
    case = gate.ticket()
    admitted = gate.scan(case.barcode)
    gate.clock.tick(hours=2)
    kept = _taken_back(gate, admitted.scan_id)
    assert kept is not None
    assert (kept.state, kept.why, kept.inside) == (ScanState.ANNULLED, "late", 0)
    with pytest.raises(NotFound):
        _taken_back(gate, a_scan_id())


def _taken_back(gate: Entrance, scan_id: str) -> Scan | None:
    looked_at = around(gate.house, now=gate.clock.now())
    with gate.store.unit() as unit:
        facts = fact_rows.find_of_scan(unit, ScanId(bytes.fromhex(scan_id)), around=looked_at)
        late = Annulment(scan_id=ScanId(bytes.fromhex(scan_id)), why="late")
        return undo.take_back(unit, gate.house, facts=facts, annulment=late)


def _slot_ticket(gate: Entrance, *, capacity: int) -> TicketCase:
    """A ticket for two in the slot `s1` that runs now."""
    case = gate.ticket(offer="family", party=2)
    with_slot(gate.store, case, slot="s1", at=gate.clock.now(), capacity=capacity)
    return case


def _before_begin(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once, when the decision is made and nothing yet written."""
    begin, add = Unit.begin, passings.add
    done: list[bool] = []

    def once() -> None:
        if not done:
            done.append(True)
            act()

    def late(unit: Unit) -> None:
        once()
        begin(unit)

    def late_too(unit: Unit, passing: Passing) -> Scan | None:
        once()
        return add(unit, passing)

    monkeypatch.setattr(Unit, "begin", late)
    monkeypatch.setattr(passings, "add", late_too)
