"""Statements of PostgreSQL prepared and run by libpq itself; in the store room.

psycopg's cursor makes a query, a transformer and a generator of each call: half of the time
a statement of the gate takes (measured: 100 against 53 microseconds for the shortest), and
no other thread runs meanwhile. Its low level, `psycopg.pq`, asks libpq and lets go of the
interpreter. Values go as text or bytes, answers come in binary.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult

_numbers = count()
_MADE, _ROWS, _SYNCED = 1, 2, 10  # libpq's PGRES_COMMAND_OK, _TUPLES_OK, _PIPELINE_SYNC
_TEXT, _BINARY = 0, 1
PARAMSTYLE: Final = "numeric_dollar"
"""How SQLAlchemy writes the places of values for `Statement`."""


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


def _bytes(raw: bytes) -> bytes:
    return raw


# The types of columns and expressions there are: bool, bytea, int8, int2, int4, text, varchar
# (catalogue pg_type of PostgreSQL; these numbers are fixed).
_READ: Mapping[int, Callable[[bytes], Any]] = {
    16: any,  # one byte, 0 or 1
    17: _bytes,
    20: _number,
    21: _number,
    23: _number,
    25: bytes.decode,
    1043: bytes.decode,
}


class Statement:
    """One statement with places `$1`, `$2`, …; prepared once on each connection."""

    def __init__(self, sql: str) -> None:
        self._sql = sql.encode()
        self._name = b"einlass_%d" % next(_numbers)

    def fetch(
        self, connection: "Connection[Any]", values: Sequence[Any], prepared: dict[Any, Any]
    ) -> list[tuple[Any, ...]]:
        """All rows; `prepared` lives as long as the connection and keeps what it has prepared.

        Raises:
            psycopg.Error: As a cursor would raise it.
        """
        libpq = connection.pgconn
        self.prepare(libpq, prepared)
        sent, formats = _given(values)
        result = libpq.exec_prepared(self._name, sent, formats, _BINARY)
        return self.read(_checked(result, _ROWS), prepared)

    def prepare(self, libpq: "PGconn", prepared: dict[Any, Any]) -> None:
        """Let the server plan it, unless it has."""
        if self._name not in prepared:
            _checked(libpq.prepare(self._name, self._sql), _MADE)
            prepared[self._name] = None

    def send(self, libpq: "PGconn", values: Sequence[Any]) -> None:
        """Put it in line, in the pipeline mode."""
        libpq.send_query_prepared(self._name, *_given(values), _BINARY)

    def read(self, result: "PGresult", prepared: dict[Any, Any]) -> list[tuple[Any, ...]]:
        """The rows of what it was answered."""
        read = prepared[self._name]
        if read is None:  # a prepared statement's types never change
            read = [_READ[result.ftype(place)] for place in range(result.nfields)]
            prepared[self._name] = read
        return [
            tuple(
                [
                    None if (raw := result.get_value(row, place)) is None else reader(raw)
                    for place, reader in enumerate(read)
                ]
            )
            for row in range(result.ntuples)
        ]


def fetch_each(
    connection: "Connection[Any]",
    asked: Sequence[tuple[Statement, Sequence[Any]]],
    prepared: dict[Any, Any],
) -> list[list[tuple[Any, ...]]]:
    """All rows of several statements, sent at once: one transaction, kept whole or not at all.

    Raises:
        psycopg.Error: The first fault; nothing is kept.
    """
    libpq = connection.pgconn
    for statement, _ in asked:
        statement.prepare(libpq, prepared)
    libpq.enter_pipeline_mode()
    try:
        for statement, values in asked:
            statement.send(libpq, values)
        libpq.pipeline_sync()
        results = list(_until_synced(libpq))
        libpq.exit_pipeline_mode()
    except BaseException:
        libpq.finish()  # nobody finds it in the middle of answers
        raise
    for result in results:
        _checked(result, _ROWS)
    return [
        statement.read(result, prepared)
        for (statement, _), result in zip(asked, results, strict=True)
    ]


def _until_synced(libpq: "PGconn") -> Iterator["PGresult"]:
    """The results as they come; while it waits, other threads run."""
    from select import POLLIN, POLLOUT, poll  # noqa: PLC0415  Windows has none

    waiting = poll()
    waiting.register(libpq.socket, POLLIN | POLLOUT)
    while libpq.flush():  # more than the socket takes at once
        waiting.poll()
        libpq.consume_input()
    waiting.modify(libpq.socket, POLLIN)
    while True:
        while libpq.is_busy():
            waiting.poll()
            libpq.consume_input()
        result = libpq.get_result()
        if result is None:  # one statement's results are over
            continue
        if result.status == _SYNCED:
            return
        yield result


def _given(values: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Values and their formats as libpq takes them."""
    sent = [_sent(value) for value in values]  # None is NULL, untold by its stub
    return sent, [_BINARY if isinstance(value, bytes) else _TEXT for value in values]


def _sent(value: Any) -> bytes | None:  # noqa: ANN401  whatever a column holds
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode()


def _checked(result: "PGresult", wanted: int) -> "PGresult":
    if result.status != wanted:
        from psycopg import errors  # noqa: PLC0415  an extra

        raise errors.error_from_result(result)
    return result
