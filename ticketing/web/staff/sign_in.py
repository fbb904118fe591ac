"""Signing in and out, and the language."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Staff
from ticketing.service import access
from ticketing.service.access import SignInRefused
from ticketing.web import sessions
from ticketing.web.access import for_staff, open_to_all
from ticketing.web.errors import refused
from ticketing.web.pages import page, teller
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.words import asked_lang, known_lang

bp = APIBlueprint("staff_sign_in", __name__, url_prefix=frame.HOME, enable_openapi=False)
_MINUTE_S: Final = 60


@bp.get("/sign-in")
@open_to_all
def sign_in_page() -> AnyResponse:
    """The form; whoever is signed in already goes on."""
    if sessions.find_signed_in() is not None:
        return redirect(frame.HOME, 303)
    return page("staff/sign_in.html", remembered=None, problem="")


@bp.post("/sign-in")
@open_to_all
def sign_in() -> AnyResponse:
    """Name and password, or the form again with what is wrong."""
    parts, lang = the_parts(), asked_lang(request.form.get("lang"))
    with parts.store.unit() as unit:
        found = access.sign_in(
            unit,
            parts.house,
            name=request.form.get("name", ""),
            password=request.form.get("password", ""),
            address=request.remote_addr or "",
        )
    match found:
        case Staff():
            sessions.sign_in(found, lang)
            return redirect(frame.HOME, 303)
        case SignInRefused():
            return _refused(found)


@bp.post("/sign-out")
@for_staff
def sign_out() -> AnyResponse:
    """End the session."""
    frame.checked_form()
    sessions.sign_out()
    return redirect(f"{frame.HOME}/sign-in", 303)


@bp.post("/language")
@for_staff
def language() -> AnyResponse:
    """Speak the other language from here on."""
    frame.checked_form()
    lang = known_lang(request.form.get("lang"))
    if lang is None:
        raise refused(400, "bad_request")
    sessions.remember_lang(lang)
    return redirect(frame.HOME, 303)


def _refused(refusal: SignInRefused) -> Response:
    say = teller(asked_lang(request.form.get("lang")))
    if refusal.reason == "throttled":
        minutes = -(-refusal.retry_after_s // _MINUTE_S)
        answer = _again(say("staff_throttled", minutes=minutes), status=429)
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
        return answer
    return _again(say("staff_wrong"), status=403)


def _again(problem: str, *, status: int) -> Response:
    lang = request.form.get("lang")
    answer = page("staff/sign_in.html", remembered=lang, problem=problem)
    answer.status_code = status
    return answer
