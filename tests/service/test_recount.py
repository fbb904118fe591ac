"""Counters beside rows: differences are told in figures, and slots are put right."""

import logging
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from tests.factories import HOLDER, with_offer
from tests.service.conftest import Entrance
from ticketing.domain.offers import Validity
from ticketing.domain.slots import SlotPlaces
from ticketing.service import slots, tickets
from ticketing.service.gate.chores import Chores
from ticketing.service.gate.recount import Recount, recount
from ticketing.store import batches, counters, schema


def _run(entrance: Entrance) -> Recount:
    with entrance.store.unit() as unit:
        return recount(unit, entrance.house)


def _set(entrance: Entrance, name: str, n: int) -> None:
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(update(schema.counters).where(schema.counters.c.name == name).values(n=n))
        unit.commit()


def _read(entrance: Entrance, name: str) -> int | None:
    with entrance.store.unit() as unit:
        return counters.read(unit, name)


@pytest.fixture
def slot(entrance: Entrance) -> SlotPlaces:
    """A slot of the tour, two sold and revoked, three sold and one of them used."""
    with_offer(
        entrance.store, entrance.house, slug="tour", number=8, validity=Validity.SLOT, party_max=5
    )
    with entrance.store.unit() as unit:
        made = slots.add_slot(
            unit,
            entrance.house,
            wanted=slots.NewSlot(
                offer="tour",
                starts_at=datetime(2026, 10, 4, 11, 45, tzinfo=UTC),
                ends_at=datetime(2026, 10, 4, 13, 0, tzinfo=UTC),
                capacity=10,
            ),
        )
    entrance.scan(entrance.ticket(offer="tour", slot=made.slot.id, party=3).barcode, people=1)
    gone = entrance.ticket(offer="tour", slot=made.slot.id, party=2)
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=gone.ticket.id, reason="")
    return made


def test_counters_that_are_right_stay_as_they_are(entrance: Entrance, slot: SlotPlaces) -> None:
    """Sold three, came one, inside one: rows and counters agree."""
    found = _run(entrance)
    assert found == Recount(
        slots=1, sold_wrong=0, sold_off_by=0, came_wrong=0, came_off_by=0, inside=1, passed=1
    )
    assert _read(entrance, f"sold:{slot.slot.id}") == 3


def test_a_wrong_counter_of_a_slot_is_put_right_and_told_in_figures(
    entrance: Entrance, slot: SlotPlaces, caplog: pytest.LogCaptureFixture
) -> None:
    """One line with figures, no name in it."""
    _set(entrance, f"sold:{slot.slot.id}", 7)
    _set(entrance, f"came:{slot.slot.id}", 0)
    found = _run(entrance)
    assert (found.sold_off_by, found.came_off_by) == (-4, 1)
    assert _read(entrance, f"sold:{slot.slot.id}") == 3
    assert _read(entrance, f"came:{slot.slot.id}") == 1
    assert "sold wrong in 1 by -4, came wrong in 1 by +1" in caplog.text
    assert HOLDER not in caplog.text
    assert _run(entrance).sold_wrong == 0


def test_people_inside_who_are_not_in_the_rows_are_reported_only(
    entrance: Entrance, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is put out of the house by a recount."""
    entrance.scan(entrance.ticket().barcode)
    _set(entrance, "inside:2026-10-04", 5)
    found = _run(entrance)
    assert (found.inside, found.passed) == (5, 1)
    assert entrance.inside() == 5
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_places_of_a_batch_under_way_are_not_taken_for_an_error(
    entrance: Entrance, slot: SlotPlaces
) -> None:
    """A batch takes its places before its tickets are stored."""
    with entrance.store.unit() as unit:
        unit.begin()
        batches.open_batch(unit, "batch:1", at=entrance.clock.now())
        counters.add(unit, f"sold:{slot.slot.id}", 5)
        unit.commit()
    assert _run(entrance).sold_wrong == 0
    assert _read(entrance, f"sold:{slot.slot.id}") == 8


def test_places_of_an_abandoned_batch_are_given_back(
    entrance: Entrance, slot: SlotPlaces, caplog: pytest.LogCaptureFixture
) -> None:
    """Its process died after taking them: ten minutes later they are free again."""
    chores = Chores(entrance.store, entrance.house)
    chores.look()
    with entrance.store.unit() as unit:
        unit.begin()
        batches.open_batch(unit, "batch:1", at=entrance.clock.now())
        counters.add(unit, f"sold:{slot.slot.id}", 5)
        unit.commit()
    entrance.clock.tick(minutes=9)
    chores.look()
    assert _read(entrance, f"sold:{slot.slot.id}") == 8
    entrance.clock.tick(minutes=2)
    chores.look()
    assert _read(entrance, f"sold:{slot.slot.id}") == 3
    assert "1 batches of tickets were abandoned" in caplog.text


def test_the_chores_are_done_when_they_are_due(
    entrance: Entrance, caplog: pytest.LogCaptureFixture
) -> None:
    """The recount once a day, the check-out every minute."""
    caplog.set_level(logging.INFO)
    chores = Chores(entrance.store, entrance.house)
    entrance.scan(entrance.ticket().barcode)
    chores.look()
    entrance.clock.at = datetime(2026, 10, 4, 16, 0, tzinfo=UTC)
    chores.look()
    chores.look()
    assert caplog.text.count("recount: 0 slots") == 1
    assert caplog.text.count("check-out: 1 tickets, 1 people") == 1
    entrance.clock.tick(days=1)
    chores.look()
    assert caplog.text.count("recount: 0 slots") == 2
