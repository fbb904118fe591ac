"""The desk: a ticket for somebody who stands there, and the screen that shows it to them."""

from datetime import date
from typing import Final

from apiflask import APIBlueprint
from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.offers import BYTE_LIMIT
from ticketing.domain.tickets import HOLDER_LIMIT, REFERENCE_LIMIT, find_ticket_id, shown_code
from ticketing.service import desk, once, takings, tickets
from ticketing.service.desk import Paying, Wish
from ticketing.service.errors import Conflict, Invalid, NotFound, SoldOut
from ticketing.service.takings import Payment
from ticketing.service.tickets import TicketCase, state_of
from ticketing.web.access import staff_may
from ticketing.web.cards import barcode_of, facts_of, picture, validity_of
from ticketing.web.parts import the_parts
from ticketing.web.staff import desk_view, frame, mail_view
from ticketing.web.staff.forms import Form, blank, day_of, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import TICKET_SHAPES

HOME: Final = f"{frame.HOME}/desk"
bp = APIBlueprint("staff_desk", __name__, url_prefix=HOME, enable_openapi=False)
_COOKIE: Final = "einlass_desk"
_YEAR_S: Final = 365 * 24 * 3600


@bp.get("")
@staff_may(Right.TICKETS_SELL)
def counter() -> Response:
    """The form: an offer, a day or a slot, persons, the money."""
    speaker = frame.the_speaker()
    on = day_of(request.args.get("on", ""))
    return _page(blank(speaker), offer=request.args.get("offer", ""), on=on)


@bp.post("")
@staff_may(Right.TICKETS_SELL)
def sell() -> AnyResponse:
    """Issue the ticket, once, and show it; or the form again with what is wrong."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    offer, on = form.value("offer"), form.day("on", is_needed=False)
    wish = _wish(form, offer, on)
    if form.problems:
        return _page(form, offer=offer, on=on, status=422)
    sent = desk.Form(token=form.value("token"), desk=_desk())
    try:
        with parts.store.unit() as unit:
            sold = desk.sell(unit, parts.house, wish=wish, form=sent)
    except (Conflict, Invalid, NotFound) as refusal:
        return _refused(form, refusal, offer=offer, on=on)
    address = f"{HOME}/sold/{sold.case.ticket.id.hex()}"
    answer = frame.done(address, "desk_repeat") if sold.is_repeat else redirect(address, 303)
    return _with_desk(answer, sent.desk)


@bp.post("/form")
@staff_may(Right.TICKETS_SELL)
def form_again() -> Response:
    """The form with the slots of another day or for other persons; what was typed stays."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    on = form.day("on", is_needed=False)
    status = 422 if form.problems else 200
    return _page(form, offer=form.value("offer"), on=on, status=status)


@bp.get("/sold/<ticket>")
@staff_may(Right.TICKETS_SELL)
def sold(ticket: str) -> Response:
    """The ticket just sold: barcode, short code, print, e-mail, next customer."""
    return _sold_page(ticket)


@bp.post("/sold/<ticket>/mail")
@staff_may(Right.TICKETS_SELL)
def mail(ticket: str) -> AnyResponse:
    """Send the ticket just sold to an e-mail address."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    said = mail_view.send(form, _case(ticket).ticket.id)
    if not said:
        return _sold_page(ticket, form, status=422)
    return frame.done(f"{HOME}/sold/{ticket}", said)


def _sold_page(ticket: str, form: Form | None = None, *, status: int = 200) -> Response:
    speaker, case = frame.the_speaker(), _case(ticket)
    state = state_of(the_parts().house, case)
    return frame.show(
        "staff/desk_sold.html",
        place=Place.DESK,
        status=status,
        box=mail_view.box_of(case.ticket.id, speaker, may_send=True, form=form),
        facts=facts_of(case, speaker.lang),
        when=validity_of(case, speaker.lang),
        ticket=ticket,
        address=f"{frame.HOME}/tickets/{ticket}",
        code=shown_code(case.ticket.short_code),
        state=f"ticket_short_{state.value}",
        shape=TICKET_SHAPES.get(state, "status--idle"),
        money=desk_view.money_of(case, _payments(case), speaker),
        again=f"{HOME}?offer={case.offer.slug}",
    )


@bp.post("/next")
@staff_may(Right.TICKETS_SELL)
def next_customer() -> AnyResponse:
    """Clear the second screen and begin anew."""
    frame.checked_form()
    parts, here = the_parts(), _desk()
    with parts.store.unit() as unit:
        desk.next_customer(unit, parts.house, desk=here)
    return _with_desk(redirect(HOME, 303), here)


@bp.get("/screen")
@staff_may(Right.TICKETS_SELL)
def screen() -> Response:
    """What the customer sees, for a second monitor: the barcode, and no name."""
    here, speaker = _desk(), frame.the_speaker()
    shown = _on_screen(here)
    facts = None if shown is None else facts_of(shown.case, speaker.lang)
    when = "" if shown is None else validity_of(shown.case, speaker.lang)
    answer = frame.part("staff/desk_screen.html", shown=shown, facts=facts, when=when)
    _with_desk(answer, here)
    return answer


@bp.get("/screen/now")
@staff_may(Right.TICKETS_SELL)
def screen_now() -> Response:
    """What the page of the second screen asks for every second: whether it is another one."""
    shown = _on_screen(_desk())
    return jsonify({"sale": "" if shown is None else shown.sale})


@bp.get("/screen/barcode.png")
@staff_may(Right.TICKETS_SELL)
def screen_barcode() -> Response:
    """The barcode on the second screen."""
    shown = _on_screen(_desk())
    if shown is None:
        raise NotFound("ticket")
    return picture(barcode_of(shown.case))


# ------------------------------------------------------------ the form
def _wish(form: Form, offer: str, on: date | None) -> Wish:
    """What the form asks for; mistakes are noted beside their fields."""
    speaker = form.speaker
    holder = form.text("holder", most=HOLDER_LIMIT, is_needed=False)
    reference = form.text("reference", most=REFERENCE_LIMIT, is_needed=False)
    party = form.whole("party", least=1, most=BYTE_LIMIT)
    paying = form.choice("paying", Paying)
    default = speaker.say("desk_holder", at=speaker.time(speaker.now()))
    return Wish(
        offer=offer,
        holder=holder or default,
        party=party or 1,
        on=on,
        slot=form.value("slot") or None,
        reference=reference or None,
        paying=paying or Paying.LATER,
    )


def _refused(
    form: Form, refusal: Conflict | Invalid | NotFound, *, offer: str, on: date | None
) -> Response:
    """The form again, with a fresh token: nothing was sold by this one."""
    match refusal:
        case SoldOut():
            form.problem("slot", "desk_sold_out" if refusal.slots else "desk_none_left")
            days = [form.speaker.local(one.slot.starts_at) for one in refusal.slots]
            return _page(form, offer=offer, on=on, status=409, instead=next(iter(days), None))
        case Invalid():
            form.take(refusal)
            return _page(form, offer=offer, on=on, status=422)
        case NotFound():
            form.problem("offer", "desk_offer_gone")
        case Conflict():
            key = f"refused_{refusal.reason}"
            form.problem("offer", key if form.speaker.knows(key) else "wrong_value")
    return _page(form, offer=offer, on=on, status=409)


def _page(
    form: Form, *, offer: str, on: date | None, status: int = 200, instead: date | None = None
) -> Response:
    """The form for a day; for the day `instead` if that one has no places for so many persons."""
    parts, here, party = the_parts(), _desk(), desk_view.party_of(form)
    with parts.store.unit() as unit:
        found = desk.on_sale(unit, parts.house, slug=offer, on=on, people=party)
        if instead is not None and all(one.free < party for one in found.slots):
            found = desk.on_sale(unit, parts.house, slug=offer, on=instead, people=party)
    answer = frame.show(
        "staff/desk.html",
        place=Place.DESK,
        status=status,
        form=form,
        offers=desk_view.offers_of(found, form.speaker),
        choice=desk_view.choice_of(found, form.speaker, slot=form.value("slot"), party=party),
        token=once.new_token(parts.house),
        holder=form.speaker.say("desk_holder", at=form.speaker.time(form.speaker.now())),
    )
    _with_desk(answer, here)
    return answer


# ------------------------------------------------------------ which desk this is
def _desk() -> str:
    """This browser: its second window shows what its first one sells."""
    known = request.cookies.get(_COOKIE, "")
    return known if once.is_token(known) else once.new_token(the_parts().house)


def _with_desk(answer: AnyResponse, here: str) -> AnyResponse:
    """The answer with the cookie that names the desk; it says nothing about anybody."""
    if request.cookies.get(_COOKIE) != here:
        answer.set_cookie(
            _COOKIE,
            here,
            max_age=_YEAR_S,
            path=HOME,
            secure=the_parts().secure_cookies,
            httponly=True,
            samesite="Strict",
        )
    return answer


def _on_screen(here: str) -> desk.Shown | None:
    parts = the_parts()
    with parts.store.unit() as unit:
        return desk.on_screen(unit, parts.house, desk=here)


def _payments(case: TicketCase) -> tuple[Payment, ...]:
    with the_parts().store.unit() as unit:
        return takings.of_ticket(unit, ticket_id=case.ticket.id)


def _case(ticket: str) -> TicketCase:
    parts, ticket_id = the_parts(), find_ticket_id(ticket)
    if ticket_id is None:
        raise NotFound("ticket")
    with parts.store.unit() as unit:
        return tickets.get_ticket(unit, parts.house, ticket_id=ticket_id)
