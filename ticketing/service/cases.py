"""A ticket with what has happened to it: what every other module looks at; in the service room."""

from collections.abc import Sequence
from dataclasses import dataclass

from ticketing.domain import offers as offer_rules
from ticketing.domain import tickets as rules
from ticketing.domain.offers import Offer
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import ShownState, Ticket
from ticketing.service.errors import NotFound
from ticketing.service.issuing import Draft
from ticketing.service.ports import House
from ticketing.store import histories
from ticketing.store import moves as move_rows
from ticketing.store import scans as scan_rows
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store.histories import History
from ticketing.store.scans import Scan
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move, Terms, fold
from ticketing.wire.token import TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A ticket in a list, with what has happened to it."""

    ticket: Ticket
    offer: Offer
    moves: tuple[Move, ...] = ()
    slot: Slot | None = None

    @property
    def terms(self) -> Terms:
        """How its moves add up."""
        slot = None if self.slot is None else offer_rules.slot_window(self.offer, self.slot)
        return rules.terms(self.ticket, self.offer, slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCase(ListedTicket):
    """A ticket with all there is to know about it; `barcode` is its text."""

    barcode: str
    scans: tuple[Scan, ...] = ()


def case_of(draft: Draft) -> TicketCase:
    """A ticket just issued."""
    return TicketCase(
        ticket=draft.ticket, offer=draft.offer, barcode=draft.barcode, slot=draft.slot
    )


def state_of(house: House, listed: ListedTicket) -> ShownState:
    """What the ticket is shown as now: its stored state, or what follows from time and use."""
    now = house.clock.now()
    sums = fold(listed.moves, now, house.museum.zone, terms=listed.terms)
    return rules.shown_state(listed.ticket, sums, now)


def get_ticket(unit: Unit, house: House, *, ticket_id: TicketId) -> TicketCase:
    """A ticket with its moves and scans.

    Raises:
        NotFound: `ticket`.
    """
    ticket, offer = existing(unit, ticket_id)
    return TicketCase(
        ticket=ticket,
        offer=offer,
        barcode=house.signer.barcode(rules.claims(ticket)).text,
        moves=move_rows.of_ticket(unit, ticket_id),
        scans=scan_rows.of_ticket(unit, ticket_id),
        slot=None if ticket.slot is None else slot_rows.find(unit, ticket.slot),
    )


def with_histories(unit: Unit, found: Sequence[tuple[Ticket, Offer]]) -> tuple[ListedTicket, ...]:
    """Tickets of a list with their moves and slots, read in one more statement."""
    pasts = histories.of_tickets(unit, [ticket.id for ticket, _ in found]) if found else {}
    return tuple(
        ListedTicket(ticket=ticket, offer=offer, moves=past.moves, slot=past.slot)
        for ticket, offer in found
        for past in (pasts.get(ticket.id, History()),)
    )


def existing(unit: Unit, ticket_id: TicketId) -> tuple[Ticket, Offer]:
    """A ticket and what it is for.

    Raises:
        NotFound: `ticket`.
    """
    pair = rows.find(unit, ticket_id)
    if pair is None or not pair[0].holder:  # nobody's any more: retention leaves figures alone
        raise NotFound("ticket")
    return pair
