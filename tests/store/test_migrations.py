"""The migrations make the schema that the code is written for."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from ticketing.store import migrate
from ticketing.store.schema import metadata
from ticketing.store.unit import Store, sqlite_url


def test_migrated_and_declared_schema_are_the_same(store: Store) -> None:
    """Alembic finds nothing to change: columns, types, nullability, keys, indexes."""
    with store.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_key_and_index_is_the_declared_one(store: Store) -> None:
    """Names and columns of primary, foreign and unique keys agree, which Alembic skips in part."""
    found = inspect(store.engine)
    for table in metadata.sorted_tables:
        assert set(found.get_pk_constraint(table.name)["constrained_columns"]) == {
            column.name for column in table.primary_key
        }
        keys = {
            (tuple(key["constrained_columns"]), key["referred_table"])
            for key in found.get_foreign_keys(table.name)
        }
        declared = {
            (tuple(key.column_keys), key.referred_table.name)
            for key in table.foreign_key_constraints
        }
        assert keys == declared


@pytest.mark.only("sqlite")
def test_tables_of_sqlite_are_strict(store: Store) -> None:
    """SQLite refuses a text where a number belongs."""
    with store.engine.connect() as connection:
        query = "SELECT name FROM pragma_table_list WHERE NOT strict AND type = 'table'"
        loose = {name for (name,) in connection.execute(text(query))}
    assert loose <= {"sqlite_schema", "sqlite_temp_schema", "sqlite_sequence", "alembic_version"}


def test_a_migrated_database_is_current_and_stays_as_it_is(store_url: str) -> None:
    """A second upgrade finds nothing to do."""
    assert migrate.is_current(store_url)
    migrate.upgrade(store_url)
    assert migrate.is_current(store_url)


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    """A file without tables needs `migrate`."""
    assert not migrate.is_current(sqlite_url(tmp_path / "empty.sqlite3"))


def test_a_failed_migration_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tables or none: the schema changes in one transaction."""
    url = sqlite_url(tmp_path / "half.sqlite3")

    def fails_late(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise OSError("the disk is full")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fails_late)
    with pytest.raises(OSError, match="disk"):
        migrate.upgrade(url)
    store = Store(url)
    assert inspect(store.engine).get_table_names() == []
    store.close()
