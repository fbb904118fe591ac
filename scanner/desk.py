"""The desk: one thread that feeds the gate its events and does what comes out, in order.

Everything that happens is put in a row (`post`), from whatever thread; only the desk's own
thread touches the gate, the journal and what is shown. An entry is on disk before the page
hears of the verdict. Questions to the service run in threads of their own.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from scanner.events import (
    Annul,
    Answer,
    Ask,
    AskAnnul,
    AskSettle,
    ClockJudged,
    Count,
    Effect,
    Event,
    Learned,
    LinkDown,
    LinkState,
    LinkUp,
    Moment,
    NoAnswer,
    People,
    Record,
    ScanId,
    Seen,
    Settle,
    Show,
    Sound,
    Step,
    Switch,
    Tick,
    Typed,
)
from scanner.gate import Gate
from scanner.giving_back import GivingBack, given_away, lost_scans
from scanner.journal import Journal, JournalError
from scanner.learning import Learnt
from scanner.link import Link, NoReply, Pulse
from scanner.page.feed import Feed
from scanner.presentation import KEPT_SCANS, Facts, House, page_state
from scanner.reading import meant
from scanner.screen import Screen
from scanner.sync import Synced
from scanner.tryout import Tryout
from ticketing.wire.journal import Action, ClockBody
from ticketing.wire.station_api import ScanAnswer, ScanRequest
from ticketing.wire.sync_api import KnowledgePage
from ticketing.wire.verdict import Direction

TICK_S: Final = 0.05
"""How exactly deadlines are kept; a gate of 400 ms does not notice."""
WRONG_CLOCK: Final = timedelta(minutes=5)
"""Beyond this the clock judges no times any more."""
CLOCK_STEP_MS: Final = 2_000
"""A change of the clock's difference that is worth an entry."""
_ASKERS = 6

log = logging.getLogger("scanner")
Change = Callable[[Facts], Facts]


class World(Protocol):
    """The station's clock and chance."""

    def moment(self) -> Moment:
        """Now."""
        ...

    def scan_id(self) -> ScanId:
        """An id no scan has had."""
        ...


def _nobody() -> None:
    """Nobody syncs."""


def _plenty() -> bool:
    """Nobody looks at the disk."""
    return False


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk works with.

    `nudge` tells whoever syncs that there is something to send; `synced_at` is when
    knowledge was last complete, aware UTC; `is_full` whether next to no room is left on
    the disk.
    """

    gate: Gate
    journal: Journal
    link: Link
    feed: Feed
    house: House
    world: World
    nudge: Callable[[], None] = _nobody
    synced_at: datetime | None = None
    is_full: Callable[[], bool] = _plenty


class Desk:
    """Runs one gate; what the page may do are its methods, callable from any thread."""

    def __init__(self, parts: Parts, *, lang: str = "de") -> None:
        self.feed = parts.feed
        self.world = parts.world
        self._parts = parts
        self._row: queue.SimpleQueue[Event | Change] = queue.SimpleQueue()
        self._askers = ThreadPoolExecutor(_ASKERS, thread_name_prefix="ask")
        self._giving_back = GivingBack(parts.link, self._askers.submit)
        self._house = parts.house
        self.ring = parts.gate.post.ring.fingerprint()
        unsent = parts.journal.unsent()
        self._facts = Facts(lang=lang, unsent=unsent, synced_at=parts.synced_at)
        self._stopped = threading.Event()
        self._noted_ahead_ms: int | None = None
        self._published: tuple[Facts, datetime] | None = None
        self._publish()

    # ------------------------------------------------------------ from any thread

    def post(self, happened: Event | Change) -> None:
        """Put an event, or a change of what is shown, in the row."""
        self._row.put(happened)

    def typed(self, text: str) -> None:
        """A hand scanner or somebody has typed, with whatever layout."""
        self.post(Typed(meant(text, self._parts.gate.post.ring), self._parts.world.scan_id()))

    def settle(self, scan_id: ScanId, action: Action) -> None:
        """Staff confirm or decline what is shown."""
        self.post(Settle(scan_id, action))

    def switch(self, direction: Direction) -> None:
        """Entry or exit from now on."""
        self.post(Switch(direction))

    def annul(self) -> None:
        """Take back the last admit or exit."""
        self.post(Annul())

    def people(self, delta: int) -> None:
        """More or fewer people came with the ticket on the screen."""
        self.post(People(delta, self._parts.world.scan_id()))

    def count(self, delta: int) -> None:
        """People without a ticket came in, or went out."""
        self.post(Count(delta, "without_ticket" if delta > 0 else "correction"))

    def speak(self, lang: str) -> None:
        """The language of the page."""
        self.post(lambda facts: replace(facts, lang=lang))

    def begin_tryout(self) -> None:
        """From now on what is read is no scan: staff try the station before the doors open."""
        begun = Tryout.begun(self._parts.world.moment().mono_ms)
        self.post(lambda facts: replace(facts, tryout=begun))

    def end_tryout(self) -> None:
        """What is read is a scan again, as soon as the code held up has left."""
        self.post(lambda facts: replace(facts, tryout=facts.tryout and facts.tryout.ended()))

    @property
    def house(self) -> House:
        """Where the station stands, as last told."""
        return self._house

    @property
    def unsent(self) -> int:
        """Entries the service can know of from here alone."""
        return self._facts.unsent

    @property
    def lang(self) -> str:
        """The language of the page."""
        return self._facts.lang

    def heard(self, pulse: Pulse | NoReply) -> None:
        """The service was probed; the disk is looked at as often."""
        is_full = self._parts.is_full()
        self.post(lambda facts: replace(facts, disk_full=is_full))
        if isinstance(pulse, NoReply):
            self.post(LinkDown(pulse.failure))
            return
        self._giving_back.remind()
        self.post(LinkUp(self._parts.world.scan_id()))
        ahead_ms = pulse.ahead_ms
        if ahead_ms is not None:
            self.post(lambda facts: replace(facts, ahead_ms=ahead_ms))
            self.post(ClockJudged(ok=timedelta(milliseconds=abs(ahead_ms)) <= WRONG_CLOCK))

    def learned(self, page: KnowledgePage) -> None:
        """Keys, offers and settings as they are now."""

        def change(facts: Facts) -> Facts:
            self._learn(page)
            return facts

        self.post(change)

    def synced(self, state: Synced) -> None:
        """How far the station is in step with the service."""
        self.post(
            lambda facts: replace(
                facts, unsent=state.unsent, synced_at=state.at, alarms=state.alarms
            )
        )

    def stop(self) -> None:
        """End the desk's thread after what is in the row."""
        self._stopped.set()

    # ------------------------------------------------------------ the desk's own thread

    def run(self) -> None:
        """Work until stopped; whatever one event does, the next one is handled."""
        while not self._stopped.is_set() or not self._row.empty():
            try:
                happened: Event | Change = self._row.get(timeout=TICK_S)
            except queue.Empty:
                happened = Tick()
            try:
                self.handle(happened)
            except Exception as error:  # noqa: BLE001  a gate that stands still is worse than any fault
                log.error("an event could not be handled: %s", type(error).__name__)  # noqa: TRY400  a traceback could tell what was read
        self._askers.shutdown(wait=False, cancel_futures=True)

    def handle(self, happened: Event | Change) -> None:
        """Do one thing in the row, and let the page know."""
        if callable(happened):
            self._facts = happened(self._facts)
            self._note_clock()
        else:
            moment = self._parts.world.moment()
            told = self._noticed(happened, moment)
            effects = self._parts.gate.handle(told, moment)
            self._do_all(effects)
            self._follow_line(told, moment)
        self._publish()

    def _noticed(self, happened: Event, moment: Moment) -> Event:
        """Note that something was read, and keep from the gate what is only tried."""
        minute, facts = moment.at.replace(second=0, microsecond=0), self._facts
        if isinstance(happened, Seen) and happened.sightings:
            facts = replace(facts, read_at=minute)
        elif isinstance(happened, Typed):
            facts = replace(facts, typed_at=minute)
        if facts.tryout is not None:
            tryout, happened = facts.tryout.divert(happened, moment.mono_ms)
            facts = replace(facts, tryout=tryout)
        self._facts = facts
        return happened

    def _do_all(self, effects: tuple[Effect, ...]) -> None:
        done = 0
        try:
            for effect in effects:
                self._do(effect)
                done += 1
        except JournalError:
            # What cannot be recorded is not shown: nobody comes in unrecorded.
            log.error("the journal takes no entries")  # noqa: TRY400  the message says all there is
            self._undo(effects[done:])
        if any(isinstance(effect, Record) for effect in effects):
            self._facts = replace(self._facts, unsent=self._parts.journal.unsent())

    def _undo(self, undone: tuple[Effect, ...]) -> None:
        """These effects do not happen: gate and service hear of it."""
        gate = self._parts.gate
        gate.unrecorded(lost_scans(undone))
        self._giving_back.owe(given_away(undone))
        self._facts = replace(self._facts, trouble=True, screen=gate.screen)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Record():
                is_owed = self._parts.journal.append(effect.entry)
                self._facts = replace(self._facts, trouble=False)
                if is_owed and self._parts.gate.link is LinkState.UP:
                    self._parts.nudge()
            case Show():
                self._show(effect.screen)
            case Sound():
                number = self._facts.sound[0] + 1
                self._facts = replace(self._facts, sound=(number, effect.verdict))
            case Ask() | AskSettle() | AskAnnul():
                with suppress(RuntimeError):  # the station is stopping
                    self._askers.submit(self._ask, effect)

    def _show(self, screen: Screen) -> None:
        recent = self._facts.recent
        if screen.result is not None:
            gone = {screen.scan_id, screen.replaces}
            others = tuple(one for one in recent if one.scan_id not in gone)
            recent = (_without_name(screen), *others)[:KEPT_SCANS]
        self._facts = replace(self._facts, screen=screen, recent=recent)

    def _follow_line(self, happened: Event, moment: Moment) -> None:
        gate, facts = self._parts.gate, self._facts
        if gate.link is LinkState.UP and facts.link is not LinkState.UP:
            self._parts.nudge()
        is_down = gate.link is LinkState.DOWN
        offline_at = (facts.offline_at or moment.at) if is_down else None
        has_answered = isinstance(happened, Answer | LinkUp)
        self._facts = replace(
            facts,
            link=gate.link,
            inside=gate.inside,
            counted=gate.counted,
            keys=len(gate.post.ring.keys),
            offline_at=offline_at,
            known_at=moment.at if has_answered else facts.known_at,
        )

    def _note_clock(self) -> None:
        ahead_ms = self._facts.ahead_ms
        if ahead_ms is None:
            return
        last = self._noted_ahead_ms
        if last is None or abs(ahead_ms - last) >= CLOCK_STEP_MS:
            self._noted_ahead_ms = ahead_ms
            with suppress(JournalError):
                at = self._parts.world.moment().at
                self._parts.journal.note(ClockBody(diff_ms=ahead_ms, at=at))

    def _learn(self, page: KnowledgePage) -> None:
        gate = self._parts.gate
        learnt = Learnt.of_page(page)
        post, house = learnt.post(gate.post), learnt.house(self._house)
        if house != self._house:
            self._house, self._published = house, None
        if post != gate.post:
            self.post(Learned(post))
            self.ring = post.ring.fingerprint()

    def _publish(self) -> None:
        now = self._parts.world.moment().at
        what = (self._facts, now.replace(second=0, microsecond=0))
        if what == self._published:  # twenty ticks a second change nothing
            return
        self._published = what
        self._parts.feed.publish("state", page_state(self._facts, self._house, now))

    # ------------------------------------------------------------ the askers' threads

    def _ask(self, asked: Ask | AskSettle | AskAnnul) -> None:
        reply: ScanAnswer | NoReply
        if isinstance(asked, Ask):
            step = Step.SCAN
            request = ScanRequest(
                scan_id=asked.scan_id,
                barcode=asked.text,
                direction=asked.direction,
                scanned_at=asked.at,
                people=asked.people,
                gate=self._house.gate,
            )
            reply = self._parts.link.ask(request)
        elif isinstance(asked, AskAnnul):
            step = Step.ANNUL
            reply = self._parts.link.annul(asked.scan_id, asked.reason)
        else:
            step = Step.SETTLE
            reply = self._parts.link.settle(asked.scan_id, asked.action, checks=asked.checks)
        if isinstance(reply, NoReply):
            self.post(NoAnswer(asked.scan_id, step, reply.failure))
        else:
            self.post(Answer(asked.scan_id, step, reply))


def _without_name(screen: Screen) -> Screen:
    """For the list of last scans, which visitors can read."""
    result = screen.result
    if result is None:
        return screen
    ticket = None if result.ticket is None else replace(result.ticket, holder="")
    return replace(screen, result=replace(result, ticket=ticket, holder=""))
