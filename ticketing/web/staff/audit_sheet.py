"""The audit log as a file: filtered as on the page, written while it is read."""

from collections.abc import Iterable, Iterator
from typing import Final

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.domain.audit import Entry, Wanted
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.service import audit
from ticketing.service.errors import NotFound
from ticketing.service.pages import walk
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.audit import HOME, the_wanted
from ticketing.web.staff.audit_words import Teller, action_name, the_teller
from ticketing.web.staff.forms import the_form
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_audit_sheet", __name__, url_prefix=HOME, enable_openapi=False)
_AT_ONCE: Final = 1000


@bp.post("/export")
@staff_may(Right.AUDIT_SEE)
def export() -> Response:
    """The lines of the filter, newest first; the first one says who takes them out."""
    frame.checked_form()
    kind, form = exports.asked_kind(), the_form(frame.the_speaker())
    wanted = the_wanted(form)
    if form.problems:
        raise NotFound("filter")
    with the_parts().store.unit() as unit:
        actors = audit.names(unit)
    actor = form.value("actor")
    exports.note(
        "audit",
        kind,
        action=form.value("action"),
        actor=actor if actor in actors else "",  # whatever else was sent is not for the log
        day=form.value("day"),
        text=form.value("object"),  # nor is what was typed here: it is noted as hidden
    )
    rows = _rows(wanted, form.speaker)
    name = form.speaker.say("place_audit")
    return exports.download(_columns(form.speaker), rows, name=name, kind=kind)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("staff_time"), ColumnKind.MOMENT, 18),
        Column(say("audit_actor_kind"), width=14),
        Column(say("audit_actor"), width=28),
        Column(say("audit_action"), width=24),
        Column(say("audit_object_kind"), width=14),
        Column(say("audit_object"), width=36),
        Column(say("audit_before"), width=44),
        Column(say("audit_after"), width=44),
        Column(say("audit_object_id"), width=24),
    ]


def _rows(wanted: Wanted, speaker: Speaker) -> Iterator[Row]:
    parts, teller = the_parts(), the_teller(speaker)
    found = walk(
        parts.store,
        lambda unit, cursor: audit.page(unit, wanted=wanted, cursor=cursor, limit=_AT_ONCE),
    )
    return (_row(one, teller) for one in found)


def _row(entry: Entry, teller: Teller) -> Row:
    facts = list(teller.facts(entry))
    return (
        entry.at,
        teller.speaker.say(f"actor_{entry.actor.kind.value}"),
        teller.actor(entry.actor),
        action_name(entry.action, teller.speaker),
        teller.kind(entry.object),
        teller.thing(entry),
        _told((name, was) for name, was, _ in facts),
        _told((name, now) for name, _, now in facts),
        entry.object.id,
    )


def _told(facts: Iterable[tuple[str, str]]) -> str | None:
    return "; ".join(f"{name}: {value}" for name, value in facts if value) or None
