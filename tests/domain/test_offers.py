"""What an offer may be, and what its tickets are good for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import BERLIN, an_offer
from ticketing.domain.offers import (
    BadOffer,
    Live,
    Validity,
    checked,
    flags,
    is_past,
    rule,
    slot_validity,
    window,
)
from ticketing.domain.slots import Slot
from ticketing.wire.admission import OfferRule
from ticketing.wire.texts import Localised
from ticketing.wire.token import Flag


def test_a_sound_offer_is_itself() -> None:
    """Nothing is changed by looking."""
    assert checked(an_offer()) == an_offer()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": ""}, "slug"),
        ({"slug": "Tag"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "a" * 61}, "slug"),
        ({"slug": "tag\n"}, "slug"),
        ({"name": Localised(" ", "x")}, "name.de"),
        ({"name": Localised("x", "x" * 101)}, "name.en"),
        ({"currency": "eur"}, "currency"),
        ({"number": 0}, "number"),
        ({"number": 2**24}, "number"),
        ({"price_cents": -1}, "price_cents"),
        ({"price_cents": 10_000_001}, "price_cents"),
        ({"entries": 256}, "entries"),
        ({"per_day": 0}, "per_day"),
        ({"party_max": 0}, "party_max"),
        ({"party_max": 256}, "party_max"),
        ({"gates": ()}, "gates"),
        ({"gates": ("a", "a")}, "gates"),
        ({"validity": Validity.RANGE, "valid_from": date(2026, 1, 1)}, "valid_from"),
        ({"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)}, "valid_until"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], field: str) -> None:
    """One error for the field, and no value in its message."""
    with pytest.raises(BadOffer) as caught:
        checked(an_offer(**changes))
    assert [error.field for error in caught.value.errors] == [field]


def test_everything_wrong_is_named_at_once() -> None:
    """So that a form is corrected once."""
    with pytest.raises(BadOffer) as caught:
        checked(an_offer(slug="", entries=-1, price_cents=-1))
    assert {error.field for error in caught.value.errors} == {"slug", "entries", "price_cents"}


def test_the_rule_for_the_gate() -> None:
    """Only what admission needs."""
    offer = an_offer(reentry=True, per_day=2, gates=("sued",), pay_at_desk=True)
    assert rule(offer) == OfferRule(True, 2, frozenset({"sued"}), True)  # noqa: FBT003  a value, not a switch
    assert rule(an_offer()).gates is None


def test_flags_are_the_bits_of_the_barcode() -> None:
    """Each fact its bit; `live: on` asks for nothing until a phone is bound."""
    assert flags(an_offer()) == Flag(0)
    assert flags(an_offer(proof=True)) == Flag.PROOF
    assert flags(an_offer(identity=True)) == Flag.IDENTITY
    assert flags(an_offer(offline=False)) == Flag.ONLINE_ONLY
    assert flags(an_offer(live=Live.REQUIRED)) == Flag.LIVE_REQUIRED
    assert flags(an_offer(live=Live.ON)) == Flag(0)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 6, 1), 24), (date(2026, 10, 25), 25)],
)
def test_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    """When clocks change a day has 23 or 25 hours, and starts at its own midnight."""
    found = window(an_offer(), day, BERLIN)
    assert found.end_at - found.start_at == timedelta(hours=hours)
    assert found.start_at.astimezone(BERLIN).date() == day
    assert (found.start_at.tzinfo, found.start_at.astimezone(BERLIN).hour) == (UTC, 0)


def test_a_range_holds_its_last_day() -> None:
    """Both dates are included, whatever day it is bought on."""
    offer = an_offer(
        validity=Validity.RANGE, valid_from=date(2026, 10, 1), valid_until=date(2026, 10, 31)
    )
    found = window(offer, date(2026, 9, 1), BERLIN)
    assert found.start_at == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert found.end_at == datetime(2026, 10, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "ends"),
    [
        (date(2026, 10, 4), date(2027, 10, 4)),
        (date(2028, 2, 29), date(2029, 3, 1)),
        (date(2027, 2, 28), date(2028, 2, 28)),
    ],
)
def test_a_year_ends_before_the_same_date(on: date, ends: date) -> None:
    """Exclusive; from 29 February until the end of the next February."""
    found = window(an_offer(validity=Validity.YEAR), on, BERLIN)
    assert found.end_at.astimezone(BERLIN).date() == ends


def test_a_day_outside_what_is_sold_is_refused() -> None:
    """Before the first and after the last day."""
    offer = an_offer(valid_from=date(2026, 10, 1), valid_until=date(2026, 10, 31))
    for day in (date(2026, 9, 30), date(2026, 11, 1)):
        with pytest.raises(BadOffer, match="outside_offer"):
            window(offer, day, BERLIN)
    assert window(offer, date(2026, 10, 31), BERLIN).end_at.day == 31


def test_yesterday_is_past_by_the_museums_clock() -> None:
    """At 23:30 UTC it is tomorrow in Berlin already."""
    now = datetime(2026, 10, 4, 22, 30, tzinfo=UTC)
    assert is_past(an_offer(), date(2026, 10, 4), now=now, zone=BERLIN)
    assert not is_past(an_offer(), date(2026, 10, 5), now=now, zone=BERLIN)


def test_only_what_costs_is_paid_at_the_desk() -> None:
    """A free ticket is never unpaid."""
    paid = an_offer(pay_at_desk=True, price_cents=900)
    assert paid.is_paid_at_desk
    assert not replace(paid, price_cents=0).is_paid_at_desk
    assert not replace(paid, pay_at_desk=False).is_paid_at_desk


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
@pytest.mark.parametrize("day", [date.min, date(1999, 12, 31), date(6053, 1, 1), date.max])
def test_dates_at_the_edge_of_the_calendar_are_named(field: str, day: date) -> None:
    """They could not be computed with later."""
    with pytest.raises(BadOffer, match=f"{field}: range"):
        checked(an_offer(**{field: day}))


@pytest.mark.parametrize("validity", Validity)
@pytest.mark.parametrize("day", [date.min, date(1999, 12, 31), date(6053, 1, 1), date.max])
def test_a_ticket_for_the_edge_of_the_calendar_is_refused(validity: Validity, day: date) -> None:
    """Whatever the offer, the day is named and nothing overflows."""
    offer = an_offer(
        validity=validity, valid_from=date(2026, 10, 1), valid_until=date(2026, 10, 31)
    )
    with pytest.raises(BadOffer, match="on: range"):
        window(offer, day, BERLIN)


@pytest.mark.parametrize("day", [date(2000, 1, 1), date(2100, 1, 1)])
def test_the_first_and_the_last_day_can_be_computed_with(day: date) -> None:
    """Also for a whole year from there."""
    found = window(an_offer(validity=Validity.YEAR), day, BERLIN)
    assert found.start_at.astimezone(BERLIN).date() == day
    assert found.end_at.astimezone(BERLIN).year == day.year + 1


def test_a_slot_outside_of_what_the_offer_is_sold_for_makes_no_ticket() -> None:
    """An exhibition that opens in November has no tickets for a slot in October."""
    offer = an_offer(validity=Validity.SLOT, valid_from=date(2026, 11, 1))
    starts_at = datetime(2026, 10, 4, 12, tzinfo=UTC)
    slot = Slot(
        id="slot_1",
        offer=offer.number,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        capacity=10,
    )
    with pytest.raises(BadOffer) as caught:
        slot_validity(offer, slot, BERLIN)
    assert [(one.field, one.problem) for one in caught.value.errors] == [("slot", "outside_offer")]
