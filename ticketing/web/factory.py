"""Puts the web layer together; the only place that knows every blueprint."""

import json
import logging
import re
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from apiflask import APIFlask
from flask import request
from flask.json.provider import DefaultJSONProvider
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Map, UnicodeConverter

from ticketing.domain.offers import CALL_WORDS
from ticketing.service import chat as chat_service
from ticketing.templates_path import templates_dir
from ticketing.web import assets, chat, errors, guard, headers, health, public, sessions
from ticketing.web.api import (
    code_batches,
    code_imports,
    codes,
    conflicts,
    counts,
    journals,
    knowledge,
    messages,
    offers,
    openapi,
    scans,
    slots,
    stations,
    stats,
    ticket_calls,
    tickets,
    visitors,
    webhooks,
)
from ticketing.web.feed import Feed
from ticketing.web.lane import Lane
from ticketing.web.limits import Meters
from ticketing.web.parts import Parts, Room, settle_in
from ticketing.web.staff import site
from ticketing.web.staff.trouble import trouble
from ticketing.web.words import load_words

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("ticketing.web")
_BLUEPRINTS: Final = (
    assets.bp,
    chat.bp,
    health.bp,
    public.bp,
    *(noun.bp for noun in site.NOUNS),
    code_batches.bp,
    code_imports.bp,
    codes.bp,
    counts.bp,
    knowledge.bp,
    conflicts.bp,
    journals.bp,
    offers.bp,
    openapi.bp,
    scans.bp,
    slots.bp,
    stations.bp,
    ticket_calls.bp,
    tickets.bp,
    messages.bp,
    stats.bp,
    visitors.bp,
    webhooks.bp,
)
_MAYBE_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_Fault = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Part(UnicodeConverter):
    """A variable part of an address; what is a call of its own is no id."""

    def __init__(self, map: Map) -> None:  # noqa: A002  werkzeug's own name
        super().__init__(map)
        calls = "|".join(sorted(CALL_WORDS))
        self.regex = rf"(?!(?:{calls})(?:/|\Z))[^/]+"


class StrictJson(DefaultJSONProvider):
    """JSON that refuses what the rest of the house cannot hold."""

    ensure_ascii = False

    def loads(self, s: str | bytes, **options: Any) -> Any:  # noqa: ANN401  JSON is anything
        """The value of a JSON text; ValueError for hopeless nesting and half characters."""
        text = s.decode(json.detect_encoding(s)) if isinstance(s, bytes) else s
        text.encode()  # json alone lets half characters through
        try:
            value = super().loads(text, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        # A lone surrogate (\\ud800) is valid JSON and no text: it breaks at the database.
        if _MAYBE_HALF.search(text):
            self.dumps(value).encode()
        return value


class WebApp(APIFlask):
    """The application; its log of faults names code and route, never what was sent."""

    json_provider_class = StrictJson

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none here is a coroutine, and Flask would look seven times."""
        return func

    def log_exception(self, exc_info: _Fault) -> None:
        """Log a fault by its type and the lines it passed: messages may hold names."""
        kind, _, trace = exc_info
        pattern = request.url_rule.rule if request.url_rule else "(no route)"
        lines = "".join(traceback.format_tb(trace))
        name = "" if kind is None else kind.__name__
        log.error("%s in %s %s\n%s", name, request.method, pattern, lines)


def create_app(parts: Parts) -> APIFlask:
    """The web application of one process."""
    app = WebApp(
        __name__,
        title="Einlass",
        version=parts.version or "0",
        template_folder=str(templates_dir()),
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None for "no static route"
        spec_path=None,
        docs_path=None,
    )
    app.url_map.converters["default"] = _Part
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    feed = Feed(_newest_of(parts), max_streams=parts.max_streams)
    meters = Meters.of(parts.limits)
    settle_in(app.extensions, Room(parts, feed, load_words(), meters, trouble))
    sessions.register(app, parts)
    errors.register(app)
    openapi.register(app)
    headers.register(app)
    guard.register(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.wsgi_app = _door(app.wsgi_app, parts)  # type: ignore[method-assign,assignment]  # Flask's own way
    return app


def _door(behind: "WSGIApplication", parts: Parts) -> "WSGIApplication":
    """The gate's lane in front, and the proxies' word for who asks."""
    lane = Lane(behind, parts)
    return ProxyFix(lane, x_for=parts.proxies, x_proto=1) if parts.proxies else lane


def _newest_of(parts: Parts) -> Callable[[], int]:
    def newest() -> int:
        with parts.store.unit() as unit:
            return chat_service.newest(unit)

    return newest
