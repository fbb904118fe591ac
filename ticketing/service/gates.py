"""Gates: the doors of the house; in the service room."""

from dataclasses import replace

from ticketing.domain.museum import Gate
from ticketing.domain.offers import NAME_LIMIT, SITE_WORDS, SLUG, SLUG_LIMIT
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.store import gates as rows
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised


def add_gate(unit: Unit, house: House, *, slug: str, name: Localised) -> Gate:
    """Make a gate.

    Raises:
        Invalid: A slug that is not lower-case words with hyphens or that the site needs itself,
            or a name of no or of more than 100 characters.
        Conflict: `gate_exists` if the slug is taken.
    """
    gate = checked_gate(Gate(slug=slug, name=name, created_at=house.clock.now()))
    if slug in SITE_WORDS:
        raise Invalid(FieldError("slug", "reserved"))
    unit.begin()
    if not rows.add(unit, gate):
        raise Conflict("gate_exists")
    audit.note(
        unit,
        house,
        action=Action.GATE_CREATED,
        object=Thing("gate", slug),
        after={"name": name},
    )
    unit.commit()
    return gate


def rename_gate(unit: Unit, house: House, *, slug: str, name: Localised) -> Gate:
    """Call a gate otherwise; its slug stays, for stations and offers know it by that.

    Raises:
        NotFound: No gate has it.
        Invalid: A name of no or of more than 100 characters.
    """
    unit.begin()
    old = get_gate(unit, slug=slug)
    new = checked_gate(replace(old, name=name))
    rows.rename(unit, new)
    audit.note(
        unit,
        house,
        action=Action.GATE_CHANGED,
        object=Thing("gate", slug),
        before={"name": old.name},
        after={"name": new.name},
    )
    unit.commit()
    return new


def list_gates(unit: Unit) -> tuple[Gate, ...]:
    """Every gate, oldest first."""
    return rows.listed(unit)


def get_gate(unit: Unit, *, slug: str) -> Gate:
    """The gate of a slug.

    Raises:
        NotFound: No gate has it.
    """
    found = rows.find(unit, slug)
    if found is None:
        raise NotFound("gate")
    return found


def checked_gate(gate: Gate) -> Gate:
    """The gate itself, if it is sound.

    Raises:
        Invalid: As `add_gate`.
    """
    errors: list[FieldError] = []
    if len(gate.slug) > SLUG_LIMIT or not SLUG.fullmatch(gate.slug):
        errors.append(FieldError("slug", "malformed"))
    for lang, name in (("de", gate.name.de), ("en", gate.name.en)):
        if not name.strip() or len(name) > NAME_LIMIT:
            errors.append(FieldError(f"name.{lang}", "length"))
    if errors:
        raise Invalid(*errors)
    return gate
