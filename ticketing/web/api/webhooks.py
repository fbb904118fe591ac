"""/webhooks: who is told what happens, and what became of it."""

from datetime import datetime
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field

from ticketing.domain.accounts import Scope
from ticketing.domain.events import EventName
from ticketing.domain.webhooks import URL_LIMIT
from ticketing.service import webhooks
from ticketing.service.pages import by_age, cut
from ticketing.service.webhooks import Delivery, NewSecret, Webhook
from ticketing.web.access import needs
from ticketing.web.api import shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts

bp = APIBlueprint("webhooks", __name__, url_prefix="/api/v1", tag="Webhooks")


class WebhookIn(shapes.In):
    """A receiver; no `events` is all of them, later ones too."""

    url: Annotated[str, shapes.text(1, URL_LIMIT)]
    events: Annotated[tuple[EventName, ...], Field(max_length=50)] = ()


class WebhookOut(shapes.Out):
    """One receiver; `disabled_why` is `gone` (it said 410) or `dead` (five days of nothing)."""

    id: str
    url: str
    events: list[str]
    state: str
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: str | None
    old_secret_until: datetime | None


class NewSecretOut(WebhookOut):
    """The same with its new secret, which is shown this once."""

    secret: str


class Webhooks(shapes.Out):
    """A page of receivers."""

    items: list[WebhookOut]
    next_cursor: str | None = None


class DeliveryOut(shapes.Out):
    """One event for one receiver; `status` or `problem` tell of the last try."""

    id: str
    event: str
    kind: str
    state: str
    tries: int
    status: int | None
    problem: str | None
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


class Deliveries(shapes.Out):
    """A page of deliveries."""

    items: list[DeliveryOut]
    next_cursor: str | None = None


@bp.get("/webhooks")
@needs(Scope.WEBHOOKS_WRITE)
@bp.input(shapes.ShortListQuery, location="query")
@bp.output(Webhooks)
def list_webhooks(query_data: shapes.ShortListQuery) -> Webhooks:
    """Every receiver of events."""
    with the_parts().store.unit() as unit:
        listed = webhooks.list_webhooks(unit)
    found = cut(
        listed,
        lambda one: by_age(one.created_at, one.id),
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    return Webhooks(items=[_out(one) for one in found.items], next_cursor=found.next_cursor)


@bp.post("/webhooks")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.input(WebhookIn)
@bp.output(NewSecretOut, status_code=201)
@bp.doc(responses=[409])
def register(json_data: WebhookIn) -> NewSecretOut:
    """Tell a receiver what happens from now on; its secret is shown this once."""
    parts, events = the_parts(), tuple(one.value for one in json_data.events)
    with parts.store.unit() as unit:
        return _secret_out(webhooks.register(unit, parts.house, url=json_data.url, events=events))


@bp.delete("/webhooks/<webhook>")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.output({}, status_code=204)
@bp.doc(responses=[404])
def delete(webhook: str) -> str:
    """Tell a receiver nothing more and forget what it was told."""
    parts = the_parts()
    with parts.store.unit() as unit:
        webhooks.delete(unit, parts.house, webhook=webhook)
    return ""


@bp.post("/webhooks/<webhook>/secret")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.output(NewSecretOut)
@bp.doc(responses=[404])
def rotate_secret(webhook: str) -> NewSecretOut:
    """Give a receiver a new secret; for 24 hours the old one signs beside it."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return _secret_out(webhooks.rotate_secret(unit, parts.house, webhook=webhook))


@bp.post("/webhooks/<webhook>/enable")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.output(WebhookOut)
@bp.doc(responses=[404])
def enable(webhook: str) -> WebhookOut:
    """Send again to a receiver that was switched off, what happened meanwhile too."""
    with the_parts().store.unit() as unit:
        return _out(webhooks.enable(unit, the_parts().house, webhook=webhook))


@bp.post("/webhooks/<webhook>/test")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.output(DeliveryOut, status_code=202)
@bp.doc(responses=[404, 409])
def send_test(webhook: str) -> DeliveryOut:
    """Send a `webhook.test`, whatever events the receiver has asked for."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return _delivery_out(webhooks.send_test(unit, parts.house, webhook=webhook))


@bp.get("/webhooks/<webhook>/deliveries")
@needs(Scope.WEBHOOKS_WRITE)
@bp.input(shapes.ListQuery, location="query")
@bp.output(Deliveries)
@bp.doc(responses=[404])
def list_deliveries(webhook: str, query_data: shapes.ListQuery) -> Deliveries:
    """What a receiver was sent, newest first."""
    with the_parts().store.unit() as unit:
        page = webhooks.list_deliveries(
            unit, webhook=webhook, cursor=query_data.cursor, limit=query_data.limit
        )
    return Deliveries(
        items=[_delivery_out(one) for one in page.items], next_cursor=page.next_cursor
    )


@bp.post("/webhooks/<webhook>/deliveries/<delivery>/replay")
@needs(Scope.WEBHOOKS_WRITE)
@replayable
@bp.output(DeliveryOut, status_code=202)
@bp.doc(responses=[404, 409])
def replay(webhook: str, delivery: str) -> DeliveryOut:
    """Send one delivery again, now, with the same `webhook-id`."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return _delivery_out(webhooks.replay(unit, parts.house, webhook=webhook, delivery=delivery))


def _out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        url=webhook.url,
        events=list(webhook.events),
        state="active" if webhook.disabled_at is None else "disabled",
        created_at=webhook.created_at,
        failing_since=webhook.failing_since,
        disabled_at=webhook.disabled_at,
        disabled_why=webhook.disabled_why,
        old_secret_until=webhook.old_until,
    )


def _secret_out(new: NewSecret) -> NewSecretOut:
    return NewSecretOut(**_out(new.webhook).model_dump(), secret=new.secret)


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=str(delivery.id),
        event=delivery.event,
        kind=delivery.kind,
        state=delivery.state.value,
        tries=delivery.tries,
        status=delivery.status,
        problem=delivery.problem,
        due_at=delivery.due_at,
        created_at=delivery.created_at,
        settled_at=delivery.settled_at,
    )
