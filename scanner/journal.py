"""The station's record: an append-only, chained and signed journal in its own SQLite file.

Written and synced before the screen changes (`synchronous=FULL`): whatever was shown has
an entry, also after a power cut. No text and no name is ever in it (`protocol.md`,
JOURNAL). Bodies that the service has and that are two weeks old go; numbers, hashes and
signatures stay, and the chain can be walked over them.
"""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from scanner import debts
from scanner.bodies import Note, Written, noted, written
from scanner.chain import Row, Sound, Unsound, page_after, walked
from scanner.events import Entry, ForeignCount, JournalMove, OwnMove
from scanner.journal_file import (
    FILE_NAME,
    JournalBroken,
    JournalError,
    JournalForeign,
    broken,
    opened,
    unwritten,
)
from ticketing.wire.chain import (
    EntryHash,
    JournalId,
    canonical_body,
    entry_hash,
    h0,
    signature_message,
)
from ticketing.wire.journal import from_ms, to_ms
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.sync_api import MOST_ENTRIES, Upload, UploadAnswer
from ticketing.wire.token import TicketId

__all__ = [
    "FILE_NAME",
    "KEPT",
    "Journal",
    "JournalBroken",
    "JournalError",
    "JournalForeign",
    "JournalMove",
    "Key",
    "Sound",
    "Unsound",
]

KEPT: Final = timedelta(days=14)
"""How long the body of an acknowledged entry stays (`protocol.md`, UPLOAD)."""
_NEWEST = 1_000
"""Among so many a clock that was set back does not hide when the journal was last written."""
_MOVES: Final = (
    "SELECT n, (SELECT min(n) FROM entry AS scan WHERE scan.scan_id = entry.scan_id), told,"
    " online, issue, scan_id, move, people, at_ms, gate FROM entry WHERE ticket = ? ORDER BY n"
)
_HOUR_MS: Final = 3_600_000


class Key(Protocol):
    """The station's private key, as far as a journal needs it."""

    @property
    def public(self) -> bytes:
        """32 raw bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519."""
        ...


class Journal:
    """One open journal; may be used by several threads, writes are one after the other."""

    def __init__(self, path: Path, key: Key, *, draw: Callable[[int], bytes]) -> None:
        """Open, or begin: `draw` gives the random id of a new journal.

        Raises:
            JournalBroken: the file is damaged or something else.
            JournalForeign: it was begun with another key.
            JournalError: it cannot be opened.
        """
        self._key = key
        self._lock = threading.Lock()
        self._db = opened(path)
        try:
            self.id, self.head, self.length = self._begin(draw)
        except sqlite3.DatabaseError:
            self._db.close()
            raise broken(path) from None
        except JournalForeign:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    # ------------------------------------------------------------ writing

    def append(self, entry: Entry) -> bool:
        """Write an entry and sync it; whether the service can know of it from here alone.

        When this returns, a power cut loses nothing.

        Raises:
            JournalError: it could not be written (disk full, file damaged).
        """
        with self._writing():
            if isinstance(entry, ForeignCount):  # no entry: a hall camera sees many of them
                self._count_foreign(entry)
                return False
            self._append(line := written(entry))
            return line.owed

    def note(self, note: Note) -> None:
        """Append an entry about the station itself.

        Raises:
            JournalError: it could not be written.
        """
        with self._writing():
            self._append(noted(note))

    # ------------------------------------------------------------ what the service knows

    @property
    def acked(self) -> int:
        """The service has all entries up to this one."""
        (acked,) = self._one("SELECT acked FROM journal")
        return acked or 0

    def unsent(self) -> int:
        """How many entries the service can know of from here alone, and has not got yet."""
        with self._lock:
            return debts.count(self._db)

    def untold(self) -> int:
        """How many entries the service has not answered for, online scans among them."""
        (count,) = self._one("SELECT count(*) FROM entry WHERE told = 0")
        return count or 0

    def upload(self, limit: int = MOST_ENTRIES, *, skip: Collection[int] = ()) -> Upload | None:
        """The next entries for the service, a run without a gap; None: it has all but `skip`."""
        with self._lock:
            run = debts.next_run(self._db, limit, skip=skip)
            previous = self._hash_at(run[0].n - 1) if run else None
        return Upload(self.id, run, previous) if run else None

    def answered(self, sent: Upload, answer: UploadAnswer) -> bool:
        """Take in what the service said of an upload; whether it had lost entries.

        Only what was sent and answered for is told from now on. A service that has less
        than it once confirmed was restored: what it lost is owed again.

        Raises:
            JournalError: it could not be written.
        """
        numbers = {item.n for item in answer.items} & {entry.n for entry in sent.entries}
        with self._writing():
            (acked,) = self._db.execute("SELECT acked FROM journal").fetchone()
            has_lost = bool(answer.acked < acked)
            is_ours = self._hash_at(answer.acked) == answer.head
            with self._transaction():
                if has_lost:
                    debts.reopen(self._db, answer.acked)
                debts.settle(self._db, numbers, answer.acked if is_ours and not has_lost else None)
        return has_lost

    def give_up(self, n: int) -> None:
        """The service cannot take this entry: it is told no more, and stays in the journal.

        Raises:
            JournalError: it could not be written.
        """
        with self._writing(), self._transaction():
            debts.settle(self._db, [n], None)

    def ask_again(self) -> None:
        """Tell the newest entry once more: the answer says what the service has.

        Raises:
            JournalError: it could not be written.
        """
        with self._writing(), self._transaction():
            self._db.execute("UPDATE entry SET told = 0 WHERE n = ? AND body <> ''", (self.length,))

    def reclaim(self, acked: int, held: debts.Runs) -> None:
        """What the service has neither up to `acked` nor in `held` is owed again.

        Raises:
            JournalError: it could not be written.
        """
        with self._writing(), self._transaction():
            debts.reclaim(self._db, acked, held)

    def drop(self, now: datetime, held: debts.Runs = ()) -> int:
        """Let bodies go that the service has and that are older than `KEPT`; how many.

        It has what is acknowledged, and `held` behind what it never took.

        Raises:
            JournalError: it could not be written.
        """
        dropped, before_ms = 0, to_ms(now - KEPT)
        while True:
            with self._writing(), self._transaction():
                count = debts.drop(self._db, before_ms, held)
            if not count:
                return dropped
            dropped += count

    # ------------------------------------------------------------ reading

    def newest_at(self) -> datetime | None:
        """The latest time among the newest entries by the clock of then, aware UTC."""
        newest = "SELECT at_ms FROM entry ORDER BY n DESC LIMIT ?"
        (at_ms,) = self._one(f"SELECT max(at_ms) FROM ({newest})", _NEWEST)  # noqa: S608  a constant
        return None if at_ms is None else from_ms(at_ms)

    def foreign_in(self, hour: datetime) -> int:
        """How many foreign texts were seen in the hour that holds this time."""
        (count,) = self._one("SELECT sum(n) FROM foreign_text WHERE hour_ms = ?", _hour_ms(hour))
        return int(count or 0)

    def hash_at(self, n: int) -> bytes:
        """The hash of an entry that is there, 32 bytes; of the beginning for 0."""
        with self._lock:
            return self._hash_at(n) or b""

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        """The moves of a ticket that this station has let happen, oldest first."""
        with self._lock:
            rows = self._db.execute(_MOVES, (ticket_id,)).fetchall()
        found = []
        for no, (n, of, told, online, issue, *row) in enumerate(rows, start=1):
            scan_id, kind, people, at_ms, gate = row
            move = Move(no, scan_id, MoveKind(kind), people, from_ms(at_ms), gate)
            own = OwnMove(ticket_id, issue, move)
            found.append(JournalMove(n, bool(online), own, of=of, is_told=bool(told)))
        return tuple(found)

    def lines(self) -> Iterator[str]:
        """Every entry as one JSON object: n, body (as hashed, null when gone), hash, signature."""
        return (row.line() for row in self._rows())

    def verify(self) -> Sound | Unsound:
        """Walk the chain from the beginning: numbers, hashes and signatures."""
        return walked(self._rows(), journal=self.id, public_key=self._key.public)

    def _rows(self) -> Iterator[Row]:
        """Pages of rows, so that a long journal neither fills memory nor holds the lock."""
        after = 0
        while True:
            with self._lock:
                try:
                    page = page_after(self._db, after)
                except sqlite3.DatabaseError:
                    raise JournalBroken("the journal is damaged; see docs/operators") from None
            if not page:
                return
            yield from page
            after = page[-1].n

    # ------------------------------------------------------------ inside

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise unwritten(error) from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def _one(self, query: str, *values: int) -> tuple[int | None]:
        with self._lock:
            row: tuple[int | None] = self._db.execute(query, values).fetchone()
        return row

    def _begin(self, draw: Callable[[int], bytes]) -> tuple[JournalId, EntryHash, int]:
        row = self._db.execute("SELECT id, public_key FROM journal").fetchone()
        if row is None:
            row = (draw(16), self._key.public)
            self._db.execute("INSERT INTO journal (only, id, public_key) VALUES (1, ?, ?)", row)
        if row[1] != self._key.public:
            raise JournalForeign(
                "the journal belongs to another station key; move it away and start again"
            )
        journal_id = JournalId(row[0])
        last = self._db.execute("SELECT n, hash FROM entry ORDER BY n DESC LIMIT 1").fetchone()
        if last is None:
            return journal_id, h0(journal_id, self._key.public), 0
        return journal_id, EntryHash(last[1]), last[0]

    def _hash_at(self, n: int) -> bytes | None:
        """The hash of an entry, of the beginning for 0; None: there is no such entry."""
        if n == 0:
            return h0(self.id, self._key.public)
        row = self._db.execute("SELECT hash FROM entry WHERE n = ?", (n,)).fetchone()
        return None if row is None else bytes(row[0])

    def _append(self, entry: Written) -> None:
        body, n = canonical_body(entry.body.to_json()), self.length + 1
        digest = entry_hash(self.id, n, self.head, body)
        sig = self._key.sign(signature_message(digest))
        own = entry.own
        row = (
            *(n, body.decode(), digest, sig, entry.scan_id, 0),
            *((own.ticket_id, own.issue, own.move.kind.value) if own else (None, None, None)),
            *(own.move.people if own else None, to_ms(own.move.at if own else entry.at)),
            *(own.move.gate if own else None, int(entry.online), int(entry.owed)),
        )
        with self._transaction():
            marks = ",".join("?" * len(row))
            self._db.execute(f"INSERT INTO entry VALUES ({marks},NULL)", row)  # noqa: S608  marks
            if entry.settles is not None:
                # The service has the scan after all, as it was shown: nobody waits for it.
                self._db.execute("UPDATE entry SET owed = 0 WHERE scan_id = ?", (entry.settles,))
        self.head, self.length = digest, n

    def _count_foreign(self, entry: ForeignCount) -> None:
        self._db.execute(
            "INSERT INTO foreign_text VALUES (?, 1) ON CONFLICT (hour_ms) DO UPDATE SET n = n + 1",
            (_hour_ms(entry.at),),
        )


def _hour_ms(at: datetime) -> int:
    return to_ms(at) // _HOUR_MS * _HOUR_MS
