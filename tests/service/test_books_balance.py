"""Late, undone and repeated entries: who is inside, and what conflicts say, stays right."""

from dataclasses import replace

import pytest

from tests.factories import with_gates, with_offer
from tests.fakes import FrozenClock
from tests.service.halls import Door, Hall
from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.conflicts import ConflictKind, ConflictState
from ticketing.domain.ids import ScanId
from ticketing.service import tickets
from ticketing.service.errors import Conflict
from ticketing.service.gate import conflicts, overrule, undo
from ticketing.service.gate.recording import inside_counter
from ticketing.service.gate.recount import recount
from ticketing.service.ports import House
from ticketing.store.scans import ScanState
from ticketing.store.unit import Store
from ticketing.wire.moves import MoveKind
from ticketing.wire.verdict import Direction, Reason, Verdict


@pytest.fixture(name="hall")
def _hall(store: Store, house: House, clock: FrozenClock) -> Hall:
    with_gates(store, house)
    with_offer(store, house)
    with_offer(store, house, slug="proof", number=8, proof=True)
    with_offer(store, house, slug="again", number=9, reentry=True, party_max=4)
    return Hall(store, house, clock)


def annul(hall: Hall, scan_id: str, door: Door | None = None) -> None:
    """Staff take a scan back: at its station, or from the office without limits."""
    annulment = undo.Annulment(
        scan_id=ScanId(bytes.fromhex(scan_id)),
        why="wrong person",
        station=door.station if door else None,
        is_forced=door is None,
    )
    with hall.store.unit() as unit:
        undo.annul_scan(unit, hall.house, annulment=annulment, lang="de")


def counted(hall: Hall) -> int:
    """The counter of people inside today, as it is."""
    return hall.counter(inside_counter(hall.house, hall.now()))


def test_a_question_finds_the_answer_that_was_uploaded_before_it(hall: Hall) -> None:
    """Entry 2 alone, then 1 and 2 together: the confirmed visitor has come in once."""
    door, case = hall.door("A"), hall.ticket(offer="proof")
    asked = door.journal.scan(
        case, hall.now(-3), shown=Verdict.ATTENTION, reason=Reason.CHECK_PROOF
    )
    door.journal.resolve(asked, hall.now(-2))
    hall.send(door, door.journal.upload(2, 2))
    hall.send(door, door.journal.upload(1, 2))
    assert hall.moves(case) == [MoveKind.ENTRY]
    assert hall.inside() == 1


def test_exits_that_nobody_entered_for_make_no_room(hall: Hall) -> None:
    """Two places are two places, also after three exits without an entry."""
    hall.house = replace(hall.house, museum=replace(hall.house.museum, capacity=2))
    door = hall.door("A")
    for _ in range(3):
        hall.online(door, hall.ticket(), direction=Direction.EXIT)
    verdicts = [hall.online(door, hall.ticket()).verdict for _ in range(5)]
    assert verdicts.count(Verdict.ADMIT) == 2


def test_an_annulled_extra_is_no_conflict_any_more(hall: Hall) -> None:
    """Who was taken back is not in the house, and a late exit makes no entry of it."""
    door, other = hall.door("A"), hall.door("B")
    case = hall.ticket(offer="again")
    hall.clock.tick(minutes=30)
    hall.online(other, case)
    hall.clock.tick(minutes=20)
    extra = door.journal.scan(case, hall.now(-2))
    hall.upload(door)
    annul(hall, extra, door)
    assert [one.state.value for one in hall.conflicts()] == ["explained"]
    third = hall.door("C")
    third.journal.scan(case, hall.now(-10), shown=Verdict.EXIT)
    hall.upload(third)
    assert hall.moves(case) == [MoveKind.ENTRY, MoveKind.EXIT]


def test_an_annul_takes_people_off_the_day_they_came(hall: Hall) -> None:
    """An extra of yesterday that is uploaded and annulled today leaves today alone."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    extra = door.journal.scan(case, hall.now())
    yesterday = inside_counter(hall.house, hall.now())
    hall.clock.tick(minutes=24 * 60)
    hall.upload(door)
    annul(hall, extra, door)
    assert (hall.counter(yesterday), counted(hall)) == (1, 0)


def test_who_is_out_already_is_not_taken_out_again(hall: Hall) -> None:
    """A pass that was marked as not shown has no people to take back."""
    door, case = hall.door("A"), hall.ticket(offer="again")
    scan_id = hall.online(door, case).scan_id
    hall.clock.tick(minutes=1)
    hall.online(hall.door("B"), case, direction=Direction.EXIT)
    door.journal.scan(case, hall.now(-1), shown=Verdict.REFUSE, scan_id=scan_id)
    hall.upload(door)
    before = counted(hall)
    annul(hall, scan_id)
    assert counted(hall) == before


def test_whom_the_station_let_in_is_not_let_in_by_a_supervisor_too(hall: Hall) -> None:
    """The person is counted and reported: overruling it is refused, annulling it works."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    refused = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=refused)
    hall.upload(door)
    override = overrule.Override(scan_id=ScanId(bytes.fromhex(refused)), why="x", by="office")
    with hall.store.unit() as unit, pytest.raises(Conflict, match="not_overridable"):
        overrule.override_scan(unit, hall.house, override=override, lang="de")
    assert counted(hall) == 2
    annul(hall, refused, door)
    assert counted(hall) == 1


def test_a_station_alone_has_no_supervisor(hall: Hall) -> None:
    """An offline entry that says it was overruled is judged like any other."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(hall.door("B"), case)
    door.journal.scan(case, hall.now(), reason=Reason.OK_OVERRIDE)
    hall.upload(door)
    assert [one.kind.value for one in hall.conflicts()] == ["double_use"]


@pytest.mark.parametrize("state", [ConflictState.IGNORED, ConflictState.EXPLAINED])
def test_people_of_a_closed_conflict_leave_with_their_annul(
    hall: Hall, state: ConflictState
) -> None:
    """Refused online, let in by the station: in the house until the scan is taken back."""
    door, case = hall.door("A"), hall.ticket()
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
    extra = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=extra)
    hall.upload(door)
    assert hall.inside() == 1
    [found] = hall.conflicts()
    assert found.kind is ConflictKind.OVERRULED
    closing = conflicts.Closing(conflict=found.id, state=state, note="seen")
    house = replace(hall.house, actor=Actor(ActorKind.STAFF, "staff_1"))
    with hall.store.unit() as unit:
        conflicts.close_conflict(unit, house, closing=closing)
    annul(hall, extra)
    assert hall.inside() == 0
    [after] = hall.conflicts()
    assert (after.state, after.note, after.closed_by) == (state, "seen", "staff_1")


@pytest.mark.parametrize("is_online", [True, False])
def test_who_was_shown_out_behind_a_refusal_comes_back_with_the_annul(
    hall: Hall, *, is_online: bool
) -> None:
    """Refused by the service, let out by the station, two people; then staff take it back."""
    door, case = hall.door("A"), hall.ticket(offer="again", party=3)
    hall.online(door, case)
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
    refused = hall.online(door, case).scan_id
    exit_scan = door.journal.scan(case, hall.now(), scan_id=refused, shown=Verdict.EXIT, people=2)
    hall.upload(door)
    assert counted(hall) == 1
    if is_online:
        annul(hall, exit_scan, door)
    else:
        door.journal.annul(exit_scan, hall.now())
        hall.upload(door)
    assert counted(hall) == 3
    assert hall.scan(exit_scan).state is ScanState.ANNULLED


def test_an_annul_of_who_was_shown_out_comes_back_once(hall: Hall) -> None:
    """Both the office and the station's journal take it back: the people are inside once."""
    door, case = hall.door("A"), hall.ticket()
    hall.online(door, case)
    refused = hall.online(door, case).scan_id
    door.journal.scan(case, hall.now(), scan_id=refused, shown=Verdict.EXIT)
    hall.upload(door)
    assert counted(hall) == 0
    annul(hall, refused)
    door.journal.annul(refused, hall.now())
    hall.upload(door)
    assert counted(hall) == 1


@pytest.mark.parametrize("shown", [Verdict.ADMIT, Verdict.EXIT])
def test_people_by_rows_are_people_by_the_counter(hall: Hall, shown: Verdict) -> None:
    """Whoever passed behind a refusal stands in its row, for the recount at night."""
    door, case = hall.door("A"), hall.ticket(party=3, offer="again")
    hall.online(door, case)
    with hall.store.unit() as unit:
        tickets.revoke_ticket(unit, hall.house, ticket_id=case.ticket.id, reason="")
    refused = hall.online(door, case)
    assert refused.verdict is Verdict.REFUSE
    door.journal.scan(case, hall.now(), scan_id=refused.scan_id, shown=shown, people=2)
    hall.upload(door)
    with hall.store.unit() as unit:
        found = recount(unit, hall.house)
    assert found.inside == found.passed == (5 if shown is Verdict.ADMIT else 1)
