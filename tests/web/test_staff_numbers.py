"""Plots and numbers: right heights, said in words, the same in a table."""

import re
from datetime import time

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.opening import Hours
from ticketing.service import figures
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.staff.day_plot import day_plot
from ticketing.web.staff.plots import HEIGHT, plot
from ticketing.web.staff.speaker import Speaker


@given(st.lists(st.integers(0, 100_000), max_size=40))
def test_no_bar_leaves_the_plot(values: list[int]) -> None:
    """Whatever is counted fits under the highest mark, and the marks are whole numbers."""
    drawn = plot(values, places=40, ticks=["1"], usual=[float(n) for n in values])
    top = int(drawn.marks[0])
    assert top >= max(values, default=0)
    assert [int(mark) for mark in drawn.marks] == [top * n // 4 for n in range(4, -1, -1)]
    heights = [float(part.split("h")[0]) for part in drawn.bars.split("v-")[1:]]
    assert all(0 < height <= HEIGHT for height in heights)
    assert len(heights) <= len(values)


def test_the_bar_that_still_grows_is_drawn_apart() -> None:
    """It is paler; an empty one is not drawn at all."""
    assert plot([3, 2], places=4, ticks=[], is_growing=True).now.startswith("M")
    assert plot([3, 0], places=4, ticks=[], is_growing=True).now == ""
    assert plot([], places=4, ticks=[], is_growing=True).bars == ""


@pytest.mark.parametrize(
    ("usual", "words"),
    [
        (None, "6 bisher"),
        ([0.0] * 56 + [4.0, 2.0], "6 bisher, so viele wie üblich"),
        ([0.0] * 56 + [1.0, 2.0, 90.0], "6 bisher, 3 mehr als üblich"),
        ([0.0] * 56 + [9.0, 2.0], "6 bisher, 5 weniger als üblich"),
    ],
)
def test_a_day_is_said_in_words(app: APIFlask, usual: list[float] | None, words: str) -> None:
    """Against as much of a usual day as has passed."""
    with app.app_context():
        quarters = [0] * 56 + [5, 1]
        hours = Hours(time(10), time(18))
        said = day_plot(quarters, usual, hours=hours, speaker=Speaker("de"))
    assert said.more == words
    assert "14:00" in said.told
    assert said.plot.ticks == tuple(str(hour) for hour in range(10, 18))


def test_who_comes_before_opening_widens_the_day(app: APIFlask) -> None:
    """Nobody is cut off; a closed day has its usual width."""
    with app.app_context():
        early = day_plot(
            [0] * 28 + [1], None, hours=Hours(time(10), time(18)), speaker=Speaker("en")
        )
        closed = day_plot([], None, hours=None, speaker=Speaker("en"))
    assert early.plot.ticks[0] == "7"
    assert closed.plot.ticks == tuple(str(hour) for hour in range(9, 18))
    assert closed.told == "Nobody yet."


@pytest.mark.parametrize("days", ["7", "30", "90", "365", "", "x", "99999"])
def test_the_numbers_show_each_period(
    staff: SignedInBrowser,
    store: Store,
    house: House,
    station: Headers,
    clock: FrozenClock,
    days: str,
) -> None:
    """Sums, a table, refusals in words; an unknown period is the usual one."""
    case = with_ticket(store, house)
    for n in (1, 2):
        scan = {
            "scan_id": f"{n:032x}",
            "barcode": case.barcode,
            "scanned_at": "2026-10-04T14:00+02:00",
        }
        staff.client.post("/api/v1/scans", headers=station, json=scan)
    with store.unit() as unit:
        figures.refresh(unit, house)
    assert '<th scope="row">Sonntag</th>' not in staff.client.get("/staff/numbers").text
    clock.tick(hours=11)
    text = staff.client.get(f"/staff/numbers?days={days}").text
    assert "<dt>Eingelassen</dt><dd>1</dd>" in text
    assert "So 4. Okt. 2026: 1" in text
    assert "Schon benutzt" in text or "benutzt" in text
    assert '<th scope="row">Sonntag</th>' in text


@pytest.mark.parametrize(
    ("lang", "fresh", "behind"),
    [
        ("de", "· Stand 14:05", "· heute: Stand 14:05, die Tage davor: Stand 14:00"),
        ("en", "· As of 14:05", "· today: as of 14:05, the days before: as of 14:00"),
    ],
)
def test_tiles_and_plot_of_today_agree_and_say_as_of_when(
    staff: SignedInBrowser,
    store: Store,
    house: House,
    station: Headers,
    clock: FrozenClock,
    lang: str,
    fresh: str,
    behind: str,
) -> None:
    """Before the worker has added anything up, and without it."""
    scan = {
        "scan_id": "1" * 32,
        "barcode": with_ticket(store, house).barcode,
        "scanned_at": "2026-10-04T14:00+02:00",
    }
    staff.client.post("/api/v1/scans", headers=station, json=scan)
    staff.post("/staff/language", lang=lang)
    clock.tick(minutes=5)
    text = staff.client.get("/staff/numbers").text
    assert re.search(r"<dt>(Eingelassen|Admitted)</dt><dd>1</dd>", text)
    assert re.search(r"(Höchststand|At most) 1<", text)
    assert behind in text
    with store.unit() as unit:
        figures.refresh(unit, house)
    assert fresh in staff.client.get("/staff/numbers").text


def test_numbers_of_an_empty_house_say_so(staff: SignedInBrowser) -> None:
    """No empty axes."""
    text = staff.client.get("/staff/numbers").text
    assert "In diesem Zeitraum war noch niemand da." in text
    assert "Niemand wurde abgewiesen." in text
