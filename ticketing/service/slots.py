"""Slots: time windows of an offer, each with places of its own; in the service room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import slots as rules
from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.offers import Offer, Validity, is_sold_for
from ticketing.domain.slots import Series, Slot, SlotPlaces
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, as_invalid
from ticketing.service.offers import get_offer
from ticketing.service.pages import LIMIT, Page
from ticketing.service.ports import House
from ticketing.store import slots as rows
from ticketing.store.unit import Unit

_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotQuery:
    """Which slots of an offer: not over at `since`, begun before `until` (aware)."""

    offer: str
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlot:
    """One slot to make; times aware, `offer` by its slug."""

    offer: str
    starts_at: datetime
    ends_at: datetime
    capacity: int


def add_slot(unit: Unit, house: House, *, wanted: NewSlot) -> SlotPlaces:
    """Make one slot of an offer; times are aware, whole minutes, at most a day apart.

    Raises:
        NotFound: `offer`.
        Invalid: Errors for `starts_at`, `ends_at`, `capacity`, `offer` without slots; `past` for
            one that is over.
        Conflict: `slot_exists` if the offer has a slot with that start.
    """
    of = _offer_with_slots(unit, wanted.offer)
    slot = Slot(
        id=_fresh_id(house),
        offer=of.number,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        capacity=wanted.capacity,
    )
    with as_invalid():
        rules.checked(slot)
    if rules.is_past(slot, house.clock.now()):
        raise Invalid(FieldError("ends_at", "past"))
    if not is_sold_for(of, local_day(wanted.starts_at, house.museum.zone)):
        raise Invalid(FieldError("starts_at", "outside_offer"))
    if not _stored(unit, house, (slot,)):
        raise Conflict("slot_exists")
    return SlotPlaces(slot=slot, sold=0)


def add_series(unit: Unit, house: House, *, offer: str, series: Series) -> tuple[SlotPlaces, ...]:
    """Make many slots of an offer at once, at most 1,000.

    Where the offer has a slot with that start already it stays as it is; those made are
    returned. Days that the offer is not sold for are left out, and times of today that are over.

    Raises:
        NotFound: `offer`.
        Invalid: Errors for `from`, `until`, `times`, `weekdays`, `ends_at`, `capacity`,
            `offer` without slots; `past` for a first day that is over.
    """
    of, zone, now = _offer_with_slots(unit, offer), house.museum.zone, house.clock.now()
    with as_invalid():
        first = rules.starts(series, zone)
        wanted = tuple(
            rules.checked(
                Slot(
                    id=_fresh_id(house),
                    offer=of.number,
                    starts_at=start,
                    ends_at=start + series.length,
                    capacity=series.capacity,
                )
            )
            for start in first
            if is_sold_for(of, local_day(start, zone))
        )
    if not wanted:
        raise Invalid(FieldError("from", "outside_offer"))
    if series.first < local_day(now, zone):
        raise Invalid(FieldError("from", "past"))
    wanted = tuple(slot for slot in wanted if not rules.is_past(slot, now))
    if not wanted:
        raise Invalid(FieldError("times", "past"))
    made = frozenset(_stored(unit, house, wanted))
    return tuple(SlotPlaces(slot=slot, sold=0) for slot in wanted if slot.id in made)


def list_slots(unit: Unit, *, query: SlotQuery) -> Page[SlotPlaces]:
    """An offer's slots by start, with what is sold and free.

    Raises:
        NotFound: `offer`.
        Invalid: A cursor that was not given out.
    """
    of = get_offer(unit, slug=query.offer)
    found = rows.page(
        unit,
        offer=of.number,
        since=query.since,
        until=query.until,
        after=_place(unit, of, query.cursor),
        limit=query.limit + 1,
    )
    items = found[: query.limit]
    return Page(items, items[-1].slot.id if len(found) > query.limit else None)


def resize_slot(unit: Unit, house: House, *, offer: str, slot: str, capacity: int) -> Slot:
    """Give a slot so many places, at least as many as are sold.

    Raises:
        NotFound: `slot`, also if it is of another offer.
        Invalid: `capacity`.
        Conflict: `sold_more` if more are sold.
    """
    unit.begin()
    old = _get(unit, offer, slot)
    with as_invalid():
        new = rules.checked(replace(old, capacity=capacity))
    if not rows.resize(unit, new):
        raise Conflict("sold_more")
    audit.note(
        unit,
        house,
        action=Action.SLOT_CHANGED,
        object=Thing("slot", slot),
        before={"capacity": old.capacity},
        after={"capacity": new.capacity},
    )
    unit.commit()
    return new


def delete_slot(unit: Unit, house: House, *, offer: str, slot: str) -> None:
    """Take a slot away that no ticket is for.

    Raises:
        NotFound: `slot`, also if it is of another offer.
        Conflict: `slot_is_sold` if there is a ticket for it, revoked ones too.
    """
    unit.begin()
    old = _get(unit, offer, slot)
    if not rows.delete_unsold(unit, slot):
        raise Conflict("slot_is_sold")
    audit.note(
        unit,
        house,
        action=Action.SLOT_DELETED,
        object=Thing("slot", slot),
        before={"starts_at": old.starts_at, "capacity": old.capacity},
    )
    unit.commit()


def upcoming(unit: Unit, house: House, *, limit: int) -> tuple[SlotPlaces, ...]:
    """The slots of any offer that run or begin yet on the present local day, by start."""
    now, zone = house.clock.now(), house.museum.zone
    _, ends = day_bounds(local_day(now, zone), zone)
    return rows.upcoming(unit, since=now, until=ends, limit=limit)


# ------------------------------------------------------------ parts of the above
def _get(unit: Unit, offer: str, slot: str) -> Slot:
    of, found = get_offer(unit, slug=offer), rows.find(unit, slot)
    if found is None or found.offer != of.number:
        raise NotFound("slot")
    return found


def _offer_with_slots(unit: Unit, slug: str) -> Offer:
    of = get_offer(unit, slug=slug)
    if of.validity is not Validity.SLOT:
        raise Invalid(FieldError("offer", "without_slots"))
    return of


def _fresh_id(house: House) -> str:
    return f"sl_{house.chance.draw(_ID_BYTES).hex()}"


def _stored(unit: Unit, house: House, slots: Sequence[Slot]) -> tuple[str, ...]:
    """Write them; the ids of those that were new."""
    now = house.clock.now()
    unit.begin()
    made = rows.add(unit, slots, at=now)
    if made:
        audit.note(
            unit,
            house,
            action=Action.SLOT_CREATED,
            object=Thing("slot", made[0]),
            after={"slots": len(made), "first": slots[0].starts_at, "last": slots[-1].starts_at},
        )
    unit.commit()
    return made


def _place(unit: Unit, of: Offer, cursor: str | None) -> datetime | None:
    """The start behind which a page begins: a cursor is the id of a page's last slot."""
    if cursor is None:
        return None
    last = rows.find(unit, cursor)
    if last is None or last.offer != of.number:
        raise Invalid(FieldError("cursor", "malformed"))
    return last.starts_at
