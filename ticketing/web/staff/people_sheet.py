"""The staff as a file: who may sign in, how, and when they were last here."""

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.domain.sign_in import Person
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.service import staff_people
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.people import HERE, PersonRow, person_row
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_people_sheet", __name__, url_prefix=HERE, enable_openapi=False)


@bp.post("/export")
@staff_may(Right.PEOPLE_SEE)
def export() -> Response:
    """Everybody, by name, as on the page."""
    frame.checked_form()
    kind, speaker, parts = exports.asked_kind(), frame.the_speaker(), the_parts()
    exports.note("people", kind)
    now = parts.house.clock.now()
    with parts.store.unit() as unit:
        found = staff_people.list_people(unit, parts.house)
    rows = [_row(one, person_row(one, speaker, now), speaker) for one in found]
    return exports.download(_columns(speaker), rows, name=speaker.say("place_people"), kind=kind)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("staff_name"), width=28),
        Column(say("people_role"), width=18),
        Column(say("people_ways"), width=36),
        Column(say("staff_state"), width=24),
        Column(say("people_last_seen"), ColumnKind.MOMENT, 18),
        Column(say("people_has_pin"), width=18),
    ]


def _row(found: Person, shown: PersonRow, speaker: Speaker) -> Row:
    say = speaker.say
    return (
        shown.name,
        say(shown.role),
        ", ".join(say(way) for way in shown.ways),
        say(shown.state),
        found.seen_at,
        say("value_yes" if shown.has_pin else "value_no"),
    )
