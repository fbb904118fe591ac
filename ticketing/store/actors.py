"""The names of those who act: staff, stations, API keys; in the store room."""

from collections.abc import Mapping

from sqlalchemy import func, select

from ticketing.store import schema
from ticketing.store.unit import Unit


def names(unit: Unit) -> Mapping[str, str]:
    """Names by id, of those who are gone too."""
    keys, paired, staff = schema.api_keys.c, schema.stations.c, schema.staff.c
    queries = (
        select(keys.id, keys.name),
        select(paired.id, paired.name),
        select(staff.id, func.coalesce(staff.removed_name, staff.name).label("name")),
    )
    return {row.id: row.name for query in queries for row in unit.run(query)}
