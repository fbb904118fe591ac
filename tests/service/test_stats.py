"""Figures of the gates: the same as the gates count, found by indexes alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text, update

from tests.factories import with_offer
from tests.service.conftest import Entrance
from ticketing.domain.stats import Span
from ticketing.service import stats
from ticketing.service.errors import Invalid
from ticketing.service.gate import counting
from ticketing.service.gate.counting import HeadCount
from ticketing.service.stats import Entered, Inside, StatsQuery, Step
from ticketing.store import counters, schema
from ticketing.store import stats as rows
from ticketing.wire.verdict import Basis, Direction

TODAY = date(2026, 10, 4)


def entered(entrance: Entrance, **query: Any) -> list[Entered]:
    """Steps in which anything happened."""
    with entrance.store.unit() as unit:
        found = stats.entries(unit, entrance.house, query=StatsQuery(**query)).items
    return [one for one in found if one.sums.entries or one.sums.exits or one.sums.refused]


def inside(entrance: Entrance, **query: Any) -> tuple[Inside, ...]:
    """Every step with its people."""
    with entrance.store.unit() as unit:
        return stats.occupancy(unit, entrance.house, query=StatsQuery(**query)).items


def a_day(entrance: Entrance) -> None:
    """14:00 three come; one is refused; 15:00 two more come, one is annulled, one leaves."""
    with_offer(entrance.store, entrance.house, slug="group", number=8, party_max=9, reentry=True)
    group = entrance.ticket(offer="group", party=3)
    entrance.scan(group.barcode, people=3)
    once = entrance.ticket()
    entrance.clock.tick(minutes=10)
    entrance.scan(once.barcode)
    entrance.scan(once.barcode)
    entrance.clock.tick(minutes=50)
    entrance.scan(entrance.ticket().barcode)
    wrong = entrance.scan(entrance.ticket().barcode)
    entrance.annul(wrong.scan_id)
    entrance.clock.tick(minutes=5)
    entrance.scan(group.barcode, direction=Direction.EXIT, people=1)


def counted(entrance: Entrance) -> int:
    """People inside as the gates say."""
    with entrance.store.unit() as unit:
        return counters.read(unit, counters.inside_name(TODAY)) or 0


def test_people_are_told_by_hours(entrance: Entrance) -> None:
    """Those let in, those who left, and scans that were refused; annulled ones nowhere."""
    a_day(entrance)
    told = [(one.sums.entries, one.sums.exits, one.sums.refused) for one in entered(entrance)]
    assert told == [(4, 0, 1), (1, 1, 0)]


def test_people_inside_are_those_the_gates_count(entrance: Entrance) -> None:
    """The last step agrees with the counter that the stations show."""
    a_day(entrance)
    with entrance.store.unit() as unit:
        head_count = HeadCount(gate="sued", delta=7, reason="Schulklasse")
        counting.count_people(unit, entrance.house, head_count=head_count)
    last = inside(entrance, step=Step.QUARTER)[-1]
    assert last.level.inside == counted(entrance) == 11
    assert inside(entrance, step=Step.DAY)[-1].level.highest == 11


def test_nobody_is_inside_after_closing(entrance: Entrance) -> None:
    """Who was not seen leaving is gone when the house closes, and at midnight anyway."""
    a_day(entrance)
    entrance.clock.tick(hours=20)
    by_hour = inside(entrance, first=TODAY, last=TODAY + timedelta(days=1), step=Step.HOUR)
    assert by_hour[-1].level.inside == 0
    assert max(one.level.highest for one in by_hour) == 5


def test_steps_that_have_not_begun_are_left_out(entrance: Entrance) -> None:
    """The present one is told until now; tomorrow has none."""
    assert len(inside(entrance, step=Step.HOUR)) == 15  # from midnight to 14:00
    assert inside(entrance, first=date(2026, 10, 5), last=date(2026, 10, 6)) == ()
    assert entered(entrance, first=date(2026, 10, 5), last=date(2026, 10, 6)) == []


def test_an_offline_scan_counts_when_it_was_made(entrance: Entrance) -> None:
    """It may arrive three weeks later, by a clock that is known to be ahead."""
    answer = entrance.scan(entrance.ticket().barcode)
    late = {
        "basis": Basis.OFFLINE,
        "received_at": entrance.clock.now() + timedelta(days=21),
        "scanned_at": entrance.clock.now() - timedelta(hours=2) + timedelta(minutes=1),
        "diff_ms": 60_000,
    }
    one = schema.scans.c.scan_id == bytes.fromhex(answer.scan_id)
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(update(schema.scans).where(one).values(late))
        unit.commit()
    [found] = entered(entrance)
    assert found.span.since == entrance.clock.now() - timedelta(hours=2)


def test_pages_together_are_the_whole(entrance: Entrance) -> None:
    """Also people inside, who came before the page begins."""
    a_day(entrance)
    whole = inside(entrance, step=Step.QUARTER)
    pages: list[Inside] = []
    cursor = None
    while True:
        query = StatsQuery(step=Step.QUARTER, cursor=cursor, limit=7)
        with entrance.store.unit() as unit:
            page = stats.occupancy(unit, entrance.house, query=query)
        pages += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert tuple(pages) == whole


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"first": date(2026, 2, 2), "last": date(2026, 2, 1)}, "to"),
        ({"first": date(2025, 1, 1), "last": date(2026, 2, 1)}, "to"),
        ({"first": date(1900, 1, 1), "last": date(1900, 1, 2)}, "from"),
        ({"first": date(2026, 1, 1), "last": date(9999, 12, 31)}, "to"),
        ({"cursor": "next please"}, "cursor"),
    ],
)
def test_a_span_that_is_none_is_refused(
    entrance: Entrance, query: dict[str, Any], field: str
) -> None:
    """Backwards, more than a year, beyond the calendar."""
    with pytest.raises(Invalid) as refused:
        entered(entrance, **query)
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.only("sqlite")
def test_figures_are_found_by_indexes(entrance: Entrance) -> None:
    """No statement walks through a whole table, however many tickets there are."""
    now = entrance.clock.now()
    with watched(entrance) as statements, entrance.store.unit() as unit:
        rows.minutes(unit, Span(now - timedelta(days=1), now))
    assert len(statements) == 3
    for statement, values in statements:
        with entrance.store.engine.connect() as connection:
            cursor = connection.connection.cursor()
            plan = " / ".join(
                row[3] for row in cursor.execute("EXPLAIN QUERY PLAN " + statement, values)
            )
        assert "SEARCH" in plan, plan
        assert "SCAN" not in plan, plan


@contextmanager
def watched(entrance: Entrance) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    event.listen(entrance.store.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(entrance.store.engine, "before_cursor_execute", note)


def test_the_index_of_offline_scans_holds_no_other(entrance: Entrance) -> None:
    """An online scan writes nothing to it: the lane pays nothing for the figures."""
    query = (
        "SELECT sql FROM sqlite_master WHERE name = 'ix_scans_offline_received_at'"
        if "sqlite" in str(entrance.store.engine.url)
        else "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_scans_offline_received_at'"
    )
    with entrance.store.unit() as unit:
        assert "offline" in str(unit.run(text(query)).scalar_one())
