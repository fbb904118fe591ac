"""/station/knowledge: what a station has to know to judge without the service."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import ConfigDict, Field, StringConstraints

from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate import knowledge as use_cases
from ticketing.service.gate.knowledge import Asked
from ticketing.web.access import for_stations
from ticketing.web.api import gate_shapes, shapes, views
from ticketing.web.auth import the_station
from ticketing.web.parts import the_parts
from ticketing.wire.codec import from_base64url
from ticketing.wire.sync_api import MOST_TICKETS

bp = APIBlueprint("knowledge", __name__, url_prefix="/api/v1", tag="Stations")


class KnowledgeQuery(shapes.In):
    """Where a station goes on; `journal` is its own, base64url of 16 bytes."""

    epoch: Annotated[str, StringConstraints(max_length=64)] | None = None
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_TICKETS)] = MOST_TICKETS
    journal: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")] | None = None


class SpanOut(shapes.Out):
    """From when until when."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    begins: datetime = Field(alias="from")
    until: datetime


class KnowledgeOut(shapes.Out):
    """What a station may know; `tickets` are rows as in the protocol, `drop` ids to forget."""

    epoch: str
    cursor: str
    more: bool
    server_time: datetime
    window: SpanOut
    keys: list[gate_shapes.KeyOut]
    offers: list[shapes.OfferOut]
    settings: dict[str, Any]
    drop: list[str]
    acked: int | None
    behind_ms: int
    held: list[tuple[int, int]]
    tickets: list[list[Any]]


@bp.get("/station/knowledge")
@for_stations
@bp.input(KnowledgeQuery, location="query")
@bp.output(KnowledgeOut)
@bp.doc(responses={410: "Unknown epoch or cursor: load everything anew"})
def knowledge(query_data: KnowledgeQuery) -> Response:
    """What this station may know of tickets: all of it, then what has changed."""
    parts = the_parts()
    asked = Asked(
        epoch=query_data.epoch,
        cursor=query_data.cursor,
        limit=query_data.limit,
        journal=_journal(query_data.journal),
    )
    with parts.store.unit() as unit:
        told = use_cases.knowledge(unit, parts.house, station=the_station(), asked=asked)
    offers = tuple(views.offer_out(offer).model_dump(mode="json") for offer in told.offers)
    page = replace(told.page, offers=offers).to_json()
    # Not by Flask's `jsonify`, which sorts: keys, settings and what is to be forgotten come first.
    return Response(
        json.dumps(page, ensure_ascii=False, separators=(",", ":")), mimetype="application/json"
    )


def _journal(text: str | None) -> bytes | None:
    if text is None:
        return None
    raw = from_base64url(text)
    if raw is None:
        raise Invalid(FieldError("journal", "malformed"))
    return raw
