"""A conversation in a test: facts with few words, a talker that remembers where it stands."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.factories import BERLIN, an_offer
from tests.hours import HOURS
from ticketing.domain.consent import Answer, Purpose
from ticketing.domain.conversation import (
    Action,
    Ask,
    Event,
    EventKind,
    Facts,
    Issue,
    Place,
    Record,
    Say,
    SetLang,
    ShowTicket,
    Step,
    step,
)
from ticketing.domain.visitors import Lang
from ticketing.wire.texts import Localised

SUNDAY = datetime(2026, 10, 4, 14, 0, tzinfo=BERLIN)
"""The house is open; the Monday after it is not."""
FREE = an_offer(slug="free", number=1, party_max=6)
ADULT = an_offer(
    slug="adult",
    number=2,
    name=Localised("Tageskarte Erwachsene", "Adult day ticket"),
    price_cents=900,
    pay_at_desk=True,
)


def some_facts(**changes: Any) -> Facts:
    """Sunday afternoon, two offers, a visitor who said nothing yet."""
    plain = Facts(
        lang=Lang.DE,
        local=SUNDAY,
        away=timedelta(seconds=5),
        museum="Stadtmuseum",
        contact="hallo@example.org",
        privacy="https://example.org/privacy",
        offers=(FREE, ADULT),
        calendar=HOURS,
    )
    return replace(plain, **changes)


@dataclass
class Talk:
    """One visitor talking; the ledger is kept in the facts."""

    facts: Facts = field(default_factory=some_facts)
    state: Step = field(default_factory=Step)
    actions: tuple[Action, ...] = ()

    def hear(self, event: Event) -> tuple[Action, ...]:
        """Let the bot react and remember what follows from it."""
        turn = step(self.state, event, self.facts)
        self.state, self.actions = turn.state, turn.actions
        for action in turn.actions:
            self._apply(action)
        return turn.actions

    def type(self, text: str) -> tuple[Action, ...]:
        """Type a text."""
        return self.hear(Event(EventKind.TEXT, text))

    def tap(self, choice: str) -> tuple[Action, ...]:
        """Tap a button."""
        return self.hear(Event(EventKind.CHOICE, choice=choice))

    def start(self) -> tuple[Action, ...]:
        """Open the chat."""
        return self.hear(Event(EventKind.START))

    def know(self, **changes: Any) -> None:
        """Change the facts."""
        self.facts = replace(self.facts, **changes)

    @property
    def keys(self) -> list[str]:
        """The keys of all lines said in the last turn."""
        said = [action for action in self.actions if isinstance(action, Say | Ask)]
        return [line.key for action in said for line in action.lines]

    @property
    def choices(self) -> list[str]:
        """The ids of the buttons of the last turn."""
        asks = [action for action in self.actions if isinstance(action, Ask)]
        return [choice.id for ask in asks for choice in ask.choices]

    @property
    def records(self) -> list[tuple[Purpose, str]]:
        """What the last turn wrote into the ledger."""
        found = [action for action in self.actions if isinstance(action, Record)]
        return [(record.purpose, record.action.value) for record in found]

    @property
    def issued(self) -> Issue | None:
        """The ticket of the last turn."""
        return next((action for action in self.actions if isinstance(action, Issue)), None)

    @property
    def shown(self) -> list[bytes]:
        """The tickets sent once more in the last turn."""
        return [action.ticket for action in self.actions if isinstance(action, ShowTicket)]

    def _apply(self, action: Action) -> None:
        if isinstance(action, SetLang):
            self.know(lang=action.lang)
        if isinstance(action, Issue):
            self.know(issued_today=self.facts.issued_today + 1)
        if isinstance(action, Record):
            others = (a for a in self.facts.answers if a.purpose is not action.purpose)
            self.know(answers=(*others, Answer(action.purpose, action.action)))


def at_menu(**changes: Any) -> Talk:
    """A visitor who has said no to everything and looks at the menu."""
    talk = Talk(some_facts(**changes))
    talk.start()
    talk.type("nein")
    talk.type("nein")
    assert talk.state.place is Place.MENU
    return talk
