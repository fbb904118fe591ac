"""Work of several threads in one transaction: each piece by itself, nothing told too early."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError

from ticketing.store import counters, schema
from ticketing.store.together import Joint
from ticketing.store.unit import Store, Unit, WriterLock

THREADS = 8


def counting(name: str, n: int = 1) -> Callable[[Unit], int]:
    """Work that adds to a counter and keeps it."""

    def work(unit: Unit) -> int:
        unit.begin()
        total = counters.add(unit, name, n)
        unit.commit()
        return total

    return work


def counted(store: Store, name: str) -> int | None:
    """What is kept, as another unit sees it."""
    with store.unit() as unit:
        return counters.read(unit, name)


def queued(
    store: Store, *works: Callable[[Unit], object], joint: Joint[Unit, object] | None = None
) -> list[Future[object]]:
    """Works that came while one was running, so that they share the next transaction."""
    started, release = threading.Event(), threading.Event()

    def holding(_unit: Unit) -> None:
        started.set()
        release.wait(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        pool.submit(store.together, holding, joint)
        assert started.wait(10)
        futures = [pool.submit(store.together, work, joint) for work in works]
        threading.Timer(0.2, release.set).start()
    return futures


def test_every_piece_counts_once(store: Store) -> None:
    """However many threads come, each of their pieces is kept, and each got its own answer."""
    with ThreadPoolExecutor(THREADS) as pool:
        totals = list(pool.map(lambda _: store.together(counting("n")), range(200)))
    assert sorted(totals) == list(range(1, 201))
    assert counted(store, "n") == 200


def test_what_a_piece_has_written_is_kept_when_it_is_told(store: Store) -> None:
    """Another unit finds it as soon as the answer is there."""
    for expected in range(1, 6):
        assert store.together(counting("n")) == expected
        assert counted(store, "n") == expected


def test_a_piece_that_fails_leaves_the_others_alone(store: Store) -> None:
    """Its own part is dropped, its own thread hears of it."""

    def failing(unit: Unit) -> None:
        unit.begin()
        counters.add(unit, "bad", 1)
        raise ValueError("no")

    good, bad, other = queued(store, counting("good"), failing, counting("good"))
    assert {good.result(), other.result()} == {1, 2}
    with pytest.raises(ValueError, match="no"):
        bad.result()
    assert (counted(store, "good"), counted(store, "bad")) == (2, None)


def test_a_piece_that_does_not_commit_leaves_nothing(store: Store) -> None:
    """As with any unit."""

    def forgetful(unit: Unit) -> int:
        unit.begin()
        return counters.add(unit, "n", 1)

    futures = queued(store, forgetful, counting("n"), forgetful)
    assert len([future.result() for future in futures]) == 3
    assert counted(store, "n") == 1


def test_a_fault_of_the_database_is_that_of_one_piece(store: Store) -> None:
    """The joint transaction is dropped and each piece is done by itself."""

    def broken(unit: Unit) -> None:
        unit.begin()
        unit.run(text("SELECT nothing FROM nowhere"))

    good, bad, other = queued(store, counting("n"), broken, counting("n"))
    assert {good.result(), other.result()} == {1, 2}
    assert isinstance(bad.exception(), Exception)
    assert counted(store, "n") == 2


def test_a_failed_commit_is_told_and_nothing_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is admitted by a transaction that the disk did not take."""
    begun = threading.Event()

    def refused(_unit: Unit) -> None:
        begun.set()
        raise OperationalError("COMMIT", None, Exception("disk full"))

    monkeypatch.setattr(Unit, "commit", refused)
    with pytest.raises(Exception, match="Exception"):
        store.together(counting("n"))
    monkeypatch.undo()
    assert begun.is_set()
    assert counted(store, "n") is None
    assert store.together(counting("n")) == 1


def test_a_unit_may_be_read_and_written_again_in_a_piece(store: Store) -> None:
    """Rolling back and beginning anew works as in a unit of its own."""

    def twice(unit: Unit) -> int | None:
        unit.begin()
        counters.add(unit, "n", 5)
        unit.rollback()
        unit.begin()
        counters.add(unit, "n", 1)
        unit.commit()
        unit.begin()
        unit.run(insert(schema.counters).values(name="m", n=1))
        unit.rollback()
        return counters.read(unit, "n")

    assert store.together(twice) == 1
    assert (counted(store, "n"), counted(store, "m")) == (1, None)


@pytest.mark.only("postgres")
def test_on_postgresql_work_of_a_kind_is_done_at_once(store: Store) -> None:
    """By the function that knows it; what it leaves out is done by itself."""
    asked: list[int] = []

    def joint(unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        asked.append(len(works))
        return [works[0](unit), *("done" for _ in works[1:-1]), None]

    works = [counting("n", 10**n) for n in range(4)]
    results = [future.result() for future in queued(store, *works, joint=joint)]
    assert asked == [4]
    assert (results.count("done"), len(results)) == (2, 4)
    alone = [one for one in results if one != "done"]
    assert counted(store, "n") == max(int(str(one)) for one in alone)
    assert store.together(counting("m"), joint) == 1
    assert asked == [4]


@pytest.mark.only("postgres")
def test_what_could_not_be_done_at_once_is_done_one_by_one(store: Store) -> None:
    """Nobody hears of the fault of the others."""

    def joint(unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        unit.begin()
        counters.add(unit, "n", len(works))
        unit.run(text("SELECT nothing FROM nowhere"))
        return []

    results = [one.result() for one in queued(store, *[counting("n")] * 3, joint=joint)]
    assert sorted(int(str(one)) for one in results) == [1, 2, 3]
    assert counted(store, "n") == 3


@pytest.mark.only("sqlite")
def test_a_process_that_comes_back_at_once_keeps_no_other_out(tmp_path: Path) -> None:
    """Two locks of one file are what two processes have: they take turns."""
    path = tmp_path / "einlass.lock"
    busy, other = WriterLock(path), WriterLock(path)
    order: list[str] = []
    began, is_waiting = threading.Event(), threading.Event()

    def come_back_at_once() -> None:
        for _ in range(20):
            busy.acquire()
            began.set()
            is_waiting.wait(5)
            time.sleep(0.01)
            order.append("busy")
            busy.release()

    worker = threading.Thread(target=come_back_at_once)
    worker.start()
    began.wait(5)
    is_waiting.set()
    other.acquire()
    order.append("other")
    other.release()
    worker.join()
    busy.close()
    other.close()
    assert order.index("other") <= 2
