"""The web chat: with and without JavaScript."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image

from tests.fakes import FrozenClock
from tests.web.talking import START, Talk
from ticketing.service import tickets
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts
from ticketing.web.visits import COOKIE
from ticketing.wire.codec import from_base64url

PATH = "/chat/messages"


def texts(items: list[dict[str, Any]]) -> str:
    """All that was said."""
    return "\n".join(item["text"] for item in items)


@pytest.fixture
def menu(talk: Talk) -> Talk:
    """A visitor who said no to everything and sees the menu."""
    talk.start()
    for _ in range(2):
        talk.press("Nein, danke")
    return talk


# ------------------------------------------------------------ beginning
@pytest.mark.parametrize(("lang", "words"), [("de", "Chat beginnen"), ("en", "Start the chat")])
def test_a_first_visit_shows_a_button_and_sets_no_cookie(
    client: FlaskClient, lang: str, words: str
) -> None:
    """Looking in is free; today's hours are on the page."""
    answer = client.get(f"/chat?lang={lang}")
    assert "Set-Cookie" not in answer.headers
    assert words in answer.text
    assert "<script" not in answer.text
    assert "17:15" in answer.text
    assert "Museumsplatz 1" in answer.text
    assert "STOP" in answer.text


def test_a_closed_day_says_so(client: FlaskClient, clock: FrozenClock) -> None:
    """Monday."""
    clock.tick(days=1)
    text = client.get("/chat").text
    assert "<b>geschlossen</b>" in text
    assert "letzter Einlass" not in text


def test_the_first_post_makes_the_cookie(client: FlaskClient) -> None:
    """32 random bytes for /chat alone, 400 days, out of reach of scripts."""
    answer = client.post(PATH, data={"id": "1", "start": "1", "lang": "de"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/chat#end")
    cookie = client.get_cookie(COOKIE, path="/chat")
    assert cookie is not None
    assert len(from_base64url(cookie.value) or b"") == 32
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/chat")
    assert cookie.max_age == 400 * 86400
    assert not cookie.secure
    again = client.post(PATH, data={"id": "2", "text": "hallo"})
    assert "Set-Cookie" not in again.headers


def test_behind_tls_the_cookie_is_secure(parts: Parts) -> None:
    """It never travels in the clear."""
    client = create_app(replace(parts, secure_cookies=True)).test_client()
    assert "Secure" in client.post(PATH, data=START).headers["Set-Cookie"]


@pytest.mark.parametrize("cookie", ["x", "A" * 42, "A" * 44, "ä" * 43, ""])
def test_a_cookie_that_is_none_of_ours_is_a_first_visit(client: FlaskClient, cookie: str) -> None:
    """A POST replaces it."""
    client.set_cookie(COOKIE, cookie, path="/chat")
    assert "Chat beginnen" in client.get("/chat").text
    assert COOKIE in client.post(PATH, data=START).headers["Set-Cookie"]


def test_a_guessed_cookie_opens_nothing(talk: Talk, client: FlaskClient) -> None:
    """Each browser has its own conversation."""
    talk.start()
    client.set_cookie(COOKIE, "A" * 43, path="/chat")
    assert "Chat beginnen" in client.get("/chat").text
    assert client.get(PATH).json == {"items": [], "newest": 0}


# ------------------------------------------------------------ without JavaScript
def test_forms_are_enough(talk: Talk) -> None:
    """Start, press a button, write: each form leads back to the page."""
    talk.client.post(PATH, data={"id": "1", "start": "1"})
    waiting = talk.client.get("/chat").text
    # Another address each time: the same one with a mark would not be loaded again.
    assert re.search(r'<noscript><meta http-equiv="refresh" content="1; url=/chat\?again=', waiting)
    talk.deliver()
    page = talk.client.get("/chat").text
    assert "http-equiv" not in page
    button = re.search(r'name="choice" value="(consent:\w+:no)"', page)
    assert button is not None
    form = re.search(r'name="id" value="(turn-\d+)"', page)
    assert form is not None
    pressed = {"id": form[1], "choice": button[1]}
    for _ in range(2):
        assert talk.client.post(PATH, data=pressed).status_code == 303
    talk.deliver()
    page = talk.client.get("/chat").text
    assert len(re.findall(r"chat__turn--out", page)) == 2
    assert re.search(r'btn--chosen" name="choice" value="consent:\w+:no" disabled', page)


def test_the_page_asks_again_only_while_an_answer_is_due(talk: Talk, clock: FrozenClock) -> None:
    """Half a minute later it lets the visitor write in peace."""
    talk.start()
    talk.post(text="hallo")
    assert "http-equiv" in talk.client.get("/chat").text
    clock.tick(seconds=31)
    assert "http-equiv" not in talk.client.get("/chat").text


# ------------------------------------------------------------ with JavaScript
def test_a_message_comes_back_with_what_is_new(talk: Talk) -> None:
    """Each item has its plain fields and its finished HTML."""
    talk.start()
    items = talk.items()
    assert talk.client.get(f"{PATH}?after={items[-1]['id']}").json == {"items": [], "newest": 0}
    for item in items:
        assert set(item) == {"id", "direction", "text", "choices", "ticket", "html"}
        assert f'id="m{item["id"]}"' in item["html"]
    assert [item["id"] for item in items] == sorted({item["id"] for item in items})


def test_the_same_id_is_one_message(talk: Talk) -> None:
    """A double click, a retry after a lost answer."""
    talk.start()
    before = len(talk.items())
    for _ in range(3):
        assert talk.post(id="once", text="Öffnungszeiten").status_code == 200
    talk.deliver()
    own = [item for item in talk.items()[before:] if item["direction"] == "in"]
    assert len(own) == 1


def test_ids_of_one_browser_are_nothing_to_another(talk: Talk, parts: Parts) -> None:
    """Nobody can use up a stranger's ids."""
    stranger = replace(talk, client=create_app(parts).test_client())
    for one in (stranger, talk):
        one.start()
        one.post(id="once", text="hallo")
        one.deliver()
        assert any(item["text"] == "hallo" for item in one.items())


@pytest.mark.parametrize("after", ["x", "-1", "²", "9" * 30, ""])
def test_a_strange_place_is_the_beginning(talk: Talk, after: str) -> None:
    """The page gets everything rather than an error."""
    talk.start()
    answer = talk.client.get(PATH, query_string={"after": after}).json
    assert answer is not None
    assert answer["items"] == talk.items()


@pytest.mark.parametrize(
    "message",
    [{}, {"text": ""}, {"text": " \n"}, {"text": 7}, {"choice": "x" * 300}, {"id": 7, "text": "x"},
     {"text": "x", "after": -1}, {"start": "perhaps"}],
)  # fmt: skip
def test_a_message_that_is_none_is_refused(talk: Talk, message: dict[str, Any]) -> None:
    """Nothing is stored, and no cookie is made for it."""
    answer = talk.post(**message)
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers
    assert talk.items() == []


def test_a_form_that_is_none_gets_a_page(client: FlaskClient) -> None:
    """In words, without a status only."""
    answer = client.post(PATH, data={"text": ""})
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "Das haben wir nicht verstanden" in answer.text


def test_a_long_message_is_answered_kindly(talk: Talk) -> None:
    """Above 2,000 characters it is not kept in full."""
    talk.start()
    items = talk.say("ö" * 5000)
    assert max(len(item["text"]) for item in items) < 2000
    assert any(item["direction"] == "out" for item in items)


# ------------------------------------------------------------ what is shown
def test_what_visitors_write_is_escaped(menu: Talk) -> None:
    """On the page and in the live HTML; addresses in it are no links."""
    items = menu.say('<img src=x onerror="alert(1)"> https://evil.example')
    page = menu.client.get("/chat").text
    for html in (page, "".join(item["html"] for item in items)):
        assert "<img src=x" not in html
        assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in html
        assert 'href="https://evil.example' not in html


def test_the_museums_addresses_are_links(talk: Talk) -> None:
    """The privacy page is one tap away, without the full stop behind it."""
    talk.start()
    html = "".join(item["html"] for item in talk.items())
    assert '<a href="https://tickets.example/privacy">' in html


def test_a_pressed_button_is_marked_and_the_others_are_over(talk: Talk) -> None:
    """Old questions cannot be answered twice."""
    talk.start()
    talk.press("Nein, danke")
    page = talk.client.get("/chat").text
    assert len(re.findall(r"btn--chosen", page)) == 1
    first = page.index("Ja, ich bin 16+")
    assert "disabled" in page[first - 20 : first]
    last = page.rindex("Ja, ich bin 16+")
    assert "disabled" not in page[last - 20 : last]


def test_days_stand_between_the_turns(talk: Talk, clock: FrozenClock) -> None:
    """Each day once, today and yesterday by name."""
    talk.start()
    assert talk.client.get("/chat").text.count("chat__turn--day") == 1
    clock.tick(days=1)
    talk.say("hallo")
    page = talk.client.get("/chat").text
    assert page.count("chat__turn--day") == 2
    assert "Gestern, 14:00" in page
    assert "Heute, 14:00" in page
    clock.tick(days=1)
    assert "So 4. Okt. 2026, 14:00" in talk.client.get("/chat").text


def test_a_ticket_comes_as_a_picture(menu: Talk, store: Store, house: House, museum: None) -> None:
    """From the menu to the barcode that a reader reads."""
    del museum
    menu.press("Ticket holen")
    menu.press("Tageskarte · frei")
    menu.press("Heute")
    items = menu.say("Jördis Kowalewski")
    [shown] = [item for item in items if item["ticket"]]
    assert 'width="1080" height="1440" alt="Ticket mit Barcode: Jördis Kowalewski' in shown["html"]
    picture = menu.client.get(shown["ticket"]["picture"])
    [found] = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    with store.unit() as unit:
        [listed] = tickets.latest_tickets(unit)
        case = tickets.get_ticket(unit, house, ticket_id=listed.ticket.id)
    assert found.text == case.barcode
    assert menu.client.get(shown["ticket"]["page"]).status_code == 200
    assert "Kowalewski" not in shown["ticket"]["page"] + shown["ticket"]["picture"]


def test_a_name_with_signs_stays_text(menu: Talk, museum: None) -> None:
    """In the picture's description, too."""
    del museum
    menu.press("Ticket holen")
    menu.press("Tageskarte · frei")
    menu.press("Heute")
    items = menu.say('Anna "Max" & Moritz')
    [shown] = [item for item in items if item["ticket"]]
    assert "Anna &#34;Max&#34; &amp; Moritz" in shown["html"]
    assert 'alt="Ticket mit Barcode: Anna "Max"' not in shown["html"]


# ------------------------------------------------------------ language
def test_the_language_before_the_start_is_in_the_address(client: FlaskClient) -> None:
    """Still without a cookie."""
    answer = client.post("/chat/language", data={"lang": "en"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/chat?lang=en")
    assert "Set-Cookie" not in answer.headers


def test_the_conversation_changes_its_language(menu: Talk) -> None:
    """The bot and the page around it."""
    assert menu.client.post("/chat/language", data={"lang": "en"}).status_code == 303
    menu.deliver()
    page = menu.client.get("/chat").text
    assert '<html lang="en">' in page
    assert "Write to us" in page
    assert "Get a ticket" in texts([]) + page


def test_who_starts_in_english_is_answered_in_english(talk: Talk) -> None:
    """The start button says which page it was on."""
    talk.client.post(PATH, data={"start": "1", "lang": "en"})
    talk.deliver()
    assert "chat bot" in texts(talk.items()).lower()
    assert '<html lang="en">' in talk.client.get("/chat").text


@pytest.mark.parametrize("lang", ["fr", "", "<b>"])
def test_another_language_is_refused(talk: Talk, lang: str) -> None:
    """Two are spoken."""
    talk.start()
    assert talk.client.post("/chat/language", data={"lang": lang}).status_code == 400


def test_stop_is_obeyed_from_the_page(talk: Talk) -> None:
    """The one word that must always work."""
    talk.start()
    assert "Erledigt" in texts(talk.say("STOP"))
