"""Bringing a database to the present schema; in the store room.

Migrations are frozen history: each lists its own tables and never reads `schema.py`,
which a test compares with what they make.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from ticketing.store.unit import Store

FOLDER = Path(__file__).resolve().parent / "migrations"
CONNECTION = "einlass_connection"  # the key under which `env.py` finds it


def upgrade(url: str) -> None:
    """Make or change every table; a database that is up to date stays as it is."""
    with _connected(url) as connection:
        config = _config()
        config.attributes[CONNECTION] = connection
        command.upgrade(config, "head")


def is_current(url: str) -> bool:
    """Whether the database has the newest schema."""
    with _connected(url) as connection:
        have = MigrationContext.configure(connection).get_current_heads()
    return set(have) == set(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", FOLDER.as_posix().replace("%", "%%"))
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A connection inside a unit's transaction, which Alembic finds begun and leaves alone."""
    store = Store(url)
    try:
        with store.unit() as unit:
            unit.begin()
            unit.connection.begin()  # tells SQLAlchemy, and so Alembic, what the unit has done
            yield unit.connection
            unit.commit()
    finally:
        store.close()
