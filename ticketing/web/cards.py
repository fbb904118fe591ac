"""Pictures of a ticket as answers: drawn outside any transaction, kept by nobody."""

from flask import Response

from ticketing.service.cards import card_facts, said_validity
from ticketing.service.ports import CardFacts
from ticketing.service.tickets import TicketCase
from ticketing.web.parts import the_parts


def facts_of(case: TicketCase, lang: str) -> CardFacts:
    """What stands on the card of a ticket."""
    return card_facts(case, the_parts().house.museum, lang=lang)


def validity_of(case: TicketCase, lang: str) -> str:
    """When a ticket is good, its first and its last day; of a slot its day and time."""
    return said_validity(case.ticket, the_parts().house.museum, lang=lang, slot=case.slot)


def card_of(case: TicketCase, lang: str) -> bytes:
    """The card of a ticket, PNG."""
    return the_parts().painter.card(facts_of(case, lang))


def barcode_of(case: TicketCase) -> bytes:
    """The barcode of a ticket, PNG."""
    return the_parts().painter.barcode(case.barcode)


def picture(png: bytes) -> Response:
    """A PNG as an answer; personal, so nobody keeps it."""
    return Response(png, mimetype="image/png", headers={"Cache-Control": "no-store"})
