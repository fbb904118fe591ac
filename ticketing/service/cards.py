"""What stands on the card of a ticket, and when it is good; in the service room."""

from datetime import date, timedelta

from ticketing.domain import tickets as rules
from ticketing.domain.museum import Museum, local_day
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import Ticket
from ticketing.service.cases import TicketCase
from ticketing.service.ports import CardCaptions, CardFacts
from ticketing.wire.texts import local_date, local_time


def said_validity(ticket: Ticket, museum: Museum, *, lang: str, slot: Slot | None = None) -> str:
    """When a ticket is good: "Mo 30. Nov. 2026", or its first and its last day with a dash.

    Of a slot its day and, if it is given, its time.
    """
    zone = museum.zone
    if slot is not None:
        span = f"{local_time(slot.starts_at, zone)}\u2013{local_time(slot.ends_at, zone)}"
        return f"{local_date(slot.starts_at, zone, lang)}, {span}"
    first, last = _days(ticket, museum)
    return said_days(first, first if ticket.slot is not None else last, lang=lang)


def said_days(first: date, last: date, *, lang: str) -> str:
    """One day, or two with a dash between."""
    days = (first,) if first == last else (first, last)
    return " \u2013 ".join(local_date(day, None, lang) for day in days)


def card_facts(case: TicketCase, museum: Museum, *, lang: str) -> CardFacts:
    """What stands on the card of a ticket, in the holder's language."""
    words = _CARD_WORDS[lang if lang in _CARD_WORDS else "en"]
    ticket = case.ticket
    first, last = _days(ticket, museum)
    is_one_day = first == last or case.slot is not None
    when = said_validity(ticket, museum, lang=lang, slot=case.slot)
    return CardFacts(
        museum=museum.name,
        holder=ticket.holder,
        offer=case.offer.name.in_(lang),
        when=when if is_one_day else local_date(last, None, lang),
        persons=str(ticket.party),
        short_code=rules.shown_code(ticket.short_code),
        captions=CardCaptions(
            when=words["on"] if is_one_day else words["until"],
            persons=words["persons"],
            short_code=words["short_code"],
        ),
        barcode=case.barcode,
    )


# ------------------------------------------------------------ parts of the above
def _days(ticket: Ticket, museum: Museum) -> tuple[date, date]:
    zone = museum.zone
    return local_day(ticket.valid_from, zone), local_day(ticket.valid_until - _MINUTE, zone)


_MINUTE = timedelta(minutes=1)
_CARD_WORDS = {
    "de": {
        "on": "Gültig am",
        "until": "Gültig bis",
        "persons": "Personen",
        "short_code": "Kurzcode",
    },
    "en": {
        "on": "Valid on",
        "until": "Valid until",
        "persons": "Persons",
        "short_code": "Short code",
    },
}
