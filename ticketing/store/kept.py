"""Connections that stay open; in the store room."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class Kept:
    """Open connections, the one used last on top: as many as were used at once.

    A pool costs more than a read of SQLite.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Connection] = deque()
        self._is_closed = False

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection nobody else uses; it is kept unless it broke."""
        connection = self._taken() or self._opened()
        try:
            yield connection
        finally:
            self._keep(connection)

    def _taken(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _opened(self) -> Connection:
        return self._engine.connect()

    def _keep(self, connection: Connection) -> None:
        if connection.invalidated or self._is_closed:
            connection.close()
            return
        if connection.in_transaction():  # SQLAlchemy's own notion, set by any statement
            connection.rollback()
        self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle, and what comes back later."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
