"""/offers/{slug}/slots: time windows and their places."""

from datetime import date, datetime, timedelta

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.domain.museum import day_bounds, is_plausible_day
from ticketing.domain.slots import Series, SlotPlaces
from ticketing.service import slots
from ticketing.service.errors import FieldError, Invalid
from ticketing.web.access import needs
from ticketing.web.api import slot_shapes as shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts

bp = APIBlueprint("slots", __name__, url_prefix="/api/v1", tag="Offers")


@bp.get("/offers/<slug>/slots")
@needs(Scope.OFFERS_READ)
@bp.input(shapes.SlotQuery, location="query")
@bp.output(shapes.Slots)
def list_slots(slug: str, query_data: shapes.SlotQuery) -> shapes.Slots:
    """Slots of an offer by start, with what is sold and free."""
    parts = the_parts()
    since = _bounds(query_data.from_)[0] if query_data.from_ else parts.house.clock.now()
    until = _bounds(query_data.until)[1] if query_data.until else None
    query = slots.SlotQuery(
        offer=slug, since=since, until=until, cursor=query_data.cursor, limit=query_data.limit
    )
    with parts.store.unit() as unit:
        found = slots.list_slots(unit, query=query)
    items = [_slot_out(places) for places in found.items]
    return shapes.Slots(items=items, next_cursor=found.next_cursor)


@bp.post("/offers/<slug>/slots")
@needs(Scope.OFFERS_WRITE)
@replayable
@bp.input(shapes.SlotIn)
@bp.output(shapes.SlotOut, status_code=201)
@bp.doc(responses=[409])
def add_slot(slug: str, json_data: shapes.SlotIn) -> shapes.SlotOut:
    """Make one slot."""
    parts = the_parts()
    with parts.store.unit() as unit:
        made = slots.add_slot(
            unit,
            parts.house,
            wanted=slots.NewSlot(
                offer=slug,
                starts_at=json_data.starts_at,
                ends_at=json_data.ends_at,
                capacity=json_data.capacity,
            ),
        )
    return _slot_out(made)


@bp.post("/offers/<slug>/slots/series")
@needs(Scope.OFFERS_WRITE)
@replayable
@bp.input(shapes.SeriesIn)
@bp.output(shapes.Slots, status_code=201)
def add_series(slug: str, json_data: shapes.SeriesIn) -> shapes.Slots:
    """Make slots on many days; those that exist stay as they are."""
    parts = the_parts()
    series = Series(
        first=json_data.from_,
        last=json_data.until,
        times=json_data.times,
        length=timedelta(minutes=json_data.length_min),
        capacity=json_data.capacity,
        weekdays=frozenset(json_data.weekdays),
    )
    with parts.store.unit() as unit:
        made = slots.add_series(unit, parts.house, offer=slug, series=series)
    return shapes.Slots(items=[_slot_out(places) for places in made])


def _bounds(day: date) -> tuple[datetime, datetime]:
    if not is_plausible_day(day):
        raise Invalid(FieldError("from", "range"))
    return day_bounds(day, the_parts().house.museum.zone)


def _slot_out(places: SlotPlaces) -> shapes.SlotOut:
    slot, zone = places.slot, the_parts().house.museum.zone
    return shapes.SlotOut(
        id=slot.id,
        starts_at=slot.starts_at.astimezone(zone),
        ends_at=slot.ends_at.astimezone(zone),
        capacity=slot.capacity,
        sold=places.sold,
        free=places.free,
    )
