"""Figures of days: kept by the worker, right whatever comes late or is taken back."""

from datetime import date, datetime, timedelta

import pytest

from tests.factories import with_offer
from tests.service.conftest import Entrance
from ticketing.service import figures
from ticketing.service.figures import Numbers
from ticketing.service.gate.chores import Chores
from ticketing.wire.verdict import Direction, Reason

SUNDAY = date(2026, 10, 4)


@pytest.fixture(autouse=True)
def _group(entrance: Entrance) -> None:
    with_offer(entrance.store, entrance.house, slug="group", number=9, party_max=9)


def refresh(entrance: Entrance) -> int:
    """Add up what has changed."""
    with entrance.store.unit() as unit:
        return figures.refresh(unit, entrance.house)


def of(entrance: Entrance, first: date = SUNDAY, last: date = SUNDAY) -> Numbers:
    """What is kept of some days."""
    with entrance.store.unit() as unit:
        return figures.numbers(unit, first=first, last=last)


def test_a_day_is_added_up_once_and_then_left_alone(entrance: Entrance) -> None:
    """People in and out, refused scans by their reason; nothing new is no work."""
    case = entrance.ticket(offer="group", party=3)
    entrance.scan(case.barcode, people=3)
    entrance.scan(case.barcode)
    entrance.scan(case.barcode, direction=Direction.EXIT, people=1)
    assert refresh(entrance) == 1
    assert refresh(entrance) == 0
    [day] = of(entrance).days
    assert (day.day, day.entries, day.exits, day.refused) == (SUNDAY, 3, 1, 1)
    assert of(entrance).reasons == ((Reason.ALREADY_USED, 1),)
    assert of(entrance).by_hour[6][14] == 3
    assert of(entrance).open_days == (0, 0, 0, 0, 0, 0, 1)


def test_an_annul_is_taken_out_of_its_day(entrance: Entrance) -> None:
    """The day is added up anew: nobody stays in the figures who was sent away."""
    answer = entrance.scan(entrance.ticket().barcode)
    refresh(entrance)
    entrance.annul(answer.scan_id)
    assert refresh(entrance) == 1
    assert of(entrance).days == ()


def test_the_worker_adds_up_by_itself(entrance: Entrance) -> None:
    """Within a minute."""
    entrance.scan(entrance.ticket().barcode)
    Chores(entrance.store, entrance.house).look()
    assert of(entrance).days[0].entries == 1


def test_today_is_counted_at_this_moment(entrance: Entrance) -> None:
    """Nothing of it is kept yet; the days before are as they are kept, and add to it.

    It makes no mean: it is not over.
    """
    for _ in range(2):
        case = entrance.ticket(offer="group", party=3)
        entrance.scan(case.barcode, people=3)
        entrance.scan(case.barcode)
        entrance.clock.tick(days=7)
    assert refresh(entrance) == 2
    case = entrance.ticket(offer="group", party=2)
    entrance.scan(case.barcode, people=2)
    entrance.scan(case.barcode)
    with entrance.store.unit() as unit:
        found = figures.numbers_until_now(unit, entrance.house, first=SUNDAY + timedelta(days=7))
        alone = figures.numbers_until_now(unit, entrance.house, first=SUNDAY + timedelta(days=14))
    assert [(day.day.day, day.entries) for day in found.days] == [(11, 3), (18, 2)]
    assert (found.by_hour[6][14], found.open_days[6]) == (3, 1)
    assert found.reasons == ((Reason.ALREADY_USED, 2),)
    assert (alone.by_hour[6][14], alone.open_days[6]) == (0, 0)


def test_a_day_on_which_nothing_happened_yet_is_not_there(entrance: Entrance) -> None:
    """As with the kept ones."""
    with entrance.store.unit() as unit:
        found = figures.numbers_until_now(unit, entrance.house, first=SUNDAY)
    assert (found.days, found.reasons, found.open_days) == ((), (), (0,) * 7)


def test_figures_say_as_of_when_they_are_kept(entrance: Entrance) -> None:
    """Now, while nothing waits; else since the first scan, or annul, that was not added up."""

    def as_of() -> datetime:
        with entrance.store.unit() as unit:
            return figures.kept_as_of(unit, entrance.house)

    began = entrance.clock.now()
    assert as_of() == began
    first = entrance.scan(entrance.ticket().barcode)
    entrance.clock.tick(minutes=5)
    entrance.scan(entrance.ticket().barcode)
    assert as_of() == began
    refresh(entrance)
    assert as_of() == entrance.clock.now()
    entrance.annul(first.scan_id)
    annulled_at = entrance.clock.now()
    entrance.clock.tick(minutes=1)
    assert as_of() == annulled_at


def test_today_is_counted_by_quarters_of_an_hour(entrance: Entrance) -> None:
    """From local midnight; 14:00 is quarter 56."""
    entrance.scan(entrance.ticket().barcode)
    entrance.clock.tick(minutes=20)
    entrance.scan(entrance.ticket(offer="group", party=2).barcode)
    with entrance.store.unit() as unit:
        quarters = figures.of_today(unit, entrance.house)
    assert quarters[56:] == (1, 2)
    assert sum(quarters[:56]) == 0


def test_a_day_without_another_visitor_goes_on_until_now(entrance: Entrance) -> None:
    """An hour in which nobody came is one to be compared as well."""
    entrance.scan(entrance.ticket().barcode)
    entrance.clock.tick(hours=1)
    with entrance.store.unit() as unit:
        assert figures.of_today(unit, entrance.house)[56:] == (1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("days", "hours", "quarter"), [(21, 0, 52), (21, 10, 92), (175, 0, 56), (21, -12, 8)]
)
def test_a_quarter_is_that_of_the_local_clock(
    entrance: Entrance, days: int, hours: int, quarter: int
) -> None:
    """On the days on which the clocks change, in October, late there, and in March, too."""
    entrance.clock.tick(days=days, hours=hours)
    entrance.scan(entrance.ticket().barcode)
    with entrance.store.unit() as unit:
        quarters = figures.of_today(unit, entrance.house)
    assert quarters == (*(0,) * quarter, 1)


def test_a_usual_day_is_the_mean_of_those_before(entrance: Entrance) -> None:
    """Of the same weekday; days without anybody do not count, and without any nothing is usual."""
    with entrance.store.unit() as unit:
        assert figures.usual_day(unit, entrance.house, day=SUNDAY) is None
    for people in (2, 4):
        entrance.scan(entrance.ticket(offer="group", party=people).barcode, people=people)
        refresh(entrance)
        entrance.clock.tick(days=7)
    with entrance.store.unit() as unit:
        usual = figures.usual_day(unit, entrance.house, day=SUNDAY + timedelta(days=14))
        other = figures.usual_day(unit, entrance.house, day=SUNDAY + timedelta(days=15))
    assert usual is not None
    assert (sum(usual), usual[56]) == (3, 3)
    assert other is None


@pytest.mark.parametrize("days", [0, 400])
def test_days_without_anybody_are_not_there(entrance: Entrance, days: int) -> None:
    """However many are asked for."""
    assert of(entrance, SUNDAY - timedelta(days=days)).days == ()
