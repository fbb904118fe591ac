"""The staff's page: sign in, see the day, pair a station."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right, Staff
from ticketing.domain.conflicts import ConflictState
from ticketing.domain.ids import StationId
from ticketing.service import access, gates, museum, offers, tickets
from ticketing.service.access import SignInRefused
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.gate import conflicts, scans, stations
from ticketing.web import sessions
from ticketing.web.access import for_staff, open_to_all, staff_may
from ticketing.web.auth import the_staff
from ticketing.web.errors import refused
from ticketing.web.pages import page, teller
from ticketing.web.parts import the_parts
from ticketing.web.staff_view import PairingPanel, Viewer
from ticketing.web.words import asked_lang, known_lang

bp = APIBlueprint("staff", __name__, url_prefix="/staff", enable_openapi=False)
LATEST: Final = 12
_MINUTE_S: Final = 60


@bp.get("/sign-in")
@open_to_all
def sign_in_page() -> AnyResponse:
    """The form; whoever is signed in already goes on."""
    if sessions.find_signed_in() is not None:
        return redirect("/staff", 303)
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
            return redirect("/staff", 303)
        case SignInRefused():
            return _refused(found)


@bp.post("/sign-out")
@for_staff
def sign_out() -> AnyResponse:
    """End the session."""
    sessions.check_csrf(the_staff())
    sessions.sign_out()
    return redirect("/staff/sign-in", 303)


@bp.post("/language")
@for_staff
def language() -> AnyResponse:
    """Speak the other language from here on."""
    sessions.check_csrf(the_staff())
    lang = known_lang(request.form.get("lang"))
    if lang is None:
        raise refused(400, "bad_request")
    sessions.remember_lang(lang)
    return redirect("/staff", 303)


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def today() -> Response:
    """The day at a glance."""
    return _today()


@bp.post("/pairing")
@staff_may(Right.STATIONS_CHANGE)
def open_pairing() -> Response:
    """Make a pairing code; it is shown in this answer and nowhere else."""
    sessions.check_csrf(the_staff())
    parts, lang = the_parts(), asked_lang(sessions.remembered_lang())
    name, slug = request.form.get("name", "").strip(), request.form.get("gate", "")
    say = teller(lang)
    try:
        with parts.store.unit() as unit:
            gate = gates.get_gate(unit, slug=slug)
            code = stations.open_pairing(unit, parts.house, name=name, gate=slug)
    except NotFound:
        return _today(problem=say("staff_bad_gate"), status=422)
    except Invalid:
        return _today(problem=say("staff_bad_name"), status=422)
    except Conflict:
        return _today(problem=say("staff_pairing_full"), status=409)
    return _today(pairing=Viewer(lang).pairing(code, name=name, gate=gate), status=201)


@bp.post("/stations/<station>/revoke")
@staff_may(Right.STATIONS_CHANGE)
def revoke_station(station: str) -> AnyResponse:
    """Take a station out of service."""
    sessions.check_csrf(the_staff())
    parts = the_parts()
    with parts.store.unit() as unit:
        stations.revoke_station(unit, parts.house, station=StationId(station))
    return redirect("/staff#stations", 303)


def _refused(refusal: SignInRefused) -> Response:
    say = teller(asked_lang(request.form.get("lang")))
    if refusal.reason == "throttled":
        minutes = -(-refusal.retry_after_s // _MINUTE_S)
        answer = _sign_in_again(say("staff_throttled", minutes=minutes), status=429)
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
        return answer
    return _sign_in_again(say("staff_wrong"), status=403)


def _sign_in_again(problem: str, *, status: int) -> Response:
    lang = request.form.get("lang")
    answer = page("staff/sign_in.html", remembered=lang, problem=problem)
    answer.status_code = status
    return answer


def _today(
    *, pairing: PairingPanel | None = None, problem: str = "", status: int = 200
) -> Response:
    parts, lang = the_parts(), asked_lang(sessions.remembered_lang())
    viewer = Viewer(lang)
    with parts.store.unit() as unit:
        counts = museum.overview(unit, parts.house)
        doors = {gate.slug: gate.name.in_(lang) for gate in gates.list_gates(unit)}
        shown = {
            "offers": [viewer.offer(offer) for offer in offers.list_offers(unit)],
            "tickets": [viewer.ticket(t) for t in tickets.latest_tickets(unit, limit=LATEST)],
            "scans": [
                viewer.scan(scan, doors)
                for scan in scans.latest_scans(unit, parts.house, limit=LATEST)
            ],
            "conflicts": [
                viewer.conflict(one, doors)
                for one in conflicts.list_conflicts(
                    unit, state=ConflictState.OPEN, limit=LATEST
                ).items
            ],
            "stations": [viewer.station(one) for one in stations.list_stations(unit)],
        }
    answer = page(
        "staff/today.html",
        remembered=lang,
        staff=the_staff(),
        counts=counts,
        day=viewer.day(counts.hours),
        gates=[{"slug": slug, "name": name} for slug, name in doors.items()],
        pairing=pairing,
        problem=problem,
        **shown,
    )
    answer.status_code = status
    return answer
