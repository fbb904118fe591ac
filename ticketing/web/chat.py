"""The web chat: a page that works without JavaScript, and the same as JSON for the script."""

from datetime import timedelta
from typing import Annotated, Final

from apiflask import APIBlueprint
from flask import Response, jsonify, redirect, request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.conversation import ids
from ticketing.domain.messages import MessageSource
from ticketing.domain.visitors import Lang as SpokenLang
from ticketing.service import chat
from ticketing.service.channels import ChannelRef, Incoming, IncomingKind
from ticketing.service.chat import ShownMessage
from ticketing.web.access import open_to_all
from ticketing.web.errors import refused, wants_problem
from ticketing.web.opening import today_of
from ticketing.web.pages import page
from ticketing.web.parts import the_parts
from ticketing.web.stream import event_stream
from ticketing.web.turns import turns_json, turns_of
from ticketing.web.visits import Visit, find_visit, remember, scoped_id, visit_to_begin
from ticketing.web.words import asked_lang, known_lang

bp = APIBlueprint("chat", __name__, url_prefix="/chat", enable_openapi=False)
CHANNEL: Final = ChannelRef("webchat", "main")
ANSWER_TIME: Final = timedelta(seconds=30)
_ID_BYTES: Final = 16
_ID_DIGITS: Final = 19  # what fits a database integer
_Short = Annotated[str, StringConstraints(max_length=200)]


class Posted(BaseModel):
    """What the page sends: a text, a pressed button, or the start; the id is the page's own."""

    model_config = ConfigDict(frozen=True)

    id: _Short = ""
    text: str = ""
    choice: _Short = ""
    start: bool = False
    lang: _Short = ""
    after: Annotated[int, Field(ge=0)] = 0


@bp.get("")
@open_to_all
def show() -> Response:
    """The conversation, or the button that begins one."""
    visit = find_visit()
    messages = _history(visit)
    lang = asked_lang(_spoken(visit))
    return page(
        "chat.html",
        remembered=lang,
        started=bool(messages),
        turns=turns_of(messages, lang),
        newest=max((message.id for message in messages), default=0),
        waiting=_is_waiting(messages),
        form_id=_new_id(),
        today=today_of(lang),
    )


@bp.post("/messages")
@open_to_all
def post() -> AnyResponse:
    """Take one message; a form is sent back to the page, a script gets what is new."""
    posted = _posted()
    visit = visit_to_begin()
    _receive(visit, posted)
    if not wants_problem():
        return remember(redirect("/chat#end", 303), visit)
    return remember(_news(visit, posted.after), visit)


@bp.get("/messages")
@open_to_all
def poll() -> Response:
    """What is new since a message, for pages without a stream."""
    return _news(find_visit(), _after())


@bp.get("/events")
@open_to_all
def events() -> Response:
    """What is new as it comes; 503 when the house or the browser has no stream left."""
    visit = find_visit()
    if visit is None:
        raise refused(403, "no_conversation")
    lang = asked_lang(_spoken(visit))
    return event_stream(
        lambda after: _history(visit, after), holder=visit.address, lang=lang, after=_after()
    )


@bp.post("/language")
@open_to_all
def language() -> AnyResponse:
    """Speak the other language from here on."""
    lang = known_lang(request.form.get("lang"))
    if lang is None:
        raise refused(400, "bad_request")
    visit = find_visit()
    if visit is None:
        return redirect(f"/chat?lang={lang}", 303)
    _receive(visit, Posted(id=_new_id(), choice=ids.lang(SpokenLang(lang)), lang=lang))
    return redirect("/chat#end", 303)


def _posted() -> Posted:
    given = request.get_json() if request.is_json else request.form.to_dict()
    try:
        posted = Posted.model_validate(given)
    except ValidationError:
        raise refused(422, "invalid") from None
    if not (posted.start or posted.choice or posted.text.strip()):
        raise refused(422, "empty_message")
    return posted


def _receive(visit: Visit, posted: Posted) -> None:
    parts = the_parts()
    event = Incoming(
        address=visit.address,
        external_id=scoped_id(visit, posted.id or _new_id()),
        kind=_kind(posted),
        text="" if posted.choice else posted.text,
        choice=posted.choice,
        lang=asked_lang(posted.lang),
    )
    raw = posted.model_dump_json(include={"id", "text", "choice", "start", "lang"}).encode()
    with parts.store.unit() as unit:
        chat.receive(unit, parts.house, channel=CHANNEL, event=event, raw=raw)


def _kind(posted: Posted) -> IncomingKind:
    if posted.start:
        return IncomingKind.START
    return IncomingKind.CHOICE if posted.choice else IncomingKind.TEXT


def _history(visit: Visit | None, after: int = 0) -> tuple[ShownMessage, ...]:
    if visit is None:
        return ()
    with the_parts().store.unit() as unit:
        return chat.history(unit, address=visit.address, channel=CHANNEL, after=after)


def _news(visit: Visit | None, after: int) -> Response:
    return jsonify(turns_json(_history(visit, after), asked_lang(_spoken(visit))))


def _spoken(visit: Visit | None) -> str | None:
    """The conversation's language, if there is one."""
    if visit is None:
        return None
    with the_parts().store.unit() as unit:
        return chat.find_lang(unit, address=visit.address, channel=CHANNEL)


def _is_waiting(messages: tuple[ShownMessage, ...]) -> bool:
    """Whether an answer is still on its way: a page without JavaScript asks again then."""
    if not messages or messages[-1].source is not MessageSource.IN:
        return False
    return the_parts().house.clock.now() - messages[-1].at < ANSWER_TIME


def _after() -> int:
    """The message the page has seen last, by the address or by the browser's own header."""
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
    return int(given) if given.isascii() and given.isdigit() and len(given) < _ID_DIGITS else 0


def _new_id() -> str:
    return the_parts().house.chance.draw(_ID_BYTES).hex()
