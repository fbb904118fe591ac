"""Work of several threads in one transaction: each piece by itself, nothing told too early."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Integer, LargeBinary, bindparam, func, insert, select, text
from sqlalchemy.exc import OperationalError

from ticketing.domain.failures import StoreUnavailable
from ticketing.store import counters, libpq, schema
from ticketing.store.prepared import Prepared
from ticketing.store.together import Joint
from ticketing.store.unit import Store, Unit, WriterLock

THREADS = 8
MANY = 96  # as many threads as the server has


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
        line = store._at_once.get(joint) or store._in_turn
        deadline = time.monotonic() + 10
        is_shared = joint is not None or store.engine.dialect.name == "sqlite"
        while is_shared and len(line._queue) < len(works) and time.monotonic() < deadline:
            time.sleep(0.01)
        release.set()
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
    asked: list[int] = []

    def joint(unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        asked.append(len(works))
        unit.begin()
        counters.add(unit, "n", len(works))
        unit.run(text("SELECT nothing FROM nowhere"))
        return []

    results = [one.result() for one in queued(store, *[counting("n")] * 3, joint=joint)]
    assert asked == [3]
    assert sorted(int(str(one)) for one in results) == [1, 2, 3]
    assert counted(store, "n") == 3


@pytest.mark.only("postgres")
def test_a_leader_that_is_stopped_leaves_nobody_waiting(store: Store) -> None:
    """Whatever stops it; those who waited do theirs, and the next ones have a leader."""

    def joint(_unit: Unit, _works: Sequence[Callable[[Unit], object]]) -> list[object]:
        raise KeyboardInterrupt

    futures = queued(store, *[counting("n")] * 3, joint=joint)
    stopped = [one for one in futures if one.exception() is not None]
    assert [type(one.exception()) for one in stopped] == [KeyboardInterrupt]
    assert counted(store, "n") == 2
    assert store.together(counting("n"), joint) == 3


@pytest.mark.only("postgres")
def test_those_who_do_theirs_alone_take_no_connection_away(store: Store) -> None:
    """However many come at once: the pool is as full as before, and whoever leads keeps one."""

    def joint(_unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        return [None] * len(works)

    with ThreadPoolExecutor(MANY) as pool:
        futures = [pool.submit(store.together, counting("n"), joint) for _ in range(3 * MANY)]
    totals = sorted(int(str(one.result())) for one in futures)
    assert totals == list(range(1, 3 * MANY + 1))
    assert store.engine.pool.checkedout() <= 1  # type: ignore[attr-defined]  # a QueuePool has it
    assert counted(store, "n") == 3 * MANY


@pytest.mark.only("postgres")
@pytest.mark.parametrize("rested_s", [0.0, 2.0])
def test_a_connection_that_broke_meanwhile_is_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch, rested_s: float
) -> None:
    """Nobody notices: one that has rested is asked first, and otherwise the piece is done alone."""

    def joint(_unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        return [None] * len(works)

    pids: list[int] = []
    telling_pid = Prepared(select(func.pg_backend_pid().label("pid")))

    def telling(unit: Unit) -> int:
        pids.append(unit.fetch(telling_pid, {})[0]["pid"])
        return counting("n")(unit)

    assert store.together(telling, joint) == 1
    with store.unit() as unit:
        unit.run(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pids[0]})
    now = time.monotonic
    monkeypatch.setattr("ticketing.store.server.time.monotonic", lambda: now() + rested_s)
    assert store.together(telling, joint) == 2
    with store.unit() as unit:
        assert unit.is_healthy is bool(rested_s)
    assert pids[0] not in pids[1:]
    assert store.together(telling, joint) == 3


@pytest.mark.only("postgres")
def test_whoever_leads_waits_shortly_whatever_has_broken(store: Store) -> None:
    """A connection that broke in a transaction is not silently another one of the pool."""
    ask = Prepared(select(func.current_setting("lock_timeout").label("limit")))
    own = Prepared(select(func.pg_backend_pid().label("pid")))

    def limit() -> str:
        with store._kept_unit() as unit:
            return str(unit.fetch(ask, {})[0]["limit"])

    assert limit() == "400ms"

    def broken() -> None:
        with store._kept_unit() as unit:
            unit.begin()
            pid = unit.fetch(own, {})[0]["pid"]
            with store.unit() as other:
                other.run(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            unit.fetch(own, {})

    with pytest.raises(StoreUnavailable):
        broken()
    assert limit() == "400ms"
    with store.unit() as unit:
        assert unit.fetch(ask, {})[0]["limit"] == "0"
        assert not unit.is_healthy


@pytest.mark.only("postgres")
def test_what_the_address_says_counts(store_url: str) -> None:
    """Options of whoever runs the house are not taken away; idle transactions end all the same."""
    store = Store(f"{store_url}&options=-csearch_path%3Dpg_catalog&connect_timeout=3")
    names = ("search_path", "idle_in_transaction_session_timeout")
    with store.unit() as unit:
        found = [unit.run(text(f"SHOW {name}")).scalar_one() for name in names]
    store.close()
    assert found == ["pg_catalog", "1min"]


@pytest.mark.only("postgres")
def test_a_process_that_slept_in_a_transaction_hears_that_it_ended(store: Store) -> None:
    """As of any server that has gone, not as a fault of the program."""

    def asleep() -> None:
        with store.unit() as unit:
            unit.run(text("SET idle_in_transaction_session_timeout = '20ms'"))
            unit.begin()
            unit.run(text("SELECT 1"))
            time.sleep(0.3)
            counters.add(unit, "n", 1)

    with pytest.raises(StoreUnavailable):
        asleep()
    assert counted(store, "n") is None


@pytest.mark.only("postgres")
def test_when_all_connections_are_taken_the_store_is_unavailable(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while; the next one finds it as before."""
    monkeypatch.setattr(store.engine.pool, "_timeout", 0.1)
    with ExitStack() as held:
        for _ in range(30):
            held.enter_context(store.unit())
        with pytest.raises(StoreUnavailable, match="TimeoutError"), store.unit():
            pass
    assert store.together(counting("n")) == 1


@pytest.mark.only("postgres")
def test_a_fault_while_several_are_asked_leaves_the_next_ones_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is given up, for nobody knows what it would answer next."""
    number = Prepared(select((bindparam("n", type_=Integer) + 0).label("n")))
    calls = [(number, {"n": n}) for n in (1, 2)]

    def joint(unit: Unit, works: Sequence[Callable[[Unit], object]]) -> list[object]:
        rows = unit.fetch_each(calls)
        return [next(iter(found[0].values())) for found in rows][: len(works)]

    def told(name: str) -> list[int]:
        futures = queued(store, counting(name), counting(name), joint=joint)
        return sorted(int(str(one.result())) for one in futures)

    assert told("at once") == [1, 2]
    with monkeypatch.context() as broken:
        broken.setattr(libpq, "_given", lambda _values: 1 / 0)
        with pytest.raises(ZeroDivisionError), store._kept_unit() as unit:
            unit.fetch_each(calls)
    assert told("at once again") == [1, 2]
    assert [counted(store, name) for name in ("at once", "at once again")] == [None, None]


@pytest.mark.only("postgres")
def test_much_is_asked_at_once(store: Store) -> None:
    """More than the socket takes: what does not fit waits until the server has read."""
    length = Prepared(select(func.length(bindparam("raw", type_=LargeBinary))))
    calls = [(length, {"raw": b"x" * 3_000_000})] * 3
    with store.unit() as unit:
        assert [[*rows[0].values()] for rows in unit.fetch_each(calls)] == [[3_000_000]] * 3


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
