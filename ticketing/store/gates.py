"""The gates table; in the store room."""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.museum import Gate
from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised

T = schema.gates.c


def find(unit: Unit, slug: str) -> Gate | None:
    """The gate of that slug."""
    return next(iter(_gates(unit, slug)), None)


def listed(unit: Unit) -> tuple[Gate, ...]:
    """Every gate, oldest first."""
    return _gates(unit, None)


def add(unit: Unit, gate: Gate) -> bool:
    """Store a new gate; False if its slug is taken."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = {
        "slug": gate.slug,
        "name_de": gate.name.de,
        "name_en": gate.name.en,
        "created_at": gate.created_at,
    }
    statement = into(schema.gates).values(row).on_conflict_do_nothing().returning(T.slug)
    return unit.run(statement).first() is not None


def rename(unit: Unit, gate: Gate) -> None:
    """Store a gate's new name."""
    names = {"name_de": gate.name.de, "name_en": gate.name.en}
    unit.run(update(schema.gates).where(T.slug == gate.slug).values(names))


def _gates(unit: Unit, slug: str | None) -> tuple[Gate, ...]:
    query = select(schema.gates).order_by(T.created_at, T.slug)
    if slug is not None:
        query = query.where(T.slug == slug)
    return tuple(
        Gate(
            slug=row.slug, name=Localised(de=row.name_de, en=row.name_en), created_at=row.created_at
        )
        for row in unit.run(query)
    )
