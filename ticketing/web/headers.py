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
_PUBLIC_CACHE: Final = "public, max-age=3600"


def register(app: Flask) -> None:
    """Let every answer of the application carry the headers and its log line."""
    app.before_request(_start_clock)
    app.after_request(_finish)


def _start_clock() -> None:
    g.started = time.perf_counter()


def _finish(answer: Response) -> Response:
    answer.headers.extend(_HEADERS)
    answer.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    spent_ms = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
    pattern = request.url_rule.rule if request.url_rule else "(no route)"
    access_log.info("%s %s %d %.1f ms", request.method, pattern, answer.status_code, spent_ms)
    return answer


def cacheable(answer: Response) -> Response:
    """Let anyone keep this answer for an hour: it holds nothing personal."""
    answer.headers["Cache-Control"] = _PUBLIC_CACHE
    return answer
