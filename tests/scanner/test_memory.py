"""What the service told and the station's own moves, put together without counting twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from scanner.events import JournalMove, OwnMove
from scanner.memory import Contained, Found, NoRows, Recollection, StationMemory
from tests.scanner.station_kit import NOON
from tests.scanner.telling import a_row, ticket_id
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.sync_api import KnownTicket
from ticketing.wire.token import TicketId


def an_entry(n: int, *, is_online: bool, number: int = 1) -> JournalMove:
    """Somebody came in with `a_ticket(number)`; it is entry `n` of the journal."""
    move = Move(n, n.to_bytes(16, "big"), MoveKind.ENTRY, 1, NOON + timedelta(minutes=n), "sued")
    return JournalMove(n, is_online, OwnMove(ticket_id(number), 0, move))


@dataclass(frozen=True, slots=True)
class OneRow(NoRows):
    """The service told of one ticket."""

    known: KnownTicket | None
    contained: Contained

    def look_up(self, ticket_id: TicketId) -> Found:
        known = self.known if self.known and self.known.id == ticket_id else None
        return Found(known, self.contained)


@dataclass(frozen=True, slots=True)
class Entries:
    """A journal with these moves."""

    entries: Sequence[JournalMove]

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        return tuple(entry for entry in self.entries if entry.own.ticket_id == ticket_id)


ENTRIES = Entries(
    [
        an_entry(1, is_online=True),
        an_entry(2, is_online=False),
        an_entry(3, is_online=True, number=2),
        an_entry(4, is_online=False),
        an_entry(5, is_online=True),
    ]
)


@pytest.mark.parametrize(
    ("contained", "left"),
    [
        (Contained(), [1, 2, 4, 5]),
        (Contained(acked=2), [4, 5]),
        (Contained(acked=2, online_until=4), [4, 5]),
        (Contained(acked=0, online_until=4), [2, 4, 5]),
        (Contained(acked=0, online_until=5), [2, 4]),
        (Contained(acked=0, online_from=1, online_until=5), [1, 2, 4]),
        (Contained(acked=5), []),
    ],
)
def test_own_moves_that_the_row_contains_are_left_out(
    contained: Contained, left: list[int]
) -> None:
    """Uploaded ones, and those the service decided before it told."""
    memory = StationMemory(OneRow(a_row(), contained), ENTRIES)
    recalled = memory.recall(ticket_id(1))
    assert recalled.known == a_row()
    assert [own.move.no for own in recalled.own] == left


BEHIND = Contained(acked=2, held=((4, 5), (8, 9)))


@pytest.mark.parametrize(
    ("n", "of", "is_held"), [(3, 3, False), (4, 4, True), (5, 2, True), (7, 7, False), (9, 4, True)]
)
def test_behind_an_entry_never_taken_the_row_holds_what_the_service_has(
    n: int, of: int, *, is_held: bool
) -> None:
    """An honest holder is not counted twice for it."""
    entry = replace(an_entry(n, is_online=False), of=of, is_told=True)
    assert BEHIND.holds(entry) is is_held


@pytest.mark.parametrize("of", [3, 6])
def test_what_settles_a_scan_the_service_lacks_is_not_in_the_row(of: int) -> None:
    """It has the confirmation, and nothing to confirm: nobody is let in twice by that."""
    assert not BEHIND.holds(replace(an_entry(8, is_online=False), of=of, is_told=True))


def test_an_entry_the_service_has_not_answered_for_is_not_in_the_row() -> None:
    """The number may be one of another life of this station, before it was restored."""
    assert not BEHIND.holds(replace(an_entry(4, is_online=False), of=4, is_told=False))


def test_without_a_row_nothing_is_contained_in_it() -> None:
    """The ticket was dropped; the station's own record stays, whatever was acknowledged."""
    memory = StationMemory(OneRow(None, Contained(acked=5, online_until=5)), ENTRIES)
    recalled = memory.recall(ticket_id(1))
    assert recalled.known is None
    assert [own.move.no for own in recalled.own] == [1, 2, 4, 5]


def test_a_station_that_was_never_told_anything_knows_its_own_moves() -> None:
    """And of other tickets nothing."""
    memory = StationMemory(NoRows(), ENTRIES)
    assert [own.move.no for own in memory.recall(ticket_id(2)).own] == [3]
    assert memory.recall(ticket_id(3)) == Recollection()
    assert memory.house() is None
