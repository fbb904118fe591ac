"""Asking for consent, recording answers, taking consent back (domain: pure).

A no costs nothing and is not asked twice: a purpose counts as asked once it was
answered or passed by, and comes up again only when the visitor opens the settings.
"""

from dataclasses import replace

from ticketing.domain.consent import Action as ConsentAction
from ticketing.domain.consent import Answer, How, Purpose, is_granted, is_open
from ticketing.domain.conversation import answering, ids
from ticketing.domain.conversation.model import (
    Action,
    Ask,
    Choice,
    Facts,
    Line,
    Place,
    Record,
    Say,
    Step,
    Turn,
    line,
)

UNCLEAR_MAX = 1
"""Unclear answers to one question before the bot drops it by itself."""


def question(purpose: Purpose) -> Ask:
    """The question for one purpose; alone in its message, so that its proof is its text."""
    choices = (
        Choice(ids.consent(purpose, "yes"), line("consent.yes")),
        Choice(ids.consent(purpose, "no"), line("consent.no")),
    )
    return Ask((line(f"consent.{purpose.value}"),), choices, purpose)


def ask_next(state: Step, facts: Facts, *before: Action, done: Line | None = None) -> Turn:
    """Ask for the next open purpose; the menu when there is none.

    Args:
        state: the step so far.
        facts: with the answers given before this event.
        before: what is said first.
        done: confirmation of the answer just given.
    """
    purposes = (p for p in Purpose if p not in state.asked and is_open(facts.answers, p))
    purpose = next(purposes, None)
    if purpose is None:
        lead = (done,) if done else ()
        return to_menu(state, facts, *before, lead=(*lead, line("menu.what")))
    first = (*before, Say((done,))) if done else before
    return Turn(_asking(state, purpose), (*first, question(purpose)))


def to_menu(state: Step, facts: Facts, *before: Action, lead: tuple[Line, ...] = ()) -> Turn:
    """Go to the menu; open consent questions are passed by."""
    rest = replace(state, place=Place.MENU, purpose=None, draft=None, missed=0, shown=None)
    settled = rest if state.place is Place.NEW else _all_asked(rest)
    return Turn(settled, (*before, answering.menu(facts, *lead)))


def answered(state: Step, facts: Facts, *, granted: bool, how: How) -> Turn:
    """A yes or no to the question on screen."""
    purpose = state.purpose
    if purpose is None:  # only a step that was not stored by us has no purpose here
        return to_menu(state, facts)
    action = ConsentAction.GRANTED if granted else ConsentAction.REFUSED
    confirmation = f"consent.{purpose.value}.{action.value}"
    record = Record(purpose, action, how, confirmation, state.shown)
    after = replace(state, asked=_with(state.asked, purpose), missed=0)
    return ask_next(after, facts, record, done=line(confirmation))


def unclear(state: Step, facts: Facts) -> Turn:
    """Neither yes nor no: ask once more, then drop the question without an answer."""
    if state.missed >= UNCLEAR_MAX or state.purpose is None:
        return to_menu(state, facts, lead=(line("consent.dropped"), line("menu.what")))
    asking = _asking(replace(state, missed=state.missed + 1), state.purpose)
    return Turn(asking, (Say((line("consent.unclear"),)), question(state.purpose)))


def settings(state: Step, facts: Facts, *before: Action) -> Turn:
    """What is agreed to, and buttons to change it."""
    lines = [line("settings.title")]
    choices: list[Choice] = []
    for purpose in Purpose:
        granted = is_granted(facts.answers, purpose)
        lines.append(line(f"settings.{purpose.value}.{'on' if granted else 'off'}"))
        wish = "off" if granted else "ask"
        label = line(f"settings.{purpose.value}.{'stop' if granted else 'allow'}")
        choices.append(Choice(ids.setting(purpose, wish), label))
    choices.append(Choice(ids.MENU, line("choice.menu")))
    turn = to_menu(state, facts)
    return Turn(turn.state, (*before, Ask(tuple(lines), tuple(choices))))


def changed(state: Step, facts: Facts, purpose: Purpose, wish: str) -> Turn:
    """A settings button: withdraw at once, or show the question anew (the visitor's wish)."""
    if wish == "ask" and not is_granted(facts.answers, purpose):
        return Turn(_asking(_all_asked(state), purpose), (question(purpose),))
    if wish == "off" and is_granted(facts.answers, purpose):
        return withdrawn(state, facts, purpose)
    return settings(state, facts)


def old_button(state: Step, facts: Facts, purpose: Purpose, answer: str) -> Turn:
    """A consent button of an earlier message.

    A no is taken at any time. A yes is not: it may be a double tap, and the text it
    belongs to may be another one by now; the settings ask properly.
    """
    if answer == "no" and is_granted(facts.answers, purpose):
        return withdrawn(state, facts, purpose)
    return settings(state, facts, Say((line("consent.old"),)))


def withdrawn(state: Step, facts: Facts, purpose: Purpose) -> Turn:
    """Take back one consent by button."""
    confirmation = f"consent.{purpose.value}.withdrawn"
    record = Record(purpose, ConsentAction.WITHDRAWN, How.BUTTON, confirmation)
    return to_menu(state, facts, record, lead=(line(confirmation), line("menu.what")))


def stopped(state: Step, facts: Facts) -> Turn:
    """STOP: withdraw everything, one confirmation, no question behind it.

    Purposes never asked about are recorded as well: who says STOP is not asked.
    """
    records = tuple(
        Record(purpose, ConsentAction.WITHDRAWN, How.COMMAND, "stop.done")
        for purpose in Purpose
        if Answer(purpose, ConsentAction.WITHDRAWN) not in facts.answers
    )
    place = Place.NEW if state.place is Place.NEW else Place.MENU
    quiet = replace(state, place=place, purpose=None, draft=None, missed=0, shown=None)
    said = Say((line("stop.done"),))
    return Turn(_all_asked(quiet), (*records, said))


def _asking(state: Step, purpose: Purpose) -> Step:
    return replace(state, place=Place.CONSENT, purpose=purpose, draft=None, shown=None)


def _all_asked(state: Step) -> Step:
    return replace(state, asked=tuple(Purpose))


def _with(asked: tuple[Purpose, ...], purpose: Purpose) -> tuple[Purpose, ...]:
    return asked if purpose in asked else (*asked, purpose)
