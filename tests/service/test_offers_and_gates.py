"""Offers, gates, the sample museum, the day at a glance."""

from datetime import date

import pytest

from tests.factories import an_offer, with_gates, with_offer, with_ticket
from tests.service.conftest import Entrance
from ticketing.domain.offers import Live, Validity
from ticketing.domain.opening import Hours
from ticketing.service import gates, museum, offers, sample
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Direction


def test_an_offer_is_kept_as_it_was_made(store: Store, house: House) -> None:
    """Every fact survives the database."""
    with_gates(store, house)
    full = with_offer(
        store,
        house,
        slug="all",
        number=9,
        price_cents=720,
        currency="CHF",
        pay_at_desk=True,
        entries=0,
        per_day=2,
        party_max=5,
        validity=Validity.RANGE,
        valid_from=date(2026, 10, 1),
        valid_until=date(2026, 12, 31),
        reentry=True,
        gates=("nord", "sued"),
        calendar=True,
        proof=True,
        identity=True,
        offline=False,
        live=Live.ON,
        active=False,
    )
    plain = with_offer(store, house, gates=None)
    with store.unit() as unit:
        assert offers.get_offer(unit, slug="all") == full
        assert offers.list_offers(unit) == (plain, full)
        assert offers.list_offers(unit, active_only=True) == (plain,)


def test_number_nought_asks_for_the_next_one(store: Store, house: House) -> None:
    """Numbers stand in barcodes: always above all others."""
    assert with_offer(store, house, slug="a", number=0).number == 1
    with_offer(store, house, slug="b", number=40)
    assert with_offer(store, house, slug="c", number=0).number == 41


@pytest.mark.parametrize("taken", [{"number": 8}, {"slug": "other"}])
def test_slug_and_number_are_taken_once(
    store: Store, house: House, taken: dict[str, object]
) -> None:
    """Either one in use is a conflict."""
    with_offer(store, house)
    with pytest.raises(Conflict, match="offer_exists"):
        with_offer(store, house, **taken)


@pytest.mark.parametrize("slug", ["new", "export"])
def test_a_word_of_the_site_names_nothing_new(store: Store, house: House, slug: str) -> None:
    """Neither offer nor gate: its page could not be reached."""
    with pytest.raises(Invalid, match="slug: reserved"):
        with_offer(store, house, slug=slug)
    with store.unit() as unit, pytest.raises(Invalid, match="slug: reserved"):
        gates.add_gate(unit, house, slug=slug, name=Localised("Neu", "New"))
    assert with_offer(store, house, slug=f"{slug}-1").slug == f"{slug}-1"


def test_an_offer_for_a_gate_that_does_not_exist_is_refused(store: Store, house: House) -> None:
    """A ticket that opens no door would be sold."""
    with pytest.raises(Invalid, match="gates: unknown"):
        with_offer(store, house, gates=("dach",))


def test_an_offer_changes_where_no_barcode_is_touched(store: Store, house: House) -> None:
    """Name, price, who takes the money, persons, whether it is sold."""
    with_offer(store, house)
    change = OfferChange(
        name=Localised("Karte", "Card"),
        price_cents=1000,
        pay_at_desk=True,
        party_max=3,
        active=False,
    )
    with store.unit() as unit:
        changed = offers.change_offer(unit, house, slug="day", change=change)
    assert (changed.name.en, changed.price_cents, changed.party_max) == ("Card", 1000, 3)
    with store.unit() as unit:
        assert offers.get_offer(unit, slug="day") == changed
        assert offers.change_offer(unit, house, slug="day", change=OfferChange()) == changed


def test_a_wrong_or_homeless_change_is_refused(store: Store, house: House) -> None:
    """The offer stays as it was."""
    before = with_offer(store, house)
    with store.unit() as unit, pytest.raises(Invalid, match="price_cents"):
        offers.change_offer(unit, house, slug="day", change=OfferChange(price_cents=-1))
    with store.unit() as unit, pytest.raises(NotFound, match="offer"):
        offers.change_offer(unit, house, slug="none", change=OfferChange())
    with store.unit() as unit:
        assert offers.get_offer(unit, slug="day") == before


def test_gates_are_listed_and_taken_once(store: Store, house: House) -> None:
    """A slug names one door."""
    with_gates(store, house)
    with store.unit() as unit:
        assert [gate.slug for gate in gates.list_gates(unit)] == ["nord", "sued"]
        assert gates.get_gate(unit, slug="sued").name.de == "Eingang Süd"
    with pytest.raises(Conflict, match="gate_exists"):
        with_gates(store, house, "sued")


@pytest.mark.parametrize(
    ("slug", "name", "problem"),
    [
        ("", "x", "slug"),
        ("Süd", "x", "slug"),
        ("a" * 61, "x", "slug"),
        ("a", " ", "name.de"),
        ("a", "x" * 101, "name.en"),
    ],
)
def test_a_gate_needs_a_slug_and_names(
    store: Store, house: House, slug: str, name: str, problem: str
) -> None:
    """Lower-case words with hyphens; names of one to a hundred characters."""
    with store.unit() as unit, pytest.raises(Invalid, match=problem):
        gates.add_gate(unit, house, slug=slug, name=Localised(name, name))


def test_the_sample_museum_is_made_once(store: Store, house: House) -> None:
    """A second time changes nothing, not even what was changed meanwhile."""
    for _ in range(2):
        with store.unit() as unit:
            sample.make_sample(unit, house)
        with store.unit() as unit:
            offers.change_offer(unit, house, slug="day-adult", change=OfferChange(price_cents=1000))
    with store.unit() as unit:
        found = offers.list_offers(unit)
        assert [gate.slug for gate in gates.list_gates(unit)] == ["nord", "sued"]
    assert [offer.slug for offer in found] == [offer.slug for offer in sample.OFFERS]
    assert found[1].price_cents == 1000


def test_the_first_offer_of_the_sample_admits_at_once(store: Store, house: House) -> None:
    """Free, one entry, any gate, not bound to the calendar, the whole local day."""
    with store.unit() as unit:
        sample.make_sample(unit, house)
        first = offers.list_offers(unit)[0]
    assert (first.slug, first.price_cents, first.entries) == ("day-free", 0, 1)
    assert (first.gates, first.calendar, first.validity) == (None, False, Validity.DAY)
    ticket = with_ticket(store, house, offer="day-free").ticket
    assert ticket.valid_from <= house.clock.now() < ticket.valid_until


def test_the_day_at_a_glance(entrance: Entrance) -> None:
    """People, refusals, questions and tickets of the present local day."""
    with_offer(entrance.store, entrance.house, slug="family", number=8, party_max=5)
    with_offer(entrance.store, entrance.house, slug="proof", number=9, proof=True)
    family = entrance.ticket(offer="family", party=4)
    entrance.scan(family.barcode, people=3)
    entrance.scan(family.barcode, direction=Direction.EXIT, people=1)
    entrance.scan(entrance.ticket(offer="proof").barcode)
    entrance.scan("04" + "0" * 60)
    with entrance.store.unit() as unit:
        seen = museum.overview(unit, entrance.house)
    assert (seen.inside, seen.admitted, seen.refused, seen.asked) == (2, 3, 1, 1)
    assert seen.issued == 2
    assert isinstance(seen.hours, Hours)


def test_a_quiet_closed_day(store: Store, house: House) -> None:
    """Nobody came on a Monday."""
    clock = house.clock
    clock.tick(days=1)  # type: ignore[attr-defined]  # the frozen one
    with store.unit() as unit:
        seen = museum.overview(unit, house)
    assert (seen.inside, seen.admitted, seen.issued, seen.hours) == (0, 0, 0, None)
    assert an_offer().is_paid_at_desk is False


@pytest.mark.parametrize("day", [date.min, date(6053, 1, 1), date.max])
def test_a_ticket_for_a_day_that_cannot_be_computed_with_is_invalid(
    store: Store, house: House, day: date
) -> None:
    """The use case refuses it, so every way in does."""
    with_gates(store, house)
    with_offer(store, house)
    with pytest.raises(Invalid, match="on: range"):
        with_ticket(store, house, on=day)


def test_an_offer_until_the_end_of_the_calendar_is_invalid(store: Store, house: House) -> None:
    """The field is named."""
    with_gates(store, house)
    with pytest.raises(Invalid, match="valid_until: range"):
        with_offer(store, house, valid_until=date.max)
