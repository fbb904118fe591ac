"""Which batches the lines of a list mean, and what becomes of those; in the service room.

A name means the one batch of that name and prefix, an id that batch. Where nothing is named, a
code belongs to the only batch of its prefix, or to the one that is called like it. What is not
there is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ticketing.domain.code_imports import Column, LineFault, Target, Wish, column_of
from ticketing.domain.code_texts import is_prefix
from ticketing.domain.codes import MOST, Batch, BatchState, Effect
from ticketing.service import code_batches
from ticketing.service.code_batches import BatchChange, NewBatch
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.ports import House
from ticketing.store import code_imports as rows
from ticketing.store.code_imports import Named
from ticketing.store.unit import Unit


@dataclass(slots=True)
class Aim:
    """A target with its batch: that is there, with what changes of it, or that is to be made."""

    target: Target
    batch: Batch | None = None
    change: BatchChange | None = None
    draft: Batch | None = None

    @property
    def id(self) -> str | None:
        """The id of the batch, None while it is not there."""
        is_there = self.target.number is not None
        found = self.batch or self.draft
        return found.id if found and is_there else None

    @property
    def name(self) -> str:
        """What the batch is called, or will be."""
        found = self.batch or self.draft
        return found.name if found else self.target.wish.name or self.target.wish.prefix


def aimed(unit: Unit, house: House, wishes: Sequence[Wish]) -> list[Aim]:
    """Where each wish leads."""
    named = rows.named(unit)
    return [_aim(unit, house, wish, named) for wish in wishes]


def apply_changes(unit: Unit, house: House, aims: Sequence[Aim]) -> None:
    """Change the batches of which something is to change, each in a transaction of its own."""
    for aim in aims:
        if aim.batch is None or aim.change is None or not aim.target.is_changed:
            continue
        try:
            code_batches.change_batch(unit, house, batch=aim.batch.id, change=aim.change)
        except (Invalid, Conflict) as refusal:
            unit.rollback()
            aim.target.fault = _fault(refusal, aim.target.wish)


def _aim(unit: Unit, house: House, wish: Wish, named: Sequence[Named]) -> Aim:
    aim = Aim(Target(wish))
    found = _meant(wish, named)
    if len(found) > 1:
        aim.target.fault = Column.BATCH, LineFault.BATCH_AMBIGUOUS
    elif not found and wish.name.startswith("cb_"):
        aim.target.fault = Column.BATCH, LineFault.UNKNOWN
    else:
        try:
            _plan(unit, house, aim, found)
        except (Invalid, Conflict) as refusal:
            aim.target.fault = _fault(refusal, wish)
    return aim


def _plan(unit: Unit, house: House, aim: Aim, found: Sequence[Named]) -> None:
    wish = aim.target.wish
    if found:
        _plan_change(unit, aim, found[0].id)
    elif "effect" in wish.said:
        name = wish.name or wish.prefix
        wanted = NewBatch(name=name, prefix=wish.prefix, count=1, **wish.said)
        aim.draft = code_batches.checked_batch(unit, house, wanted=wanted)


def _meant(wish: Wish, named: Sequence[Named]) -> list[Named]:
    """The batches that a wish may mean; one without a name likes what such a list has made."""
    same = [one for one in named if is_prefix(wish.prefix, one.prefix)]
    if wish.name:
        return [one for one in same if wish.name in {one.id, one.name}]
    made = [one for one in same if one.name == wish.prefix]
    return made if len(made) == 1 else same


def _plan_change(unit: Unit, aim: Aim, batch: str) -> None:
    """Find out whether a batch changes by what lines say of it, and whether it may."""
    wish = aim.target.wish
    aim.batch = old = code_batches.get_batch(unit, batch=batch)
    if old.state is BatchState.BUILDING:
        raise Conflict("batch_building")
    aim.target.number, aim.target.room = old.number, max(0, MOST - old.count)
    said = dict(wish.said)
    if said.get("offers") is not None and set(said["offers"]) == set(old.offers or ()):
        del said["offers"]  # the same ones in another order
    aim.change = BatchChange(**said)
    aim.target.is_changed = code_batches.planned(unit, old, aim.change) != old


def _fault(refusal: Invalid | Conflict, wish: Wish) -> tuple[Column, LineFault]:
    """Where a refusal belongs in the list."""
    if isinstance(refusal, Conflict):
        is_effect = refusal.reason == "batch_redeemed"
        column = _effect_column(wish) if is_effect else Column.BATCH
        return column, LineFault(refusal.reason)
    error = refusal.errors[0]
    if error.field.startswith("effect"):
        return _effect_column(wish), LineFault(error.problem)
    return column_of(error.field, None), LineFault(error.problem)


def _effect_column(wish: Wish) -> Column:
    effect = wish.said.get("effect")
    return column_of("effect", effect) if isinstance(effect, Effect) else Column.LINE
