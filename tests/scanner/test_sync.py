"""Journal up, knowledge down: against a service that fails in every way, nothing is lost."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scanner.config import StationKey, make_key
from scanner.events import Failure, ScanEntry, ScanId
from scanner.journal import FILE_NAME, Journal, JournalError, Sound
from scanner.link import Link, NoReply, Pulse, Server
from scanner.memory import KnownHouse
from scanner.sync import LONGEST_S, Sync, Synced, SyncParts
from tests.scanner.homes import until
from tests.scanner.service_double import TOKEN, Service, moody, running
from tests.scanner.station_kit import NOON
from ticketing.wire.journal import BootBody, parse_body
from ticketing.wire.sync_api import KnowledgePage, Result
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict


def draw(size: int) -> bytes:
    """No chance in tests."""
    return bytes(range(size))


@dataclass(frozen=True)
class Place:
    """Where to go on."""

    epoch: str
    cursor: str


@dataclass
class Learner:
    """Knowledge as a list of pages."""

    pages: list[KnowledgePage] = field(default_factory=list)
    until: list[int] = field(default_factory=list)
    begun: int = 0
    position: Place | None = None
    is_ill: bool = False
    fetched_at: datetime | None = None

    def apply(self, page: KnowledgePage, *, online_until: int, at: datetime) -> bool:
        """Keep it."""
        if self.is_ill:
            return False
        self.fetched_at = self.fetched_at if page.more else at
        self.pages.append(page)
        self.until.append(online_until)
        self.position = Place(page.epoch, page.cursor)
        return True

    def house(self) -> KnownHouse | None:
        """When all was last fetched."""
        if not self.fetched_at:
            return None
        page = self.pages[-1]
        return KnownHouse(ring=page.keys, settings=page.settings, fetched_at=self.fetched_at)

    def begin_again(self) -> None:
        """From the start."""
        self.begun += 1
        self.position = None


@dataclass
class Ear:
    """What the desk would hear."""

    pulses: list[Pulse | NoReply] = field(default_factory=list)
    learned_: list[KnowledgePage] = field(default_factory=list)
    states: list[Synced] = field(default_factory=list)

    def heard(self, pulse: Pulse | NoReply) -> None:
        """A pulse."""
        self.pulses.append(pulse)

    def learned(self, page: KnowledgePage) -> None:
        """A page."""
        self.learned_.append(page)

    def synced(self, state: Synced) -> None:
        """How far."""
        self.states.append(state)


@dataclass
class Bench:
    """A journal, a service, and what keeps them in step."""

    service: Service
    journal: Journal
    link: Link
    knowledge: Learner = field(default_factory=Learner)
    ear: Ear = field(default_factory=Ear)
    wake: threading.Event = field(default_factory=threading.Event)
    at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.at = self.service.now()
        parts = SyncParts(
            journal=self.journal,
            link=self.link,
            knowledge=self.knowledge,
            desk=self.ear,
            now=lambda: self.at,
            wake=self.wake,
        )
        self.sync = Sync(parts)

    def write(self, count: int, basis: Basis = Basis.OFFLINE) -> None:
        """Scans of as many visitors."""
        for _ in range(count):
            self.journal.append(a_scan(self.journal.length + 1, basis, self.at))

    @property
    def batches(self) -> list[list[int]]:
        """The numbers of each upload."""
        return self.service.sync.batches

    def is_complete(self) -> bool:
        """Whether the service has every entry as it was written, notes of this round aside."""
        lines = [json.loads(line) for line in self.journal.lines()]
        written = {line["n"]: line["body"] for line in lines}
        missing = [n for n, body in written.items() if self.service.sync.bodies.get(n) != body]
        notes = [n for n in missing if '"kind":"sync"' in written[n]]
        return missing == notes[-1:] and not self.service.sync.broken


def a_scan(number: int, basis: Basis = Basis.OFFLINE, at: datetime = NOON) -> ScanEntry:
    """A refused scan; `number` makes its id."""
    return ScanEntry(
        scan_id=ScanId(f"{number:032x}"),
        ticket_id=None,
        issue=None,
        digest=bytes(16),
        text_class="ticket",
        direction=Direction.ENTRY,
        people=0,
        at=at,
        mono_ms=number,
        basis=basis,
        verdict=Verdict.REFUSE,
        reason=Reason.FORGED,
        checks=(),
    )


@pytest.fixture(name="key")
def _key(tmp_path: Path) -> StationKey:
    """The station's key."""
    return make_key(tmp_path, draw)


@pytest.fixture(name="bench")
def _bench(tmp_path: Path, key: StationKey) -> Iterator[Bench]:
    """Everything, with a service that is well."""
    with running() as service:
        service.sync.public_key = key.public
        journal = Journal(tmp_path / FILE_NAME, key, draw=draw)
        link = Link(Server.of(service.url), TOKEN, timeout_s=2)
        yield Bench(service, journal, link)
        link.close()
        journal.close()


# ---------------------------------------------------------------- upload


def test_everything_goes_up_in_runs_of_five_hundred(bench: Bench) -> None:
    """Online scans too: a service restored from a backup gets its day back."""
    bench.write(700)
    bench.write(2, Basis.ONLINE)
    assert bench.sync.round()
    assert [len(batch) for batch in bench.batches] == [500, 202]
    assert bench.is_complete()
    assert bench.ear.states[-1] == Synced(unsent=0, at=bench.at, alarms=0)


def test_what_is_told_is_not_sent_again(bench: Bench) -> None:
    """Behaviour 49: refusals upload once, however often the station tries."""
    bench.write(3)
    for _ in range(3):
        assert bench.sync.round()
    sent = [n for batch in bench.batches for n in batch]
    assert sorted(sent) == sorted(set(sent))
    assert bench.journal.unsent() == 0


def test_an_upload_that_breaks_off_loses_and_doubles_nothing(bench: Bench) -> None:
    """Behaviour 56: the service stored a run, its answer was lost, the station starts again."""
    bench.write(700)
    bench.service.sync.forget_answer = 1
    bench.sync.round()
    assert bench.journal.unsent() == 0
    assert bench.is_complete()
    assert bench.journal.verify() == Sound(bench.journal.length, bench.journal.head)


def test_an_upload_cut_in_the_middle_is_begun_again_where_it_ended(bench: Bench) -> None:
    """Behaviour 56, on the wire: half an answer, then a dead line, then all is well."""
    bench.write(40)
    moody(bench.service, cut=True)
    assert not bench.sync.round()
    moody(bench.service, drop=True)
    assert not bench.sync.round()
    assert bench.journal.unsent() == 40
    moody(bench.service)
    assert bench.sync.round()
    assert bench.is_complete()
    assert bench.journal.unsent() == 0


def test_a_poison_entry_does_not_stop_the_queue(bench: Bench) -> None:
    """Behaviour 57: it is found, given up with an alarm, and stays in the journal."""
    bench.write(60)
    bench.service.sync.poison = {17}
    bench.sync.round()
    assert sorted(bench.service.sync.bodies) == [n for n in range(1, 61) if n != 17]
    assert bench.journal.unsent() == 0
    assert bench.ear.states[-1].alarms == 1
    assert isinstance(bench.journal.verify(), Sound)


@pytest.mark.parametrize("poison", [{1, 2, 3}, {58, 59, 60}, {1, 30, 60}])
def test_several_poison_entries_do_not_stop_it_either(bench: Bench, poison: set[int]) -> None:
    """Beside one another, at the front, at the end."""
    bench.write(60)
    bench.service.sync.poison = poison
    bench.sync.round()
    assert set(bench.service.sync.bodies) >= set(range(1, 61)) - poison
    assert (bench.journal.unsent(), bench.ear.states[-1].alarms) == (0, len(poison))


def test_an_entry_the_service_breaks_over_is_kept_and_tried_again(bench: Bench) -> None:
    """A 500 may be over tomorrow: nothing is given up, the others go past it."""
    bench.write(60)
    bench.service.sync.poison, bench.service.sync.poison_status = {17}, 500
    bench.sync.round()
    assert bench.journal.unsent() == 1
    assert len(bench.service.sync.bodies) == 59
    bench.service.sync.poison = set()
    assert bench.sync.round()
    assert bench.is_complete()
    assert bench.ear.states[-1].alarms == 0


@pytest.mark.parametrize("status", [500, 422, 400])
def test_a_service_that_takes_nothing_is_not_believed(bench: Bench, status: int) -> None:
    """Not one of the entries is at fault then: none is given up, and it is not hammered."""
    bench.write(100)
    bench.service.sync.poison = set(range(1, 101))
    bench.service.sync.poison_status = status
    assert not bench.sync.round()
    assert bench.journal.unsent() == 100
    assert len(bench.batches) < 20
    bench.service.sync.poison = set()
    assert bench.sync.round()
    assert bench.is_complete()


@pytest.mark.parametrize("status", [404, 403, 405])
def test_a_service_without_the_call_is_waited_for(bench: Bench, status: int) -> None:
    """An older service, a wrong address: every entry stays unsent."""
    bench.write(3)
    bench.service.sync.fail = [status]
    assert not bench.sync.round()
    assert bench.journal.unsent() == 3
    assert len(bench.batches) == 1


def test_a_run_that_is_too_large_is_halved(bench: Bench) -> None:
    """A proxy with a small limit does not hold up the day."""
    bench.write(100)
    bench.service.sync.at_most = 30
    assert bench.sync.round()
    assert bench.is_complete()


def test_a_thin_line_gets_less_at_a_time(bench: Bench) -> None:
    """A run that takes too long is tried with half of it."""
    bench.link.timeout_s = 0.2
    bench.write(40)
    moody(bench.service, delay_s=0.5)
    assert not bench.sync.round()
    moody(bench.service)
    assert bench.sync.round()
    assert [len(batch) for batch in bench.batches][:3] == [40, 20, 20]


def test_rejected_and_forked_entries_are_told_with_an_alarm(bench: Bench) -> None:
    """The service keeps them; a conflict is an outcome like any other."""
    bench.write(4)
    results = {1: Result.CONFLICT, 2: Result.REJECTED, 3: Result.FORK}
    bench.service.sync.results = results
    assert bench.sync.round()
    assert bench.ear.states[-1] == Synced(unsent=0, at=bench.at, alarms=2)


def test_an_answer_that_says_nothing_ends_the_round(bench: Bench) -> None:
    """Otherwise the same run would go round for ever."""
    bench.write(2)
    empty = b'{"items": [], "acked": 0, "head": "' + b"A" * 43 + b'"}'
    moody(bench.service, body=empty)
    assert not bench.sync.round()
    assert bench.journal.unsent() == 2


def test_answers_for_entries_that_were_not_sent_count_for_nothing(bench: Bench) -> None:
    """A confused service cannot make the station forget."""
    bench.write(2)
    upload = bench.journal.upload()
    assert upload is not None
    answer = bench.link.upload(replace(upload, entries=upload.entries[:1]))
    assert not isinstance(answer, NoReply)
    strange = replace(answer, items=(replace(answer.items[0], n=2),))
    bench.journal.answered(replace(upload, entries=upload.entries[:1]), strange)
    assert bench.journal.unsent() == 2


# ---------------------------------------------------------------- a service that was restored


def test_a_restored_service_gets_its_day_back(bench: Bench) -> None:
    """It has less than it once confirmed: from there on everything is sent again."""
    bench.write(30)
    bench.write(10, Basis.ONLINE)
    bench.sync.round()
    bench.service.sync.restore(12)
    bench.write(1)
    bench.sync.round()
    assert bench.is_complete()
    assert (bench.journal.unsent(), bench.journal.acked) == (0, bench.journal.length)


def test_a_new_epoch_makes_the_station_ask_what_the_service_has(bench: Bench) -> None:
    """Even when nothing is unsent: the newest entry is told once more."""
    bench.write(20)
    bench.sync.round()
    bench.service.sync.restore(5)
    bench.service.sync.epoch = "e2"
    assert bench.sync.round()
    assert bench.knowledge.begun == 1
    assert bench.wake.is_set()
    assert bench.sync.round()
    assert bench.is_complete()
    assert bench.knowledge.pages[-1].epoch == "e2"


def test_rows_that_lack_what_was_acknowledged_are_asked_about_once(bench: Bench) -> None:
    """A page made a moment too early is no restored service."""
    bench.write(5)
    bench.sync.round()
    bench.service.sync.page_acked = 3
    for _ in range(4):
        assert bench.sync.round()
    newest = [batch for batch in bench.batches if len(batch) == 1 and batch[0] > 5]
    assert len(bench.batches) <= 4
    assert newest
    assert bench.journal.unsent() == 0


# ---------------------------------------------------------------- knowledge


def test_knowledge_is_fetched_to_its_end(bench: Bench) -> None:
    """Page by page; the last one says that nothing more is there."""
    bench.service.sync.pages = 4
    assert bench.sync.round()
    assert [page.more for page in bench.knowledge.pages] == [True, True, True, False]
    assert bench.ear.states[-1].at == bench.at
    assert len(bench.ear.learned_) == 4


def test_online_scans_before_the_question_are_part_of_the_answer(bench: Bench) -> None:
    """The number of the newest entry travels with each page."""
    bench.write(3, Basis.ONLINE)
    bench.sync.round()
    assert bench.knowledge.until == [3]


def test_an_unknown_place_begins_again_once(bench: Bench) -> None:
    """410: everything anew; a service that says so again is waited for."""
    bench.knowledge.position = Place("e0", "old")
    assert bench.sync.round()
    assert (bench.knowledge.begun, len(bench.knowledge.pages)) == (1, 1)
    bench.service.sync.gone = 2
    assert not bench.sync.round()
    assert bench.knowledge.begun == 2


def test_another_epoch_than_asked_for_begins_again(bench: Bench) -> None:
    """Rows of another life are not mixed in."""
    bench.sync.round()
    bench.service.sync.change = lambda page: replace(page, epoch="e9")
    assert bench.sync.round()
    assert bench.knowledge.begun == 1
    assert bench.knowledge.position == Place("e9", "c0")


def test_a_page_that_leads_nowhere_ends_the_round(bench: Bench) -> None:
    """More of the same place would be asked for ever."""
    bench.service.sync.change = lambda page: replace(page, more=True, cursor="here")
    assert not bench.sync.round()
    assert len(bench.knowledge.pages) == 1


def test_a_page_that_cannot_be_kept_is_asked_for_again(bench: Bench) -> None:
    """A full disk: later, and what was known until then serves."""
    bench.knowledge.is_ill = True
    assert not bench.sync.round()
    assert bench.ear.states[-1].at is None
    bench.knowledge.is_ill = False
    assert bench.sync.round()
    assert [asked.get("cursor") for asked in bench.service.sync.asked] == [None, None]


def test_revocations_come_though_the_service_takes_no_entries(bench: Bench) -> None:
    """A sick half does not stop the other."""
    bench.write(1)
    bench.service.sync.fail = [500] * 5
    assert not bench.sync.round()
    assert len(bench.knowledge.pages) == 1


def test_every_page_measures_the_clock(bench: Bench) -> None:
    """Behaviour 58: a clock ten minutes wrong is detected by syncing alone."""
    bench.at = bench.service.now() + timedelta(minutes=10)
    bench.sync.round()
    pulse = bench.ear.pulses[-1]
    assert isinstance(pulse, Pulse)
    assert pulse.ahead_ms is not None
    assert 598_000 < pulse.ahead_ms < 602_000


def test_what_was_known_when_stands_in_the_journal(bench: Bench) -> None:
    """At most once a minute, and only when it has changed."""
    bench.sync.round()
    bench.sync.round()
    bench.service.sync.cursor = "c1"
    bench.at += timedelta(seconds=30)
    bench.sync.round()
    bench.at += timedelta(seconds=40)
    bench.sync.round()
    bodies = [parse_body(json.loads(line)["body"]) for line in bench.journal.lines()]
    assert [getattr(body, "cursor", None) for body in bodies] == ["c0", "c1"]


# ---------------------------------------------------------------- patience


def test_errors_make_it_wait_longer_and_success_as_usual(bench: Bench) -> None:
    """Up to five minutes; what the service asks for counts."""
    moody(bench.service, drop=True)
    pauses = []
    for _ in range(7):
        bench.sync.round()
        pauses.append(bench.sync.pause_s)
    assert pauses == [20, 40, 80, 160, LONGEST_S, LONGEST_S, LONGEST_S]
    moody(bench.service, status=429, headers=(("Retry-After", "200"),))
    bench.sync._failures = 0
    bench.sync.round()
    assert bench.sync.pause_s == 200
    moody(bench.service)
    bench.sync.round()
    assert bench.sync.pause_s == 10


def test_a_signed_off_station_is_told_so(bench: Bench) -> None:
    """Its entries stay; nothing more is asked in this round."""
    bench.write(1)
    moody(bench.service, status=401)
    assert not bench.sync.round()
    assert isinstance(bench.ear.pulses[-1], NoReply)
    assert bench.ear.pulses[-1].failure is Failure.REVOKED
    assert (bench.journal.unsent(), bench.knowledge.pages) == (1, [])


def test_a_dead_line_is_the_probes_affair(bench: Bench) -> None:
    """A slow upload does not declare the gate offline."""
    bench.write(1)
    moody(bench.service, drop=True)
    assert not bench.sync.round()
    assert bench.ear.pulses == []


def test_whatever_breaks_the_thread_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk, rubbish that no check foresaw: the next round tries again."""
    bench.write(1)

    def full(*_: object) -> bool:
        raise JournalError("the journal cannot be written: SQLITE_FULL")

    monkeypatch.setattr(bench.journal, "answered", full)
    assert not bench.sync.round()
    assert "JournalError" in caplog.text
    monkeypatch.undo()
    assert bench.sync.round()
    assert bench.is_complete()


def test_a_journal_that_cannot_be_read_is_told_to_nobody(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The page keeps what it last heard."""
    bench.journal.close()
    assert not bench.sync.round()
    assert bench.ear.states == []
    assert "cannot be read" in caplog.text


def test_it_works_at_once_when_woken_and_stops_when_told(bench: Bench) -> None:
    """Nobody waits ten seconds for the line that is back."""
    stop = threading.Event()
    thread = threading.Thread(target=bench.sync.run, args=(stop,))
    thread.start()
    until(lambda: len(bench.ear.states) >= 1)
    bench.write(1)
    bench.wake.set()
    until(lambda: bench.service.sync.acked == bench.journal.length)
    stop.set()
    bench.wake.set()
    thread.join(3)
    assert not thread.is_alive()


# ---------------------------------------------------------------- old bodies


def test_old_bodies_go_once_the_service_has_them(bench: Bench) -> None:
    """Two weeks later, checked once an hour; what is newer or unsent stays."""
    bench.at = bench.service.now() - timedelta(days=20)
    bench.write(5)
    bench.at = bench.service.now()
    bench.write(2)
    bench.sync.round()
    kept = [json.loads(line)["body"] is not None for line in bench.journal.lines()]
    assert kept[:5] == [False] * 5
    assert all(kept[5:])
    sound = bench.journal.verify()
    assert isinstance(sound, Sound)
    assert sound.dropped == 5


def test_nothing_unsent_is_ever_dropped(bench: Bench) -> None:
    """However old it is."""
    bench.write(5)
    bench.journal.note(BootBody(version="1", at=bench.at))
    assert bench.journal.drop(bench.at + timedelta(days=400)) == 0
    bench.service.sync.poison = {3}
    bench.sync.round()
    assert bench.journal.drop(bench.at + timedelta(days=400)) == 2  # 3 was never acknowledged


def test_a_service_restored_to_before_the_dropped_bodies_gets_what_is_left(bench: Bench) -> None:
    """What is gone cannot be sent, and is not asked for round after round."""
    bench.write(10)
    bench.sync.round()
    bench.journal.drop(bench.at + timedelta(days=15))
    bench.service.sync.restore(4)
    bench.write(2)
    for _ in range(3):
        bench.sync.round()
    assert bench.journal.unsent() == 0
    assert set(bench.service.sync.bodies) >= {1, 2, 3, 4, 12, 13}
    assert len(bench.batches) < 8


def test_a_service_that_is_always_gone_is_not_asked_without_a_pause(bench: Bench) -> None:
    """A station that has nothing to begin again with waits like after any failure."""
    bench.service.sync.gone = 1_000
    bench.sync.round()
    begun = bench.knowledge.begun
    for _ in range(5):
        bench.sync.round()
    assert bench.knowledge.begun <= begun + 1
