"""Counters with a cap: what below nothing and beyond the cap means, on both engines."""

import pytest

from ticketing.store import counters
from ticketing.store.counters import Addition
from ticketing.store.unit import Store


def _added(store: Store, *additions: Addition) -> tuple[int, ...] | None:
    with store.unit() as unit:
        unit.begin()
        done = counters.add_within(unit, additions)
        if done is None:
            unit.rollback()
        else:
            unit.commit()
    return done


@pytest.mark.parametrize(
    ("before", "addition", "after"),
    [
        (-3, Addition("inside", 2, 2), (2,)),
        (-3, Addition("inside", 3, 2), None),
        (-3, Addition("inside", 2), (-1,)),
        (-3, Addition("inside", -1, 2), (-4,)),
        (-3, Addition("inside", 0, 2), (-3,)),
        (2, Addition("inside", 1, 2), None),
        (5, Addition("inside", -1, 2), (4,)),
    ],
)
def test_an_addition_within_a_cap(
    store: Store, before: int, addition: Addition, after: tuple[int, ...] | None
) -> None:
    """Who comes in begins at nothing at least; who leaves is counted exactly."""
    _added(store, Addition("inside", before))
    assert _added(store, addition) == after
    with store.unit() as unit:
        assert counters.read(unit, "inside") == (before if after is None else after[0])


def test_of_two_counters_both_or_none(store: Store) -> None:
    """The slot is full, so nobody is in the house either."""
    assert _added(store, Addition("inside", 1, 10), Addition("came", 1, 1)) == (1, 1)
    assert _added(store, Addition("inside", 1, 10), Addition("came", 1, 1)) is None
    with store.unit() as unit:
        assert counters.read(unit, "inside") == 1
