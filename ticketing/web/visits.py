"""Whose conversation it is: one browser, known by one cookie.

The cookie is made by the first POST, never by a GET. Its hash is the visitor's
address; the cookie itself is stored nowhere.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from ticketing.web.parts import the_parts
from ticketing.wire.codec import from_base64url, to_base64url

COOKIE: Final = "einlass_chat"
COOKIE_TIME: Final = timedelta(days=400)
_COOKIE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser: its cookie, and the address made of it."""

    cookie: str
    address: bytes
    is_new: bool = False


def find_visit() -> Visit | None:
    """The browser behind this request; anything that is no cookie of ours is none."""
    cookie = request.cookies.get(COOKIE, "")
    raw = from_base64url(cookie)
    if raw is None or len(raw) != _COOKIE_BYTES:
        return None
    return _visit(raw)


def visit_to_begin() -> Visit:
    """The browser behind this request, with a new cookie if it has none."""
    found = find_visit()
    if found is not None:
        return found
    made = _visit(the_parts().house.chance.draw(_COOKIE_BYTES))
    return Visit(made.cookie, made.address, is_new=True)


def remember(answer: Response, visit: Visit) -> Response:
    """Give a new browser its cookie."""
    if visit.is_new:
        answer.set_cookie(
            COOKIE,
            visit.cookie,
            max_age=COOKIE_TIME,
            path="/chat",
            httponly=True,
            samesite="Lax",
            secure=the_parts().secure_cookies,
        )
    return answer


def scoped_id(visit: Visit, own_id: str) -> str:
    """The page's id of a message, made its own: no browser can use up another's ids."""
    return hashlib.sha256(visit.address + own_id.encode("utf-8", "replace")).hexdigest()[:32]


def _visit(raw: bytes) -> Visit:
    return Visit(to_base64url(raw), hashlib.sha256(raw).digest())
