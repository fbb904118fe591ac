"""The station, put together: camera, eyes, desk, page and line, each in its thread.

The one place that reads the clock and draws chance. Whatever a part does, the others go
on: a lost camera is looked for again, a dead line is probed, a fault in the eyes costs
one frame.
"""

import logging
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scanner.camera import BadSource, Camera, Trouble, choices, open_source
from scanner.cameras import Cameras
from scanner.config import (
    PAIRING_FILE,
    ConfigError,
    Pairing,
    Settings,
    StationKey,
    choose_source,
    load_key,
)
from scanner.desk import WRONG_CLOCK, Desk, Parts
from scanner.errands import Errands
from scanner.events import ClockJudged, Moment, ScanId
from scanner.eyes import Eyes, Hands
from scanner.gate import Gate
from scanner.journal import FILE_NAME, Journal
from scanner.knowledge import FILE_NAME as KNOWLEDGE_FILE
from scanner.knowledge import Knowledge
from scanner.learning import Learnt
from scanner.link import Condition, Link, NoReply, Server
from scanner.memory import KnownHouse, ListedMoves, Memory, Moves, NoRows, Rows, StationMemory
from scanner.page.app import Page, create_app
from scanner.page.feed import Feed
from scanner.page.server import PageServer
from scanner.post import Post
from scanner.presentation import House
from scanner.sync import Sync, SyncParts
from scanner.wording import both
from scanner.worker import SILENT_S, Guarded, Watchman, Worker
from ticketing.wire.journal import BootBody

PROBE_S: Final = 5.0
SLOW_S: Final = 20.0
"""How long an upload or a page of knowledge may take."""
LEAST_FREE_BYTES: Final = 200 * 1024 * 1024
_SCAN_ID_BYTES: Final = 16

log = logging.getLogger("scanner")


class RealWorld:
    """The computer's clock and chance."""

    def moment(self) -> Moment:
        """Now, by both clocks."""
        return Moment(datetime.now(UTC), time.monotonic_ns() // 1_000_000)

    def scan_id(self) -> ScanId:
        """128 random bits."""
        return ScanId(secrets.token_hex(_SCAN_ID_BYTES))


def draw(size: int) -> bytes:
    """Random bytes for keys and ids."""
    return secrets.token_bytes(size)


def now() -> datetime:
    """The computer's clock, aware UTC."""
    return datetime.now(UTC)


class Probe:
    """Asks the service every few seconds whether it lives, and tells how the station is."""

    def __init__(self, link: Link, desk: Desk, *, every_s: float, version: str) -> None:
        self._link = link
        self._desk = desk
        self._every_s = every_s
        self._version = version

    def run(self, stop: threading.Event) -> None:
        """Probe until stopped, the first time at once."""
        noted = ""
        while not stop.is_set():
            condition = Condition(self._desk.unsent, self._version, self._desk.ring)
            pulse = self._link.probe(now(), condition)
            self._desk.heard(pulse)
            state = (
                f"does not answer ({pulse.failure})" if isinstance(pulse, NoReply) else "answers"
            )
            if state != noted:
                noted = state
                log.info("the service %s", state)
            stop.wait(self._every_s)


class Station:
    """A whole station."""

    def __init__(
        self, home: Path, settings: Settings, pairing: Pairing, key: StationKey, *, version: str
    ) -> None:
        """Open the journal and listen on the page's port.

        Raises:
            JournalError: the journal cannot be used.
            PortTaken: another program listens on the port.
            BadAddress: the service's address is none a station talks to.
        """
        self._home = home
        self._settings = settings
        answer = pairing.answer
        server = Server.of(pairing.server)
        self._link = Link(server, answer.token)
        # Of its own: a long upload takes no connection from a scan.
        self._slow = Link(server, answer.token, timeout_s=SLOW_S)
        self._wake = threading.Event()
        self._feed = Feed()
        self._journal = Journal(home / FILE_NAME, key, draw=draw)
        self._knowledge = Knowledge(home / KNOWLEDGE_FILE)
        known = _since_pairing(home, self._knowledge.house())
        post, house = _stand(pairing, settings, known)
        self._desk = Desk(
            Parts(
                gate=Gate(post, StationMemory(self._knowledge, self._journal)),
                journal=self._journal,
                link=self._link,
                feed=self._feed,
                house=house,
                world=RealWorld(),
                nudge=self._wake.set,
                synced_at=None if known is None else known.fetched_at,
                is_full=lambda: is_full(home),
            ),
            lang=settings.language,
        )
        source = settings.source
        name = f"webcam {source}" if source.isdigit() else ""
        self.eyes = Eyes(
            lambda: open_source(source), self._desk, name=name, remember=self._remember_source
        )
        self._version = version
        self._cameras = Cameras(source, choices)
        self._cameras.attach(self.eyes.use)
        self._server = self._listen(answer.museum)

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return self._server.address

    def run(self, opener: Callable[[], Camera], stop: threading.Event) -> None:
        """Work until `stop` is set; then everything is closed in order.

        Raises:
            JournalError: not even the start can be recorded.
        """
        self.eyes.look_through(opener)
        looking = Worker("the camera", self.eyes.run)
        second = Worker("the second eyes", self.eyes.second.run)
        watchman = Watchman(self._guarded(looking, second), silent_s=SILENT_S)
        probe = Probe(self._link, self._desk, every_s=PROBE_S, version=self._version)
        sync = Sync(self._sync_parts())
        with ExitStack() as closing:
            closing.callback(self._journal.close)
            closing.callback(self._knowledge.close)
            closing.callback(self._link.close)
            closing.callback(self._slow.close)
            self._begin()
            closing.enter_context(Worker("desk", lambda _: self._desk.run(), halt=self._desk.stop))
            closing.enter_context(Worker("probe", probe.run))
            closing.enter_context(Worker("sync", sync.run, halt=self._stop_sync))
            closing.enter_context(second)
            closing.enter_context(looking)
            closing.enter_context(Worker("watchman", watchman.run))
            closing.enter_context(self._server)
            closing.callback(self._feed.close)
            while not stop.wait(1.0):
                pass
            log.info("the station ends")

    def _begin(self) -> None:
        newest_at = self._journal.newest_at()
        if newest_at is not None and now() < newest_at - WRONG_CLOCK:
            # Before the last entry: a clock battery that is empty.
            self._desk.post(ClockJudged(ok=False))
        self._journal.note(BootBody(version=self._version, at=now()))
        log.info("the station starts, version %s", self._version)

    def _sync_parts(self) -> SyncParts:
        return SyncParts(
            journal=self._journal,
            link=self._slow,
            knowledge=self._knowledge,
            desk=self._desk,
            now=now,
            wake=self._wake,
        )

    def _guarded(self, looking: Worker, second: Worker) -> tuple[Guarded, ...]:
        def restart() -> None:
            self.eyes.renew()  # the old ones may be stuck with a frame
            looking.restart()

        def restart_second() -> None:
            self.eyes.second.renew()
            second.restart()

        return (
            Guarded("the camera", lambda: self.eyes.beat, restart),
            Guarded("the second eyes", lambda: self.eyes.second.beat, restart_second),
        )

    def _remember_source(self, source: str) -> None:
        """Another camera is used now whether or not that can be kept."""
        try:
            choose_source(self._home, source)
        except ConfigError:
            log.warning("which camera was chosen could not be kept")

    def _stop_sync(self) -> None:
        """Cut what is on its way; it is sent again after the next start."""
        self._slow.close()
        self._wake.set()

    def _listen(self, museum: str) -> PageServer:
        words = {one.lang: dict(one.by_key) for one in both()}
        errands = Errands(self._link, self._desk)
        page = Page(
            Hands(self._desk),
            self._feed,
            words,
            museum,
            lambda: self._desk.lang,
            errands,
            self._cameras,
        )
        try:
            return PageServer(create_app(page), self._settings.port)
        except BaseException:
            self._journal.close()
            self._knowledge.close()
            raise


def is_full(home: Path) -> bool:
    """Whether next to no room is left where the journal stands."""
    return shutil.disk_usage(home).free < LEAST_FREE_BYTES


def _since_pairing(home: Path, known: KnownHouse | None) -> KnownHouse | None:
    """What was told after the station was paired last: another gate or service counts at once."""
    if known is None or known.fetched_at is None:
        return None
    paired_s = (home / PAIRING_FILE).stat().st_mtime
    return known if known.fetched_at.timestamp() >= paired_s else None


def _stand(pairing: Pairing, settings: Settings, known: KnownHouse | None) -> tuple[Post, House]:
    """Where the station stands: as the service last told, else as pairing gave."""
    answer = pairing.answer
    post = Post(
        gate=answer.gate,
        zone=pairing.zone,
        ring=answer.keys,
        digest_key=answer.digest_key,
        deadline_ms=settings.deadline_ms,
    )
    offers = {offer.number: offer.name for offer in answer.offers}
    house = House(answer.museum, answer.gate, answer.gate_name, pairing.zone, offers)
    if known is None:
        return post, house
    learnt = Learnt.of_house(known)
    return learnt.post(post), learnt.house(house)


def opener_of(source: str) -> Callable[[], Camera]:
    """How the source is opened, and opened again. A webcam that is not there may come.

    Raises:
        BadSource: a file or an address that cannot be right.
    """

    def reopen() -> Camera:
        return open_source(source)

    try:
        first = [open_source(source)]
    except BadSource as bad:
        if bad.reason in {Trouble.NO_WEBCAM, Trouble.NO_ANSWER}:
            return reopen
        raise
    return lambda: first.pop() if first else reopen()


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set the event, so that everything is closed in order."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def remembered(home: Path) -> Iterator[Memory]:
    """What the station of a home knows and has in its journal; neither is begun here.

    Raises:
        ConfigError, JournalError: the key or the journal cannot be used.
    """
    path, knowledge_path = home / FILE_NAME, home / KNOWLEDGE_FILE
    with ExitStack() as closing:
        moves: Moves = ListedMoves()
        if path.exists():
            moves = journal = Journal(path, load_key(home), draw=draw)
            closing.callback(journal.close)
        rows: Rows = NoRows()
        if knowledge_path.exists():
            rows = knowledge = Knowledge(knowledge_path)
            closing.callback(knowledge.close)
        yield StationMemory(rows, moves)
