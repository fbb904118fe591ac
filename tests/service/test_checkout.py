"""Check-out at closing time: once, only who came before, right when the clocks change."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from tests.factories import with_offer
from tests.service.conftest import Entrance
from ticketing.domain.offers import Validity
from ticketing.service.gate.checkout import CheckedOut, check_out
from ticketing.service.tickets import TicketCase, get_ticket, revoke_ticket
from ticketing.store import counters, schema
from ticketing.wire.admission import Move, MoveKind
from ticketing.wire.verdict import Direction, Reason

CLOSES = datetime(2026, 10, 4, 16, 0, tzinfo=UTC)
"""18:00 on the Sunday of the tests."""


def _run(entrance: Entrance) -> CheckedOut:
    with entrance.store.unit() as unit:
        return check_out(unit, entrance.house)


def _moves(entrance: Entrance, case: TicketCase) -> tuple[Move, ...]:
    with entrance.store.unit() as unit:
        return get_ticket(unit, entrance.house, ticket_id=case.ticket.id).moves


def _count(entrance: Entrance, delta: int) -> None:
    """People counted by hand."""
    now = entrance.clock.now()
    row: dict[str, Any] = {
        "id": now.isoformat().encode(),
        "gate": "sued",
        "delta": delta,
        "reason": "group",
        "at": now,
        "received_at": now,
    }
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.counts), row)
        counters.add(unit, "inside:2026-10-04", delta)
        unit.commit()


def test_who_came_before_closing_is_checked_out_at_closing_time(entrance: Entrance) -> None:
    """One exit, dated 18:00, however late the worker looks; nobody is inside then."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.at = datetime(2026, 10, 4, 17, 30, tzinfo=UTC)
    assert _run(entrance) == CheckedOut(tickets=1, people=1)
    last = _moves(entrance, case)[-1]
    assert (last.kind, last.people, last.at) == (MoveKind.EXIT, 1, CLOSES)
    assert entrance.inside() == 0


def test_automatic_check_out_happens_once(entrance: Entrance) -> None:
    """A second look, and a look on the next day, write nothing."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.at = CLOSES
    assert _run(entrance) == CheckedOut(tickets=1, people=1)
    assert _run(entrance) == CheckedOut(tickets=0, people=0)
    entrance.clock.tick(days=2)
    assert _run(entrance) == CheckedOut(tickets=0, people=0)
    assert len(_moves(entrance, case)) == 2


def test_before_closing_nobody_is_checked_out(entrance: Entrance) -> None:
    """A minute before 18:00 everybody stays."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.at = datetime(2026, 10, 4, 15, 59, tzinfo=UTC)
    assert _run(entrance) == CheckedOut(tickets=0, people=0)
    assert entrance.inside() == 1


def test_only_those_who_entered_before_closing_are_checked_out(entrance: Entrance) -> None:
    """A concert at 19:00: its guests stay inside until the next closing."""
    early, late = entrance.ticket(), entrance.ticket()
    entrance.scan(early.barcode)
    entrance.clock.at = datetime(2026, 10, 4, 17, 0, tzinfo=UTC)
    entrance.scan(late.barcode)
    assert _run(entrance) == CheckedOut(tickets=1, people=1)
    assert [move.kind for move in _moves(entrance, late)] == [MoveKind.ENTRY]
    assert entrance.inside() == 1


def test_who_left_by_the_gate_is_not_checked_out_again(entrance: Entrance) -> None:
    """Nor is who leaves after closing, before the worker looks."""
    first, second = entrance.ticket(), entrance.ticket()
    for case in (first, second):
        entrance.scan(case.barcode)
    entrance.scan(first.barcode, direction=Direction.EXIT)
    entrance.clock.at = datetime(2026, 10, 4, 16, 5, tzinfo=UTC)
    entrance.scan(second.barcode, direction=Direction.EXIT)
    assert _run(entrance).tickets == 0
    assert entrance.inside() == 0


def test_those_of_a_party_who_are_left_are_checked_out(entrance: Entrance) -> None:
    """Five came, two left: three are taken for gone."""
    with_offer(entrance.store, entrance.house, slug="family", number=8, party_max=5)
    case = entrance.ticket(offer="family", party=5)
    entrance.scan(case.barcode)
    entrance.scan(case.barcode, direction=Direction.EXIT, people=2)
    entrance.clock.at = CLOSES
    assert _run(entrance) == CheckedOut(tickets=1, people=3)
    assert _moves(entrance, case)[-1].people == 3


def test_people_counted_by_hand_leave_at_closing_too(entrance: Entrance) -> None:
    """A group without tickets; who is counted after closing stays."""
    _count(entrance, 12)
    entrance.clock.at = datetime(2026, 10, 4, 16, 30, tzinfo=UTC)
    _count(entrance, 2)
    assert _run(entrance) == CheckedOut(tickets=0, people=12)
    assert entrance.inside() == 2


def test_an_entry_that_arrives_after_closing_is_checked_out_when_it_comes(
    entrance: Entrance,
) -> None:
    """A station that was offline tells in the evening of somebody who came at noon."""
    case = entrance.ticket()
    entrance.clock.at = datetime(2026, 10, 4, 18, 0, tzinfo=UTC)
    assert _run(entrance).tickets == 0
    with entrance.store.unit() as unit:
        unit.begin()
        row = {
            "ticket_id": case.ticket.id,
            "move_no": 1,
            "scan_id": bytes(16),
            "kind": MoveKind.ENTRY,
            "people": 1,
            "at": datetime(2026, 10, 4, 10, 0, tzinfo=UTC),
            "gate": "sued",
        }
        unit.run(insert(schema.moves), row)
        counters.add(unit, "inside:2026-10-04", 1)
        unit.commit()
    assert _run(entrance) == CheckedOut(tickets=1, people=1)
    assert _moves(entrance, case)[-1].at == CLOSES


def test_a_worker_that_slept_over_night_dates_the_exit_at_the_evening(entrance: Entrance) -> None:
    """The exit belongs to the closing behind the entry; today's guests stay."""
    with_offer(entrance.store, entrance.house, slug="year", number=8, validity=Validity.YEAR)
    case, today = entrance.ticket(offer="year"), entrance.ticket(offer="year")
    entrance.scan(case.barcode)
    entrance.clock.at = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
    entrance.scan(today.barcode)
    assert _run(entrance) == CheckedOut(tickets=1, people=0)
    assert _moves(entrance, case)[-1].at == CLOSES
    assert entrance.inside() == 1


@pytest.mark.parametrize(
    ("enters_at", "closes_at"),
    [
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 24, 16, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 17, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 16, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 28, 17, 0, tzinfo=UTC)),
    ],
)
def test_automatic_check_out_is_right_across_the_change_of_the_clock(
    entrance: Entrance, enters_at: datetime, closes_at: datetime
) -> None:
    """18:00 on the wall is another hour in UTC the day before than on the day itself."""
    entrance.clock.at = enters_at
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.at = closes_at.replace(minute=0) - (closes_at - enters_at) / 100
    assert _run(entrance).tickets == 0
    entrance.clock.at = closes_at
    assert _run(entrance) == CheckedOut(tickets=1, people=1)
    assert _moves(entrance, case)[-1].at == closes_at


def test_a_ticket_checked_out_may_not_come_in_again_without_re_entry(entrance: Entrance) -> None:
    """The exit gives no use back."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.clock.at = CLOSES
    _run(entrance)
    entrance.clock.tick(minutes=5)
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED


def test_a_revoked_ticket_is_checked_out_as_well(entrance: Entrance) -> None:
    """Who is inside is inside, whatever has become of the ticket."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    with entrance.store.unit() as unit:
        revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")
    entrance.clock.at = CLOSES
    assert _run(entrance).tickets == 1


def test_an_annulled_entry_is_nobody_to_check_out(entrance: Entrance) -> None:
    """What was taken back was no entry."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    [entry] = _moves(entrance, case)
    with entrance.store.unit() as unit:
        unit.begin()
        row = {
            "ticket_id": case.ticket.id,
            "move_no": 2,
            "scan_id": entry.scan_id,
            "kind": MoveKind.ANNUL,
            "people": 1,
            "at": entrance.clock.now(),
            "gate": "sued",
        }
        unit.run(insert(schema.moves), row)
        unit.commit()
    entrance.clock.at = CLOSES
    assert _run(entrance).tickets == 0


def test_two_hundred_and_more_are_checked_out_in_short_transactions(entrance: Entrance) -> None:
    """A full house leaves at once, and no gate waits above 50 ms for it."""
    with_offer(entrance.store, entrance.house, slug="crowd", number=8)
    cases = [entrance.ticket(offer="crowd") for _ in range(250)]
    rows = [
        {
            "ticket_id": case.ticket.id,
            "move_no": 1,
            "scan_id": no.to_bytes(16, "big"),
            "kind": MoveKind.ENTRY,
            "people": 1,
            "at": entrance.clock.now(),
            "gate": "sued",
        }
        for no, case in enumerate(cases)
    ]
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.moves), rows)
        unit.commit()
    entrance.clock.at = CLOSES
    assert _run(entrance).tickets == 250
    print(f"longest write transaction: {entrance.store.longest_hold_ms:.1f} ms")  # noqa: T201  a figure to watch
