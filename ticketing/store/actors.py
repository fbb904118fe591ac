"""What ids are called: staff, stations and API keys, who act; batches, gates, offers (store)."""

from collections.abc import Mapping

from sqlalchemy import func, select

from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised


def names(unit: Unit) -> Mapping[str, str]:
    """Names by id, of those who are gone too."""
    keys, paired, staff = schema.api_keys.c, schema.stations.c, schema.staff.c
    queries = (
        select(keys.id, keys.name),
        select(paired.id, paired.name),
        select(staff.id, func.coalesce(staff.removed_name, staff.name).label("name")),
    )
    return {row.id: row.name for query in queries for row in unit.run(query)}


def things(unit: Unit) -> Mapping[str, Mapping[str, Localised]]:
    """Names of what is acted upon and is still there: by kind and id."""
    batches, gates, offers = schema.code_batches.c, schema.gates.c, schema.offers.c
    queries = {
        "batch": select(batches.id, batches.name.label("de"), batches.name.label("en")),
        "gate": select(
            gates.slug.label("id"), gates.name_de.label("de"), gates.name_en.label("en")
        ),
        "offer": select(
            offers.slug.label("id"), offers.name_de.label("de"), offers.name_en.label("en")
        ),
    }
    return {
        kind: {row.id: Localised(row.de, row.en) for row in unit.run(query)}
        for kind, query in queries.items()
    }
