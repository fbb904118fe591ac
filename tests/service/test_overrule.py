"""A supervisor overrules a refusal, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from tests.factories import a_scan_id, with_offer, with_slot, with_station
from tests.service.conftest import Entrance
from ticketing.domain.opening import Calendar, Hours
from ticketing.service import tickets
from ticketing.service.errors import Conflict, NotFound
from ticketing.store import moves as move_rows
from ticketing.store.scans import ScanState
from ticketing.wire.admission import MoveKind
from ticketing.wire.codec import from_base32hex, to_base32hex
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import Check, Direction, Reason, TicketState, Verdict


@pytest.fixture
def gate(entrance: Entrance) -> Entrance:
    """The entrance with one offer for each refusal that may be overruled."""
    store, house = entrance.store, entrance.house
    with_offer(store, house, slug="again", number=8, reentry=True, entries=0)
    with_offer(store, house, slug="north", number=9, gates=("nord",), party_max=5)
    with_offer(store, house, slug="daily", number=10, entries=5, per_day=1)
    with_offer(store, house, slug="bound", number=11, calendar=True)
    with_offer(store, house, slug="dear", number=12, price_cents=900)
    with_offer(store, house, slug="paid", number=13, price_cents=900, pay_at_desk=True)
    return entrance


def _blocked(gate: Entrance) -> ScanAnswer:
    case = gate.ticket()
    with gate.store.unit() as unit:
        tickets.block_ticket(unit, gate.house, ticket_id=case.ticket.id)
    return gate.scan(case.barcode)


def _refused_twice(gate: Entrance, offer: str) -> ScanAnswer:
    case = gate.ticket(offer=offer)
    gate.scan(case.barcode)
    return gate.scan(case.barcode)


def _out_of_slot(gate: Entrance) -> ScanAnswer:
    case = gate.ticket()
    with_slot(gate.store, case, slot="s1", at=gate.clock.now().replace(hour=15))
    return gate.scan(case.barcode)


def _when(gate: Entrance, now: datetime) -> ScanAnswer:
    case = gate.ticket()
    gate.clock.at = now
    return gate.scan(case.barcode)


def _closed(gate: Entrance) -> ScanAnswer:
    hours = Calendar(weekly=(Hours(time(1), time(2)),) * 7)
    gate.house = replace(gate.house, museum=replace(gate.house.museum, hours=hours))
    return gate.scan(gate.ticket(offer="bound").barcode)


def _full(gate: Entrance) -> ScanAnswer:
    gate.house = replace(gate.house, museum=replace(gate.house.museum, capacity=1))
    gate.scan(gate.ticket().barcode)
    return gate.scan(gate.ticket().barcode)


REFUSALS = {
    Reason.ALREADY_USED: lambda gate: _refused_twice(gate, "day"),
    Reason.USED_TODAY: lambda gate: _refused_twice(gate, "daily"),
    Reason.STILL_INSIDE: lambda gate: _refused_twice(gate, "again"),
    Reason.WRONG_GATE: lambda gate: gate.scan(gate.ticket(offer="north").barcode),
    Reason.WRONG_SLOT: _out_of_slot,
    Reason.NOT_YET_VALID: lambda gate: _when(gate, datetime(2026, 10, 3, 12, tzinfo=UTC)),
    Reason.EXPIRED: lambda gate: _when(gate, datetime(2026, 10, 5, 12, tzinfo=UTC)),
    Reason.CLOSED: _closed,
    Reason.FULL: _full,
    Reason.UNPAID: lambda gate: gate.scan(gate.ticket(offer="dear", paid=False).barcode),
    Reason.BLOCKED: _blocked,
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_supervisor_lets_in_all_the_same(gate: Entrance, reason: Reason) -> None:
    """Each refusal of the list becomes `ok_override`; why and who are kept."""
    refused = REFUSALS[reason](gate)
    assert (refused.verdict, refused.reason) == (Verdict.REFUSE, reason)
    before = gate.inside()
    answer = gate.overrule(refused.scan_id)
    assert (answer.verdict, answer.reason) == (Verdict.ADMIT, Reason.OK_OVERRIDE)
    assert answer.inside == before + 1 == gate.inside()
    row = gate.row(refused.scan_id)
    assert (row.state, row.why, row.by) == (
        ScanState.OVERRIDDEN,
        "knows the director",
        "staff_1",
    )
    assert row.settled_at == gate.clock.now()


def test_overruling_twice_gives_the_stored_outcome(gate: Entrance) -> None:
    """A lost answer is asked for again; one person has come in."""
    case = gate.ticket()
    gate.scan(case.barcode)
    request = gate.request(case.barcode)
    gate.send(request)
    first = gate.overrule(request.scan_id)
    gate.clock.tick(minutes=30)
    assert gate.overrule(request.scan_id, why="another reason") == first
    assert gate.send(request).answer == first
    assert gate.row(request.scan_id).why == "knows the director"
    assert gate.inside() == 2


def test_a_use_is_spent_if_one_is_left(gate: Entrance) -> None:
    """Of five entries, one a day: the second today is the second of five."""
    case = gate.ticket(offer="daily")
    gate.scan(case.barcode)
    answer = gate.overrule(gate.scan(case.barcode).scan_id)
    assert answer.remaining.uses == 3
    assert gate.moves(case) == [(MoveKind.ENTRY, 1), (MoveKind.ENTRY, 1)]


def test_without_a_use_the_people_are_counted_and_no_use(gate: Entrance) -> None:
    """One more with a used ticket: no move, and one more inside."""
    case = gate.ticket()
    gate.scan(case.barcode)
    answer = gate.overrule(gate.scan(case.barcode).scan_id)
    assert (answer.remaining.uses, answer.inside) == (0, 2)
    assert gate.moves(case) == [(MoveKind.ENTRY, 1)]


def test_the_rest_of_a_party_is_let_in_once(gate: Entrance) -> None:
    """Three of five at the wrong gate: the same three do not come in again at the right one."""
    case = gate.ticket(offer="north", party=5)
    gate.scan(case.barcode, gate="nord", people=2)
    answer = gate.overrule(gate.scan(case.barcode).scan_id)
    assert (answer.inside, answer.remaining.people) == (5, 0)
    assert gate.scan(case.barcode, gate="nord").reason is Reason.ALREADY_USED


def test_how_many_come_may_be_said(gate: Entrance) -> None:
    """Two of five; without a word the whole party."""
    some, all_ = (gate.scan(gate.ticket(offer="north", party=5).barcode) for _ in range(2))
    assert gate.overrule(some.scan_id, people=2).inside == 2
    assert gate.overrule(all_.scan_id).inside == 7


def test_a_full_house_and_a_full_slot_do_not_hold(gate: Entrance) -> None:
    """Both counters go over their limit: the supervisor has decided."""
    gate.house = replace(gate.house, museum=replace(gate.house.museum, capacity=1))
    first, second = gate.ticket(), gate.ticket()
    for case in (first, second):
        with_slot(gate.store, case, slot="s1", at=gate.clock.now(), capacity=1)
    gate.scan(first.barcode)
    refused = gate.scan(second.barcode)
    assert refused.reason is Reason.FULL
    gate.overrule(refused.scan_id)
    assert (gate.inside(), gate.counter("came:s1")) == (2, 2)


def test_an_unpaid_ticket_stays_unpaid(gate: Entrance) -> None:
    """The supervisor lets in, and takes no money."""
    case = gate.ticket(offer="dear", paid=False)
    shown = gate.overrule(gate.scan(case.barcode).scan_id).ticket
    with gate.store.unit() as unit:
        found = tickets.get_ticket(unit, gate.house, ticket_id=case.ticket.id)
    assert found.ticket.state is TicketState.UNPAID
    assert shown is not None
    assert shown.state == "unpaid"


def test_what_nothing_speaks_against_any_more_is_a_plain_admit(gate: Entrance) -> None:
    """Peers 27: overruled only if it was needed; who and why are kept all the same."""
    case = gate.ticket()
    gate.clock.at = datetime(2026, 10, 3, 21, 59, tzinfo=UTC)
    refused = gate.scan(case.barcode)
    assert refused.reason is Reason.NOT_YET_VALID
    gate.clock.tick(minutes=2)
    assert gate.overrule(refused.scan_id).reason is Reason.OK
    assert gate.row(refused.scan_id).by == "staff_1"


def test_an_overruled_scan_can_be_annulled(gate: Entrance) -> None:
    """With its use, and without one: the people leave again."""
    daily, used = _refused_twice(gate, "daily"), _refused_twice(gate, "day")
    assert gate.inside() == 2
    for refused in (daily, used):
        gate.overrule(refused.scan_id)
        taken = gate.annul(refused.scan_id).answer
        assert (taken.reason, taken.inside) == (Reason.ANNULLED, 2)
    with pytest.raises(Conflict, match="not_overridable"):
        gate.overrule(used.scan_id)


# ------------------------------------------------------------ what it refuses
def test_a_forged_ticket_of_a_good_name_is_not_overruled(gate: Entrance) -> None:
    """The id in the text is a real one, the signature is not: no supervisor helps."""
    raw = bytearray(from_base32hex(gate.ticket().barcode) or b"")
    raw[-1] ^= 1
    refused = gate.scan(to_base32hex(bytes(raw)))
    assert refused.reason is Reason.FORGED
    with pytest.raises(Conflict, match="not_overridable"):
        gate.overrule(refused.scan_id)
    assert gate.inside() == 0


def test_revoked_and_superseded_tickets_are_not_overruled(gate: Entrance) -> None:
    """What was taken back for good stays so, whatever it was refused for."""
    revoked, old = gate.ticket(), gate.ticket()
    with gate.store.unit() as unit:
        tickets.revoke_ticket(unit, gate.house, ticket_id=revoked.ticket.id, reason="")
        tickets.reissue_ticket(unit, gate.house, ticket_id=old.ticket.id)
    for case in (revoked, old):
        with pytest.raises(Conflict, match="not_overridable"):
            gate.overrule(gate.scan(case.barcode).scan_id)


def test_it_is_decided_again_now(gate: Entrance) -> None:
    """Refused as used, revoked since: nobody is let in."""
    case = gate.ticket()
    gate.scan(case.barcode)
    refused = gate.scan(case.barcode)
    with gate.store.unit() as unit:
        tickets.revoke_ticket(unit, gate.house, ticket_id=case.ticket.id, reason="")
    with pytest.raises(Conflict, match="not_overridable"):
        gate.overrule(refused.scan_id)
    assert gate.get(refused.scan_id).reason is Reason.ALREADY_USED


def test_admitted_asked_declined_and_lapsed_scans_are_not_overruled(gate: Entrance) -> None:
    """There is nothing to overrule, or staff have said no, or it is over."""
    declined, lapsed, asked = (
        gate.scan(gate.ticket(offer="paid", paid=False).barcode) for _ in range(3)
    )
    gate.decline(declined.scan_id)
    admitted = gate.scan(gate.ticket().barcode)
    left = gate.scan(gate.ticket().barcode, direction=Direction.EXIT)
    for scan in (admitted, left, asked, declined):
        with pytest.raises(Conflict, match="not_overridable"):
            gate.overrule(scan.scan_id)
    gate.clock.tick(minutes=5)
    with pytest.raises(Conflict, match="not_overridable"):
        gate.overrule(lapsed.scan_id)
    assert gate.inside() == 0


def test_a_refusal_at_the_confirm_may_be_overruled(gate: Entrance) -> None:
    """Two gates asked about one ticket; the second was refused as used."""
    with_offer(gate.store, gate.house, slug="proof", number=14, proof=True)
    case = gate.ticket(offer="proof")
    here, there = gate.scan(case.barcode), gate.scan(case.barcode)
    for asked in (here, there):
        gate.confirm(asked.scan_id, Check.PROOF)
    assert gate.get(there.scan_id).reason is Reason.ALREADY_USED
    assert gate.overrule(there.scan_id).reason is Reason.OK_OVERRIDE


def test_the_scan_of_another_station_is_nobody_elses(gate: Entrance) -> None:
    """A program may overrule any; nobody what never came."""
    refused = _refused_twice(gate, "day")
    other = with_station(gate.store, gate.house, gate="nord")
    with pytest.raises(NotFound, match="scan"):
        gate.overrule(refused.scan_id, station=other)
    with pytest.raises(NotFound, match="scan"):
        gate.overrule(a_scan_id(), station=None)
    assert gate.overrule(refused.scan_id, station=None).reason is Reason.OK_OVERRIDE


def test_three_times_too_slow_is_busy(gate: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written, and the next try may succeed."""
    refused = _refused_twice(gate, "daily")
    with monkeypatch.context() as patched:
        patched.setattr(move_rows, "add", lambda *_args, **_rest: False)
        with pytest.raises(Conflict, match="busy"):
            gate.overrule(refused.scan_id)
    assert gate.overrule(refused.scan_id).verdict is Verdict.ADMIT
