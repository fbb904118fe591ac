"""Slots: made, listed, sold within their places, given back, and judged at the gate."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from tests.factories import a_museum, with_offer
from tests.service.conftest import Entrance
from ticketing.domain.offers import Validity
from ticketing.domain.slots import Series, Slot
from ticketing.service import offers, slots, tickets
from ticketing.service.errors import Conflict, Invalid, NotFound, SoldOut
from ticketing.service.offers import OfferChange
from ticketing.service.slots import SlotQuery
from ticketing.service.tickets import TicketCase
from ticketing.store import counters
from ticketing.store.slots import came_name
from ticketing.wire.verdict import Direction, Reason, Verdict

BUYERS, PLACES = 8, 60
NOON = datetime(2026, 10, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def tour(entrance: Entrance) -> Entrance:
    """A guided tour: parties up to 5, ten minutes of tolerance before, five behind."""
    with_offer(
        entrance.store,
        entrance.house,
        slug="tour",
        number=8,
        validity=Validity.SLOT,
        party_max=5,
        early_min=10,
        late_min=5,
    )
    return entrance


def _slot(
    tour: Entrance,
    starts_at: datetime = NOON + timedelta(hours=1),
    *,
    capacity: int = 10,
    hours: float = 1,
) -> Slot:
    with tour.store.unit() as unit:
        made = slots.add_slot(
            unit,
            tour.house,
            wanted=slots.NewSlot(
                offer="tour",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=hours),
                capacity=capacity,
            ),
        )
    return made.slot


def _sold(tour: Entrance) -> list[tuple[int, int]]:
    with tour.store.unit() as unit:
        page = slots.list_slots(unit, query=SlotQuery(offer="tour"))
    return [(one.sold, one.free) for one in page.items]


def _buy(tour: Entrance, slot: Slot, **order: Any) -> TicketCase:
    return tour.ticket(offer="tour", slot=slot.id, **order)


def test_a_ticket_is_good_on_the_local_day_of_its_slot(tour: Entrance) -> None:
    """From midnight to midnight of the museum, whatever hour the slot has."""
    ticket = _buy(tour, _slot(tour)).ticket
    assert ticket.valid_from == datetime(2026, 10, 3, 22, 0, tzinfo=UTC)
    assert ticket.valid_until == datetime(2026, 10, 4, 22, 0, tzinfo=UTC)


def test_a_slot_on_the_day_of_25_hours_is_good_all_of_it(tour: Entrance) -> None:
    """The local day, not 24 hours."""
    ticket = _buy(tour, _slot(tour, datetime(2026, 10, 25, 9, 0, tzinfo=UTC))).ticket
    assert ticket.valid_until - ticket.valid_from == timedelta(hours=25)


def test_a_slot_across_midnight_is_good_on_both_days(tour: Entrance) -> None:
    """A night tour from 23:30; its tolerance behind counts too."""
    ticket = _buy(tour, _slot(tour, datetime(2026, 10, 4, 21, 30, tzinfo=UTC))).ticket
    assert ticket.valid_until == datetime(2026, 10, 5, 22, 0, tzinfo=UTC)
    early = _buy(tour, _slot(tour, datetime(2026, 10, 5, 22, 5, tzinfo=UTC))).ticket
    assert early.valid_from == datetime(2026, 10, 5, 21, 55, tzinfo=UTC)


def test_selling_takes_places_and_the_list_tells(tour: Entrance) -> None:
    """A party takes as many as it has persons."""
    slot = _slot(tour)
    _buy(tour, slot, party=4)
    _buy(tour, slot)
    assert _sold(tour) == [(5, 5)]


def test_a_full_slot_is_sold_out_and_names_the_next_free_ones(tour: Entrance) -> None:
    """Those with places for the whole party, the next first; nothing is stored."""
    full, small, free = (
        _slot(tour, NOON + timedelta(hours=n), capacity=capacity)
        for n, capacity in ((1, 3), (2, 1), (3, 9))
    )
    _buy(tour, full, party=2)
    with pytest.raises(SoldOut, match="sold_out") as refused:
        _buy(tour, full, party=2)
    assert [(one.slot.id, one.free) for one in refused.value.slots] == [(free.id, 9)]
    assert _sold(tour) == [(2, 1), (0, 1), (0, 9)]
    with tour.store.unit() as unit:
        assert len(tickets.latest_tickets(unit)) == 1
    _buy(tour, small)


@pytest.mark.parametrize(
    ("offer", "slot", "problem"),
    [
        ("tour", None, "slot: missing"),
        ("tour", "sl_0000000000000000", "slot: unknown"),
        ("day", "sl_0000000000000000", "slot: offer_without_slots"),
    ],
)
def test_a_slot_is_needed_where_there_are_some_and_refused_elsewhere(
    tour: Entrance, offer: str, slot: str | None, problem: str
) -> None:
    """Each with its field and its word."""
    with pytest.raises(Invalid, match=problem):
        tour.ticket(offer=offer, slot=slot)


def test_a_slot_of_another_offer_is_unknown(tour: Entrance) -> None:
    """Places are not sold across offers."""
    slot = _slot(tour)
    with_offer(tour.store, tour.house, slug="other", number=9, validity=Validity.SLOT)
    with pytest.raises(Invalid, match="slot: unknown"):
        tour.ticket(offer="other", slot=slot.id)


def test_a_slot_that_is_over_or_of_another_day_is_not_sold(tour: Entrance) -> None:
    """Nor one outside what the offer is sold for."""
    slot = _slot(tour)
    with pytest.raises(Invalid, match="on: not_of_the_slot"):
        _buy(tour, slot, on=date(2026, 10, 5))
    tour.clock.at = slot.ends_at
    with pytest.raises(Invalid, match="slot: past"):
        _buy(tour, slot)


def test_revoking_gives_the_places_back_once(tour: Entrance) -> None:
    """A second revoke gives nothing back twice."""
    case = _buy(tour, _slot(tour, capacity=3), party=3)
    for _ in range(2):
        with tour.store.unit() as unit:
            tickets.revoke_ticket(unit, tour.house, ticket_id=case.ticket.id, reason="")
    assert _sold(tour) == [(0, 3)]


def test_a_used_ticket_gives_no_places_back(tour: Entrance) -> None:
    """Who came in has had the place."""
    slot = _slot(tour, NOON, capacity=3)
    case = _buy(tour, slot, party=2)
    tour.scan(case.barcode, people=1)
    with tour.store.unit() as unit:
        tickets.revoke_ticket(unit, tour.house, ticket_id=case.ticket.id, reason="")
    assert _sold(tour) == [(2, 1)]


def test_tolerance_minutes_before_and_after_a_slot_are_kept(tour: Entrance) -> None:
    """Ten minutes early and five late, to the minute; the refusal names the slot."""
    slot = _slot(tour)  # 15:00 to 16:00 in Berlin
    case = _buy(tour, slot)
    tour.clock.at = slot.starts_at - timedelta(minutes=11)
    early = tour.scan(case.barcode)
    assert early.reason is Reason.WRONG_SLOT
    assert "15:00" in early.text
    tour.clock.at = slot.ends_at + timedelta(minutes=5)
    assert tour.scan(case.barcode).reason is Reason.WRONG_SLOT
    tour.clock.at = slot.starts_at - timedelta(minutes=10)
    assert tour.scan(case.barcode).verdict is Verdict.ADMIT


def test_a_changed_tolerance_holds_for_tickets_in_the_field(tour: Entrance) -> None:
    """It is no part of the barcode."""
    slot = _slot(tour)
    case = _buy(tour, slot)
    tour.clock.at = slot.starts_at - timedelta(minutes=25)
    assert tour.scan(case.barcode).reason is Reason.WRONG_SLOT
    with tour.store.unit() as unit:
        offers.change_offer(unit, tour.house, slug="tour", change=OfferChange(early_min=30))
    assert tour.scan(case.barcode).verdict is Verdict.ADMIT


def test_a_wrong_date_has_its_own_reason_and_exits_ignore_the_window(tour: Entrance) -> None:
    """The day before is not_yet_valid, the day after expired; leaving is always recorded."""
    slot = _slot(tour, NOON)
    case = _buy(tour, slot)
    tour.scan(case.barcode)
    tour.clock.at = NOON - timedelta(days=1)
    assert tour.scan(case.barcode).reason is Reason.NOT_YET_VALID
    tour.clock.at = NOON + timedelta(days=1)
    assert tour.scan(case.barcode).reason is Reason.EXPIRED
    assert tour.scan(case.barcode, direction=Direction.EXIT).verdict is Verdict.EXIT


def test_a_slot_is_made_once(tour: Entrance) -> None:
    """A second one with that start is a conflict."""
    _slot(tour)
    with pytest.raises(Conflict, match="slot_exists"):
        _slot(tour)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"hours": 0}, "ends_at: range"),
        ({"hours": 25}, "ends_at: range"),
        ({"capacity": 0}, "capacity: range"),
        ({"starts_at": NOON + timedelta(seconds=1)}, "starts_at: whole_minutes"),
        ({"starts_at": datetime(1999, 1, 1, tzinfo=UTC)}, "starts_at: range"),
    ],
)
def test_an_unsound_slot_is_refused_by_field(
    tour: Entrance, change: dict[str, Any], problem: str
) -> None:
    """Too long, too short, without places, with seconds."""
    with pytest.raises(Invalid, match=problem):
        _slot(tour, **change)


def test_slots_are_for_offers_that_have_them(tour: Entrance) -> None:
    """A day ticket has none, and an unknown offer neither."""
    for offer, error in (("day", Invalid), ("nothing", NotFound)):
        with tour.store.unit() as unit, pytest.raises(error):
            slots.add_slot(
                unit,
                tour.house,
                wanted=slots.NewSlot(
                    offer=offer,
                    starts_at=NOON,
                    ends_at=NOON + timedelta(hours=1),
                    capacity=1,
                ),
            )


def _series(**changes: Any) -> Series:
    plain: dict[str, Any] = {
        "first": date(2026, 10, 24),
        "last": date(2026, 10, 26),
        "times": (time(10), time(14, 30)),
        "length": timedelta(minutes=45),
        "capacity": 12,
    }
    return Series(**plain | changes)


def test_a_series_keeps_the_local_hour_when_the_clocks_change(tour: Entrance) -> None:
    """10:00 is 08:00 UTC on Saturday and 09:00 on Sunday; Mondays are left out if asked."""
    with tour.store.unit() as unit:
        made = slots.add_series(
            unit, tour.house, offer="tour", series=_series(weekdays=frozenset({5, 6}))
        )
    assert [one.slot.starts_at.hour for one in made] == [8, 12, 9, 13]
    assert {one.slot.ends_at - one.slot.starts_at for one in made} == {timedelta(minutes=45)}


def test_a_series_leaves_what_exists(tour: Entrance) -> None:
    """The same again makes nothing; a longer one makes the rest."""
    with tour.store.unit() as unit:
        slots.add_series(unit, tour.house, offer="tour", series=_series())
    with tour.store.unit() as unit:
        again = slots.add_series(unit, tour.house, offer="tour", series=_series(capacity=1))
    with tour.store.unit() as unit:
        more = slots.add_series(
            unit, tour.house, offer="tour", series=_series(last=date(2026, 10, 27))
        )
    assert again == ()
    assert len(more) == 2
    assert _sold(tour)[0] == (0, 12)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"times": ()}, "times: missing"),
        ({"last": date(2026, 10, 1)}, "until: before_from"),
        ({"last": date(2030, 1, 1)}, "until: too_many"),
        ({"weekdays": frozenset({2})}, "weekdays: none_in_range"),
        ({"weekdays": frozenset({7})}, "weekdays: range"),
        ({"length": timedelta(0)}, "ends_at: range"),
        ({"times": tuple(time(h, m) for h in range(24) for m in range(60))}, "until: too_many"),
    ],
)
def test_an_unsound_series_is_refused(tour: Entrance, change: dict[str, Any], problem: str) -> None:
    """Nothing of it is made."""
    with tour.store.unit() as unit, pytest.raises(Invalid, match=problem):
        slots.add_series(unit, tour.house, offer="tour", series=_series(**change))
    assert _sold(tour) == []


def test_a_slot_that_is_over_is_not_made(tour: Entrance) -> None:
    """One that runs is: people come in the middle. A series leaves the morning of today out."""
    now = tour.clock.at.replace(second=0, microsecond=0)
    with pytest.raises(Invalid, match="ends_at: past"):
        _slot(tour, now - timedelta(hours=1))
    _slot(tour, now - timedelta(minutes=59))
    tour.clock.at = datetime(2026, 10, 24, 10, tzinfo=UTC)  # local noon of the first day
    with tour.store.unit() as unit:
        made = slots.add_series(unit, tour.house, offer="tour", series=_series())
    assert len(made) == 5
    for change, problem in (
        ({"last": date(2026, 10, 24), "times": (time(10),)}, "times: past"),
        ({"first": date(2026, 10, 23)}, "from: past"),
    ):
        with tour.store.unit() as unit, pytest.raises(Invalid, match=problem):
            slots.add_series(unit, tour.house, offer="tour", series=_series(**change))


def test_slots_are_listed_page_by_page(tour: Entrance) -> None:
    """By start; the cursor is the last one's id, another text is refused."""
    made = [_slot(tour, NOON + timedelta(hours=n)) for n in range(3)]
    with tour.store.unit() as unit:
        first = slots.list_slots(unit, query=SlotQuery(offer="tour", limit=2))
        rest = slots.list_slots(unit, query=SlotQuery(offer="tour", cursor=first.next_cursor))
    assert [one.slot for one in (*first.items, *rest.items)] == made
    assert rest.next_cursor is None
    with tour.store.unit() as unit, pytest.raises(Invalid, match="cursor"):
        slots.list_slots(unit, query=SlotQuery(offer="tour", cursor="sl_x"))


@pytest.mark.timeout(240)
def test_eight_buyers_of_the_last_places_get_exactly_what_there_is(tour: Entrance) -> None:
    """Parties of one to three: never a place too many, everybody else is told sold out."""
    slot = _slot(tour, capacity=PLACES)
    outcomes: Counter[str] = Counter()
    sold: list[int] = []
    lock, barrier = threading.Lock(), threading.Barrier(BUYERS)

    def buy(buyer: int) -> None:
        party = buyer % 3 + 1
        barrier.wait()
        for _ in range(PLACES // 3):
            try:
                _buy(tour, slot, party=party)
            except SoldOut:
                outcome, people = "sold_out", 0
            else:
                outcome, people = "sold", party
            with lock:
                outcomes[outcome] += 1
                sold.append(people)

    with ThreadPoolExecutor(BUYERS) as pool:
        list(pool.map(buy, range(BUYERS)))
    assert sum(sold) == PLACES
    assert set(outcomes) == {"sold", "sold_out"}
    assert sum(outcomes.values()) == BUYERS * (PLACES // 3)
    assert _sold(tour) == [(PLACES, 0)]


def test_a_place_given_back_by_a_used_ticket_is_not_sold_twice(tour: Entrance) -> None:
    """Who came in and lost the ticket afterwards has had the place."""
    slot = _slot(tour, NOON, capacity=2)
    cases = [_buy(tour, slot) for _ in range(2)]
    assert [tour.scan(case.barcode).reason for case in cases] == [Reason.OK, Reason.OK]
    with tour.store.unit() as unit:
        tickets.revoke_ticket(unit, tour.house, ticket_id=cases[0].ticket.id, reason="")
    with pytest.raises(SoldOut):
        _buy(tour, slot)


def _enter_at_once(tour: Entrance, cases: list[TicketCase]) -> Counter[Reason]:
    barrier = threading.Barrier(len(cases))

    def enter(case: TicketCase) -> Reason:
        barrier.wait()
        return tour.scan(case.barcode).reason

    with ThreadPoolExecutor(len(cases)) as pool:
        return Counter(pool.map(enter, cases))


def test_of_eight_gates_at_the_last_place_of_a_slot_one_admits(tour: Entrance) -> None:
    """Seven are told full: the slot has more people than it was sold for by hand."""
    slot = _slot(tour, NOON, capacity=BUYERS)
    cases = [_buy(tour, slot) for _ in range(BUYERS)]
    with tour.store.unit() as unit:
        unit.begin()
        counters.add(unit, came_name(slot.id), BUYERS - 1)
        unit.commit()
    assert _enter_at_once(tour, cases) == {Reason.OK: 1, Reason.FULL: BUYERS - 1}


def test_of_eight_gates_at_the_last_places_of_the_house_three_admit(tour: Entrance) -> None:
    """House capacity is kept by the counter, not by counting rows."""
    tour.house = replace(tour.house, museum=a_museum(capacity=3))
    cases = [tour.ticket() for _ in range(BUYERS)]
    assert _enter_at_once(tour, cases) == {Reason.OK: 3, Reason.FULL: BUYERS - 3}
    assert tour.inside() == 3
