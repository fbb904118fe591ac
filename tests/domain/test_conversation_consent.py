"""Asking for consent: one question a purpose, a no is final, STOP is at once."""

import pytest

from tests.domain.talk import Talk, at_menu
from ticketing.domain.consent import Action, Answer, How, Purpose, Shown
from ticketing.domain.conversation import Ask, Place, Record, Step
from ticketing.domain.visitors import Lang

STOPS = ["STOP", "stopp", "Stop!", "  stop  ", "ABMELDEN", "unsubscribe", "abmeldne", "🛑 stop"]


def _asked() -> Talk:
    talk = Talk()
    talk.start()
    return talk


def test_each_purpose_is_a_question_of_its_own_with_yes_and_no() -> None:
    """Alone in its message: the shown text is the proof."""
    question = _asked().actions[-1]
    assert isinstance(question, Ask)
    assert [line.key for line in question.lines] == ["consent.news"]
    assert [choice.id for choice in question.choices] == ["consent:news:yes", "consent:news:no"]


@pytest.mark.parametrize("answer", ["consent:news:yes", "consent:news:no"])
def test_the_next_question_follows_the_answer(answer: str) -> None:
    """News, then codes, then the menu."""
    talk = _asked()
    talk.tap(answer)
    assert talk.state.purpose is Purpose.CODES
    talk.tap("consent:codes:no")
    assert talk.records == [(Purpose.CODES, "refused")]
    assert talk.state.place is Place.MENU
    assert talk.keys[-1] == "menu.what"


@pytest.mark.parametrize(
    ("text", "action"), [("Ja, gern!", "granted"), ("yes", "granted"), ("Nein danke", "refused")]
)
def test_typed_answers_count(text: str, action: str) -> None:
    """And are recorded as typed."""
    talk = _asked()
    record = talk.type(text)[0]
    assert isinstance(record, Record)
    assert (record.action.value, record.how) == (action, How.TYPED)


def test_an_answer_carries_the_proof_of_its_question() -> None:
    """What was shown when it was asked, not what the wording says now."""
    shown = Shown("consent.news", "1", Lang.DE, b"\7" * 32)
    talk = Talk(state=Step(place=Place.CONSENT, purpose=Purpose.NEWS, shown=shown))
    record = talk.tap("consent:news:yes")[0]
    assert isinstance(record, Record)
    assert (record.shown, record.how) == (shown, How.BUTTON)


def test_what_was_answered_elsewhere_is_not_asked_here() -> None:
    """The ledger counts, not only what this conversation remembers."""
    talk = Talk()
    talk.know(answers=(Answer(Purpose.NEWS, Action.REFUSED),))
    talk.start()
    assert talk.state.purpose is Purpose.CODES


def test_an_unclear_answer_is_asked_back_once_then_dropped() -> None:
    """No answer is no consent, and nobody is asked forever."""
    talk = _asked()
    talk.type("vielleicht")
    assert talk.keys == ["consent.unclear", "consent.news"]
    talk.type("weiß nicht")
    assert talk.keys[0] == "consent.dropped"
    assert talk.state.place is Place.MENU
    assert talk.facts.answers == ()


@pytest.mark.parametrize("choice", ["menu:ticket", "menu:hours", "menu", "offer:adult", "cancel"])
def test_who_passes_a_question_by_is_not_asked_again(choice: str) -> None:
    """A ticket needs no consent; the open questions are over."""
    talk = _asked()
    talk.tap(choice)
    talk.tap("menu")
    talk.start()
    assert talk.state.place is Place.MENU
    assert talk.facts.answers == ()
    assert set(talk.state.asked) == set(Purpose)


def test_a_change_of_language_asks_the_open_question_in_it() -> None:
    """An unanswered question may be repeated."""
    talk = _asked()
    talk.tap("lang:en")
    assert talk.keys == ["lang.set", "consent.news"]
    assert talk.state.place is Place.CONSENT


def test_a_double_tap_on_yes_does_not_answer_the_next_question() -> None:
    """The second yes belongs to the first question."""
    talk = _asked()
    talk.tap("consent:news:yes")
    talk.tap("consent:news:yes")
    assert talk.records == []
    assert Answer(Purpose.NEWS, Action.GRANTED) in talk.facts.answers


def test_an_old_yes_grants_nothing() -> None:
    """After STOP the old button shows the settings instead."""
    talk = at_menu()
    talk.tap("consent:news:yes")
    assert talk.records == []
    assert talk.keys[:2] == ["consent.old", "settings.title"]


def test_an_old_no_withdraws() -> None:
    """A no is taken at any time."""
    talk = _asked()
    talk.tap("consent:news:yes")
    talk.tap("consent:codes:yes")
    talk.tap("consent:news:no")
    assert talk.records == [(Purpose.NEWS, "withdrawn")]


def test_the_settings_show_what_applies_and_change_it() -> None:
    """Withdrawing is one tap, agreeing is the full question again."""
    talk = at_menu()
    talk.tap("menu:consents")
    assert talk.keys == ["settings.title", "settings.news.off", "settings.codes.off"]
    assert talk.choices == ["settings:news:ask", "settings:codes:ask", "menu"]
    talk.tap("settings:news:ask")
    assert talk.keys == ["consent.news"]
    talk.tap("consent:news:yes")
    assert talk.records == [(Purpose.NEWS, "granted")]
    assert talk.state.place is Place.MENU
    talk.type("Einwilligungen")
    assert talk.choices == ["settings:news:off", "settings:codes:ask", "menu"]
    talk.tap("settings:news:off")
    assert talk.records == [(Purpose.NEWS, "withdrawn")]


def test_a_settings_button_that_says_what_applies_already_changes_nothing() -> None:
    """Tapped twice, it shows the settings."""
    talk = at_menu()
    for choice in ("settings:news:off", "settings:news:else"):
        talk.tap(choice)
        assert talk.records == []
        assert talk.keys[0] == "settings.title"


@pytest.mark.parametrize("word", STOPS)
def test_stop_withdraws_everything_with_one_confirmation(word: str) -> None:
    """Folded: case, signs, pictures, one slip in a long word."""
    talk = _asked()
    talk.tap("consent:news:yes")
    talk.type(word)
    assert talk.records == [(Purpose.NEWS, "withdrawn"), (Purpose.CODES, "withdrawn")]
    assert talk.keys == ["stop.done"]
    assert talk.choices == []


@pytest.mark.parametrize(
    "choices", [(), ("menu:ticket",), ("offer:free",), ("offer:adult", "day:2026-10-04")]
)
def test_stop_works_at_any_step(choices: tuple[str, ...]) -> None:
    """Also where an offer, a day, a number or a name is asked for; the ticket is dropped."""
    talk = at_menu()
    for choice in choices:
        talk.tap(choice)
    talk.type("Stop")
    assert talk.keys == ["stop.done"]
    assert talk.state.draft is None
    assert all(answer.action is Action.WITHDRAWN for answer in talk.facts.answers)


def test_stop_as_the_very_first_word_still_leaves_the_greeting_to_come() -> None:
    """Who says STOP first is asked nothing later."""
    talk = Talk()
    talk.type("STOP")
    assert talk.keys == ["stop.done"]
    talk.type("hallo")
    assert talk.keys[0] == "greeting"
    assert talk.keys[-1] == "menu.what"
    assert talk.state.place is Place.MENU


def test_stop_twice_is_recorded_once() -> None:
    """The second one is answered and changes nothing."""
    talk = at_menu()
    talk.type("stop")
    talk.type("stop")
    assert talk.records == []
    assert talk.keys == ["stop.done"]


def test_stop_inside_a_sentence_is_asked_back() -> None:
    """A bus that does not stop withdraws nothing; the button does."""
    talk = at_menu()
    talk.type("stop, der Bus fährt nicht")
    assert talk.records == []
    assert talk.choices == ["stop", "menu"]
    talk.tap("stop")
    assert talk.keys == ["stop.done"]
