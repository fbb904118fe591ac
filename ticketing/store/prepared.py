"""Statements that every scan needs, compiled once per engine; in the store room.

SQLAlchemy finds a statement in its cache, builds an execution context and a result object
with each call. For five statements of a scan that took 0.4 ms, more than SQLite itself takes
for them (measured); and it is time in which no other thread of the process can run. The
statements are still written with SQLAlchemy; on PostgreSQL `libpq` runs them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Insert,
    LargeBinary,
    Select,
    TextualSelect,
    Update,
)
from sqlalchemy.exc import DBAPIError

from ticketing.store import libpq

Row = Mapping[Any, Any]
"""One row by the columns of the statement, labelled expressions by their label."""
_Process = Callable[[Any], Any] | None
_Statement = Select[*tuple[Any, ...]] | Insert | Update | TextualSelect


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The text for one engine, what to hand over with it, and how to read its rows."""

    sql: str
    statement: libpq.Statement | None
    given: tuple[tuple[str, _Process], ...]
    fixed: Mapping[str, Any]
    keys: tuple[Any, ...]
    read: tuple[tuple[int, Callable[[Any], Any]], ...]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        all_values = {**self.fixed, **values}
        return [
            all_values[name] if process is None else process(all_values[name])
            for name, process in self.given
        ]

    def run(self, connection: Connection, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self.statement is None:
            rows: list[tuple[Any, ...]] = execute(connection, self.sql, values).fetchall()
            return rows
        driver: Any = connection.connection.driver_connection
        try:
            return self.statement.fetch(driver, values, connection.info)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_ours(error, connection, self.sql) from error

    def row(self, raw: tuple[Any, ...]) -> Row:
        read = list(raw)
        for place, process in self.read:
            if read[place] is not None:
                read[place] = process(read[place])
        return dict(zip(self.keys, read, strict=True))


class Prepared:
    """One statement with its columns; run it by `Unit.fetch`."""

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def fetch(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """All rows. Raises what SQLAlchemy raises."""
        compiled = self.compiled(connection.dialect)
        rows = compiled.run(connection, compiled.parameters(values))
        return [compiled.row(row) for row in rows]

    def compiled(self, dialect: Dialect) -> _Compiled:
        """What is run on an engine."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return compiled


Call = tuple[Prepared, Mapping[str, Any]]
"""A statement with its values."""


def fetch_each(connection: Connection, calls: Sequence[Call]) -> list[list[Row]]:
    """All rows of several statements, sent to PostgreSQL at once: kept whole or not at all.

    Raises what SQLAlchemy raises.
    """
    compiled = [prepared.compiled(connection.dialect) for prepared, _ in calls]
    asked = [
        (one.statement, one.parameters(values))
        for one, (_, values) in zip(compiled, calls, strict=True)
        if one.statement is not None  # on SQLite alone
    ]
    driver: Any = connection.connection.driver_connection
    try:
        found = libpq.fetch_each(driver, asked, connection.info)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_ours(error, connection, "(several at once)") from error
    except BaseException:
        connection.invalidate()
        raise
    return [[one.row(row) for row in rows] for one, rows in zip(compiled, found, strict=True)]


def execute(connection: Connection, sql: str, parameters: Any = ()) -> Any:  # noqa: ANN401  the driver's own
    """The driver's cursor of one statement. Raises what SQLAlchemy raises."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_ours(error, connection, sql) from error


def _compile(statement: _Statement, dialect: Dialect) -> _Compiled:
    is_sqlite = dialect.name == "sqlite"
    if not is_sqlite:
        dialect = type(dialect)(paramstyle=libpq.PARAMSTYLE)  # type: ignore[call-arg]  # a driver has it
    compiled: Any = statement.compile(dialect=dialect)
    binds = compiled.binds
    columns = tuple(statement.exported_columns)
    read = (_reader(column.type, dialect) for column in columns)
    return _Compiled(
        sql=str(compiled),
        statement=None if is_sqlite else libpq.Statement(str(compiled)),
        given=tuple((name, _binder(binds[name].type, dialect)) for name in compiled.positiontup),
        fixed={name: bind.effective_value for name, bind in binds.items() if not bind.required},
        keys=tuple(column if isinstance(column, Column) else column.name for column in columns),
        read=tuple((place, process) for place, process in enumerate(read) if process is not None),
    )


def _binder(kind: Any, dialect: Dialect) -> _Process:  # noqa: ANN401  a column's type
    if isinstance(kind, LargeBinary):
        return None  # bytes as they are, not wrapped for a cursor
    process: _Process = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _reader(kind: Any, dialect: Dialect) -> _Process:  # noqa: ANN401  a column's type
    process: _Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process


def _as_ours(error: Exception, connection: Connection, sql: str) -> BaseException:
    """The driver's error as SQLAlchemy would raise it; its parameters stay out of it."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]  # the drivers' own types
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
