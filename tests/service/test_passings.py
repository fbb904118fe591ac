"""A passing is kept whole or not at all, on both engines alike."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.factories import with_offer, with_slot
from tests.service.conftest import Entrance
from ticketing.store import passings
from ticketing.store.passings import Passing
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Reason


def _limited(entrance: Entrance, capacity: int) -> None:
    museum = replace(entrance.house.museum, capacity=capacity)
    entrance.house = replace(entrance.house, museum=museum)


def _with_entries(entrance: Entrance) -> str:
    return with_offer(entrance.store, entrance.house, slug="five", number=8, entries=5).slug


def _before_writing(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
    """Let one thing after the other happen when a decision is made and nothing yet written."""
    add, left = passings.add, list(acts)

    def late(unit: Unit, passing: Passing) -> Scan | None:
        if left:
            left.pop(0)()
        return add(unit, passing)

    monkeypatch.setattr(passings, "add", late)


def test_who_finds_the_house_full_meanwhile_has_moved_nothing(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two for the last place: the later one is judged again, and refused."""
    _limited(entrance, 1)
    first, second = entrance.ticket(), entrance.ticket()
    _before_writing(monkeypatch, lambda: entrance.scan(first.barcode))
    answer = entrance.scan(second.barcode)
    assert answer.reason is Reason.FULL
    assert entrance.moves(second) == []
    assert entrance.inside() == 1
    assert entrance.get(answer.scan_id).reason is Reason.FULL


def test_a_full_slot_takes_back_what_the_house_has_counted(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both counters or none: the house has room, the slot has not."""
    _limited(entrance, 10)
    cases = [entrance.ticket(), entrance.ticket()]
    for case in cases:
        with_slot(entrance.store, case, slot="s1", at=entrance.clock.now(), capacity=1)
    _before_writing(monkeypatch, lambda: entrance.scan(cases[0].barcode))
    assert entrance.scan(cases[1].barcode).reason is Reason.FULL
    assert entrance.inside() == 1
    assert entrance.counter("came:s1") == 1
    assert entrance.moves(cases[1]) == []


def test_a_scan_that_came_meanwhile_keeps_its_one_move(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same request twice at once: one scan, one move, one person."""
    case = entrance.ticket(offer=_with_entries(entrance))
    request = entrance.request(case.barcode)
    _before_writing(monkeypatch, lambda: entrance.send(request))
    assert not entrance.send(request).created
    assert entrance.moves(case) == [(MoveKind.ENTRY, 1)]
    assert entrance.inside() == 1


def test_who_was_late_twice_holds_the_ticket_and_comes_in(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third try is within a transaction, and is kept."""
    case = entrance.ticket(offer=_with_entries(entrance))

    def another() -> None:
        entrance.scan(case.barcode)

    _before_writing(monkeypatch, another, lambda: None, another)
    assert entrance.scan(case.barcode).reason is Reason.OK
    assert entrance.moves(case) == [(MoveKind.ENTRY, 1)] * 3
    assert entrance.inside() == 3


def test_a_party_too_large_for_the_empty_house_writes_nothing(entrance: Entrance) -> None:
    """A counter that is new asks for no limit, so it is asked before."""
    _limited(entrance, 3)
    with_offer(entrance.store, entrance.house, slug="group", number=9, party_max=8)
    case = entrance.ticket(offer="group", party=4)
    assert entrance.scan(case.barcode).reason is Reason.FULL
    assert entrance.moves(case) == []


def test_an_addition_beyond_its_limit_is_no_passing(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the rule has let it through, the store does not."""
    add, case = passings.add, entrance.ticket()

    def limited(unit: Unit, passing: Passing) -> Scan | None:
        low = tuple(replace(one, cap=0) for one in passing.counted)
        return add(unit, replace(passing, counted=low))

    with monkeypatch.context() as patched:
        patched.setattr(passings, "add", limited)
        with pytest.raises(Exception, match="busy"):
            entrance.scan(case.barcode)
    assert entrance.moves(case) == []
    assert entrance.counter(f"inside:{entrance.clock.now().date().isoformat()}") is None
