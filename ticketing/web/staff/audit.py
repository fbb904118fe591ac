"""The audit log: who did what to what, and what it was before."""

from dataclasses import dataclass
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.audit import Action, Entry, Wanted
from ticketing.domain.museum import day_bounds
from ticketing.domain.names import search_key
from ticketing.service import audit
from ticketing.service.errors import Invalid
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.audit_words import Teller, action_name, the_teller
from ticketing.web.staff.forms import Form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import LIMIT, Listing
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{frame.HOME}/audit"
bp = APIBlueprint("staff_audit", __name__, url_prefix=HOME, enable_openapi=False)
_TEXT_LIMIT: Final = 100
FILTERS: Final = ("action", "actor", "object", "day")
_SHOWN_LIMIT: Final = 80


@dataclass(frozen=True, slots=True)
class FactRow:
    """One field that changed; `was` and `now` are texts, "" for nothing."""

    name: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line; `kind` is what its words are made of, `key` finds all lines of the same thing."""

    at: str
    kind: str
    actor: str
    action: str
    object_kind: str
    object: str
    key: str
    facts: tuple[FactRow, ...]


@bp.get("")
@staff_may(Right.AUDIT_SEE)
def listed() -> Response:
    """The lines, newest first."""
    speaker = frame.the_speaker()
    form = Form(request.args, speaker)
    wanted = the_wanted(form)
    kept = {name: form.value(name) for name in FILTERS}
    listing = Listing.asked(speaker, ("at",), kept)
    parts = the_parts()
    with parts.store.unit() as unit:
        try:
            found = audit.page(unit, wanted=wanted, cursor=listing.cursor, limit=LIMIT)
        except Invalid:  # a cursor that somebody made up: the beginning
            found = audit.page(unit, wanted=wanted, limit=LIMIT)
    teller = the_teller(speaker)
    return frame.show(
        "staff/audit.html",
        place=Place.AUDIT,
        status=422 if form.problems else 200,
        entries=[_row(one, teller) for one in found.items],
        form=form,
        actions=[("", speaker.say("audit_all")), *_actions(speaker)],
        actors=[("", speaker.say("audit_all")), *_actors(teller)],
        kept=kept,
        is_filtered=any(kept.values()),
        listing=listing.found(len(found.items), found.next_cursor),
    )


def the_wanted(form: Form) -> Wanted:
    """The filters of the address; one that cannot be read is told and left out."""
    action = form.choice("action", Action) if form.value("action") else None
    day = form.day("day", is_needed=False)
    zone = the_parts().house.museum.zone
    since, until = (None, None) if day is None else day_bounds(day, zone)
    kind, _, thing = form.text("object", most=_TEXT_LIMIT, is_needed=False).partition(" ")
    return Wanted(
        action=action,
        actor=form.text("actor", most=_TEXT_LIMIT, is_needed=False) or None,
        object_kind=kind if thing else None,
        object=thing or kind or None,
        since=since,
        until=until,
    )


def _row(entry: Entry, teller: Teller) -> EntryRow:
    return EntryRow(
        at=teller.speaker.moment(entry.at),
        kind=f"actor_{entry.actor.kind.value}",
        actor=teller.actor(entry.actor),
        action=action_name(entry.action, teller.speaker),
        object_kind=teller.kind(entry.object),
        object=teller.thing(entry),
        key=f"{entry.object.kind} {entry.object.id}",
        facts=tuple(
            FactRow(name, _shown(was), _shown(now)) for name, was, now in teller.facts(entry)
        ),
    )


def _actors(teller: Teller) -> list[tuple[str, str]]:
    return sorted(teller.names.items(), key=lambda one: search_key(one[1]))


def _actions(speaker: Speaker) -> list[tuple[str, str]]:
    """Every action and its words, as they stand in a dictionary."""
    named = [(one.value, action_name(one, speaker)) for one in Action]
    return sorted(named, key=lambda one: search_key(one[1]))


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_LIMIT else text[:_SHOWN_LIMIT] + "…"
