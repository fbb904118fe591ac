"""From the actions of a conversation to messages in the visitor's words; in the service room."""

from ticketing.domain.consent import Shown, shown_digest
from ticketing.domain.conversation import Ask, Line, TicketWords, caption, ticket_words
from ticketing.domain.messages import Button, Choices, TicketPicture
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket
from ticketing.domain.visitors import Lang
from ticketing.service.ports import House, Wording

VERSION = "consent.version"
"""Key of the wording's version; a test ties it to the texts, so that proof stays readable."""


def text_of(wording: Wording, lang: Lang, lines: tuple[Line, ...]) -> str:
    """The lines, one below the other."""
    return "\n".join(_line(wording, lang, line) for line in lines)


def choices_of(wording: Wording, lang: Lang, ask: Ask) -> Choices:
    """A question with its buttons."""
    buttons = tuple(Button(c.id, _line(wording, lang, c.label)) for c in ask.choices)
    return Choices(text_of(wording, lang, ask.lines), buttons, ask=ask.purpose is not None)


def question_shown(wording: Wording, lang: Lang, ask: Ask) -> Shown:
    """The proof of a consent question: text and labels exactly as they are sent."""
    content = choices_of(wording, lang, ask)
    digest = shown_digest(content.text, (button.label for button in content.choices))
    return Shown(ask.lines[-1].key, wording.say(VERSION, lang.value), lang, digest)


def confirmation_shown(house: House, lang: Lang, key: str) -> Shown:
    """The proof of a withdrawal: the confirmation is the only text there was."""
    text = house.wording.say(key, lang.value, museum=house.museum.name)
    version = house.wording.say(VERSION, lang.value)
    return Shown(key, version, lang, shown_digest(text))


def picture_of(house: House, lang: Lang, ticket: Ticket, offer: Offer) -> TicketPicture:
    """A ticket's message; page and channels make the picture from its id."""
    words = TicketWords(ticket, offer, house.museum.zone, house.museum.hours)
    text = text_of(house.wording, lang, ticket_words(words, lang))
    return TicketPicture(ticket.id, text, _line(house.wording, lang, caption(words, lang)))


def _line(wording: Wording, lang: Lang, line: Line) -> str:
    values = {
        name: value if isinstance(value, str) else _line(wording, lang, value)
        for name, value in line.values
    }
    return wording.say(line.key, lang.value, **values)
