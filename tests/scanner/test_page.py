"""The page's routes: what they pass on, and whom they refuse."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scanner.events import ScanId
from scanner.page import guard
from scanner.page.app import MOST_TEXT, Page, create_app
from scanner.page.feed import MOST_STREAMS, Feed, as_events, as_pictures
from scanner.page.server import PageServer, PortTaken
from scanner.page.tools import Found, Match, Offered, Overruling, Said
from scanner.wording import both
from ticketing.wire.journal import Action
from ticketing.wire.verdict import Direction

LOCAL = "http://localhost"


@dataclass
class Recorder:
    """A desk that writes down what it is told."""

    told: list[object] = field(default_factory=list)
    problem: str = ""
    found: Found = field(default_factory=Found)
    note: Said = field(default_factory=dict)

    def typed(self, text: str) -> None:
        """A text."""
        self.told.append(("typed", text))

    def drop(self, data: bytes) -> str:
        """A picture."""
        self.told.append(("drop", data))
        return self.problem

    def settle(self, scan_id: ScanId, action: Action) -> None:
        """A key."""
        self.told.append((scan_id, action))

    def switch(self, direction: Direction) -> None:
        """A direction."""
        self.told.append(direction)

    def speak(self, lang: str) -> None:
        """A language."""
        self.told.append(lang)

    def annul(self) -> None:
        """The last one."""
        self.told.append("annul")

    def people(self, delta: int) -> None:
        """More or fewer."""
        self.told.append(("people", delta))

    def count(self, delta: int) -> None:
        """Without a ticket."""
        self.told.append(("count", delta))

    def begin_tryout(self) -> None:
        """The check before the doors open."""
        self.told.append("begin")

    def end_tryout(self) -> None:
        """Its end."""
        self.told.append("end")

    def search(self, name: str) -> Found:
        """A name."""
        self.told.append(("search", name))
        return self.found

    def override(self, overruling: Overruling) -> Said:
        """A supervisor's word."""
        self.told.append(overruling)
        return self.note

    def offered(self) -> tuple[Offered, ...]:
        """Two cameras."""
        return (Offered({"de": "Kamera 1", "en": "Camera 1"}, is_used=True),)

    def use(self, number: int) -> bool:
        """A camera."""
        self.told.append(("use", number))
        return number == 0


@pytest.fixture(name="desk")
def _desk() -> Recorder:
    """Who is told."""
    return Recorder()


@pytest.fixture(name="feed")
def _feed() -> Feed:
    """What is shown."""
    feed = Feed()
    feed.publish("state", {"lang": "de"})
    return feed


@pytest.fixture(name="app")
def _app(desk: Recorder, feed: Feed) -> Flask:
    """The page of a station."""
    words = {one.lang: dict(one.by_key) for one in both()}
    return create_app(Page(desk, feed, words, "Stadtmuseum <Erlenbach>", lambda: "de", desk, desk))


@pytest.fixture(name="client")
def _client(app: Flask) -> FlaskClient:
    """This computer's browser."""
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        ("/typed", {"text": "E7K4-QXC3"}, ("typed", "E7K4-QXC3")),
        ("/confirm", {"scan": "a" * 32}, ("a" * 32, Action.CONFIRM)),
        ("/decline", {"scan": "a" * 32}, ("a" * 32, Action.DECLINE)),
        ("/direction", {"direction": "exit"}, Direction.EXIT),
        ("/language", {"lang": "en"}, "en"),
        ("/annul", {}, "annul"),
        ("/people", {"delta": -1}, ("people", -1)),
        ("/count", {"delta": 30}, ("count", 30)),
        ("/camera", {"number": 0}, ("use", 0)),
        ("/tryout/begin", {}, "begin"),
        ("/tryout/end", {}, "end"),
    ],
)
def test_actions_are_passed_on(
    client: FlaskClient, desk: Recorder, path: str, data: dict[str, str], told: object
) -> None:
    """Nothing is decided here."""
    assert client.post(path, json=data).status_code == 204
    assert desk.told == [told]


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/typed", {}, 422),
        ("/typed", {"text": 7}, 422),
        ("/people", {"delta": 0}, 422),
        ("/people", {"delta": 255}, 422),
        ("/people", {"delta": True}, 422),
        ("/count", {"delta": "3"}, 422),
        ("/count", {"delta": -1001}, 422),
        ("/count", [], 422),
        ("/typed", ["text"], 422),
        ("/typed", {"text": "x" * (MOST_TEXT + 1)}, 413),
        ("/confirm", {}, 422),
        ("/direction", {"direction": "check"}, 422),
        ("/direction", {"direction": "up"}, 422),
        ("/language", {"lang": "fr"}, 422),
        ("/search", {"name": 7}, 422),
        ("/search", {"name": "x" * 201}, 413),
        ("/override", {"scan": "a" * 32, "by": "s", "pin": "1"}, 422),
        ("/override", {"scan": "a" * 32, "by": "s", "pin": "1" * 33, "why": "w"}, 422),
        ("/override", {"scan": "a" * 32, "by": " ", "pin": "1", "why": "w"}, 422),
        ("/camera", {"number": True}, 422),
    ],
)
def test_rubbish_is_refused(
    client: FlaskClient, desk: Recorder, path: str, data: object, status: int
) -> None:
    """And not passed on."""
    assert client.post(path, json=data).status_code == status
    assert desk.told == []


def test_a_camera_that_is_not_offered_is_refused(client: FlaskClient) -> None:
    """The list has changed meanwhile."""
    assert client.post("/camera", json={"number": 3}).status_code == 422
    offered = client.get("/cameras").json
    assert offered == {"items": [{"name": {"de": "Kamera 1", "en": "Camera 1"}, "used": True}]}


def test_a_search_is_answered_and_nothing_of_it_is_kept(
    client: FlaskClient, desk: Recorder, feed: Feed
) -> None:
    """The names go to whoever asked, and into no state."""
    desk.found = Found((Match("Zoë Ünal", {"de": "Tageskarte", "en": "Day ticket"}, "E7K4-QXC3"),))
    answer = client.post("/search", json={"name": "zoë"})
    item = {
        "holder": "Zoë Ünal",
        "said": {"de": "Tageskarte", "en": "Day ticket"},
        "code": "E7K4-QXC3",
    }
    assert answer.json == {"items": [item], "note": {}, "scanned": False}
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"nal" not in feed.newest("state")
    assert "Zoë" not in repr(desk.found)


def test_a_supervisors_pin_is_passed_on_and_shown_by_nothing(
    client: FlaskClient, desk: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the log nor a representation has it."""
    desk.note = {"de": "Name oder PIN stimmt nicht", "en": "Name or PIN is wrong"}
    body = {"scan": "a" * 32, "by": "sofia", "pin": "271828", "why": "Handy leer"}
    answer = client.post("/override", json=body)
    assert answer.json == {"note": desk.note}
    (told,) = desk.told
    assert isinstance(told, Overruling)
    assert (told.by, told.pin, told.why) == ("sofia", "271828", "Handy leer")
    assert "271828" not in repr(told) + answer.text + caplog.text


def test_a_body_that_is_no_json_is_refused(client: FlaskClient, desk: Recorder) -> None:
    """A form of a foreign page cannot speak JSON."""
    assert client.post("/typed", data={"text": "x"}).status_code == 422
    assert client.post("/typed", data=b"{", content_type="application/json").status_code == 422
    assert desk.told == []


def test_an_empty_line_is_nothing(client: FlaskClient, desk: Recorder) -> None:
    """The hand scanner's second line end."""
    assert client.post("/typed", json={"text": " \r\n"}).status_code == 204
    assert desk.told == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8081", "127.0.0.1.evil.example", "192.168.1.5", "[::2"]
)
def test_a_foreign_name_is_refused(client: FlaskClient, desk: Recorder, host: str) -> None:
    """DNS rebinding: a name that leads here is not this page."""
    for answer in (
        client.get("/", headers={"Host": host}),
        client.post("/typed", json={"text": "x"}, headers={"Host": host}),
    ):
        assert answer.status_code in {400, 421}
    assert desk.told == []


def test_an_address_that_is_none_names_nobody() -> None:
    """Total, whatever stands in the header."""
    assert guard._host_of("//[::1") == ""


@pytest.mark.parametrize("host", ["localhost:8081", "127.0.0.1", "[::1]:8081"])
def test_loopback_has_three_names(client: FlaskClient, host: str) -> None:
    """All of them are this computer."""
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": LOCAL},
    ],
)
def test_a_foreign_page_may_not_act(
    client: FlaskClient, desk: Recorder, headers: dict[str, str]
) -> None:
    """Whatever changes something comes from this page."""
    answer = client.post("/confirm", json={"scan": "a" * 32}, headers=headers)
    assert answer.status_code == 403
    assert desk.told == []


def test_this_page_may_act(client: FlaskClient, desk: Recorder) -> None:
    """With the headers a browser sends."""
    headers = {"Origin": LOCAL, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/language", json={"lang": "de"}, headers=headers).status_code == 204
    assert desk.told == ["de"]


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    """Strict policy, nothing inline, nothing kept; errors too."""
    for path in ("/", "/healthz", "/nowhere", "/static/station.js"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_the_page_has_nothing_inline(client: FlaskClient) -> None:
    """Neither style attributes nor handlers nor running scripts."""
    text = client.get("/").text
    assert "style=" not in text
    assert "onclick" not in text
    assert text.count("<script") == 3
    assert 'type="application/json"' in text
    assert "Stadtmuseum &lt;Erlenbach&gt;" in text


@pytest.mark.parametrize(
    "path",
    [
        "/static/einlass.css",
        "/static/station.css",
        "/static/station.js",
        "/static/station-tools.js",
        "/static/fonts/bricolage-grotesque-latin.woff2",
    ],
)
def test_everything_the_page_needs_is_served(client: FlaskClient, path: str) -> None:
    """From this computer: it works without any network."""
    answer = client.get(path)
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize("path", ["/static/../station.html", "/static/%2e%2e/station.html"])
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    """No way out of the folder."""
    assert client.get(path).status_code == 404


def test_no_address_outside_is_named_in_page_and_script(client: FlaskClient) -> None:
    """No third party learns that a station runs."""
    for path in ("/", "/static/station.js", "/static/station-tools.js", "/static/station.css"):
        answer = client.get(path)
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        answer.close()
        assert "http://" not in text
        assert "https://" not in text


def test_a_picture_is_passed_on(client: FlaskClient, desk: Recorder) -> None:
    """As it is, whatever its type says."""
    assert client.post("/picture-drop", data=b"\xff\xd8").status_code == 204
    assert desk.told == [("drop", b"\xff\xd8")]


def test_a_bad_picture_is_told_in_both_languages(client: FlaskClient, desk: Recorder) -> None:
    """The page chooses."""
    desk.problem = "drop.text_file"
    answer = client.post("/picture-drop", data=b"words")
    assert answer.status_code == 422
    assert answer.json == {
        "problem": "drop.text_file",
        "words": {
            "de": "Das ist eine Textdatei, kein Bild",
            "en": "This is a text file, not a picture",
        },
    }


def test_a_huge_body_is_refused(app: Flask, client: FlaskClient, desk: Recorder) -> None:
    """Before it is read."""
    assert app.config["MAX_CONTENT_LENGTH"] == 64 * 1024 * 1024
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert client.post("/picture-drop", data=b"x" * 11).status_code == 413
    assert desk.told == []


def test_the_state_can_be_asked_for(client: FlaskClient) -> None:
    """For whoever looks without a stream."""
    assert client.get("/state").json == {"lang": "de"}


# ---------------------------------------------------------------- streams


def test_events_give_the_newest_first_then_changes(client: FlaskClient, feed: Feed) -> None:
    """A page that opens late sees what is shown now."""
    answer = client.get("/events", buffered=False)
    parts = iter(answer.response)
    assert next(parts) == b'event: state\ndata: {"lang":"de"}\n\n'
    feed.publish("outline", {"codes": []})
    assert next(parts) == b'event: outline\ndata: {"codes":[]}\n\n'
    assert feed.is_watched("state")
    answer.close()
    assert not feed.is_watched("state")


def test_a_quiet_stream_says_that_it_lives(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a page that went away is noticed."""
    monkeypatch.setattr("scanner.page.feed.HEARTBEAT_S", 0.01)
    events = as_events(feed)
    next(events)
    assert next(events) == b": still here\n\n"
    events.close()


def test_the_same_state_again_is_no_news(feed: Feed) -> None:
    """Nobody is woken for nothing."""
    before = feed._count
    feed.publish("state", {"lang": "de"})
    assert feed._count == before


def test_pictures_come_as_parts(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the boundary behind each, so that it is shown at once."""
    monkeypatch.setattr("scanner.page.feed.HEARTBEAT_S", 0.01)
    pictures = as_pictures(feed)
    assert next(pictures) == b"--einlass-frame\r\n"
    threading.Timer(0.05, feed.put, ("picture", b"JPEG")).start()
    assert next(pictures) == (
        b"Content-Type: image/jpeg\r\nContent-Length: 4\r\n\r\nJPEG\r\n--einlass-frame\r\n"
    )
    pictures.close()


def test_streams_end_with_the_station(client: FlaskClient, feed: Feed) -> None:
    """Nothing keeps the program alive; a new stream is refused."""
    answer = client.get("/events", buffered=False)
    parts = iter(answer.response)
    next(parts)
    feed.close()
    assert list(parts) == []
    answer.close()
    assert client.get("/events").status_code == 503


def test_too_many_pages_are_refused(client: FlaskClient) -> None:
    """A forgotten script holds no more than a few threads."""
    opened = [client.get("/picture", buffered=False) for _ in range(MOST_STREAMS)]
    refused = client.get("/picture")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    for answer in opened:
        answer.close()
    again = client.get("/picture", buffered=False)
    assert again.status_code == 200
    again.close()


# ---------------------------------------------------------------- the server


@pytest.fixture(name="server")
def _server(app: Flask, feed: Feed) -> Iterator[PageServer]:
    """On a free port."""
    with PageServer(app, 0) as server:
        yield server
        feed.close()


def test_the_server_listens_on_loopback_only(server: PageServer) -> None:
    """No other computer reaches it."""
    assert server.address == f"http://127.0.0.1:{server.port}"
    assert server._server.server_address[0] == "127.0.0.1"


def test_the_server_logs_nothing(
    server: PageServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither addresses nor times of whoever scans."""
    from urllib.request import urlopen  # noqa: PLC0415  only here

    with urlopen(f"{server.address}/state") as answer:  # noqa: S310  our own loopback address
        assert json.load(answer) == {"lang": "de"}
    assert capfd.readouterr() == ("", "")
    assert "state" not in caplog.text


def test_a_taken_port_is_told(app: Flask, server: PageServer) -> None:
    """As a value, not as the end of the process."""
    with pytest.raises(PortTaken):
        PageServer(app, server.port)
