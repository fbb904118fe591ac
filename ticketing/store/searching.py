"""Looking for tickets; in the store room. Nothing here takes a lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket
from ticketing.store import offers, schema, tickets
from ticketing.store.tickets import Place
from ticketing.store.unit import Unit

T = schema.tickets.c
Found = tuple[tuple[Ticket, Offer], ...]


def of_words(
    unit: Unit,
    words: Sequence[str],
    *,
    ended_after: datetime | None,
    after: Place | None,
    limit: int,
) -> Found:
    """Tickets in whose holder's key every word stands, by `names.search_key`.

    Neither engine folds case and accents as the other does, so none is asked to: a word
    stands in the key or it does not.
    """
    where = func.instr if unit.is_sqlite else func.strpos
    query = select(T.id).where(T.holder_key != "", *(where(T.holder_key, w) > 0 for w in words))
    ids = unit.run(_behind(query, ended_after, after).limit(limit)).scalars().all()
    return of_ids(unit, ids) if ids else ()


def of_ids(unit: Unit, ids: Sequence[bytes]) -> Found:
    """These tickets with their offers, newest first."""
    return _found(unit, _pairs().where(T.id.in_(ids)))


def of_reference(
    unit: Unit, reference: str, *, ended_after: datetime | None, after: Place | None, limit: int
) -> Found:
    """Tickets with exactly that reference."""
    return _having(unit, T.reference == reference, ended_after, after, limit=limit)


def of_visitor(
    unit: Unit, visitor: VisitorId, *, ended_after: datetime | None, after: Place | None, limit: int
) -> Found:
    """A visitor's tickets."""
    return _having(unit, T.visitor == visitor, ended_after, after, limit=limit)


def of_short_code(unit: Unit, code: str) -> Found:
    """The ticket of a folded short code, unless it is nobody's any more."""
    return _found(unit, _pairs().where(T.short_code == code, T.holder != ""))


def _having(
    unit: Unit,
    is_wanted: ColumnElement[bool],
    ended_after: datetime | None,
    after: Place | None,
    *,
    limit: int,
) -> Found:
    return _found(unit, _behind(_pairs().where(is_wanted), ended_after, after).limit(limit))


def _pairs() -> Select[Any]:
    return select(schema.tickets, schema.offers).join(schema.offers)


def _behind(query: Select[Any], ended_after: datetime | None, after: Place | None) -> Select[Any]:
    if ended_after is not None:
        query = query.where(T.valid_until > ended_after)
    if after is not None:
        # this way round both engines begin at the place instead of at the newest
        older = or_(T.created_at < after.created_at, T.id < after.id)
        query = query.where(T.created_at <= after.created_at, older)
    return query.order_by(T.created_at.desc(), T.id.desc())


def _found(unit: Unit, query: Select[Any]) -> Found:
    rows = unit.run(query.order_by(None).order_by(T.created_at.desc(), T.id.desc())).mappings()
    return tuple((tickets.to_ticket(row), offers.to_offer(row)) for row in rows)
