"""What the station remembers of one ticket: what the service told, and its own moves. Pure.

The gate's room: no clock, no chance, no I/O; files stand behind the protocols. A move of the
station's own that the service's row contains already is left out, so that nobody's visit is
counted twice, and none is forgotten either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from scanner.events import JournalMove, OwnMove
from ticketing.wire.house import HouseSettings, KnownOffer
from ticketing.wire.keys import KeyRing
from ticketing.wire.moves import MoveKind
from ticketing.wire.sync_api import KnownTicket
from ticketing.wire.token import TicketId
from ticketing.wire.window import to_local


@dataclass(frozen=True, slots=True)
class Contained:
    """Which entries of the journal the service's rows contain.

    All up to `acked`, which were uploaded; behind an entry that the service never took the
    runs of `held`; and those the service itself decided, from `online_from` (excluded: it
    may have lost older ones, being restored) to `online_until`.
    """

    acked: int = 0
    online_from: int = 0
    online_until: int = 0
    held: tuple[tuple[int, int], ...] = ()

    def holds(self, move: JournalMove) -> bool:
        """Whether the row of its ticket contains this move."""
        if move.is_online and self.online_from < move.n <= self.online_until:
            return True
        return move.n <= self.acked or (move.is_told and self._is_held(move))

    def _is_held(self, move: JournalMove) -> bool:
        """What settles a scan that the service lacks has done nothing there."""
        needed = {move.n, move.n if move.of is None else move.of}
        return all(n <= self.acked or any(a <= n <= b for a, b in self.held) for n in needed)


@dataclass(frozen=True, slots=True)
class Found:
    """The service's row of a ticket, and which moves the rows contain."""

    known: KnownTicket | None
    contained: Contained


@dataclass(frozen=True, slots=True)
class Recollection:
    """Of one ticket: what the service told, and own moves that are not in it, oldest first.

    `undone` are moves that are in it and that an own annul, which is not, takes back.
    """

    known: KnownTicket | None = None
    own: tuple[OwnMove, ...] = ()
    undone: tuple[OwnMove, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHouse:
    """What the service last told of the house; times aware UTC.

    `fetched_at`: when the station last had all of the knowledge, None before the first
    time; the tickets it knows end after `window_from` and begin before `window_until`.
    """

    ring: KeyRing
    settings: HouseSettings
    offers: Mapping[int, KnownOffer] = field(default_factory=dict)
    fetched_at: datetime | None = None
    acked: int = 0
    window_from: datetime | None = None
    window_until: datetime | None = None

    def is_closed(self, offer: int, now: datetime, zone: ZoneInfo) -> bool:
        """Whether this offer is bound to the calendar and the house is closed now.

        A day that was not told is taken for open: an old calendar keeps nobody out.
        """
        found = self.offers.get(offer)
        if found is None or not found.calendar:
            return False
        local = to_local(now, zone)
        for day in self.settings.calendar:
            if day.day == local.date():
                if day.opens is None or day.closes is None:
                    return True
                return not day.opens <= local.time() < day.closes
        return False


class Memory(Protocol):
    """What the judge asks."""

    def recall(self, ticket_id: TicketId) -> Recollection:
        """What is remembered of a ticket."""
        ...

    def house(self) -> KnownHouse | None:
        """What is known of the house; None before the service first told."""
        ...


class Rows(Protocol):
    """The service's rows, wherever they are kept (`knowledge.py`)."""

    def look_up(self, ticket_id: TicketId) -> Found:
        """The row of a ticket, with what the rows contain at that moment."""
        ...

    def house(self) -> KnownHouse | None:
        """What is known of the house."""
        ...


class Moves(Protocol):
    """The station's own moves, wherever they are kept (`journal.py`)."""

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        """Those of a ticket, oldest first."""
        ...


class StationMemory:
    """Rows and own moves together."""

    def __init__(self, rows: Rows, moves: Moves) -> None:
        self._rows = rows
        self._moves = moves

    def recall(self, ticket_id: TicketId) -> Recollection:
        """The row, and the own moves that are not in it: all of them if there is no row."""
        found = self._rows.look_up(ticket_id)
        moves = self._moves.moves_of(ticket_id)
        if found.known is None:
            return Recollection(None, tuple(move.own for move in moves))
        told = [move.own for move in moves if found.contained.holds(move)]
        own = [move.own for move in moves if not found.contained.holds(move)]
        taken_back = {one.move.scan_id for one in own if one.move.kind is MoveKind.ANNUL}
        undone = (one for one in told if one.move.scan_id in taken_back)
        return Recollection(found.known, tuple(own), tuple(undone))

    def house(self) -> KnownHouse | None:
        """What is known of the house."""
        return self._rows.house()


class NoRows:
    """A station that was never told anything."""

    def look_up(self, ticket_id: TicketId) -> Found:  # noqa: ARG002  asked like any other
        """No row, whatever the ticket."""
        return Found(None, Contained())

    def house(self) -> None:
        """Nothing."""


class ListedMoves:
    """Own moves in a list, as if journalled one after the other, all decided offline."""

    def __init__(self, moves: Iterable[OwnMove] = ()) -> None:
        self._moves = list(moves)

    def add(self, own: OwnMove) -> None:
        """One more."""
        self._moves.append(own)

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        """Those of a ticket, oldest first."""
        return tuple(
            JournalMove(n, is_online=False, own=own)
            for n, own in enumerate(self._moves, 1)
            if own.ticket_id == ticket_id
        )
