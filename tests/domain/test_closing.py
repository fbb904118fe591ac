"""When the house closes, and who is taken for gone then."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import BERLIN
from tests.hours import HOURS
from ticketing.domain.checkout import ClosingTimes, due_exit, scan_id_of
from ticketing.domain.opening import closing_after, closing_of, last_closing
from ticketing.wire.admission import Move, MoveKind, Terms
from ticketing.wire.token import TicketId

TICKET = TicketId(bytes(15))
CLOSING = ClosingTimes(HOURS, BERLIN)


@pytest.mark.parametrize(
    ("day", "closes_at"),
    [
        (date(2026, 10, 4), datetime(2026, 10, 4, 16, 0, tzinfo=UTC)),
        (date(2026, 10, 7), datetime(2026, 10, 7, 18, 0, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 17, 0, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 16, 0, tzinfo=UTC)),
        (date(2026, 10, 5), datetime(2026, 10, 5, 22, 0, tzinfo=UTC)),  # a Monday: midnight
        (date(2026, 10, 26), datetime(2026, 10, 26, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_day_is_over_at_its_closing_or_at_midnight(day: date, closes_at: datetime) -> None:
    """By the wall clock, whatever the season."""
    assert closing_of(HOURS, day, BERLIN) == closes_at
    moment = timedelta(microseconds=1)
    assert last_closing(HOURS, closes_at, BERLIN) == closes_at
    assert last_closing(HOURS, closes_at - moment, BERLIN) < closes_at
    assert closing_after(HOURS, closes_at - moment, BERLIN) == closes_at
    assert closing_after(HOURS, closes_at, BERLIN) > closes_at


def _move(no: int, kind: MoveKind, hour: int, people: int = 1) -> Move:
    at = datetime(2026, 10, 4, hour, 0, tzinfo=UTC)
    return Move(no, bytes([no]) * 16, kind, people, at, "sued")


def _due(*moves: Move, hour: int = 17, party: int = 1) -> Move | None:
    now = datetime(2026, 10, 4, hour, 0, tzinfo=UTC)
    return due_exit(TICKET, moves, terms=Terms(party), closing=CLOSING, now=now)


def test_nobody_is_due_who_came_at_closing_or_has_left() -> None:
    """An entry in the closing minute is after it; an exit after closing is an exit."""
    assert _due(_move(1, MoveKind.ENTRY, 16)) is None
    assert _due(_move(1, MoveKind.ENTRY, 12), _move(2, MoveKind.EXIT, 13)) is None
    assert _due(_move(1, MoveKind.ENTRY, 12), _move(2, MoveKind.EXIT, 16)) is None
    assert _due(_move(1, MoveKind.ENTRY, 12), hour=15) is None
    assert _due(_move(1, MoveKind.EXIT, 12)) is None


def test_who_is_left_is_due_and_then_no_more() -> None:
    """Two of three came before closing; one more came behind it and stays."""
    moves = (_move(1, MoveKind.ENTRY, 12, 2), _move(2, MoveKind.ENTRY, 17, 1))
    due = _due(*moves, hour=18, party=3)
    assert due is not None
    assert (due.no, due.kind, due.people) == (3, MoveKind.EXIT, 2)
    assert due.at == datetime(2026, 10, 4, 16, 0, tzinfo=UTC)
    assert _due(*moves, due, hour=18, party=3) is None


def test_the_id_of_an_exit_nobody_scanned_is_of_its_ticket_and_closing() -> None:
    """The same each time, another for another ticket or evening."""
    at = datetime(2026, 10, 4, 16, 0, tzinfo=UTC)
    ids = {
        scan_id_of(TICKET, at),
        scan_id_of(TICKET, at),
        scan_id_of(TicketId(b"\1" * 15), at),
        scan_id_of(TICKET, at + timedelta(days=1)),
    }
    assert len(ids) == 3
    assert {len(one) for one in ids} == {16}
