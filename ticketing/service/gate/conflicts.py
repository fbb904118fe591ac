"""Conflicts: people inside for whom no ticket accounts; in the service room.

They are found when journals are settled. Closing one says how it is explained, and
changes no move and no count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ticketing.domain.conflicts import NOTE_LIMIT, Conflict, ConflictKind, ConflictState
from ticketing.domain.museum import day_bounds
from ticketing.service import audit, errors
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import FieldError, Invalid, NotFound
from ticketing.service.pages import LIMIT, Page, behind, read_behind
from ticketing.service.ports import House
from ticketing.store import conflicts as rows
from ticketing.store.conflicts import Place
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConflict:
    """A conflict with the scans it is about, the counted one first."""

    conflict: Conflict
    scans: tuple[Scan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How somebody explains a conflict."""

    conflict: str
    state: ConflictState
    note: str


def list_conflicts(
    unit: Unit,
    *,
    state: ConflictState | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[ListedConflict]:
    """A page of conflicts, newest first.

    Raises:
        Invalid: A cursor that was not given out.
    """
    found = rows.page(unit, state=state, after=_place_of(cursor), limit=limit + 1)
    items = _with_scans(unit, found[:limit])
    return Page(items, _text_of(found[limit - 1]) if len(found) > limit else None)


def count_conflicts(
    unit: Unit, house: House, *, day: date
) -> Mapping[tuple[ConflictKind, ConflictState], int]:
    """How many were found on a local day, by what they are and how they stand."""
    since, until = day_bounds(day, house.museum.zone)
    return rows.tally(unit, since=since, until=until)


def close_conflict(unit: Unit, house: House, *, closing: Closing) -> ListedConflict:
    """Close an open conflict; the same once more changes nothing.

    Raises:
        NotFound: `conflict`.
        Invalid: `state` that is `open`, `note` of more than 500 characters.
        Conflict: `already_closed` in another way.
    """
    if closing.state is ConflictState.OPEN:
        raise Invalid(FieldError("state", "range"))
    if len(closing.note) > NOTE_LIMIT:
        raise Invalid(FieldError("note", "length"))
    unit.begin()
    found = rows.find(unit, closing.conflict)
    if found is None:
        raise NotFound("conflict")
    closed = replace(
        found,
        state=closing.state,
        note=closing.note or None,
        closed_by=house.actor.id,
        closed_at=house.clock.now(),
    )
    if rows.close(unit, closed):
        audit.note(
            unit,
            house,
            action=Action.CONFLICT_CLOSED,
            object=Thing("conflict", found.id),
            before={"state": found.state},
            after={"state": closed.state},
        )
        unit.commit()
        return _with_scans(unit, (closed,))[0]
    unit.rollback()
    if (found.state, found.note) != (closed.state, closed.note):
        raise errors.Conflict("already_closed")
    return _with_scans(unit, (found,))[0]


# ------------------------------------------------------------ parts of the above
def _with_scans(unit: Unit, found: tuple[Conflict, ...]) -> tuple[ListedConflict, ...]:
    scans = rows.scans_of(unit, found)
    return tuple(
        ListedConflict(
            conflict=one,
            scans=tuple(scans[s] for s in (one.counted, one.extra) if s is not None and s in scans),
        )
        for one in found
    )


def _text_of(conflict: Conflict) -> str:
    """The cursor for what lies behind a conflict."""
    return behind(conflict.found_at, conflict.id)


def _place_of(cursor: str | None) -> Place | None:
    found = read_behind(cursor, name=r"cf_[0-9a-f]{16}")
    return None if found is None else Place(*found)
