"""Signing in with a password, a code or a passkey; signing out, and the language."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.service import sign_in as service
from ticketing.service.access import SignInRefused
from ticketing.service.sign_in import CodeNeeded
from ticketing.service.staff_sessions import SignedInAs
from ticketing.web import sessions
from ticketing.web.access import for_staff, open_to_all
from ticketing.web.addresses import the_address
from ticketing.web.auth import the_staff
from ticketing.web.errors import refused
from ticketing.web.pages import page, teller
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.words import asked_lang, known_lang

bp = APIBlueprint("staff_sign_in", __name__, url_prefix=frame.HOME, enable_openapi=False)
_FORM: Final = f"{frame.HOME}/sign-in"
_ACCOUNT: Final = f"{frame.HOME}/account"
_MINUTE_S: Final = 60
_STATUS: Final = {"throttled": 429}


@bp.get("/sign-in")
@open_to_all
def sign_in_page() -> AnyResponse:
    """The form; whoever is signed in already goes on, unless they are to prove it again."""
    if sessions.find_signed_in() is not None and not _is_again():
        return redirect(frame.HOME, 303)
    return _form()


@bp.post("/sign-in")
@open_to_all
def sign_in() -> AnyResponse:
    """Name and password: signed in, or on to the code, or the form again with what is wrong."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = service.with_password(
            unit,
            parts.house,
            name=request.form.get("name", ""),
            password=request.form.get("password", ""),
            address=the_address(),
        )
    if isinstance(found, CodeNeeded):
        sessions.keep_step(found.token)
        return redirect(f"{_FORM}/code?{_query()}", 303)
    return _form(found) if isinstance(found, SignInRefused) else _welcome(found)


@bp.get("/sign-in/code")
@open_to_all
def code_page() -> AnyResponse:
    """The form for the second factor, behind a right password alone."""
    return _code_form() if sessions.the_step() else redirect(_FORM, 303)


@bp.post("/sign-in/code")
@open_to_all
def code() -> AnyResponse:
    """A one-time code or a recovery code."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = service.with_code(
            unit,
            parts.house,
            token=sessions.the_step(),
            code=request.form.get("code", ""),
            address=the_address(),
        )
    if isinstance(found, SignedInAs):
        return _welcome(found)
    if found.reason == "expired":
        sessions.drop_step()
        return _form(found)
    return _code_form(found)


@bp.post("/sign-in/passkey/options")
@open_to_all
def passkey_options() -> Response:
    """What the browser needs to ask for a passkey; no name is asked for."""
    parts, site = the_parts(), sessions.the_site()
    if site is None:
        raise refused(409, "no_passkeys_here")
    with parts.store.unit() as unit:
        asked = service.ask_passkey(unit, parts.house, site=site)
    sessions.keep_step(asked.token)
    return Response(asked.options, mimetype="application/json")


@bp.post("/sign-in/passkey")
@open_to_all
def passkey() -> AnyResponse:
    """The passkey's answer."""
    parts, site = the_parts(), sessions.the_site()
    if site is None:
        raise refused(409, "no_passkeys_here")
    with parts.store.unit() as unit:
        found = service.with_passkey(
            unit,
            parts.house,
            token=sessions.the_step(),
            answer=request.form.get("answer", ""),
            site=site,
            address=the_address(),
        )
    if isinstance(found, SignedInAs):
        return _welcome(found)
    return _form(SignInRefused("wrong_passkey") if found.reason == "wrong" else found)


@bp.post("/sign-out")
@for_staff
def sign_out() -> AnyResponse:
    """End the session."""
    frame.checked_form()
    sessions.sign_out()
    return redirect(_FORM, 303)


@bp.post("/language")
@for_staff
def language() -> AnyResponse:
    """Speak the other language from here on, on the same page."""
    frame.checked_form()
    lang = known_lang(request.form.get("lang"))
    if lang is None:
        raise refused(400, "bad_request")
    sessions.remember_lang(the_staff(), lang)
    return redirect(frame.page_of(request.form.get("back", "")), 303)


# ------------------------------------------------------------ parts of the above
def _is_again() -> bool:
    """Whether somebody proves again who they are, to change how they sign in."""
    return request.values.get("again") == "yes"


def _query() -> str:
    return f"lang={asked_lang(request.form.get('lang'))}" + ("&again=yes" if _is_again() else "")


def _welcome(who: SignedInAs) -> AnyResponse:
    sessions.sign_in(who, asked_lang(request.form.get("lang")))
    return redirect(_ACCOUNT if _is_again() else frame.HOME, 303)


def _form(refusal: SignInRefused | None = None) -> Response:
    return _page("staff/sign_in.html", refusal, has_passkeys=sessions.the_site() is not None)


def _code_form(refusal: SignInRefused | None = None) -> Response:
    if refusal is not None and refusal.reason == "wrong":
        refusal = SignInRefused("wrong_code")
    return _page("staff/sign_in_code.html", refusal)


def _page(template: str, refusal: SignInRefused | None, **values: object) -> Response:
    lang = request.form.get("lang")
    problem = "" if refusal is None else problem_of(refusal, lang)
    answer = page(template, remembered=lang, problem=problem, is_again=_is_again(), **values)
    if refusal is not None:
        answer.status_code = _STATUS.get(refusal.reason, 403)
    if refusal is not None and refusal.retry_after_s:
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
    return answer


def problem_of(refusal: SignInRefused, lang: str | None) -> str:
    """Why somebody is not let in, in words."""
    say = teller(asked_lang(lang))
    if refusal.reason == "throttled":
        return say("staff_throttled", minutes=-(-refusal.retry_after_s // _MINUTE_S))
    return say(f"staff_{refusal.reason}")
