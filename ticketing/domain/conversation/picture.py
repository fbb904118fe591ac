"""The words below a ticket's picture, and the picture in words (domain: pure)."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from ticketing.domain.conversation.answering import full_day, long_day
from ticketing.domain.conversation.model import Line, line
from ticketing.domain.money import money
from ticketing.domain.offers import Offer
from ticketing.domain.opening import Calendar, opening_on
from ticketing.domain.tickets import Ticket, shown_code
from ticketing.domain.visitors import Lang
from ticketing.wire.verdict import TicketState


@dataclass(frozen=True, slots=True)
class TicketWords:
    """What the words are made for: a ticket, its offer, the house's zone and hours."""

    ticket: Ticket
    offer: Offer
    zone: ZoneInfo
    calendar: Calendar


def ticket_words(words: TicketWords, lang: Lang) -> tuple[Line, ...]:
    """Here it is, when it is good, what it costs, what to bring, and goodbye."""
    ticket, offer = words.ticket, words.offer
    lines = [line("ticket.here", holder=ticket.holder), _when(words)]
    if ticket.state is TicketState.UNPAID:
        amount = money(offer.price_cents, offer.currency, lang)
        lines.append(line("ticket.pay", price=amount))
    if offer.proof:
        lines.append(line("ticket.proof"))
    if offer.identity:
        lines.append(line("ticket.identity"))
    if closed := _closed_hint(words):
        lines.append(closed)
    return (*lines, line("ticket.bye"))


def caption(words: TicketWords, lang: Lang) -> Line:
    """The picture for those who do not see it."""
    ticket = words.ticket
    persons = "ticket.person" if ticket.party == 1 else "ticket.persons"
    return line(
        "ticket.caption",
        holder=ticket.holder,
        offer=words.offer.name.in_(lang),
        when=_when(words),
        persons=line(persons, n=str(ticket.party)),
        code=shown_code(ticket.short_code),
    )


def _when(words: TicketWords) -> Line:
    first = words.ticket.valid_from.astimezone(words.zone).date()
    last = (words.ticket.valid_until.astimezone(words.zone) - timedelta(minutes=1)).date()
    if first == last:
        return line("ticket.day", day=full_day(first))
    return line("ticket.range", first=full_day(first), last=full_day(last))


def _closed_hint(words: TicketWords) -> Line | None:
    """A ticket that is not bound to the calendar may be for a day the house is closed."""
    first = words.ticket.valid_from.astimezone(words.zone)
    is_one_day = words.ticket.valid_until - words.ticket.valid_from <= timedelta(hours=25)
    if is_one_day and opening_on(words.calendar, first.date()) is None:
        return line("ticket.closed_day", day=long_day(first.date()))
    return None
