"""Settings of the house: changed once, seen at once, taken back, told to the audit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import insert

from tests.factories import with_offer, with_ticket
from tests.fakes import START, FrozenClock
from tests.service.conftest import Entrance
from ticketing.domain import FieldError
from ticketing.domain import settings as rules
from ticketing.domain.audit import Action, Actor, ActorKind, Thing, Wanted
from ticketing.domain.calendars import calendar_of, facts_of
from ticketing.domain.failures import StoreUnavailable
from ticketing.domain.retention import Kept
from ticketing.service import audit, retention, settings
from ticketing.service.board import StoredBoard
from ticketing.service.cases import get_ticket
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.gate import scans
from ticketing.service.ports import House
from ticketing.service.settings import Facts, Part, Setting
from ticketing.store import schema
from ticketing.store import settings as rows
from ticketing.store.settings import SettingRow
from ticketing.store.unit import Store, Unit
from ticketing.wire.verdict import Verdict

SHUT = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "closed")


@pytest.fixture(name="hung")
def _hung(store: Store, house: House) -> House:
    """A house whose people may set things."""
    return replace(house, board=StoredBoard(store, house.museum, house.wording))


def get(store: Store, house: House, part: Part) -> Setting:
    """A part as it is stored."""
    with store.unit() as unit:
        return settings.get(unit, house, part=part)


def change(store: Store, house: House, part: Part, facts: Facts, version: int = 0) -> Setting:
    """Set a part."""
    with store.unit() as unit:
        return settings.change(unit, house.fresh(), part=part, facts=facts, version=version)


def take_back(store: Store, house: House, part: Part, version: int) -> Setting:
    """Undo the last change."""
    with store.unit() as unit:
        return settings.take_back(unit, house.fresh(), part=part, version=version)


def test_nobody_has_set_anything(store: Store, hung: House) -> None:
    """The settings file says what holds."""
    found = get(store, hung, Part.MUSEUM)
    assert (found.version, found.before, found.changed_at) == (0, None, None)
    assert found.facts["name"] == "Stadtmuseum Erlenbach"
    assert hung.fresh() == hung


def test_what_is_set_holds_at_once(store: Store, hung: House) -> None:
    """In the process that wrote, without waiting for a second to pass."""
    hung.fresh()
    changed = change(store, hung, Part.MUSEUM, {"capacity": 80})
    assert hung.fresh().museum == replace(hung.museum, capacity=80)
    assert changed == get(store, hung, Part.MUSEUM)
    assert (changed.version, changed.before) == (1, settings_of(hung, Part.MUSEUM))
    change(store, hung, Part.RETENTION, {"messages_days": 30})
    assert hung.fresh().museum.kept == Kept(messages_days=30)
    assert hung.fresh().museum.capacity == 80


def settings_of(house: House, part: Part) -> Facts:
    """What the settings file says of a part."""
    return rules.facts_of(house.museum, part)


def test_another_process_sees_it_a_second_later(
    store: Store, hung: House, clock: FrozenClock
) -> None:
    """It looks at most once a second, also when its clock was put back."""
    other = replace(hung, board=StoredBoard(store, hung.museum, hung.wording))
    other.fresh()
    change(store, hung, Part.MUSEUM, {"name": "Haus am Tor"})
    clock.tick(seconds=0.9)
    assert other.fresh().museum.name == "Stadtmuseum Erlenbach"
    clock.tick(seconds=0.1)
    assert other.fresh().museum.name == "Haus am Tor"
    change(store, hung, Part.MUSEUM, {"name": "Haus am See"}, version=1)
    clock.tick(hours=-1)
    assert other.fresh().museum.name == "Haus am See"


def test_the_board_asks_once_a_second(hung: House, clock: FrozenClock, store: Store) -> None:
    """However many scans there are: one statement, of no scan."""
    asked = Counted(store)
    house = replace(hung, board=StoredBoard(asked, hung.museum, hung.wording))
    for _ in range(50):
        house.fresh()
    assert asked.units == 1
    clock.tick(seconds=1)
    house.fresh()
    assert asked.units == 2


class Counted:
    """A store that counts who looks, and may be out of order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.units = 0
        self.broken: Exception | None = None
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit of the real one, for whoever may go on."""
        self.units += 1
        self.reached.set()
        self.go_on.wait(10)
        if self.broken is not None:
            raise self.broken
        with self.store.unit() as unit:
            yield unit


def test_a_board_that_cannot_look_leaves_what_hangs(
    store: Store, hung: House, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Gates go on by what was known; a second later it is tried again."""
    asked = Counted(store)
    house = replace(hung, board=StoredBoard(asked, hung.museum, hung.wording))
    change(store, house, Part.MUSEUM, {"capacity": 80})
    assert house.fresh().museum.capacity == 80
    asked.broken = StoreUnavailable("OperationalError")
    clock.tick(seconds=1)
    assert house.fresh().museum.capacity == 80
    assert caplog.messages == ["settings: StoreUnavailable"]
    asked.broken = None
    change(store, hung, Part.MUSEUM, {"capacity": 90}, version=1)
    assert house.fresh().museum.capacity == 80
    clock.tick(seconds=1)
    assert house.fresh().museum.capacity == 90


def test_nobody_waits_for_who_is_looking(store: Store, hung: House, clock: FrozenClock) -> None:
    """A slow database holds up one request a second, not every scan."""
    asked = Counted(store)
    house = replace(hung, board=StoredBoard(asked, hung.museum, hung.wording))
    house.fresh()
    clock.tick(seconds=1)
    asked.go_on.clear()
    asked.reached.clear()
    slow = threading.Thread(target=house.fresh)
    slow.start()
    assert asked.reached.wait(10)
    clock.tick(seconds=1)
    assert house.fresh().museum == hung.museum
    asked.go_on.set()
    slow.join()
    assert asked.units == 2


def test_what_was_set_is_not_hidden_by_who_looked_before(
    store: Store, hung: House, clock: FrozenClock
) -> None:
    """A look that began before the change does not count as one after it."""
    asked = Counted(store)
    house = replace(hung, board=StoredBoard(asked, hung.museum, hung.wording))
    house.fresh()
    clock.tick(seconds=1)
    asked.go_on.clear()
    asked.reached.clear()
    slow = threading.Thread(target=house.fresh)
    slow.start()
    assert asked.reached.wait(10)
    change(store, hung, Part.MUSEUM, {"capacity": 80})
    turning = threading.Thread(target=house.board.turn)
    turning.start()
    asked.go_on.set()
    turning.join()
    slow.join()
    assert house.fresh().museum.capacity == 80


def test_a_scan_pays_for_no_look(entrance: Entrance) -> None:
    """Five statements as before, with everything set that can be."""
    asked = Counted(entrance.store)
    board = StoredBoard(asked, entrance.house.museum, entrance.house.wording)
    hung = replace(entrance.house, board=board)
    hours = {**settings_of(hung, Part.OPENING), "last_admission_min": 1}
    everything: dict[Part, Facts] = {
        Part.OPENING: hours,
        Part.MUSEUM: {"capacity": 80},
        Part.RETENTION: {"messages_days": 60},
        Part.WORDING: {"menu.what.de": "Was darf es sein?"},
    }
    assert set(everything) == set(Part)
    for part, facts in everything.items():
        assert change(entrance.store, hung, part, facts).version == 1
    case = entrance.ticket()
    hung.fresh()
    looks = asked.units
    with entrance.store.unit() as unit:
        house = hung.fresh()
        request = entrance.request(case.barcode)
        answer = scans.scan(
            unit, house, station=entrance.station, request=request, lang="en"
        ).answer
    assert answer.verdict is Verdict.ADMIT
    assert unit.statements <= 5
    assert asked.units == looks


def test_erasing_goes_by_what_the_database_has(
    store: Store, hung: House, clock: FrozenClock
) -> None:
    """Not by what a look that failed has left to hold, nor by the settings file's shorter time."""
    change(store, hung, Part.RETENTION, {"messages_days": 300, "tickets_days": 200})
    broken = Counted(store)
    broken.broken = StoreUnavailable("OperationalError")
    house = replace(hung, board=StoredBoard(broken, hung.museum, hung.wording)).fresh()
    assert house.museum.kept == Kept()
    with store.unit() as unit:
        assert settings.kept(unit, house) == Kept(messages_days=300, tickets_days=200)
    broken.broken = None
    with_offer(store, house)
    case = with_ticket(store, house, holder="Anna")
    clock.tick(days=100)
    retention.run(store, house)
    with store.unit() as unit:
        assert get_ticket(unit, house, ticket_id=case.ticket.id).ticket.holder == "Anna"


def test_a_part_that_cannot_be_read_hides_no_other(
    store: Store, hung: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as one of a newer release: the settings file says what holds there."""
    change(store, hung, Part.MUSEUM, {"capacity": 80})
    row = SettingRow(part=Part.OPENING, version=1, facts={"mon": "?"}, before={}, changed_at=START)
    with store.unit() as unit:
        unit.begin()
        rows.add(unit, row)
        unit.commit()
    hung.board.turn()
    museum = hung.fresh().museum
    assert (museum.capacity, museum.hours) == (80, hung.museum.hours)
    assert "settings: BadCalendar of opening" in caplog.messages


def test_the_second_of_two_is_told(store: Store, hung: House) -> None:
    """Whoever read an older version changes nothing, and neither does their undo."""
    change(store, hung, Part.MUSEUM, {"capacity": 80})
    with pytest.raises(Conflict, match="changed"):
        change(store, hung, Part.MUSEUM, {"capacity": 90})
    for part, version in ((Part.MUSEUM, 2), (Part.OPENING, 0)):
        with pytest.raises(Conflict, match="changed"):
            take_back(store, hung, part, version)
    assert get(store, hung, Part.MUSEUM).facts["capacity"] == 80


@pytest.mark.parametrize("version", [0, 1])
def test_of_two_at_once_one_comes_through(store: Store, hung: House, version: int) -> None:
    """On both engines, for the first change and for any later one."""
    if version:
        change(store, hung, Part.RETENTION, {"messages_days": 30})
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def set_days(days: int) -> None:
        start.wait()
        try:
            change(store, hung, Part.RETENTION, {"messages_days": days}, version=version)
        except Conflict as refused:
            outcomes.append(refused.reason)
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=set_days, args=(days,)) for days in (40, 50, 60, 70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed"] * 3 + ["done"]
    assert get(store, hung, Part.RETENTION).version == version + 1


def test_a_row_is_stored_by_one_only(store: Store, clock: FrozenClock) -> None:
    """The rows themselves refuse a version that is there, or that does not follow."""
    row = SettingRow(
        part=Part.MUSEUM, version=1, facts={"capacity": 1}, before={}, changed_at=clock.now()
    )
    with store.unit() as unit:
        unit.begin()
        assert rows.add(unit, row)
        assert not rows.add(unit, row)
        assert not rows.change(unit, row)
        assert rows.change(unit, replace(row, version=2))
        unit.commit()
        assert rows.listed(unit) == (replace(row, version=2),)


def test_a_lost_race_is_told(store: Store, hung: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL lets two read the same version: the second one's row is not stored."""
    monkeypatch.setattr(rows, "add", lambda *_: False)
    with pytest.raises(Conflict, match="changed"):
        change(store, hung, Part.MUSEUM, {"capacity": 80})
    assert hung.fresh().museum.capacity == 0


def test_the_last_change_is_taken_back_and_made_again(store: Store, hung: House) -> None:
    """One step, both ways."""
    change(store, hung, Part.OPENING, SHUT)
    take_back(store, hung, Part.OPENING, 1)
    assert hung.fresh().museum.hours == calendar_of(facts_of(hung.museum.hours))
    take_back(store, hung, Part.OPENING, 2)
    assert hung.fresh().museum.hours.weekly == (None,) * 7
    assert get(store, hung, Part.OPENING).version == 3


def test_facts_that_cannot_be_are_refused(store: Store, hung: House) -> None:
    """Field by field; nothing is stored."""
    with pytest.raises(Invalid) as refused:
        change(store, hung, Part.MUSEUM, {"name": "", "capacity": -1})
    assert refused.value.errors == (FieldError("name", "length"), FieldError("capacity", "range"))
    with pytest.raises(Invalid):
        change(store, hung, Part.OPENING, {"mon": "early"})
    assert get(store, hung, Part.MUSEUM).version == 0


def test_a_change_is_told_with_what_was_before(store: Store, hung: House) -> None:
    """Only what differs, in the name of who did it; a change without a change is none."""
    acting = replace(hung, actor=Actor(ActorKind.STAFF, "staff_1"))
    change(store, acting, Part.OPENING, SHUT | {"last_admission_min": 45, "sat": "10:00-18:00"})
    changed = change(store, acting, Part.OPENING, SHUT | {"last_admission_min": 45}, version=1)
    assert change(store, acting, Part.OPENING, changed.facts, version=2) == changed
    with store.unit() as unit:
        wanted = Wanted(action=Action.SETTINGS_CHANGED)
        newest, first = audit.page(unit, wanted=wanted).items
    assert (newest.object, newest.actor) == (Thing("settings", "opening"), acting.actor)
    assert (newest.before, newest.after) == ({"sat": "10:00-18:00"}, {"sat": "closed"})
    assert first.before is not None
    assert first.before["easter.1"] == "10:00-18:00"


def test_settings_of_another_release_are_left_alone(store: Store, hung: House) -> None:
    """A part it does not know is not read, a fact that is missing is as in the settings file."""
    row = {"part": "colours", "version": 1, "facts": {}, "before": {}, "changed_at": START}
    with store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.settings).values(row))
        unit.run(insert(schema.settings).values(row | {"part": "museum", "facts": {"capacity": 7}}))
        unit.commit()
    assert hung.fresh().museum == replace(hung.museum, capacity=7)
    assert get(store, hung, Part.MUSEUM).facts["name"] == "Stadtmuseum Erlenbach"
