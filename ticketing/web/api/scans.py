"""/scans: one presentation at a gate, and what staff make of it."""

from apiflask import APIBlueprint
from flask import Response, jsonify

from ticketing.domain.accounts import Scope
from ticketing.domain.ids import ScanId
from ticketing.service import supervisors
from ticketing.service.errors import FieldError, Invalid, NotFound
from ticketing.service.gate import attention, overrule, scans, undo
from ticketing.web.access import for_stations, for_stations_or
from ticketing.web.api import gate_shapes
from ticketing.web.auth import demand, the_caller, the_station, the_station_if_any
from ticketing.web.parts import the_parts
from ticketing.web.words import asked_lang
from ticketing.wire.station_api import ScanAnswer

_ID_DIGITS = 32
bp = APIBlueprint("scans", __name__, url_prefix="/api/v1", tag="Scans")


@bp.post("/scans")
@for_stations
@bp.input(gate_shapes.ScanIn)
@bp.output(gate_shapes.ScanOut, status_code=201)
@bp.doc(responses={200: "A repeat, a question or a text that is none of ours", 409: "Refused"})
def scan(json_data: gate_shapes.ScanIn) -> Response:
    """Judge what a station has read."""
    # mostly answered by `lane.py`, which leaves here what is not all in order
    parts = the_parts()
    request = gate_shapes.scan_request(json_data)
    with parts.store.unit() as unit:
        result = scans.scan(
            unit, parts.house, station=the_station(), request=request, lang=asked_lang()
        )
    return _shown(result.answer, status=201 if result.created else 200)


@bp.get("/scans/<scan_id>")
@for_stations_or(Scope.SCANS_READ)
@bp.output(gate_shapes.ScanOut)
def get_scan(scan_id: str) -> Response:
    """What became of a scan, or 404."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = scans.get_scan(unit, parts.house, scan_id=_id(scan_id), lang=asked_lang())
    return _shown(found)


@bp.post("/scans/<scan_id>/confirm")
@for_stations
@bp.input(gate_shapes.ConfirmIn)
@bp.output(gate_shapes.ScanOut)
@bp.doc(responses=[409])
def confirm(scan_id: str, json_data: gate_shapes.ConfirmIn) -> Response:
    """Staff have looked: decide again, now."""
    parts = the_parts()
    confirmation = attention.Confirmation(
        scan_id=_id(scan_id),
        checks=frozenset(json_data.checks),
        people=json_data.people,
        by=json_data.by,
    )
    with parts.store.unit() as unit:
        settled = attention.confirm_scan(
            unit,
            parts.house,
            station=the_station(),
            confirmation=confirmation,
            lang=asked_lang(),
        )
    return _shown(settled)


@bp.post("/scans/<scan_id>/decline")
@for_stations
@bp.input(gate_shapes.DeclineIn)
@bp.output(gate_shapes.ScanOut)
@bp.doc(responses=[409])
def decline(scan_id: str, json_data: gate_shapes.DeclineIn) -> Response:
    """Staff do not let them in; the ticket stays unused."""
    parts = the_parts()
    with parts.store.unit() as unit:
        settled = attention.decline_scan(
            unit,
            parts.house,
            station=the_station(),
            scan_id=_id(scan_id),
            lang=asked_lang(),
            why=json_data.why,
        )
    return _shown(settled)


@bp.post("/scans/<scan_id>/annul")
@for_stations_or(Scope.SCANS_WRITE)
@bp.input(gate_shapes.AnnulIn)
@bp.output(gate_shapes.ScanOut)
@bp.doc(responses={201: "An unknown id: the scan is refused when it comes", 404: "", 409: ""})
def annul(scan_id: str, json_data: gate_shapes.AnnulIn) -> Response:
    """Take a scan back; an id that is not known yet too."""
    parts = the_parts()
    if json_data.override:
        demand(Scope.GATE_OVERRIDE)
    annulment = undo.Annulment(
        scan_id=_id(scan_id),
        why=json_data.reason,
        by=json_data.by or _program(),
        station=the_station_if_any(),
        is_forced=json_data.override,
    )
    with parts.store.unit() as unit:
        result = undo.annul_scan(unit, parts.house, annulment=annulment, lang=asked_lang())
    return _shown(result.answer, status=201 if result.created else 200)


@bp.post("/scans/<scan_id>/override")
@for_stations_or(Scope.GATE_OVERRIDE)
@bp.input(gate_shapes.OverrideIn)
@bp.output(gate_shapes.ScanOut)
@bp.doc(responses={403: "No such supervisor", 404: "", 409: "", 429: ""})
def override(scan_id: str, json_data: gate_shapes.OverrideIn) -> Response:
    """A supervisor lets in whom the scan refused."""
    parts = the_parts()
    overruling = overrule.Override(
        scan_id=_id(scan_id),
        why=json_data.why,
        by=_supervisor(by=json_data.by, pin=json_data.pin),
        people=json_data.people,
        station=the_station_if_any(),
    )
    with parts.store.unit() as unit:
        shown = overrule.override_scan(unit, parts.house, override=overruling, lang=asked_lang())
    return _shown(shown)


def _supervisor(*, by: str | None, pin: str | None) -> str:
    """Who overrules: an API key by its scope, at a station a supervisor by the PIN."""
    station = the_station_if_any()
    if station is None:
        return by or _program() or ""
    wanted = (("by", by), ("pin", pin))
    missing = [FieldError(name, "missing") for name, value in wanted if value is None]
    if missing:
        raise Invalid(*missing)
    parts = the_parts()
    with parts.store.unit() as unit:
        return supervisors.check_pin(
            unit, parts.house, name=by or "", pin=pin or "", station=station.id
        ).id


def _program() -> str | None:
    """The id of the API key behind this request, None for a station."""
    caller = the_caller()
    return None if caller is None or the_station_if_any() is not None else caller.id


def _shown(answer: ScanAnswer, *, status: int = 200) -> Response:
    shown = jsonify(answer.to_json())
    shown.status_code = status
    return shown


def _id(text: str) -> ScanId:
    """The id of an address; any other text names no scan."""
    if len(text) != _ID_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise NotFound("scan")
    return ScanId(bytes.fromhex(text))
