"""An entrance whose doings are told to receivers."""

from dataclasses import dataclass, field

from sqlalchemy import select

from tests.receivers import Receiver
from tests.service.conftest import Entrance
from ticketing.courier import Courier
from ticketing.service import webhooks
from ticketing.service.webhooks import Delivery, NewSecret
from ticketing.store import schema

URL = "https://receiver.example/hook?key=1"


@dataclass
class Hooked:
    """An entrance, a receiver, and the courier between them."""

    entrance: Entrance
    receiver: Receiver = field(default_factory=Receiver)

    @property
    def courier(self) -> Courier:
        """A worker that has just started."""
        return Courier(self.entrance.store, self.entrance.house, post=self.receiver)

    def run(self) -> int:
        """A worker starts, tells all there is, and ends; how many requests it made."""
        return self.courier.run_once()

    def register(self, *events: str, url: str = URL) -> NewSecret:
        """Tell the receiver what happens from now on."""
        with self.entrance.store.unit() as unit:
            return webhooks.register(unit, self.entrance.house, url=url, events=events)

    def deliveries(self, webhook: str) -> list[Delivery]:
        """What was queued for a receiver, oldest first."""
        with self.entrance.store.unit() as unit:
            page = webhooks.list_deliveries(unit, webhook=webhook, limit=1000)
        return list(reversed(page.items))

    def queued(self, webhook: str) -> list[str]:
        """The ids of the events of these."""
        return [delivery.event for delivery in self.deliveries(webhook)]

    def stored(self, webhook: str) -> webhooks.Webhook:
        """The receiver as it stands."""
        with self.entrance.store.unit() as unit:
            return next(one for one in webhooks.list_webhooks(unit) if one.id == webhook)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        with self.entrance.store.unit() as unit:
            return len(unit.run(select(schema.metadata.tables[table])).all())
