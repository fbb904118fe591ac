"""Who is told what happens, and what became of it; in the service room.

Events are read from what is stored, never written with it: a gate waits for nothing of
this. `service/hooks_out.py` has the way out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ticketing.domain.audit import Facts
from ticketing.domain.events import a_test
from ticketing.domain.webhooks import (
    BOTH_SECRETS_FOR,
    SECRET_BYTES,
    Webhook,
    checked_events,
    checked_url,
    shown_secret,
)
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, as_invalid
from ticketing.service.pages import LIMIT, Page
from ticketing.service.ports import House
from ticketing.store import hook_deliveries, news
from ticketing.store import webhooks as rows
from ticketing.store.hook_deliveries import Delivery
from ticketing.store.unit import Unit

__all__ = ["Delivery", "NewSecret", "Webhook"]

MOST = 20
"""Each has a thread of its own in the worker while there is something to send."""
DROPPED_AT_ONCE = 300
_ID_BYTES = 8
_TEST_BYTES = 12
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A receiver and its new secret, which is shown this once."""

    webhook: Webhook
    secret: str


def register(unit: Unit, house: House, *, url: str, events: tuple[str, ...]) -> NewSecret:
    """Tell a receiver what happens from now on; no `events` is all of them.

    Raises:
        Invalid: `url` or `events`.
        Conflict: `too_many_webhooks`.
    """
    with as_invalid():
        checked, names = checked_url(url, house.hook_rules), checked_events(events)
    webhook = Webhook(
        id=f"wh_{house.chance.draw(_ID_BYTES).hex()}",
        url=checked,
        events=names,
        secret=house.chance.draw(SECRET_BYTES),
        created_at=house.clock.now(),
    )
    unit.begin()
    if rows.count(unit) >= MOST:
        raise Conflict("too_many_webhooks")
    rows.add(unit, webhook)
    news.start(unit, webhook.id)
    told = {"host": urlsplit(webhook.url).hostname, "events": webhook.events}
    _note(unit, house, Action.WEBHOOK_CREATED, webhook.id, after=told)
    unit.commit()
    return NewSecret(webhook, shown_secret(webhook.secret))


def list_webhooks(unit: Unit) -> tuple[Webhook, ...]:
    """Every receiver, oldest first."""
    return rows.listed(unit)


def rotate_secret(unit: Unit, house: House, *, webhook: str) -> NewSecret:
    """Give a receiver a new secret; for 24 hours the old one signs beside it.

    Raises:
        NotFound: `webhook`.
    """
    fresh = house.chance.draw(SECRET_BYTES)
    unit.begin()
    old = _held(unit, webhook)
    until = house.clock.now() + BOTH_SECRETS_FOR
    new = replace(old, secret=fresh, old_secret=old.secret, old_until=until)
    rows.change(unit, webhook, secret=fresh, old_secret=old.secret, old_until=until)
    _note(unit, house, Action.WEBHOOK_SECRET_ROTATED, webhook)
    unit.commit()
    return NewSecret(new, shown_secret(fresh))


def enable(unit: Unit, house: House, *, webhook: str) -> Webhook:
    """Send again to a receiver that was switched off, what happened meanwhile too.

    Raises:
        NotFound: `webhook`.
    """
    unit.begin()
    old = _held(unit, webhook)
    rows.change(unit, webhook, failing_since=None, disabled_at=None, disabled_why=None)
    if old.disabled_at is not None:
        _note(unit, house, Action.WEBHOOK_CHANGED, webhook, after={"enabled": True})
    unit.commit()
    return replace(old, failing_since=None, disabled_at=None, disabled_why=None)


def delete(unit: Unit, house: House, *, webhook: str) -> None:
    """Tell a receiver nothing more and forget what it was told.

    Raises:
        NotFound: `webhook`.
    """
    unit.begin()
    _held(unit, webhook)
    rows.disable(unit, webhook, at=house.clock.now(), why="deleted")
    news.stop(unit, webhook)
    _note(unit, house, Action.WEBHOOK_DELETED, webhook)
    unit.commit()
    dropped = DROPPED_AT_ONCE
    while dropped == DROPPED_AT_ONCE:  # no gate waits for a year's deliveries
        unit.begin()
        dropped = hook_deliveries.drop_some(unit, webhook, limit=DROPPED_AT_ONCE)
        unit.commit()
    unit.begin()
    if rows.hold(unit, webhook) is not None:
        hook_deliveries.drop_some(unit, webhook, limit=DROPPED_AT_ONCE)
        rows.drop(unit, webhook)
    unit.commit()


def send_test(unit: Unit, house: House, *, webhook: str) -> Delivery:
    """Queue a `webhook.test`, whatever events the receiver has asked for.

    Raises:
        NotFound: `webhook`.
        Conflict: `webhook_disabled`.
    """
    now = house.clock.now()
    event = a_test(house.chance.draw(_TEST_BYTES), webhook, now)

    def queue() -> Delivery | None:
        hook_deliveries.add(unit, webhook, (event,), at=now)
        return hook_deliveries.find_event(unit, webhook, event.id)

    return _queued(unit, webhook, queue)


def replay(unit: Unit, house: House, *, webhook: str, delivery: str) -> Delivery:
    """Send one delivery again, now, with the same id.

    Raises:
        NotFound: `webhook`, `delivery`.
        Conflict: `webhook_disabled`; `on_its_way` while it is being sent.
    """
    number = int(delivery) if _NUMBER.fullmatch(delivery) else 0

    def queue() -> Delivery | None:
        found = hook_deliveries.find(unit, webhook, number)
        if found is None:
            raise NotFound("delivery")
        if not hook_deliveries.requeue(unit, webhook, number, at=house.clock.now()):
            raise Conflict("on_its_way")
        told = {"event": found.kind, "number": number}
        _note(unit, house, Action.WEBHOOK_SENT_AGAIN, webhook, after=told)
        return hook_deliveries.find(unit, webhook, number)

    return _queued(unit, webhook, queue)


def list_deliveries(
    unit: Unit, *, webhook: str, cursor: str | None = None, limit: int = LIMIT
) -> Page[Delivery]:
    """A page of a receiver's deliveries, newest first.

    Raises:
        NotFound: `webhook`.
        Invalid: A cursor that was not given out.
    """
    if cursor is not None and not _NUMBER.fullmatch(cursor):
        raise Invalid(FieldError("cursor", "malformed"))
    if rows.find(unit, webhook) is None:
        raise NotFound("webhook")
    before = None if cursor is None else int(cursor)
    found = hook_deliveries.page(unit, webhook, before=before, limit=limit + 1)
    items = found[:limit]
    return Page(items, str(items[-1].id) if len(found) > limit else None)


def _note(
    unit: Unit, house: House, action: Action, webhook: str, *, after: Facts | None = None
) -> None:
    audit.note(unit, house, action=action, object=Thing("webhook", webhook), after=after)


def _held(unit: Unit, webhook: str) -> Webhook:
    held = rows.hold(unit, webhook)
    if held is None:
        raise NotFound("webhook")
    return held


def _queued(unit: Unit, webhook: str, queue: Callable[[], Delivery | None]) -> Delivery:
    unit.begin()
    if _held(unit, webhook).disabled_at is not None:
        raise Conflict("webhook_disabled")
    queued = queue()
    if queued is None:  # pragma: no cover  only erased in this very moment
        raise NotFound("delivery")
    unit.commit()
    return queued
