"""The sample museum, Stadtmuseum Erlenbach: its gates and offers; in the service room.

Its opening hours are settings (`home.py`).
"""

from ticketing.domain.museum import Gate
from ticketing.domain.offers import Offer, Validity, checked
from ticketing.service.ports import House
from ticketing.store import gates as gate_rows
from ticketing.store import offers as offer_rows
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised

GATES = (
    ("sued", Localised("Eingang Süd", "South entrance")),
    ("nord", Localised("Eingang Nord", "North entrance")),
)
OFFERS = (
    Offer(
        slug="day-free",
        number=1,
        name=Localised("Tageskarte", "Day ticket"),
        party_max=6,
    ),
    Offer(
        slug="day-adult",
        number=2,
        name=Localised("Tageskarte Erwachsene", "Day ticket, adult"),
        price_cents=900,
        pay_at_desk=True,
    ),
    Offer(
        slug="day-reduced",
        number=3,
        name=Localised("Tageskarte ermäßigt", "Day ticket, reduced"),
        price_cents=500,
        pay_at_desk=True,
        proof=True,
    ),
    Offer(
        slug="family",
        number=4,
        name=Localised("Familienkarte", "Family ticket"),
        price_cents=1900,
        pay_at_desk=True,
        party_max=5,
    ),
    Offer(
        slug="annual",
        number=5,
        name=Localised("Jahreskarte", "Annual pass"),
        price_cents=3500,
        pay_at_desk=True,
        validity=Validity.YEAR,
        entries=0,
        reentry=True,
        identity=True,
    ),
)


def make_sample(unit: Unit, house: House) -> None:
    """Store the sample's gates and offers; what is there already stays as it is."""
    now = house.clock.now()
    unit.begin()
    for slug, name in GATES:
        gate_rows.add(unit, Gate(slug=slug, name=name, created_at=now))
    for offer in OFFERS:
        offer_rows.add(unit, checked(offer), at=now)
    unit.commit()
