"""Money taken for tickets on a local day, by offer and by person; in the service room."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ticketing.domain.audit import Actor
from ticketing.domain.museum import day_bounds
from ticketing.domain.offers import Offer
from ticketing.domain.payments import Flow, Payment, PaymentKind
from ticketing.service.ports import House
from ticketing.store import offers as offer_rows
from ticketing.store import payments as rows
from ticketing.store.payments import Sum
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId

__all__ = ["Line", "OfferLine", "Payment", "PersonLine", "Takings", "of_ticket", "takings"]
K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many payments, so much money; what was given back, and how often; in cents."""

    currency: str
    taken: int = 0
    taken_cents: int = 0
    returned: int = 0
    returned_cents: int = 0

    @property
    def cents(self) -> int:
        """What is left in the till."""
        return self.taken_cents - self.returned_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """What was paid for tickets of an offer, at a kind of place."""

    offer: Offer
    kind: PaymentKind
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """What went through the hands of a person at the desk or of a station's staff."""

    actor: Actor
    kind: PaymentKind
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """The money of a local day; `tills` is what desks and gates took, one line a currency.

    Money that another program took (`PaymentKind.ELSEWHERE`) is in the lines of offers and
    persons, and not in the tills.
    """

    day: date
    offers: tuple[OfferLine, ...]
    persons: tuple[PersonLine, ...]
    tills: tuple[Line, ...]


def takings(unit: Unit, house: House, *, day: date) -> Takings:
    """What was paid on a local day of the museum."""
    since, until = day_bounds(day, house.museum.zone)
    sums = rows.sums(unit, since=since, until=until)
    known = {offer.number: offer for offer in offer_rows.listed(unit)}
    by_offer = _grouped(sums, lambda one: (one.offer, one.kind, one.currency))
    by_person = _grouped(sums, lambda one: (one.actor, one.kind, one.currency))
    in_tills = [one for one in sums if one.kind is not PaymentKind.ELSEWHERE]
    return Takings(
        day=day,
        offers=tuple(
            OfferLine(offer=known[number], kind=kind, line=line)
            for (number, kind, _), line in by_offer
        ),
        persons=tuple(
            PersonLine(actor=actor, kind=kind, line=line) for (actor, kind, _), line in by_person
        ),
        tills=tuple(line for _, line in _grouped(in_tills, lambda one: one.currency)),
    )


def of_ticket(unit: Unit, *, ticket_id: TicketId) -> tuple[Payment, ...]:
    """What was paid for one ticket and given back."""
    return rows.of_ticket(unit, ticket_id)


# ------------------------------------------------------------ parts of the above
def _grouped(sums: Iterable[Sum], key: Callable[[Sum], K]) -> list[tuple[K, Line]]:
    groups: dict[K, list[Sum]] = {}
    for one in sums:
        groups.setdefault(key(one), []).append(one)
    return [(name, _line(members)) for name, members in groups.items()]


def _line(sums: list[Sum]) -> Line:
    taken = [one for one in sums if one.flow is Flow.TAKEN]
    back = [one for one in sums if one.flow is Flow.RETURNED]
    return Line(
        currency=sums[0].currency,
        taken=sum(one.count for one in taken),
        taken_cents=sum(one.cents for one in taken),
        returned=sum(one.count for one in back),
        returned_cents=sum(one.cents for one in back),
    )
