"""One ticket: all about it, and what staff may do with it.

Every form carries the mark of the ticket as it was shown: whoever acts on what somebody else
has changed meanwhile is told so and sees how it stands now.
"""

from collections.abc import Callable
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.ids import ScanId
from ticketing.domain.tickets import find_ticket_id
from ticketing.service import past, sending, tickets
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.gate import overrule, undo
from ticketing.service.gate.overrule import Override
from ticketing.service.gate.undo import Annulment
from ticketing.service.tickets import TicketCase
from ticketing.web.access import staff_may
from ticketing.web.auth import the_staff
from ticketing.web.cards import barcode_of, card_of, picture
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, mail_view, ticket_view
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.tickets import HOME
from ticketing.wire.token import TicketId

bp = APIBlueprint("staff_ticket", __name__, url_prefix=f"{HOME}/<ticket>", enable_openapi=False)
_SCAN_DIGITS: Final = 32
_HEX: Final = frozenset("0123456789abcdef")
_WHY_LIMIT: Final = 200


@bp.get("")
@staff_may(Right.TICKETS_SEE)
def shown(ticket: str) -> Response:
    """Everything about one ticket."""
    return _page(ticket)


@bp.get("/barcode.png")
@staff_may(Right.TICKETS_SEE)
def barcode(ticket: str) -> Response:
    """The barcode as a picture."""
    return picture(barcode_of(_case(ticket)))


@bp.get("/card.png")
@staff_may(Right.TICKETS_SEE)
def card(ticket: str) -> Response:
    """The whole card as a picture, in the language of the page."""
    return picture(card_of(_case(ticket), frame.the_lang()))


@bp.post("/send")
@staff_may(Right.TICKETS_CHANGE)
def send(ticket: str) -> AnyResponse:
    """Send the ticket into its visitor's chat once more."""
    frame.checked_form()
    parts, ticket_id = the_parts(), _id(ticket)

    def act() -> None:
        with parts.store.unit() as unit:
            sending.send_again(unit, parts.house, ticket_id=ticket_id)

    return _after(ticket, act, "ticket_done_sent")


@bp.post("/mail")
@staff_may(Right.TICKETS_CHANGE)
def mail(ticket: str) -> AnyResponse:
    """Send the ticket to an e-mail address."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    said = mail_view.send(form, _id(ticket))
    return frame.done(f"{HOME}/{ticket}", said) if said else _page(ticket, form, status=422)


@bp.get("/mails")
@staff_may(Right.TICKETS_SEE)
def mails(ticket: str) -> Response:
    """What has become of the mails of the ticket, as a part of its page."""
    box = mail_view.box_of(_id(ticket), frame.the_speaker(), may_send=False)
    return frame.part("staff/mails.html", box=box, address=f"{HOME}/{ticket}")


@bp.post("/block")
@staff_may(Right.TICKETS_CHANGE)
def block(ticket: str) -> AnyResponse:
    """Stop the ticket for a while."""
    return _changed(ticket, tickets.block_ticket, "ticket_done_blocked")


@bp.post("/unblock")
@staff_may(Right.TICKETS_CHANGE)
def unblock(ticket: str) -> AnyResponse:
    """Let a blocked ticket be good again."""
    return _changed(ticket, tickets.unblock_ticket, "ticket_done_unblocked")


@bp.post("/pay")
@staff_may(Right.TICKETS_SELL)
def pay(ticket: str) -> AnyResponse:
    """The money was taken at the desk."""
    return _changed(ticket, tickets.pay_ticket, "ticket_done_paid")


@bp.post("/refund")
@staff_may(Right.TICKETS_SELL)
def refund(ticket: str) -> AnyResponse:
    """The money of a revoked ticket was given back."""
    frame.checked_form()
    parts, ticket_id = the_parts(), _id(ticket)

    def act() -> None:
        with parts.store.unit() as unit:
            tickets.refund_ticket(unit, parts.house, ticket_id=ticket_id)

    return _after(ticket, act, "ticket_done_refunded")


@bp.post("/reissue")
@staff_may(Right.TICKETS_CHANGE)
def reissue(ticket: str) -> AnyResponse:
    """Give the ticket a new barcode; the old one is superseded."""
    return _changed(ticket, tickets.reissue_ticket, "ticket_done_reissued")


@bp.post("/revoke")
@staff_may(Right.TICKETS_CHANGE)
def revoke(ticket: str) -> AnyResponse:
    """Take the ticket back for good."""
    reason = request.form.get("reason", "").strip()
    return _changed(ticket, tickets.revoke_ticket, "ticket_done_revoked", reason=reason)


@bp.post("/name")
@staff_may(Right.TICKETS_CHANGE)
def rename(ticket: str) -> AnyResponse:
    """Put another name on the ticket."""
    holder = request.form.get("holder", "")
    return _changed(ticket, tickets.rename_ticket, "ticket_done_renamed", holder=holder)


@bp.post("/scans/<scan>/annul")
@staff_may(Right.TICKETS_CHANGE)
def annul(ticket: str, scan: str) -> AnyResponse:
    """Take the last entry back: within 15 minutes, or with the right to overrule."""
    frame.checked_form()
    parts, staff = the_parts(), the_staff().staff
    annulment = Annulment(
        scan_id=_scan_of(ticket, scan),
        why=_why(),
        by=staff.id,
        is_forced=staff.may(Right.GATE_OVERRIDE),
    )

    def act() -> None:
        with parts.store.unit() as unit:
            undo.annul_scan(unit, parts.house, annulment=annulment, lang=frame.the_lang())

    return _after(ticket, act, "ticket_done_annulled")


@bp.post("/scans/<scan>/override")
@staff_may(Right.GATE_OVERRIDE)
def override(ticket: str, scan: str) -> AnyResponse:
    """Let in whom a scan refused: the people are counted, a use is spent if one is left."""
    frame.checked_form()
    parts = the_parts()
    overruling = Override(scan_id=_scan_of(ticket, scan), why=_why(), by=the_staff().staff.id)

    def act() -> None:
        with parts.store.unit() as unit:
            overrule.override_scan(unit, parts.house, override=overruling, lang=frame.the_lang())

    return _after(ticket, act, "ticket_done_overridden")


# ------------------------------------------------------------ parts of the above
def _page(ticket: str, form: Form | None = None, *, status: int = 200) -> Response:
    parts, speaker, may = the_parts(), frame.the_speaker(), the_staff().staff.may
    with parts.store.unit() as unit:
        found = past.past_of(unit, parts.house, ticket_id=_id(ticket))
    one = ticket_view.view_of(found, speaker, may)
    may_send = may(Right.TICKETS_CHANGE) and not one.is_void
    return frame.show(
        "staff/ticket.html",
        place=Place.TICKETS,
        status=status,
        one=one,
        box=mail_view.box_of(_id(ticket), speaker, may_send=may_send, form=form),
        address=f"{HOME}/{ticket}",
    )


def _changed(
    ticket: str, change: Callable[..., TicketCase], done: str, **values: str
) -> AnyResponse:
    frame.checked_form()
    parts, ticket_id = the_parts(), _id(ticket)
    seen = request.form.get("seen") or None

    def act() -> None:
        with parts.store.unit() as unit:
            change(unit, parts.house, ticket_id=ticket_id, seen=seen, **values)

    return _after(ticket, act, done)


def _after(ticket: str, act: Callable[[], None], done: str) -> AnyResponse:
    """Do it and go back to the ticket, which says what was done, or why not."""
    address = f"{HOME}/{ticket}"
    try:
        act()
    except Conflict as refusal:
        return frame.not_done(address, _words(f"refused_{refusal.reason}"))
    except Invalid as refusal:
        first = refusal.errors[0]
        return frame.not_done(address, _words(f"refused_{first.field}_{first.problem}"))
    return frame.done(address, done)


def _words(key: str) -> str:
    return key if frame.the_speaker().knows(key) else "wrong_value"


def _why() -> str:
    """Why, as typed; the plain word of the page if nothing was."""
    typed = request.form.get("why", "").strip()[:_WHY_LIMIT]
    return typed or frame.the_speaker().say("ticket_why_none")


def _case(ticket: str) -> TicketCase:
    parts = the_parts()
    with parts.store.unit() as unit:
        return tickets.get_ticket(unit, parts.house, ticket_id=_id(ticket))


def _id(text: str) -> TicketId:
    """The id of an address; any other text names no ticket."""
    found = find_ticket_id(text)
    if found is None:
        raise NotFound("ticket")
    return found


def _scan_of(ticket: str, text: str) -> ScanId:
    """The id of a scan of this very ticket."""
    if len(text) != _SCAN_DIGITS or not set(text) <= _HEX:
        raise NotFound("scan")
    scan_id = ScanId(bytes.fromhex(text))
    if scan_id not in {scan.scan_id for scan in _case(ticket).scans}:
        raise NotFound("scan")
    return scan_id
