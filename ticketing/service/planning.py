"""What an event leads to, worked out before anything is locked; in the service room.

The bot's answer is rendered, tickets are drawn and signed here. What is left for the
transaction is writing.
"""

from dataclasses import dataclass, replace

from ticketing.domain.consent import Shown
from ticketing.domain.conversation import (
    Action,
    Ask,
    Event,
    EventKind,
    Issue,
    Record,
    Say,
    SetLang,
    ShowTicket,
    Step,
    line,
    step,
)
from ticketing.domain.delivery import Errand
from ticketing.domain.messages import Content, Text
from ticketing.domain.visitors import Lang
from ticketing.service import saying
from ticketing.service.channels import Incoming
from ticketing.service.errors import ServiceError
from ticketing.service.ports import House
from ticketing.service.tickets import Draft, TicketOrder, drafted
from ticketing.service.visitors import Known
from ticketing.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be said and sent."""

    errand: Errand
    content: Content


@dataclass(frozen=True, slots=True)
class Declared:
    """An answer for the ledger, with the proof of what it answers."""

    record: Record
    shown: Shown


Write = Message | Declared | Draft


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the conversation goes, in which language, and what is written, in order."""

    step: Step
    lang: Lang
    writes: tuple[Write, ...]


def plan_turn(unit: Unit, house: House, *, known: Known, event: Incoming) -> Plan:
    """The bot's turn after an event; reads offers and short codes, writes nothing."""
    heard = Event(EventKind(event.kind.value), event.text, event.choice)
    turn = step(known.conversation.step, heard, known.facts)
    lang, state = known.facts.lang, turn.state
    writes: list[Write] = []
    for action in turn.actions:
        if isinstance(action, SetLang):
            lang = action.lang
        if isinstance(action, Ask) and action.purpose:
            shown = saying.question_shown(house.wording, lang, action)
            state = replace(state, shown=shown)
        writes += _Planner(unit, house, known, lang).writes(action)
    return Plan(state, lang, tuple(writes))


@dataclass(frozen=True, slots=True)
class _Planner:
    unit: Unit
    house: House
    known: Known
    lang: Lang

    def writes(self, action: Action) -> tuple[Write, ...]:
        match action:
            case Say():
                return (self._say(action),)
            case Ask():
                content = saying.choices_of(self.house.wording, self.lang, action)
                return (Message(Errand.ANSWER, content),)
            case Record():
                shown = action.shown or self._confirmation(action)
                return (Declared(action, shown),)
            case Issue():
                return self._issue(action)
            case ShowTicket():
                return self._tickets(action)
            case SetLang():
                return ()

    def _say(self, say: Say) -> Message:
        text = saying.text_of(self.house.wording, self.lang, say.lines)
        return Message(Errand.ANSWER, Text(text))

    def _confirmation(self, record: Record) -> Shown:
        return saying.confirmation_shown(self.house, self.lang, record.text)

    def _issue(self, issue: Issue) -> tuple[Write, ...]:
        order = TicketOrder(
            offer=issue.offer.slug,
            holder=issue.holder,
            on=issue.on,
            party=issue.party,
            visitor=self.known.conversation.visitor,
        )
        try:
            draft = drafted(self.unit, self.house, order=order)
        except ServiceError:  # e.g. switched off since the question: say so, issue nothing
            return (self._say(Say((line("ticket.failed"),))),)
        picture = saying.picture_of(self.house, self.lang, draft.ticket, draft.offer)
        return draft, Message(Errand.TICKET, picture)

    def _tickets(self, show: ShowTicket) -> tuple[Write, ...]:
        return tuple(
            Message(
                Errand.TICKET,
                saying.picture_of(self.house, self.lang, listed.ticket, listed.offer),
            )
            for listed in self.known.tickets
            if listed.ticket.id == show.ticket
        )
