"""Stations and gates: pair one, see how it is, take it out of service."""

import json
from dataclasses import dataclass

from apiflask import APIBlueprint
from flask import Response, request
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
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint(
    "staff_stations", __name__, url_prefix=f"{frame.HOME}/stations", enable_openapi=False
)


@dataclass(frozen=True, slots=True)
class PairingPanel:
    """A fresh pairing code with its QR symbol."""

    code: str
    name: str
    gate: str
    until: str
    path: str
    side: int


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def listed() -> Response:
    """Every station, those out of service last."""
    return _page()


@bp.post("/pairing")
@staff_may(Right.STATIONS_CHANGE)
def open_pairing() -> Response:
    """Make a pairing code; it is shown in this answer and nowhere else."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    name, slug = request.form.get("name", "").strip(), request.form.get("gate", "")
    try:
        with parts.store.unit() as unit:
            gate = gates.get_gate(unit, slug=slug)
            code = stations.open_pairing(unit, parts.house, name=name, gate=slug)
    except NotFound:
        return _page(problem=speaker.say("staff_bad_gate"), status=422)
    except Invalid:
        return _page(problem=speaker.say("staff_bad_name"), status=422)
    except Conflict:
        return _page(problem=speaker.say("staff_pairing_full"), status=409)
    return _page(pairing=_panel(code, name, gate, speaker), status=201)


@bp.post("/<station>/revoke")
@staff_may(Right.STATIONS_CHANGE)
def revoke(station: str) -> AnyResponse:
    """Take a station out of service."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        stations.revoke_station(unit, parts.house, station=StationId(station))
    return frame.done(f"{frame.HOME}/stations", "staff_revoked_now")


def _panel(code: PairingCode, name: str, gate: Gate, speaker: Speaker) -> PairingPanel:
    """The code and its QR symbol: address, code and the fingerprint of the keys."""
    house = the_parts().house
    told = {"u": house.museum.base_url, "c": code.code, "k": house.signer.ring().fingerprint()}
    drawn = symbol(json.dumps(told, separators=(",", ":")))
    until = speaker.time(code.expires_at)
    return PairingPanel(code.code, name, gate.name.in_(speaker.lang), until, drawn.path, drawn.side)


def _page(*, pairing: PairingPanel | None = None, problem: str = "", status: int = 200) -> Response:
    parts, speaker = the_parts(), frame.the_speaker()
    with parts.store.unit() as unit:
        paired, doors = stations.list_stations(unit), gates.list_gates(unit)
    shown = sorted(paired, key=lambda one: one.revoked_at is not None)
    return frame.show(
        "staff/stations.html",
        place=Place.STATIONS,
        status=status,
        stations=[rows.station(one, speaker) for one in shown],
        gates=[(gate.slug, gate.name.in_(speaker.lang)) for gate in doors],
        pairing=pairing,
        problem=problem,
    )
