"""Tickets: the latest ones."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.service import tickets
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, rows
from ticketing.web.staff.frame import Place

bp = APIBlueprint(
    "staff_tickets", __name__, url_prefix=f"{frame.HOME}/tickets", enable_openapi=False
)
LATEST: Final = 25


@bp.get("")
@staff_may(Right.TICKETS_SEE)
def listed() -> Response:
    """The latest tickets."""
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        found = tickets.latest_tickets(unit, limit=LATEST)
    return frame.show(
        "staff/tickets.html",
        place=Place.TICKETS,
        tickets=[rows.ticket(one, speaker) for one in found],
    )
