"""Batches of discount codes: made, looked at, changed, stopped, taken away; in the service room.

What has been promised stays: no limit goes below what is used, what a code does cannot change
once one was redeemed, and a redeemed code cannot be taken away.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from ticketing.domain import batch_checks as checks
from ticketing.domain.codes import Batch, BatchState, Effect
from ticketing.service import audit, code_making, once
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, as_invalid
from ticketing.service.offers import KEEP, Keep
from ticketing.service.pages import LIMIT, Page
from ticketing.service.ports import House
from ticketing.store import code_batches as rows
from ticketing.store import offers as offer_rows
from ticketing.store.code_batches import Claim, TagTally
from ticketing.store.unit import Unit

AT_ONCE: Final = 5_000
"""A batch of no more codes is ready when the call that makes it returns."""
_ID_DIGITS = 16
_NUMBER_DIGITS = 9
__all__ = ["KEEP", "Claim", "TagTally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """A batch to be made; as `domain.codes.Batch`."""

    name: str
    prefix: str
    count: int
    effect: Effect
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    max_uses: int | None = 1
    per_visitor: int | None = None
    offers: tuple[str, ...] | None = None
    min_amount_cents: int | None = None
    budget_cents: int | None = None
    tag: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChange:
    """What to change of a batch; KEEP, and None for name and effect, leave it as it is.

    `version` is the one that was looked at: if somebody has changed it since, that is said.
    """

    name: str | None = None
    effect: Effect | None = None
    valid_from: datetime | Keep | None = KEEP
    valid_until: datetime | Keep | None = KEEP
    max_uses: int | Keep | None = KEEP
    per_visitor: int | Keep | None = KEEP
    offers: tuple[str, ...] | Keep | None = KEEP
    min_amount_cents: int | Keep | None = KEEP
    budget_cents: int | Keep | None = KEEP
    tag: str | Keep | None = KEEP
    note: str | Keep | None = KEEP
    version: int | None = None


def create_batch(unit: Unit, house: House, *, wanted: NewBatch, token: str = "") -> Batch:
    """Make a batch: a small one at once, the codes of a large one are left to a worker.

    Returns:
        The batch, ready or building; its tally says how many codes it has. For a form's `token`
        (`once`) that made one already it is that one.

    Raises:
        Invalid: With an error for each field that is wrong, offers that do not exist too.
    """
    batch = checked_batch(unit, house, wanted=wanted, token=token)
    is_small = batch.count <= AT_ONCE
    claim = _stored(unit, house, batch, lease=is_small)
    if claim is not None and is_small:
        code_making.make_all(unit, house, claim)
    return get_batch(unit, batch=batch.id)


def checked_batch(
    unit: Unit, house: House, *, wanted: NewBatch, token: str = "", may_be_over: bool = False
) -> Batch:
    """A batch as it would be made; nothing is stored. Its id is that of a form's token.

    It `may_be_over` if it comes from elsewhere with what has become of its codes.

    Raises:
        Invalid: As `create_batch`.
    """
    digits = token if once.is_token(token) else once.new_token(house)
    plain = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    batch = Batch(
        **plain,
        id=f"cb_{digits[:_ID_DIGITS]}",
        created_at=house.clock.now(),
        created_by=house.actor.id,
    )
    with as_invalid():
        checks.checked_new(batch, now=None if may_be_over else house.clock.now())
    _check_offers(unit, batch)
    return batch


def add_batch(unit: Unit, house: House, *, batch: Batch) -> Batch:
    """Store a checked batch without codes, stopped, within the caller's transaction.

    Whoever brings its codes publishes it: `store.code_batches.publish`.
    """
    stored = rows.add_stopped(unit, batch)
    _note(unit, house, Action.BATCH_CREATED, before=None, after=stored)
    return stored


def begin_batch(unit: Unit, house: House, *, wanted: NewBatch) -> Claim:
    """Store a batch whose codes the caller makes itself, by `code_making.make_all`.

    Raises:
        Invalid: As `create_batch`.
    """
    claim = _stored(unit, house, checked_batch(unit, house, wanted=wanted), lease=True)
    if claim is None:  # pragma: no cover  a drawn id is nobody else's
        raise ValueError("there is a batch of that id")
    return claim


def get_batch(unit: Unit, *, batch: str) -> Batch:
    """The batch of an id.

    Raises:
        NotFound: `batch`.
    """
    found = rows.find(unit, batch)
    if found is None:
        raise NotFound("batch")
    return found


def list_batches(
    unit: Unit, *, tag: str | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[Batch]:
    """Batches, the newest first, all or those of a tag.

    Raises:
        Invalid: A cursor that was not given out.
    """
    found = rows.page(unit, before=number_of(cursor), tag=tag, limit=limit + 1)
    items = found[:limit]
    return Page(items, str(items[-1].number) if len(found) > limit else None)


def list_tags(unit: Unit) -> tuple[TagTally, ...]:
    """What the batches of each tag have come to; the tag None stands for those without one."""
    return rows.tags(unit)


# ------------------------------------------------------------ changing
def change_batch(unit: Unit, house: House, *, batch: str, change: BatchChange) -> Batch:
    """Change a batch; what its redemptions rest on stays.

    Raises:
        NotFound: `batch`.
        Invalid: With an error for each field that is wrong; `below_used` for a limit below
            what is used already.
        Conflict: `changed` since the version that was looked at; `batch_building`,
            `batch_failed`; `batch_redeemed` for another effect after the first redemption.
    """
    unit.begin()  # before reading: of two changes at once neither may undo the other
    change_held(unit, house, batch=batch, change=change)
    unit.commit()
    return get_batch(unit, batch=batch)


def change_held(unit: Unit, house: House, *, batch: str, change: BatchChange) -> None:
    """Change a batch within the caller's transaction.

    Raises:
        NotFound, Invalid, Conflict: As `change_batch`; nothing is written then.
    """
    old = held(unit, batch)
    if change.version is not None and change.version != old.version:
        raise Conflict("changed")
    new = planned(unit, house, old, change)
    rows.change(unit, new)
    _note(unit, house, Action.BATCH_CHANGED, before=old, after=new)


def planned(unit: Unit, house: House, old: Batch, change: BatchChange) -> Batch:
    """A batch as a change would leave it; nothing is stored.

    Raises:
        Invalid, Conflict: As `change_batch`.
    """
    new = changed(old, change)
    with as_invalid():
        checks.checked_change(old, new, now=house.clock.now())
    _check_offers(unit, new)
    if new.effect != old.effect and old.is_touched:
        raise Conflict("batch_redeemed")
    _check_used(unit, old, new)
    return new


def stop_batch(unit: Unit, house: House, *, batch: str) -> Batch:
    """Let none of its codes be redeemed any more, until it is resumed; again changes nothing.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_building`, `batch_failed`.
    """
    return _switched(unit, house, batch, to=BatchState.STOPPED)


def resume_batch(unit: Unit, house: House, *, batch: str) -> Batch:
    """Let its codes be redeemed again; again changes nothing.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_building`, `batch_failed`.
    """
    return _switched(unit, house, batch, to=BatchState.READY)


def delete_batch(unit: Unit, house: House, *, batch: str) -> int:
    """Take a batch away of which nobody has ever redeemed a code; how many codes went.

    It is stopped first, so that nobody redeems one meanwhile; one that is refused stays as it is.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_redeemed`, `batch_building`.
    """
    found = get_batch(unit, batch=batch)
    if found.state is not BatchState.FAILED:
        found = _switched(unit, house, batch, to=BatchState.STOPPED, must_be_untouched=True)
    gone = code_making.drop_codes(unit, found.number)
    unit.begin()
    if not rows.drop(unit, found.number):  # pragma: no cover  stopped: nobody redeems one
        raise Conflict("batch_redeemed")
    _note(unit, house, Action.BATCH_DELETED, before=found, after=None)
    unit.commit()
    return gone


# ------------------------------------------------------------ parts of the above
def number_of(cursor: str | None) -> int | None:
    """The number behind which a page begins: a cursor is the last one's.

    Raises:
        Invalid: A cursor that was not given out.
    """
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _NUMBER_DIGITS):
        raise Invalid(FieldError("cursor", "malformed"))
    return int(cursor)


def _check_offers(unit: Unit, batch: Batch) -> None:
    known = {offer.slug for offer in offer_rows.listed(unit)}
    if not known.issuperset(batch.offers or ()):
        raise Invalid(FieldError("offers", "unknown"))


def _stored(unit: Unit, house: House, batch: Batch, *, lease: bool) -> Claim | None:
    """None if there is a batch of that id."""
    lease_until = house.clock.now() + code_making.LEASE if lease else None
    unit.begin()
    claim = rows.add(unit, batch, lease_until=lease_until)
    if claim is None:
        unit.rollback()
        return None
    _note(unit, house, Action.BATCH_CREATED, before=None, after=claim.batch)
    unit.commit()
    return claim


def held(unit: Unit, batch: str) -> Batch:
    """A batch that nobody else changes until the transaction ends.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_building`, `batch_failed`.
    """
    found = rows.hold(unit, batch)
    if found is None:
        raise NotFound("batch")
    if found.state in {BatchState.BUILDING, BatchState.FAILED}:
        raise Conflict(f"batch_{found.state}")
    return found


def _switched(
    unit: Unit, house: House, batch: str, *, to: BatchState, must_be_untouched: bool = False
) -> Batch:
    unit.begin()
    old = held(unit, batch)
    if must_be_untouched and old.is_touched:
        raise Conflict("batch_redeemed")
    if old.state is to:
        unit.rollback()
        return old
    new = replace(old, state=to)
    rows.change(unit, new)
    _note(unit, house, Action.BATCH_CHANGED, before=old, after=new)
    unit.commit()
    return get_batch(unit, batch=batch)


def changed(old: Batch, change: BatchChange) -> Batch:
    """A batch with what is to be changed laid over it; nothing is checked or stored."""
    told = {field.name: getattr(change, field.name) for field in fields(change)}
    del told["version"]
    always = {"name", "effect"}
    return replace(
        old,
        **{
            name: value
            for name, value in told.items()
            if value is not KEEP and (value is not None or name not in always)
        },
    )


def _check_used(unit: Unit, old: Batch, new: Batch) -> None:
    """No limit goes below what is used: what was redeemed has been promised."""
    errors = []
    if _is_less(new.max_uses, old.max_uses):
        used = rows.most_uses(unit, old.number)
        errors += _below("max_uses", new.max_uses, used)
    if _is_less(new.per_visitor, old.per_visitor):
        used = rows.most_of_a_visitor(unit, old.number)
        errors += _below("per_visitor", new.per_visitor, used)
    errors += _below("budget_cents", new.budget_cents, old.tally.given_cents)
    if errors:
        raise Invalid(*errors)


def _is_less(new: int | None, old: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _below(field: str, limit: int | None, used: int) -> list[FieldError]:
    return [FieldError(field, "below_used")] if limit is not None and limit < used else []


def _note(
    unit: Unit, house: House, action: Action, *, before: Batch | None, after: Batch | None
) -> None:
    one = after or before
    thing = Thing("batch", "" if one is None else one.id)
    old, new = (None if batch is None else _facts(batch) for batch in (before, after))
    audit.note(unit, house, action=action, object=thing, before=old, after=new)


def _facts(batch: Batch) -> dict[str, Any]:
    hidden = {"id", "number", "version", "tally", "created_at", "created_by"}
    return {f.name: getattr(batch, f.name) for f in fields(batch) if f.name not in hidden}
