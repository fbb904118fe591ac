"""Long lists of tickets for staff: filtered and sorted as indexes carry it; in the store room.

SQLite keeps no statistics of ours, so which index leads is decided here: the day, else a
state that few tickets have, else the offer, else nothing. The other filters are written so
that no index is tempting.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ColumnElement, func, literal_column, or_, select

from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket
from ticketing.store import offers, schema, tickets
from ticketing.store.unit import Unit
from ticketing.wire.verdict import TicketState

T = schema.tickets.c


class Sort(StrEnum):
    """By what a list is sorted."""

    ISSUED = "issued"
    VALID = "valid"  # the first day on which it is good


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets; None wants all. `since` ≤ first moment of validity < `before`, aware.

    `good_at`: not over at that time.
    """

    offer: int | None = None
    state: TicketState | None = None
    since: datetime | None = None
    before: datetime | None = None
    good_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted."""

    by: Sort = Sort.ISSUED
    is_down: bool = True


@dataclass(frozen=True, slots=True)
class Behind:
    """The place behind a ticket: its time in the order, and its id."""

    at: datetime
    id: bytes


def page(
    unit: Unit, wanted: Wanted, *, order: Order, after: Behind | None, limit: int
) -> tuple[tuple[Ticket, Offer], ...]:
    """Tickets with their offers, in order, behind a place."""
    at = T.created_at if order.by is Sort.ISSUED else T.valid_from
    tests = [*_tests(wanted)]
    if after is not None:
        tests += _behind(at, after, order)
    columns = (at.desc(), T.id.desc()) if order.is_down else (at, T.id)
    query = select(schema.tickets, schema.offers).join(schema.offers).where(*tests)
    rows = unit.run(query.order_by(*columns).limit(limit)).mappings()
    return tuple((tickets.to_ticket(row), offers.to_offer(row)) for row in rows)


def _tests(wanted: Wanted) -> list[ColumnElement[bool]]:
    tests: list[ColumnElement[bool]] = []
    is_rare = wanted.state not in {None, TicketState.VALID}
    if wanted.since is not None:
        tests.append(T.valid_from >= wanted.since)
    if wanted.before is not None:
        tests.append(T.valid_from < wanted.before)
    if wanted.state is not None:
        leads = is_rare and wanted.since is None
        column = T.state if leads else func.coalesce(T.state, "")
        tests += [column == wanted.state]
        if leads:  # what its index is for
            tests.append(literal_column("tickets.state <> 'valid'", Boolean))
    if wanted.offer is not None:
        leads = not is_rare and wanted.since is None
        tests.append((T.offer if leads else T.offer + 0) == wanted.offer)
    if wanted.good_at is not None:
        tests.append(T.valid_until > wanted.good_at)
    return tests


def _behind(
    at: ColumnElement[datetime], after: Behind, order: Order
) -> tuple[ColumnElement[bool], ...]:
    if order.is_down:
        return (at <= after.at, or_(at < after.at, T.id < after.id))
    return (at >= after.at, or_(at > after.at, T.id > after.id))
