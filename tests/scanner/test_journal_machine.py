"""The journal under any order of writing, uploading, dropping, dying: what must always hold."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scanner.config import make_key
from scanner.events import CountEntry
from scanner.journal import FILE_NAME, Journal, Sound
from tests.scanner.station_kit import NOON
from tests.scanner.test_journal import SEVEN, a_scan, draw
from ticketing.wire.sync_api import EntryResult, Result, Upload, UploadAnswer
from ticketing.wire.verdict import Basis


class Service:
    """What the other side holds: entries by number, and how far all are there."""

    def __init__(self) -> None:
        self.held: dict[int, str] = {}

    @property
    def acked(self) -> int:
        """1 to this number are all here."""
        n = 0
        while n + 1 in self.held:
            n += 1
        return n

    def take(self, upload: Upload) -> tuple[EntryResult, ...]:
        """Store a run."""
        known = set(self.held)
        self.held |= {entry.n: entry.body for entry in upload.entries}
        return tuple(
            EntryResult(entry.n, Result.KNOWN if entry.n in known else Result.ACCEPTED)
            for entry in upload.entries
        )


class AnyOrder(RuleBasedStateMachine):
    """One station and one service, either of which may be set back."""

    @initialize()
    def begin(self) -> None:
        """An empty home."""
        self.home = Path(tempfile.mkdtemp(prefix="journal-"))
        self.key = make_key(self.home, draw)
        self.journal = Journal(self.home / FILE_NAME, self.key, draw=draw)
        self.service = Service()
        self.at = NOON
        self.written = 0
        self.moves = 0
        self.offline: set[int] = set()
        self.lost: set[int] = set()
        self.answers: list[tuple[Upload, UploadAnswer]] = []

    @rule(basis=st.sampled_from(Basis))
    def scan(self, basis: Basis) -> None:
        """A visitor."""
        self.written += 1
        self.moves += 1
        entry = a_scan(self.written, basis)
        self.journal.append(entry)
        if basis is Basis.OFFLINE:
            self.offline.add(self.written)

    @rule()
    def count(self) -> None:
        """Somebody without a ticket."""
        self.written += 1
        self.journal.append(CountEntry(1, "without_ticket", self.at))
        self.offline.add(self.written)

    @rule(limit=st.integers(1, 6), arrives=st.booleans())
    def upload(self, limit: int, *, arrives: bool) -> None:
        """A run goes up; its answer is kept for later, or never comes."""
        upload = self.journal.upload(limit)
        if upload is None:
            return
        numbers = [entry.n for entry in upload.entries]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert upload.previous == self.journal.hash_at(numbers[0] - 1)
        items = self.service.take(upload)
        acked = self.service.acked
        if arrives:
            answer = UploadAnswer(items, acked, self.journal.hash_at(acked))
            self.answers.append((upload, answer))

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def answered(self, data: st.DataObject) -> None:
        """Some answer arrives, not always the oldest."""
        at = data.draw(st.integers(0, len(self.answers) - 1))
        upload, answer = self.answers.pop(at)
        self.journal.answered(upload, answer)

    @rule(days=st.integers(1, 20))
    def drop(self, days: int) -> None:
        """Time passes, and old bodies go."""
        self.at += timedelta(days=days)
        self.journal.drop(self.at)

    @rule(clean=st.booleans())
    def die(self, *, clean: bool) -> None:
        """The station ends, in order or by the plug, and starts again."""
        if clean:
            self.journal.close()
        else:
            torn = Path(tempfile.mkdtemp(prefix="journal-"))
            for path in self.home.iterdir():
                shutil.copy(path, torn)
            self.journal.close()
            shutil.rmtree(self.home)
            self.home = torn
        self.journal = Journal(self.home / FILE_NAME, self.key, draw=draw)

    @precondition(lambda self: self.service.held)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Yesterday's backup of the service; answers on their way are gone with it."""
        kept = data.draw(st.integers(0, self.service.acked))
        self.service.held = {n: body for n, body in self.service.held.items() if n <= kept}
        self.answers.clear()

    @invariant()
    def the_chain_holds(self) -> None:
        """Whatever happened."""
        found = self.journal.verify()
        assert isinstance(found, Sound)
        assert found.entries == self.written

    @invariant()
    def moves_stay(self) -> None:
        """Dropped bodies take no move with them."""
        assert len(self.journal.moves_of(SEVEN)) == self.moves

    @invariant()
    def nothing_untold_is_gone(self) -> None:
        """A body goes only after the service has answered for it."""
        rows = self.journal._db.execute("SELECT count(*) FROM entry WHERE body = '' AND told = 0")
        assert rows.fetchone() == (0,)

    @invariant()
    def unsent_is_what_is_owed_and_untold(self) -> None:
        """The number on the page is never too small."""
        rows = self.journal._db.execute("SELECT n FROM entry WHERE told = 0 AND owed = 1")
        owed = {n for (n,) in rows}
        untold = {n for (n,) in self.journal._db.execute("SELECT n FROM entry WHERE told = 0")}
        assert self.journal.unsent() == len(owed)
        assert owed >= self.offline & untold

    def teardown(self) -> None:
        """In the end the service has all bodies that still exist.

        A restored service is noticed by its epoch, and asked what it holds.
        """
        held = tuple((n, n) for n in sorted(self.service.held) if n > self.service.acked)
        self.journal.reclaim(self.service.acked, held)
        for _ in range(60):
            upload = self.journal.upload()
            if upload is None:
                self.journal.ask_again()
                upload = self.journal.upload()
            if upload is None:
                break
            items = self.service.take(upload)
            acked = self.service.acked
            answer = UploadAnswer(items, acked, self.journal.hash_at(acked))
            if not self.journal.answered(upload, answer) and not self.journal.untold():
                break
        rows = self.journal._db.execute("SELECT n, body FROM entry WHERE body <> ''")
        kept = dict(rows.fetchall())
        assert {n: self.service.held.get(n) for n in kept} == kept
        assert self.journal.unsent() == 0
        self.journal.close()
        shutil.rmtree(self.home)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
