"""What goes wrong under /staff is told on a page of the site, to whoever is signed in."""

from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from flask import Response, g, make_response, redirect, request

from ticketing.domain.failures import StoreUnavailable
from ticketing.web import sessions
from ticketing.web.pages import page
from ticketing.web.staff import frame

_TEMPLATE: Final = "staff/error.html"
_BROKEN: Final = 500
_NOT_FOUND: Final = 404


def trouble(status: int, kind: int, right: str | None) -> Response:
    """The page about an error; `kind` is what is said of it, `right` the one that is missing.

    An address with a slash too many leads to the page that was meant.
    """
    if status == _NOT_FOUND and request.method == "GET" and request.path.endswith("/"):
        return make_response(redirect(_without_slash(), 303))
    values = {"number": status, "kind": kind, "right": right, "here": frame.HOME}
    if _is_signed_in(status) and "HX-Request" not in request.headers:
        return frame.show(_TEMPLATE, place=None, status=status, **values)
    answer = page(_TEMPLATE, remembered=None, staff=None, **values)
    answer.status_code = status
    return answer


def _without_slash() -> str:
    """The address that was meant, quoted anew: a header holds no line break."""
    path, query = quote(request.path.rstrip("/")), urlencode(parse_qsl(request.query_string))
    return f"{path}?{query}" if query else path


def _is_signed_in(status: int) -> bool:
    """Whoever is signed in, found without a view; where something is broken nothing is asked."""
    if "staff" not in g and status < _BROKEN:
        with suppress(StoreUnavailable):
            found = sessions.find_signed_in()
            if found is not None:
                g.staff = found
    return "staff" in g
