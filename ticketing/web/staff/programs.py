"""Other programs: API keys, and webhooks with what was delivered to them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import ApiKey, Right, Scope
from ticketing.domain.events import EventName
from ticketing.domain.ids import ApiKeyId
from ticketing.domain.webhooks import HookState
from ticketing.service import access, webhooks
from ticketing.service.errors import Conflict, Invalid
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import LIMIT, Listing
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint(
    "staff_programs", __name__, url_prefix=f"{frame.HOME}/programs", enable_openapi=False
)
HERE: Final = f"{frame.HOME}/programs"
NAME_LIMIT: Final = 100
_URL_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class Secret:
    """What is shown in this answer and nowhere else."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Forms as they were sent, a fresh secret."""

    key: Form
    hook: Form
    secret: Secret | None = None


@bp.get("")
@staff_may(Right.KEYS_SEE)
def shown() -> Response:
    """API keys and webhooks."""
    return _show(_fresh())


@bp.post("/keys")
@staff_may(Right.KEYS_CHANGE)
def create_key() -> Response:
    """Make a key; it is shown in this answer and nowhere else."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form = the_form(speaker)
    name = form.text("name", most=NAME_LIMIT)
    known = {scope.value for scope in Scope}
    scopes = [Scope(one) for one in form.chosen("scopes") if one in known]
    if not scopes:
        form.problem("scopes", "wrong_choice")
    if form.problems:
        return _show(_fresh(key=form), status=422)
    with parts.store.unit() as unit:
        token, _ = access.create_api_key(unit, parts.house, name=name, scopes=scopes)
    secret = Secret(speaker.say("programs_key_made"), token)
    return _show(_fresh(secret=secret), status=201)


@bp.post("/keys/<key>/revoke")
@staff_may(Right.KEYS_CHANGE)
def revoke_key(key: str) -> AnyResponse:
    """End a key."""
    frame.checked_form()
    parts = the_parts()
    with parts.store.unit() as unit:
        access.revoke_api_key(unit, parts.house, key=ApiKeyId(key))
    return frame.done(HERE, "programs_key_revoked")


@bp.post("/webhooks")
@staff_may(Right.WEBHOOKS_CHANGE)
def register() -> Response:
    """Tell a receiver what happens from now on; its secret is shown in this answer."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form = the_form(speaker)
    url = form.text("url", most=_URL_LIMIT)
    if not form.problems:
        try:
            with parts.store.unit() as unit:
                made = webhooks.register(unit, parts.house, url=url, events=form.chosen("events"))
            secret = Secret(speaker.say("programs_hook_made"), made.secret)
            return _show(_fresh(secret=secret), status=201)
        except Invalid as refusal:
            if any(one.field == "url" for one in refusal.errors):
                form.problem("url", "programs_bad_url")
            form.take(refusal)
        except Conflict:
            form.problem("url", "programs_too_many")
    return _show(_fresh(hook=form), status=422)


@bp.post("/webhooks/<webhook>/<action>")
@staff_may(Right.WEBHOOKS_CHANGE)
def act(webhook: str, action: str) -> AnyResponse:
    """Send a test, switch on again, give a new secret, delete."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    back = f"{HERE}/webhooks/{webhook}"
    with parts.store.unit() as unit:
        match action:
            case "rotate":
                made = webhooks.rotate_secret(unit, parts.house, webhook=webhook)
                secret = Secret(speaker.say("programs_hook_rotated"), made.secret)
                return _show(_fresh(secret=secret), status=201)
            case "enable":
                webhooks.enable(unit, parts.house, webhook=webhook)
                return frame.done(back, "programs_hook_enabled")
            case "test":
                try:
                    webhooks.send_test(unit, parts.house, webhook=webhook)
                except Conflict:
                    return frame.not_done(back, "programs_hook_off")
                return frame.done(back, "programs_hook_tested")
            case "delete":
                webhooks.delete(unit, parts.house, webhook=webhook)
                return frame.done(HERE, "programs_hook_deleted")
            case _:
                return frame.not_done(HERE, "wrong_value")


@bp.post("/webhooks/<webhook>/deliveries/<delivery>/replay")
@staff_may(Right.WEBHOOKS_CHANGE)
def replay(webhook: str, delivery: str) -> AnyResponse:
    """Send one delivery again, now, with the same id."""
    frame.checked_form()
    parts, back = the_parts(), f"{HERE}/webhooks/{webhook}"
    try:
        with parts.store.unit() as unit:
            webhooks.replay(unit, parts.house, webhook=webhook, delivery=delivery)
    except Conflict as refusal:
        is_off = refusal.reason == "webhook_disabled"
        return frame.not_done(back, "programs_hook_off_now" if is_off else "programs_on_its_way")
    return frame.done(back, "programs_sent_again")


@bp.get("/webhooks/<webhook>")
@staff_may(Right.WEBHOOKS_SEE)
def deliveries(webhook: str) -> Response:
    """What was delivered to one receiver, newest first."""
    parts, speaker = the_parts(), frame.the_speaker()
    listing = Listing.asked(speaker, ("at",))
    with parts.store.unit() as unit:
        found = next(one for one in [*_of(webhooks.list_webhooks(unit), webhook), None])
        try:
            page = webhooks.list_deliveries(
                unit, webhook=webhook, cursor=listing.cursor, limit=LIMIT
            )
        except Invalid:  # a cursor that somebody made up: the beginning
            page = webhooks.list_deliveries(unit, webhook=webhook, limit=LIMIT)
    return frame.show(
        "staff/webhook.html",
        place=Place.PROGRAMS,
        webhook=found,
        deliveries=[_delivery(one, speaker) for one in page.items],
        listing=listing.found(len(page.items), page.next_cursor),
        may_change=frame.may(Right.WEBHOOKS_CHANGE),
    )


_TEST: Final = EventName.WEBHOOK_TEST
_SHAPES: Final = {"done": "", "failed": "status--bad"}


def _delivery(one: webhooks.Delivery, speaker: Speaker) -> dict[str, Any]:
    why = problem_words(one.problem, speaker)
    return {
        "id": one.id,
        "at": speaker.moment(one.created_at),
        "kind": one.kind,
        "said": event_words(one.kind, speaker),
        "state": speaker.say(f"programs_state_{one.state.value}"),
        "shape": _SHAPES.get(one.state.value, "status--off"),
        "tries": one.tries,
        "answer": " · ".join(str(part) for part in (one.status, why) if part),
        "is_on_its_way": one.state is HookState.LEASED,
    }


def event_words(kind: str, speaker: Speaker) -> str:
    """What an event of the API means."""
    return _said("event", (kind,), speaker)[0][1]


def problem_words(problem: str | None, speaker: Speaker) -> str | None:
    """Why something was not taken; a word that nobody has put into others stays."""
    told = f"programs_problem_{problem}"
    return speaker.say(told) if speaker.knows(told) else problem


def _of(found: tuple[webhooks.Webhook, ...], webhook: str) -> list[webhooks.Webhook]:
    return [one for one in found if one.id == webhook]


def _fresh(
    *, key: Form | None = None, hook: Form | None = None, secret: Secret | None = None
) -> _Page:
    speaker = frame.the_speaker()
    return _Page(key or blank(speaker), hook or blank(speaker), secret)


def _show(page: _Page, *, status: int = 200) -> Response:
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        keys, hooks = access.list_api_keys(unit), webhooks.list_webhooks(unit)
    return frame.show(
        "staff/programs.html",
        place=Place.PROGRAMS,
        status=status,
        page=page,
        keys=[_key(one, speaker) for one in keys if one.revoked_at is None],
        ended=sum(one.revoked_at is not None for one in keys),
        hooks=[_hook(one, speaker) for one in hooks],
        scopes=_said("scope", Scope, speaker),
        events=_said("event", (one for one in EventName if one is not _TEST), speaker),
        may_keys=frame.may(Right.KEYS_CHANGE),
        may_hooks=frame.may(Right.WEBHOOKS_CHANGE),
    )


def _said(kind: str, names: Iterable[str], speaker: Speaker) -> list[tuple[str, str]]:
    """Each word of the API with what it means."""
    return [(str(one), speaker.say(f"{kind}_{re.sub('[.:]', '_', one)}")) for one in names]


def _key(one: ApiKey, speaker: Speaker) -> dict[str, Any]:
    used = one.last_used_on
    return {
        "id": one.id,
        "name": one.name,
        "scopes": _said("scope", sorted(one.scopes), speaker),
        "may_all": one.scopes == frozenset(Scope),
        "made": speaker.day(one.created_at),
        "used": speaker.day(used) if used else speaker.say("programs_never"),
    }


def _hook(one: webhooks.Webhook, speaker: Speaker) -> dict[str, Any]:
    is_off, fails = one.disabled_at is not None, one.failing_since is not None
    state = "off" if is_off else "failing" if fails else "on"
    shape = {"off": "status--bad", "failing": "status--off", "on": ""}[state]
    return {
        "id": one.id,
        "url": one.url,
        "events": _said("event", one.events, speaker),
        "state": speaker.say(f"programs_hook_{state}"),
        "shape": shape,
    }
