"""Any events in any order: the bot never breaks, never falls silent, never asks twice."""

import string
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.domain.talk import ADULT, FREE, SUNDAY, Talk, some_facts
from tests.factories import an_offer
from ticketing.domain.consent import Action, Answer, Purpose
from ticketing.domain.conversation import (
    Ask,
    Event,
    EventKind,
    Place,
    Record,
    Say,
    ShowTicket,
    Step,
    ids,
    step,
    step_from_json,
)
from ticketing.domain.offers import Validity
from ticketing.domain.tickets import clean_holder
from ticketing.domain.visitors import Lang

OFFERS = (
    FREE,
    ADULT,
    an_offer(slug="pass", number=3, validity=Validity.YEAR, entries=0),
    an_offer(slug="show", number=4, calendar=True, valid_until=date(2026, 10, 6), party_max=12),
)
BUTTONS = [
    ids.MENU,
    ids.TICKET,
    ids.MINE,
    ids.HOURS,
    ids.CONSENTS,
    ids.BACK,
    ids.CANCEL,
    *[ids.lang(lang) for lang in Lang],
    *[ids.offer(offer.slug) for offer in OFFERS],
    *[ids.day(SUNDAY.date() + timedelta(days=ahead)) for ahead in range(-1, 4)],
    *[ids.party(n) for n in (0, 1, 2, 6, 7, 300)],
    *[ids.consent(purpose, answer) for purpose in Purpose for answer in ("yes", "no", "x")],
    *[ids.setting(purpose, wish) for purpose in Purpose for wish in ("ask", "off")],
]
WORDS = [
    "ja",
    "nein",
    "Ticket",
    "heute",
    "morgen",
    "24.12.",
    "2",
    "zurück",
    "menü",
    "Ada",
    "preise",
]
choices = st.sampled_from(BUTTONS) | st.text(string.printable, max_size=30)
texts = st.sampled_from(WORDS) | st.text(max_size=40) | st.just("x" * 2001)
events = st.one_of(
    st.builds(Event, st.just(EventKind.CHOICE), choice=choices),
    st.builds(Event, st.just(EventKind.TEXT), texts),
    st.just(Event(EventKind.START)),
)


class Conversation(RuleBasedStateMachine):
    """One visitor doing anything, twice if they like."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk(some_facts(offers=OFFERS, away=None))

    @rule(event=events)
    def anything(self, event: Event) -> None:
        """Any text, any button."""
        self._hear(event)

    @rule(event=events)
    def twice(self, event: Event) -> None:
        """The same again, as a new event."""
        self._hear(event)
        self._hear(event)

    @rule()
    def tap_something_shown(self) -> None:
        """A button of the last message, as visitors mostly do."""
        for choice in self.talk.choices[:1]:
            self._hear(Event(EventKind.CHOICE, choice=choice))

    @rule(word=st.sampled_from(["STOP", "stopp", "Abmelden", "unsubscribe!"]))
    def stop(self, word: str) -> None:
        """STOP at any step withdraws everything and asks nothing."""
        self._hear(Event(EventKind.TEXT, word))
        assert self.talk.keys == ["stop.done"]
        assert {answer.action for answer in self.talk.facts.answers} == {Action.WITHDRAWN}
        assert {answer.purpose for answer in self.talk.facts.answers} == set(Purpose)

    @rule(hours=st.integers(0, 60))
    def time_passes(self, hours: int) -> None:
        """The next event comes later, perhaps on another day."""
        facts = self.talk.facts
        away = timedelta(hours=hours)
        self.talk.know(local=facts.local + away, away=away)

    @rule(offer=st.sampled_from(OFFERS))
    def take_off_sale(self, offer: object) -> None:
        """Staff switch an offer off."""
        offers = self.talk.facts.offers
        gone = (replace(o, active=o.active and o != offer) for o in offers)
        self.talk.know(offers=tuple(gone))

    @invariant()
    def the_step_can_be_stored(self) -> None:
        """Whatever it is."""
        assert step_from_json(self.talk.state.to_json()) == self.talk.state

    def _hear(self, event: Event) -> None:
        before, facts = self.talk.state, self.talk.facts
        assert step(before, event, facts) == step(before, event, facts)  # pure
        actions = self.talk.hear(event)
        assert any(isinstance(action, Say | Ask | ShowTicket) for action in actions)
        assert self.talk.state.turn == before.turn + 1
        issued = self.talk.issued
        if issued:
            assert before.place is Place.NAME
            assert clean_holder(event.text) == issued.holder == clean_holder(issued.holder)
            assert issued.offer in facts.offers
            assert issued.offer.active
            assert 1 <= issued.party <= issued.offer.party_max
            assert issued.on is None or issued.on >= facts.today
            assert facts.issued_today < facts.limit
        self._no_question_twice(event, before, facts.answers)
        self._no_grant_without_a_yes(event, before.purpose)

    def _no_question_twice(self, event: Event, before: Step, answers: tuple[Answer, ...]) -> None:
        """After an answer only the settings open a question again; an open one may be repeated."""
        for action in self.talk.actions:
            if not isinstance(action, Ask) or action.purpose is None:
                continue
            is_open = before.place is Place.CONSENT and before.purpose is action.purpose
            is_wished = event.choice == ids.setting(action.purpose, "ask")
            is_answered = any(answer.purpose is action.purpose for answer in answers)
            is_over = action.purpose in before.asked
            assert is_open or is_wished or not (is_answered or is_over)

    def _no_grant_without_a_yes(self, event: Event, asked: Purpose | None) -> None:
        for action in self.talk.actions:
            if isinstance(action, Record) and action.action is Action.GRANTED:
                assert action.purpose is asked
                typed = {"ja", "yes", "jo", "gern"}
                assert event.choice == ids.consent(action.purpose, "yes") or event.text in typed


Conversation.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestConversation = Conversation.TestCase
