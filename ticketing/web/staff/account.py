"""One's own account: password, passkeys, second factor, sessions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint
from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.sign_in import Passkey, Session
from ticketing.service import factors, passkeys, staff_people, staff_sessions, supervisors
from ticketing.service.access import PASSWORD_MIN
from ticketing.service.errors import Conflict, Invalid
from ticketing.web import sessions
from ticketing.web.access import for_staff, staff_may
from ticketing.web.addresses import the_address
from ticketing.web.auth import the_staff
from ticketing.web.errors import refused
from ticketing.web.parts import the_parts
from ticketing.web.qr import symbol
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.sign_in import problem_of
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint(
    "staff_account", __name__, url_prefix=f"{frame.HOME}/account", enable_openapi=False
)
_HERE: Final = f"{frame.HOME}/account"
_AGAIN: Final = f"{frame.HOME}/sign-in?again=yes"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser; `method` is a key of the words."""

    id: str
    agent: str
    method: str
    since: str
    seen: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One passkey."""

    id: str
    name: str
    since: str
    used: str


@bp.get("")
@for_staff
def account() -> Response:
    """How one signs in, and where one is signed in."""
    return _page(blank(frame.the_speaker()))


@bp.post("/password")
@for_staff
def change_password() -> AnyResponse:
    """Choose another password; every other browser is signed out."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form = the_form(speaker)
    try:
        with parts.store.unit() as unit:
            refusal = factors.change_password(
                unit,
                parts.house,
                session=the_staff().session,
                old=form.value("old"),
                new=form.value("new"),
                address=the_address(),
            )
    except Invalid:
        form.problem("new", "account_password_length", least=PASSWORD_MIN)
        return _page(form, status=422)
    except Conflict as conflict:
        return _refused(conflict)
    if refusal is None:
        return frame.done(_HERE, "account_password_changed")
    wrong = refusal.reason == "wrong"
    told = speaker.say("account_old_wrong") if wrong else problem_of(refusal, speaker.lang)
    form.problems["old"] = told
    return _page(form, status=403 if wrong else 429)


# ------------------------------------------------------------ second factor
@bp.post("/codes")
@for_staff
def offer_codes() -> AnyResponse:
    """Draw a secret; the next page shows it."""
    own, house = the_staff(), the_parts().house
    return _act(
        lambda unit: factors.offer_codes(unit, house, session=own.session, key=own.key),
        lambda _: redirect(f"{_HERE}/codes", 303),
    )


@bp.get("/codes")
@for_staff
def codes() -> AnyResponse:
    """The secret as a picture and as text, and the form for the first code."""
    return _codes_page(blank(frame.the_speaker()))


@bp.post("/codes/on")
@for_staff
def take_codes() -> AnyResponse:
    """Switch the second factor on; the answer shows the recovery codes, this once."""
    own, house, form = the_staff(), the_parts().house, the_form(frame.the_speaker())
    told = {"key": own.key, "code": form.value("code")}
    try:
        return _act(
            lambda unit: factors.take_codes(unit, house, session=own.session, **told),
            _recovery_page,
        )
    except Invalid:
        form.problem("code", "account_code_wrong")
        return _codes_page(form, status=422)


@bp.post("/codes/off")
@for_staff
def stop_codes() -> AnyResponse:
    """Switch the second factor off."""
    own, house = the_staff(), the_parts().house
    return _act(
        lambda unit: factors.stop_codes(unit, house, session=own.session),
        lambda _: frame.done(_HERE, "account_codes_stopped"),
    )


@bp.post("/recovery")
@for_staff
def new_recovery() -> AnyResponse:
    """New recovery codes, shown in this answer and nowhere else."""
    own, house = the_staff(), the_parts().house
    return _act(
        lambda unit: factors.new_recovery_codes(unit, house, session=own.session),
        _recovery_page,
    )


# ------------------------------------------------------------ passkeys
@bp.post("/passkeys/options")
@for_staff
def passkey_options() -> AnyResponse:
    """What the browser needs to make a passkey."""
    own, house, site = the_staff(), the_parts().house, sessions.the_site()
    if site is None:
        raise refused(409, "no_passkeys_here")
    return _act(
        lambda unit: passkeys.offer(unit, house, session=own.session, key=own.key, site=site),
        lambda told: Response(told, mimetype="application/json"),
    )


@bp.post("/passkeys")
@for_staff
def add_passkey() -> AnyResponse:
    """Add the passkey that the browser has made."""
    own, house, site = the_staff(), the_parts().house, sessions.the_site()
    if site is None:
        raise refused(409, "no_passkeys_here")
    form = the_form(frame.the_speaker())
    made = passkeys.Made(answer=form.value("answer"), name=form.value("passkey_name"))
    try:
        return _act(
            lambda unit: passkeys.add(
                unit, house, session=own.session, key=own.key, site=site, made=made
            ),
            lambda _: frame.done(_HERE, "account_passkey_added"),
        )
    except Invalid as refusal:
        form.take(refusal, {"name": "passkey_name", "answer": "passkey_name"})
        return _page(form, status=422)


@bp.post("/passkeys/<passkey>/remove")
@for_staff
def remove_passkey(passkey: str) -> AnyResponse:
    """Forget one."""
    own, house = the_staff(), the_parts().house
    return _act(
        lambda unit: passkeys.remove(unit, house, session=own.session, passkey=passkey),
        lambda _: frame.done(_HERE, "account_passkey_removed"),
    )


# ------------------------------------------------------------ the gate
@bp.post("/pin")
@staff_may(Right.GATE_OVERRIDE)
def set_pin() -> AnyResponse:
    """Choose a PIN to overrule refusals at a station, or another one."""
    own, house, form = the_staff().session, the_parts().house, the_form(frame.the_speaker())
    pin = form.value("pin")
    try:
        return _act(
            lambda unit: supervisors.choose_pin(unit, house, session=own, pin=pin),
            lambda _: frame.done(_HERE, "pin_done"),
        )
    except Invalid:
        form.problem("pin", "pin_wrong")
        return _page(form, status=422)


@bp.post("/pin/remove")
@staff_may(Right.GATE_OVERRIDE)
def drop_pin() -> AnyResponse:
    """Have none any more."""
    own, house = the_staff().staff.id, the_parts().house
    return _act(
        lambda unit: supervisors.drop_pin(unit, house, staff_id=own),
        lambda _: frame.done(_HERE, "pin_removed"),
    )


# ------------------------------------------------------------ sessions
@bp.post("/sessions/<session>/end")
@for_staff
def end_session(session: str) -> AnyResponse:
    """Sign one browser out."""
    own, house = the_staff().session, the_parts().house
    return _act(
        lambda unit: staff_sessions.end_session(
            unit, house, staff_id=own.staff.id, session=session
        ),
        lambda _: frame.done(_HERE, "account_session_ended"),
    )


@bp.post("/sessions/end-others")
@for_staff
def end_others() -> AnyResponse:
    """Sign every other browser out."""
    own, house = the_staff().session, the_parts().house
    return _act(
        lambda unit: staff_sessions.end_others(unit, house, session=own),
        lambda _: frame.done(_HERE, "account_others_ended"),
    )


# ------------------------------------------------------------ parts of the above
def session_rows(found: tuple[Session, ...], speaker: Speaker) -> list[SessionRow]:
    """Sessions as a page shows them."""
    own = the_staff().session.id
    return [
        SessionRow(
            id=one.id,
            agent=one.agent or speaker.say("account_agent_unknown"),
            method=f"method_{one.method.value}",
            since=speaker.moment(one.created_at),
            seen=speaker.moment(one.seen_at),
            is_this=one.id == own,
        )
        for one in found
    ]


def _passkey_rows(found: tuple[Passkey, ...], speaker: Speaker) -> list[PasskeyRow]:
    return [
        PasskeyRow(
            id=one.id,
            name=one.name,
            since=speaker.moment(one.created_at),
            used=speaker.moment(one.used_at) if one.used_at else "",
        )
        for one in found
    ]


def _act(work: Callable[[Any], T], then: Callable[[T], AnyResponse]) -> AnyResponse:
    """Do something in a unit of work for a form with its token, and go on with its result."""
    frame.checked_form()
    try:
        with the_parts().store.unit() as unit:
            done = work(unit)
    except Conflict as refusal:
        return _refused(refusal)
    return then(done)


def _refused(refusal: Conflict) -> AnyResponse:
    if refusal.reason == "sign_in_again":
        return redirect(_AGAIN, 303)
    return frame.not_done(_HERE, f"account_{refusal.reason}")


def _recovery_page(told: tuple[str, ...]) -> Response:
    return frame.show("staff/recovery.html", place=Place.ACCOUNT, codes=told)


def _codes_page(form: Form, status: int = 200) -> AnyResponse:
    own, parts = the_staff(), the_parts()
    with parts.store.unit() as unit:
        offer = factors.offered_codes(unit, parts.house, session=own.session, key=own.key)
    if offer is None:
        return redirect(_HERE, 303)
    return frame.show(
        "staff/codes.html",
        place=Place.ACCOUNT,
        status=status,
        form=form,
        secret=" ".join(re.findall(".{1,4}", offer.secret)),
        qr=symbol(offer.address),
    )


def _page(form: Form, *, status: int = 200) -> Response:
    own, parts, speaker = the_staff(), the_parts(), form.speaker
    staff_id = own.staff.id
    with parts.store.unit() as unit:
        person = staff_people.get_person(unit, parts.house, staff_id=staff_id)
        keys = passkeys.list_passkeys(unit, staff_id=staff_id)
        browsers = staff_sessions.sessions_of(unit, parts.house, staff_id=staff_id)
        left = factors.recovery_left(unit, staff_id=staff_id)
    return frame.show(
        "staff/account.html",
        place=Place.ACCOUNT,
        status=status,
        form=form,
        person=person,
        passkeys=_passkey_rows(keys, speaker),
        browsers=session_rows(browsers, speaker),
        recovery_left=left,
        least=PASSWORD_MIN,
        has_passkeys=sessions.the_site() is not None,
        passkey_address=sessions.passkey_address(),
        is_enough=parts.house.sign_in_rules.is_enough(own.session),
    )
