"""What open pages wait for: the state, the outline of found codes, the preview pictures."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final

HEARTBEAT_S: Final = 10.0
"""A stream says so often that it lives, and so notices soon that nobody listens."""
MOST_STREAMS: Final = 8
BOUNDARY: Final = "einlass-frame"


class TooManyStreams(Exception):  # noqa: N818  says what it is
    """More pages are open than anybody looks at."""


class Feed:
    """The newest of each kind; whoever waits is woken by a change. For many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: dict[str, tuple[int, bytes]] = {}
        self._count = 0
        self._watching: dict[str, int] = {}
        self._closed = False

    def publish(self, kind: str, data: object) -> None:
        """Give everybody a new document; the same one again wakes nobody."""
        packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        if packed != self.newest(kind):
            self.put(kind, packed)

    def put(self, kind: str, data: bytes) -> None:
        """Give everybody new bytes.

        The same picture again too: Chromium shows a part only when the next one begins.
        """
        with self._changed:
            self._count += 1
            self._newest[kind] = (self._count, data)
            self._changed.notify_all()

    def close(self) -> None:
        """End all streams."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def newest(self, kind: str) -> bytes:
        """The newest of a kind; empty before the first."""
        with self._changed:
            return self._newest.get(kind, (0, b""))[1]

    def is_watched(self, kind: str) -> bool:
        """Whether anybody has a stream of this kind open."""
        with self._changed:
            return self._watching.get(kind, 0) > 0

    @contextmanager
    def watching(self, kind: str) -> Iterator[None]:
        """Count a stream for as long as it is open.

        Raises:
            TooManyStreams: there are as many as are allowed.
        """
        with self._changed:
            if self._watching.get(kind, 0) >= MOST_STREAMS:
                raise TooManyStreams
            self._watching[kind] = self._watching.get(kind, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._watching[kind] -= 1

    def changes(self, *kinds: str) -> Iterator[tuple[str, bytes] | None]:
        """The newest of each kind, then what changes; None when nothing did for a while.

        A slow reader misses what was overwritten meanwhile, never the newest.
        """
        seen = dict.fromkeys(kinds, 0)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._news(seen), HEARTBEAT_S)
                if self._closed:
                    return
                news = self._news(seen)
            for kind, count, _ in news:
                seen[kind] = count
            yield from ((kind, data) for kind, _, data in news)
            if not news:
                yield None

    def _news(self, seen: dict[str, int]) -> list[tuple[str, int, bytes]]:
        newest = ((kind, *self._newest.get(kind, (0, b""))) for kind in seen)
        return [one for one in newest if one[1] > seen[one[0]]]


def as_events(feed: Feed) -> Generator[bytes]:
    """State and outlines as server-sent events."""
    with feed.watching("state"):
        for change in feed.changes("state", "outline"):
            if change is None:
                yield b": still here\n\n"
            else:
                kind, data = change
                yield b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def as_pictures(feed: Feed) -> Generator[bytes]:
    """The preview as a multipart stream of JPEGs.

    A browser shows a part when it sees the boundary after it, so that is sent along.
    """
    with feed.watching("picture"):
        edge = f"--{BOUNDARY}\r\n".encode()
        yield edge
        for change in feed.changes("picture"):
            if change is not None and change[1]:
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(change[1])}\r\n\r\n"
                yield head.encode() + change[1] + b"\r\n" + edge
