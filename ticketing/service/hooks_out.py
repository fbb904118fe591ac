"""Events on their way to receivers: found, leased, sent, settled; in the service room.

`feed` reads what is new and queues it, in the transaction that moves the cursor on; `claim`
and `settle` are for the one who sends. A worker may die anywhere between: what it had
found is found again, what it had leased is sent again with the same `webhook-id`.
"""

from ticketing.domain.events import wanted
from ticketing.domain.retention import HOOKS_KEPT
from ticketing.domain.webhooks import (
    DEAD_AFTER,
    LEASE,
    DisabledWhy,
    HookState,
    Tried,
    Webhook,
    headers,
    next_try,
)
from ticketing.service.channels import ChannelReply, ChannelRequest
from ticketing.service.ports import House
from ticketing.store import hook_deliveries, news, webhooks
from ticketing.store.hook_deliveries import HookLease, HookSettlement
from ticketing.store.news import SOURCES, Source
from ticketing.store.unit import Unit

__all__ = ["SOURCES", "HookLease", "Source", "Webhook"]

CHUNK = 100
"""Rows that are queued in one transaction."""
BROKEN = "broken"


def receivers(unit: Unit) -> tuple[Webhook, ...]:
    """Those that are told what happens."""
    return webhooks.active(unit)


def feed(unit: Unit, house: House, *, webhook: Webhook, source: Source) -> int:
    """Queue the next events of a source for a receiver; how many rows were read.

    Nothing new is one read and no write transaction.
    """
    now = house.clock.now()
    cursor = news.find_cursor(unit, webhook.id, source)
    if cursor is None:  # deleted meanwhile
        return 0
    kept_since = now - HOOKS_KEPT
    found = news.behind(unit, source, cursor, limit=CHUNK, since=kept_since)
    if found is None:
        return 0
    since = max(webhook.created_at, kept_since)  # older ones are not known to be unsent
    events = wanted(found.events, frozenset(webhook.events), since=since)
    unit.begin()
    if not news.advance(unit, cursor, found.cursor):
        unit.rollback()
        return 0
    hook_deliveries.add(unit, webhook.id, events, at=now)
    unit.commit()
    return found.rows


def due(unit: Unit, house: House) -> tuple[str, ...]:
    """The ids of receivers for whom there is something to send; takes no lock."""
    return hook_deliveries.due_webhooks(unit, house.clock.now())


def claim(unit: Unit, house: House, *, webhook: str) -> HookLease | None:
    """Lease the next delivery of a receiver, or None."""
    now = house.clock.now()
    unit.begin()
    lease = hook_deliveries.claim(unit, webhook, now, until=now + LEASE)
    unit.commit()
    return lease


def request(house: House, lease: HookLease) -> ChannelRequest:
    """What is sent: signed now, with every secret in force."""
    now, body = house.clock.now(), lease.body.encode()
    secrets = lease.webhook.secrets(now)
    marked = headers(lease.event, body, secrets=secrets, sent_at=now)
    return ChannelRequest(method="POST", url=lease.webhook.url, headers=marked, body=body)


def settle(unit: Unit, house: House, *, lease: HookLease, reply: ChannelReply) -> bool:
    """Store what came of a try; False if the lease is not the newest any more.

    410 switches the receiver off at once, five days in which it took nothing do as well.
    """
    tried = _tried(reply)
    chance = house.chance.draw(1)[0]
    now = house.clock.now()
    wait = None if tried.is_taken or tried.is_gone else next_try(lease.tries, chance)
    state = HookState.DONE if tried.is_taken else HookState.FAILED
    if wait is None:
        settlement = HookSettlement(state=state, tried=tried)
    else:
        settlement = HookSettlement(state=HookState.QUEUED, tried=tried, due_at=now + wait)
    unit.begin()
    is_stored = hook_deliveries.settle(unit, lease, settlement, at=now)
    if is_stored:
        _note(unit, house, lease.webhook, tried)
    unit.commit()
    return is_stored


def _tried(reply: ChannelReply) -> Tried:
    if reply.failure:
        return Tried(problem=reply.failure)
    is_redirect = reply.status // 100 == 3  # noqa: PLR2004  3xx
    return Tried(status=reply.status, problem="redirect" if is_redirect else None)


def _note(unit: Unit, house: House, webhook: Webhook, tried: Tried) -> None:
    """What the try says about the receiver itself."""
    now = house.clock.now()
    if tried.is_taken:
        if webhook.failing_since is not None:
            webhooks.change(unit, webhook.id, failing_since=None)
        return
    since = webhooks.fails(unit, webhook.id, at=now)
    if tried.is_gone:
        webhooks.disable(unit, webhook.id, at=now, why=DisabledWhy.GONE.value)
    elif now - since >= DEAD_AFTER:
        webhooks.disable(unit, webhook.id, at=now, why=DisabledWhy.DEAD.value)
