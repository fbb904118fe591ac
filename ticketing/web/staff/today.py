"""The day at a glance, and the list of places for small screens."""

from dataclasses import dataclass
from typing import Final

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right, Station
from ticketing.domain.conflicts import ConflictState
from ticketing.domain.offers import Offer
from ticketing.domain.slots import SlotPlaces
from ticketing.service import figures, gates, museum, offers, slots
from ticketing.service.gate import conflicts, scans, stations
from ticketing.service.gate.conflicts import ListedConflict
from ticketing.service.gate.scans import SeenScan
from ticketing.service.museum import Overview
from ticketing.service.pages import Page
from ticketing.web.access import for_staff, staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, rows
from ticketing.web.staff.day_plot import DayPlot, day_plot
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_today", __name__, url_prefix=frame.HOME, enable_openapi=False)
LATEST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """What the page is made from."""

    counts: Overview
    quarters: tuple[int, ...]
    usual: tuple[float, ...] | None
    doors: dict[str, str]
    latest: tuple[SeenScan, ...]
    conflicts: Page[ListedConflict]
    stations: tuple[Station, ...]
    slots: tuple[SlotPlaces, ...]
    offers: dict[int, Offer]


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def today() -> Response:
    """The day at a glance."""
    speaker = frame.the_speaker()
    day = _read(speaker)
    return frame.show(
        "staff/today.html",
        place=Place.TODAY,
        counts=day.counts,
        capacity=the_parts().house.museum.capacity,
        day_plot=_plot(day, speaker),
        has_usual=day.usual is not None,
        weekday=speaker.weekday(speaker.now()),
        scans=[rows.scan(one, day.doors, speaker) for one in day.latest],
        conflicts=[rows.conflict(one, day.doors, speaker) for one in day.conflicts.items],
        has_more_conflicts=day.conflicts.next_cursor is not None,
        stations=[rows.station(one, speaker) for one in day.stations if not one.revoked_at],
        slots=[rows.slot(one, day.offers, speaker) for one in day.slots],
    )


@bp.get("/more")
@for_staff
def more() -> Response:
    """Everything that the bar of a phone has no room for."""
    return frame.show("staff/more.html", place=Place.MORE)


def _read(speaker: Speaker) -> _Day:
    parts = the_parts()
    house = parts.house
    on = speaker.today()
    with parts.store.unit() as unit:
        return _Day(
            counts=museum.overview(unit, house),
            quarters=figures.of_today(unit, house),
            usual=figures.usual_day(unit, house, day=on),
            doors={gate.slug: gate.name.in_(speaker.lang) for gate in gates.list_gates(unit)},
            latest=tuple(scans.latest_scans(unit, house, limit=LATEST)),
            conflicts=conflicts.list_conflicts(unit, state=ConflictState.OPEN, limit=LATEST),
            stations=stations.list_stations(unit),
            slots=slots.upcoming(unit, house, limit=LATEST),
            offers={offer.number: offer for offer in offers.list_offers(unit)},
        )


def _plot(day: _Day, speaker: Speaker) -> DayPlot:
    return day_plot(day.quarters, day.usual, hours=day.counts.hours, speaker=speaker)
