"""The routes of the page. They only pass on what staff do; the desk decides.

No address holds anything personal: texts and pictures travel in bodies, and nothing is
logged.
"""

import mimetypes
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from flask import Flask, Response, abort, jsonify, render_template, request

from scanner.events import ScanId
from scanner.page import guard
from scanner.page.feed import BOUNDARY, Feed, TooManyStreams, as_events, as_pictures
from scanner.page.fields import change_of, done, text_of
from scanner.page.tools import Cameras, Errands, Trials, add_tools
from ticketing.templates_path import templates_dir
from ticketing.wire.journal import Action
from ticketing.wire.texts import LANGUAGES
from ticketing.wire.verdict import Direction

MOST_PICTURE_BYTES: Final = 64 * 1024 * 1024
MOST_TEXT: Final = 4_096
_MOST_CHANGE: Final = 254
_MOST_COUNT: Final = 1_000
_A_DAY_S: Final = 86_400
_DIRECTIONS: Final = frozenset({Direction.ENTRY, Direction.EXIT})


class Desk(Trials, Protocol):
    """What the page may do."""

    def typed(self, text: str) -> None:
        """A hand scanner or somebody has typed."""
        ...

    def drop(self, data: bytes) -> str:
        """Read a picture file; empty, or the key of the words that say what is wrong."""
        ...

    def settle(self, scan_id: ScanId, action: Action) -> None:
        """Staff confirm or decline."""
        ...

    def switch(self, direction: Direction) -> None:
        """Entry or exit from now on."""
        ...

    def speak(self, lang: str) -> None:
        """The language of the page."""
        ...

    def annul(self) -> None:
        """Take back the last admit or exit."""
        ...

    def people(self, delta: int) -> None:
        """More or fewer people came with the ticket on the screen."""
        ...

    def count(self, delta: int) -> None:
        """People without a ticket came in, or went out."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What the page is made of: who acts, what is shown, the words by language, a name.

    `errands` go to the service, `cameras` are those of this computer.
    """

    desk: Desk
    feed: Feed
    words: Mapping[str, Mapping[str, str]]
    museum: str
    lang: Callable[[], str]
    errands: Errands
    cameras: Cameras


def create_app(page: Page) -> Flask:
    """The application of one station."""
    templates = templates_dir()
    app = Flask("scanner.page", static_folder=None, template_folder=str(templates))
    app.config["MAX_CONTENT_LENGTH"] = MOST_PICTURE_BYTES
    guard.register(app)
    _add_views(app, page)
    _add_streams(app, page)
    _add_input(app, page)
    _add_actions(app, page)
    _add_corrections(app, page)
    add_tools(app, page.errands, page.cameras, page.desk)
    return app


def _add_views(app: Flask, page: Page) -> None:
    folder = templates_dir()

    @app.get("/")
    def station() -> str:
        lang = page.lang()
        return render_template(
            "station.html", lang=lang, say=page.words[lang], words=page.words, museum=page.museum
        )

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/state")
    def state() -> Response:
        return Response(page.feed.newest("state"), content_type="application/json")

    @app.get("/static/fonts/<path:name>")
    def font(name: str) -> Response:
        return _file(folder / "fonts", name, max_age=_A_DAY_S)

    @app.get("/static/<path:name>")
    def asset(name: str) -> Response:
        return _file(folder / "static", name)


def _file(folder: Path, name: str, *, max_age: int = 0) -> Response:
    """A file as bytes: a sent file object stays open when the browser hangs up in between."""
    if not (folder / name).is_file() or not (folder / name).resolve().is_relative_to(folder):
        abort(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = Response((folder / name).read_bytes(), mimetype=kind)
    answer.cache_control.max_age = max_age
    return answer


def _add_streams(app: Flask, page: Page) -> None:
    @app.get("/events")
    def events() -> Response:
        return _stream(as_events(page.feed), "text/event-stream")

    @app.get("/picture")
    def picture() -> Response:
        return _stream(as_pictures(page.feed), f"multipart/x-mixed-replace; boundary={BOUNDARY}")


def _add_input(app: Flask, page: Page) -> None:
    desk = page.desk

    @app.post("/typed")
    def typed() -> Response:
        text = text_of("text")
        if len(text) > MOST_TEXT:
            abort(413)
        if text.strip():
            desk.typed(text)
        return done()

    @app.post("/picture-drop")
    def drop() -> Response:
        problem = desk.drop(request.get_data(cache=False))
        if not problem:
            return done()
        texts = {lang: page.words[lang][problem] for lang in LANGUAGES}
        answer = jsonify(problem=problem, words=texts)
        answer.status_code = 422
        return answer


def _add_actions(app: Flask, page: Page) -> None:
    desk = page.desk

    @app.post("/confirm")
    def confirm() -> Response:
        desk.settle(ScanId(text_of("scan")), Action.CONFIRM)
        return done()

    @app.post("/decline")
    def decline() -> Response:
        desk.settle(ScanId(text_of("scan")), Action.DECLINE)
        return done()

    @app.post("/direction")
    def direction() -> Response:
        wanted = text_of("direction")
        if wanted not in _DIRECTIONS:
            abort(422)
        desk.switch(Direction(wanted))
        return done()

    @app.post("/language")
    def language() -> Response:
        lang = text_of("lang")
        if lang not in LANGUAGES:
            abort(422)
        desk.speak(lang)
        return done()


def _add_corrections(app: Flask, page: Page) -> None:
    desk = page.desk

    @app.post("/annul")
    def annul() -> Response:
        desk.annul()
        return done()

    @app.post("/people")
    def people() -> Response:
        desk.people(change_of("delta", _MOST_CHANGE))
        return done()

    @app.post("/count")
    def count() -> Response:
        desk.count(change_of("delta", _MOST_COUNT))
        return done()


def _stream(parts: Generator[bytes], kind: str) -> Response:
    """Begin a stream; the first part is drawn here, so that a refusal is still an answer."""
    try:
        first = next(parts)
    except (StopIteration, TooManyStreams):
        return Response("too many open pages\n", 503, {"Retry-After": "3"}, "text/plain")
    answer = Response(chain([first], parts), content_type=kind)
    answer.call_on_close(parts.close)
    return answer
