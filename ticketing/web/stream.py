"""One event stream: what is new in one conversation, as server-sent events.

A stream wakes when the feed does and asks for its own conversation only.
It ends itself after a while and the page comes back.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Flask, Response, current_app

from ticketing.domain.failures import StoreUnavailable
from ticketing.service.chat import ShownMessage
from ticketing.web.errors import refused
from ticketing.web.parts import Room, the_room
from ticketing.web.turns import turns_json
from ticketing.web.words import Lang

HEARTBEAT_S: Final = 15.0
STREAM_TIME: Final = timedelta(minutes=10)
POLL_AGAIN_S: Final = "3"
Fetch = Callable[[int], Sequence[ShownMessage]]


def event_stream(fetch: Fetch, *, holder: bytes, lang: Lang, after: int) -> Response:
    """A stream of what `fetch(after)` gives, or 503 when all slots, or the holder's, are taken."""
    slot = the_room().feed.take_slot(holder)
    if slot is None:
        raise refused(503, "too_many_streams", Retry_After=POLL_AGAIN_S)
    listener = _Listener(current_app._get_current_object(), the_room(), fetch, lang)  # type: ignore[attr-defined]  # noqa: SLF001  the stream outlives the request's proxy
    answer = Response(
        listener.events(after),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    # By the server when the client is gone, whether or not the first event was asked for.
    answer.call_on_close(slot.release)
    return answer


@dataclass(frozen=True, slots=True)
class _Listener:
    """Whoever holds the stream; the application's context is open only while it renders."""

    app: Flask
    room: Room
    fetch: Fetch
    lang: Lang

    def events(self, after: int) -> Iterator[str]:
        """The text of each event."""
        clock = self.room.parts.house.clock
        end = clock.now() + STREAM_TIME
        seen = -1  # differs from every number: look once at the beginning
        yield "retry: 3000\n\n"
        while clock.now() < end:
            newest = self.room.feed.wait(seen, HEARTBEAT_S)
            if newest == seen:
                yield ": still here\n\n"
                continue
            seen = newest
            try:
                event, after = self._news(after)
            except StoreUnavailable:  # the page comes back by itself
                return
            if event:
                yield event

    def _news(self, after: int) -> tuple[str, int]:
        """The event for what is new, "" for nothing, and the id of the last message."""
        with self.app.app_context():
            fresh = self.fetch(after)
            if not fresh:
                return "", after
            newest = fresh[-1].id
            data = json.dumps(turns_json(fresh, self.lang))
        return f"id: {newest}\ndata: {data}\n\n", newest
