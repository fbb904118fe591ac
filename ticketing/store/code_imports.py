"""What an import asks of codes and batches, many at once; in the store room."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, select, text

from ticketing.domain.code_imports import Known
from ticketing.domain.code_texts import CodeBits
from ticketing.domain.codes import BatchState
from ticketing.domain.ids import VisitorId
from ticketing.store import schema
from ticketing.store.unit import Unit

T, _B = schema.codes.c, schema.code_batches.c


@dataclass(frozen=True, slots=True)
class Named:
    """A batch by which names a list may mean it."""

    id: str
    name: str
    prefix: str


def named(unit: Unit) -> tuple[Named, ...]:
    """Every batch that was not given up, by its names."""
    query = select(_B.id, _B.name, _B.prefix).where(_B.state != BatchState.FAILED.value)
    found = unit.run(query.order_by(_B.number))
    return tuple(Named(row.id, row.name, row.prefix) for row in found)


def hold_names(unit: Unit) -> None:
    """Let nobody else make a batch by a name that a list says, until the transaction ends.

    By a lock of its own: one of the table would keep redemptions waiting.
    """
    if not unit.is_sqlite:
        unit.run(text("SELECT pg_advisory_xact_lock(hashtext('einlass_import_names'))"))


def known(unit: Unit, bits: Sequence[CodeBits]) -> dict[int, Known]:
    """Those of the codes that are there."""
    given = (_GIVEN_SQLITE if unit.is_sqlite else _GIVEN_POSTGRESQL).subquery()
    query = (
        select(T.bits, T.uses, T.visitor, _B.number, _B.prefix, _B.state)
        .join(given, given.c.bits == T.bits)
        .join(schema.code_batches, _B.number == T.batch)
    )
    value: object = json.dumps(list(bits)) if unit.is_sqlite else list(bits)
    rows = unit.run(query, {"bits": value})
    return {
        row.bits: Known(
            batch=row.number,
            prefix=row.prefix,
            state=BatchState(row.state),
            uses=row.uses,
            visitor=None if row.visitor is None else VisitorId(bytes(row.visitor)),
        )
        for row in rows
    }


_GIVEN_SQLITE = text("SELECT value AS bits FROM json_each(:bits)").columns(bits=BigInteger)
_GIVEN_POSTGRESQL = text("SELECT unnest(CAST(:bits AS bigint[])) AS bits").columns(bits=BigInteger)
