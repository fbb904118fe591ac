"""The feed that wakes event streams, and the streams themselves."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.fakes import FrozenClock
from tests.web.talking import Talk
from ticketing.domain.failures import StoreUnavailable
from ticketing.service.chat import ShownMessage
from ticketing.web import stream
from ticketing.web.factory import create_app
from ticketing.web.feed import Feed
from ticketing.web.parts import Parts, Room

LIMIT_S = 5.0


class Number:
    """What the feed watches."""

    def __init__(self) -> None:
        self.value = 7
        self.asked = 0
        self.is_broken = False

    def __call__(self) -> int:
        """The number, or a fault."""
        self.asked += 1
        if self.is_broken:
            raise OSError("the disk is gone")
        return self.value


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; fail if it does not."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def watchers() -> int:
    """How many watcher threads there are."""
    return sum(thread.name == "feed" for thread in threading.enumerate())


@pytest.fixture
def number() -> Number:
    """A number to watch."""
    return Number()


@pytest.fixture
def feed(number: Number) -> Feed:
    """A quick feed with two slots."""
    return Feed(number, max_streams=2, pause_s=0.01)


def test_slots_are_counted(feed: Feed) -> None:
    """The third stream gets none until one is given back; giving back twice counts once."""
    first, second = feed.take_slot(b"one"), feed.take_slot(b"one")
    assert first is not None
    assert second is not None
    assert feed.take_slot(b"one") is None
    first.release()
    first.release()
    assert feed.open_streams == 1
    third = feed.take_slot(b"one")
    assert third is not None
    second.release()
    third.release()
    assert feed.open_streams == 0


def test_one_thread_watches_for_all_and_ends_with_the_last(feed: Feed, number: Number) -> None:
    """Without streams nobody asks the database."""
    until(lambda: watchers() == 0)
    slots = [feed.take_slot(b"one"), feed.take_slot(b"one")]
    until(lambda: number.asked > 3)
    assert watchers() == 1
    for slot in slots:
        assert slot is not None
        slot.release()
    until(lambda: watchers() == 0)
    asked = number.asked
    time.sleep(0.05)
    assert number.asked == asked
    again = feed.take_slot(b"one")
    assert again is not None
    until(lambda: number.asked > asked)
    again.release()


def test_a_change_wakes_whoever_waits(feed: Feed, number: Number) -> None:
    """At once, not at the end of the wait."""
    slot = feed.take_slot(b"one")
    assert slot is not None
    until(lambda: feed.wait(0, 0) == 7)
    woken: list[int] = []
    waiting = threading.Thread(target=lambda: woken.append(feed.wait(7, LIMIT_S)))
    waiting.start()
    number.value = 8
    waiting.join(LIMIT_S)
    assert woken == [8]
    slot.release()


def test_without_a_change_the_wait_ends(feed: Feed) -> None:
    """So that a heartbeat can be sent."""
    assert feed.wait(0, 0.01) == 0


def test_a_sick_database_does_not_end_the_watch(
    feed: Feed, number: Number, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged by its kind, and asked again."""
    number.is_broken = True
    slot = feed.take_slot(b"one")
    assert slot is not None
    until(lambda: number.asked > 2)
    number.is_broken = False
    until(lambda: feed.wait(0, 0) == 7)
    slot.release()
    assert "OSError" in caplog.text
    assert "disk" not in caplog.text


# ------------------------------------------------------------ streams
def room(app: APIFlask) -> Room:
    """The room of an application."""
    found = app.extensions["einlass"]
    assert isinstance(found, Room)
    return found


def events(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The data of each event; heartbeats are passed over."""
    for chunk in chunks:
        for line in chunk.decode().split("\n"):
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_a_stream_brings_what_is_new(talk: Talk, app: APIFlask) -> None:
    """An answer arrives while the stream is open, each message once."""
    talk.start()
    seen = talk.newest()
    answer = talk.client.get(f"/chat/events?after={seen}", buffered=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    chunks = answer.iter_encoded()
    assert next(chunks) == b"retry: 3000\n\n"
    poster = threading.Timer(0.2, lambda: talk.browser_of_its_own().say("hallo"))
    poster.start()
    got: list[int] = []
    for event in events(chunks):
        got += [item["id"] for item in event["items"]]
        if any(item["direction"] == "out" for item in event["items"]):
            break
    poster.join()
    assert got == sorted(set(got))
    assert min(got) > seen
    answer.close()
    assert room(app).feed.open_streams == 0


def test_beyond_the_cap_a_page_polls(talk: Talk, app: APIFlask) -> None:
    """503 with Retry-After; a closed stream makes room."""
    talk.start()
    open_ones = [talk.client.get("/chat/events", buffered=False) for _ in range(2)]
    refused = talk.client.get("/chat/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    open_ones[0].close()
    again = talk.client.get("/chat/events", buffered=False)
    assert again.status_code == 200
    for answer in (open_ones[1], again):
        answer.close()
    assert room(app).feed.open_streams == 0


def test_a_stream_that_was_never_read_gives_its_slot_back(talk: Talk, app: APIFlask) -> None:
    """A client may be gone before the first byte."""
    talk.start()
    talk.client.get("/chat/events", buffered=False).close()
    assert room(app).feed.open_streams == 0


def test_one_browser_cannot_take_every_stream(talk: Talk, parts: Parts) -> None:
    """The fifth of one cookie polls; another browser still gets its stream."""
    app = create_app(replace(parts, max_streams=8))
    talk = replace(talk, client=app.test_client())
    talk.start()
    own = [talk.client.get("/chat/events", buffered=False) for _ in range(4)]
    assert [answer.status_code for answer in own] == [200] * 4
    fifth = talk.client.get("/chat/events")
    assert (fifth.status_code, fifth.headers["Retry-After"]) == (503, "3")
    other = replace(talk, client=app.test_client())
    other.start()
    theirs = other.client.get("/chat/events", buffered=False)
    assert theirs.status_code == 200
    for answer in (*own, theirs):
        answer.close()
    assert room(app).feed.open_streams == 0


def test_a_stream_ends_when_the_database_is_away(app: APIFlask) -> None:
    """No fault in the middle of an answer; the page comes back by itself."""

    def away(_after: int) -> tuple[ShownMessage, ...]:
        raise StoreUnavailable("OperationalError")

    with app.test_request_context("/"):
        answer = stream.event_stream(away, holder=b"one", lang="de", after=0)
        assert list(answer.response) == ["retry: 3000\n\n"]
        answer.close()
    assert room(app).feed.open_streams == 0


def test_without_a_conversation_there_is_no_stream(client: FlaskClient) -> None:
    """Nobody holds a slot who has not begun."""
    assert client.get("/chat/events").status_code == 403


def test_a_stream_ends_itself(
    talk: Talk, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten minutes the page comes back by itself; until then it hears heartbeats."""
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.01)
    talk.start()
    answer = talk.client.get(f"/chat/events?after={talk.newest()}", buffered=False)
    chunks = answer.iter_encoded()
    until(lambda: next(chunks) == b": still here\n\n")
    clock.tick(minutes=10)
    assert all(chunk == b": still here\n\n" for chunk in chunks)
    answer.close()


def test_the_browsers_own_mark_continues(talk: Talk) -> None:
    """After a broken line the browser says what it saw last."""
    talk.start()
    mark = {"Last-Event-ID": str(talk.newest())}
    talk.say("hallo")
    answer = talk.client.get("/chat/events?after=0", headers=mark, buffered=False)
    first = next(events(answer.iter_encoded()))
    assert all(item["id"] > int(mark["Last-Event-ID"]) for item in first["items"])
    assert first["newest"] == max(item["id"] for item in first["items"])
    answer.close()
