"""The first words, the menu, what is answered in between, and what is not understood."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from tests.domain.talk import ADULT, SUNDAY, Talk, at_menu, some_facts
from ticketing.domain.consent import Purpose, Shown
from ticketing.domain.conversation import Ask, Place, Say, SetLang, Step, step_from_json
from ticketing.domain.conversation.model import Draft
from ticketing.domain.opening import Calendar, Hours
from ticketing.domain.visitors import Lang, language


def test_the_bot_says_first_that_it_is_a_bot_then_who_what_for_how_long_and_where() -> None:
    """Nothing is asked before the visitor was told everything."""
    talk = Talk()
    greeting, notice, question = talk.start()
    assert isinstance(greeting, Say)
    assert [line.key for line in greeting.lines] == ["greeting"]
    assert isinstance(notice, Say)
    assert [line.key.removeprefix("notice.") for line in notice.lines] == [
        "title",
        "who",
        "what",
        "how_long",
        "where",
        "free",
        "link",
    ]
    assert isinstance(question, Ask)
    assert question.purpose is Purpose.NEWS


@pytest.mark.parametrize("first", ["hallo", "Ticket", "habt ihr offen?", "", "x" * 3000, "ja"])
def test_whatever_comes_first_is_greeted(first: str) -> None:
    """Also a first text that asks for something, is empty or far too long."""
    talk = Talk(some_facts(away=None))
    talk.type(first)
    assert talk.keys[:2] == ["greeting", "notice.title"]
    assert talk.state.place is Place.CONSENT
    assert talk.records == []


def test_a_first_yes_grants_nothing() -> None:
    """Nobody can agree to a question that was not asked."""
    talk = Talk()
    talk.tap("consent:news:yes")
    assert talk.records == []


def test_a_first_tap_on_english_is_greeted_in_english() -> None:
    """The language button works before anything else."""
    talk = Talk()
    actions = talk.tap("lang:en")
    assert actions[0] == SetLang(Lang.EN)
    assert talk.keys[0] == "greeting"


@pytest.mark.parametrize("word", ["Menü", "HILFE", "hallo", "Start"])
def test_a_word_brings_the_menu(word: str) -> None:
    """Ticket, own tickets, hours, consents, the other language."""
    talk = at_menu()
    talk.type(word)
    assert talk.choices == ["menu:ticket", "menu:mine", "menu:hours", "menu:consents", "lang:en"]


def test_opening_the_chat_again_shows_the_menu() -> None:
    """A reload of the page greets nobody twice."""
    talk = at_menu()
    talk.start()
    assert talk.keys == ["menu.what"]


def test_the_hours_tell_today_in_a_sentence_and_the_next_days_as_a_list() -> None:
    """Facts come with day and time; Monday is closed."""
    talk = at_menu()
    hours = talk.tap("menu:hours")[0]
    assert isinstance(hours, Say)
    assert [line.key for line in hours.lines] == [
        "hours.today",
        "hours.line_closed",
        *["hours.line"] * 5,
    ]
    values = dict(hours.lines[0].values)
    assert (values["opens"], values["closes"], values["last"]) == ("10:00", "18:00", "17:15")


@pytest.mark.parametrize(
    ("local", "key"),
    [
        (datetime(2026, 10, 5, 14, tzinfo=SUNDAY.tzinfo), "hours.today_closed"),
        (datetime(2026, 10, 4, 18, tzinfo=SUNDAY.tzinfo), "hours.today_over"),
        (datetime(2026, 10, 4, 8, tzinfo=SUNDAY.tzinfo), "hours.today"),
    ],
)
def test_the_hours_say_when_the_house_is_closed(local: datetime, key: str) -> None:
    """A closed day and an evening after closing are told as such."""
    talk = at_menu(local=local)
    talk.type("Öffnungszeiten")
    assert talk.keys[0] == key


def test_a_house_open_until_midnight_has_a_last_admission() -> None:
    """Without a span before closing, the last admission is closing itself."""
    night = Hours(time(10), time(23, 59))
    talk = at_menu(calendar=Calendar(weekly=(night,) * 7))
    hours = talk.tap("menu:hours")[0]
    assert isinstance(hours, Say)
    assert dict(hours.lines[0].values)["last"] == "23:59"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("habt ihr morgen auch offen??", "hours.today"),
        ("was kostet das denn", "offer.label"),
        ("ich hätte gern eine Karte", "offer.which"),
        ("Preise", "offer.label"),
        ("Mensch", "person"),
        ("Auskunft", "data"),
        ("löschen", "data"),
    ],
)
def test_plain_questions_are_answered(text: str, key: str) -> None:
    """A word in a sentence is enough for hours, prices and tickets."""
    talk = at_menu()
    talk.type(text)
    assert talk.keys[0] == key


def test_a_house_without_tickets_says_so_when_asked_for_prices() -> None:
    """No empty bubble."""
    talk = at_menu(offers=())
    talk.type("Preise")
    assert talk.keys[0] == "prices.none"


def test_what_is_not_understood_says_again_that_this_is_a_bot() -> None:
    """With the menu below."""
    talk = at_menu()
    talk.type("Blaukraut bleibt Blaukraut")
    assert talk.keys == ["text.unclear"]
    assert "menu:ticket" in talk.choices


def test_a_yes_to_nothing_is_not_understood() -> None:
    """Typed yes and no count only below a question."""
    talk = at_menu()
    talk.type("ja")
    assert talk.keys == ["text.unclear"]
    assert talk.records == []


@pytest.mark.parametrize(("text", "key"), [("x" * 2001, "text.long"), (" \n", "text.unreadable")])
def test_texts_that_cannot_be_read_are_answered_kindly(text: str, key: str) -> None:
    """Too long, or a picture without words."""
    talk = at_menu()
    talk.type(text)
    assert talk.keys[0] == key


@pytest.mark.parametrize(
    "choice",
    ["", "x", "menu:x", "lang:fr", "day:2026-10-05", "day:never", "party:2", "consent:x:yes"],
)
def test_a_button_of_elsewhere_is_told_to_be_old(choice: str) -> None:
    """Unknown ids and buttons of questions long answered go on where the talk stands."""
    talk = at_menu()
    talk.tap(choice)
    assert talk.keys[0] == "choice.old"
    assert talk.state.place is Place.MENU


@pytest.mark.parametrize("choice", ["consent:news:perhaps", "settings:x:ask"])
def test_a_button_nobody_made_is_told_to_be_old(choice: str) -> None:
    """An id put together by hand changes nothing."""
    talk = at_menu()
    talk.tap(choice)
    assert talk.keys[0] == "choice.old"
    assert talk.records == []


@pytest.mark.parametrize(("word", "lang"), [("English", Lang.EN), ("Deutsch", Lang.DE)])
def test_a_word_changes_the_language(word: str, lang: Lang) -> None:
    """And the talk goes on where it stood."""
    talk = at_menu()
    actions = talk.type(word)
    assert actions[0] == SetLang(lang)
    assert talk.keys == ["lang.set", "menu.what"]


def test_prices_are_shown_in_the_new_language_at_once() -> None:
    """The question repeated after a change of language is in that language."""
    talk = at_menu()
    talk.tap("menu:ticket")
    actions = talk.tap("lang:en")
    ask = actions[-1]
    assert isinstance(ask, Ask)
    assert dict(ask.choices[1].label.values)["price"] == "€9.00"


def test_after_a_long_pause_the_bot_says_again_what_it_is() -> None:
    """Twelve hours later."""
    talk = at_menu()
    talk.know(away=timedelta(hours=12))
    talk.type("hallo")
    assert talk.keys == ["bot.again", "menu.what"]


def test_after_a_long_pause_a_hello_is_not_taken_for_a_name() -> None:
    """Yesterday's question is dropped, no ticket is issued."""
    talk = at_menu()
    talk.tap("offer:adult")
    talk.tap("day:2026-10-04")
    assert talk.keys == ["name.which"]
    talk.know(away=timedelta(hours=13))
    talk.type("Servus miteinander")
    assert talk.issued is None
    assert talk.state.place is Place.MENU


def test_after_a_long_pause_an_open_question_still_counts() -> None:
    """The consent question is still on screen, so its answer is one."""
    talk = Talk()
    talk.start()
    talk.know(away=timedelta(days=2))
    talk.tap("consent:news:yes")
    assert talk.records == [(Purpose.NEWS, "granted")]


@pytest.mark.parametrize(
    "state",
    [
        Step(),
        Step(place=Place.CONSENT, purpose=Purpose.CODES, asked=(Purpose.NEWS,), missed=1),
        Step(
            place=Place.NAME,
            draft=Draft("adult", SUNDAY.date(), 2),
            turn=7,
            shown=Shown("consent.news", "1", Lang.EN, b"\1" * 32),
        ),
    ],
)
def test_a_step_survives_being_stored(state: Step) -> None:
    """What is read is what was written."""
    assert step_from_json(state.to_json()) == state


@pytest.mark.parametrize("data", [None, 7, [], {}, {"place": "moon"}, {"place": "menu"}])
def test_a_step_that_cannot_be_read_stands_at_the_menu(data: object) -> None:
    """A step of another release loses a half-made ticket, never the conversation."""
    state = step_from_json(data)
    assert state == Step(place=Place.MENU, asked=tuple(Purpose))


def test_a_consent_place_without_a_purpose_goes_to_the_menu() -> None:
    """A damaged step asks nothing and records nothing."""
    for text in ("ja", "hm"):
        talk = Talk(state=Step(place=Place.CONSENT))
        talk.type(text)
        assert talk.state.place is Place.MENU
        assert talk.records == []
    talk = Talk(state=Step(place=Place.CONSENT))
    talk.start()
    assert talk.state.place is Place.MENU


def test_unknown_languages_are_spoken_to_in_german() -> None:
    """English tags are English, all others German."""
    assert [language(tag) for tag in ("en", "EN-gb", "de-AT", "fr", "")] == [
        Lang.EN,
        Lang.EN,
        Lang.DE,
        Lang.DE,
        Lang.DE,
    ]


def test_an_offer_that_waits_for_payment_is_not_sold_in_the_chat() -> None:
    """The chat takes no money."""
    online_only = replace(ADULT, pay_at_desk=False)
    talk = at_menu(offers=(online_only,))
    talk.type("Ticket")
    assert talk.keys[0] == "ticket.none"
