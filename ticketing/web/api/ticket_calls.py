"""/tickets/batch and /tickets/search: many tickets at once, and looking for one."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import ValidationError

from ticketing.domain.accounts import Scope
from ticketing.domain.ids import VisitorId
from ticketing.domain.tickets import shown_code
from ticketing.service import bulk, searching
from ticketing.service.errors import RowError
from ticketing.service.tickets import ListedTicket, TicketOrder, state_of
from ticketing.web.access import for_stations_or, metered, needs
from ticketing.web.api import shapes, views
from ticketing.web.api import slot_shapes as own
from ticketing.web.api.replay import replayable
from ticketing.web.auth import the_station_if_any
from ticketing.web.errors import shown_name
from ticketing.web.parts import the_parts

bp = APIBlueprint("ticket_calls", __name__, url_prefix="/api/v1", tag="Tickets")


@bp.post("/tickets/batch")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.input(own.BatchIn)
@bp.output(own.BatchOut, status_code=201)
@bp.doc(responses=[409])
def issue_batch(json_data: own.BatchIn) -> own.BatchOut:
    """Issue up to 10,000 tickets, all or none; errors name index, field and problem."""
    parts = the_parts()
    wanted = [_row(index, raw) for index, raw in enumerate(json_data.tickets)]
    with parts.store.unit() as unit:
        cases = bulk.issue_batch(unit, parts.house, wanted=wanted)
    return own.BatchOut(items=[views.listed_one(one, one.barcode, parts.house) for one in cases])


@bp.post("/tickets/search")
@for_stations_or(Scope.TICKETS_READ)
@metered
@bp.input(own.SearchIn)
@bp.output(own.Found)
def search(json_data: own.SearchIn) -> own.Found:
    """Tickets by name, reference, short code or visitor; stations get a short form."""
    parts = the_parts()
    wanted = searching.Search(
        holder=json_data.holder,
        reference=json_data.reference,
        short_code=json_data.short_code,
        visitor=VisitorId(bytes.fromhex(json_data.visitor)) if json_data.visitor else None,
        cursor=json_data.cursor,
        limit=json_data.limit,
    )
    if the_station_if_any() is None:
        with parts.store.unit() as unit:
            page = searching.search_tickets(unit, search=wanted)
        items = views.listed_out(page.items, parts.house)
        return own.Found(items=items, next_cursor=page.next_cursor)
    with parts.store.unit() as unit:
        page = searching.search_at_gate(unit, parts.house, search=wanted)
    return own.Found(items=[_at_gate(one) for one in page.items], next_cursor=page.next_cursor)


def _row(index: int, raw: Any) -> TicketOrder | RowError:  # noqa: ANN401  anything JSON may hold
    try:
        return views.order_of(shapes.TicketIn.model_validate(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        is_unknown = first["type"] == "extra_forbidden"
        name = str(first["loc"][0]) if first["loc"] else ""
        problem = "unknown field" if is_unknown else first["msg"]
        return RowError(index, shown_name(name, is_unknown=is_unknown), problem)


def _at_gate(found: ListedTicket) -> own.FoundAtGate:
    house, ticket = the_parts().house, found.ticket
    return own.FoundAtGate(
        id=ticket.id.hex(),
        holder=ticket.holder,
        offer=found.offer.slug,
        offer_name=shapes.BothLanguages(de=found.offer.name.de, en=found.offer.name.en),
        party=ticket.party,
        state=state_of(house, found).value,
        short_code=shown_code(ticket.short_code),
        valid_from=ticket.valid_from.astimezone(house.museum.zone),
        valid_until=ticket.valid_until.astimezone(house.museum.zone),
    )
