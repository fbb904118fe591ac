"""Which batches the lines of a list mean, and what becomes of those; in the service room.

A name means the one batch of that name and prefix, an id that batch. Where nothing is named, a
code belongs to the only batch of its prefix, or to the one that is called like it. What is not
there is made. Lines that mean one batch by different names are about one batch.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ticketing.domain.code_imports import Column, LineFault, Target, Wish, column_of
from ticketing.domain.code_texts import is_prefix
from ticketing.domain.codes import MOST, Batch, BatchState, Effect
from ticketing.service import code_batches
from ticketing.service.code_batches import BatchChange, NewBatch
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.store import code_imports as rows
from ticketing.store.code_imports import Named
from ticketing.store.unit import Unit
from ticketing.wire.check import fold


@dataclass(slots=True, eq=False)
class Aim:
    """A target with its batch: that is there, with what changes of it, or that is to be made.

    `means` is the id of the one that is there, "" for none; `called` and `prefix` are what it
    is made with, if it is.
    """

    means: str
    called: str
    prefix: str
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
    def plan(self) -> list[Any]:
        """Where it leads, as JSON, for whoever goes on: the id, whether it is new, the fault."""
        id_ = self.means or (self.draft.id if self.draft else "")
        return [id_, self.draft is not None, *(self.target.fault or ("", ""))]

    @property
    def name(self) -> str:
        """What the batch is called, or will be."""
        return self.batch.name if self.batch else self.called


def aimed(unit: Unit, house: House, wishes: Sequence[Wish]) -> list[Aim]:
    """Where each wish leads; those that mean one batch lead to one aim."""
    named = rows.named(unit)
    by_batch: dict[tuple[str, str], Aim] = {}
    aims = [_aim(wish, _meant(wish, named), by_batch) for wish in wishes]
    for aim in by_batch.values():
        _planned(unit, house, aim)
    return aims


def aimed_again(
    unit: Unit,
    house: House,
    wishes: Sequence[Wish],
    *,
    plans: Sequence[Sequence[Any]],
    settled: Container[str],
) -> list[Aim]:
    """Where each wish led when the import began, whatever batches have been made since.

    What the import has made or changed already is `settled`.
    """
    by_batch: dict[str, Aim] = {}
    aims = []
    for wish, (batch, is_new, column, fault) in zip(wishes, plans, strict=True):
        aim = Aim("" if is_new else batch, wish.name or wish.prefix, wish.prefix, Target())
        if fault:
            aim.target.fault = Column(column), LineFault(fault)
        elif batch:
            aim = by_batch.setdefault(batch, aim)
            aim.target.said |= wish.said
        aims.append(aim)
    for batch, aim in by_batch.items():
        try:
            _plan_again(unit, house, aim, batch, is_settled=batch in settled)
        except (Invalid, Conflict, NotFound) as refusal:
            aim.target.fault = _fault(refusal, aim.target.said)
    return aims


def _plan_again(unit: Unit, house: House, aim: Aim, batch: str, *, is_settled: bool) -> None:
    if is_settled:
        aim.means = batch
        _find(unit, aim)
        return
    _plan(unit, house, aim)
    if aim.draft is not None:
        aim.draft = replace(aim.draft, id=batch)


def look_again(unit: Unit, house: House, aims: Sequence[Aim]) -> bool:
    """Whether another list has made a batch meanwhile that was to be made; lines lead there now."""
    named, is_one_there = rows.named(unit), False
    for aim in dict.fromkeys(aims):
        if aim.draft is None or aim.target.number is not None:
            continue
        found = [one for one in named if _is_called(one, aim)]
        if found:
            is_one_there = True
            aim.means, aim.draft = found[0].id, None
            _planned(unit, house, aim)
    return is_one_there


def _is_called(one: Named, aim: Aim) -> bool:
    return one.name == aim.called and is_prefix(aim.prefix, one.prefix)


def _planned(unit: Unit, house: House, aim: Aim) -> None:
    try:
        _plan(unit, house, aim)
    except (Invalid, Conflict, NotFound) as refusal:
        aim.target.fault = _fault(refusal, aim.target.said)


def apply_change(unit: Unit, house: House, aim: Aim) -> bool:
    """Change a batch within the caller's transaction; False if it may not change any more."""
    if aim.change is None:  # pragma: no cover  what changes has a change
        raise RuntimeError("nothing to change")
    try:
        code_batches.change_held(unit, house, batch=aim.means, change=aim.change)
    except (Invalid, Conflict, NotFound) as refusal:
        aim.target.fault, aim.target.is_changed = _fault(refusal, aim.target.said), False
        return False
    return True


def _meant(wish: Wish, named: Sequence[Named]) -> list[Named]:
    """The batches that a wish may mean; one without a name likes what such a list has made."""
    same = [one for one in named if is_prefix(wish.prefix, one.prefix)]
    if wish.name:
        return [one for one in same if wish.name in {one.id, one.name}]
    made = [one for one in same if one.name == wish.prefix]
    return made if len(made) == 1 else same


def _aim(wish: Wish, found: Sequence[Named], by_batch: dict[tuple[str, str], Aim]) -> Aim:
    """The aim of a wish: that of an earlier one, if both mean one batch and agree about it."""
    called = wish.name or wish.prefix
    if len(found) > 1:
        return Aim("", called, wish.prefix, Target(fault=(Column.BATCH, LineFault.BATCH_AMBIGUOUS)))
    if not found and wish.name.startswith("cb_"):
        return Aim("", called, wish.prefix, Target(fault=(Column.BATCH, LineFault.UNKNOWN)))
    means = found[0].id if found else ""
    key = (means, "") if means else (called, fold(wish.prefix))
    said = by_batch[key].target.said if key in by_batch else {}
    for field, value in wish.said.items():
        if said.get(field, value) != value:
            fault = column_of(field, value), LineFault.DIFFERS
            return Aim("", called, wish.prefix, Target(fault=fault))
    aim = by_batch.setdefault(key, Aim(means, called, wish.prefix, Target()))
    aim.target.said |= wish.said
    return aim


def _plan(unit: Unit, house: House, aim: Aim) -> None:
    if aim.means:
        _plan_change(unit, house, aim)
    elif "effect" in aim.target.said:
        wanted = NewBatch(name=aim.called, prefix=aim.prefix, count=1, **aim.target.said)
        aim.draft = code_batches.checked_batch(unit, house, wanted=wanted, may_be_over=True)


def _plan_change(unit: Unit, house: House, aim: Aim) -> None:
    """Find out whether a batch changes by what lines say of it, and whether it may."""
    old = _find(unit, aim)
    if old.state is BatchState.BUILDING:
        raise Conflict("batch_building")
    said = dict(aim.target.said)
    if said.get("offers") is not None and set(said["offers"]) == set(old.offers or ()):
        del said["offers"]  # the same ones in another order
    aim.change = BatchChange(**said)
    aim.target.is_changed = code_batches.planned(unit, house, old, aim.change) != old


def _find(unit: Unit, aim: Aim) -> Batch:
    aim.batch = found = code_batches.get_batch(unit, batch=aim.means)
    aim.target.number, aim.target.room = found.number, max(0, MOST - found.count)
    return found


def _fault(
    refusal: Invalid | Conflict | NotFound, said: Mapping[str, Any]
) -> tuple[Column, LineFault]:
    """Where a refusal belongs in the list."""
    if isinstance(refusal, NotFound):
        return Column.BATCH, LineFault.UNKNOWN
    if isinstance(refusal, Conflict):
        is_effect = refusal.reason == "batch_redeemed"
        column = _effect_column(said) if is_effect else Column.BATCH
        return column, LineFault(refusal.reason)
    error = refusal.errors[0]
    if error.field.startswith("effect"):
        return _effect_column(said), LineFault(error.problem)
    return column_of(error.field, None), LineFault(error.problem)


def _effect_column(said: Mapping[str, Any]) -> Column:
    effect = said.get("effect")
    return column_of("effect", effect) if isinstance(effect, Effect) else Column.LINE
