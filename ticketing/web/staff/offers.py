"""Offers: what there are tickets for."""

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.service import offers
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, rows
from ticketing.web.staff.frame import Place

bp = APIBlueprint("staff_offers", __name__, url_prefix=f"{frame.HOME}/offers", enable_openapi=False)


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def listed() -> Response:
    """Every offer, in the order of their numbers."""
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        found = offers.list_offers(unit)
    return frame.show(
        "staff/offers.html",
        place=Place.OFFERS,
        offers=[rows.offer(one, speaker) for one in found],
    )
