"""Visitors: the list, looking for one, one with all about them, taken out and erased.

An address holds the id of a visitor, which is random and says nothing; what somebody looks
for is sent as a form. Whether an id was ever anybody's is told to nobody: 404 for all.
"""

import json
from typing import Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import find_visitor_id, short_reference
from ticketing.service import people, visitor_lists
from ticketing.service.errors import Invalid, NotFound
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame, visitor_view
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import LIMIT, Listing
from ticketing.web.staff.looking import searched
from ticketing.web.staff.visitor_view import VisitorRow

HOME: Final = f"{frame.HOME}/visitors"
bp = APIBlueprint("staff_visitors", __name__, url_prefix=HOME, enable_openapi=False)


@bp.get("")
@staff_may(Right.VISITORS_SEE)
def listed() -> Response:
    """Visitors, whoever wrote last for the first time first."""
    speaker = frame.the_speaker()
    part = Listing.asked(speaker, ("since",))
    with the_parts().store.unit() as unit:
        try:
            found = visitor_lists.list_visitors(unit, cursor=part.cursor, limit=LIMIT)
        except Invalid:  # a cursor that nobody gave out: from the beginning
            found = visitor_lists.list_visitors(unit, limit=LIMIT)
    return frame.show(
        "staff/visitors.html",
        place=Place.VISITORS,
        visitors=[visitor_view.row(one, speaker) for one in found.items],
        part=part.found(len(found.items), found.next_cursor),
        search=blank(speaker),
    )


@bp.post("/search")
@staff_may(Right.VISITORS_SEE)
def search() -> Response:
    """Visitors by name on a ticket, code or reference; what was typed is in no address."""
    form, found = searched(visitor_lists.search_visitors, "visitors_too_short")
    if found is None:
        return _results(form, [], status=422)
    shown = [visitor_view.row(one, form.speaker) for one in found.items]
    return _results(form, shown, has_more=found.next_cursor is not None)


@bp.get("/<visitor>")
@staff_may(Right.VISITORS_SEE)
def shown(visitor: str) -> Response:
    """Everything about one visitor but what was said."""
    with the_parts().store.unit() as unit:
        found = visitor_lists.view_visitor(unit, visitor=_id(visitor))
    return frame.show(
        "staff/visitor.html",
        place=Place.VISITORS,
        one=visitor_view.view_of(found, frame.the_speaker()),
        address=f"{HOME}/{visitor}",
    )


@bp.post("/<visitor>/export")
@staff_may(Right.VISITORS_EXPORT)
def export(visitor: str) -> Response:
    """All that is kept of one visitor, for the visitor to have: the file that programs get."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        record = people.export(unit, parts.house, visitor=_id(visitor))
    told = json.dumps(people.record_json(parts.house, record), ensure_ascii=False, indent=2)
    name = frame.the_speaker().say("visitors_file")
    return exports.streamed(iter((told.encode(),)), name=name, ending="json")


@bp.get("/<visitor>/erase")
@staff_may(Right.VISITORS_ERASE)
def ask_erase(visitor: str) -> Response:
    """What erasing takes away, and what it leaves."""
    return _asked(_id(visitor), blank(frame.the_speaker()))


@bp.post("/<visitor>/erase")
@staff_may(Right.VISITORS_ERASE)
def erase(visitor: str) -> AnyResponse:
    """Erase one visitor for good, if somebody says that they are sure."""
    frame.checked_form()
    parts, form, visitor_id = the_parts(), the_form(frame.the_speaker()), _id(visitor)
    if not form.is_checked("sure"):
        form.problem("sure", "visitors_erase_unsure")
        return _asked(visitor_id, form, status=422)
    gone = people.erase(parts.store, parts.house, visitor=visitor_id)
    return frame.done(
        HOME,
        "visitors_done_erased",
        messages=gone.messages,
        tickets=gone.tickets,
        codes=gone.codes,
    )


# ------------------------------------------------------------ parts of the above
def _asked(visitor: VisitorId, form: Form, *, status: int = 200) -> Response:
    with the_parts().store.unit() as unit:
        people.get_visitor(unit, visitor=visitor)  # who is gone is not asked about
    return frame.show(
        "staff/visitor_erase.html",
        place=Place.VISITORS,
        status=status,
        reference=short_reference(visitor),
        address=f"{HOME}/{visitor.hex()}",
        form=form,
    )


def _results(
    form: Form, found: list[VisitorRow], *, has_more: bool = False, status: int = 200
) -> Response:
    return frame.show(
        "staff/visitors_found.html",
        place=Place.VISITORS,
        status=status,
        search=form,
        visitors=found,
        has_more=has_more,
    )


def _id(text: str) -> VisitorId:
    """The id of an address; any other text names no visitor."""
    found = find_visitor_id(text)
    if found is None:
        raise NotFound("visitor")
    return found
