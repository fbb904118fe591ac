"""/counts: people without a ticket."""

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.service.gate import counting
from ticketing.service.gate.counting import HeadCount
from ticketing.web.access import needs
from ticketing.web.api import gate_shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts

bp = APIBlueprint("counts", __name__, url_prefix="/api/v1", tag="Scans")


@bp.post("/counts")
@needs(Scope.SCANS_WRITE)
@replayable
@bp.input(gate_shapes.CountIn)
@bp.output(gate_shapes.CountOut, status_code=201)
def count(json_data: gate_shapes.CountIn) -> gate_shapes.CountOut:
    """Count people without a ticket in or out, or correct how many are inside."""
    parts = the_parts()
    head_count = HeadCount(
        gate=json_data.gate,
        delta=json_data.delta,
        reason=json_data.reason,
    )
    with parts.store.unit() as unit:
        counted = counting.count_people(unit, parts.house, head_count=head_count)
    kept = counted.count
    return gate_shapes.CountOut(
        id=kept.id.hex(),
        gate=kept.gate,
        delta=kept.delta,
        reason=kept.reason,
        at=kept.at,
        inside=counted.inside,
    )
