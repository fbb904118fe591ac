"""/conflicts: people inside for whom no ticket accounts."""

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.service.gate import conflicts
from ticketing.service.gate.conflicts import ListedConflict
from ticketing.web.access import needs
from ticketing.web.api import journal_shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts

bp = APIBlueprint("conflicts", __name__, url_prefix="/api/v1", tag="Conflicts")


@bp.get("/conflicts")
@needs(Scope.SCANS_READ)
@bp.input(journal_shapes.ConflictQuery, location="query")
@bp.output(journal_shapes.Conflicts)
def list_conflicts(query_data: journal_shapes.ConflictQuery) -> journal_shapes.Conflicts:
    """People inside for whom no ticket accounts, newest first."""
    with the_parts().store.unit() as unit:
        found = conflicts.list_conflicts(
            unit, state=query_data.state, cursor=query_data.cursor, limit=query_data.limit
        )
    items = [_out(one) for one in found.items]
    return journal_shapes.Conflicts(items=items, next_cursor=found.next_cursor)


@bp.post("/conflicts/<conflict>/close")
@needs(Scope.SCANS_WRITE)
@replayable
@bp.input(journal_shapes.CloseIn)
@bp.output(journal_shapes.ConflictOut)
@bp.doc(responses=[409])
def close(conflict: str, json_data: journal_shapes.CloseIn) -> journal_shapes.ConflictOut:
    """Say how a conflict is explained; nothing is counted anew."""
    parts = the_parts()
    closing = conflicts.Closing(
        conflict=conflict,
        state=json_data.state,
        note=json_data.note,
    )
    with parts.store.unit() as unit:
        return _out(conflicts.close_conflict(unit, parts.house, closing=closing))


def _out(listed: ListedConflict) -> journal_shapes.ConflictOut:
    one = listed.conflict
    return journal_shapes.ConflictOut(
        id=one.id,
        kind=one.kind,
        ticket=None if one.ticket is None else one.ticket.hex(),
        found_at=one.found_at,
        counted=None if one.counted is None else one.counted.hex(),
        extra=one.extra.hex(),
        reason=one.reason,
        scans=[
            journal_shapes.ConflictScanOut(
                scan_id=scan.scan_id.hex(),
                gate=scan.gate,
                station=scan.station,
                at=scan.scanned_at,
                clock_diff_ms=scan.diff_ms,
                basis=scan.basis,
                shown=None if scan.shown is None else scan.shown.value,
            )
            for scan in listed.scans
        ],
        people_extra=one.people_extra,
        state=one.state,
        note=one.note,
        closed_by=one.closed_by,
        closed_at=one.closed_at,
    )
