"""What ids are called: those of who acts, and of what is acted upon; in the store room."""

from collections.abc import Mapping
from urllib.parse import urlsplit

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
    """Names of batches, gates, offers and receivers that are still there: by kind and id."""
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
    named = {
        kind: {row.id: Localised(row.de, row.en) for row in unit.run(query)}
        for kind, query in queries.items()
    }
    hooks = unit.run(select(schema.webhooks.c.id, schema.webhooks.c.url))
    hosts = {row.id: urlsplit(row.url).hostname or "" for row in hooks}  # the rest may be secret
    return named | {"webhook": {key: Localised(host, host) for key, host in hosts.items()}}
