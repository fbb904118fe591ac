"""The unit of work: rollback unless committed, one writer at a time."""

import fcntl
import gc
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from tests.fakes import START
from ticketing.domain.failures import StoreUnavailable
from ticketing.store import counters, schema
from ticketing.store import unit as unit_module
from ticketing.store.unit import Store, Unit, sqlite_url
from ticketing.wire.verdict import TicketState


def test_what_is_not_committed_is_gone(store: Store) -> None:
    """Leaving a unit, by its end or by an error, rolls back."""
    with store.unit() as unit:
        unit.begin()
        counters.add(unit, "n", 1)
    with pytest.raises(IntegrityError):
        _write_and_fail(store)
    with store.unit() as unit:
        assert counters.read(unit, "n") is None


def test_what_is_committed_stays(store: Store) -> None:
    """And a unit may write again afterwards; beginning twice is one beginning."""
    with store.unit() as unit:
        for expected in (1, 2):
            unit.begin()
            unit.begin()
            assert counters.add(unit, "n", 1) == expected
            unit.commit()
    with store.unit() as unit:
        assert counters.read(unit, "n") == 2


def test_a_rollback_drops_and_frees(store: Store) -> None:
    """Without a transaction it does nothing."""
    with store.unit() as unit:
        unit.rollback()
        unit.begin()
        counters.add(unit, "n", 1)
        unit.rollback()
        assert counters.read(unit, "n") is None


def test_a_commit_without_a_beginning_is_a_fault(store: Store) -> None:
    """Somebody forgot to take the lock."""
    with store.unit() as unit, pytest.raises(RuntimeError, match="begin"):
        unit.commit()


def _full(*_: object) -> NoReturn:
    raise OSError("the disk is full")


def test_a_failed_commit_keeps_nothing_and_frees_the_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the next unit can write."""
    with store.unit() as unit:
        unit.begin()
        counters.add(unit, "n", 1)
        with monkeypatch.context() as world:
            world.setattr(unit_module, "execute", _full)
            with pytest.raises(OSError, match="disk"):
                unit.commit()
    with store.unit() as unit:
        assert counters.read(unit, "n") is None
        unit.begin()
        assert counters.add(unit, "n", 1) == 1
        unit.commit()


def test_a_failed_beginning_frees_the_lock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that broke keeps nobody else out."""
    with monkeypatch.context() as world, store.unit() as unit:
        world.setattr(unit_module, "execute", _full)
        with pytest.raises(OSError, match="disk"):
            unit.begin()
    with store.unit() as unit:
        unit.begin()
        unit.commit()


def test_eight_writers_lose_nothing(store: Store) -> None:
    """They queue; every addition counts."""

    def add() -> None:
        for _ in range(25):
            with store.unit() as unit:
                unit.begin()
                counters.add(unit, "n", 1)
                unit.commit()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.unit() as unit:
        assert counters.read(unit, "n") == 200


def test_a_hold_is_measured_on_sqlite(store: Store, engine: str) -> None:
    """PostgreSQL queues by itself and has no such lock."""
    with store.unit() as unit:
        unit.begin()
        unit.commit()
    assert (store.longest_hold_ms > 0) is (engine == "sqlite")


@pytest.mark.only("sqlite")
def test_nothing_is_collected_while_the_lock_is_held(store: Store) -> None:
    """A look through all objects would keep the gates waiting; afterwards there is time for it."""
    for end in (Unit.commit, Unit.rollback):
        with store.unit() as unit:
            assert gc.isenabled()
            unit.begin()
            assert not gc.isenabled()
            end(unit)
            assert gc.isenabled()


def test_a_figure_is_fixed_by_whoever_comes_first(store: Store) -> None:
    """The epoch of a database never changes."""
    with store.unit() as unit:
        unit.begin()
        assert counters.fix(unit, "epoch", 2**63 - 1) == 2**63 - 1
        assert counters.fix(unit, "epoch", 7) == 2**63 - 1
        unit.commit()


def test_a_naive_time_is_refused(store: Store) -> None:
    """Only aware times are stored, to the millisecond."""
    row = {"slug": "a", "name_de": "a", "name_en": "a"}
    naive = START.replace(tzinfo=None)
    with store.unit() as unit, pytest.raises(StatementError, match="aware"):
        unit.run(insert(schema.gates).values(row | {"created_at": naive}))
    exact = datetime(2026, 10, 4, 12, 0, 0, 123_999, tzinfo=UTC)
    with store.unit() as unit:
        unit.begin()
        unit.run(insert(schema.gates).values(row | {"created_at": exact}))
        stored = unit.run(select(schema.gates.c.created_at)).scalar_one()
    assert exact - stored == timedelta(microseconds=999)


def test_a_word_outside_its_vocabulary_is_refused(store: Store) -> None:
    """Neither stored nor looked for."""
    query = select(schema.tickets).where(schema.tickets.c.state == "lost")
    with store.unit() as unit, pytest.raises(StatementError):
        unit.run(query)
    assert TicketState("valid") == "valid"


def test_a_reference_to_nothing_is_refused(store: Store) -> None:
    """Foreign keys hold on both engines."""
    with pytest.raises(IntegrityError):
        _write_and_fail(store)


def test_a_wrong_type_is_refused_by_the_database(store: Store) -> None:
    """STRICT tables and PostgreSQL alike."""
    wrong = text("INSERT INTO counters (name, n) VALUES ('n', 'many')")
    with store.unit() as unit:
        unit.begin()
        with pytest.raises(DBAPIError):
            unit.run(wrong)


@pytest.mark.only("sqlite")
def test_a_writer_that_cannot_lock_frees_the_threads(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The side file cannot be locked: an error, and the next one may try."""

    def refuses(_file: object, _how: int) -> None:
        raise OSError("no locks available")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", refuses)
        with store.unit() as unit, pytest.raises(StoreUnavailable):
            unit.begin()
    with store.unit() as unit:
        unit.begin()
        unit.commit()


@pytest.mark.only("sqlite")
def test_a_full_disk_is_said_and_the_next_unit_can_write(store: Store) -> None:
    """SQLite drops the transaction by itself: the rollback after it is no second fault."""
    with pytest.raises(StoreUnavailable, match=r"^OperationalError$"):
        _fill(store)
    store.engine.dispose()
    with store.unit() as unit:
        assert not unit.is_healthy
        assert counters.read(unit, "n0") is None
        unit.begin()
        assert counters.add(unit, "n", 1) == 1
        unit.commit()


@pytest.mark.only("sqlite")
def test_a_database_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """A folder that is not there, first for reading, then for the lock file."""
    lost = Store(sqlite_url(tmp_path / "nowhere" / "einlass.sqlite3"))
    with pytest.raises(StoreUnavailable), lost.unit() as unit:
        counters.read(unit, "n")
    lost.close()


@pytest.mark.only("sqlite")
def test_a_missing_table_is_a_fault_of_ours(store: Store) -> None:
    """Waiting would not help: it is not called unavailable."""
    with store.unit() as unit, pytest.raises(DBAPIError):
        unit.run(text("SELECT 1 FROM nothing"))
    with pytest.raises(DBAPIError), store.unit() as unit:
        unit.run(text("SELECT 1 FROM nothing"))


def _fill(store: Store) -> None:
    """Count under ever new names until nothing fits."""
    with store.unit() as unit:
        unit.run(text("PRAGMA max_page_count=1"))
        unit.begin()
        for number in range(5000):
            counters.add(unit, f"n{number}", 1)


def _write_and_fail(store: Store) -> None:
    """Count, then write a move of a ticket that does not exist."""
    row = {"ticket_id": b"x", "move_no": 1, "scan_id": b"y", "kind": "entry"}
    rest = {"people": 1, "at": START, "gate": "sued"}
    with store.unit() as unit:
        unit.begin()
        counters.add(unit, "n", 1)
        unit.run(insert(schema.moves).values(row | rest))


@pytest.mark.only("sqlite")
def test_whoever_held_the_lock_long_lets_others_in(store: Store) -> None:
    """Bulk work that comes back at once would otherwise keep a scan out, chunk after chunk."""
    order: list[str] = []
    bulk_began, ended = threading.Event(), threading.Event()

    def bulk() -> None:
        for _ in range(3):
            with store.unit() as unit:
                unit.begin()
                bulk_began.set()
                ended.wait(0.05)
                order.append("chunk")
                unit.commit()

    worker = threading.Thread(target=bulk)
    worker.start()
    bulk_began.wait(5)
    with store.unit() as unit:
        unit.begin()
        order.append("scan")
        unit.commit()
    worker.join()
    assert order.index("scan") < 2
    assert store.longest_hold_ms >= 50
