"""Uploads: kept as sent, settled once, in any order; broken and forked journals."""

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import a_scan_id, with_gates, with_offer
from tests.fakes import FrozenClock
from tests.journals import Journal, StationKey
from tests.service.halls import Door, Hall
from ticketing.domain.conflicts import ConflictKind
from ticketing.service.errors import Conflict
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store import journals as rows
from ticketing.store import scans as scan_rows
from ticketing.store.journals import Journal as KeptJournal
from ticketing.store.scans import Scan
from ticketing.store.unit import Store, Unit
from ticketing.wire.moves import MoveKind
from ticketing.wire.sync_api import Result, SentEntry, Upload
from ticketing.wire.verdict import Direction, Verdict

ENTRY = MoveKind.ENTRY


@pytest.fixture(name="hall")
def _hall(store: Store, house: House, clock: FrozenClock) -> Hall:
    with_gates(store, house)
    with_offer(store, house)
    return Hall(store, house, clock)


def journal_of(hall: Hall, door: Door) -> KeptJournal:
    """The journal of a door as the service has it."""
    with hall.store.unit() as unit:
        found = rows.find(unit, door.journal.id)
    assert found is not None
    return found


def a_day(hall: Hall, door: Door, scans: int = 6) -> None:
    """A start, and some people with a ticket each."""
    door.journal.boot(hall.now(-60))
    for n in range(scans):
        door.journal.scan(hall.ticket(), hall.now(n - 50))


# ------------------------------------------------------------ two gates and more
def test_two_gates_offline_with_one_ticket_make_one_conflict_naming_both(hall: Hall) -> None:
    """Both let it in: one move, two people, one record with both scans."""
    south, north = hall.door("A"), hall.door("B", gate="nord")
    case = hall.ticket()
    first = south.journal.scan(case, hall.now(-9))
    second = north.journal.scan(case, hall.now(-8))
    assert hall.upload(south) == [Result.ACCEPTED]
    assert hall.upload(north) == [Result.CONFLICT]
    [found] = hall.conflicts()
    assert (found.counted, found.extra) == (bytes.fromhex(first), bytes.fromhex(second))
    assert [hall.scan(scan).gate for scan in (first, second)] == ["sued", "nord"]
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 2)


def test_three_gates_make_two_conflicts_with_the_same_counted_scan(hall: Hall) -> None:
    """One record per extra scan."""
    case = hall.ticket()
    scans = {}
    for name in ("A", "B", "C"):
        scans[name] = hall.door(name).journal.scan(case, hall.now(-9))
        hall.upload(hall.door(name))
    found = hall.conflicts()
    assert {one.counted for one in found} == {bytes.fromhex(scans["A"])}
    assert {one.extra for one in found} == {bytes.fromhex(scans[n]) for n in ("B", "C")}
    assert (hall.moves(case), hall.inside()) == ([ENTRY], 3)


# ------------------------------------------------------------ sent twice, halved, in any order
def test_an_upload_cut_off_half_way_is_sent_again_without_loss_or_double(hall: Hall) -> None:
    """The station never heard that three of seven had arrived."""
    door = hall.door("A")
    a_day(hall, door)
    hall.send(door, door.journal.upload(1, 3))
    answer = hall.send(door, door.journal.upload())
    assert [item.result for item in answer.items] == [Result.KNOWN] * 3 + [Result.ACCEPTED] * 4
    assert (answer.acked, answer.head) == (7, door.journal.hashes[7])
    assert (hall.inside(), len(hall.kept(door)), hall.conflicts()) == (6, 7, [])


@pytest.mark.parametrize("order", [(2, 1, 3), (3, 2, 1), (3, 1, 2, 3, 2)])
def test_batches_may_come_in_any_order_and_again(hall: Hall, order: tuple[int, ...]) -> None:
    """Complete is what lies without a gap from the beginning."""
    door = hall.door("A")
    a_day(hall, door, scans=8)
    parts = {1: (1, 3), 2: (4, 6), 3: (7, 9)}
    acked = [hall.send(door, door.journal.upload(*parts[part])).acked for part in order]
    assert acked[-1] == 9
    assert hall.inside() == 8
    kept = journal_of(hall, door)
    assert (kept.broken_at, kept.forked_at) == (None, None)
    assert kept.head == door.journal.hashes[9]


def test_what_lies_behind_a_gap_is_not_acknowledged(hall: Hall) -> None:
    """It is stored and settled, but the station must send the rest."""
    door = hall.door("A")
    a_day(hall, door)
    hall.send(door, door.journal.upload(1, 2))
    assert hall.send(door, door.journal.upload(5)).acked == 2
    assert hall.inside() == 4


def test_without_entries_the_service_says_how_far_it_is(hall: Hall) -> None:
    """Nothing of it: 0, and the hash before the first."""
    door = hall.door("A")
    a_day(hall, door)
    nothing = Upload(door.journal.id, ())
    assert hall.send(door, nothing).head == door.journal.hashes[0]
    hall.send(door, door.journal.upload(1, 4))
    answer = hall.send(door, nothing)
    assert (answer.acked, answer.head) == (4, door.journal.hashes[4])


def test_a_journal_of_another_station_is_refused(hall: Hall) -> None:
    """Whole: nothing of it is stored."""
    door, other = hall.door("A"), hall.door("B")
    a_day(hall, door)
    hall.send(door, door.journal.upload(1, 3))
    with pytest.raises(Conflict, match="foreign_journal"):
        hall.send(other, door.journal.upload(4))
    assert (len(hall.kept(door)), hall.inside()) == (3, 2)


# ------------------------------------------------------------ poison
POISON = (
    "", "no JSON", "[]", '{"kind":"spell"}', '{"kind":"scan"}', '{"kind":"scan","at":1e9}',
    '{"at":-1,"kind":"link","up":true}', '{"at":99999999999999999999,"kind":"link","up":true}',
    '{"at":0,"kind":"boot","version":"1"}', "{" * 5_000, '{"kind":"boot","version":"\\ud800"}',
    "\x00", '{"at":1791115200000,"diff_ms":9999999999999999,"kind":"clock"}',
)  # fmt: skip


@pytest.mark.parametrize("text", POISON)
def test_a_poison_row_does_not_stop_the_queue(hall: Hall, text: str) -> None:
    """It is stored with its reason, and those behind it are settled."""
    door = hall.door("A")
    door.journal.boot(hall.now(-60))
    door.journal.write_text(text)
    door.journal.scan(hall.ticket(), hall.now(-50))
    assert hall.upload(door) == [Result.ACCEPTED, Result.REJECTED, Result.ACCEPTED]
    assert hall.kept(door)[1].detail
    assert hall.send(door, Upload(door.journal.id, ())).acked == 3
    assert hall.upload(door) == [Result.KNOWN] * 3


IMPOSSIBLE = (
    {"text_class": "foreign"},
    {"people": 0},
    {"people": 256},
    {"issue": 256},
    {"issue": -1},
    {"shown": Verdict.EXIT},
)


@pytest.mark.parametrize("changes", IMPOSSIBLE, ids=str)
def test_impossible_values_are_rejected(hall: Hall, changes: dict[str, Any]) -> None:
    """A scan that cannot have been counts nobody."""
    door, case = hall.door("A"), hall.ticket()
    if changes == {"shown": Verdict.EXIT}:
        door.journal.scan(case, hall.now(), shown=Verdict.EXIT, direction=Direction.ENTRY)
    else:
        door.journal.scan(case, hall.now(), **changes)
    assert hall.upload(door) == [Result.REJECTED]
    assert (hall.moves(case), hall.inside()) == ([], 0)


def test_texts_no_database_takes_are_made_plain(hall: Hall) -> None:
    """A null character and half a character in a reason."""
    door, case = hall.door("A"), hall.ticket()
    scan_id = door.journal.scan(case, hall.now())
    at = 1_791_115_200_000
    body = f'{{"at":{at},"kind":"annul","reason":"a\\u0000b\\ud800","scan_id":"{scan_id}"}}'
    door.journal.write_text(body)
    assert hall.upload(door) == [Result.ACCEPTED] * 2
    assert hall.scan(scan_id).why == "a\ufffdb?"


def test_a_row_that_the_database_refuses_is_rejected_alone(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours must not stop a station's queue either."""
    door = hall.door("A")
    a_day(hall, door)
    bad = bytes.fromhex(door.journal.scan(hall.ticket(), hall.now()))
    a_day(hall, door, scans=2)
    add = scan_rows.add

    def refuse(unit: Unit, scan: Scan) -> bool:
        if scan.scan_id == bad:
            raise OverflowError
        return add(unit, scan)

    monkeypatch.setattr("ticketing.store.scans.add", refuse)
    results = hall.upload(door)
    assert [n for n, result in enumerate(results, 1) if result is Result.REJECTED] == [8]
    assert hall.inside() == 8


# ------------------------------------------------------------ chains
def test_a_changed_entry_breaks_the_chain_and_is_processed(hall: Hall) -> None:
    """Somebody changed the station's file: marked, an alarm, nothing refused."""
    door = hall.door("A")
    a_day(hall, door)
    sent = door.journal.upload()
    other = sent.entries[3].body.replace('"people":1', '"people":2')
    entries = (*sent.entries[:3], replace(sent.entries[3], body=other), *sent.entries[4:])
    answer = hall.send(door, replace(sent, entries=entries))
    assert {item.result for item in answer.items[:3]} == {Result.ACCEPTED}
    assert answer.acked == 7
    assert [kept.chain for kept in hall.kept(door)][:4] == ["good"] * 3 + ["broken"]
    assert journal_of(hall, door).broken_at == hall.now()
    assert (hall.inside(), len(hall.conflicts())) == (7, 1)  # two with a ticket for one


def test_a_signature_of_another_key_breaks_the_chain(hall: Hall) -> None:
    """Whoever has the token alone cannot write the journal."""
    door = hall.door("A")
    forged = Journal(StationKey.of("thief"), name="A")
    forged.boot(hall.now())
    hall.send(door, Upload(door.journal.id, tuple(forged.entries)))
    assert journal_of(hall, door).broken_at is not None
    assert [kept.chain for kept in hall.kept(door)] == ["broken"]


@pytest.mark.parametrize("sig", [b"", b"short", bytes(64)])
def test_a_signature_that_is_none_is_processed_all_the_same(hall: Hall, sig: bytes) -> None:
    """People have passed, whatever became of the record."""
    door, case = hall.door("A"), hall.ticket()
    door.journal.scan(case, hall.now())
    [entry] = door.journal.entries
    hall.send(door, Upload(door.journal.id, (SentEntry(1, entry.body, sig),)))
    assert (hall.moves(case), hall.kept(door)[0].chain) == ([ENTRY], "broken")


def test_a_batch_that_comes_first_without_its_past_is_marked_and_heals(hall: Hall) -> None:
    """`previous` is optional: what it follows is seen when that arrives."""
    door = hall.door("A")
    a_day(hall, door)
    hall.send(door, door.journal.upload(4, previous=False))
    assert hall.kept(door)[0].chain == "broken"
    answer = hall.send(door, door.journal.upload(1, 3))
    assert answer.acked == 7
    assert hall.upload(door) == [Result.KNOWN] * 7
    assert (hall.inside(), journal_of(hall, door).forked_at) == (6, None)


# ------------------------------------------------------------ forks
def test_a_station_restored_from_an_image_makes_a_fork(hall: Hall) -> None:
    """The same numbers with other entries: stored, settled, alarmed, never `known`."""
    door = hall.door("A")
    a_day(hall, door, scans=3)
    image = door.journal.copy()
    door.journal.scan(hall.ticket(), hall.now(-5))
    door.journal.scan(hall.ticket(), hall.now(-4))
    hall.upload(door)
    image.boot(hall.now(-3))
    image.scan(hall.ticket(), hall.now(-2))
    image.scan(hall.ticket(), hall.now(-1))
    answer = hall.send(door, image.upload(5))
    assert [item.result for item in answer.items] == [Result.FORK] * 2 + [Result.ACCEPTED]
    assert journal_of(hall, door).forked_at == hall.now()
    assert [found.kind for found in hall.conflicts()] == [ConflictKind.FORK]
    assert (hall.inside(), len(hall.kept(door))) == (7, 9)
    assert hall.send(door, image.upload(5)).items[0].result is Result.KNOWN


def test_a_fork_is_acknowledged_along_its_own_line(hall: Hall) -> None:
    """The restored station must not take the other history's entries for its own."""
    door = hall.door("A")
    a_day(hall, door, scans=2)
    image = door.journal.copy()
    for _ in range(4):
        door.journal.scan(hall.ticket(), hall.now())
    hall.upload(door)
    image.boot(hall.now())
    image.scan(hall.ticket(), hall.now())
    answer = hall.send(door, image.upload(4, 4))
    assert (answer.acked, answer.head) == (4, image.hashes[4])
    answer = hall.send(door, image.upload(5, 5))
    assert (answer.acked, answer.head) == (5, image.hashes[5])


def test_both_histories_have_counted_people(hall: Hall) -> None:
    """The same number, two different counts: both hold."""
    door = hall.door("A")
    image = door.journal.copy()
    door.journal.count(3, hall.now())
    image.count(2, hall.now())
    hall.upload(door)
    hall.send(door, image.upload())
    assert hall.inside() == 5


# ------------------------------------------------------------ what else stands in a journal
def test_people_counted_by_hand_are_inside_once(hall: Hall) -> None:
    """Three in, one out; sent twice."""
    door = hall.door("A")
    door.journal.count(3, hall.now(-5))
    door.journal.count(-1, hall.now(-4))
    hall.upload(door)
    hall.upload(door)
    assert hall.inside() == 2


def test_a_start_tells_the_version(hall: Hall) -> None:
    """And the station was heard of."""
    door = hall.door("A")
    door.journal.boot(hall.now(), version="2.0")
    hall.upload(door)
    with hall.store.unit() as unit:
        [station] = stations.list_stations(unit)
    assert (station.version, station.last_seen_at) == ("2.0", hall.now())


def test_a_scan_id_of_another_ticket_is_rejected(hall: Hall) -> None:
    """A reused id cannot stand for two people."""
    door, first, second = hall.door("A"), hall.ticket(), hall.ticket()
    scan_id = hall.online(door, first, scan_id=a_scan_id()).scan_id
    door.journal.scan(second, hall.now(), scan_id=scan_id)
    assert hall.upload(door) == [Result.REJECTED]
    assert hall.moves(second) == []


def test_no_upload_holds_the_lock_for_long(hall: Hall) -> None:
    """Many entries are many short transactions."""
    door = hall.door("A")
    a_day(hall, door, scans=150)
    hall.upload(door)
    print(f"longest hold: {hall.store.longest_hold_ms:.0f} ms")  # noqa: T201  a figure to watch
    assert hall.inside() == 150
