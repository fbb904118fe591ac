"""How a conversation is shown: one turn is one message, ready for the template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from flask import get_template_attribute
from markupsafe import Markup, escape

from ticketing.domain.messages import Button, Choices, MessageSource, Text, TicketPicture
from ticketing.service.chat import ShownMessage
from ticketing.service.ports import LinkKind
from ticketing.web.pages import teller
from ticketing.web.parts import the_parts
from ticketing.web.words import Lang
from ticketing.wire.texts import local_date, local_time

_LINK: Final = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True, slots=True)
class Reply:
    """One button; `is_over` once anything was answered after it."""

    id: str
    label: str
    is_over: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A ticket in the chat: its page, its picture, the picture in words."""

    page: str
    picture: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message as the page shows it; `said` is its plain text.

    `choice` is the id of the button that an own message pressed, "" for typed ones.
    """

    id: int
    is_own: bool
    day: str
    day_text: str
    said: str
    body: Markup
    choice: str = ""
    is_question: bool = False
    choices: tuple[Reply, ...] = ()
    ticket: Picture | None = None
    starts_day: bool = False

    @property
    def form_id(self) -> str:
        """The id of an answer by these buttons: pressed twice it is one message."""
        return f"turn-{self.id}"


def turns_of(messages: Sequence[ShownMessage], lang: Lang) -> list[Turn]:
    """Messages in order, with their days and with what has become of their buttons."""
    turns: list[Turn] = []
    answer: Turn | None = None  # what the visitor said after the message at hand
    for message in reversed(messages):
        turn = _turn(message, lang, answer)
        answer = turn if turn.is_own else answer
        turns.append(turn)
    turns.reverse()
    days = [None, *(turn.day for turn in turns)]
    return [replace(turn, starts_day=turn.day != days[at]) for at, turn in enumerate(turns)]


def turns_json(messages: Sequence[ShownMessage], lang: Lang) -> dict[str, object]:
    """The same for the script: each turn with its finished HTML."""
    turns = turns_of(messages, lang)
    render = get_template_attribute("_message.html", "turn")
    return {
        "items": [_json(turn, render(turn, teller(lang))) for turn in turns],
        "newest": max((turn.id for turn in turns), default=0),
    }


def _json(turn: Turn, html: str) -> dict[str, object]:
    ticket = turn.ticket
    return {
        "id": turn.id,
        "direction": "in" if turn.is_own else "out",
        "text": turn.said,
        "choices": [{"id": reply.id, "label": reply.label} for reply in turn.choices],
        "ticket": None if ticket is None else {"page": ticket.page, "picture": ticket.picture},
        "html": html,
    }


def _turn(message: ShownMessage, lang: Lang, answer: Turn | None) -> Turn:
    house = the_parts().house
    local = message.at.astimezone(house.museum.zone)
    is_own = message.source is MessageSource.IN
    content = message.content
    turn = Turn(
        id=message.id,
        is_own=is_own,
        day=local.date().isoformat(),
        day_text=_day_text(message, lang),
        said=content.text,
        body=escape(content.text) if is_own else _with_links(content.text),
    )
    match content:
        case Text():
            return replace(turn, choice=content.choice)
        case Choices(choices=buttons, ask=is_question):
            replies = tuple(_reply(button, answer) for button in buttons)
            return replace(turn, choices=replies, is_question=is_question)
        case TicketPicture():
            return replace(turn, ticket=_picture(content, lang))


def _reply(button: Button, answer: Turn | None) -> Reply:
    is_chosen = answer is not None and button.id == answer.choice
    return Reply(button.id, button.label, is_over=answer is not None, is_chosen=is_chosen)


def _picture(content: TicketPicture, lang: Lang) -> Picture:
    link = the_parts().house.links.make(LinkKind.TICKET, content.ticket)
    address = f"/t/{link}/card.png?lang={lang}"
    return Picture(f"/t/{link}?lang={lang}", address, content.caption)


def _with_links(text: str) -> Markup:
    """The museum's text with its addresses made links; all else is escaped."""
    parts: list[Markup] = []
    end = 0
    for found in _LINK.finditer(text):
        parts += [escape(text[end : found.start()]), _link(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _link(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)


def _day_text(message: ShownMessage, lang: Lang) -> str:
    house = the_parts().house
    zone = house.museum.zone
    today = house.clock.now().astimezone(zone).date()
    day = message.at.astimezone(zone).date()
    at = local_time(message.at, zone)
    say = teller(lang)
    if day == today:
        return say("day_today", at=at)
    if day == today - timedelta(days=1):
        return say("day_yesterday", at=at)
    return say("day_other", day=local_date(day, None, lang), at=at)
