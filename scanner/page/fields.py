"""What the page's routes read from a body, and the plain answer."""

from flask import Response, abort, request


def text_of(name: str) -> str:
    """A text; anything else is refused (422)."""
    data = request.get_json(silent=True)
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str):
        abort(422)
    return value


def short_text_of(name: str, most: int) -> str:
    """A text that is neither blank nor longer than that."""
    value = text_of(name).strip()
    if not 0 < len(value) <= most:
        abort(422)
    return value


def whole_of(name: str) -> int:
    """A whole number; anything else is refused (422)."""
    data = request.get_json(silent=True)
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        abort(422)
    return value


def change_of(name: str, most: int) -> int:
    """A whole number other than 0, of this size at most either way."""
    value = whole_of(name)
    if not 0 < abs(value) <= most:
        abort(422)
    return value


def done() -> Response:
    """Accepted; what comes of it arrives with the events."""
    return Response(status=204)
