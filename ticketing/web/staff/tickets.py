"""Tickets: the list, looking for one, taking the list out of the house."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.service import listing, offers, searching
from ticketing.service.errors import Invalid, NotFound
from ticketing.service.listing import Filter, ListState, Order, Query, Sort
from ticketing.web.access import staff_may
from ticketing.web.auth import the_staff
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, rows
from ticketing.web.staff.forms import Form, blank, day_of
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import Listing
from ticketing.web.staff.looking import searched
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{frame.HOME}/tickets"
bp = APIBlueprint("staff_tickets", __name__, url_prefix=HOME, enable_openapi=False)


@bp.get("")
@staff_may(Right.TICKETS_SEE)
def listed() -> Response:
    """Tickets, the latest first, filtered and sorted."""
    parts, speaker = the_parts(), frame.the_speaker()
    wanted = the_filter(request.args)
    part = _asked(speaker, wanted)
    order = Order(Sort(part.sort), is_down=part.is_down)
    query = Query(filter=wanted, order=order, cursor=part.cursor, limit=listing.LIMIT)
    with parts.store.unit() as unit:
        try:
            found = listing.list_for_staff(unit, parts.house, query=query)
        except (Invalid, NotFound):  # an address that nobody gave out: from the beginning
            found = listing.list_for_staff(unit, parts.house, query=Query())
            wanted, part = Filter(), _beginning(speaker)
        sold = offers.list_offers(unit)
    return frame.show(
        "staff/tickets.html",
        place=Place.TICKETS,
        tickets=[rows.ticket(one, speaker) for one in found.items],
        part=part.found(len(found.items), found.next_cursor),
        offers=[(one.slug, one.name.in_(speaker.lang)) for one in sold],
        filters=blank(speaker, **kept(wanted)),
        states=_states(speaker),
        is_filtered=wanted != Filter(),
        can_sort_by_day=listing.can_sort_by_day(wanted),
        may_export=the_staff().staff.may(Right.TICKETS_EXPORT),
        may_sell=the_staff().staff.may(Right.TICKETS_SELL),
        search=blank(speaker),
    )


@bp.post("/search")
@staff_may(Right.TICKETS_SEE)
def search() -> AnyResponse:
    """Tickets by name, short code, reference or barcode; what was typed is in no address."""
    form, found = searched(searching.search_anything, "tickets_too_short")
    if found is None:
        return _results(form, [], status=422)
    shown = [rows.ticket(one, form.speaker) for one in found.items]
    return _results(form, shown, has_more=found.next_cursor is not None)


def the_filter(given: Mapping[str, str]) -> Filter:
    """The filter of an address; what is none filters nothing."""
    state = None
    with suppress(ValueError):
        state = ListState(given.get("state", ""))
    day = day_of(given.get("day", ""))
    return Filter(offer=given.get("offer") or None, state=state, day=day)


def kept(wanted: Filter) -> dict[str, str]:
    """A filter as it stands in an address."""
    return {
        "offer": wanted.offer or "",
        "state": wanted.state.value if wanted.state else "",
        "day": wanted.day.isoformat() if wanted.day else "",
    }


def _asked(speaker: Speaker, wanted: Filter) -> Listing:
    """Newest first, unless somebody asks for another order."""
    part = Listing.asked(speaker, [one.value for one in Sort], kept(wanted))
    return part if "sort" in request.args else replace(part, is_down=True)


def _beginning(speaker: Speaker) -> Listing:
    part = _asked(speaker, Filter())
    return replace(part, sort=Sort.ISSUED.value, is_down=True, cursor=None, start=0)


def _states(speaker: Speaker) -> list[tuple[str, str]]:
    named = [(one.value, speaker.say(f"ticket_short_{one.value}")) for one in ListState]
    return [("", speaker.say("tickets_every_state")), *named]


def _results(
    form: Form, found: list[rows.TicketRow], *, has_more: bool = False, status: int = 200
) -> Response:
    return frame.show(
        "staff/tickets_found.html",
        place=Place.TICKETS,
        status=status,
        search=form,
        tickets=found,
        has_more=has_more,
    )
