"""What stands on the card of a ticket; in the service room."""

from datetime import date, timedelta

from ticketing.domain import tickets as rules
from ticketing.domain.museum import Museum, local_day
from ticketing.service.cases import TicketCase
from ticketing.service.ports import CardCaptions, CardFacts
from ticketing.wire.texts import local_date, local_time


def card_facts(case: TicketCase, museum: Museum, *, lang: str) -> CardFacts:
    """What stands on the card of a ticket, in the holder's language."""
    words = _CARD_WORDS[lang if lang in _CARD_WORDS else "en"]
    ticket, zone = case.ticket, museum.zone
    first = local_day(ticket.valid_from, zone)
    last = local_day(ticket.valid_until - _MINUTE, zone)
    is_one_day = first == last or case.slot is not None
    return CardFacts(
        museum=museum.name,
        holder=ticket.holder,
        offer=case.offer.name.in_(lang),
        when=_when(case, museum, last=last, lang=lang),
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
def _when(case: TicketCase, museum: Museum, *, last: date, lang: str) -> str:
    """The last day; of a slot its day and its time."""
    if case.slot is None:
        return local_date(last, None, lang)
    zone, slot = museum.zone, case.slot
    span = f"{local_time(slot.starts_at, zone)}\u2013{local_time(slot.ends_at, zone)}"
    return f"{local_date(slot.starts_at, zone, lang)}, {span}"


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
