"""Conflicts as a file: filtered as on the page, one line each with what happened at the gates."""

from collections.abc import Iterator
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.conflicts import ConflictState
from ticketing.domain.spreadsheets import Cell, Column, ColumnKind, Row
from ticketing.service.gate import conflicts
from ticketing.service.gate.conflicts import ListedConflict
from ticketing.service.gate.records import happened_at
from ticketing.service.pages import walk
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.conflicts import HOME, Names, the_names, the_state
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_conflict_sheet", __name__, url_prefix=HOME, enable_openapi=False)
_AT_ONCE: Final = 500
_NO_SCAN: Final = (None,) * 3


@bp.post("/export")
@staff_may(Right.HOUSE_SEE)
def export() -> Response:
    """Those of the state on the page, newest first."""
    frame.checked_form()
    kind, speaker = exports.asked_kind(), frame.the_speaker()
    state = the_state(request.form)
    exports.note("conflicts", kind, state=state.value if state else "")
    name = speaker.say("staff_conflicts")
    return exports.download(_columns(speaker), _rows(state, speaker), name=name, kind=kind)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("conflicts_found_at"), ColumnKind.MOMENT, 18),
        Column(say("audit_action"), width=30),
        Column(say("conflicts_reason"), width=30),
        Column(say("conflicts_people"), ColumnKind.WHOLE, 16),
        Column(say("conflicts_counted_at"), ColumnKind.MOMENT, 18),
        Column(say("conflicts_counted_gate"), width=20),
        Column(say("conflicts_counted_station"), width=20),
        Column(say("conflicts_extra_at"), ColumnKind.MOMENT, 18),
        Column(say("conflicts_extra_gate"), width=20),
        Column(say("conflicts_extra_station"), width=20),
        Column(say("staff_state"), width=12),
        Column(say("conflicts_note"), width=40),
        Column(say("conflicts_closed_at"), ColumnKind.MOMENT, 18),
        Column(say("conflicts_closed_who"), width=24),
    ]


def _rows(state: ConflictState | None, speaker: Speaker) -> Iterator[Row]:
    names = the_names(speaker)
    found = walk(
        the_parts().store,
        lambda unit, cursor: conflicts.list_conflicts(
            unit, state=state, cursor=cursor, limit=_AT_ONCE
        ),
    )
    return (_row(one, names, speaker) for one in found)


def _row(listed: ListedConflict, names: Names, speaker: Speaker) -> Row:
    one = listed.conflict
    return (
        one.found_at,
        speaker.say(f"conflict_{one.kind.value}"),
        speaker.reason(one.reason) if one.reason else None,
        one.people_extra,
        *_place(listed, one.counted, names),
        *_place(listed, one.extra, names),
        speaker.say(f"conflicts_state_{one.state.value}"),
        one.note,
        one.closed_at,
        names.actors.get(one.closed_by or ""),
    )


def _place(listed: ListedConflict, scan_id: bytes | None, names: Names) -> tuple[Cell, ...]:
    """When, at which gate, by which station; nothing of what is no scan, such as a journal."""
    scan = next((scan for scan in listed.scans if scan.scan_id == scan_id), None)
    if scan is None:
        return _NO_SCAN
    gate = names.gates.get(scan.gate, scan.gate)
    return (happened_at(scan), gate, names.actors.get(scan.station))
