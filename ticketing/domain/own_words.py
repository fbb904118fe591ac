"""The texts of the chat that a house may word itself, and what each has to say (domain: pure).

What a visitor agrees to, how long things are kept and what a button does is not among them: it
has to be true, and provable.
"""

import re
import string
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ticketing.domain import DomainError, FieldError
from ticketing.domain.visitors import Lang

TEXT_LIMIT: Final = 600
OWN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "greeting": frozenset(),
        "bot.again": frozenset(),
        "menu.what": frozenset(),
        "menu.more": frozenset(),
        "hours.where": frozenset({"address"}),
        "person": frozenset({"contact"}),
        "prices.none": frozenset(),
        "ticket.none": frozenset(),
        "ticket.proof": frozenset(),
        "ticket.identity": frozenset(),
        "ticket.bye": frozenset(),
    }
)
"""The keys, in the order of a conversation, with the placeholders that the files have too."""
SAYS_BOT: Final = frozenset({"greeting", "bot.again"})
"""Where a visitor is told that no human writes (EU AI Act, art. 50)."""
_BOT: Final = re.compile(r"\b(?:chat-?)?bots?\b", re.IGNORECASE)
"""A word of its own: "Angebot" says nothing of the kind."""
_FORMATTER: Final = string.Formatter()


class BadWords(DomainError):  # noqa: N818  named like the other Bad… errors of this package
    """Own words that the bot cannot say; each field is `key.lang`."""


def name_of(key: str, lang: Lang) -> str:
    """The fact that holds a text: `greeting.de`."""
    return f"{key}.{lang.value}"


def checked(words: Mapping[str, str]) -> Mapping[str, str]:
    """The words, if the bot can say them.

    Raises:
        BadWords: `unknown` text, `length`, `braces` that stand for nothing, `placeholders` that
            are missing or too many, `bot` where it does not say that it is one.
    """
    errors = tuple(_errors(words))
    if errors:
        raise BadWords(*errors)
    return words


def _errors(words: Mapping[str, str]) -> Iterator[FieldError]:
    known = {name_of(key, lang): key for key in OWN for lang in Lang}
    for name, text in words.items():
        problem = "unknown" if name not in known else _problem(known[name], text)
        if problem:
            yield FieldError(name, problem)


def _problem(key: str, text: str) -> str:
    if not text.strip() or len(text) > TEXT_LIMIT:
        return "length"
    found = _placeholders(text)
    if found is None:
        return "braces"
    if found != OWN[key]:
        return "placeholders"
    return "bot" if key in SAYS_BOT and not _BOT.search(text) else ""


def _placeholders(text: str) -> frozenset[str] | None:
    """The names in braces; None if braces are anything but names: formats could do harm."""
    try:
        parts: list[Any] = list(_FORMATTER.parse(text))
    except ValueError:
        return None
    if any(spec or conversion for _, _, spec, conversion in parts):
        return None
    return frozenset(name for _, name, _, _ in parts if name is not None)
