"""Positions in commit order, for readers that follow a table; in the store room.

A reader remembers the last position it has seen and asks for what lies behind it. A plain
sequence loses rows that are committed late (measured): a number is drawn before its
transaction ends. So `pos` is

- on SQLite the next number of the table, drawn under the one writer lock;
- on PostgreSQL the id of the transaction. Rows below the oldest transaction that still
  runs are final; those of one transaction share a position, so a reader pages by the
  primary key within it.

After a database was restored from a backup positions may repeat: the `epoch` changes then.
"""

from sqlalchemy import BigInteger, ColumnElement, Table, Text, cast, func, literal, select

from ticketing.store.unit import Unit

_ALL = 2**62


def next_in(table: Table, *, is_sqlite: bool) -> ColumnElement[int]:
    """The position of a row that is being written, as part of the writing statement."""
    if is_sqlite:
        last = func.coalesce(func.max(table.c.pos), 0)
        return select(last + 1).select_from(table).scalar_subquery()
    return _as_number(func.pg_current_xact_id())


def final_below(unit: Unit) -> ColumnElement[int]:
    """Rows with a smaller position are final: none is added below it any more."""
    if unit.is_sqlite:
        return literal(_ALL, BigInteger)
    return _as_number(func.pg_snapshot_xmin(func.pg_current_snapshot()))


def _as_number(xid: ColumnElement[int]) -> ColumnElement[int]:
    return cast(cast(xid, Text), BigInteger)  # xid8 has no cast to a number
