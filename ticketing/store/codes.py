"""The codes table: one row for each of perhaps millions, by its bits; in the store room."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, text, update

from ticketing.domain.code_texts import CodeBits
from ticketing.domain.codes import Batch, Code
from ticketing.domain.ids import ScanId, VisitorId
from ticketing.store import code_batches, schema
from ticketing.store.prepared import Prepared, Row
from ticketing.store.unit import Unit

T = schema.codes.c
_B, _R, _S = schema.code_batches, schema.redemptions.c, schema.code_scans.c


@dataclass(frozen=True, slots=True)
class Found:
    """A code and its batch."""

    code: Code
    batch: Batch


def add(unit: Unit, number: int, bits: Sequence[CodeBits]) -> int:
    """Store new codes of a batch in the order given; how many, without those that are taken.

    One statement reads them from one value: rows of their own cost ten times as much.
    """
    if unit.is_sqlite:
        given: object = json.dumps(list(bits))
        return unit.run(_ADD_SQLITE, {"bits": given, "number": number}).rowcount
    return unit.run(_ADD_POSTGRESQL, {"bits": list(bits), "number": number}).rowcount


def add_to_several(unit: Unit, new: Sequence[tuple[CodeBits, int]]) -> int:
    """Store new codes, each of the batch with that number, as `add` does."""
    if unit.is_sqlite:
        return unit.run(_ADD_SEVERAL_SQLITE, {"new": json.dumps(new)}).rowcount
    given = {"bits": [bits for bits, _ in new], "numbers": [number for _, number in new]}
    return unit.run(_ADD_SEVERAL_POSTGRESQL, given).rowcount


def find(unit: Unit, bits: CodeBits) -> Found | None:
    """The code of these bits with its batch."""
    rows = unit.fetch(_FIND, {"key_bits": bits})
    return Found(to_code(rows[0]), code_batches.to_batch(rows[0])) if rows else None


def of_scan(unit: Unit, scan_id: ScanId) -> Found | None:
    """The code that a scan is about, while it is there."""
    query = (
        select(schema.codes, _B)
        .join(_B, _B.c.number == T.batch)
        .join(schema.code_scans, _S.code == T.bits)
        .where(_S.scan_id == scan_id)
    )
    row = unit.run(query).mappings().first()
    return None if row is None else Found(to_code(row), code_batches.to_batch(row))


def of_visitor(unit: Unit, visitor: VisitorId, *, limit: int) -> tuple[Found, ...]:
    """The codes that are bound to a visitor, those of the newest batch first."""
    query = select(schema.codes, _B).join(_B, _B.c.number == T.batch).where(T.visitor == visitor)
    rows = unit.run(query.order_by(T.batch.desc(), T.bits).limit(limit)).mappings()
    return tuple(Found(to_code(row), code_batches.to_batch(row)) for row in rows)


def note_scan(unit: Unit, scan_id: ScanId, bits: CodeBits) -> None:
    """Note what a new scan is about."""
    unit.run(_NOTE, {"scan_id": scan_id, "code": bits})


def page(unit: Unit, number: int, *, after: int | None, limit: int) -> tuple[Code, ...]:
    """Codes of a batch by their bits, behind those."""
    values = {"key_number": number, "after": -1 if after is None else after, "most": limit}
    return tuple(to_code(row) for row in unit.fetch(_PAGE, values))


# ------------------------------------------------------------ its way to a visitor
def bind(unit: Unit, bits: CodeBits, visitor: VisitorId | None) -> bool:
    """Bind an unused code to a visitor, or free it; False if it has been used."""
    statement = update(schema.codes).where(T.bits == bits, T.uses == 0).values(visitor=visitor)
    return unit.run(statement.returning(T.bits)).first() is not None


def free(unit: Unit, visitor: VisitorId, *, limit: int) -> int:
    """Let whoever has them use some codes that were a visitor's; how many there were."""
    bits = unit.run(select(T.bits).where(T.visitor == visitor).limit(limit)).scalars().all()
    if bits:
        unit.run(update(schema.codes).where(T.bits.in_(bits)).values(visitor=None))
    return len(bits)


def mark(unit: Unit, column: str, bits: Sequence[CodeBits], *, at: datetime) -> dict[int, int]:
    """Note for codes that have none when they were `sent_at` or `delivered_at`.

    How many of each batch; the caller adds them to its tally.
    """
    wanted = select(T.bits).where(T.bits.in_(bits), T[column].is_(None)).order_by(T.bits)
    if not unit.is_sqlite:
        unit.run(wanted.with_for_update()).all()  # by their keys, as an import does
    statement = (
        update(schema.codes)
        .where(T.bits.in_(bits), T[column].is_(None))
        .values({column: at})
        .returning(T.batch)
    )
    counted: dict[int, int] = {}
    for number in unit.run(statement).scalars():
        counted[number] = counted.get(number, 0) + 1
    return counted


# ------------------------------------------------------------ taking away
def drop_unused(unit: Unit, number: int, *, after: int, limit: int) -> tuple[int, int | None]:
    """Take away codes behind those bits that nobody has ever redeemed.

    How many went, and the last bits that were looked at, None at the end.
    """
    seen = unit.run(
        select(T.bits).where(T.batch == number, T.bits > after).order_by(T.bits).limit(limit)
    )
    looked_at = list(seen.scalars())
    if not looked_at:
        return 0, None
    is_redeemed = exists().where(_R.code == T.bits)
    statement = delete(schema.codes).where(
        T.batch == number, T.bits.between(looked_at[0], looked_at[-1]), T.uses == 0, ~is_redeemed
    )
    return unit.run(statement).rowcount, looked_at[-1]


def count(unit: Unit, number: int) -> int:
    """How many codes of a batch there are; for tests and repair."""
    query = select(func.count()).select_from(schema.codes).where(T.batch == number)
    return int(unit.run(query).scalar_one())


# ------------------------------------------------------------ rows
_PLAIN = ("batch", "uses", "sent_at", "delivered_at", "first_at", "last_at")


def to_code(row: Row) -> Code:
    """The code of a row that holds the table's columns."""
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    visitor = row[T.visitor]
    return Code(
        bits=CodeBits(row[T.bits]),
        visitor=None if visitor is None else VisitorId(visitor),
        **plain,
    )


_ADD_SQLITE = text(
    "INSERT INTO codes (bits, batch, uses) SELECT value, :number, 0 FROM json_each(:bits) "
    "WHERE true ON CONFLICT DO NOTHING"
)
_ADD_POSTGRESQL = text(
    "INSERT INTO codes (bits, batch, uses) "
    "SELECT one, :number, 0 FROM unnest(CAST(:bits AS bigint[])) AS one ON CONFLICT DO NOTHING"
)
_ADD_SEVERAL_SQLITE = text(
    "INSERT INTO codes (bits, batch, uses) SELECT json_extract(value, '$[0]'), "
    "json_extract(value, '$[1]'), 0 FROM json_each(:new) "
    "WHERE true ON CONFLICT DO NOTHING"
)
_ADD_SEVERAL_POSTGRESQL = text(
    "INSERT INTO codes (bits, batch, uses) SELECT one, number, 0 FROM unnest("
    "CAST(:bits AS bigint[]), CAST(:numbers AS integer[])) AS given (one, number) "
    "ON CONFLICT DO NOTHING"
)
_FIND = Prepared(
    select(schema.codes, _B)
    .join(_B, _B.c.number == T.batch)
    .where(T.bits == bindparam("key_bits", type_=T.bits.type))
)
_PAGE = Prepared(
    select(schema.codes)
    .where(T.batch == bindparam("key_number"), T.bits > bindparam("after", type_=T.bits.type))
    .order_by(T.bits)
    .limit(bindparam("most"))
)
_NOTE = text(
    "INSERT INTO code_scans (scan_id, code) VALUES (:scan_id, :code) ON CONFLICT DO NOTHING"
)
