"""What is checked before any view runs: size, the asking site, the permission."""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from ticketing.domain import tables
from ticketing.web import auth
from ticketing.web.access import is_metered, permission_of
from ticketing.web.errors import refused
from ticketing.web.parts import the_parts

API_LIMIT_BYTES: Final = 1024 * 1024
BATCH_LIMIT_BYTES: Final = 8 * 1024 * 1024
"""Of the calls that take thousands of rows at once."""
_BATCHES: Final = frozenset({"/api/v1/tickets/batch"})
PAGE_LIMIT_BYTES: Final = 64 * 1024
LIST_LIMIT_BYTES: Final = tables.BYTES_LIMIT + PAGE_LIMIT_BYTES
"""Of the calls and forms that take a list of codes; none of it is held in memory."""
_LISTS: Final = frozenset({"/api/v1/code-batches/import", "/staff/codes/import"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


def register(app: Flask) -> None:
    """Put the checks in front of every view, the cheapest first."""
    app.before_request(_check_size)
    app.before_request(_check_site)
    app.before_request(_check_address)
    app.before_request(_check_permission)
    app.before_request(_check_form)  # nobody's upload is read for nothing


def _check_size() -> None:
    limit = API_LIMIT_BYTES if request.path.startswith("/api/") else PAGE_LIMIT_BYTES
    limit = BATCH_LIMIT_BYTES if request.path in _BATCHES else limit
    limit = LIST_LIMIT_BYTES if request.path in _LISTS else limit
    request.max_content_length = limit
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge


def _check_site() -> None:
    """Refuse what another site's page sends: browsers say where a request comes from.

    The API takes bearer keys, which no other page can make a browser send.
    """
    if request.method in _SAFE_METHODS or request.path.startswith("/api/"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITE:
        raise refused(403, "foreign_site")
    origin = request.headers.get("Origin")
    if site is None and origin is not None and _host_of(origin) not in _own_hosts():
        raise refused(403, "foreign_site")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as "http://["
        return ""


def _own_hosts() -> frozenset[str]:
    return frozenset({request.host, urlsplit(the_parts().house.museum.base_url).netloc})


def _check_address() -> None:
    """Refuse a NUL: no address and no form has one, and PostgreSQL takes none.

    What the API is told besides is checked by its shapes.
    """
    if "\0" in request.path:
        raise refused(404, "not_found")
    if not request.path.startswith("/api/"):
        _check_fields(request.args)


def _check_form() -> None:
    if not request.path.startswith("/api/"):
        _check_fields(request.form)


def _check_fields(fields: MultiDict[str, str]) -> None:
    if any("\0" in name + text for name, text in fields.items(multi=True)):
        raise refused(400, "bad_request")


def _check_permission() -> Response | None:
    if request.endpoint is None:
        return None  # no such address: routing answers 404 or 405
    view = current_app.view_functions[request.endpoint]
    permission = permission_of(view)
    if permission is None:
        raise refused(403, "forbidden")
    answer = auth.admit(permission)
    auth.count(is_for_stations_too=is_metered(view))
    return answer
