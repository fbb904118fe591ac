"""Offers: what there are tickets for; in the service room."""

from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Final

from ticketing.domain.offers import Offer, checked, checked_new, edition
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, as_invalid
from ticketing.service.ports import House
from ticketing.store import gates as gate_rows
from ticketing.store import offers as rows
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised


class Keep(Enum):
    """Stands for a fact that is not to be changed, where None is a value."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChange:
    """What to change of an offer; None leaves a fact as it is.

    Only what no issued barcode carries may change: tickets in the field keep their
    validity, entries, party and checks. `per_day` None is no limit, `gates` None is every
    gate; both are left by KEEP.
    """

    name: Localised | None = None
    price_cents: int | None = None
    pay_at_desk: bool | None = None
    party_max: int | None = None
    active: bool | None = None
    early_min: int | None = None
    late_min: int | None = None
    reentry: bool | None = None
    calendar: bool | None = None
    per_day: int | Keep | None = KEEP
    gates: tuple[str, ...] | Keep | None = KEEP


def create_offer(unit: Unit, house: House, *, offer: Offer) -> Offer:
    """Store a new offer; number 0 asks for the next free one.

    Returns:
        The offer as stored.

    Raises:
        Invalid: With an error for each field that is wrong, gates that do not exist too.
        Conflict: `offer_exists` if slug or number is taken.
    """
    wanted = offer if offer.number else replace(offer, number=rows.next_number(unit))
    with as_invalid():
        checked_new(wanted)
    _check_gates(unit, wanted)
    now = house.clock.now()
    unit.begin()
    if not rows.add(unit, wanted, at=now):
        raise Conflict("offer_exists")
    audit.note(
        unit,
        house,
        action=Action.OFFER_CREATED,
        object=Thing("offer", wanted.slug),
        after=audit.facts_of(wanted),
    )
    unit.commit()
    return wanted


def list_offers(unit: Unit, *, active_only: bool = False) -> tuple[Offer, ...]:
    """Offers in the order of their numbers."""
    return rows.listed(unit, active_only=active_only)


def get_offer(unit: Unit, *, slug: str) -> Offer:
    """The offer of a slug.

    Raises:
        NotFound: No offer has it.
    """
    found = rows.find(unit, slug)
    if found is None:
        raise NotFound("offer")
    return found


def change_offer(
    unit: Unit,
    house: House,
    *,
    slug: str,
    change: OfferChange,
    expected: str | None = None,
) -> Offer:
    """Change an offer; `expected` is the edition (`domain.offers.edition`) it was read in.

    Returns:
        The offer as it is now.

    Raises:
        NotFound: No offer has the slug.
        Invalid: With an error for each field that is wrong.
        Conflict: `changed` if the offer is of another edition meanwhile.
    """
    unit.begin()  # before reading: of two changes at once neither may undo the other
    old = get_offer(unit, slug=slug)
    if expected is not None and expected != edition(old):
        raise Conflict("changed")
    with as_invalid():
        new = checked(changed(old, change))
    _check_gates(unit, new)
    rows.change(unit, new)
    audit.note(
        unit,
        house,
        action=Action.OFFER_CHANGED,
        object=Thing("offer", slug),
        before=audit.facts_of(old),
        after=audit.facts_of(new),
    )
    unit.commit()
    return new


def _check_gates(unit: Unit, offer: Offer) -> None:
    known = {gate.slug for gate in gate_rows.listed(unit)}
    if not known.issuperset(offer.gates or ()):
        raise Invalid(FieldError("gates", "unknown"))


_NULLABLE = frozenset({"per_day", "gates"})


def changed(old: Offer, change: OfferChange) -> Offer:
    """The offer with what is to be changed laid over it; nothing is checked or stored."""
    wanted = {field.name: getattr(change, field.name) for field in fields(change)}
    told = {
        name: value
        for name, value in wanted.items()
        if value is not KEEP and (value is not None or name in _NULLABLE)
    }
    return replace(old, **told)
