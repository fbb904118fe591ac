"""What is to be explained: people who came in although the tickets say otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.conflicts import NOTE_LIMIT, ConflictState
from ticketing.service import audit, gates
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.gate import conflicts
from ticketing.service.gate.conflicts import Closing, ListedConflict
from ticketing.service.gate.records import happened_at
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import LIMIT, Listing
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import verdict_word
from ticketing.wire.verdict import Basis

HOME: Final = f"{frame.HOME}/conflicts"
bp = APIBlueprint("staff_conflicts", __name__, url_prefix=HOME, enable_openapi=False)


class Closed(StrEnum):
    """How one may be closed."""

    EXPLAINED = "explained"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLine:
    """One scan of it: when, where, by which station, what was shown."""

    at: str
    gate: str
    station: str
    word: str
    is_offline: bool
    is_counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One conflict; `why` is what the service would have said, `closed` who closed it."""

    id: str
    what: str
    why: str
    people: int
    ticket: str
    found: str
    scans: tuple[ScanLine, ...]
    state: str
    note: str
    closed: str


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def listed() -> Response:
    """Open ones first asked for; the closed ones are kept and can be looked at."""
    speaker = frame.the_speaker()
    state = the_state(request.args)
    listing = Listing.asked(speaker, ("found",), {"state": state.value if state else "all"})
    with the_parts().store.unit() as unit:
        try:
            page = conflicts.list_conflicts(unit, state=state, cursor=listing.cursor, limit=LIMIT)
        except Invalid:
            page = conflicts.list_conflicts(unit, state=state, limit=LIMIT)
    words = the_names(speaker)
    return frame.show(
        "staff/conflicts.html",
        place=Place.TODAY,
        conflicts=[_shown(one, words, speaker) for one in page.items],
        states=[*(one.value for one in ConflictState), "all"],
        state=listing.kept["state"],
        listing=listing.found(len(page.items), page.next_cursor),
    )


@bp.post("/<conflict>/close")
@staff_may(Right.CONFLICTS_CLOSE)
def close(conflict: str) -> AnyResponse:
    """Say how it is explained, or that it need not be; nothing is counted anew."""
    frame.checked_form()
    form = the_form(frame.the_speaker())
    how = form.choice("state", Closed)
    note = form.text("note", most=NOTE_LIMIT, is_needed=False)
    if how is None or form.problems:
        return frame.not_done(HOME, "conflicts_not_closed")
    parts = the_parts()
    closing = Closing(conflict=conflict, state=ConflictState(how.value), note=note)
    try:
        with parts.store.unit() as unit:
            conflicts.close_conflict(unit, parts.house, closing=closing)
    except Conflict:
        return frame.not_done(HOME, "conflicts_closed_already")
    return frame.done(HOME, "conflicts_closed")


def the_state(given: Mapping[str, str]) -> ConflictState | None:
    """Which ones an address or form asks for: the open ones unless it says so, None for all."""
    asked = given.get("state", ConflictState.OPEN.value)
    return next((one for one in ConflictState if one.value == asked), None)


@dataclass(frozen=True, slots=True)
class Names:
    """What gates are called by slug, and who acts by id."""

    gates: Mapping[str, str]
    actors: Mapping[str, str]


def the_names(speaker: Speaker) -> Names:
    """The names of this house."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return Names(
            {gate.slug: gate.name.in_(speaker.lang) for gate in gates.list_gates(unit)},
            audit.names(unit),
        )


def _shown(listed: ListedConflict, names: Names, speaker: Speaker) -> Shown:
    one = listed.conflict
    return Shown(
        id=one.id,
        what=speaker.say(f"conflict_{one.kind.value}"),
        why=speaker.reason(one.reason) if one.reason else "",
        people=one.people_extra,
        ticket="" if one.ticket is None else one.ticket.hex(),
        found=speaker.moment(one.found_at),
        scans=tuple(
            ScanLine(
                at=speaker.moment(happened_at(scan)),
                gate=names.gates.get(scan.gate, scan.gate),
                station=names.actors.get(scan.station, ""),
                word=verdict_word(scan.shown or scan.decision.verdict, speaker.lang),
                is_offline=scan.basis is Basis.OFFLINE,
                is_counted=scan.scan_id == one.counted,
            )
            for scan in listed.scans
        ),
        state=one.state.value,
        note=one.note or "",
        closed=_closed(listed, names, speaker),
    )


def _closed(listed: ListedConflict, names: Names, speaker: Speaker) -> str:
    one = listed.conflict
    if one.closed_at is None:
        return ""
    who = names.actors.get(one.closed_by or "", "")
    at = speaker.moment(one.closed_at)
    return speaker.say("conflicts_closed_by", at=at, who=who) if who else at
