"""Short pieces of work of several threads in one transaction: one wait for the disk for all.

Whoever comes while nobody leads takes the whole queue, runs one piece after the other and
commits once; the others sleep meanwhile, instead of contending for the interpreter, the writer
lock and the disk. Nobody is told of an outcome before it is kept. If anything of a piece is to
be dropped, which hardly happens to one that sees all that those before it wrote, the whole
transaction is, and each piece is run by itself.

SQLite alone: PostgreSQL joins commits by itself, and two processes that each held a row of
one ticket and waited for the counter of all would stop one another.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import Generic, Protocol, Self, TypeVar

from sqlalchemy.exc import SQLAlchemyError

_MOST = 16
_FULL_AFTER_S = 0.005  # a scan takes half a millisecond; bulk work may be waiting


class PartDropped(Exception):  # noqa: N818  no fault: it says what has happened
    """A piece drops what it wrote, and with it the transaction that it shares."""


class Transaction(Protocol):
    """What is asked of a unit of work here."""

    def begin(self) -> None:
        """Open the transaction."""

    def commit(self) -> None:
        """Keep what was written."""

    def part(self) -> AbstractContextManager[Self]:
        """A part of it for one piece."""


T = TypeVar("T")
U = TypeVar("U", bound=Transaction)
Open = Callable[[], AbstractContextManager[U]]


class _Piece(Generic[U, T]):
    """One piece of work, and what came of it."""

    def __init__(self, work: Callable[[U], T]) -> None:
        self._work = work
        self._result: T
        self._error: BaseException | None = None
        self.is_over = False
        self.woken = threading.Lock()
        self.woken.acquire()

    def run(self, unit: U) -> None:
        """Do it; a fault of the database is raised, any other is kept for its thread.

        Raises:
            SQLAlchemyError: Nothing of this transaction can be relied on.
            PartDropped: Nor may it be kept.
        """
        self._error = None
        try:
            self._result = self._work(unit)
        except (SQLAlchemyError, PartDropped):
            raise
        except BaseException as error:  # noqa: BLE001  it is raised in the thread it belongs to
            self._error = error

    def fail(self, error: BaseException) -> None:
        """Note why it could not be kept."""
        self._error = error

    def outcome(self) -> T:
        """Its result. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


class Together(Generic[U]):
    """The queue of one process; `run` from any thread."""

    def __init__(self, open_unit: Open[U]) -> None:
        self._unit = open_unit
        self._mutex = threading.Lock()
        self._queue: deque[_Piece[U, object]] = deque()
        self._is_led = False

    def run(self, work: Callable[[U], T]) -> T:
        """What `work` makes of a unit, kept if it commits; it may be run more than once.

        Raises:
            StoreUnavailable: The database cannot be used now.
        """
        mine = _Piece(work)
        if not self._join(mine):
            mine.woken.acquire()
        if not mine.is_over:
            self._lead()
        return mine.outcome()

    def _join(self, piece: _Piece[U, T]) -> bool:
        """Queue; whether it falls to this thread to lead."""
        with self._mutex:
            self._queue.append(piece)  # type: ignore[arg-type]  # the queue asks for no result
            leads = not self._is_led
            self._is_led = True
            return leads

    def _lead(self) -> None:
        """Run what is queued, and wake whoever leads next."""
        done = [self._queue.popleft()]  # the leader's own piece
        try:
            self._run_joined(done)
        except Exception:  # noqa: BLE001  each piece meets the fault, or does not, by itself
            for piece in done:
                self._run_alone(piece)
        finally:
            for piece in done:
                piece.is_over = True
                piece.woken.release()
            with self._mutex:
                self._is_led = bool(self._queue)
                if self._queue:
                    self._queue[0].woken.release()

    def _run_joined(self, done: list[_Piece[U, object]]) -> None:
        with self._unit() as unit:
            unit.begin()
            end = monotonic() + _FULL_AFTER_S
            while True:
                with unit.part() as part:
                    done[-1].run(part)
                if not self._queue or len(done) >= _MOST or monotonic() > end:
                    break
                done.append(self._queue.popleft())
            unit.commit()

    def _run_alone(self, piece: _Piece[U, object]) -> None:
        try:
            with self._unit() as unit:
                piece.run(unit)
        except Exception as error:  # noqa: BLE001  it is raised in the thread it belongs to
            piece.fail(error)
