"""Events of which no row is left to be read later; in the service room.

They are queued for their receivers in the transaction that makes them.
"""

from collections.abc import Iterable

from ticketing.domain.events import Event, wanted
from ticketing.service.ports import House
from ticketing.store import hook_deliveries, webhooks
from ticketing.store.unit import Unit


def tell(unit: Unit, house: House, events: Iterable[Event]) -> None:
    """Queue events for all who asked for them, in the caller's transaction.

    Receivers that are switched off get them when they are enabled again.
    """
    known = tuple(events)
    now = house.clock.now()
    for one in webhooks.listed(unit):
        webhook = webhooks.hold(unit, one.id)
        if webhook is None:  # deleted this very moment
            continue
        told = wanted(known, frozenset(webhook.events), since=webhook.created_at)
        hook_deliveries.add(unit, webhook.id, told, at=now)
