"""The unit of work: one connection, one transaction, rollback unless committed.

A unit starts without a transaction: each read sees the newest committed state.
`begin()` takes the writer lock and opens the one transaction; signing and drawing
are done before it, so that they never hold up a gate.

SQLite: `BEGIN IMMEDIATE`, WAL, `synchronous=FULL`, and one writer lock per process
outside a lock file between processes. Without the lock SQLite's busy handler sleeps
instead of queueing (measured: p99 of hundreds of milliseconds against under 20).
PostgreSQL: READ COMMITTED; the server queues by itself.
"""

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ticketing.domain.failures import StoreUnavailable
from ticketing.store import server
from ticketing.store.kept import Kept
from ticketing.store.prepared import Call, Prepared, Row, execute, fetch_each
from ticketing.store.together import AtOnce, InTurn, Joint, PartDropped

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: one service process only, the thread lock suffices
    fcntl = None  # type: ignore[assignment]  # the module is absent there

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-16000",
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten
)
# sqlite.org/rescode.html: PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
_MACHINE_CODES = frozenset({3, 5, 6, 8, 10, 13, 14, 15})
_PRIMARY_CODE = 0xFF  # the rest of an extended code says more than we ask
FAILURE_MEMORY_S = 10.0
_LONG_HOLD_MS = 20.0  # scans that share a transaction take two to ten
_GIVE_WAY_S = 0.003
T = TypeVar("T")
Params = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class WriterLock:
    """One writer at a time: threads first, then processes by a locked side file.

    Python collects nothing while it is held: looking through all the objects of a process
    takes 80 ms, twice that on a busy machine (measured), and every gate would wait for it.
    """

    def __init__(self, path: Path | None) -> None:
        self._threads = threading.Lock()
        self._path = path
        self._file: IO[bytes] | None = None
        self._door: IO[bytes] | None = None
        self.longest_hold_ms = 0.0
        self._since = 0.0

    def acquire(self) -> None:
        """Wait for the lock.

        The kernel does not queue processes: whoever lets go and asks again at once would keep
        the others out. Who waits for the file holds its door, and only one can wait there.
        """
        self._threads.acquire()
        try:
            if self._path is not None and fcntl is not None:
                if self._file is None or self._door is None:
                    self._file = self._path.open("ab")
                    self._door = self._path.with_name(self._path.name + "-door").open("ab")
                fcntl.flock(self._door, fcntl.LOCK_EX)
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX)
                finally:
                    fcntl.flock(self._door, fcntl.LOCK_UN)
        except BaseException:
            self._threads.release()
            raise
        gc.disable()
        self._since = time.monotonic()

    def release(self) -> None:
        """Give the lock back and note how long it was held.

        Threads have no door, so bulk work, known by its long holds, steps aside for a moment.
        """
        held_ms = (time.monotonic() - self._since) * 1000
        self.longest_hold_ms = max(self.longest_hold_ms, held_ms)
        try:
            if self._file is not None and fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            gc.enable()
            self._threads.release()
        if held_ms > _LONG_HOLD_MS:
            time.sleep(_GIVE_WAY_S)

    def close(self) -> None:
        """Close the side files."""
        for file in (self._file, self._door):
            if file is not None:
                file.close()
        self._file = self._door = None


class Unit:
    """One use case's connection; write after `begin()`, keep with `commit()`."""

    def __init__(
        self, connection: Connection, lock: WriterLock | None, *, is_healthy: bool = True
    ) -> None:
        self._connection = connection
        self._lock = lock
        self.is_healthy = is_healthy  # False for ten seconds after the store failed
        self.writing = False
        self.statements = 0
        self._is_part = False

    @property
    def is_sqlite(self) -> bool:
        """Whether the engine is SQLite."""
        return self._connection.dialect.name == "sqlite"

    @property
    def connection(self) -> Connection:
        """The connection itself, for migrations alone."""
        return self._connection

    def run(self, statement: Executable, params: Params | None = None) -> CursorResult[Any]:
        """Execute one statement (counted: a test holds the gate to five)."""
        self.statements += 1
        return self._connection.execute(statement, params)

    def fetch(self, prepared: Prepared, values: Mapping[str, Any]) -> list[Row]:
        """Execute a statement that was compiled before, and read all its rows."""
        self.statements += 1
        return prepared.fetch(self._connection, values)

    def fetch_each(self, calls: Sequence[Call]) -> list[list[Row]]:
        """Execute several on PostgreSQL, sent at once: all are kept or none is."""
        self.statements += len(calls)
        return fetch_each(self._connection, calls)

    def begin(self) -> None:
        """Take the writer lock and open the transaction; a second call does nothing."""
        if self.writing:
            return
        if not self._is_part:
            self._open()
        self.writing = True

    def _open(self) -> None:
        self._take_lock()
        try:
            execute(self._connection, "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def _take_lock(self) -> None:
        if self._lock is None:
            return
        try:
            self._lock.acquire()
        except OSError as error:  # the side file: its name stays out of every log
            raise StoreUnavailable(type(error).__name__) from None

    def commit(self) -> None:
        """Keep what was written; without a transaction this is a fault."""
        if not self.writing:
            raise RuntimeError("nothing to commit: begin() was not called")
        if self._is_part:
            self.writing = False
        else:
            self._end("COMMIT")

    def rollback(self) -> None:
        """Drop what was written, if a transaction is open.

        Raises:
            PartDropped: It is part of another one, which has to be dropped as well.
        """
        if not self.writing:
            return
        if self._is_part:
            raise PartDropped
        try:
            self._end("ROLLBACK")
        except SQLAlchemyError:
            # SQLite drops the transaction by itself on a full disk and then knows none;
            # a lost server has dropped it too. Closing the connection is sure.
            self._connection.invalidate()

    def _end(self, word: str) -> None:
        try:
            # on a lost one a statement would open another one behind it: nothing to roll back
            if word == "COMMIT" or not self._connection.invalidated:
                execute(self._connection, word)
        except BaseException:
            if word == "COMMIT":  # a full disk: leave no half-open transaction behind
                self._connection.invalidate()
            raise
        finally:
            self.writing = False
            if self._lock is not None:
                self._lock.release()

    @contextmanager
    def part(self) -> Iterator["Unit"]:
        """A unit within this one's transaction: what it commits is kept when this one commits.

        It has no savepoint, which would cost two statements more, so it cannot be dropped alone.

        Raises:
            PartDropped: It was left without `commit()` or rolled back.
        """
        part = Unit(self._connection, None, is_healthy=self.is_healthy)
        part._is_part = True
        try:
            yield part
        finally:
            part.rollback()


class Store:
    """The database of one process. `url`: `sqlite:///path` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._lock: WriterLock | None = None
        self._failed_at_s: float | None = None
        # hide_parameters: a name in an insert must not stand in its error message
        options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
        if parsed.get_backend_name() == "sqlite":
            path = Path(parsed.database or "")
            self._lock = WriterLock(path.with_name(path.name + ".lock"))
            options["poolclass"] = NullPool
        else:
            options |= server.options(parsed)
        self.engine: Engine = create_engine(parsed, **options)
        self._kept = Kept(self.engine) if self._lock else server.Hasty(self.engine)
        self._in_turn = InTurn(self.unit)
        self._at_once: dict[object, AtOnce[Unit, Any]] = {}
        if self._lock is not None:
            event.listen(self.engine, "connect", _set_pragmas)
        else:
            server.watch(self.engine)

    @property
    def longest_hold_ms(self) -> float:
        """The longest time a write transaction held the lock in this process."""
        return 0.0 if self._lock is None else self._lock.longest_hold_ms

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work; leaving it without `commit()` rolls back.

        Raises:
            StoreUnavailable: The database cannot be used now.
        """
        return self._unit(self.engine if self._lock is None else self._kept)

    @contextmanager
    def _unit(self, connections: Engine | Kept) -> Iterator[Unit]:
        try:
            with connections.connect() as connection:
                unit = Unit(connection, self._lock, is_healthy=self._is_healthy())
                try:
                    yield unit
                finally:
                    unit.rollback()
        except DBAPIError as error:
            if not _is_the_machines(error):
                raise
            if not server.is_contention(error):
                self._failed_at_s = time.monotonic()
            raise StoreUnavailable(type(error.orig).__name__) from None
        except PoolTimeout as error:
            raise StoreUnavailable(type(error).__name__) from None
        except StoreUnavailable:
            self._failed_at_s = time.monotonic()
            raise

    def together(self, work: Callable[[Unit], T], joint: Joint[Unit, T] | None = None) -> T:
        """What a short piece of work makes of a unit; several may share one transaction.

        It may be run more than once: all it does is within the unit. `joint` does several of its
        kind at once on PostgreSQL.

        Raises:
            StoreUnavailable: The database cannot be used now.
        """
        if self._lock is not None:
            in_turn: T = self._in_turn.run(work)
            return in_turn
        if joint is not None:
            line = self._at_once.setdefault(joint, AtOnce(self.unit, self._kept_unit, joint))
            at_once: T = line.run(work)
            return at_once
        with self.unit() as unit:
            return work(unit)

    def _kept_unit(self) -> AbstractContextManager[Unit]:
        return self._unit(self._kept)

    def _is_healthy(self) -> bool:
        # A full disk is noticed by a real write only, so the last one that failed is remembered.
        failed = self._failed_at_s
        return failed is None or time.monotonic() - failed > FAILURE_MEMORY_S

    def close(self) -> None:
        """Close every connection."""
        self._kept.close()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.close()


def _is_the_machines(error: DBAPIError) -> bool:
    """Whether waiting may help; SQLite calls a missing table an operational error too."""
    if error.connection_invalidated:  # the server has gone, whatever its last word was called
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & _PRIMARY_CODE in _MACHINE_CODES


def _set_pragmas(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401  a DBAPI connection has no type
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return "sqlite:///" + os.fspath(path.resolve())
