"""The day at a glance, and the list of places for small screens."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.domain.conflicts import ConflictState
from ticketing.service import gates, museum
from ticketing.service.gate import conflicts, scans, stations
from ticketing.web.access import for_staff, staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, rows
from ticketing.web.staff.frame import Place

bp = APIBlueprint("staff_today", __name__, url_prefix=frame.HOME, enable_openapi=False)
LATEST: Final = 12


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def today() -> Response:
    """The day at a glance."""
    parts, speaker = the_parts(), frame.the_speaker()
    with parts.store.unit() as unit:
        counts = museum.overview(unit, parts.house)
        doors = {gate.slug: gate.name.in_(speaker.lang) for gate in gates.list_gates(unit)}
        latest = scans.latest_scans(unit, parts.house, limit=LATEST)
        open_ones = conflicts.list_conflicts(unit, state=ConflictState.OPEN, limit=LATEST).items
        paired = stations.list_stations(unit)
    return frame.show(
        "staff/today.html",
        place=Place.TODAY,
        counts=counts,
        capacity=parts.house.museum.capacity,
        scans=[rows.scan(one, doors, speaker) for one in latest],
        conflicts=[rows.conflict(one, doors, speaker) for one in open_ones],
        stations=[rows.station(one, speaker) for one in paired if one.revoked_at is None],
    )


@bp.get("/more")
@for_staff
def more() -> Response:
    """Everything that the bar of a phone has no room for."""
    return frame.show("staff/more.html", place=Place.MORE)
