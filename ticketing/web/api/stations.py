"""/station, /stations: a station's pulse, pairing, list, revocation."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from ticketing.domain.accounts import Scope
from ticketing.domain.ids import StationId
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate import scans, stations
from ticketing.web.access import for_stations, needs, open_to_all
from ticketing.web.api import gate_shapes, shapes, views
from ticketing.web.api.replay import replayable
from ticketing.web.auth import the_station
from ticketing.web.parts import the_parts
from ticketing.wire.codec import from_base64url
from ticketing.wire.station_api import PairRequest

bp = APIBlueprint("stations", __name__, url_prefix="/api/v1", tag="Stations")


class PulseOut(shapes.Out):
    """The service's answer to a station that asks whether it is still one."""

    station: str
    gate: str
    server_time: datetime
    inside: int


@bp.get("/station")
@for_stations
@bp.output(PulseOut)
def pulse() -> PulseOut:
    """Whether this station is in service; asked every few seconds."""
    parts, station = the_parts(), the_station()
    with parts.store.unit() as unit:
        now = stations.hear(unit, parts.house, station=station)
        inside = scans.inside(unit, parts.house)
    return PulseOut(station=station.id, gate=station.gate, server_time=now, inside=inside)


@bp.post("/stations/pair")
@open_to_all
@bp.input(gate_shapes.PairIn)
@bp.output(gate_shapes.PairOut, status_code=201)
@bp.doc(responses={200: "The same code and key again: a new token", 404: "", 410: "", 429: ""})
def pair(json_data: gate_shapes.PairIn) -> Response:
    """Become a station; the code is the proof."""
    parts = the_parts()
    raw = from_base64url(json_data.public_key)
    if raw is None:
        raise Invalid(FieldError("public_key", "malformed"))
    asked = PairRequest(json_data.pairing_code, json_data.name, raw)
    with parts.store.unit() as unit:
        paired = stations.pair(unit, parts.house, request=asked, address=request.remote_addr or "")
    shown = jsonify(paired.answer.to_json())
    shown.status_code = 201 if paired.created else 200
    return shown


@bp.get("/stations")
@needs(Scope.STATIONS_READ)
@bp.output(gate_shapes.Stations)
def list_stations() -> gate_shapes.Stations:
    """Every station, revoked ones too."""
    with the_parts().store.unit() as unit:
        return gate_shapes.Stations(
            items=[views.station_out(s) for s in stations.list_stations(unit)]
        )


@bp.post("/stations/<station>/revoke")
@needs(Scope.STATIONS_WRITE)
@replayable
@bp.output(gate_shapes.StationOut)
def revoke(station: str) -> gate_shapes.StationOut:
    """Take a station out of service; once more changes nothing."""
    parts = the_parts()
    with parts.store.unit() as unit:
        revoked = stations.revoke_station(unit, parts.house, station=StationId(station))
    return views.station_out(revoked)
