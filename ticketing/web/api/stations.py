"""/station, /stations: a station's pulse, pairing, list, change, revocation."""

from datetime import datetime
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field, StringConstraints

from ticketing.domain.accounts import Scope, Told
from ticketing.domain.ids import StationId
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate import scans, stations
from ticketing.service.pages import by_age, cut
from ticketing.web.access import for_stations, needs, open_to_all
from ticketing.web.addresses import the_address
from ticketing.web.api import gate_shapes, shapes, views
from ticketing.web.api.replay import replayable
from ticketing.web.auth import the_station
from ticketing.web.parts import the_parts
from ticketing.wire.codec import from_base64url
from ticketing.wire.station_api import PairRequest

bp = APIBlueprint("stations", __name__, url_prefix="/api/v1", tag="Stations")


class PulseQuery(shapes.In):
    """What a station tells of itself; all of it may be left out."""

    unsent: Annotated[int, Field(ge=0, le=2**53)] | None = None
    version: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] | None = None
    ring: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")] | None = None
    clock_diff_ms: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = None


class PulseOut(shapes.Out):
    """The service's answer to a station that asks whether it is still one."""

    station: str
    name: str
    gate: str
    gate_name: shapes.BothLanguages
    server_time: datetime
    inside: int


@bp.get("/station")
@for_stations
@bp.input(PulseQuery, location="query")
@bp.output(PulseOut)
def pulse(query_data: PulseQuery) -> PulseOut:
    """Whether this station is in service; asked every few seconds, tells how it is."""
    parts, station = the_parts(), the_station()
    told = Told(
        version=query_data.version,
        unsent=query_data.unsent,
        clock_diff_ms=query_data.clock_diff_ms,
        ring=query_data.ring,
    )
    with parts.store.unit() as unit:
        now = stations.hear(unit, parts.house, station=station, told=told)
        inside = scans.inside(unit, parts.house)
    return PulseOut(
        station=station.id,
        name=station.name,
        gate=station.gate,
        gate_name=views.both(station.gate_name),
        server_time=now,
        inside=inside,
    )


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
        paired = stations.pair(unit, parts.house, request=asked, address=the_address())
    shown = jsonify(paired.answer.to_json())
    shown.status_code = 201 if paired.created else 200
    return shown


@bp.get("/stations")
@needs(Scope.STATIONS_READ)
@bp.input(shapes.ShortListQuery, location="query")
@bp.output(gate_shapes.Stations)
def list_stations(query_data: shapes.ShortListQuery) -> gate_shapes.Stations:
    """Every station, revoked ones too."""
    parts = the_parts()
    with parts.store.unit() as unit:
        listed = stations.list_stations(unit)
    found = cut(
        listed,
        lambda one: by_age(one.paired_at, one.id),
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    items = [views.station_out(one, parts.house) for one in found.items]
    return gate_shapes.Stations(items=items, next_cursor=found.next_cursor)


@bp.get("/stations/<station>")
@needs(Scope.STATIONS_READ)
@bp.output(gate_shapes.StationOut)
def get_station(station: str) -> gate_shapes.StationOut:
    """A station, with what it last told of itself."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = stations.get_station(unit, station=StationId(station))
    return views.station_out(found, parts.house)


@bp.patch("/stations/<station>")
@needs(Scope.STATIONS_WRITE)
@replayable
@bp.input(gate_shapes.StationChangeIn)
@bp.output(gate_shapes.StationOut)
def change(station: str, json_data: gate_shapes.StationChangeIn) -> gate_shapes.StationOut:
    """Rename a station, put it at another gate."""
    parts = the_parts()
    with parts.store.unit() as unit:
        to = stations.Place(name=json_data.name, gate=json_data.gate)
        changed = stations.change_station(unit, parts.house, station=StationId(station), to=to)
    return views.station_out(changed, parts.house)


@bp.post("/stations/<station>/revoke")
@needs(Scope.STATIONS_WRITE)
@replayable
@bp.output(gate_shapes.StationOut)
def revoke(station: str) -> gate_shapes.StationOut:
    """Take a station out of service; once more changes nothing."""
    parts = the_parts()
    with parts.store.unit() as unit:
        revoked = stations.revoke_station(unit, parts.house, station=StationId(station))
    return views.station_out(revoked, parts.house)
