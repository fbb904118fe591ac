"""Settings: what the house's people set themselves, each part at a glance."""

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import days_ahead, frame
from ticketing.web.staff.frame import Place
from ticketing.web.staff.setting_pages import HERE

bp = APIBlueprint("staff_settings", __name__, url_prefix=HERE, enable_openapi=False)


@bp.get("")
@staff_may(Right.SETTINGS_SEE)
def shown() -> Response:
    """Today's hours, the days that are not as usual, and what else is set."""
    house, speaker = the_parts().house, frame.the_speaker()
    today, calendar = speaker.today(), house.museum.hours
    return frame.show(
        "staff/settings.html",
        place=Place.SETTINGS,
        today=days_ahead.today_words(calendar, today, speaker),
        next=days_ahead.next_ones(calendar, today, speaker)[:3],
        may_content=frame.may(Right.CONTENT_CHANGE),
        may_settings=frame.may(Right.SETTINGS_CHANGE),
    )
