"""A gate that is ready: two gates, the offer `day`, a paired station."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.factories import a_request, with_gates, with_offer, with_station, with_ticket
from tests.fakes import FrozenClock
from tests.service.signing import Office
from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.service.gate import attention, overrule, scans, undo
from ticketing.service.gate.attention import Confirmation
from ticketing.service.gate.overrule import Override
from ticketing.service.gate.scans import ScanResult
from ticketing.service.gate.undo import Annulment
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store import counters
from ticketing.store import moves as move_rows
from ticketing.store import scans as scan_rows
from ticketing.store.scans import Scan
from ticketing.store.unit import Store
from ticketing.wire.admission import MoveKind
from ticketing.wire.station_api import ScanAnswer, ScanRequest
from ticketing.wire.verdict import Check


@dataclass
class Entrance:
    """A store with a station at the south entrance, and short words for what happens there."""

    store: Store
    house: House
    clock: FrozenClock
    station: Station

    def ticket(self, **order: Any) -> TicketCase:
        """A ticket for the offer `day`."""
        return with_ticket(self.store, self.house, **order)

    def request(self, barcode: str, **changes: Any) -> ScanRequest:
        """A barcode shown now."""
        return a_request(barcode, self.clock.now(), **changes)

    def send(self, request: ScanRequest, *, lang: str = "en") -> ScanResult:
        """What the service says to a request."""
        with self.store.unit() as unit:
            return scans.scan(unit, self.house, station=self.station, request=request, lang=lang)

    def scan(self, barcode: str, **changes: Any) -> ScanAnswer:
        """What the service says to a barcode shown now."""
        return self.send(self.request(barcode, **changes)).answer

    def confirm(
        self, scan_id: str, *checks: Check, people: int | None = None, by: str | None = None
    ) -> ScanAnswer:
        """Staff have made these checks."""
        confirmation = Confirmation(
            scan_id=ScanId(bytes.fromhex(scan_id)), checks=frozenset(checks), people=people, by=by
        )
        with self.store.unit() as unit:
            return attention.confirm_scan(
                unit, self.house, station=self.station, confirmation=confirmation, lang="en"
            )

    def decline(self, scan_id: str, *, why: str | None = None) -> ScanAnswer:
        """Staff say no."""
        with self.store.unit() as unit:
            return attention.decline_scan(
                unit,
                self.house,
                station=self.station,
                scan_id=ScanId(bytes.fromhex(scan_id)),
                lang="en",
                why=why,
            )

    def get(self, scan_id: str) -> ScanAnswer:
        """What became of a scan."""
        with self.store.unit() as unit:
            return scans.get_scan(
                unit, self.house, scan_id=ScanId(bytes.fromhex(scan_id)), lang="en"
            )

    def annul(self, scan_id: str, **changes: Any) -> ScanResult:
        """The station takes a scan back."""
        plain = Annulment(
            scan_id=ScanId(bytes.fromhex(scan_id)), why="wrong person", station=self.station
        )
        with self.store.unit() as unit:
            return undo.annul_scan(unit, self.house, annulment=replace(plain, **changes), lang="en")

    def overrule(self, scan_id: str, **changes: Any) -> ScanAnswer:
        """A supervisor lets in whom that scan refused."""
        plain = Override(
            scan_id=ScanId(bytes.fromhex(scan_id)),
            why="knows the director",
            by="staff_1",
            station=self.station,
        )
        with self.store.unit() as unit:
            return overrule.override_scan(
                unit, self.house, override=replace(plain, **changes), lang="en"
            )

    def row(self, scan_id: str) -> Scan:
        """A scan as it is stored."""
        with self.store.unit() as unit:
            found = scan_rows.find(unit, ScanId(bytes.fromhex(scan_id)))
        assert found is not None
        return found

    def moves(self, case: TicketCase) -> list[tuple[MoveKind, int]]:
        """The moves of a ticket: their kinds and people, in the order they were written."""
        with self.store.unit() as unit:
            return [(move.kind, move.people) for move in move_rows.of_ticket(unit, case.ticket.id)]

    def counter(self, name: str) -> int | None:
        """A counter, None if nothing was ever counted."""
        with self.store.unit() as unit:
            return counters.read(unit, name)

    def inside(self) -> int:
        """People in the house."""
        with self.store.unit() as unit:
            return scans.inside(unit, self.house)


@pytest.fixture
def bare_entrance(store: Store, house: House, clock: FrozenClock) -> Entrance:
    """Gates and a station, no offer."""
    with_gates(store, house)
    return Entrance(store, house, clock, with_station(store, house))


@pytest.fixture
def entrance(bare_entrance: Entrance) -> Entrance:
    """Gates, a station, and the free day ticket `day`."""
    with_offer(bare_entrance.store, bare_entrance.house)
    return bare_entrance


@pytest.fixture
def office(store: Store, house: House, clock: FrozenClock) -> Office:
    """Where people of the staff sign in."""
    return Office(store, house, clock)
