"""Long lists of tickets for staff: filtered, sorted, part by part; in the service room."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ticketing.domain.museum import day_bounds
from ticketing.service.cases import ListedTicket, with_histories
from ticketing.service.offers import get_offer
from ticketing.service.pages import Page, place_of
from ticketing.service.ports import House
from ticketing.store import listing as rows
from ticketing.store.listing import Behind, Order, Sort, Wanted
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.wire.verdict import TicketState

__all__ = ["Filter", "ListState", "Order", "Query", "Sort", "list_for_staff"]
LIMIT = 25
NEWEST = Order()


class ListState(StrEnum):
    """What staff look for; `valid` ones are not over either."""

    VALID = "valid"
    UNPAID = "unpaid"
    BLOCKED = "blocked"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tickets; None is every one. `offer` is a slug, `day` the first good local day."""

    offer: str | None = None
    state: ListState | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One part of a list."""

    filter: Filter = Filter()
    order: Order = NEWEST
    cursor: str | None = None
    limit: int = LIMIT


def can_sort_by_day(wanted: Filter) -> bool:
    """Whether an index carries that order."""
    return wanted.offer is None and wanted.state is None


def list_for_staff(unit: Unit, house: House, *, query: Query) -> Page[ListedTicket]:
    """A part of the list; an order that no index carries is that of issuing.

    Raises:
        NotFound: `offer`.
        Invalid: A cursor that was not given out.
    """
    order = query.order
    if order.by is Sort.VALID and not can_sort_by_day(query.filter):
        order = NEWEST
    place = place_of(query.cursor)
    after = None if place is None else Behind(place.created_at, place.id)
    wanted = _wanted(unit, house, query.filter)
    found = rows.page(unit, wanted, order=order, after=after, limit=query.limit + 1)
    items = with_histories(unit, found[: query.limit])
    return Page(items, _cursor(items[-1], order) if len(found) > query.limit else None)


def _wanted(unit: Unit, house: House, given: Filter) -> Wanted:
    since, before = day_bounds(given.day, house.museum.zone) if given.day else (None, None)
    is_valid = given.state is ListState.VALID
    return Wanted(
        offer=None if given.offer is None else get_offer(unit, slug=given.offer).number,
        state=None if given.state is None else TicketState(given.state.value),
        since=since,
        before=before,
        good_at=house.clock.now() if is_valid else None,
    )


def _cursor(last: ListedTicket, order: Order) -> str:
    ticket = last.ticket
    at = ticket.created_at if order.by is Sort.ISSUED else ticket.valid_from
    return f"{(at - EPOCH) // timedelta(milliseconds=1):x}-{ticket.id.hex()}"
