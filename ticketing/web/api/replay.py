"""`Idempotency-Key`: the same write again gets the stored answer instead of a second effect."""

import json
import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast

from flask import Response, current_app, request

from ticketing.domain.failures import StoreUnavailable
from ticketing.service import idempotency
from ticketing.service.idempotency import Attempt, Fresh, Replay, Running
from ticketing.web.api.uploads import body_or_digest
from ticketing.web.auth import the_caller
from ticketing.web.errors import refused
from ticketing.web.parts import the_parts

View = TypeVar("View", bound=Callable[..., Any])
HEADER: Final = "Idempotency-Key"
KEY_LIMIT: Final = 200
_MARK: Final = "einlass_replayable"
_NOT_FROZEN: Final = frozenset({409, 429})
_SERVER_ERROR: Final = 500
_PLAIN: Final = b"{"  # an answer that an earlier release has kept


def replayable(view: View) -> View:
    """Let a write carry the header; without it the view runs as it is."""

    @wraps(view)
    def once(**arguments: object) -> Any:  # noqa: ANN401  whatever the view gives
        attempt = _attempt()
        if attempt is None:
            return view(**arguments)
        return _replayed(attempt) or _kept(attempt, view, arguments)

    setattr(once, _MARK, True)
    return cast("View", once)


def is_replayable(view: object) -> bool:
    """Whether a view takes the header."""
    return bool(getattr(view, _MARK, False))


def _attempt() -> Attempt | None:
    key, caller = request.headers.get(HEADER), the_caller()
    if key is None or caller is None:
        return None
    if not key or len(key) > KEY_LIMIT:
        raise refused(400, "bad_idempotency_key")
    asked = b"\n".join((request.method.encode(), request.full_path.encode(), body_or_digest()))
    return Attempt(caller=caller.id, token=caller.token, key=key, request=asked)


def _replayed(attempt: Attempt) -> Response | None:
    """The answer to give without doing anything, or None: do it."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = idempotency.begin(unit, parts.house, attempt=attempt)
    match found:
        case Fresh():
            return None
        case Running(retry_after_s=wait_s):
            raise refused(409, "still_running", Retry_After=str(wait_s))
        case Replay(answer=answer):
            return _unpacked(answer)


def _kept(attempt: Attempt, view: Callable[..., Any], arguments: dict[str, object]) -> Response:
    """Do it, and keep the answer unless it may be another one next time."""
    parts = the_parts()
    try:
        answer = _answer_of(view, arguments)
    except Exception:
        with parts.store.unit() as unit:
            idempotency.release(unit, parts.house, attempt=attempt)
        raise
    with parts.store.unit() as unit:
        if answer.status_code in _NOT_FROZEN or answer.status_code >= _SERVER_ERROR:
            idempotency.release(unit, parts.house, attempt=attempt)
        else:
            idempotency.finish(unit, parts.house, attempt=attempt, answer=_packed(answer))
    return answer


def _answer_of(view: Callable[..., Any], arguments: dict[str, object]) -> Response:
    """The view's answer; a refusal is an answer too, a fault is raised."""
    try:
        return current_app.make_response(view(**arguments))
    except StoreUnavailable:  # no answer to keep, and nowhere to keep it
        raise
    except Exception as error:  # noqa: BLE001  the application raises again what it cannot answer
        handled = current_app.handle_user_exception(error)
        return current_app.make_response(handled)


def _packed(answer: Response) -> bytes:
    """Compressed: a batch's answer of 7 MB would keep gates waiting while it is written."""
    head = {"status": answer.status_code, "type": answer.content_type}
    return zlib.compress(json.dumps(head).encode() + b"\n" + answer.get_data(), level=1)


def _unpacked(stored: bytes) -> Response:
    plain = stored if stored.startswith(_PLAIN) else zlib.decompress(stored)
    head, _, body = plain.partition(b"\n")
    said = json.loads(head)
    answer = Response(body, status=said["status"], content_type=said["type"])
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
