"""Who may talk to the page: this computer's browser, showing this page, and nobody else.

Loopback alone is no protection: any web page can post to it, and a name that resolves to
127.0.0.1 makes a foreign page "the same origin" (DNS rebinding). So the Host header must
name loopback, and whatever changes something must come from this page's own origin.
"""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def register(app: Flask) -> None:
    """Check every request, and let every answer carry the security headers."""
    app.before_request(check)
    app.after_request(_finish)


def check() -> None:
    """Refuse foreign names (421) and foreign pages (403)."""
    if _host_of(f"//{request.host}") not in _LOOPBACK:
        abort(421)
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    # Programs send neither; a browser always sends its origin with a POST.
    is_foreign = site is not None and site not in _OWN_SITE
    if is_foreign or (origin is not None and origin != request.host_url.rstrip("/")):
        abort(403)


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _finish(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
