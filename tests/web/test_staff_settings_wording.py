"""The bot's texts in the house's own words: set, said, checked, given back."""

from collections.abc import Callable

import pytest

from tests.web.conftest import SignedInBrowser
from tests.web.setting import hidden, now, send
from tests.web.talking import Talk
from ticketing.domain.accounts import Role
from ticketing.domain.own_words import OWN
from ticketing.service.settings import Part
from ticketing.web.parts import Parts

WORDING = "/staff/settings/wording"
HELLO = "Servus, hier schreibt der Bot vom Haus am Tor."


@pytest.fixture(name="editor")
def _editor(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    return as_role(Role.EDITOR)


def test_the_bot_says_what_was_set(editor: SignedInBrowser, talk: Talk, museum: None) -> None:
    """In that language, from the next message on; where the house is stands below the hours."""
    del museum
    fields = {"greeting.de": HELLO, "hours.where.de": "Komm zu uns:\r\n{address}"}
    assert send(editor, WORDING, **fields).headers["Location"] == WORDING
    talk.start()
    assert HELLO in [item["text"] for item in talk.items()]
    for _ in range(2):
        talk.press("Nein, danke")
    said = [item["text"] for item in talk.press("Öffnungszeiten")]
    assert any(one.endswith("Komm zu uns:\nMuseumsplatz 1, 00000 Erlenbach") for one in said)


def test_the_page_shows_own_words_beside_ours(editor: SignedInBrowser, parts: Parts) -> None:
    """Only what differs is stored; the other language stays ours."""
    send(
        editor,
        WORDING,
        **{"greeting.de": HELLO, "menu.more.de": "Kann ich noch etwas für dich tun?"},
    )
    assert now(parts, Part.WORDING).facts == {"greeting.de": HELLO}
    text = editor.client.get(WORDING).text
    assert "Ausgangstext: Hallo! Hier schreibt der Chat-Bot" in text
    assert "Hello! I am the museum" in text
    assert text.count('name="ours"') == 1
    assert "Texte in eigenen Worten: 1" in editor.client.get("/staff/settings").text


def test_a_text_is_given_back(editor: SignedInBrowser, parts: Parts) -> None:
    """By its button, or empty; the other texts of the form are kept."""
    send(editor, WORDING, **{"greeting.de": HELLO, "ticket.bye.en": "Bye."})
    both = {"greeting.de": HELLO, "ticket.bye.en": "Bye."}
    send(editor, WORDING, **both, ours="greeting")
    assert now(parts, Part.WORDING).facts == {"ticket.bye.en": "Bye."}
    send(editor, WORDING, **{"ticket.bye.en": " "})
    assert now(parts, Part.WORDING).facts == {}
    assert "Überall der Ausgangstext" in editor.client.get("/staff/settings").text
    send(editor, WORDING, "/back")
    assert now(parts, Part.WORDING).facts == {"ticket.bye.en": "Bye."}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("greeting.de", "Hallo, hier ist Anna.", "Hier muss stehen, dass ein Bot schreibt"),
        ("person.en", "Call us", "Die Wörter in geschweiften Klammern"),
        ("person.de", "{contact!r}", "Geschweifte Klammern nur um"),
        ("menu.what.de", "x" * 601, "Fehlt oder ist zu lang."),
    ],
)
def test_what_the_bot_cannot_say_is_told_beside_it(
    editor: SignedInBrowser, parts: Parts, name: str, text: str, words: str
) -> None:
    """Nothing is stored, nothing typed is lost."""
    answer = send(editor, WORDING, **{name: text, "ticket.bye.de": "Bis bald <b>"})
    assert answer.status_code == 422
    assert f'id="wrong-{name}">{words}' in answer.text
    assert "Bis bald &lt;b&gt;</textarea>" in answer.text
    assert now(parts, Part.WORDING).version == 0


def test_the_second_of_two_sees_what_the_first_worded(editor: SignedInBrowser) -> None:
    """Text by text."""
    opened = hidden(editor, WORDING)
    send(editor, WORDING, **{"greeting.de": HELLO})
    answer = editor.post(WORDING, **(opened | {"ticket.bye.de": "Bis bald."}))
    assert answer.status_code == 409
    assert f"Begrüßung (Deutsch): Ausgangstext → {HELLO}" in answer.text
    made_up = editor.post(WORDING, version="7", was='{"moon": "1"}')
    assert "moon: 1 → Ausgangstext" in made_up.text


def test_an_auditor_reads_every_text(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """Both languages, without a form."""
    text = as_role(Role.AUDITOR).client.get(WORDING).text
    assert text.count("<dt>") == 2 * len(OWN)
    assert "<textarea" not in text
