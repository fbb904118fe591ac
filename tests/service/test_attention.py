"""Staff have to look: confirm, decline, lapse."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.factories import a_scan_id, with_offer
from tests.service.conftest import Entrance
from ticketing.service import tickets
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.gate import attention, recording
from ticketing.service.ports import House
from ticketing.store import scans as scan_rows
from ticketing.store.scans import Scan
from ticketing.store.unit import Store, Unit
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import Check, Reason, TicketState, Verdict


@pytest.fixture
def gate(entrance: Entrance) -> Entrance:
    """The entrance with an offer that is paid at the desk and one that needs proof."""
    with_offer(
        entrance.store, entrance.house, slug="paid", number=8, price_cents=900, pay_at_desk=True
    )
    with_offer(entrance.store, entrance.house, slug="proof", number=9, proof=True, party_max=4)
    return entrance


def test_payment_is_asked_for_taken_and_the_ticket_is_paid(gate: Entrance) -> None:
    """Attention, confirm, admit, and the ticket is valid from then on."""
    case = gate.ticket(offer="paid")
    asked = gate.scan(case.barcode)
    assert (asked.verdict, asked.reason) == (Verdict.ATTENTION, Reason.COLLECT_PAYMENT)
    assert (asked.checks, asked.inside) == ((Check.PAYMENT,), 0)
    assert asked.until is not None
    answer = gate.confirm(asked.scan_id, Check.PAYMENT)
    assert (answer.verdict, answer.inside, answer.until) == (Verdict.ADMIT, 1, None)
    assert _state(gate, case) is TicketState.VALID


def test_confirming_again_gives_the_same_answer(gate: Entrance) -> None:
    """A lost answer is asked for once more; nobody is counted twice."""
    asked = gate.scan(gate.ticket(offer="paid").barcode)
    first = gate.confirm(asked.scan_id, Check.PAYMENT)
    assert gate.confirm(asked.scan_id, Check.PAYMENT) == first
    assert gate.get(asked.scan_id) == first
    assert gate.inside() == 1


def test_a_decline_leaves_the_ticket_unused(gate: Entrance) -> None:
    """Declined is a refusal of that scan, not of the ticket."""
    case = gate.ticket(offer="proof")
    asked = gate.scan(case.barcode)
    declined = gate.decline(asked.scan_id)
    assert (declined.verdict, declined.reason) == (Verdict.REFUSE, Reason.DECLINED)
    assert gate.decline(asked.scan_id) == declined
    assert gate.inside() == 0
    assert gate.scan(case.barcode).verdict is Verdict.ATTENTION


def test_the_opposite_of_what_was_settled_is_a_conflict(gate: Entrance) -> None:
    """Neither a declined scan is confirmed nor a confirmed one declined."""
    declined = gate.scan(gate.ticket(offer="proof").barcode)
    gate.decline(declined.scan_id)
    with pytest.raises(Conflict, match="already_resolved"):
        gate.confirm(declined.scan_id, Check.PROOF)
    confirmed = gate.scan(gate.ticket(offer="proof").barcode)
    gate.confirm(confirmed.scan_id, Check.PROOF)
    with pytest.raises(Conflict, match="already_resolved"):
        gate.decline(confirmed.scan_id)


def test_a_scan_that_asked_nothing_cannot_be_settled(gate: Entrance) -> None:
    """An admitted scan is final, an unknown one is not there."""
    admitted = gate.scan(gate.ticket().barcode)
    with pytest.raises(Conflict, match="already_resolved"):
        gate.confirm(admitted.scan_id)
    with pytest.raises(NotFound):
        gate.confirm(a_scan_id())


def test_after_five_minutes_a_question_has_lapsed(gate: Entrance) -> None:
    """A repeat says so, and neither confirm nor decline takes it up."""
    request = gate.request(gate.ticket(offer="proof").barcode)
    asked = gate.send(request).answer
    gate.clock.tick(minutes=4, seconds=59)
    assert gate.send(request).answer.verdict is Verdict.ATTENTION
    gate.clock.tick(seconds=1)
    lapsed = gate.send(request).answer
    assert (lapsed.verdict, lapsed.reason, lapsed.checks) == (Verdict.REFUSE, Reason.LAPSED, ())
    with pytest.raises(Conflict, match="lapsed"):
        gate.confirm(asked.scan_id, Check.PROOF)
    with pytest.raises(Conflict, match="lapsed"):
        gate.decline(asked.scan_id)


def test_a_confirm_needs_every_check(gate: Entrance) -> None:
    """Looking at something else does not do."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    with pytest.raises(Invalid, match="checks: incomplete"):
        gate.confirm(asked.scan_id, Check.IDENTITY)
    assert gate.get(asked.scan_id).verdict is Verdict.ATTENTION


def test_a_confirm_decides_again(gate: Entrance) -> None:
    """Two gates ask about one ticket: the second to confirm is refused."""
    case = gate.ticket(offer="proof")
    here, there = gate.scan(case.barcode), gate.scan(case.barcode)
    assert gate.confirm(here.scan_id, Check.PROOF).verdict is Verdict.ADMIT
    late = gate.confirm(there.scan_id, Check.PROOF)
    assert (late.verdict, late.reason) == (Verdict.REFUSE, Reason.ALREADY_USED)
    assert gate.get(there.scan_id).reason is Reason.ALREADY_USED
    assert gate.inside() == 1


def test_a_ticket_revoked_while_staff_looked_is_refused(gate: Entrance) -> None:
    """What has arisen meanwhile counts."""
    case = gate.ticket(offer="proof")
    asked = gate.scan(case.barcode)
    with gate.store.unit() as unit:
        tickets.revoke_ticket(unit, gate.house, ticket_id=case.ticket.id, reason="")
    assert gate.confirm(asked.scan_id, Check.PROOF).reason is Reason.REVOKED


def test_a_ticket_reissued_while_staff_looked_is_superseded(gate: Entrance) -> None:
    """The barcode that was shown is judged, not the newest."""
    case = gate.ticket(offer="proof")
    asked = gate.scan(case.barcode)
    with gate.store.unit() as unit:
        tickets.reissue_ticket(unit, gate.house, ticket_id=case.ticket.id)
    assert gate.confirm(asked.scan_id, Check.PROOF).reason is Reason.SUPERSEDED


def test_a_confirm_may_change_how_many_come(gate: Entrance) -> None:
    """Three were asked for, two come."""
    asked = gate.scan(gate.ticket(offer="proof", party=4).barcode, people=3)
    answer = gate.confirm(asked.scan_id, Check.PROOF, people=2)
    assert (answer.inside, answer.remaining.people) == (2, 2)


def test_a_check_that_has_arisen_is_asked_for(gate: Entrance) -> None:
    """A ticket made unpaid while proof was looked at: the scan stays pending and asks more."""
    with_offer(
        gate.store,
        gate.house,
        slug="both",
        number=10,
        proof=True,
        price_cents=500,
        pay_at_desk=True,
    )
    case = gate.ticket(offer="both", paid=True)
    asked = gate.scan(case.barcode)
    assert asked.checks == (Check.PROOF,)
    with gate.store.unit() as unit:
        unit.begin()
        unit.run(text("UPDATE tickets SET state = 'unpaid'"))
        unit.commit()
    more = gate.confirm(asked.scan_id, Check.PROOF)
    assert (more.verdict, more.checks) == (Verdict.ATTENTION, (Check.PAYMENT,))
    done = gate.confirm(asked.scan_id, Check.PROOF, Check.PAYMENT)
    assert done.verdict is Verdict.ADMIT


def test_a_ticket_erased_while_staff_looked_is_unknown(gate: Entrance) -> None:
    """The scan is still settled, and names nobody."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    with gate.store.unit() as unit:
        unit.begin()
        unit.run(text("DELETE FROM tickets"))
        unit.commit()
    answer = gate.confirm(asked.scan_id, Check.PROOF)
    assert (answer.reason, answer.ticket) == (Reason.UNKNOWN_TICKET, None)


def test_whoever_settles_first_wins(gate: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decline that gets in between a confirm's reading and writing stands."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    _meanwhile(monkeypatch, lambda: gate.decline(asked.scan_id))
    with pytest.raises(Conflict, match="already_resolved"):
        gate.confirm(asked.scan_id, Check.PROOF)
    assert gate.inside() == 0


def test_a_confirm_gives_up_when_others_are_always_faster(
    gate: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three tries, then the station asks again."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    monkeypatch.setattr(scan_rows, "settle", lambda _unit, _scan: False)
    with pytest.raises(Conflict, match="busy"):
        gate.confirm(asked.scan_id, Check.PROOF)
    with pytest.raises(Conflict, match="busy"):
        gate.decline(asked.scan_id)


def _state(gate: Entrance, case: tickets.TicketCase) -> TicketState:
    with gate.store.unit() as unit:
        return tickets.get_ticket(unit, gate.house, ticket_id=case.ticket.id).ticket.state


def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], ScanAnswer]) -> None:
    """Let somebody act once, after the next decision and before it is written."""
    record = recording.record
    done: list[bool] = []

    def late(unit: Unit, house: House, **rest: object) -> Scan | None:
        if not done:
            done.append(True)
            act()
        return record(unit, house, **rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(attention, "record", late)


def test_who_looked_and_when_is_kept_with_a_confirm(gate: Entrance) -> None:
    """For whoever asks later."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    gate.clock.tick(seconds=30)
    gate.confirm(asked.scan_id, Check.PROOF, by="AD")
    row = gate.row(asked.scan_id)
    assert (row.by, row.why, row.settled_at) == ("AD", None, gate.clock.now())


def test_why_it_was_declined_is_kept(gate: Entrance) -> None:
    """Not shown to anybody, but there; nobody is counted."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    gate.decline(asked.scan_id, why="no proof")
    row = gate.row(asked.scan_id)
    assert (row.why, row.people, row.settled_at) == ("no proof", 0, gate.clock.now())


def test_what_a_second_confirm_says_is_not_kept(gate: Entrance) -> None:
    """Whoever settled it first did."""
    asked = gate.scan(gate.ticket(offer="proof").barcode)
    gate.confirm(asked.scan_id, Check.PROOF, by="AD")
    gate.confirm(asked.scan_id, Check.PROOF, by="KW")
    assert gate.row(asked.scan_id).by == "AD"


def test_a_lapsed_scan_stays_lapsed_and_a_new_one_works(gate: Entrance) -> None:
    """Nobody came in by it, and the ticket is as good as before."""
    case = gate.ticket(offer="proof")
    asked = gate.scan(case.barcode)
    gate.clock.tick(hours=1)
    lapsed = gate.get(asked.scan_id)
    assert (lapsed.verdict, lapsed.reason) == (Verdict.REFUSE, Reason.LAPSED)
    with pytest.raises(Conflict, match="lapsed"):
        gate.confirm(asked.scan_id, Check.PROOF)
    again = gate.scan(case.barcode)
    assert gate.confirm(again.scan_id, Check.PROOF).reason is Reason.OK
    assert gate.get(asked.scan_id).reason is Reason.LAPSED


def test_a_question_survives_a_restart_of_the_service(gate: Entrance, store_url: str) -> None:
    """The row is all there is: one is confirmed afterwards, the other has lapsed."""
    late, soon = gate.ticket(offer="proof"), gate.ticket(offer="proof")
    first = gate.scan(late.barcode)
    gate.clock.tick(minutes=3)
    second = gate.scan(soon.barcode)
    gate.store.close()
    gate.store = Store(store_url)
    gate.clock.tick(minutes=3)
    assert gate.get(first.scan_id).reason is Reason.LAPSED
    with pytest.raises(Conflict, match="lapsed"):
        gate.confirm(first.scan_id, Check.PROOF)
    assert gate.confirm(second.scan_id, Check.PROOF).reason is Reason.OK
    assert gate.scan(late.barcode).verdict is Verdict.ATTENTION
    gate.store.close()
