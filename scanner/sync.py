"""The one thread that keeps service and station in step; the gate never waits for it.

First the journal goes up, then knowledge comes down, every ten seconds, or at once when
the line is back or something was decided offline. Errors make it wait longer. The desk
hears of it by events.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from scanner.events import Failure
from scanner.journal import Journal
from scanner.link import Link, NoReply, Pulse
from scanner.memory import KnownHouse
from scanner.upload import Uploader
from ticketing.wire.journal import SyncBody
from ticketing.wire.sync_api import KnowledgePage

EVERY_S: Final = 10.0
PAGE: Final = 1_000
"""Tickets of a page: it is in memory as a whole."""
LONGEST_S: Final = 300.0
"""The longest pause between two tries after errors."""
_NOTE_EVERY: Final = timedelta(minutes=1)
_DROP_EVERY: Final = timedelta(hours=1)
_GONE: Final = 410
_LINE: Final = frozenset({Failure.UNREACHABLE, Failure.TIMEOUT, Failure.REVOKED})

log = logging.getLogger("scanner")


class Place(Protocol):
    """Where the next page begins."""

    @property
    def epoch(self) -> str:
        """Which life of the service."""
        ...

    @property
    def cursor(self) -> str:
        """Where in it."""
        ...


class Knowledge(Protocol):
    """What the station has learned from the service, in a file of its own."""

    @property
    def position(self) -> Place | None:
        """Where to go on; None before the first page."""
        ...

    def apply(self, page: KnowledgePage, *, online_until: int, at: datetime) -> bool:
        """Take a page in, which arrived at this time by the station's clock.

        Own moves of online scans up to entry `online_until` are part of it. False: it could
        not be taken and is to be asked for again.
        """
        ...

    def begin_again(self) -> None:
        """Load everything anew; what is known serves until that is complete."""
        ...

    def house(self) -> KnownHouse | None:
        """What was told of the house, and when all was last fetched."""
        ...


class Listener(Protocol):
    """The desk, as far as it hears of this; none of it waits."""

    def heard(self, pulse: Pulse | NoReply) -> None:
        """The service has answered, or has signed this station off."""
        ...

    def learned(self, page: KnowledgePage) -> None:
        """Keys, offers and settings as they are now."""
        ...

    def synced(self, state: "Synced") -> None:
        """How far it has come."""
        ...


@dataclass(frozen=True, slots=True)
class Synced:
    """How far service and station are in step.

    `unsent` entries; `at`: when knowledge was last complete, aware UTC; `alarms`: entries
    the service would not have.
    """

    unsent: int
    at: datetime | None
    alarms: int


@dataclass(frozen=True, slots=True)
class SyncParts:
    """What syncing works with; `wake` is set by whoever wants it at once."""

    journal: Journal
    link: Link
    knowledge: Knowledge
    desk: Listener
    now: Callable[[], datetime]
    wake: threading.Event


class Sync:
    """Keeps one station in step."""

    def __init__(self, parts: SyncParts, *, every_s: float = EVERY_S) -> None:
        self._parts = parts
        self._every_s = every_s
        self._uploader = Uploader(parts.journal, parts.link)
        self._failures = 0
        self._asked_to_wait_s = 0
        self._noted: tuple[tuple[str, str], datetime] | None = None
        self._dropped_at: datetime | None = None
        self._doubted: int | None = None
        # Also after a start: the station may have been killed while it found out.
        self._is_anew = True

    def run(self, stop: threading.Event) -> None:
        """Work until stopped; to stop at once, set `wake` too."""
        while not stop.is_set():
            self._parts.wake.clear()
            self.round()
            self._parts.wake.wait(self.pause_s)

    @property
    def pause_s(self) -> float:
        """How long to wait for the next round: longer with every failure in a row."""
        growing_s = self._every_s * (1 << self._failures)
        return min(max(growing_s, self._asked_to_wait_s), LONGEST_S)

    def round(self) -> bool:
        """Once up and down; whether all of it went through."""
        try:
            failed = self._once()
        except Exception as error:  # noqa: BLE001  whatever happens here, the gate goes on
            log.error("the station could not sync: %s", type(error).__name__)  # noqa: TRY400  a traceback could tell what was read
            failed = NoReply(Failure.BROKEN)
        self._failures = 0 if failed is None else min(self._failures + 1, 16)
        self._asked_to_wait_s = failed.retry_after_s or 0 if failed else 0
        if failed is not None and failed.failure is Failure.REVOKED:
            self._parts.desk.heard(failed)
        self._tell()
        return failed is None

    def _once(self) -> NoReply | None:
        failed = self._uploader.run()
        if failed is not None and failed.failure in _LINE:
            return failed
        # Entries the service cannot take must not keep a revocation from the gate.
        return self._fetch() or failed

    def _fetch(self) -> NoReply | None:
        """Knowledge, page by page, to its end."""
        parts, began_again = self._parts, False
        while True:
            place = parts.knowledge.position
            before = None if place is None else (place.epoch, place.cursor)
            online_until, asked_at = parts.journal.length, parts.now()
            told = parts.link.knowledge(before, asked_at, limit=PAGE)
            if isinstance(told, NoReply):
                if told.status != _GONE or began_again or before is None:
                    return told
                began_again = self._begin_again()
                continue
            page = told.page
            if before and page.epoch != before[0] and not began_again:
                began_again = self._begin_again()
                continue
            if page.more and before == (page.epoch, page.cursor):
                return NoReply(Failure.BROKEN)  # it would give the same page for ever
            if not parts.knowledge.apply(page, online_until=online_until, at=asked_at):
                return NoReply(Failure.BROKEN)
            parts.desk.heard(Pulse(told.ahead_ms))
            parts.desk.learned(page)
            if not page.more:
                self._finish(page)
                return None

    def _begin_again(self) -> bool:
        """The service is another than it was: what has it of the journal?"""
        self._is_anew = True
        self._parts.knowledge.begin_again()
        self._parts.journal.ask_again()
        self._parts.wake.set()
        return True

    def _finish(self, page: KnowledgePage) -> None:
        journal, now = self._parts.journal, self._parts.now()
        if self._is_anew and page.acked is not None:
            journal.reclaim(page.acked, page.held)
            self._is_anew = False
        self._note((page.epoch, page.cursor), now)
        self._doubt(page.acked)
        if self._dropped_at is None or now - self._dropped_at >= _DROP_EVERY:
            self._dropped_at = now
            journal.drop(page.server_time, page.held)

    def _note(self, position: tuple[str, str], now: datetime) -> None:
        """In the journal stands what was known when; once a minute is often enough."""
        if self._noted is not None:
            (epoch, cursor), at = self._noted
            is_soon = now - at < _NOTE_EVERY and epoch == position[0]
            if is_soon or (epoch, cursor) == position:
                return
        self._noted = (position, now)
        epoch, cursor = position
        self._parts.journal.note(SyncBody(epoch=epoch, cursor=cursor, at=now))

    def _doubt(self, acked: int | None) -> None:
        """Rows that lack what was acknowledged: once, ask what the service has."""
        if acked is None or acked >= self._parts.journal.acked:
            self._doubted = None
        elif self._doubted is None:
            self._doubted = acked
            self._parts.journal.ask_again()

    def _tell(self) -> None:
        try:
            house = self._parts.knowledge.house()
            at = None if house is None else house.fetched_at
            state = Synced(self._parts.journal.unsent(), at, self._uploader.alarms)
        except Exception as error:  # noqa: BLE001  as above
            log.error("the journal cannot be read: %s", type(error).__name__)  # noqa: TRY400  as above
            return
        self._parts.desk.synced(state)
