"""Connections to PostgreSQL; in the store room."""

import math
import time
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from ticketing.store.kept import Kept
from ticketing.store.prepared import execute

_POOL: Final[dict[str, Any]] = {"pool_size": 10, "max_overflow": 20, "pool_use_lifo": True}
_CONNECT: Final[dict[str, Any]] = {
    # psycopg drops all prepared statements after a rollback, those of `libpq` as well,
    # unless it prepares none itself
    "prepare_threshold": None,
    # a server that has gone without a word is noticed (libpq, "Parameter Key Words")
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# Below a server's deadlock_timeout; above what sixteen who each wait for a slow disk take.
_LOCK_TIMEOUT_MS: Final = 400
# A process that is stopped in a transaction keeps its locks no longer.
_IDLE_LIMIT: Final = "SET idle_in_transaction_session_timeout = '60s'"
_RESTED_S: Final = 1.0
_IDLE_SINCE: Final = "einlass_idle_since"
_LOCKED: Final = "55P03"  # PostgreSQL, appendix A; class 40 says too that somebody else was at it


class Hasty(Kept):
    """The connection of whoever does the work of several: it waits for nobody's lock for long.

    One is opened for each that is used at once, beside the pool's rules: let few use it.
    """

    def _taken(self) -> Connection | None:
        connection = super()._taken()
        if connection is not None and _has_rested(connection.info) and not _is_there(connection):
            connection.invalidate()
            connection.close()
            return None
        return connection

    def _opened(self) -> Connection:
        connection = super()._opened()
        execute(connection, f"SET lock_timeout = {_LOCK_TIMEOUT_MS}")
        return connection

    def _keep(self, connection: Connection) -> None:
        if not connection.invalidated:
            connection.info[_IDLE_SINCE] = time.monotonic()
        super()._keep(connection)


def options(url: URL) -> dict[str, Any]:
    """How the engine connects; what the address itself says of that counts."""
    own = {name: value for name, value in _CONNECT.items() if name not in url.query}
    return _POOL | {"connect_args": own}


def watch(engine: Engine) -> None:
    """Have connections of the pool asked, if they have rested, whether the server is there.

    SQLAlchemy's own `pool_pre_ping` asks each time, which took a sixth of a scan (measured).
    """
    event.listen(engine, "connect", _limit_idling)
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", _check_rested)


def is_contention(error: DBAPIError) -> bool:
    """Whether it failed for others who were at the same rows, and not for the machine."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state.startswith("40") or state == _LOCKED


def _limit_idling(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401  a DBAPI connection has no type
    was, connection.autocommit = connection.autocommit, True  # a rollback would take it back
    connection.execute(_IDLE_LIMIT)
    connection.autocommit = was


def _note_idle(_connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401  a DBAPI connection has no type
    record.info[_IDLE_SINCE] = time.monotonic()


def _check_rested(
    connection: Any,  # noqa: ANN401  a DBAPI connection has no type
    record: ConnectionPoolEntry,
    _proxy: PoolProxiedConnection,
) -> None:
    if not _has_rested(record.info):
        return
    try:
        connection.execute("")
    except Exception as error:
        raise DisconnectionError from error  # the pool makes another connection


def _has_rested(info: dict[Any, Any]) -> bool:
    return time.monotonic() - float(info.get(_IDLE_SINCE, math.inf)) >= _RESTED_S


def _is_there(connection: Connection) -> bool:
    try:
        execute(connection, "")
    except DBAPIError:
        return False
    return True
