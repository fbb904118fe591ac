"""/tickets: issue, look up, take back, and the pictures."""

from collections.abc import Callable

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from ticketing.domain.accounts import Scope
from ticketing.domain.tickets import TICKET_ID_BYTES
from ticketing.service import tickets
from ticketing.service.errors import FieldError, Invalid, NotFound
from ticketing.web.access import needs
from ticketing.web.api import gate_shapes, shapes, views
from ticketing.web.api.replay import replayable
from ticketing.web.cards import barcode_of, card_of, picture
from ticketing.web.parts import the_parts
from ticketing.wire.token import TicketId

bp = APIBlueprint("tickets", __name__, url_prefix="/api/v1", tag="Tickets")
_PNG = FileSchema(type="string", format="binary")


@bp.post("/tickets")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.input(shapes.TicketIn)
@bp.output(shapes.TicketWithPast, status_code=201)
@bp.doc(responses=[409])
def issue(json_data: shapes.TicketIn) -> shapes.TicketWithPast:
    """Issue a ticket."""
    parts, order = the_parts(), views.order_of(json_data)
    with parts.store.unit() as unit:
        try:
            case = tickets.issue_ticket(unit, parts.house, order=order)
        except NotFound as missing:  # the address exists; a field names what does not
            raise Invalid(FieldError(missing.what, "unknown")) from None
    return views.ticket_out(case, parts.house)


@bp.get("/tickets")
@needs(Scope.TICKETS_READ)
@bp.input(shapes.TicketQuery, location="query")
@bp.output(shapes.Tickets)
def list_tickets(query_data: shapes.TicketQuery) -> shapes.Tickets:
    """Tickets, newest first."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = tickets.list_tickets(
            unit,
            offer=query_data.offer,
            state=query_data.state,
            cursor=query_data.cursor,
            limit=query_data.limit,
        )
    items = views.listed_out(found.items, parts.house)
    return shapes.Tickets(items=items, next_cursor=found.next_cursor)


@bp.get("/tickets/<ticket>")
@needs(Scope.TICKETS_READ)
@bp.output(shapes.TicketWithPast)
def get_ticket(ticket: str) -> shapes.TicketWithPast:
    """A ticket with its moves and scans."""
    return views.ticket_out(_found(ticket), the_parts().house)


@bp.post("/tickets/<ticket>/revoke")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.input(shapes.RevokeIn)
@bp.output(shapes.TicketWithPast)
def revoke(ticket: str, json_data: shapes.RevokeIn) -> shapes.TicketWithPast:
    """Take a ticket back for good; once more changes nothing."""
    parts = the_parts()
    with parts.store.unit() as unit:
        case = tickets.revoke_ticket(
            unit, parts.house, ticket_id=_id(ticket), reason=json_data.reason
        )
    return views.ticket_out(case, parts.house)


@bp.post("/tickets/<ticket>/block")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.output(shapes.TicketWithPast)
@bp.doc(responses=[409])
def block(ticket: str) -> shapes.TicketWithPast:
    """Stop a ticket for a while."""
    return _changed(ticket, tickets.block_ticket)


@bp.post("/tickets/<ticket>/unblock")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.output(shapes.TicketWithPast)
@bp.doc(responses=[409])
def unblock(ticket: str) -> shapes.TicketWithPast:
    """Let a blocked ticket be good again."""
    return _changed(ticket, tickets.unblock_ticket)


@bp.post("/tickets/<ticket>/pay")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.output(shapes.TicketWithPast)
@bp.doc(responses=[409])
def pay(ticket: str) -> shapes.TicketWithPast:
    """Mark a ticket as paid."""
    return _changed(ticket, tickets.pay_ticket)


@bp.post("/tickets/<ticket>/reissue")
@needs(Scope.TICKETS_WRITE)
@replayable
@bp.output(shapes.TicketWithPast)
@bp.doc(responses=[409])
def reissue(ticket: str) -> shapes.TicketWithPast:
    """Give a ticket a new barcode and short code; the old ones admit no more."""
    return _changed(ticket, tickets.reissue_ticket)


@bp.get("/tickets/<ticket>/barcode.png")
@needs(Scope.TICKETS_READ)
@bp.output(_PNG, content_type="image/png")
def barcode_png(ticket: str) -> Response:
    """The barcode alone."""
    return picture(barcode_of(_found(ticket)))


@bp.get("/tickets/<ticket>/card.png")
@needs(Scope.TICKETS_READ)
@bp.input(gate_shapes.LangQuery, location="query")
@bp.output(_PNG, content_type="image/png")
def card_png(ticket: str, query_data: gate_shapes.LangQuery) -> Response:
    """The whole card, 1080 x 1440 px."""
    return picture(card_of(_found(ticket), query_data.lang))


def _changed(ticket: str, change: Callable[..., tickets.TicketCase]) -> shapes.TicketWithPast:
    parts = the_parts()
    with parts.store.unit() as unit:
        case = change(unit, parts.house, ticket_id=_id(ticket))
    return views.ticket_out(case, parts.house)


def _found(ticket: str) -> tickets.TicketCase:
    parts = the_parts()
    with parts.store.unit() as unit:
        return tickets.get_ticket(unit, parts.house, ticket_id=_id(ticket))


def _id(text: str) -> TicketId:
    """The id of an address; any other text names no ticket."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise NotFound("ticket") from None
    if len(raw) != TICKET_ID_BYTES or raw.hex() != text:
        raise NotFound("ticket")
    return TicketId(raw)
