"""The names of those who act: staff, stations, API keys; in the store room."""

from collections.abc import Mapping

from sqlalchemy import select

from ticketing.store import schema
from ticketing.store.unit import Unit


def names(unit: Unit) -> Mapping[str, str]:
    """Names by id; whoever is gone has none."""
    found: dict[str, str] = {}
    for table in (schema.api_keys, schema.stations, schema.staff):
        rows = unit.run(select(table.c.id, table.c.name))
        found |= {row.id: row.name for row in rows}
    return found
