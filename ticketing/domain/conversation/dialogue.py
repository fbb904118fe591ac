"""The conversation itself: `step(state, event, facts) -> Turn` (domain: pure, total)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ticketing.domain.commands import Command, command, hinted, mentions_stop
from ticketing.domain.consent import How
from ticketing.domain.conversation import answering, consenting, ids, ticketing
from ticketing.domain.conversation.model import (
    LONG_PAUSE,
    TICKET_PLACES,
    Action,
    Ask,
    Choice,
    Event,
    EventKind,
    Facts,
    Line,
    Place,
    Say,
    SetLang,
    Step,
    Turn,
    line,
)
from ticketing.domain.messages import TEXT_MAX
from ticketing.domain.visitors import Lang

_NAME_COMMANDS = frozenset({Command.BACK, Command.CANCEL, Command.MENU})
"""All that is heard where a name is asked for: "Karte" and "Ja" are names."""


def step(state: Step, event: Event, facts: Facts) -> Turn:
    """What the bot does about an event; never raises, always says something.

    Args:
        state: where the conversation stands.
        event: what the visitor did.
        facts: what the bot knows now.
    """
    state = replace(state, turn=state.turn + 1)
    if _is_stop(event):
        return consenting.stopped(state, facts)
    if state.place is Place.NEW:
        return _greet(state, event, facts)
    if facts.away is None or facts.away < LONG_PAUSE:
        return _react(state, event, facts)
    awake = replace(state, place=Place.MENU) if state.place in TICKET_PLACES else state
    turn = _react(awake, event, facts)
    return Turn(turn.state, (Say((line("bot.again"),)), *turn.actions))


def _is_stop(event: Event) -> bool:
    if event.kind is EventKind.CHOICE:
        return event.choice == ids.STOP
    return event.kind is EventKind.TEXT and command(event.text) is Command.STOP


def _greet(state: Step, event: Event, facts: Facts) -> Turn:
    """The first event, whatever it was: who speaks and the privacy notice come first."""
    change, told = _chosen_language(event, facts)
    return consenting.ask_next(state, told, *change, *answering.greeting(told))


def _chosen_language(event: Event, facts: Facts) -> tuple[tuple[Action, ...], Facts]:
    for lang in Lang:
        if event.kind is EventKind.CHOICE and event.choice == ids.lang(lang):
            return (SetLang(lang),), replace(facts, lang=lang)
    return (), facts


def _react(state: Step, event: Event, facts: Facts) -> Turn:
    if event.kind is EventKind.START:
        return _resume(state, facts)
    if event.kind is EventKind.CHOICE:
        return _chosen(state, event.choice, facts)
    return _typed(state, event.text, facts)


# ------------------------------------------------------------ buttons
def _chosen(state: Step, choice: str, facts: Facts) -> Turn:
    subject, _, value = choice.partition(":")
    reaction = _BUTTONS.get(subject)
    turn = reaction(state, value, facts) if reaction else None
    return turn or _resume(state, facts, Say((line("choice.old"),)))


def _menu_button(state: Step, value: str, facts: Facts) -> Turn | None:
    subjects = {
        "": Command.MENU,
        "ticket": Command.TICKET,
        "mine": Command.MINE,
        "hours": Command.HOURS,
        "consents": Command.CONSENTS,
    }
    wanted = subjects.get(value)
    return _obey(state, wanted, facts) if wanted else None


def _lang_button(state: Step, value: str, facts: Facts) -> Turn | None:
    return _speak(state, Lang(value), facts) if value in set(Lang) else None


def _consent_button(state: Step, value: str, facts: Facts) -> Turn | None:
    found = ids.purpose_of(value)
    if found is None or found[1] not in {"yes", "no"}:
        return None
    purpose, answer = found
    if state.place is Place.CONSENT and state.purpose is purpose:
        return consenting.answered(state, facts, granted=answer == "yes", how=How.BUTTON)
    return consenting.old_button(state, facts, purpose, answer)


def _setting_button(state: Step, value: str, facts: Facts) -> Turn | None:
    found = ids.purpose_of(value)
    return consenting.changed(state, facts, *found) if found else None


def _offer_button(state: Step, value: str, facts: Facts) -> Turn | None:
    return ticketing.begin_with(state, facts, value)


def _day_button(state: Step, value: str, facts: Facts) -> Turn | None:
    day = ids.day_of(value)
    if day is None or state.place is not Place.DAY:
        return None
    return ticketing.choose_day(state, facts, day)


def _party_button(state: Step, value: str, facts: Facts) -> Turn | None:
    if state.place is not Place.PARTY or not (value.isascii() and value.isdigit()):
        return None
    return ticketing.choose_party(state, facts, int(value[:4]))


def _back_button(state: Step, _value: str, facts: Facts) -> Turn | None:
    return ticketing.back(state, facts)


def _cancel_button(state: Step, _value: str, facts: Facts) -> Turn | None:
    return _cancelled(state, facts)


_BUTTONS: Mapping[str, Callable[[Step, str, Facts], Turn | None]] = {
    "menu": _menu_button,
    "lang": _lang_button,
    "consent": _consent_button,
    "settings": _setting_button,
    "offer": _offer_button,
    "day": _day_button,
    "party": _party_button,
    ids.BACK: _back_button,
    ids.CANCEL: _cancel_button,
}


# ------------------------------------------------------------ typed text
def _typed(state: Step, text: str, facts: Facts) -> Turn:
    if len(text) > TEXT_MAX:
        return _resume(state, facts, Say((line("text.long", most=str(TEXT_MAX)),)))
    if not text.strip():
        return _resume(state, facts, Say((line("text.unreadable"),)))
    wanted = command(text)
    if state.place is Place.NAME and wanted not in _NAME_COMMANDS:
        return ticketing.choose_name(state, facts, text)
    heard = ticketing.hear(state, facts, text) if state.place in _HEARING else None
    if heard:
        return heard
    if state.place is Place.CONSENT and wanted in {Command.YES, Command.NO}:
        return consenting.answered(state, facts, granted=wanted is Command.YES, how=How.TYPED)
    turn = _obey(state, wanted, facts) if wanted else None
    return turn or _unclear(state, text, facts)


_HEARING = frozenset({Place.OFFER, Place.DAY, Place.PARTY})


def _obey(state: Step, wanted: Command, facts: Facts) -> Turn | None:
    reaction = _COMMANDS.get(wanted)
    return reaction(state, facts) if reaction else None


def _unclear(state: Step, text: str, facts: Facts) -> Turn:
    if mentions_stop(text):
        return _sure(state, facts)
    if state.place is Place.CONSENT:
        return consenting.unclear(state, facts)
    if state.place in _HEARING:
        return ticketing.unclear(state, facts)
    hint = hinted(text)
    if hint:
        return _COMMANDS[hint](state, facts)
    return consenting.to_menu(state, facts, lead=(line("text.unclear"),))


def _sure(state: Step, facts: Facts) -> Turn:
    """A stop word inside a sentence: ask back instead of guessing."""
    choices = (
        Choice(ids.STOP, line("stop.yes")),
        Choice(ids.MENU, line("stop.no")),
    )
    turn = consenting.to_menu(state, facts)
    return Turn(turn.state, (Ask((line("stop.sure"),), choices),))


def _resume(state: Step, facts: Facts, *before: Action) -> Turn:
    """Go on where the conversation stood."""
    if state.place in TICKET_PLACES:
        turn = ticketing.repeat(state, facts)
        return Turn(turn.state, (*before, *turn.actions))
    if state.place is Place.CONSENT and state.purpose:
        return Turn(replace(state, shown=None), (*before, consenting.question(state.purpose)))
    return consenting.to_menu(state, facts, *before)


def _aside(state: Step, facts: Facts, *said: Action) -> Turn:
    """Answer in between: a ticket in the making goes on, a consent question does not."""
    if state.place in TICKET_PLACES:
        return _resume(state, facts, *said)
    return consenting.to_menu(state, facts, *said)


def _speak(state: Step, lang: Lang, facts: Facts) -> Turn:
    told = replace(facts, lang=lang)
    return _resume(state, told, SetLang(lang), Say((line("lang.set"),)))


def _cancelled(state: Step, facts: Facts) -> Turn:
    lead: tuple[Line, ...] = (line("menu.what"),)
    if state.place in TICKET_PLACES:
        lead = (line("ticket.cancelled"), *lead)
    return consenting.to_menu(state, facts, lead=lead)


_COMMANDS: Mapping[Command, Callable[[Step, Facts], Turn]] = {
    Command.BACK: ticketing.back,
    Command.CANCEL: _cancelled,
    Command.MENU: consenting.to_menu,
    Command.TICKET: ticketing.begin,
    Command.MINE: ticketing.mine,
    Command.HOURS: lambda state, facts: _aside(state, facts, answering.hours(facts)),
    Command.PRICES: lambda state, facts: _aside(state, facts, answering.prices(facts)),
    Command.CONSENTS: consenting.settings,
    Command.GERMAN: lambda state, facts: _speak(state, Lang.DE, facts),
    Command.ENGLISH: lambda state, facts: _speak(state, Lang.EN, facts),
    Command.PERSON: lambda state, facts: _aside(
        state, facts, Say((line("person", contact=facts.contact),))
    ),
    Command.DATA: lambda state, facts: _aside(
        state, facts, Say((line("data", contact=facts.contact, link=facts.privacy),))
    ),
}
