"""Styles, scripts and fonts, from the templates folder; nothing from elsewhere."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from ticketing.templates_path import templates_dir
from ticketing.web.access import open_to_all
from ticketing.web.headers import cacheable

bp = APIBlueprint("assets", __name__, url_prefix="/static", enable_openapi=False)
# Said here and not asked of the machine: what a system takes a file for differs.
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}


@bp.get("/fonts/<path:name>")
@open_to_all
def font(name: str) -> Response:
    """One font file."""
    return _file(templates_dir() / "fonts", name)


@bp.get("/<path:name>")
@open_to_all
def static(name: str) -> Response:
    """One style, script or picture."""
    return _file(templates_dir() / "static", name)


@cache
def asset(name: str) -> str:
    """The address of a static file, with a mark that changes with its content."""
    content = (templates_dir() / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


def _file(folder: Path, name: str) -> Response:
    path = safe_join(str(folder), name)
    kind = _TYPES.get(Path(name).suffix)
    if path is None or kind is None or not Path(path).is_file():
        raise NotFound
    answer = cacheable(Response(Path(path).read_bytes(), mimetype=kind))
    answer.add_etag()
    answer.make_conditional(request)
    return answer
