"""The list of offers as a file: filtered and sorted as on the page."""

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.offers import Offer
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.service import gates
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.offers import HERE, the_offers, the_state
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_offer_sheet", __name__, url_prefix=HERE, enable_openapi=False)


@bp.post("/list/export")
@staff_may(Right.HOUSE_SEE)
def export() -> Response:
    """The offers of the filter, as CSV or XLSX."""
    frame.checked_form()
    kind, speaker = exports.asked_kind(), frame.the_speaker()
    exports.note("offers", kind, state=the_state(request.form))
    with the_parts().store.unit() as unit:
        doors = {gate.slug: gate.name.in_(speaker.lang) for gate in gates.list_gates(unit)}
    found = the_offers(request.form, speaker)
    rows = [_row(one, doors, speaker) for one in found]
    return exports.download(_columns(speaker), rows, name=speaker.say("place_offers"), kind=kind)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("name_german"), width=28),
        Column(say("name_english"), width=28),
        Column(say("staff_slug"), width=20),
        Column(say("staff_price"), ColumnKind.AMOUNT, 12),
        Column(say("report_currency"), width=10),
        Column(say("staff_validity"), width=28),
        Column(say("offer_valid_from"), ColumnKind.DAY, 12),
        Column(say("offer_valid_until"), ColumnKind.DAY, 18),
        Column(say("staff_entries"), width=12),
        Column(say("offer_party_max"), ColumnKind.WHOLE, 28),
        Column(say("offer_per_day"), ColumnKind.WHOLE, 28),
        Column(say("offer_gates"), width=28),
        Column(say("offer_pay_at_desk"), width=28),
        Column(say("staff_state"), width=16),
    ]


def _row(one: Offer, doors: dict[str, str], speaker: Speaker) -> Row:
    say = speaker.say
    return (
        one.name.de,
        one.name.en,
        one.slug,
        one.price_cents,
        one.currency,
        say(f"validity_{one.validity.value}"),
        one.valid_from,
        one.valid_until,
        str(one.entries) if one.entries else say("staff_unlimited"),
        one.party_max,
        one.per_day,
        ", ".join(doors.get(slug, slug) for slug in one.gates or ()) or say("list_all"),
        say("value_yes" if one.pay_at_desk else "value_no"),
        say("staff_active" if one.active else "staff_inactive"),
    )
