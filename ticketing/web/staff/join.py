"""Taking up a one-time link: an invitation, or a new start. Looking at it uses nothing up."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.service import staff_people
from ticketing.service.access import PASSWORD_MIN
from ticketing.service.errors import Conflict, Gone, Invalid
from ticketing.service.staff_people import FoundLink, LinkThrottled
from ticketing.service.staff_sessions import SignedInAs
from ticketing.web import sessions
from ticketing.web.access import open_to_all
from ticketing.web.addresses import the_address
from ticketing.web.errors import refused
from ticketing.web.pages import page
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.speaker import Speaker
from ticketing.web.words import asked_lang

bp = APIBlueprint("staff_join", __name__, url_prefix=f"{frame.HOME}/join", enable_openapi=False)
_NAMES: Final = {"answer": "passkey"}


@bp.get("/<link>")
@open_to_all
def look(link: str) -> Response:
    """The form; a messenger that fetches the link for its preview changes nothing."""
    found = _find(link)
    return found if isinstance(found, Response) else _page(link, found)


@bp.post("/<link>")
@open_to_all
def join(link: str) -> AnyResponse:
    """Take it up with a name and a password."""
    parts, form = the_parts(), _form()
    found = _find(link)
    if isinstance(found, Response):
        return found
    try:
        with parts.store.unit() as unit:
            who = staff_people.join_with_password(
                unit,
                parts.house,
                key=link,
                name=form.value("name"),
                password=form.value("password"),
            )
    except (Invalid, Conflict, Gone) as refusal:
        return _again(link, found, form, refusal)
    return _welcome(who)


@bp.post("/<link>/passkey/options")
@open_to_all
def passkey_options(link: str) -> Response:
    """What the browser needs to make a passkey."""
    parts, site = the_parts(), sessions.the_site()
    if site is None:
        raise refused(409, "no_passkeys_here")
    with parts.store.unit() as unit:
        told = staff_people.offer_passkey(unit, parts.house, key=link, site=site)
    return Response(told, mimetype="application/json")


@bp.post("/<link>/passkey")
@open_to_all
def join_by_passkey(link: str) -> AnyResponse:
    """Take it up with a passkey."""
    parts, site, form = the_parts(), sessions.the_site(), _form()
    found = _find(link)
    if isinstance(found, Response) or site is None:
        return found if isinstance(found, Response) else _gone(410)
    try:
        with parts.store.unit() as unit:
            who = staff_people.join_with_passkey(
                unit,
                parts.house,
                key=link,
                name=form.value("name"),
                site=site,
                answer=form.value("answer"),
            )
    except (Invalid, Conflict, Gone) as refusal:
        return _again(link, found, form, refusal)
    return _welcome(who)


def _find(link: str) -> FoundLink | Response:
    """Whose link it is, or the page that says that it is none."""
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            address = the_address()
            return staff_people.find_link(unit, parts.house, key=link, address=address)
    except Gone:
        return _gone(410)
    except LinkThrottled as refusal:
        raise refused(429, "throttled", Retry_After=str(refusal.retry_after_s)) from None


def _form() -> Form:
    return the_form(Speaker(asked_lang(request.form.get("lang"))))


def _again(link: str, found: FoundLink, form: Form, refusal: Exception) -> Response:
    match refusal:
        case Invalid():
            form.take(refusal, _NAMES)
            return _page(link, found, form=form, status=422)
        case Conflict():
            known = refusal.reason == "staff_exists"
            form.problem("name", "people_taken" if known else "staff_wrong_passkey")
            return _page(link, found, form=form, status=409)
        case _:
            return _gone(410)


def _gone(status: int) -> Response:
    answer = page("staff/join_gone.html", remembered=request.form.get("lang"))
    answer.status_code = status
    return answer


def _page(link: str, found: FoundLink, *, form: Form | None = None, status: int = 200) -> Response:
    shown = form or _form()
    answer = page(
        "staff/join.html",
        remembered=shown.speaker.lang,
        form=shown,
        address=f"{frame.HOME}/join/{link}",
        use=found.use.value,
        name=found.staff.name,
        role=found.staff.role.value,
        least=PASSWORD_MIN,
        has_passkeys=sessions.the_site() is not None,
    )
    answer.status_code = status
    return answer


def _welcome(who: SignedInAs) -> AnyResponse:
    sessions.sign_in(who, asked_lang(request.form.get("lang")))
    return redirect(f"{frame.HOME}/account", 303)
