"""The list of tickets as a file: filtered as on the page, written while it is read."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.domain.tickets import shown_code
from ticketing.service import audit, listing
from ticketing.service.cases import ListedTicket, state_of
from ticketing.service.listing import Filter, Query
from ticketing.service.pages import walk
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.exports import FileKind
from ticketing.web.staff.speaker import Speaker
from ticketing.web.staff.tickets import HOME, kept, the_filter

bp = APIBlueprint("staff_ticket_sheet", __name__, url_prefix=HOME, enable_openapi=False)
_AT_ONCE: Final = 1000
_MINUTE: Final = timedelta(minutes=1)


@bp.post("/export")
@staff_may(Right.TICKETS_EXPORT)
def export() -> Response:
    """The tickets of the filter, as CSV or XLSX."""
    frame.checked_form()
    speaker, wanted = frame.the_speaker(), the_filter(request.form)
    kind = exports.asked_kind()
    _note(wanted, kind)
    name = speaker.say("place_tickets")
    return exports.download(_columns(speaker), _rows(wanted, speaker), name=name, kind=kind)


def _note(wanted: Filter, kind: FileKind) -> None:
    """Who took which list out; an offer that is none is refused before."""
    parts = the_parts()
    with parts.store.unit() as unit:
        listing.list_for_staff(unit, parts.house, query=Query(filter=wanted, limit=1))
        audit.note_list(
            unit,
            parts.house,
            action=audit.Action.TICKETS_EXPORTED,
            of="tickets",
            kind=kind.value,
            wanted=kept(wanted),
        )


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("tickets_issued"), ColumnKind.MOMENT, 18),
        Column(say("staff_holder"), width=28),
        Column(say("staff_offer"), width=24),
        Column(say("tickets_first_day"), ColumnKind.DAY, 12),
        Column(say("tickets_last_day"), ColumnKind.DAY, 12),
        Column(say("staff_party"), ColumnKind.WHOLE, 10),
        Column(say("staff_entries"), ColumnKind.WHOLE, 10),
        Column(say("staff_state"), width=16),
        Column(say("staff_code"), width=12),
        Column(say("ticket_reference"), width=24),
    ]


def _rows(wanted: Filter, speaker: Speaker) -> Iterator[Row]:
    parts = the_parts()
    found = walk(
        parts.store,
        lambda unit, cursor: listing.list_for_staff(
            unit, parts.house, query=Query(filter=wanted, cursor=cursor, limit=_AT_ONCE)
        ),
    )
    return (_row(one, speaker) for one in found)


def _row(one: ListedTicket, speaker: Speaker) -> Row:
    ticket, house = one.ticket, the_parts().house
    return (
        ticket.created_at,
        ticket.holder,
        one.offer.name.in_(speaker.lang),
        speaker.local(ticket.valid_from),
        speaker.local(ticket.valid_until - _MINUTE),
        ticket.party,
        ticket.entries or None,
        speaker.say(f"ticket_short_{state_of(house, one).value}"),
        shown_code(ticket.short_code),
        ticket.reference,
    )
