"""People of the staff: listed, invited, changed, removed, let in anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right, Role
from ticketing.domain.sign_in import Person
from ticketing.service import staff_people, staff_sessions, supervisors
from ticketing.service.access import NAME_LIMIT
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.staff_people import OneTimeLink
from ticketing.web.access import staff_may
from ticketing.web.auth import the_staff
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.account import session_rows
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_people", __name__, url_prefix=f"{frame.HOME}/people", enable_openapi=False)
HERE: Final = f"{frame.HOME}/people"
_OWN_PIN: Final = f"{frame.HOME}/account#pin"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person; `role` and `ways` are keys of the words."""

    id: str
    name: str
    role: str
    ways: tuple[str, ...]
    seen: str
    state: str
    shape: str
    has_pin: bool


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """A one-time link, shown this once."""

    address: str
    name: str
    until: str


@bp.get("")
@staff_may(Right.PEOPLE_SEE)
def listed() -> Response:
    """Everybody, by name."""
    return _list(blank(frame.the_speaker()))


@bp.post("")
@staff_may(Right.PEOPLE_CHANGE)
def invite() -> Response:
    """Make a link for somebody new; it is shown in this answer and nowhere else."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    name, role = form.text("name", most=NAME_LIMIT), form.choice("role", Role)
    if form.problems or role is None:
        return _list(form, status=422)
    try:
        with parts.store.unit() as unit:
            link = staff_people.invite(unit, parts.house, name=name, role=role)
    except Invalid as refusal:
        form.take(refusal)
        return _list(form, status=422)
    except Conflict:
        form.problem("name", "people_taken")
        return _list(form, status=409)
    return _list(blank(form.speaker), link=link, status=201)


@bp.get("/<staff_id>")
@staff_may(Right.PEOPLE_SEE)
def person(staff_id: str) -> Response:
    """One person, and where they are signed in."""
    return _one(staff_id)


@bp.post("/<staff_id>/role")
@staff_may(Right.PEOPLE_CHANGE)
def change_role(staff_id: str) -> AnyResponse:
    """Give somebody another role."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    role = form.choice("role", Role)
    if role is None:
        return _one(staff_id, form=form, status=422)
    try:
        with parts.store.unit() as unit:
            staff_people.change_role(unit, parts.house, staff_id=staff_id, role=role)
    except Conflict:
        return frame.not_done(_address(staff_id), "people_last_admin")
    return frame.done(_address(staff_id), "people_role_changed")


@bp.post("/<staff_id>/reset")
@staff_may(Right.PEOPLE_CHANGE)
def reset(staff_id: str) -> AnyResponse:
    """Take away all that somebody signs in with, and show a link that takes its place."""
    frame.checked_form()
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            link = staff_people.reset(unit, parts.house, staff_id=staff_id)
    except Conflict:
        return frame.not_done(_address(staff_id), "people_last_admin")
    return _one(staff_id, link=link, status=201)


@bp.post("/<staff_id>/pin")
@staff_may(Right.PEOPLE_CHANGE)
def set_pin(staff_id: str) -> AnyResponse:
    """Give a supervisor a PIN for the gate, or another one; one's own is on the own account."""
    frame.checked_form()
    if _is_self(staff_id):
        return redirect(_OWN_PIN, 303)
    parts, form = the_parts(), the_form(frame.the_speaker())
    try:
        with parts.store.unit() as unit:
            supervisors.set_pin(unit, parts.house, staff_id=staff_id, pin=form.value("pin"))
    except Invalid:
        form.problem("pin", "pin_wrong")
        return _one(staff_id, pin=form, status=422)
    except Conflict:
        return frame.not_done(_address(staff_id), "pin_no_supervisor")
    return frame.done(_address(staff_id), "pin_done")


@bp.post("/<staff_id>/pin/remove")
@staff_may(Right.PEOPLE_CHANGE)
def drop_pin(staff_id: str) -> AnyResponse:
    """Take a PIN away: with it nobody overrules a refusal any more."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        supervisors.drop_pin(unit, parts.house, staff_id=staff_id)
    return frame.done(_address(staff_id), "pin_removed")


@bp.post("/<staff_id>/remove")
@staff_may(Right.PEOPLE_CHANGE)
def remove(staff_id: str) -> AnyResponse:
    """Take somebody out."""
    frame.checked_form()
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            staff_people.remove(unit, parts.house, staff_id=staff_id)
    except Conflict:
        return frame.not_done(_address(staff_id), "people_last_admin")
    return frame.done(HERE, "people_removed")


@bp.post("/<staff_id>/sessions/<session>/end")
@staff_may(Right.PEOPLE_CHANGE)
def end_session(staff_id: str, session: str) -> AnyResponse:
    """Sign somebody out in one browser."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        staff_sessions.end_session(unit, parts.house, staff_id=staff_id, session=session)
    return frame.done(_address(staff_id), "account_session_ended")


# ------------------------------------------------------------ parts of the above
def role_options(speaker: Speaker) -> list[tuple[str, str]]:
    """Every role and its words, for a field."""
    return [(role.value, speaker.say(f"role_{role.value}")) for role in Role]


def _is_self(staff_id: str) -> bool:
    return staff_id == the_staff().staff.id


def _address(staff_id: str) -> str:
    return f"{HERE}/{staff_id}"


def person_row(found: Person, speaker: Speaker, now: datetime) -> PersonRow:
    """One person as lists tell them."""
    ways = {
        "way_password": found.has_password,
        "way_codes": found.has_codes,
        "way_passkeys": found.passkeys > 0,
    }
    state, shape = _state(found, now)
    return PersonRow(
        id=found.staff.id,
        name=found.staff.name,
        role=f"role_{found.staff.role.value}",
        ways=tuple(way for way, has in ways.items() if has),
        seen=speaker.moment(found.seen_at) if found.seen_at else "",
        state=state,
        shape=shape,
        has_pin=found.has_pin,
    )


def _state(found: Person, now: datetime) -> tuple[str, str]:
    """Whether somebody can sign in, was invited, or was and let the link run out."""
    if found.has_password or found.passkeys:
        return "people_joined", ""
    if found.link_ends_at is not None and found.link_ends_at > now:
        return "people_invited", "status--idle"
    return "people_out", "status--off"


def _panel(link: OneTimeLink | None, speaker: Speaker) -> LinkPanel | None:
    if link is None:
        return None
    address = link.address(the_parts().house)
    return LinkPanel(address, link.staff.name, speaker.moment(link.ends_at))


def _list(form: Form, *, link: OneTimeLink | None = None, status: int = 200) -> Response:
    parts, speaker = the_parts(), form.speaker
    now = parts.house.clock.now()
    with parts.store.unit() as unit:
        found = staff_people.list_people(unit, parts.house)
    return frame.show(
        "staff/people.html",
        place=Place.PEOPLE,
        status=status,
        people=[person_row(one, speaker, now) for one in found],
        form=form,
        roles=role_options(speaker),
        link=_panel(link, speaker),
    )


def _one(
    staff_id: str,
    *,
    form: Form | None = None,
    pin: Form | None = None,
    link: OneTimeLink | None = None,
    status: int = 200,
) -> Response:
    parts, speaker = the_parts(), frame.the_speaker()
    with parts.store.unit() as unit:
        found = staff_people.get_person(unit, parts.house, staff_id=staff_id)
        browsers = staff_sessions.sessions_of(unit, parts.house, staff_id=staff_id)
    return frame.show(
        "staff/person.html",
        place=Place.PEOPLE,
        status=status,
        person=person_row(found, speaker, parts.house.clock.now()),
        form=form or blank(speaker, role=found.staff.role.value),
        pin=pin or blank(speaker),
        is_supervisor=found.staff.may(Right.GATE_OVERRIDE),
        is_self=_is_self(staff_id),
        roles=role_options(speaker),
        browsers=session_rows(browsers, speaker),
        link=_panel(link, speaker),
    )
