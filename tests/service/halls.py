"""A museum with several gates whose stations upload their journals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.factories import a_scan_id, with_station, with_ticket
from tests.fakes import FrozenClock
from tests.journals import Journal, StationKey
from ticketing.domain.accounts import Station
from ticketing.domain.conflicts import Conflict
from ticketing.domain.ids import ScanId
from ticketing.service import tickets
from ticketing.service.gate import conflicts, journals, scans
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store import counters
from ticketing.store import journals as journal_rows
from ticketing.store import scans as scan_rows
from ticketing.store.journals import Kept
from ticketing.store.scans import Scan
from ticketing.store.unit import Store
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.station_api import ScanAnswer, ScanRequest
from ticketing.wire.sync_api import Result, Upload, UploadAnswer
from ticketing.wire.verdict import Direction

_MS = timedelta(milliseconds=1)


@dataclass
class Door:
    """A station at a gate, its journal, and how to ask the service from it."""

    station: Station
    journal: Journal


@dataclass
class Hall:
    """A store, a clock, doors by name, and short words for what happens there."""

    store: Store
    house: House
    clock: FrozenClock
    doors: dict[str, Door] = field(default_factory=dict)

    def door(self, name: str, *, gate: str = "sued", ahead: timedelta | None = None) -> Door:
        """The door of a name; paired when it is first asked for."""
        if name not in self.doors:
            key = StationKey.of(name)
            station = with_station(self.store, self.house, gate=gate, name=name, key=key.public)
            self.doors[name] = Door(station, Journal(key, name=name, ahead=ahead))
        return self.doors[name]

    def ticket(self, **order: Any) -> TicketCase:
        """A ticket for the offer `day`."""
        return with_ticket(self.store, self.house, **order)

    def now(self, minutes: float = 0) -> datetime:
        """So many minutes from now (before, if negative)."""
        return self.clock.now() + timedelta(minutes=minutes)

    def online(
        self, door: Door, case: TicketCase, *, direction: Direction = Direction.ENTRY, **more: Any
    ) -> ScanAnswer:
        """The service judges a scan now."""
        scan_id = more.pop("scan_id", None) or a_scan_id()
        request = ScanRequest(
            scan_id=scan_id,
            barcode=case.barcode,
            direction=direction,
            scanned_at=self.clock.now(),
            **more,
        )
        with self.store.unit() as unit:
            return scans.scan(
                unit, self.house, station=door.station, request=request, lang="en"
            ).answer

    def send(self, door: Door, sent: Upload) -> UploadAnswer:
        """One upload."""
        with self.store.unit() as unit:
            return journals.take_upload(unit, self.house, station=door.station, sent=sent)

    def upload(self, door: Door, *, size: int = 500) -> list[Result]:
        """The whole journal; what became of each entry."""
        answers = [self.send(door, batch) for batch in door.journal.batches(size)]
        return [item.result for answer in answers for item in answer.items]

    # -------------------------------------------------------- what came of it
    def moves(self, case: TicketCase) -> list[MoveKind]:
        """The kinds of a ticket's moves, as they were written."""
        return [move.kind for move in self.written(case)]

    def written(self, case: TicketCase) -> Sequence[Move]:
        """A ticket's moves, as they were written."""
        with self.store.unit() as unit:
            return tickets.get_ticket(unit, self.house, ticket_id=case.ticket.id).moves

    def scan(self, scan_id: str) -> Scan:
        """A stored scan."""
        with self.store.unit() as unit:
            found = scan_rows.find(unit, ScanId(bytes.fromhex(scan_id)))
        assert found is not None
        return found

    def conflicts(self) -> list[Conflict]:
        """Every conflict, oldest first."""
        with self.store.unit() as unit:
            items = conflicts.list_conflicts(unit, limit=100_000).items
        return [one.conflict for one in reversed(items)]

    def inside(self) -> int:
        """People inside today."""
        with self.store.unit() as unit:
            return scans.inside(unit, self.house)

    def counter(self, name: str) -> int:
        """Any counter."""
        with self.store.unit() as unit:
            return counters.read(unit, name) or 0

    def kept(self, door: Door) -> Sequence[Kept]:
        """The entries of a door's journal that are here."""
        with self.store.unit() as unit:
            return journal_rows.entries(unit, door.journal.id, first=0, last=2**31 - 1)
