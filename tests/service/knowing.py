"""A station that asks for knowledge and keeps it in a dictionary."""

from dataclasses import dataclass, field, replace

from tests.service.conftest import Entrance
from ticketing.service.gate.knowledge import Asked, knowledge
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.token import TicketId


@dataclass
class Knowing:
    """Asks as the station of an entrance; `pages` are all it was told."""

    entrance: Entrance
    limit: int = 5000
    journal: bytes | None = None
    known: dict[TicketId, KnownTicket] = field(default_factory=dict)
    pages: list[KnowledgePage] = field(default_factory=list)

    @property
    def position(self) -> Asked:
        """Where it goes on."""
        if not self.pages:
            return Asked(limit=self.limit, journal=self.journal)
        last = self.pages[-1]
        return Asked(epoch=last.epoch, cursor=last.cursor, limit=self.limit, journal=self.journal)

    def ask(self, asked: Asked | None = None) -> KnowledgePage:
        """One page, taken over."""
        with self.entrance.store.unit() as unit:
            told = knowledge(
                unit,
                self.entrance.house,
                station=self.entrance.station,
                asked=asked or self.position,
            )
        for gone in told.page.gone:
            self.known.pop(gone, None)
        self.known |= {ticket.id: ticket for ticket in told.page.tickets}
        self.pages.append(told.page)
        return told.page

    def catch_up(self) -> int:
        """All there is; how many pages that took."""
        for number in range(1, 1000):
            if not self.ask().more:
                return number
        raise AssertionError("it never ends")

    def forget(self) -> None:
        """Begin anew."""
        self.pages.clear()
        self.known.clear()

    def move_to(self, gate: str) -> None:
        """The station stands at another gate now."""
        self.entrance.station = replace(self.entrance.station, gate=gate)
