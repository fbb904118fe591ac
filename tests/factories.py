"""Things of the house, made with few words; what is not said is the plainest."""

from dataclasses import replace
from datetime import datetime, time
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from ticketing.domain.accounts import Station
from ticketing.domain.museum import Museum
from ticketing.domain.offers import Offer
from ticketing.domain.opening import Calendar, Hours, Movable, Yearly
from ticketing.service import gates, offers, tickets
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase, TicketOrder
from ticketing.store.unit import Store
from ticketing.wire.station_api import PairRequest, ScanRequest
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Direction

BERLIN = ZoneInfo("Europe/Berlin")
STATION_KEY = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
HOLDER = "Jördis Kowalewski"


_DAY = Hours(time(10), time(18))
_LATE = Hours(time(10), time(20))
# Days off in the whole country that are not closed days: from 10 to 18, Mondays too.
_GOOD_FRIDAY, _EASTER_MONDAY, _ASCENSION, _WHIT_MONDAY = -2, 1, 39, 50
HOURS = Calendar(
    weekly=(None, _DAY, _DAY, _LATE, _DAY, _DAY, _DAY),
    yearly=(
        Yearly(1, 1, None),
        Yearly(5, 1, _DAY),
        Yearly(10, 3, _DAY),
        Yearly(12, 24, None),
        Yearly(12, 25, None),
        Yearly(12, 26, _DAY),
        Yearly(12, 31, None),
    ),
    movable=tuple(
        Movable(day, _DAY) for day in (_GOOD_FRIDAY, _EASTER_MONDAY, _ASCENSION, _WHIT_MONDAY)
    ),
    last_admission_min=45,
)
_numbers = count(1)


def a_museum(**changes: Any) -> Museum:
    """Stadtmuseum Erlenbach."""
    museum = Museum(
        name="Stadtmuseum Erlenbach",
        zone=BERLIN,
        address=("Museumsplatz 1", "00000 Erlenbach"),
        base_url="https://tickets.example",
        hours=HOURS,
        contact="datenschutz@example.org",
    )
    return replace(museum, **changes)


def an_offer(**changes: Any) -> Offer:
    """A free day ticket for one person, one entry, any gate."""
    return replace(
        Offer(slug="day", number=7, name=Localised("Tageskarte", "Day ticket")), **changes
    )


def with_gates(store: Store, house: House, *slugs: str) -> None:
    """Make gates: `sued` is called Eingang Süd, South entrance."""
    names = {
        "sued": Localised("Eingang Süd", "South entrance"),
        "nord": Localised("Eingang Nord", "North entrance"),
    }
    for slug in slugs or ("sued", "nord"):
        with store.unit() as unit:
            gates.add_gate(unit, house, slug=slug, name=names.get(slug, Localised(slug, slug)))


def with_offer(store: Store, house: House, **changes: Any) -> Offer:
    """Store `an_offer`."""
    with store.unit() as unit:
        return offers.create_offer(unit, house, offer=an_offer(**changes))


def with_ticket(store: Store, house: House, **order: Any) -> TicketCase:
    """Issue a ticket for the offer `day`."""
    wanted = TicketOrder(**({"offer": "day", "holder": HOLDER} | order))
    with store.unit() as unit:
        return tickets.issue_ticket(unit, house, order=wanted)


def with_station(
    store: Store, house: House, *, gate: str = "sued", name: str = "Tor", key: bytes = STATION_KEY
) -> Station:
    """Pair a station at a gate that exists."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name=name, gate=gate).code
    with store.unit() as unit:
        request = PairRequest(code, name, key)
        token = stations.pair(unit, house, request=request, address="192.0.2.1").answer.token
    with store.unit() as unit:
        found = stations.station_by_token(unit, token=token)
    assert found is not None
    return found


def a_scan_id() -> str:
    """An id that no other scan has."""
    return f"{next(_numbers):032x}"


def a_request(barcode: str, at: datetime, **changes: Any) -> ScanRequest:
    """A barcode held in front of the camera, to come in."""
    plain = ScanRequest(
        scan_id=a_scan_id(), barcode=barcode, direction=Direction.ENTRY, scanned_at=at
    )
    return replace(plain, **changes)
