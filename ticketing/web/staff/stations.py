"""Stations and gates: pair one, see how it is, name and move it, take it out of service."""

import json
from dataclasses import dataclass, replace
from typing import Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.ids import StationId
from ticketing.domain.museum import Gate
from ticketing.service import gates
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.gate import stations
from ticketing.service.gate.stations import PairingCode
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.qr import symbol
from ticketing.web.staff import frame, rows
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import Localised

bp = APIBlueprint(
    "staff_stations", __name__, url_prefix=f"{frame.HOME}/stations", enable_openapi=False
)
HERE: Final = f"{frame.HOME}/stations"
NAME_LIMIT: Final = 100
_GATE_FIELDS: Final = {"name.de": "name_de", "name.en": "name_en"}


@dataclass(frozen=True, slots=True)
class PairingPanel:
    """A fresh pairing code with its QR symbol."""

    code: str
    name: str
    gate: str
    until: str
    path: str
    side: int


@dataclass(frozen=True, slots=True)
class _Page:
    """What is on the page beside the lists: forms as they were sent, a fresh code."""

    pairing: Form
    gate: Form
    panel: PairingPanel | None = None


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def listed() -> Response:
    """Every station, those out of service last; every gate."""
    return _shown(_fresh())


@bp.post("/pairing")
@staff_may(Right.STATIONS_CHANGE)
def open_pairing() -> Response:
    """Make a pairing code; it is shown in this answer and nowhere else."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form = the_form(speaker)
    name, slug = form.text("name", most=NAME_LIMIT), form.value("gate")
    try:
        with parts.store.unit() as unit:
            gate = gates.get_gate(unit, slug=slug)
            if form.problems:
                return _shown(_fresh(pairing=form), status=422)
            code = stations.open_pairing(unit, parts.house, name=name, gate=slug)
    except NotFound:
        form.problem("gate", "staff_bad_gate")
        return _shown(_fresh(pairing=form), status=422)
    except Conflict:
        form.problem("name", "staff_pairing_full")
        return _shown(_fresh(pairing=form), status=409)
    panel = _panel(code, name, gate, speaker)
    return _shown(replace(_fresh(), panel=panel), status=201)


@bp.post("/<station>/change")
@staff_may(Right.STATIONS_CHANGE)
def change(station: str) -> AnyResponse:
    """Call a station otherwise, put it at another gate."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    to = stations.Place(name=form.text("name", most=NAME_LIMIT), gate=form.value("gate"))
    if form.problems:
        return frame.not_done(HERE, "staff_bad_name")
    try:
        with parts.store.unit() as unit:
            stations.change_station(unit, parts.house, station=StationId(station), to=to)
    except NotFound as refusal:
        if refusal.what != "gate":
            raise
        return frame.not_done(HERE, "staff_bad_gate")
    return frame.done(HERE, "staff_station_changed")


@bp.post("/<station>/revoke")
@staff_may(Right.STATIONS_CHANGE)
def revoke(station: str) -> AnyResponse:
    """Take a station out of service."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        stations.revoke_station(unit, parts.house, station=StationId(station))
    return frame.done(HERE, "staff_revoked_now")


@bp.post("/gates")
@staff_may(Right.STATIONS_CHANGE)
def add_gate() -> AnyResponse:
    """Make a gate."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    slug, name = form.text("slug", most=NAME_LIMIT), _name(form)
    if not form.problems:
        try:
            with parts.store.unit() as unit:
                gates.add_gate(unit, parts.house, slug=slug, name=name)
            return frame.done(HERE, "staff_gate_made")
        except Invalid as refusal:
            form.take(refusal, _GATE_FIELDS)
        except Conflict:
            form.problem("slug", "refused_taken")
    return _shown(_fresh(gate=form), status=422)


@bp.post("/gates/<slug>")
@staff_may(Right.STATIONS_CHANGE)
def rename_gate(slug: str) -> AnyResponse:
    """Call a gate otherwise."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    name = _name(form)
    if form.problems:
        return frame.not_done(HERE, "staff_bad_gate_name")
    with parts.store.unit() as unit:
        gates.rename_gate(unit, parts.house, slug=slug, name=name)
    return frame.done(HERE, "staff_gate_changed")


def _name(form: Form) -> Localised:
    german = form.text("name_de", most=NAME_LIMIT)
    english = form.text("name_en", most=NAME_LIMIT, is_needed=False)
    return Localised(german, english or german)


def _panel(code: PairingCode, name: str, gate: Gate, speaker: Speaker) -> PairingPanel:
    """The code and its QR symbol: address, code and the fingerprint of the keys."""
    house = the_parts().house
    told = {"u": house.museum.base_url, "c": code.code, "k": house.signer.ring().fingerprint()}
    drawn = symbol(json.dumps(told, separators=(",", ":")))
    until = speaker.time(code.expires_at)
    return PairingPanel(code.code, name, gate.name.in_(speaker.lang), until, drawn.path, drawn.side)


def _fresh(*, pairing: Form | None = None, gate: Form | None = None) -> _Page:
    speaker = frame.the_speaker()
    return _Page(pairing or blank(speaker), gate or blank(speaker))


def _shown(page: _Page, *, status: int = 200) -> Response:
    parts, speaker = the_parts(), frame.the_speaker()
    with parts.store.unit() as unit:
        paired, doors = stations.list_stations(unit), gates.list_gates(unit)
    by_gate = [one.gate for one in paired if one.revoked_at is None]
    return frame.show(
        "staff/stations.html",
        place=Place.STATIONS,
        status=status,
        stations=[rows.station(one, speaker) for one in paired if one.revoked_at is None],
        revoked=[rows.station(one, speaker) for one in paired if one.revoked_at is not None],
        gates=[(gate.slug, gate.name, by_gate.count(gate.slug)) for gate in doors],
        choices=[(gate.slug, gate.name.in_(speaker.lang)) for gate in doors],
        may_change=frame.may(Right.STATIONS_CHANGE),
        page=page,
    )
