"""Time slots of an offer: a calendar by days, how full each is, one more or a whole series."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.museum import day_bounds
from ticketing.domain.offers import Validity
from ticketing.domain.slots import CAPACITY_LIMIT, EVERY_DAY, Series, SlotPlaces
from ticketing.service import offers, slots
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.slots import SlotQuery
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, blank, day_of, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint(
    "staff_slots", __name__, url_prefix=f"{frame.HOME}/offers/<slug>/slots", enable_openapi=False
)
WEEK: Final = timedelta(days=7)
_MOST: Final = 500
_MOST_MINUTES: Final = 24 * 60
_FIELDS: Final = {"from": "first", "until": "last", "starts_at": "times", "ends_at": "minutes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLine:
    """One slot of a day."""

    id: str
    begins: str
    ends: str
    sold: int
    capacity: int


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One day of the week that is shown."""

    weekday: str
    day: str
    slots: tuple[SlotLine, ...]


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def week(slug: str) -> Response:
    """A week of slots, this one unless another is asked for."""
    return _page(slug, _blank_form())


@bp.post("")
@staff_may(Right.OFFERS_CHANGE)
def add_series(slug: str) -> AnyResponse:
    """Make one slot or many; where there is one with that start already it stays."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    series = _series(form)
    if series is not None:
        try:
            with parts.store.unit() as unit:
                made = slots.add_series(unit, parts.house, offer=slug, series=series)
            address = f"{frame.HOME}/offers/{slug}/slots?week={series.first.isoformat()}"
            return frame.done(address, "slots_made", n=len(made))
        except Invalid as refusal:
            form.take(refusal, _FIELDS)
    return _page(slug, form, status=422)


@bp.post("/<slot>/capacity")
@staff_may(Right.OFFERS_CHANGE)
def resize(slug: str, slot: str) -> AnyResponse:
    """Give a slot more places, or fewer: never fewer than are sold."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    capacity = form.whole("capacity", least=1, most=CAPACITY_LIMIT)
    back = _back(slug)
    if capacity is None:
        return frame.not_done(back, "slot_bad_capacity")
    try:
        with parts.store.unit() as unit:
            slots.resize_slot(unit, parts.house, offer=slug, slot=slot, capacity=capacity)
    except Conflict:
        return frame.not_done(back, "slot_sold_more")
    except NotFound:
        return frame.not_done(back, "slot_gone")
    return frame.done(back, "slot_changed")


@bp.post("/<slot>/delete")
@staff_may(Right.OFFERS_CHANGE)
def delete(slug: str, slot: str) -> AnyResponse:
    """Take away a slot that nobody has a ticket for."""
    frame.checked_form()
    parts, back = the_parts(), _back(slug)
    try:
        with parts.store.unit() as unit:
            slots.delete_slot(unit, parts.house, offer=slug, slot=slot)
    except Conflict:
        return frame.not_done(back, "slot_is_sold")
    except NotFound:
        return frame.not_done(back, "slot_gone")
    return frame.done(back, "slot_deleted")


# ------------------------------------------------------------ parts of the above
def _back(slug: str) -> str:
    return f"{frame.HOME}/offers/{slug}/slots?week={_monday(request.form.get('week')).isoformat()}"


def _monday(asked: str | None) -> date:
    """The Monday of the week of a day; of the present one if that is no day."""
    day = day_of(asked or "") or frame.the_speaker().today()
    return day - timedelta(days=day.weekday())


def _blank_form() -> Form:
    first = frame.the_speaker().today()
    values = {"first": first.isoformat(), "last": first.isoformat(), "times": "10:00"}
    return blank(frame.the_speaker(), **values, minutes="60", capacity="20")


def _series(form: Form) -> Series | None:
    first, last = form.day("first"), form.day("last")
    minutes = form.whole("minutes", least=1, most=_MOST_MINUTES)
    capacity = form.whole("capacity", least=1, most=CAPACITY_LIMIT)
    times = form.clocks("times")
    weekdays = frozenset(int(one) for one in form.chosen("weekdays") if one in set("0123456"))
    if first is None or last is None or minutes is None or capacity is None or form.problems:
        return None
    return Series(
        first=first,
        last=last,
        times=times,
        length=timedelta(minutes=minutes),
        capacity=capacity,
        weekdays=weekdays or EVERY_DAY,
    )


def _page(slug: str, form: Form, *, status: int = 200) -> Response:
    parts, speaker = the_parts(), frame.the_speaker()
    zone, monday = parts.house.museum.zone, _monday(request.args.get("week"))
    since, until = day_bounds(monday, zone)[0], day_bounds(monday + WEEK, zone)[0]
    with parts.store.unit() as unit:
        offer = offers.get_offer(unit, slug=slug)
        query = SlotQuery(offer=slug, since=since, until=until, limit=_MOST)
        found = slots.list_slots(unit, query=query).items
    return frame.show(
        "staff/slots.html",
        place=Place.OFFERS,
        status=status,
        offer=offer,
        form=form,
        days=_columns(found, monday, speaker),
        week=monday.isoformat(),
        week_range=speaker.say(
            "slots_week",
            first=speaker.short_day(monday),
            last=speaker.short_day(monday + WEEK - timedelta(days=1)),
        ),
        before=(monday - WEEK).isoformat(),
        after=(monday + WEEK).isoformat(),
        weekdays=[(str(n), speaker.say(f"weekday_{n}")) for n in range(7)],
        may_change=frame.may(Right.OFFERS_CHANGE) and offer.validity is Validity.SLOT,
    )


def _columns(found: tuple[SlotPlaces, ...], monday: date, speaker: Speaker) -> list[DayColumn]:
    by_day: dict[date, list[SlotLine]] = {}
    for one in found:
        line = SlotLine(
            id=one.slot.id,
            begins=speaker.time(one.slot.starts_at),
            ends=speaker.time(one.slot.ends_at),
            sold=one.sold,
            capacity=one.slot.capacity,
        )
        by_day.setdefault(speaker.local(one.slot.starts_at), []).append(line)
    return [
        DayColumn(
            weekday=speaker.say(f"weekday_{day.weekday()}"),
            day=speaker.short_day(day),
            slots=tuple(by_day.get(day, ())),
        )
        for day in (monday + timedelta(days=n) for n in range(7))
    ]
