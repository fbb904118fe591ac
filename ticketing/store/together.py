"""Short pieces of work of several threads at once: one wait for the disk for all.

Whoever comes while nobody leads takes the whole queue, does all of it and commits once; the
others sleep meanwhile, instead of contending for the interpreter, the writer lock and the disk.
Nobody is told of an outcome before it is kept. If anything is to be dropped, which hardly
happens, all is, and each thread does its own piece by itself.

On SQLite one piece runs after the other in one transaction, and sees all that those before it
wrote. On PostgreSQL that would keep rows while this process waits for its turn, and two
processes that each held a row of one ticket and waited for the counter of all would stop one
another: there pieces share their questions, by a function that knows them.
"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from time import monotonic
from typing import Any, Generic, Protocol, Self, TypeVar

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
Joint = Callable[[U, Sequence[Any]], Sequence[T | None]]
"""Does several pieces at once, all of them kept or none; None for each that it has left out."""


class _Piece(Generic[U, T]):
    """One piece of work, and what came of it."""

    def __init__(self, work: Callable[[U], T]) -> None:
        self.work = work
        self._result: T
        self._error: BaseException | None = None
        self.is_done = False
        self.is_over = False
        self.woken = threading.Lock()
        self.woken.acquire()

    def run(self, unit: U) -> None:
        """Do it; a fault of the database is raised, any other is kept for its thread.

        Raises:
            SQLAlchemyError: Nothing of this transaction can be relied on.
            PartDropped: Nor may it be kept.
        """
        try:
            self.note(self.work(unit))
        except (SQLAlchemyError, PartDropped):
            raise
        except BaseException as error:  # noqa: BLE001  it is raised in the thread it belongs to
            self._error, self.is_done = error, True

    def note(self, result: T) -> None:
        """Note what came of it."""
        self._result, self.is_done = result, True

    def outcome(self) -> T:
        """Its result. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


class _Line(ABC, Generic[U, T]):
    """The queue of one process; `run` from any thread."""

    def __init__(self, open_unit: Open[U]) -> None:
        self._unit = open_unit
        self._mutex = threading.Lock()
        self._queue: deque[_Piece[U, T]] = deque()
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
        if mine.is_done:
            return mine.outcome()
        with self._unit() as unit:
            return work(unit)

    def _join(self, piece: _Piece[U, T]) -> bool:
        """Queue; whether it falls to this thread to lead."""
        with self._mutex:
            self._queue.append(piece)
            leads = not self._is_led
            self._is_led = True
            return leads

    def _lead(self) -> None:
        """Do what is queued, and wake whoever leads next."""
        taken = [self._queue.popleft()]  # the leader's own piece
        try:
            self._do(taken)
        except BaseException as error:
            for piece in taken:  # each meets the fault, or does not, by itself
                piece.is_done = False
            if not isinstance(error, Exception):
                raise
        finally:
            with self._mutex:
                self._is_led = bool(self._queue)
                if self._queue:
                    self._queue[0].woken.release()
            for piece in taken:
                piece.is_over = True
                piece.woken.release()

    @abstractmethod
    def _do(self, taken: list[_Piece[U, T]]) -> None:
        """Do what there is, adding to `taken`; what is not done is left to its own thread."""


class InTurn(_Line[U, Any]):
    """One piece after the other in one transaction."""

    def _do(self, taken: list[_Piece[U, Any]]) -> None:
        with self._unit() as unit:
            unit.begin()
            end = monotonic() + _FULL_AFTER_S
            while True:
                with unit.part() as part:
                    taken[-1].run(part)
                if not self._queue or len(taken) >= _MOST or monotonic() > end:
                    break
                taken.append(self._queue.popleft())
            unit.commit()


class AtOnce(_Line[U, T]):
    """All pieces of one kind by one function; a single one by itself."""

    def __init__(self, open_unit: Open[U], leading: Open[U], joint: Joint[U, T]) -> None:
        """`leading` opens the unit of whoever leads: one at a time."""
        super().__init__(open_unit)
        self._leading = leading
        self._joint = joint

    def _do(self, taken: list[_Piece[U, T]]) -> None:
        while self._queue and len(taken) < _MOST:
            taken.append(self._queue.popleft())
        if len(taken) == 1:
            with self._leading() as unit:
                taken[0].run(unit)
            return
        with self._leading() as unit:
            results = self._joint(unit, [piece.work for piece in taken])
        for piece, result in zip(taken, results, strict=True):
            if result is not None:
                piece.note(result)
