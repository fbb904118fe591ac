"""What a link in the chat opens: the ticket's page and picture; and the privacy page.

A GET never changes anything: chat apps fetch links for their previews.
"""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.money import money
from ticketing.domain.tickets import ShownState, shown_state
from ticketing.service import tickets
from ticketing.service.errors import NotFound
from ticketing.service.ports import LinkKind
from ticketing.service.tickets import TicketCase
from ticketing.web.access import open_to_all
from ticketing.web.cards import card_of, facts_of, picture, validity_of
from ticketing.web.errors import refused
from ticketing.web.pages import page
from ticketing.web.parts import the_parts
from ticketing.web.words import asked_lang
from ticketing.wire.moves import fold
from ticketing.wire.token import TicketId

bp = APIBlueprint("public", __name__, enable_openapi=False)
PRIVACY_VERSION: Final = "1"
_VOID: Final = frozenset({ShownState.REVOKED, ShownState.BLOCKED})


@bp.get("/")
@open_to_all
def home() -> AnyResponse:
    """The chat is the front door."""
    return redirect("/chat", 302)


@bp.get("/privacy")
@open_to_all
def privacy() -> Response:
    """What is stored and why, in one page."""
    house = the_parts().house
    contact = house.museum.contact or house.museum.name
    parts = ["who", "what", "why", "how_long", "where", "choice", "rights"]
    if house.can_mail:
        parts.insert(-2, "mail")
    return page(
        "privacy.html", remembered=None, version=PRIVACY_VERSION, contact=contact, parts=parts
    )


@bp.get("/t/<link>")
@open_to_all
def ticket(link: str) -> Response:
    """The ticket as a page."""
    case = _found(link)
    lang = asked_lang()
    state = _state(case)
    return page(
        "ticket.html",
        remembered=None,
        facts=facts_of(case, lang),
        when=validity_of(case, lang),
        state=state.value,
        is_void=state in _VOID,
        picture=f"/t/{link}/card.png?lang={lang}",
        to_pay=_to_pay(case, state, lang),
    )


@bp.get("/t/<link>/card.png")
@open_to_all
def card(link: str) -> Response:
    """The ticket as a picture; a withdrawn one has none any more."""
    case = _found(link)
    if _state(case) in _VOID:
        raise refused(410, "gone")
    return picture(card_of(case, asked_lang()))


def _found(link: str) -> TicketCase:
    parts = the_parts()
    subject = parts.house.links.read(LinkKind.TICKET, link)
    if subject is None:
        raise NotFound("ticket")
    with parts.store.unit() as unit:
        return tickets.get_ticket(unit, parts.house, ticket_id=TicketId(subject))


def _state(case: TicketCase) -> ShownState:
    house = the_parts().house
    now = house.clock.now()
    moves = fold(case.moves, now, house.museum.zone, terms=case.terms)
    return shown_state(case.ticket, moves, now)


def _to_pay(case: TicketCase, state: ShownState, lang: str) -> str:
    if state is not ShownState.UNPAID:
        return ""
    return money(case.offer.price_cents, case.offer.currency, lang)
