"""Things of the house, made with few words; what is not said is the plainest."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, update

from tests.hours import HOURS
from ticketing.domain.accounts import Station
from ticketing.domain.museum import Museum
from ticketing.domain.offers import Offer
from ticketing.service import gates, offers, tickets
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase, TicketOrder
from ticketing.store import schema, slots
from ticketing.store.unit import Store
from ticketing.wire.station_api import PairRequest, ScanRequest
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Direction

BERLIN = ZoneInfo("Europe/Berlin")
STATION_KEY = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
HOLDER = "Jördis Kowalewski"

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


def station_key(gate: str, name: str) -> bytes:
    """The public key of a station, another for each: the same key would be the same station."""
    if (gate, name) == ("sued", "Tor"):
        return STATION_KEY
    seed = hashlib.sha256(f"{gate} {name}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def with_station(
    store: Store, house: House, *, gate: str = "sued", name: str = "Tor", key: bytes = b""
) -> Station:
    """Pair a station at a gate that exists."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name=name, gate=gate).code
    with store.unit() as unit:
        request = PairRequest(code, name, key or station_key(gate, name))
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


def with_slot(
    store: Store, case: TicketCase, *, slot: str, at: datetime, capacity: int = 10
) -> None:
    """Put a ticket into a slot of one hour that begins at `at`; make the slot if it is new."""
    row = {
        "id": slot,
        "offer": case.offer.number,
        "starts_at": at,
        "ends_at": at + timedelta(hours=1),
        "capacity": capacity,
        "created_at": at,
    }
    of_ticket = schema.tickets.c.id == case.ticket.id
    with store.unit() as unit:
        unit.begin()
        if slots.find(unit, slot) is None:
            unit.run(insert(schema.slots).values(row))
        unit.run(update(schema.tickets).where(of_ticket).values(slot=slot))
        unit.commit()


def with_tickets(store: Store, house: House, number: int, **order: Any) -> list[TicketCase]:
    """Issue many tickets for the offer `day`, stored together."""
    wanted = TicketOrder(**({"offer": "day", "holder": HOLDER} | order))
    with store.unit() as unit:
        drafts = [tickets.drafted(unit, house, order=wanted) for _ in range(number)]
        unit.begin()
        for draft in drafts:
            tickets.store_draft(unit, draft)
        unit.commit()
    return [TicketCase(ticket=d.ticket, offer=d.offer, barcode=d.barcode) for d in drafts]
