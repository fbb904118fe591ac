"""The batches of discount codes; in the store room.

Whoever makes the codes of a batch holds a lease with a fencing number: one that was taken for
dead and comes back finds that another has gone on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping

from ticketing.domain.codes import Batch, BatchState, Effect, EffectKind, Tally
from ticketing.store import schema
from ticketing.store.prepared import Row
from ticketing.store.unit import Unit

T = schema.code_batches.c
_C, _V = schema.codes.c, schema.code_visitors.c
_BUILDING = T.state == BatchState.BUILDING.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch whose codes are to be made, by whoever has this fencing number."""

    batch: Batch
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTally:
    """What all batches of a tag have come to; None: those without one."""

    tag: str | None
    batches: int
    tally: Tally


# ------------------------------------------------------------ making
def add(unit: Unit, batch: Batch, *, lease_until: datetime | None) -> Claim | None:
    """Store a new batch without codes; its maker holds it until then, None: nobody yet.

    Returns:
        None if there is a batch of that id.
    """
    fence = 0 if lease_until is None else 1
    added = {"state": BatchState.BUILDING.value, "lease_until": lease_until, "fence": fence}
    row = _inserted(unit, batch, added)
    return None if row is None else Claim(batch=to_batch(row), fence=fence)


def add_stopped(unit: Unit, batch: Batch) -> Batch:
    """Store a new batch that gets its codes from outside; it has none and is stopped."""
    added = {"state": BatchState.STOPPED.value, "lease_until": None, "fence": 0, "count": 0}
    row = _inserted(unit, batch, added)
    if row is None:  # pragma: no cover  its id was drawn just now
        raise ValueError("there is a batch of that id")
    return to_batch(row)


def _inserted(unit: Unit, batch: Batch, added: dict[str, Any]) -> RowMapping | None:
    """The row; None if there is a batch of that id."""
    values = _columns(batch) | {
        "created_at": batch.created_at,
        "created_by": batch.created_by,
        "version": 0,
        **dict.fromkeys(_TALLY, 0),
    }
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    statement = into(schema.code_batches).values(values | added)
    new = statement.on_conflict_do_nothing(index_elements=[T.id])
    return unit.run(new.returning(*T)).mappings().first()


def grow(unit: Unit, number: int, n: int) -> None:
    """Note so many more codes that came from outside."""
    grown = {"count": T.count + n, "made": T.made + n}
    unit.run(update(schema.code_batches).where(T.number == number).values(grown))


def publish(unit: Unit, numbers: Sequence[int]) -> None:
    """Let the codes of batches be used that were stopped while they came."""
    is_stopped = T.state == BatchState.STOPPED.value
    values = {"state": BatchState.READY.value, "version": T.version + 1}
    unit.run(update(schema.code_batches).where(T.number.in_(numbers), is_stopped).values(values))


def claim(unit: Unit, *, now: datetime, lease_until: datetime) -> Claim | None:
    """The oldest batch that nobody makes, for whoever asks first; None if there is none."""
    is_free = or_(T.lease_until.is_(None), T.lease_until < now)
    first = select(func.min(T.number)).where(_BUILDING, is_free).scalar_subquery()
    statement = (
        update(schema.code_batches)
        .where(T.number == first, _BUILDING, is_free)
        .values(lease_until=lease_until, fence=T.fence + 1)
        .returning(*T)
    )
    row = unit.run(statement).mappings().first()
    return None if row is None else Claim(batch=to_batch(row), fence=row[T.fence])


def is_any_waiting(unit: Unit, *, now: datetime) -> bool:
    """Whether there is a batch to be made that nobody makes."""
    is_free = or_(T.lease_until.is_(None), T.lease_until < now)
    return unit.run(select(T.number).where(_BUILDING, is_free).limit(1)).first() is not None


def extend(unit: Unit, claim: Claim, made: int, *, lease_until: datetime) -> int | None:
    """Note so many more codes of a claim; how many it has now, None if another has gone on.

    The one that makes it complete publishes it.
    """
    total = T.made + made
    is_complete = total >= T.count
    statement = (
        update(schema.code_batches)
        .where(_is_held(claim))
        .values(
            made=total,
            lease_until=lease_until,
            state=case((is_complete, BatchState.READY.value), else_=T.state),
        )
        .returning(T.made)
    )
    found = unit.run(statement).scalar_one_or_none()
    return None if found is None else int(found)


def let_go(unit: Unit, claim: Claim) -> None:
    """Leave a batch to the next maker at once."""
    unit.run(update(schema.code_batches).where(_is_held(claim)).values(lease_until=None))


def fail(unit: Unit, claim: Claim) -> bool:
    """Give a batch up; False if another has gone on."""
    statement = (
        update(schema.code_batches)
        .where(_is_held(claim))
        .values(state=BatchState.FAILED.value, lease_until=None, version=T.version + 1)
        .returning(T.number)
    )
    return unit.run(statement).first() is not None


def _is_held(claim: Claim) -> ColumnElement[bool]:
    return (T.number == claim.batch.number) & (T.fence == claim.fence) & _BUILDING


# ------------------------------------------------------------ reading
def find(unit: Unit, batch_id: str) -> Batch | None:
    """The batch of an id."""
    row = unit.run(select(schema.code_batches).where(T.id == batch_id)).mappings().first()
    return None if row is None else to_batch(row)


def hold(unit: Unit, batch_id: str) -> Batch | None:
    """The same, and nobody else changes it until the transaction ends."""
    query = select(schema.code_batches).where(T.id == batch_id)
    row = unit.run(query if unit.is_sqlite else query.with_for_update()).mappings().first()
    return None if row is None else to_batch(row)


def page(unit: Unit, *, before: int | None, tag: str | None, limit: int) -> tuple[Batch, ...]:
    """Batches, the newest first, made before the one of a number."""
    query = select(schema.code_batches).order_by(T.number.desc()).limit(limit)
    if before is not None:
        query = query.where(T.number < before)
    if tag is not None:
        query = query.where(T.tag == tag)
    return tuple(to_batch(row) for row in unit.run(query).mappings())


def tags(unit: Unit) -> tuple[TagTally, ...]:
    """What the batches of each tag have come to."""
    sums = [func.sum(T[name]).label(name) for name in _TALLY]
    query = select(T.tag, func.count().label("batches"), *sums).group_by(T.tag).order_by(T.tag)
    return tuple(
        TagTally(
            tag=row["tag"],
            batches=int(row["batches"]),
            tally=Tally(**{name: int(row[name]) for name in _TALLY}),
        )
        for row in unit.run(query).mappings()
    )


# ------------------------------------------------------------ changing
def change(unit: Unit, batch: Batch) -> None:
    """Store a batch's new facts and state; redemptions under way ask again."""
    values = _columns(batch) | {"state": batch.state.value, "version": T.version + 1}
    unit.run(update(schema.code_batches).where(T.number == batch.number).values(values))


def most_uses(unit: Unit, number: int) -> int:
    """The greatest number of uses that any of its codes has; by an index of the used ones."""
    query = select(_C.uses).where(_C.batch == number, _C.uses > 0)
    found = unit.run(query.order_by(_C.uses.desc()).limit(1)).scalar_one_or_none()
    return int(found or 0)


def most_of_a_visitor(unit: Unit, number: int) -> int:
    """The greatest number of uses that any visitor has."""
    return int(unit.run(select(func.max(_V.n)).where(_V.batch == number)).scalar_one() or 0)


def count(unit: Unit, number: int, what: str, n: int) -> None:
    """Add to one figure of a batch's tally."""
    changed = {what: T[what] + n}
    unit.run(update(schema.code_batches).where(T.number == number).values(changed))


def drop(unit: Unit, number: int) -> bool:
    """Take a batch away that has no code any more; False if it has."""
    unit.run(delete(schema.code_visitors).where(_V.batch == number))
    has_codes = exists().where(_C.batch == number)
    statement = delete(schema.code_batches).where(T.number == number, ~has_codes)
    return unit.run(statement.returning(T.number)).first() is not None


# ------------------------------------------------------------ rows
_TALLY = ("made", "sent", "delivered", "used", "redeemed", "released", "given_cents")
_PLAIN = (
    "id",
    "name",
    "prefix",
    "count",
    "valid_from",
    "valid_until",
    "max_uses",
    "per_visitor",
    "min_amount_cents",
    "budget_cents",
    "tag",
    "note",
)


def to_batch(row: Row) -> Batch:
    """The batch of a row that holds the table's columns."""
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    offers: list[str] | None = row[T.offers]
    return Batch(
        **plain,
        effect=Effect(EffectKind(row[T.kind]), row[T.value]),
        offers=None if offers is None else tuple(offers),
        state=BatchState(row[T.state]),
        created_at=row[T.created_at],
        created_by=row[T.created_by],
        number=row[T.number],
        version=row[T.version],
        tally=Tally(**{name: int(row[T[name]]) for name in _TALLY}),
    )


def _columns(batch: Batch) -> dict[str, Any]:
    plain = {name: getattr(batch, name) for name in _PLAIN}
    return plain | {
        "kind": batch.effect.kind.value,
        "value": batch.effect.value,
        "offers": None if batch.offers is None else list(batch.offers),
    }
