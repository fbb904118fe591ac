"""The audit log: who changed what, and when; in the service room.

A line is written within the transaction of what it tells of: neither is without the other.
Nothing changes or deletes a line, and the database refuses it too.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from ticketing.domain.audit import (
    Action,
    Actor,
    ActorKind,
    Entry,
    Facts,
    Thing,
    Wanted,
    difference,
)
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.pages import LIMIT, Page
from ticketing.service.ports import House
from ticketing.store import actors
from ticketing.store import audit as rows
from ticketing.store.unit import Unit
from ticketing.wire.texts import Localised

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [  # with what a line is made of, so that callers need one module
    "Action",
    "Actor",
    "ActorKind",
    "Entry",
    "Facts",
    "Thing",
    "Wanted",
    "facts_of",
    "names",
    "note",
    "page",
    "things",
]
_CURSOR = re.compile(r"[0-9]{1,18}")


def note(
    unit: Unit,
    house: House,
    *,
    action: Action,
    object: Thing,  # noqa: A002  the word of the log
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Write a line in the name of whoever the house works for, within the caller's transaction.

    Hand over whole states: only the fields that differ are kept, and of what is nobody's
    business (`holder`, `code`, `text` …) only that it changed. `before` None: it was made;
    `after` None: it is gone. Two states without a difference write nothing.
    """
    if not unit.writing:
        raise RuntimeError("a line of the audit belongs to a transaction: begin() first")
    old, new = difference(before, after)
    if before is not None and after is not None and not old and not new:
        return
    rows.add(
        unit,
        Entry(
            number=0,
            at=house.clock.now(),
            actor=house.actor,
            action=action,
            object=object,
            before=old,
            after=new,
        ),
    )


def note_list(
    unit: Unit, house: House, *, action: Action, of: str, kind: str, wanted: Mapping[str, str]
) -> None:
    """Write down that a list leaves the house as a file of a kind; "" filtered nothing."""
    unit.begin()
    filters = {name: value for name, value in wanted.items() if value}
    note(unit, house, action=action, object=Thing(of, kind), after=filters)
    unit.commit()


def page(
    unit: Unit, *, wanted: Wanted | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry]:
    """A page of lines, newest first.

    Raises:
        Invalid: A cursor that was not given out.
    """
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise Invalid(FieldError("cursor", "malformed"))
    before = None if cursor is None else int(cursor)
    found = rows.page(unit, wanted or Wanted(), before=before, limit=limit + 1)
    items = found[:limit]
    return Page(items, str(items[-1].number) if len(found) > limit else None)


def names(unit: Unit) -> Mapping[str, str]:
    """What staff, stations and API keys are called, by id; of those who are gone too."""
    return actors.names(unit)


def things(unit: Unit) -> Mapping[str, Mapping[str, Localised]]:
    """What batches, gates, offers and receivers of events are called, by kind and id."""
    return actors.things(unit)


def facts_of(thing: "DataclassInstance") -> Facts:
    """Every field of a record, to be handed over as `before` or `after`."""
    return {field.name: getattr(thing, field.name) for field in fields(thing)}
