"""Batches of discount codes: made, looked at, changed, stopped, taken away; in the service room.

`by` says who does it, for the record of the house: an id of staff or of an API key, `cli` for
the command line.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from ticketing.domain import codes as rules
from ticketing.domain.codes import Batch, Effect
from ticketing.service import code_making
from ticketing.service.errors import FieldError, Invalid, NotFound, as_invalid
from ticketing.service.ports import House
from ticketing.store import code_batches as rows
from ticketing.store import offers as offer_rows
from ticketing.store.code_batches import Claim
from ticketing.store.unit import Unit

AT_ONCE: Final = 5_000
"""A batch of no more codes is ready when the call that makes it returns."""
_ID_BYTES = 8


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


def create_batch(unit: Unit, house: House, *, wanted: NewBatch, by: str | None) -> Batch:
    """Make a batch: a small one at once, the codes of a large one are left to a worker.

    Returns:
        The batch, ready or building; its tally says how many codes it has.

    Raises:
        Invalid: With an error for each field that is wrong, offers that do not exist too.
    """
    batch = _checked(unit, house, wanted, by)
    if batch.count > AT_ONCE:
        return _stored(unit, house, batch, is_held=False).batch
    claim = _stored(unit, house, batch, is_held=True)
    code_making.make_all(unit, house, claim)
    return get_batch(unit, batch=claim.batch.id)


def begin_batch(unit: Unit, house: House, *, wanted: NewBatch, by: str | None) -> Claim:
    """Store a batch whose codes the caller makes itself, by `code_making.make_all`.

    Raises:
        Invalid: As `create_batch`.
    """
    return _stored(unit, house, _checked(unit, house, wanted, by), is_held=True)


def get_batch(unit: Unit, *, batch: str) -> Batch:
    """The batch of an id.

    Raises:
        NotFound: `batch`.
    """
    found = rows.find(unit, batch)
    if found is None:
        raise NotFound("batch")
    return found


# ------------------------------------------------------------ parts of the above
def _checked(unit: Unit, house: House, wanted: NewBatch, by: str | None) -> Batch:
    plain = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    batch = Batch(
        **plain,
        id=f"cb_{house.chance.draw(_ID_BYTES).hex()}",
        created_at=house.clock.now(),
        created_by=by,
    )
    with as_invalid():
        rules.checked(batch)
    _check_offers(unit, batch)
    return batch


def _check_offers(unit: Unit, batch: Batch) -> None:
    known = {offer.slug for offer in offer_rows.listed(unit)}
    if not known.issuperset(batch.offers or ()):
        raise Invalid(FieldError("offers", "unknown"))


def _stored(unit: Unit, house: House, batch: Batch, *, is_held: bool) -> Claim:
    lease_until = house.clock.now() + code_making.LEASE if is_held else None
    unit.begin()
    claim = rows.add(unit, batch, lease_until=lease_until)
    unit.commit()
    return claim
