"""The texts that a house may word itself: which, and what each has to say."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain import FieldError
from ticketing.domain.own_words import OWN, TEXT_LIMIT, BadWords, checked, name_of
from ticketing.domain.visitors import Lang
from ticketing.edge.wording import placeholders

WORDING = Path(__file__).resolve().parents[2] / "templates" / "wording"


@pytest.mark.parametrize("lang", Lang)
def test_the_programs_own_texts_are_such_texts(lang: Lang) -> None:
    """Every key is one of the bot's, with the same placeholders; its text could be a house's."""
    texts = json.loads((WORDING / f"chat.{lang.value}.json").read_text("utf-8"))
    assert {key: placeholders(texts[key]) for key in OWN} == dict(OWN)
    words = {name_of(key, lang): texts[key] for key in OWN}
    assert checked(words) is words


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("consent.news.de", "Ja", "unknown"),
        ("greeting", "Ich bin ein Bot", "unknown"),
        ("greeting.fr", "Je suis un bot", "unknown"),
        ("menu.what.de", " ", "length"),
        ("menu.what.de", "x" * (TEXT_LIMIT + 1), "length"),
        ("menu.what.de", "Was {", "braces"),
        ("menu.what.de", "Was {}", "placeholders"),
        ("menu.what.de", "Was {0}", "placeholders"),
        ("menu.what.de", "Was {museum}", "placeholders"),
        ("person.de", "Ruf uns an", "placeholders"),
        ("person.de", "{contact.__class__}", "placeholders"),
        ("person.de", "{contact!r}", "braces"),
        ("person.de", "{contact:>999999999}", "braces"),
        ("person.de", "{contact} {contact:{contact}}", "braces"),
        ("greeting.de", "Hallo, hier ist Anna.", "bot"),
        ("greeting.de", "Hier schreibt Anna. Unser Angebot: Tickets, kein Verbot.", "bot"),
        ("bot.again.en", "Robotics is our theme.", "bot"),
    ],
)
def test_what_the_bot_cannot_say_is_refused(name: str, text: str, problem: str) -> None:
    """By its name and a fixed word."""
    with pytest.raises(BadWords) as refused:
        checked({name: text})
    assert refused.value.errors == (FieldError(name, problem),)


@given(st.text(max_size=80))
def test_what_is_taken_can_be_filled_in(text: str) -> None:
    """Whatever somebody types: either it is refused, or the bot can say it."""
    try:
        checked({"person.de": text})
    except BadWords:
        return
    assert "hier" in text.format_map({"contact": "hier"})


@pytest.mark.parametrize("text", ["Ich bin ein Bot.", "Der Chat-Bot hilft", "our BOTS", "Chatbot"])
def test_a_bot_that_says_so_is_one(text: str) -> None:
    """In any spelling of its own word."""
    assert checked({"greeting.de": text})


def test_braces_can_be_written_twice_to_be_said() -> None:
    """As in the files."""
    assert checked({"menu.what.de": "{{so}}"}) == {"menu.what.de": "{{so}}"}
