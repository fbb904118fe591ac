"""The service is put back to a copy of yesterday: the stations give the day back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.factories import with_gates, with_offer
from tests.fakes import FrozenClock
from tests.service.halls import Door, Hall
from ticketing.domain.conflicts import ConflictKind
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store import backup
from ticketing.store.unit import Store
from ticketing.wire.moves import MoveKind
from ticketing.wire.sync_api import Result, Upload
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

pytestmark = pytest.mark.only("sqlite")
ENTRY, EXIT, ANNUL = MoveKind.ENTRY, MoveKind.EXIT, MoveKind.ANNUL


@pytest.fixture(name="hall")
def _hall(store: Store, house: House, clock: FrozenClock) -> Hall:
    with_gates(store, house)
    with_offer(store, house)
    with_offer(store, house, slug="again", number=9, reentry=True)
    return Hall(store, house, clock)


@pytest.fixture(name="yesterday")
def _yesterday(tmp_path: Path) -> Path:
    return tmp_path / "yesterday.sqlite3"


@pytest.fixture(name="restored")
def _restored(store_url: str) -> Iterator[list[Store]]:
    """Stores opened after a restore; closed in the end."""
    del store_url
    opened: list[Store] = []
    yield opened
    for store in opened:
        store.close()


def file_of(hall: Hall) -> Path:
    """The database's file."""
    return Path(make_url(hall.store.engine.url).database or "")


def put_back(hall: Hall, copy: Path, opened: list[Store]) -> Hall:
    """The service stops, is restored and starts again."""
    hall.store.close()
    backup.restore(copy, file_of(hall), epoch=7)
    store = Store(str(hall.store.engine.url))
    opened.append(store)
    return replace(hall, store=store)


def online(hall: Hall, door: Door, case: TicketCase, direction: Direction) -> str:
    """A scan that the service judges, and the station journals."""
    answer = hall.online(door, case, direction=direction)
    at, shown = hall.now(), answer.verdict
    door.journal.scan(
        case,
        at,
        shown=shown,
        scan_id=answer.scan_id,
        basis=Basis.ONLINE,
        reason=answer.reason,
    )
    hall.clock.tick(minutes=1)
    return answer.scan_id


def test_a_restored_service_gets_its_day_back_once(
    hall: Hall, yesterday: Path, restored: list[Store]
) -> None:
    """Admits, exits, returns, annuls and counts, online and offline: everything is there once."""
    south, north = hall.door("A"), hall.door("B", gate="nord")
    before, plain, again, wrong = (hall.ticket(offer=o) for o in ("day", "day", "again", "day"))
    south.journal.boot(hall.now())
    online(hall, south, before, Direction.ENTRY)
    hall.upload(south)
    backup.save(file_of(hall), yesterday)

    online(hall, south, plain, Direction.ENTRY)
    online(hall, south, plain, Direction.ENTRY)
    online(hall, north, again, Direction.ENTRY)
    online(hall, south, again, Direction.EXIT)
    online(hall, north, again, Direction.ENTRY)
    taken_back = north.journal.scan(wrong, hall.now())
    north.journal.annul(taken_back, hall.now())
    north.journal.count(2, hall.now())
    hall.upload(south)
    hall.upload(north)
    then = (hall.inside(), [hall.moves(case) for case in (before, plain, again, wrong)])
    assert then == (5, [[ENTRY], [ENTRY], [ENTRY, EXIT, MoveKind.REENTRY], [ENTRY, ANNUL]])

    new = put_back(hall, yesterday, restored)
    assert (new.inside(), new.moves(plain)) == (1, [])
    for door in (north, south, north):
        acked = new.send(door, Upload(door.journal.id, ())).acked
        new.send(door, door.journal.upload(acked + 1))
    assert new.online(north, again).reason is Reason.STILL_INSIDE
    now = (new.inside(), [sorted(new.moves(c)) for c in (before, plain, again, wrong)])
    assert now == (5, [sorted(kinds) for kinds in then[1]])
    # she came back in the north; that she had left in the south arrived after it
    assert [found.state.value for found in new.conflicts()] == ["explained"]
    assert new.send(south, Upload(south.journal.id, ())).acked == south.journal.length


def test_used_tickets_stay_used_after_the_day_is_back(
    hall: Hall, yesterday: Path, restored: list[Store]
) -> None:
    """Before the upload the ticket would open the door again, after it no more."""
    door, case = hall.door("A"), hall.ticket()
    backup.save(file_of(hall), yesterday)
    online(hall, door, case, Direction.ENTRY)
    new = put_back(hall, yesterday, restored)
    assert new.upload(door) == [Result.ACCEPTED]
    assert new.online(hall.door("A"), case).reason is Reason.ALREADY_USED


def test_a_ticket_issued_after_the_copy_is_reported(
    hall: Hall, yesterday: Path, restored: list[Store]
) -> None:
    """The ticket is gone with the day, but the person is inside."""
    door = hall.door("A")
    backup.save(file_of(hall), yesterday)
    online(hall, door, hall.ticket(), Direction.ENTRY)
    new = put_back(hall, yesterday, restored)
    assert new.upload(door) == [Result.CONFLICT]
    assert [found.kind for found in new.conflicts()] == [ConflictKind.UNKNOWN_TICKET]
    assert new.inside() == 1


def test_a_confirmed_question_comes_back_too(
    hall: Hall, yesterday: Path, restored: list[Store]
) -> None:
    """Scan and confirmation are two entries."""
    with_offer(hall.store, hall.house, slug="proof", number=8, proof=True)
    door, case = hall.door("A"), hall.ticket(offer="proof")
    backup.save(file_of(hall), yesterday)
    scan_id = online(hall, door, case, Direction.ENTRY)
    door.journal.resolve(scan_id, hall.now(), checks=(Check.PROOF,))
    new = put_back(hall, yesterday, restored)
    new.upload(door)
    assert (new.moves(case), new.inside(), new.conflicts()) == ([ENTRY], 1, [])
    assert new.scan(scan_id).shown is Verdict.ADMIT


def test_a_restored_database_has_a_new_epoch(
    hall: Hall, yesterday: Path, restored: list[Store]
) -> None:
    """What stations knew is void, and they notice."""
    hall.door("A")
    epoch = hall.counter("epoch")
    backup.save(file_of(hall), yesterday)
    assert put_back(hall, yesterday, restored).counter("epoch") == 7 != epoch


def test_a_database_in_use_is_not_replaced(hall: Hall, yesterday: Path) -> None:
    """Whoever holds it open would go on writing to the old file."""
    backup.save(file_of(hall), yesterday)
    case = hall.ticket()
    with pytest.raises(backup.BackupError, match="in use"), hall.store.unit():
        backup.restore(yesterday, file_of(hall), epoch=7)
    assert hall.moves(case) == []


def test_a_file_that_is_no_backup_is_refused(hall: Hall, tmp_path: Path) -> None:
    """Half a copy, something else, nothing: the database stays."""
    case = hall.ticket()
    whole = tmp_path / "whole"
    backup.save(file_of(hall), whole)
    half, other = tmp_path / "half", tmp_path / "other"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    other.write_text("a letter")
    for copy in (half, other, tmp_path / "nothing"):
        with pytest.raises(backup.BackupError):
            backup.restore(copy, file_of(hall), epoch=7)
    assert hall.moves(case) == []


def test_a_backup_is_never_written_over_another(hall: Hall, yesterday: Path) -> None:
    """And nobody but its owner may read it."""
    backup.save(file_of(hall), yesterday)
    assert yesterday.stat().st_mode & 0o777 == 0o600
    with pytest.raises(backup.BackupError, match="exists"):
        backup.save(file_of(hall), yesterday)


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    """And leaves no empty file behind."""
    with pytest.raises(backup.BackupError, match="no database"):
        backup.save(tmp_path / "none", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
