"""/scans: one presentation at a gate, and how attention is settled."""

from apiflask import APIBlueprint
from flask import Response, jsonify

from ticketing.domain.accounts import Scope
from ticketing.domain.ids import ScanId
from ticketing.service.errors import NotFound
from ticketing.service.gate import attention, scans
from ticketing.web.access import for_stations, for_stations_or
from ticketing.web.api import gate_shapes
from ticketing.web.auth import the_station
from ticketing.web.parts import the_parts
from ticketing.web.words import asked_lang
from ticketing.wire.station_api import ScanAnswer, ScanRequest

_ID_DIGITS = 32
bp = APIBlueprint("scans", __name__, url_prefix="/api/v1", tag="Scans")


@bp.post("/scans")
@for_stations
@bp.input(gate_shapes.ScanIn)
@bp.output(gate_shapes.ScanOut, status_code=201)
@bp.doc(responses={200: "A repeat, a question or a text that is none of ours", 409: "Refused"})
def scan(json_data: gate_shapes.ScanIn) -> Response:
    """Judge what a station has read."""
    parts = the_parts()
    request = ScanRequest(
        scan_id=json_data.scan_id,
        barcode=json_data.barcode,
        direction=json_data.direction,
        scanned_at=json_data.scanned_at,
        people=json_data.people,
        gate=json_data.gate,
    )
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


def _shown(answer: ScanAnswer, *, status: int = 200) -> Response:
    shown = jsonify(answer.to_json())
    shown.status_code = status
    return shown


def _id(text: str) -> ScanId:
    """The id of an address; any other text names no scan."""
    if len(text) != _ID_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise NotFound("scan")
    return ScanId(bytes.fromhex(text))
