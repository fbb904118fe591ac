"""How many rows each transaction writes: a gate waits for one small chunk at most."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from ticketing.store import unit as unit_module
from ticketing.store.prepared import execute
from ticketing.store.unit import Store


@contextmanager
def rows_written(store: Store, words: Collection[str]) -> Iterator[list[int]]:
    """A figure for each transaction, of the statements that begin with these words."""
    written: list[int] = []

    def watch(_c: object, cursor: Any, statement: str, *_rest: object) -> None:
        if statement.split(maxsplit=1)[0] in words:
            written[-1] += max(1, cursor.rowcount)

    def begun(connection: Connection, sql: str) -> object:
        if sql.startswith("BEGIN"):
            written.append(0)
        return execute(connection, sql)

    event.listen(store.engine, "after_cursor_execute", watch)
    try:
        with pytest.MonkeyPatch.context() as world:
            world.setattr(unit_module, "execute", begun)
            yield written
    finally:
        event.remove(store.engine, "after_cursor_execute", watch)
