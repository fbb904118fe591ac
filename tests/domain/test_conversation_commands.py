"""Typed words: what counts as a command, a day, a number, and what does not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.commands import (
    Command,
    command,
    fold,
    hinted,
    mentions_stop,
    typed_day,
    typed_number,
)

TODAY = date(2026, 10, 4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STOP", Command.STOP),
        ("Stopp!!!", Command.STOP),
        ("Keine Nachrichten mehr.", Command.STOP),
        ("abmleden", Command.STOP),
        ("unsubscrib", Command.STOP),
        ("abbestellenn", Command.STOP),
        ("abbestelle", Command.STOP),
        ("Zurück", Command.BACK),
        ("Öffnungszeiten", Command.HOURS),
        ("Offnungszeiten", Command.HOURS),
        ("MENÜ", Command.MENU),
        ("Meine Tickets", Command.MINE),
        ("Jà", Command.YES),
    ],
)
def test_commands_are_heard_as_people_type_them(text: str, found: Command) -> None:
    """Case, signs, accents and one slip in a long word."""
    assert command(text) is found


@pytest.mark.parametrize(
    "text", ["shop", "step", "Stopfen", "stop it", "abmeldn", "", "🎫", "jan", "stop" + " " * 200]
)
def test_other_words_are_no_commands(text: str) -> None:
    """Short words forgive nothing, and a command is the whole message."""
    assert command(text) is None


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [("stop, der Bus fährt nicht", True), ("bitte abmelden", True), ("Stoppuhr", False)],
)
def test_a_stop_word_in_a_sentence_is_seen(text: str, mentioned: bool) -> None:  # noqa: FBT001  a case's column
    """As a word of its own."""
    assert mentions_stop(text) is mentioned


def test_a_sentence_hints_at_one_subject() -> None:
    """Prices before hours before tickets; nothing if no word fits."""
    assert hinted("Was kostet ein Ticket?") is Command.PRICES
    assert hinted("Wann ist geöffnet?") is Command.HOURS
    assert hinted("zwei Karten bitte") is Command.TICKET
    assert hinted("Blaukraut") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Today", TODAY),
        ("tomorrow!", date(2026, 10, 5)),
        ("4.10.", TODAY),
        ("4. 10.", TODAY),
        ("29.2.", date(2028, 2, 29)),
        ("1.1.2027", date(2027, 1, 1)),
    ],
)
def test_days_are_read_as_people_write_them(text: str, day: date) -> None:
    """A date without a year is the next of its name."""
    assert typed_day(text, TODAY) == day


@pytest.mark.parametrize("text", ["", "30.2.", "0.0.", "2026-02-30", "31.6.2027", "12", "9999999"])
def test_what_is_no_day_is_none(text: str) -> None:
    """A day that no calendar has is no day."""
    assert typed_day(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("drei", 3), ("Two people", 2), ("1 Person", 1), ("0", 0)]
)
def test_numbers_are_read_as_people_write_them(text: str, number: int) -> None:
    """Digits or words, with persons behind."""
    assert typed_number(text) == number


@pytest.mark.parametrize("text", ["", "viele", "3 Hunde", "1234", "-1x", "1 2"])
def test_what_is_no_number_is_none(text: str) -> None:
    """Nor are four digits: nobody comes with a thousand."""
    assert typed_number(text) is None


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    """Any text at all folds, twice the same, and is read without an error."""
    assert fold(fold(text)) == fold(text)
    command(text)
    typed_day(text, TODAY)
    typed_number(text)
    hinted(text)
