"""A short code typed at the gate, on both engines: as good as its barcode, and no better."""

import pytest

from tests.factories import HOLDER, with_offer
from tests.service.conftest import Entrance
from ticketing.service import tickets
from ticketing.service.errors import Conflict
from ticketing.service.searching import Search, search_tickets
from ticketing.service.tickets import TicketCase
from ticketing.wire.verdict import Check, Direction, Reason, Verdict


def code(case: TicketCase) -> str:
    """The code as it stands on the card."""
    plain = case.ticket.short_code
    return f"{plain[:4]}-{plain[4:]}"


def revoke(gate: Entrance, case: TicketCase) -> None:
    """Take the ticket back for good."""
    with gate.store.unit() as unit:
        tickets.revoke_ticket(unit, gate.house, ticket_id=case.ticket.id, reason="")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}\n"])
def test_a_short_code_admits(entrance: Entrance, typed: str) -> None:
    """Peers 14: lower or upper case, with blanks around it or not."""
    case = entrance.ticket()
    answer = entrance.scan(typed.format(code(case).lower()))
    assert (answer.verdict, answer.reason) == (Verdict.ADMIT, Reason.OK)
    assert answer.ticket is not None
    assert answer.ticket.holder == HOLDER


def test_a_short_code_and_its_barcode_are_one_ticket(entrance: Entrance) -> None:
    """Whichever comes first, the other is used."""
    typed, shown = entrance.ticket(), entrance.ticket()
    entrance.scan(code(typed))
    entrance.scan(shown.barcode)
    refused = [entrance.scan(text) for text in (typed.barcode, code(typed), code(shown))]
    assert {one.reason for one in refused} == {Reason.ALREADY_USED}
    assert all(one.first_use is not None for one in refused)


def test_a_short_code_of_a_stopped_ticket_is_refused(entrance: Entrance) -> None:
    """Blocked, revoked, unpaid: each by its own reason."""
    with_offer(entrance.store, entrance.house, slug="dear", number=8, price_cents=900)
    blocked, revoked = entrance.ticket(), entrance.ticket()
    unpaid = entrance.ticket(offer="dear", paid=False)
    with entrance.store.unit() as unit:
        tickets.block_ticket(unit, entrance.house, ticket_id=blocked.ticket.id)
    revoke(entrance, revoked)
    said = [entrance.scan(code(case)).reason for case in (blocked, revoked, unpaid)]
    assert said == [Reason.BLOCKED, Reason.REVOKED, Reason.UNPAID]


def test_a_short_code_asks_what_its_barcode_asks(entrance: Entrance) -> None:
    """Proof is looked at, and staff confirm."""
    with_offer(entrance.store, entrance.house, slug="proof", number=8, proof=True)
    asked = entrance.scan(code(entrance.ticket(offer="proof")))
    assert asked.checks == (Check.PROOF,)
    assert entrance.confirm(asked.scan_id, Check.PROOF).reason is Reason.OK


def test_a_short_code_typed_before_a_reissue_is_superseded_at_the_confirm(
    entrance: Entrance,
) -> None:
    """What was presented counts: the ticket of then, not the one of now."""
    with_offer(entrance.store, entrance.house, slug="proof", number=8, proof=True)
    case = entrance.ticket(offer="proof")
    asked = entrance.scan(code(case))
    with entrance.store.unit() as unit:
        tickets.reissue_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    assert entrance.confirm(asked.scan_id, Check.PROOF).reason is Reason.SUPERSEDED


def test_a_short_code_leaves_and_comes_back(entrance: Entrance) -> None:
    """Exit and re-entry by typing."""
    with_offer(entrance.store, entrance.house, slug="again", number=8, reentry=True)
    case = entrance.ticket(offer="again")
    entrance.scan(code(case))
    assert entrance.scan(code(case), direction=Direction.EXIT).reason is Reason.OK_EXIT
    assert entrance.scan(code(case)).reason is Reason.OK_REENTRY


def test_a_scan_by_short_code_is_repeated_annulled_and_overruled(entrance: Entrance) -> None:
    """Like any other: the same id gives its outcome, then it is taken back."""
    case = entrance.ticket()
    request = entrance.request(code(case))
    first = entrance.send(request).answer
    assert entrance.send(request).answer == first
    refused = entrance.scan(code(case))
    assert entrance.overrule(refused.scan_id).reason is Reason.OK_OVERRIDE
    entrance.annul(refused.scan_id)
    assert entrance.annul(request.scan_id).answer.inside == 0
    assert entrance.scan(code(case)).reason is Reason.OK


def test_the_barcode_under_the_id_of_a_typed_code_is_another_text(entrance: Entrance) -> None:
    """Peers 6: even if both are the same ticket."""
    case = entrance.ticket()
    request = entrance.request(code(case))
    entrance.send(request)
    with pytest.raises(Conflict, match="scan_id_reused"):
        entrance.send(entrance.request(case.barcode, scan_id=request.scan_id))


def test_an_internal_id_is_no_code(entrance: Entrance) -> None:
    """Peers 15: ticket, scan and station ids open nothing, in any spelling."""
    case = entrance.ticket()
    first = entrance.scan(case.barcode)
    ids = (case.ticket.id.hex(), first.scan_id, entrance.station.id, case.offer.slug)
    for text in (*ids, case.ticket.id.hex().upper(), f"/t/{case.ticket.id.hex()}"):
        answer = entrance.scan(text)
        assert (answer.verdict, answer.ticket) == (Verdict.REFUSE, None)


def test_a_reissue_replaces_the_code_on_a_lost_card(entrance: Entrance) -> None:
    """Whoever found the card gets in neither by the barcode nor by typing; the holder does."""
    lost = entrance.ticket()
    with entrance.store.unit() as unit:
        case = tickets.reissue_ticket(unit, entrance.house, ticket_id=lost.ticket.id)
    assert case.ticket.short_code != lost.ticket.short_code
    found = [entrance.scan(text) for text in (lost.barcode, code(lost))]
    assert [one.reason for one in found] == [Reason.SUPERSEDED, Reason.UNKNOWN_CODE]
    assert found[1].ticket is None
    answer = entrance.scan(code(case))
    assert (answer.reason, answer.ticket and answer.ticket.issue) == (Reason.OK, 1)
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED


def test_the_desk_finds_a_reissued_ticket_by_its_present_code_alone(entrance: Entrance) -> None:
    """The code that is lost leads to no name either."""
    lost = entrance.ticket()
    with entrance.store.unit() as unit:
        case = tickets.reissue_ticket(unit, entrance.house, ticket_id=lost.ticket.id)
        by_old, by_new = (
            search_tickets(unit, search=Search(short_code=code(one))).items for one in (lost, case)
        )
    assert [one.ticket.id for one in by_new] == [lost.ticket.id]
    assert list(by_old) == []


def test_who_came_in_by_a_code_that_was_replaced_is_still_inside(entrance: Entrance) -> None:
    """A reissue changes what opens the door, not who went through: no second entry by it."""
    with_offer(entrance.store, entrance.house, slug="again", number=8, reentry=True)
    lost = entrance.ticket(offer="again")
    entrance.scan(code(lost))
    with entrance.store.unit() as unit:
        case = tickets.reissue_ticket(unit, entrance.house, ticket_id=lost.ticket.id)
    assert entrance.scan(code(case)).reason is Reason.STILL_INSIDE
    assert entrance.scan(code(lost), direction=Direction.EXIT).reason is Reason.UNKNOWN_CODE
    assert entrance.scan(code(case), direction=Direction.EXIT).reason is Reason.OK_EXIT


def test_a_reissue_gives_up_when_no_code_is_free(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has changed then: the old barcode and code still admit."""
    case = entrance.ticket()
    monkeypatch.setattr(tickets, "free_short_codes", _none_free)
    with entrance.store.unit() as unit, pytest.raises(Conflict, match="no_free_short_code"):
        tickets.reissue_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    assert entrance.scan(code(case)).reason is Reason.OK


def _none_free(*_: object) -> list[str]:
    raise Conflict("no_free_short_code")
