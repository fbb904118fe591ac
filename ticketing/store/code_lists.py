"""Batches and codes as lists: sorted, filtered, page by page; in the store room.

A batch may have a million codes, so a filter looks at no more than `WINDOW` of them at once
and says how far it has got: a page never takes longer because little matches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, text

from ticketing.domain.codes import KNOWN, Batch, BatchState, Standing
from ticketing.store import code_batches, schema
from ticketing.store.unit import Unit

T, _R = schema.code_batches.c, schema.redemptions.c
WINDOW: Final = 20_000


class BatchSort(StrEnum):
    """What a list of batches is sorted by."""

    NEWEST = "newest"
    NAME = "name"
    UNTIL = "until"
    MADE = "made"
    SENT = "sent"
    DELIVERED = "delivered"
    REDEEMED = "redeemed"
    GIVEN = "given"
    STANDING = "standing"


class CodeState(StrEnum):
    """How far a code has come."""

    OPEN = "open"
    SENT = "sent"
    DELIVERED = "delivered"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBatches:
    """Which batches, in which order, from which on; `tag` "" are those without one.

    How each stands is asked of the moment `now`.
    """

    now: datetime
    standing: Standing | None = None
    tag: str | None = None
    sort: BatchSort = BatchSort.NEWEST
    is_down: bool = False
    start: int = 0
    limit: int = 25


@dataclass(frozen=True, slots=True)
class PlainCode:
    """One code's row as it is stored, times in ms since 1970: for whoever reads many."""

    bits: int
    uses: int
    visitor: bytes | None
    sent_at: int | None
    delivered_at: int | None
    first_at: int | None
    last_at: int | None


@dataclass(frozen=True, slots=True)
class Spent:
    """What the redemptions of a code that stand have come to; `gate` of the last one."""

    off_cents: int
    gate: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some codes, and the bits that were looked at last; None at the end."""

    codes: tuple[PlainCode, ...]
    last: int | None


# ------------------------------------------------------------ batches
_IS_READY: Final = T.state == BatchState.READY.value
_AT: Final = bindparam("at", type_=T.valid_until.type)
_OF_READY: Final = (
    (Standing.OVER, T.valid_until <= _AT),
    (Standing.SPENT, T.given_cents >= T.budget_cents),
    (Standing.LATER, T.valid_from > _AT),
)
_standing: Final = case(
    *((and_(_IS_READY, is_so), one.value) for one, is_so in _OF_READY), else_=T.state
)
"""As `domain.codes.standing`; what is NULL is no limit, and not so."""
_SORTED: Final[Mapping[BatchSort, ColumnElement[Any]]] = {
    BatchSort.NEWEST: -T.number,
    BatchSort.NAME: func.lower(T.name),
    BatchSort.UNTIL: func.coalesce(T.valid_until, 2**53),
    BatchSort.MADE: T.made,
    BatchSort.SENT: T.sent,
    BatchSort.DELIVERED: T.delivered,
    BatchSort.REDEEMED: T.used,
    BatchSort.GIVEN: T.given_cents,
    BatchSort.STANDING: case(
        {one.value: place for place, one in enumerate(Standing)}, value=_standing
    ),
}
"""From the least to the greatest; the newest, and the first of the standings, are the least."""


def batches(unit: Unit, wanted: WantedBatches) -> tuple[tuple[Batch, ...], int]:
    """Some batches, and how many there are of that kind."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.standing is not None:
        conditions.append(_standing == wanted.standing.value)
    if wanted.tag is not None:
        conditions.append(T.tag.is_(None) if not wanted.tag else T.tag == wanted.tag)
    order = _SORTED[wanted.sort]
    query = select(schema.code_batches).where(*conditions)
    query = query.order_by(order.desc() if wanted.is_down else order, T.number.desc())
    at = {"at": wanted.now}
    found = unit.run(query.limit(wanted.limit).offset(wanted.start), at).mappings()
    listed = tuple(code_batches.to_batch(row) for row in found)
    count = select(func.count()).select_from(schema.code_batches).where(*conditions)
    return listed, int(unit.run(count, at).scalar_one())


def most_used(
    unit: Unit, since: datetime, until: datetime, *, limit: int | None
) -> tuple[tuple[Batch, ...], int]:
    """Batches that ran at some time from one moment to another, the most used first; how many.

    By the counters that each row keeps: no code is looked at.
    """
    conditions = (
        T.state.in_([one.value for one in KNOWN]),
        func.coalesce(T.valid_from, T.created_at) < until,
        or_(T.valid_until.is_(None), T.valid_until > since),
    )
    order = (T.used.desc(), T.redeemed.desc(), T.number.desc())
    query = select(schema.code_batches).where(*conditions).order_by(*order).limit(limit)
    found = tuple(code_batches.to_batch(row) for row in unit.run(query).mappings())
    count = select(func.count()).select_from(schema.code_batches).where(*conditions)
    return found, int(unit.run(count).scalar_one())


def of_name(unit: Unit, name: str) -> Batch | None:
    """The newest batch of a name."""
    query = select(schema.code_batches).where(T.name == name).order_by(T.number.desc()).limit(1)
    row = unit.run(query).mappings().first()
    return None if row is None else code_batches.to_batch(row)


# ------------------------------------------------------------ codes
_COLUMNS: Final = "bits, uses, visitor, sent_at, delivered_at, first_at, last_at"
_WINDOW: Final = (
    f"SELECT {_COLUMNS} FROM codes WHERE batch = :number AND bits > :after "  # noqa: S608  fixed words
    "ORDER BY bits LIMIT :most"
)
_PAGE: Final = text(_WINDOW)
_LAST: Final = text(
    "SELECT max(bits) FROM (SELECT bits FROM codes WHERE batch = :number AND bits > :after "
    "ORDER BY bits LIMIT :most) AS looked_at"
)
_IS: Final = {
    CodeState.OPEN: "uses = 0 AND sent_at IS NULL",
    CodeState.SENT: "uses = 0 AND sent_at IS NOT NULL AND delivered_at IS NULL",
    CodeState.DELIVERED: "uses = 0 AND delivered_at IS NOT NULL",
    CodeState.REDEEMED: "uses > 0",
}
_FILTERED: Final = {
    state: text(
        f"SELECT {_COLUMNS} FROM ({_WINDOW}) AS looked_at "  # noqa: S608  fixed words
        f"WHERE {condition} ORDER BY bits LIMIT :limit"
    )
    for state, condition in _IS.items()
}


def page(unit: Unit, number: int, *, after: int, limit: int) -> Part:
    """Codes of a batch behind those bits."""
    rows = unit.run(_PAGE, {"number": number, "after": after, "most": limit})
    found = tuple(PlainCode(*tuple(row)) for row in rows)
    return Part(found, found[-1].bits if len(found) == limit else None)


def filtered(unit: Unit, number: int, state: CodeState, *, after: int, limit: int) -> Part:
    """Those of a state among the next `WINDOW` codes; perhaps none, and yet not at the end."""
    values = {"number": number, "after": after, "most": WINDOW, "limit": limit}
    found = tuple(PlainCode(*tuple(row)) for row in unit.run(_FILTERED[state], values))
    if len(found) == limit:
        return Part(found, found[-1].bits)
    del values["limit"]
    last = unit.run(_LAST, values).scalar_one()
    return Part(found, last if last is not None and _is_more(unit, number, last) else None)


def plain(unit: Unit, number: int, bits: int) -> PlainCode | None:
    """One code of a batch."""
    found = page(unit, number, after=bits - 1, limit=1).codes
    return found[0] if found and found[0].bits == bits else None


def spent_between(unit: Unit, number: int, first: int, last: int) -> Mapping[int, Spent]:
    """What the redemptions of a range of codes have come to, by their bits."""
    where = (_R.batch == number, _R.code.between(first, last))
    return _spent(unit, where)


def spent_of(unit: Unit, number: int, bits: Iterable[int]) -> Mapping[int, Spent]:
    """The same of some codes."""
    return _spent(unit, (_R.batch == number, _R.code.in_(tuple(bits))))


def _spent(unit: Unit, where: tuple[Any, ...]) -> Mapping[int, Spent]:
    query = select(_R.code, _R.off_cents, _R.gate).where(*where, _R.state == "redeemed")
    found: dict[int, Spent] = {}
    for row in unit.run(query.order_by(_R.code, _R.at)):
        before = found.get(row.code)
        found[row.code] = Spent(row.off_cents + (before.off_cents if before else 0), row.gate)
    return found


def _is_more(unit: Unit, number: int, after: int) -> bool:
    return bool(page(unit, number, after=after, limit=1).codes)
