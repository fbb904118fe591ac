"""The sales table: what was sold at the desk, once for each form; in the store room."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.store import schema
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId

S = schema.sales.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One ticket sold or given; `asked` is a hash of what was asked for, `done_at` its end."""

    token: str
    asked: bytes
    ticket: TicketId
    desk: str
    staff: str
    at: datetime
    done_at: datetime | None = None


def add(unit: Unit, sale: Sale) -> bool:
    """Store a sale; False if its form was sent before. Its ticket is stored already."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = {
        "token": sale.token,
        "asked": sale.asked,
        "ticket": sale.ticket,
        "desk": sale.desk,
        "staff": sale.staff,
        "at": sale.at,
    }
    statement = into(schema.sales).values(row).on_conflict_do_nothing().returning(S.token)
    return unit.run(statement).first() is not None


def find(unit: Unit, token: str) -> Sale | None:
    """The sale of a form."""
    return _one(unit, select(schema.sales).where(S.token == token))


def latest(unit: Unit, desk: str, *, since: datetime) -> Sale | None:
    """What a desk sold last, not before a time."""
    query = select(schema.sales).where(S.desk == desk, S.at >= since)
    return _one(unit, query.order_by(S.at.desc(), S.token).limit(1))


def end(unit: Unit, desk: str, *, at: datetime) -> None:
    """The customers of a desk have gone."""
    unit.run(update(schema.sales).where(S.desk == desk, S.done_at.is_(None)).values(done_at=at))


def _one(unit: Unit, query: Select[tuple[object, ...]]) -> Sale | None:
    row = unit.run(query).first()
    if row is None:
        return None
    return Sale(
        token=row.token,
        asked=row.asked,
        ticket=TicketId(row.ticket),
        desk=row.desk,
        staff=row.staff,
        at=row.at,
        done_at=row.done_at,
    )
