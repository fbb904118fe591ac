"""A gate that is ready: two gates, the offer `day`, a paired station."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import a_request, with_gates, with_offer, with_station, with_ticket
from tests.fakes import FrozenClock
from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.service.gate import attention, scans
from ticketing.service.gate.attention import Confirmation
from ticketing.service.gate.scans import ScanResult
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store.unit import Store
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

    def confirm(self, scan_id: str, *checks: Check, people: int | None = None) -> ScanAnswer:
        """Staff have made these checks."""
        confirmation = Confirmation(
            scan_id=ScanId(bytes.fromhex(scan_id)), checks=frozenset(checks), people=people
        )
        with self.store.unit() as unit:
            return attention.confirm_scan(
                unit, self.house, station=self.station, confirmation=confirmation, lang="en"
            )

    def decline(self, scan_id: str) -> ScanAnswer:
        """Staff say no."""
        with self.store.unit() as unit:
            return attention.decline_scan(
                unit,
                self.house,
                station=self.station,
                scan_id=ScanId(bytes.fromhex(scan_id)),
                lang="en",
            )

    def get(self, scan_id: str) -> ScanAnswer:
        """What became of a scan."""
        with self.store.unit() as unit:
            return scans.get_scan(
                unit, self.house, scan_id=ScanId(bytes.fromhex(scan_id)), lang="en"
            )

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
