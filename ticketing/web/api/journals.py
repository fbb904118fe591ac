"""/scans/batch: a station's journal, as it was written at the gate."""

from apiflask import APIBlueprint
from flask import Response, jsonify

from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate import journals
from ticketing.web.access import for_stations
from ticketing.web.api import journal_shapes
from ticketing.web.auth import the_station
from ticketing.web.parts import the_parts
from ticketing.wire.codec import from_base64url
from ticketing.wire.sync_api import SentEntry, Upload

bp = APIBlueprint("journals", __name__, url_prefix="/api/v1", tag="Scans")


@bp.post("/scans/batch")
@for_stations
@bp.input(journal_shapes.UploadIn)
@bp.output(journal_shapes.UploadOut)
@bp.doc(responses=[409])
def upload(json_data: journal_shapes.UploadIn) -> Response:
    """Keep and settle up to 500 entries of a journal."""
    parts = the_parts()
    sent = Upload(
        journal=_raw("journal", json_data.journal),
        entries=tuple(
            # a signature that is none breaks the chain, not the upload
            SentEntry(entry.n, entry.body, from_base64url(entry.sig) or b"")
            for entry in json_data.entries
        ),
        previous=None if json_data.previous is None else _raw("previous", json_data.previous),
    )
    with parts.store.unit() as unit:
        answer = journals.take_upload(unit, parts.house, station=the_station(), sent=sent)
    return jsonify(answer.to_json())


def _raw(field: str, text: str) -> bytes:
    raw = from_base64url(text)
    if raw is None:
        raise Invalid(FieldError(field, "malformed"))
    return raw
