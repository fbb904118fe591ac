"""People without a ticket, on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.service.conftest import Entrance
from ticketing.domain.audit import Actor, ActorKind
from ticketing.service.errors import Invalid
from ticketing.service.gate import counting
from ticketing.service.gate.counting import Counted, HeadCount
from ticketing.store import counts
from ticketing.store.counts import Count
from ticketing.wire.verdict import Direction, Reason


def count(entrance: Entrance, delta: int) -> Counted:
    """Count people by hand at the south entrance, as a program does."""
    head_count = HeadCount(gate="sued", delta=delta, reason="school class")
    house = replace(entrance.house, actor=Actor(ActorKind.API_KEY, "key_1"))
    with entrance.store.unit() as unit:
        return counting.count_people(unit, house, head_count=head_count)


def test_people_without_a_ticket_are_inside(entrance: Entrance) -> None:
    """With those who came by ticket; some leave again."""
    entrance.scan(entrance.ticket().barcode)
    assert count(entrance, 25).inside == 26
    assert count(entrance, -5).inside == 21
    assert entrance.inside() == 21
    assert entrance.scan(entrance.ticket().barcode).inside == 22


def test_a_count_is_a_row(entrance: Entrance) -> None:
    """Where, how many, why, when and by whom."""
    made = count(entrance, 3).count
    now = entrance.clock.now()
    assert (made.gate, made.delta, made.reason, made.by) == ("sued", 3, "school class", "key_1")
    assert (made.at, made.received_at, made.station, len(made.id)) == (now, now, None, 16)
    with entrance.store.unit() as unit:
        assert counts.listed(unit, since=now) == (made,)
        assert counts.listed(unit, since=now + timedelta(seconds=1)) == ()


def test_inside_is_never_shown_below_nobody(entrance: Entrance) -> None:
    """More have left than were seen coming: shown as nobody, remembered as it is."""
    assert count(entrance, -3).inside == 0
    assert entrance.inside() == 0
    left = entrance.scan(entrance.ticket().barcode, direction=Direction.EXIT)
    assert (left.reason, left.inside) == (Reason.EXIT_UNMATCHED, 0)
    assert count(entrance, 5).inside == 1


def test_a_house_counted_full_refuses_tickets(entrance: Entrance) -> None:
    """People are people, with or without one."""
    museum = replace(entrance.house.museum, capacity=10)
    entrance.house = replace(entrance.house, museum=museum)
    count(entrance, 10)
    case = entrance.ticket()
    assert entrance.scan(case.barcode).reason is Reason.FULL
    count(entrance, -1)
    assert entrance.scan(case.barcode).reason is Reason.OK


def test_a_new_day_begins_with_nobody(entrance: Entrance) -> None:
    """Counts belong to the local day on which they were made."""
    count(entrance, 4)
    entrance.clock.tick(hours=10)
    assert entrance.inside() == 0


@pytest.mark.parametrize(
    ("head_count", "field"),
    [
        (HeadCount(gate="sued", delta=0, reason="x"), "delta"),
        (HeadCount(gate="sued", delta=10_001, reason="x"), "delta"),
        (HeadCount(gate="sued", delta=-10_001, reason="x"), "delta"),
        (HeadCount(gate="sued", delta=1, reason=" "), "reason"),
        (HeadCount(gate="sued", delta=1, reason="x" * 501), "reason"),
        (HeadCount(gate="dach", delta=1, reason="x"), "gate"),
    ],
)
def test_a_wrong_count_is_refused(entrance: Entrance, head_count: HeadCount, field: str) -> None:
    """Nothing is counted, and the field is named."""
    with entrance.store.unit() as unit, pytest.raises(Invalid, match=f"{field}: "):
        counting.count_people(unit, entrance.house, head_count=head_count)
    assert entrance.counter("inside:2026-10-04") is None


def test_a_count_of_a_journal_counts_once(entrance: Entrance) -> None:
    """Sent twice it is known; the other entry of a fork counts for itself."""
    now = entrance.clock.now()
    ids = [
        counting.journal_count_id(b"j" * 16, n, entry_hash)
        for n, entry_hash in ((1, b"a" * 32), (1, b"a" * 32), (2, b"b" * 32), (2, b"c" * 32))
    ]
    said = []
    for one in ids:
        kept = Count(
            id=one,
            gate="sued",
            delta=1,
            reason="",
            at=now - timedelta(hours=1),
            received_at=now,
            station=entrance.station.id,
        )
        with entrance.store.unit() as unit:
            unit.begin()
            said.append(counting.enter_count(unit, entrance.house, kept))
            unit.commit()
    assert said == [1, None, 2, 3]
    assert entrance.inside() == 3


def test_a_count_that_is_uploaded_late_belongs_to_its_day(entrance: Entrance) -> None:
    """Yesterday's visitors are not inside today."""
    now = entrance.clock.now()
    late = Count(
        id=b"1" * 16, gate="sued", delta=7, reason="", at=now - timedelta(days=1), received_at=now
    )
    with entrance.store.unit() as unit:
        unit.begin()
        counting.enter_count(unit, entrance.house, late)
        unit.commit()
    assert entrance.inside() == 0
    assert entrance.counter("inside:2026-10-03") == 7


def test_eight_people_counting_at_once_lose_nobody(entrance: Entrance) -> None:
    """Counts and entries add up, whoever comes first."""
    barcodes = [entrance.ticket().barcode for _ in range(8)]
    barrier = threading.Barrier(8)

    def work(barcode: str) -> None:
        barrier.wait()
        for _ in range(5):
            count(entrance, 2)
        entrance.scan(barcode)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, barcodes))
    assert entrance.inside() == 8 * 11
