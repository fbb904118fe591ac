"""What every answer carries: the security headers and one access log line.

The line holds the route's pattern, never the path: paths carry signed links.
"""

import logging
import time
from typing import Final

from flask import Flask, Response, g, request

access_log = logging.getLogger("ticketing.access")
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = (  # no view sets any of them
    ("Content-Security-Policy", _CSP),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_NO_STORE: Final = ("Cache-Control", "no-store")
_SECURE: Final = ("Strict-Transport-Security", "max-age=31536000")
_JSON: Final = ("Content-Type", "application/json")
_PUBLIC_CACHE: Final = "public, max-age=3600"


def register(app: Flask) -> None:
    """Let every answer of the application carry the headers and its log line."""
    app.before_request(_start_clock)
    app.after_request(_finish)


def _start_clock() -> None:
    g.started = time.perf_counter()


def _finish(answer: Response) -> Response:
    answer.headers.extend(_HEADERS)
    answer.headers.setdefault(*_NO_STORE)
    if request.is_secure:
        answer.headers.set(*_SECURE)
    pattern = request.url_rule.rule if request.url_rule else "(no route)"
    started = g.get("started", time.perf_counter())
    log_answer(request.method, pattern, answer.status_code, started)
    return answer


def log_answer(method: str, pattern: str, status: int, started: float) -> None:
    """The one line of an answer; `started` by `time.perf_counter`."""
    spent_ms = (time.perf_counter() - started) * 1000
    access_log.info("%s %s %d %.1f ms", method, pattern, status, spent_ms)


def of_json(size: int, *, is_secure: bool) -> list[tuple[str, str]]:
    """All the headers of a JSON answer of so many bytes that nobody may keep."""
    own = (_JSON, ("Content-Length", str(size)), _NO_STORE)
    return [*own, *_HEADERS, *((_SECURE,) if is_secure else ())]


def cacheable(answer: Response) -> Response:
    """Let anyone keep this answer for an hour: it holds nothing personal."""
    answer.headers["Cache-Control"] = _PUBLIC_CACHE
    return answer
