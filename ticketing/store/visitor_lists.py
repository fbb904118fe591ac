"""Visitors as a list, and whose a ticket or a beginning of an id is; in the store room.

Nothing here takes a lock, and nothing reads an address.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select

from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import ID_BYTES, Lang
from ticketing.store import schema
from ticketing.store.unit import Unit

_V, _I, _C = schema.visitors.c, schema.identities.c, schema.conversations.c
_T = schema.tickets.c
LOOKED_THROUGH: Final = 500
"""Tickets of one name; behind them are those who had such a ticket long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A visitor in a list; `heard_at` is the last event of any conversation, None without one.

    `holder` is the name on the newest ticket that has one, else "".
    """

    id: VisitorId
    lang: Lang
    created_at: datetime
    heard_at: datetime | None
    channels: tuple[str, ...]
    tickets: int
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Behind:
    """The place in the list behind a visitor."""

    created_at: datetime
    id: bytes


def page(unit: Unit, *, after: Behind | None, limit: int) -> tuple[Listed, ...]:
    """Visitors, the newest first, behind a place."""
    tests: tuple[ColumnElement[bool], ...] = ()
    if after is not None:
        older = or_(_V.created_at < after.created_at, _V.id < after.id)
        tests = (_V.created_at <= after.created_at, older)
    return _listed(unit, *tests, limit=limit)


def of_ids(unit: Unit, ids: Sequence[VisitorId]) -> tuple[Listed, ...]:
    """These visitors in their order; who is gone is left out."""
    if not ids:
        return ()
    found = {one.id: one for one in _listed(unit, _V.id.in_(ids), limit=len(ids))}
    return tuple(found[one] for one in ids if one in found)


def beginning(unit: Unit, part: bytes, *, limit: int) -> tuple[VisitorId, ...]:
    """Visitors whose id begins so."""
    missing = ID_BYTES - len(part)
    between = _V.id.between(part + bytes(missing), part + b"\xff" * missing)
    return _ids(unit.run(select(_V.id).where(between).order_by(_V.id).limit(limit)).scalars())


def of_words(unit: Unit, words: Sequence[str]) -> tuple[VisitorId, ...]:
    """Whose tickets have every word in their holder's key, the newest ticket first.

    Looks at the newest tickets of that name alone. Most tickets are nobody's in a chat: their
    column is hidden from the planner, lest it read the table in the order of its index.
    """
    where = func.instr if unit.is_sqlite else func.strpos
    query = (
        select(_T.visitor)
        .where(_T.holder_key != "", *(where(_T.holder_key, word) > 0 for word in words))
        .where(func.coalesce(_T.visitor, b"") != b"")
        .order_by(_T.created_at.desc())
        .limit(LOOKED_THROUGH)
    )
    return _ids(unit.run(query).scalars())


# ------------------------------------------------------------ parts of the above
def _listed(unit: Unit, *tests: ColumnElement[bool], limit: int) -> tuple[Listed, ...]:
    query = (
        select(
            schema.visitors,
            _heard_at().label("heard_at"),
            _number_of_tickets().label("tickets"),
            _holder().label("holder"),
        )
        .where(*tests)
        .order_by(_V.created_at.desc(), _V.id.desc())
        .limit(limit)
    )
    rows = unit.run(query).all()
    channels = _channels(unit, [row.id for row in rows])
    return tuple(
        Listed(
            id=VisitorId(row.id),
            lang=Lang(row.lang),
            created_at=row.created_at,
            heard_at=row.heard_at,
            channels=tuple(channels.get(row.id, ())),
            tickets=row.tickets,
            holder=row.holder or "",
        )
        for row in rows
    )


def _heard_at() -> ScalarSelect[Any]:
    query = select(func.max(_C.updated_at)).join(schema.identities, _I.id == _C.identity)
    return query.where(_I.visitor == _V.id).correlate(schema.visitors).scalar_subquery()


def _number_of_tickets() -> ScalarSelect[Any]:
    query = select(func.count()).select_from(schema.tickets).where(_T.visitor == _V.id)
    return query.correlate(schema.visitors).scalar_subquery()


def _holder() -> ScalarSelect[Any]:
    query = select(_T.holder).where(_T.visitor == _V.id, _T.holder != "")
    newest = query.order_by(_T.created_at.desc(), _T.id.desc()).limit(1)
    return newest.correlate(schema.visitors).scalar_subquery()


def _channels(unit: Unit, ids: Sequence[bytes]) -> dict[bytes, list[str]]:
    if not ids:
        return {}
    query = select(_I.visitor, _I.channel).where(_I.visitor.in_(ids)).distinct()
    found: dict[bytes, list[str]] = {}
    for row in unit.run(query.order_by(_I.visitor, _I.channel)):
        found.setdefault(row.visitor, []).append(row.channel)
    return found


def _ids(found: Iterable[bytes]) -> tuple[VisitorId, ...]:
    """Each once, where it stood first."""
    return tuple(VisitorId(one) for one in dict.fromkeys(found))
