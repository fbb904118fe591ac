"""What was delivered to a receiver of events, as a file: for whoever looks after it."""

from collections.abc import Iterator
from typing import Final

from apiflask import APIBlueprint
from flask import Response

from ticketing.domain.accounts import Right
from ticketing.domain.spreadsheets import Column, ColumnKind, Row
from ticketing.service import webhooks
from ticketing.service.pages import walk
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import exports, frame
from ticketing.web.staff.programs import HERE, event_words, problem_words
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_delivery_sheet", __name__, url_prefix=HERE, enable_openapi=False)
_AT_ONCE: Final = 1000


@bp.post("/webhooks/<webhook>/deliveries/export")
@staff_may(Right.WEBHOOKS_SEE)
def export(webhook: str) -> Response:
    """All that is in the log, newest first."""
    frame.checked_form()
    kind, speaker, parts = exports.asked_kind(), frame.the_speaker(), the_parts()
    with parts.store.unit() as unit:
        webhooks.list_deliveries(unit, webhook=webhook, limit=1)  # there is such a receiver
    exports.note("deliveries", kind, webhook=webhook)
    name = speaker.say("programs_deliveries")
    return exports.download(_columns(speaker), _rows(webhook, speaker), name=name, kind=kind)


def _columns(speaker: Speaker) -> list[Column]:
    say = speaker.say
    return [
        Column(say("staff_time"), ColumnKind.MOMENT, 18),
        Column(say("programs_event"), width=32),
        Column(say("programs_event_name"), width=24),
        Column(say("staff_state"), width=18),
        Column(say("programs_tries"), ColumnKind.WHOLE, 10),
        Column(say("programs_status"), ColumnKind.WHOLE, 10),
        Column(say("programs_answer"), width=40),
        Column(say("programs_settled_at"), ColumnKind.MOMENT, 18),
        Column(say("programs_event_id"), width=36),
    ]


def _rows(webhook: str, speaker: Speaker) -> Iterator[Row]:
    found = walk(
        the_parts().store,
        lambda unit, cursor: webhooks.list_deliveries(
            unit, webhook=webhook, cursor=cursor, limit=_AT_ONCE
        ),
    )
    return (_row(one, speaker) for one in found)


def _row(one: webhooks.Delivery, speaker: Speaker) -> Row:
    return (
        one.created_at,
        event_words(one.kind, speaker),
        one.kind,
        speaker.say(f"programs_state_{one.state.value}"),
        one.tries,
        one.status,
        problem_words(one.problem, speaker),
        one.settled_at,
        one.event,
    )
