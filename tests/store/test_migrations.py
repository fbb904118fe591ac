"""The migrations make the schema that the code is written for."""

from collections import Counter
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text, update

from tests.factories import with_offer, with_ticket
from ticketing.domain.names import search_key
from ticketing.service.ports import House
from ticketing.store import migrate, schema
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


def test_keys_of_names_are_folded_anew(store: Store, house: House) -> None:
    """Of every ticket, in more than one chunk; cleared keys stay so, nothing else changes."""
    with_offer(store, house)
    case = with_ticket(store, house, holder="Jörg Oelmüller")
    t = schema.tickets.c
    with store.unit() as unit:
        unit.begin()
        unit.run(update(schema.tickets).values(holder_key="jorg oelmuller"))
        one = dict(unit.run(select(schema.tickets)).mappings().one())
        more = [
            one | {"id": n.to_bytes(15, "big"), "short_code": f"{n:08x}"}
            for n in range(0x1000, 0x1000 + 5_001)
        ]
        more[0] |= {"holder": "", "holder_key": ""}
        more[1] |= {"holder": "Ida Gorres", "holder_key": "ida gorres"}
        unit.run(insert(schema.tickets), more)
        revision = ScriptDirectory.from_config(migrate._config()).get_revision("0010")
        with Operations.context(MigrationContext.configure(unit.connection)):
            revision.module.upgrade()
        unit.commit()
    with store.unit() as unit:
        keys = Counter(unit.run(select(t.holder_key)).scalars())
        now = unit.run(select(schema.tickets).where(t.id == case.ticket.id)).mappings().one()
    assert keys == {"jorg olmuller": 5_000, "": 1, "ida gorres": 1}
    assert dict(now) == one | {"holder_key": search_key("Jörg Oelmüller")}
