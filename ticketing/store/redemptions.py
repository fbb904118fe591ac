"""What was redeemed; in the store room.

A redemption is a row under its caller's id, and three conditional updates behind it: the uses
of its code, those of its visitor, and last, because every other redemption of the batch waits
for it, the batch with its budget. Of two who are at the last use one finds nothing written.

The batch's version says that it still is what the discount was worked out from: an edit, a
stop, a new limit makes whoever is under way ask again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.domain.code_texts import CodeBits
from ticketing.domain.codes import Batch, RedemptionState
from ticketing.domain.ids import VisitorId
from ticketing.store import code_batches, positions, schema
from ticketing.store.codes import Found
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit

T = schema.redemptions.c
_B, _C, _V = schema.code_batches.c, schema.codes.c, schema.code_visitors.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One redemption. `asked` (16 bytes) tells what was asked for; the same id asks the same.

    `offer` is its number; `amount_cents` None where nobody knew it; `source` is `api` or `gate`.
    """

    id: str
    code: CodeBits
    batch: int
    state: RedemptionState
    offer: int | None
    amount_cents: int | None
    off_cents: int
    visitor: VisitorId | None
    gate: str | None
    station: str | None
    source: str
    asked: bytes
    at: datetime
    released_at: datetime | None = None


def find(unit: Unit, redemption_id: str) -> Redemption | None:
    """The redemption of an id."""
    rows = unit.fetch(_FIND, {"key_id": redemption_id})
    return to_redemption(rows[0]) if rows else None


def of_code(unit: Unit, bits: CodeBits, *, limit: int) -> tuple[Redemption, ...]:
    """The newest redemptions of a code."""
    query = select(schema.redemptions).where(T.code == bits).order_by(T.at.desc()).limit(limit)
    return tuple(to_redemption(row) for row in unit.run(query).mappings())


def of_visitor(
    unit: Unit, visitor: VisitorId, *, limit: int
) -> tuple[tuple[Redemption, Batch], ...]:
    """The newest redemptions of a visitor, each with the batch of its code."""
    batches = schema.code_batches
    query = select(schema.redemptions, batches).join(batches, _B.number == T.batch)
    query = query.where(T.visitor == visitor).order_by(T.at.desc(), T.id).limit(limit)
    rows = unit.run(query).mappings()
    return tuple((to_redemption(row), code_batches.to_batch(row)) for row in rows)


def forget(unit: Unit, visitor: VisitorId, *, limit: int) -> int:
    """Take a visitor off some redemptions and what was counted by them; how many there were."""
    found = unit.run(select(T.id, T.batch).where(T.visitor == visitor).limit(limit)).all()
    if found:
        of_them = (_V.visitor == visitor, _V.batch.in_({row.batch for row in found}))
        unit.run(delete(schema.code_visitors).where(*of_them))
        ids = [row.id for row in found]
        unit.run(update(schema.redemptions).where(T.id.in_(ids)).values(visitor=None))
    return len(found)


def uses_of(unit: Unit, *, batch: int, visitor: VisitorId) -> int:
    """How often a visitor has used a batch."""
    query = select(_V.n).where(_V.batch == batch, _V.visitor == visitor)
    return int(unit.run(query).scalar_one_or_none() or 0)


def add(unit: Unit, one: Redemption, *, found: Found) -> bool:
    """Write a redemption and all that it uses up, in the caller's transaction.

    False if its id is there already, or if somebody was faster with the last of anything: the
    caller rolls back and looks again.
    """
    if not unit.fetch(_ADD[unit.is_sqlite], {name: getattr(one, name) for name in _GIVEN}):
        return False
    batch, code = found.batch, found.code
    most = batch.max_uses if batch.max_uses is not None else _ANY
    values = {"key_bits": one.code, "most": most, "used_at": one.at, "owner": code.visitor}
    uses = unit.fetch(_USE, values)
    if not uses or not _is_counted(unit, one, most=batch.per_visitor):
        return False
    booked = {
        "key_number": batch.number,
        "seen_version": batch.version,
        "off": one.off_cents,
        "first": int(uses[0][_C.uses] == 1),
    }
    return bool(unit.fetch(_BOOK, booked))


def release(unit: Unit, one: Redemption, *, at: datetime) -> bool:
    """Give back once what a redemption used up, in the caller's transaction.

    False if it has been released meanwhile.
    """
    pos = positions.next_in(schema.redemptions, is_sqlite=unit.is_sqlite)
    held = (T.id == one.id) & (T.state == RedemptionState.REDEEMED.value)
    mark = update(schema.redemptions).where(held)
    values = {"state": RedemptionState.RELEASED.value, "released_at": at, "pos": pos}
    if unit.run(mark.values(values).returning(T.id)).first() is None:
        return False
    left = unit.run(_unused(one.code)).scalar_one()
    if one.visitor is not None:
        own = (_V.batch == one.batch) & (_V.visitor == one.visitor)
        unit.run(update(schema.code_visitors).where(own, _V.n > 0).values(n=_V.n - 1))
    unit.run(
        update(schema.code_batches)
        .where(_B.number == one.batch)
        .values(
            redeemed=_B.redeemed - 1,
            released=_B.released + 1,
            given_cents=_B.given_cents - one.off_cents,
            used=_B.used - int(left == 0),
        )
    )
    return True


def _unused(bits: CodeBits) -> Any:  # noqa: ANN401  an update with its returning
    was_last = _C.uses <= 1
    return (
        update(schema.codes)
        .where(_C.bits == bits)
        .values(
            uses=case((was_last, 0), else_=_C.uses - 1),
            first_at=case((was_last, None), else_=_C.first_at),
            last_at=case((was_last, None), else_=_C.last_at),
        )
        .returning(_C.uses)
    )


def _is_counted(unit: Unit, one: Redemption, *, most: int | None) -> bool:
    """Count a use of a known visitor, also where nothing limits it yet; False at the limit."""
    if one.visitor is None:
        return True
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    fresh = into(schema.code_visitors).values(batch=one.batch, visitor=one.visitor, n=1)
    statement = fresh.on_conflict_do_update(
        index_elements=[_V.batch, _V.visitor],
        set_={"n": _V.n + 1},
        where=_V.n < (_ANY if most is None else most),
    )
    return unit.run(statement.returning(_V.n)).first() is not None


# ------------------------------------------------------------ rows
_ANY = 2**31 - 1
_GIVEN = (
    "id",
    "code",
    "batch",
    "state",
    "offer",
    "amount_cents",
    "off_cents",
    "visitor",
    "gate",
    "station",
    "source",
    "asked",
    "at",
)


def to_redemption(row: Row) -> Redemption:
    """The redemption of a row that holds the table's columns."""
    plain: dict[str, Any] = {name: row[T[name]] for name in (*_GIVEN, "released_at")}
    return Redemption(**plain | {"state": RedemptionState(row[T.state])})


def _add(*, is_sqlite: bool) -> Prepared:
    into = sqlite.insert if is_sqlite else postgresql.insert
    values = {name: bindparam(name, type_=T[name].type) for name in _GIVEN}
    pos = positions.next_in(schema.redemptions, is_sqlite=is_sqlite)
    statement = into(schema.redemptions).values(values | {"pos": pos})
    return Prepared(statement.on_conflict_do_nothing().returning(T.id))


def _use() -> Update:
    owner = bindparam("owner", type_=_C.visitor.type)
    used_at = bindparam("used_at", type_=_C.last_at.type)
    return (
        update(schema.codes)
        .where(
            _C.bits == bindparam("key_bits", type_=_C.bits.type),
            _C.uses < bindparam("most", type_=_C.uses.type),
            _C.visitor.is_not_distinct_from(owner),
        )
        .values(uses=_C.uses + 1, first_at=func.coalesce(_C.first_at, used_at), last_at=used_at)
    )


def _book() -> Update:
    off = bindparam("off", type_=_B.given_cents.type)
    has_money = or_(_B.budget_cents.is_(None), _B.given_cents + off <= _B.budget_cents)
    is_same = and_(
        _B.number == bindparam("key_number", type_=_B.number.type),
        _B.version == bindparam("seen_version", type_=_B.version.type),
    )
    return (
        update(schema.code_batches)
        .where(is_same, has_money)
        .values(
            redeemed=_B.redeemed + 1,
            given_cents=_B.given_cents + off,
            used=_B.used + bindparam("first", type_=_B.used.type),
        )
    )


_FIND = Prepared(select(schema.redemptions).where(T.id == bindparam("key_id")))
_ADD = {True: _add(is_sqlite=True), False: _add(is_sqlite=False)}
_USE = Prepared(_use().returning(_C.uses))
_BOOK = Prepared(_book().returning(_B.number))
