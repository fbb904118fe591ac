"""One shape for every error: problem+json for programs, a page in both languages for people.

What was sent is never repeated, but for the name of an unknown field that is a plain word.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from apiflask import APIFlask, HTTPError
from flask import Response, json, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import InternalServerError

from ticketing.domain.accounts import Right
from ticketing.domain.failures import Busy, StoreUnavailable
from ticketing.domain.slots import SlotPlaces
from ticketing.service.errors import (
    Conflict,
    Gone,
    Invalid,
    InvalidRows,
    NotFound,
    PairingRefused,
    PinRefused,
    ServiceError,
    SoldOut,
    Throttled,
)
from ticketing.web.pages import page
from ticketing.web.parts import the_parts, the_room

log = logging.getLogger("ticketing.web")
PROBLEM_TYPE: Final = "application/problem+json"
_URN: Final = "urn:einlass:problem:"
_SERVER_ERROR: Final = 500
_STAFF: Final = "/staff"
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
_SECRETS: Final[Mapping[str, int]] = {  # a pairing code or a PIN that is none
    "unknown_code": 404,
    "used_code": 409,
    "expired_code": 410,
    "throttled": 429,
    "wrong_pin": 403,
}
_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_WORD_LIMIT: Final = 40
_RETRY_AFTER_S: Final = "5"
_DETAILS: Final[Mapping[str, str]] = {
    "bad_request": "The body is not valid JSON, or the request is malformed.",
    "unauthorized": "A bearer key is needed.",
    "forbidden": "The caller may not do this.",
    "foreign_site": "The request comes from another site's page.",
    "bad_csrf": "The form is too old. Load the page again.",
    "not_found": "There is nothing under this address.",
    "method_not_allowed": "The address does not take this method; see Allow.",
    "too_large": "The body is larger than this address takes.",
    "unsupported_media_type": "The address takes application/json.",
    "too_many_requests": "Too many requests. Wait as long as Retry-After says.",
    "empty_message": "A message needs a text, a choice or the start.",
    "no_conversation": "There is no conversation yet. Send a message first.",
    "gone": "What was here is over.",
    "invalid": "Some fields are missing or wrong; see errors.",
    "conflict": "The present state of things forbids it.",
    "bad_idempotency_key": "An Idempotency-Key has 1 to 200 characters.",
    "idempotency_key_reused": "This Idempotency-Key or reference belongs to another request.",
    "still_running": "The first request with this Idempotency-Key is not done yet.",
    "busy": "Others are changing the same thing. Try again.",
    "changed": "The thing was changed meanwhile. Look at it again.",
    "gate_exists": "There is a gate of this slug.",
    "offer_exists": "There is an offer of this slug or number.",
    "offer_inactive": "The offer is not on sale.",
    "staff_exists": "There is a member of staff of this name.",
    "ticket_valid": "The ticket is valid; that state does not allow this.",
    "ticket_unpaid": "The ticket is unpaid; that state does not allow this.",
    "ticket_blocked": "The ticket is blocked; that state does not allow this.",
    "ticket_revoked": "The ticket is revoked, and that is for good.",
    "too_many_issues": "The ticket was given a new barcode too often. Issue another ticket.",
    "too_many_open": "Too many of these are open. Wait until some are over.",
    "no_free_short_code": "No short code is free. Try again.",
    "foreign_journal": "This journal belongs to another station.",
    "already_closed": "This conflict was closed before.",
    "already_resolved": "This scan was settled the other way.",
    "other_station": "Another station made this scan; staff may annul it.",
    "nothing_to_annul": "This scan was refused: nobody came in or left by it.",
    "too_late": "A scan may be annulled within 15 minutes.",
    "has_later_moves": "The ticket was used again after this scan. Annul that first.",
    "not_overridable": "This is no refusal, or one that nobody may overrule. Scan again.",
    "no_supervisor": "Only a person of the role admin can have a PIN.",
    "wrong_pin": "No supervisor of this name has this PIN.",
    "not_yet_valid": "The code is not valid yet.",
    "expired": "The code is not valid any more.",
    "code_used_up": "The code, or this visitor, has no use left.",
    "code_not_applicable": "The code is not for this offer, amount or visitor, or it is stopped.",
    "budget_spent": "The money for these codes is spent.",
    "code_redeemed": "The code has been redeemed.",
    "redemption_id_reused": "This redemption id belongs to another code, offer or amount.",
    "batch_building": "The codes of this batch are still being made.",
    "batch_failed": "The codes of this batch could not be made.",
    "no_mail": "This museum sends no e-mail: it has no mail server.",
    "batch_redeemed": "A code of this batch has been redeemed: what it does is fixed.",
    "unknown_code": "There is no such code.",
    "used_code": "This pairing code was used by another station.",
    "expired_code": "This pairing code is over. Make a new one.",
    "throttled": "Too many wrong attempts. Wait as long as Retry-After says.",
    "too_many_webhooks": "There are as many webhooks as there may be. Delete one first.",
    "webhook_disabled": "The webhook is switched off. Enable it first.",
    "on_its_way": "The delivery is being sent just now.",
    "no_consent": "The visitor has not agreed to messages of this kind.",
    "window_closed": "The visitor's last word is more than 24 hours ago. Send news instead.",
    "lapsed": "The five minutes of this scan are over. Scan again.",
    "slot_exists": "The offer has a slot with that start.",
    "slot_is_sold": "There are tickets for this slot.",
    "sold_more": "More places of the slot are sold than that.",
    "form_reused": "This form was sent before with something else in it.",
    "has_codes": "The person has codes from an app already. Switch them off first.",
    "no_codes": "The person has no codes from an app.",
    "no_chat": "The ticket belongs to nobody's chat.",
    "last_admin": "The last admin stays.",
    "passkey_exists": "This passkey is known already.",
    "too_many_passkeys": "There are as many passkeys as there may be. Remove one first.",
    "last_passkey": "Without a password the last passkey stays.",
    "sign_in_again": "Sign in again first: that was too long ago.",
    "not_revoked": "Only money for a revoked ticket is given back.",
    "nothing_paid": "Nothing was paid for this ticket here.",
    "uploads_full": "There is no room for another file. Those that are kept go after a day.",
    "too_many_codes": "A file of this kind does not hold so many codes.",
    "sold_out": "The slot has not got so many places left; slots names the next ones that have.",
    "key_is_active": "New barcodes would be under the same key. Rotate the keys first.",
    "scan_id_reused": "This scan id belongs to another barcode.",
    "refused": "The request is refused.",
    "too_many_streams": "No event stream is free. Poll instead.",
    "sign_ins_busy": "Too many are signing in at once. Try again when Retry-After is over.",
    "missing_right": "The role lacks the right.",
    "unavailable": "The data cannot be reached now. Try again when Retry-After is over.",
    "internal_error": "Something broke here. The fault is recorded.",
}


def said(reason: str) -> str:
    """What a fixed word means, in a sentence; "" for one that is no reason."""
    return _DETAILS.get(reason, "")


def refused(status: int, reason: str, detail: str = "", **headers: str) -> HTTPError:
    """An error to raise; header names are given with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPError(status, message=detail, headers=named, extra_data={"reason": reason})


def lacks_right(right: Right) -> HTTPError:
    """An error to raise when a person's role does not hold a right."""
    extra = {"reason": "missing_right", "right": right.value}
    return HTTPError(403, message=f"Your role lacks the right {right}.", extra_data=extra)


def register(app: APIFlask) -> None:
    """Give the application its one way to answer errors."""
    app.error_processor(_answer)
    app.register_error_handler(ServiceError, _answer_service)
    app.register_error_handler(InternalServerError, _answer_fault)
    app.register_error_handler(StoreUnavailable, _answer_unavailable)
    app.register_error_handler(Busy, _answer_busy)


def _answer(error: HTTPError) -> Response:
    reason = str(error.extra_data.get("reason", _REASONS.get(error.status_code, "error")))
    headers = Headers(error.headers)
    headers.remove("Content-Type")
    if not wants_problem():
        return _page(error, headers)
    errors = error.extra_data.get("errors", _fields(error.detail))
    default = _DETAILS.get(reason) or _DETAILS.get(_REASONS.get(error.status_code, ""), "")
    detail = str(error.message) if "reason" in error.extra_data and error.message else default
    body: dict[str, object] = {
        "type": _URN + reason,
        "title": reason.replace("_", " ").capitalize(),
        "status": error.status_code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    if "slots" in error.extra_data:
        body["slots"] = error.extra_data["slots"]
    return Response(
        json.dumps(body), status=error.status_code, headers=headers, content_type=PROBLEM_TYPE
    )


def _answer_service(error: Exception) -> Response:
    """The answer to a refusal of a use case."""
    match error:
        case NotFound():
            return _answer(refused(404, "not_found"))
        case Gone():
            return _answer(refused(410, "gone"))
        case Conflict():
            return _answer(_conflict(error))
        case Invalid() | InvalidRows():
            faults = error.rows if isinstance(error, InvalidRows) else error.errors
            extra = {"reason": "invalid", "errors": [asdict(fault) for fault in faults]}
            return _answer(HTTPError(422, message="", extra_data=extra))
        case PairingRefused() | PinRefused() | Throttled():
            return _answer(_secret_refused(error))
        case _:  # a refusal without a shape of its own: nothing of it is shown
            return _answer(refused(400, "refused"))


def _conflict(error: Conflict) -> HTTPError:
    if not isinstance(error, SoldOut):
        return refused(409, error.reason)
    free = [_free_slot(one) for one in error.slots]
    return HTTPError(409, message="", extra_data={"reason": error.reason, "slots": free})


def _free_slot(places: SlotPlaces) -> dict[str, object]:
    slot, zone = places.slot, the_parts().house.museum.zone
    return {
        "id": slot.id,
        "starts_at": slot.starts_at.astimezone(zone).isoformat(),
        "ends_at": slot.ends_at.astimezone(zone).isoformat(),
        "free": places.free,
    }


def _secret_refused(error: PairingRefused | PinRefused | Throttled) -> HTTPError:
    status = _SECRETS.get(error.reason, 400)
    if error.retry_after_s:
        return refused(status, error.reason, Retry_After=str(error.retry_after_s))
    return refused(status, error.reason)


def _answer_fault(_error: InternalServerError) -> Response:
    return _answer(refused(_SERVER_ERROR, "internal_error"))


def _answer_unavailable(error: Exception) -> Response:
    """A full disk or a lost database: one line in the log, for a stack would explain nothing."""
    pattern = request.url_rule.rule if request.url_rule else "(no route)"
    log.error("the database cannot be used (%s) in %s %s", error, request.method, pattern)
    return _answer(refused(503, "unavailable", Retry_After=_RETRY_AFTER_S))


def _answer_busy(_error: Exception) -> Response:
    return _answer(refused(503, "sign_ins_busy", Retry_After=_RETRY_AFTER_S))


def wants_problem() -> bool:
    """Whether the answer goes to a program rather than a person."""
    if request.path.startswith(("/api/", "/.well-known/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return request.is_json or best == "application/json"


def _fields(detail: Any) -> list[dict[str, str]]:  # noqa: ANN401  APIFlask's own loose shape
    """The wrong fields by their names."""
    if not isinstance(detail, Mapping):
        return []
    listed: list[dict[str, str]] = []
    for fields in detail.values():
        for name, problems in fields.items():
            unknown = any("Extra inputs" in problem for problem in problems)
            field = shown_name(str(name), is_unknown=unknown)
            problem = "unknown field" if unknown else "; ".join(problems)
            listed.append({"field": field, "problem": problem})
    return listed


def shown_name(name: str, *, is_unknown: bool) -> str:
    """An unknown field's name only if it is a plain word; else it may be personal input."""
    if not is_unknown:
        return "" if name == "_schema" else name
    return name[:_WORD_LIMIT] if _PLAIN_WORD.fullmatch(name) else ""


def _page(error: HTTPError, headers: Headers) -> Response:
    status = error.status_code
    kind = _PAGE_OF.get(status, status if status in _PAGES else _SERVER_ERROR)
    if request.path == _STAFF or request.path.startswith(f"{_STAFF}/"):
        answer = the_room().trouble(status, kind, error.extra_data.get("right"))
    else:
        answer = page("error.html", remembered=None, kind=kind, status=status)
        answer.status_code = status
    answer.headers.extend(headers)
    return answer
