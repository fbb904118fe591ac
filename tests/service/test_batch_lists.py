"""Lists of batches: filtered by how each stands, truly sorted, the most redeemed of some days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest

from tests.fakes import FrozenClock
from tests.service.coding import AUTUMN, Shop
from ticketing.domain.codes import Batch, BatchState, Standing, standing
from ticketing.service import code_batches, code_lists
from ticketing.service.code_lists import BatchSort, WantedBatches
from ticketing.service.ports import House
from ticketing.store import code_batches as rows
from ticketing.store.unit import Store

GIVEN = 500
Key = Callable[[Batch], Any]


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """Somebody who makes batches."""
    return Shop(store, house, clock)


def stored(shop: Shop, wanted: list[dict[str, Any]]) -> None:
    """Batches without codes that say so, each with its tally; kept in one transaction."""
    with shop.store.unit() as unit:
        drafts = [
            code_batches.checked_batch(unit, shop.house, wanted=replace(AUTUMN, name=f"Serie {n}"))
            for n in range(len(wanted))
        ]
        unit.begin()
        for draft, facts in zip(drafts, wanted, strict=True):
            tally = facts.get("tally", {})
            plain = {name: value for name, value in facts.items() if name != "tally"}
            made = rows.add_stopped(unit, replace(draft, created_at=shop.clock.now()))
            rows.change(unit, replace(made, **plain))
            for what, n in tally.items():
                rows.count(unit, made.number, what, n)
        unit.commit()


def listed(shop: Shop, **wanted: Any) -> list[Batch]:
    """All batches that are wanted."""
    query = WantedBatches(now=shop.clock.now(), **wanted)
    return list(code_lists.every_batch(shop.store, query))


def test_the_filter_is_what_the_list_shows(shop: Shop) -> None:
    """Of each way to stand exactly those whose sign says so, whatever else is with them."""
    now = shop.clock.now()
    at = (None, now - timedelta(days=1), now, now + timedelta(days=1))
    budgets = (None, 0, GIVEN, GIVEN + 1)
    combined = product((BatchState.READY, BatchState.STOPPED), at, at, budgets)
    plain = [
        {"state": state, "valid_from": first, "valid_until": last, "budget_cents": budget}
        for state, first, last, budget in combined
    ]
    plain += [{"state": BatchState.BUILDING}, {"state": BatchState.FAILED}]
    stored(shop, [one | {"tally": {"given_cents": GIVEN}} for one in plain])
    everything = listed(shop)
    assert len(everything) == len(plain)
    for wanted in Standing:
        found = {one.id for one in listed(shop, standing=wanted)}
        assert found == {one.id for one in everything if standing(one, now) is wanted}
        assert found


def test_each_list_is_sorted_as_it_says(shop: Shop) -> None:
    """Upwards from the least, downwards from the greatest; no end is the latest end."""
    now = shop.clock.now()
    stored(
        shop,
        [
            {
                "state": BatchState.READY if n % 2 else BatchState.STOPPED,
                "valid_until": None if n == 3 else now + timedelta(days=n - 2),
                "tally": {
                    "made": n * 7 % 5,
                    "sent": n * 5 % 7,
                    "delivered": n * 3 % 5,
                    "used": n * 3 % 4,
                    "given_cents": n % 3,
                },
            }
            for n in range(8)
        ],
    )
    never = datetime(2200, 1, 1, tzinfo=UTC)
    keys: dict[BatchSort, Key] = {
        BatchSort.NEWEST: lambda one: -one.number,
        BatchSort.NAME: lambda one: one.name,
        BatchSort.UNTIL: lambda one: one.valid_until or never,
        BatchSort.MADE: lambda one: one.tally.made,
        BatchSort.SENT: lambda one: one.tally.sent,
        BatchSort.DELIVERED: lambda one: one.tally.delivered,
        BatchSort.REDEEMED: lambda one: one.tally.used,
        BatchSort.GIVEN: lambda one: one.tally.given_cents,
        BatchSort.STANDING: lambda one: list(Standing).index(standing(one, now)),
    }
    for sort in BatchSort:
        up = [keys[sort](one) for one in listed(shop, sort=sort)]
        down = [keys[sort](one) for one in listed(shop, sort=sort, is_down=True)]
        assert all(a <= b for a, b in pairwise(up)), sort
        assert down == sorted(up, reverse=True)


def test_a_long_list_is_read_part_by_part(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """None twice, none left out."""
    monkeypatch.setattr(code_lists, "_BATCHES_AT_ONCE", 3)
    stored(shop, [{} for _ in range(8)])
    found = [one.name for one in listed(shop)]
    assert found == [f"Serie {n}" for n in range(7, -1, -1)]
    assert len(listed(shop, tag="nothing")) == 0


def test_the_most_redeemed_batches_of_some_days(shop: Shop) -> None:
    """Those that ran on any of them, by their redeemed codes; how many there are in all."""
    today = shop.clock.now().date()
    day = timedelta(days=1)
    now = shop.clock.now()
    stored(
        shop,
        [
            {"state": BatchState.READY, "tally": {"used": 5}},
            {"state": BatchState.STOPPED, "tally": {"used": 9}},
            {"state": BatchState.READY, "tally": {"used": 5, "redeemed": 8}},
            {"state": BatchState.FAILED, "tally": {"used": 99}},
            {"state": BatchState.READY, "valid_from": now + 2 * day},
            {"state": BatchState.READY, "valid_from": now - 9 * day, "valid_until": now - 3 * day},
        ],
    )

    def names(first: date, last: date, limit: int | None = None) -> tuple[list[str], int]:
        with shop.store.unit() as unit:
            found = code_lists.most_redeemed(unit, shop.house, first=first, last=last, limit=limit)
        return [one.name for one in found.items], found.total

    assert names(today, today) == (["Serie 1", "Serie 2", "Serie 0"], 3)
    assert names(today, today, 2) == (["Serie 1", "Serie 2"], 3)
    assert names(today - 3 * day, today)[1] == 4
    assert names(today - 5 * day, today - 4 * day) == (["Serie 5"], 1)
    assert names(today, today + 2 * day)[1] == 4
