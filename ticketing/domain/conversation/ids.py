"""Ids of the buttons (domain: pure): `subject` or `subject:value` or `subject:value:value`."""

from datetime import date

from ticketing.domain.consent import Purpose
from ticketing.domain.visitors import Lang

MENU = "menu"
TICKET = "menu:ticket"
MINE = "menu:mine"
HOURS = "menu:hours"
CONSENTS = "menu:consents"
BACK = "back"
CANCEL = "cancel"
STOP = "stop"


def lang(to: Lang) -> str:
    """Speak this language."""
    return f"lang:{to.value}"


def offer(slug: str) -> str:
    """A ticket of this offer."""
    return f"offer:{slug}"


def day(on: date) -> str:
    """A ticket for this local date."""
    return f"day:{on.isoformat()}"


def party(persons: int) -> str:
    """A ticket for so many persons."""
    return f"party:{persons}"


def consent(purpose: Purpose, answer: str) -> str:
    """The answer `yes` or `no` to a consent question."""
    return f"consent:{purpose.value}:{answer}"


def setting(purpose: Purpose, wish: str) -> str:
    """In the settings: `ask` the question again, or `off`."""
    return f"settings:{purpose.value}:{wish}"


def day_of(value: str) -> date | None:
    """The date in the value of a day button; None if it holds none."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def purpose_of(value: str) -> tuple[Purpose, str] | None:
    """Purpose and answer of a consent or settings button; None for any other text."""
    word, _, answer = value.partition(":")
    return (Purpose(word), answer) if word in set(Purpose) else None
