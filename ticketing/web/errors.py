"""One shape for every error: problem+json for programs, a page in both languages for people.

What was sent is never repeated: neither values nor unknown field names.
"""

from collections.abc import Mapping
from typing import Any, Final

from apiflask import APIFlask, HTTPError
from flask import Response, json, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import InternalServerError

from ticketing.service.errors import Conflict, Invalid, NotFound, PairingRefused, ServiceError
from ticketing.web.pages import page

PROBLEM_TYPE: Final = "application/problem+json"
_URN: Final = "urn:einlass:problem:"
_SERVER_ERROR: Final = 500
_REASONS: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}
_PAGES: Final = frozenset({400, 403, 404, 405, 409, 413, 429})
_PAGE_OF: Final[Mapping[int, int]] = {401: 403, 410: 404, 422: 400}
_PAIRING: Final[Mapping[str, int]] = {
    "unknown_code": 404,
    "used_code": 409,
    "expired_code": 410,
    "throttled": 429,
}
_DETAILS: Final[Mapping[str, str]] = {
    "bad_request": "The body is not valid JSON, or the request is malformed.",
    "unauthorized": "A bearer key is needed.",
    "not_found": "There is nothing under this address.",
    "method_not_allowed": "The address does not take this method; see Allow.",
    "too_large": "The body is larger than this address takes.",
    "invalid": "Some fields are missing or wrong; see errors.",
    "already_resolved": "This scan was settled the other way.",
    "unknown_code": "There is no such pairing code.",
    "used_code": "This pairing code was used by another station.",
    "expired_code": "This pairing code is over. Make a new one.",
    "throttled": "Too many wrong attempts. Wait as long as Retry-After says.",
    "lapsed": "The five minutes of this scan are over. Scan again.",
    "scan_id_reused": "This scan id belongs to another barcode.",
    "internal_error": "Something broke here. The fault is recorded.",
}


def refused(status: int, reason: str, detail: str = "", **headers: str) -> HTTPError:
    """An error to raise; header names are given with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPError(status, message=detail, headers=named, extra_data={"reason": reason})


def register(app: APIFlask) -> None:
    """Give the application its one way to answer errors."""
    app.error_processor(_answer)
    app.register_error_handler(ServiceError, _answer_service)
    app.register_error_handler(InternalServerError, _answer_fault)


def _answer(error: HTTPError) -> Response:
    reason = str(error.extra_data.get("reason", _REASONS.get(error.status_code, "error")))
    headers = Headers(error.headers)
    headers.remove("Content-Type")
    if not wants_problem():
        return _page(error.status_code, headers)
    errors = error.extra_data.get("errors", _fields(error.detail))
    default = _DETAILS.get(reason, "")
    detail = str(error.message) if "reason" in error.extra_data and error.message else default
    body: dict[str, object] = {
        "type": _URN + reason,
        "title": reason.replace("_", " ").capitalize(),
        "status": error.status_code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(
        json.dumps(body), status=error.status_code, headers=headers, content_type=PROBLEM_TYPE
    )


def _answer_service(error: Exception) -> Response:
    """The answer to a refusal of a use case."""
    match error:
        case NotFound():
            return _answer(refused(404, "not_found"))
        case Conflict():
            return _answer(refused(409, error.reason))
        case Invalid():
            listed = [{"field": e.field, "problem": e.problem} for e in error.errors]
            extra = {"reason": "invalid", "errors": listed}
            return _answer(HTTPError(422, message="", extra_data=extra))
        case PairingRefused():
            return _answer(_pairing_refused(error))
        case _:  # a refusal without a shape of its own: nothing of it is shown
            return _answer(refused(400, "refused"))


def _pairing_refused(error: PairingRefused) -> HTTPError:
    status = _PAIRING.get(error.reason, 400)
    if error.retry_after_s:
        return refused(status, error.reason, Retry_After=str(error.retry_after_s))
    return refused(status, error.reason)


def _answer_fault(_error: InternalServerError) -> Response:
    return _answer(refused(_SERVER_ERROR, "internal_error"))


def wants_problem() -> bool:
    """Whether the answer goes to a program rather than a person."""
    if request.path.startswith(("/api/", "/.well-known/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return request.is_json or best == "application/json"


def _fields(detail: Any) -> list[dict[str, str]]:  # noqa: ANN401  APIFlask's own loose shape
    """The wrong fields; a field we do not know is not named, for that would repeat the input."""
    if not isinstance(detail, Mapping):
        return []
    listed: list[dict[str, str]] = []
    for fields in detail.values():
        for name, problems in fields.items():
            unknown = any("Extra inputs" in problem for problem in problems)
            field = "" if unknown or name == "_schema" else str(name)
            problem = "unknown field" if unknown else "; ".join(problems)
            listed.append({"field": field, "problem": problem})
    return listed


def _page(status: int, headers: Headers) -> Response:
    kind = _PAGE_OF.get(status, status if status in _PAGES else _SERVER_ERROR)
    answer = page("error.html", remembered=None, kind=kind, status=status)
    answer.status_code = status
    answer.headers.extend(headers)
    return answer
