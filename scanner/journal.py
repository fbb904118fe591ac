"""The station's record: an append-only, chained and signed journal in its own SQLite file.

Written and synced before the screen changes (`synchronous=FULL`): whatever was shown has
an entry, also after a power cut. No text and no name is ever in it (`protocol.md`,
JOURNAL). Beside each entry stand columns that are not part of the chain: what the station
itself reads back after a start (its own moves), and whether the service knows already.

    JournalError
      JournalBroken     the file cannot be read as a journal; says what to do
      JournalForeign    it belongs to another key than the station's
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from scanner.events import (
    Entry,
    ForeignCount,
    JournalMove,
    LateEntry,
    LinkEntry,
    OwnMove,
    ResolveEntry,
    ScanEntry,
    ScanId,
)
from ticketing.wire.chain import (
    EntryHash,
    JournalId,
    canonical_body,
    entry_hash,
    h0,
    is_signed,
    signature_message,
)
from ticketing.wire.codec import to_base64url
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis

FILE_NAME: Final = "journal.sqlite3"
PAGE = 500
_MOVES = "SELECT n, told, ticket, issue, scan_id, move, people, at_ms, gate FROM entry WHERE ticket"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
  only INTEGER PRIMARY KEY CHECK (only = 1), id BLOB NOT NULL, public_key BLOB NOT NULL,
  acked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
  n INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL, sig BLOB NOT NULL,
  scan_id BLOB, told INTEGER NOT NULL,
  ticket BLOB, issue INTEGER, move TEXT, people INTEGER, at_ms INTEGER NOT NULL, gate TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS entry_untold ON entry (n) WHERE told = 0;
CREATE INDEX IF NOT EXISTS entry_moves ON entry (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_scan ON entry (scan_id) WHERE scan_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS foreign_text (
  hour_ms INTEGER PRIMARY KEY, n INTEGER NOT NULL
) STRICT;
"""

Body = Mapping[str, object]


class Key(Protocol):
    """The station's private key, as far as a journal needs it."""

    @property
    def public(self) -> bytes:
        """32 raw bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519."""
        ...


class JournalError(Exception):
    """Anything that keeps a journal from being used; the message says what to do."""


class JournalBroken(JournalError):  # noqa: N818  says what it is
    """The file cannot be read, or its schema is not ours."""


class JournalForeign(JournalError):  # noqa: N818  says what it is
    """The journal was begun with another station key."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The chain holds over all entries: how many there are, and the last hash."""

    entries: int
    head: EntryHash


@dataclass(frozen=True, slots=True)
class Unsound:
    """The first entry where the chain does not hold, and what is wrong with it."""

    n: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Written:
    """What one entry becomes: its body, and the columns beside it."""

    body: Body
    at: datetime
    scan_id: ScanId | None = None
    told: bool = True
    own: OwnMove | None = None


class Journal:
    """One open journal; may be used by several threads, writes are one after the other."""

    def __init__(self, path: Path, key: Key, *, draw: Callable[[int], bytes]) -> None:
        """Open, or begin: `draw` gives the random id of a new journal.

        Raises:
            JournalBroken: the file is damaged or something else.
            JournalForeign: it was begun with another key.
        """
        self._key = key
        self._lock = threading.Lock()
        self._db = _opened(path)
        try:
            self.id, self.head, self.length = self._begin(draw)
        except sqlite3.DatabaseError:
            self._db.close()
            raise _broken(path) from None
        except JournalError:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def append(self, entry: Entry) -> None:
        """Write an entry and sync it; when this returns, a power cut loses nothing.

        Raises:
            JournalError: it could not be written (disk full, file damaged).
        """
        with self._lock:
            try:
                if isinstance(entry, ForeignCount):
                    self._count_foreign(entry)
                else:
                    self._append(_written(entry))
            except sqlite3.Error as error:
                raise _unwritten(error) from None

    def note(self, kind: str, at: datetime, **facts: str | int) -> None:
        """Append an entry about the station itself: `boot`, `clock`.

        Raises:
            JournalError: it could not be written.
        """
        with self._lock:
            try:
                self._append(_Written({"kind": kind, "at": to_ms(at), **facts}, at))
            except sqlite3.Error as error:
                raise _unwritten(error) from None

    def unsent(self) -> int:
        """How many entries the service has no other way to know of."""
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM entry WHERE told = 0").fetchone()
        return int(count)

    def newest_at(self) -> datetime | None:
        """When the newest entry was written by the clock of then, aware UTC."""
        with self._lock:
            (at_ms,) = self._db.execute("SELECT max(at_ms) FROM entry").fetchone()
        return None if at_ms is None else from_ms(at_ms)

    def foreign_in(self, hour: datetime) -> int:
        """How many foreign texts were seen in the hour that holds this time."""
        with self._lock:
            row = self._db.execute(
                "SELECT n FROM foreign_text WHERE hour_ms = ?", (_hour_ms(hour),)
            ).fetchone()
        return 0 if row is None else int(row[0])

    def moves(self) -> tuple[OwnMove, ...]:
        """All moves this station has let happen, oldest first."""
        return tuple(move.own for move in self._moves(f"{_MOVES} IS NOT NULL ORDER BY n", ()))

    def moves_of(self, ticket_id: TicketId) -> tuple[JournalMove, ...]:
        """Those of one ticket, oldest first."""
        return self._moves(f"{_MOVES} = ? ORDER BY n", (ticket_id,))

    def _moves(self, query: str, values: tuple[bytes, ...]) -> tuple[JournalMove, ...]:
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        found = []
        for no, (n, told, ticket, issue, scan_id, kind, people, at_ms, gate) in enumerate(rows, 1):
            move = Move(no, scan_id, MoveKind(kind), people, from_ms(at_ms), gate)
            own = OwnMove(TicketId(ticket), issue, move)
            found.append(JournalMove(n, is_online=bool(told), own=own))
        return tuple(found)

    def lines(self) -> Iterator[str]:
        """Every entry as one JSON object: n, body (as hashed), hash, signature."""
        for n, body, digest, sig in self._rows():
            shown = {"n": n, "body": body, "h": to_base64url(digest), "sig": to_base64url(sig)}
            yield json.dumps(shown, ensure_ascii=False)

    def verify(self) -> Sound | Unsound:
        """Walk the chain from the beginning: numbers, hashes and signatures."""
        head, expected = h0(self.id, self._key.public), 1
        for n, body, digest, sig in self._rows():
            if n != expected:
                return Unsound(expected, "the entry is missing")
            head = entry_hash(self.id, n, head, body.encode("utf-8", "surrogatepass"))
            if head != digest:
                return Unsound(n, "the entry was changed after it was written")
            if not is_signed(head, sig, station_public_key=self._key.public):
                return Unsound(n, "the signature is not the station's")
            expected += 1
        return Sound(expected - 1, head)

    def _rows(self) -> Iterator[tuple[int, str, bytes, bytes]]:
        """Pages of rows, so that a long journal neither fills memory nor holds the lock."""
        after = 0
        while True:
            with self._lock:
                try:
                    page = self._db.execute(
                        "SELECT n, body, hash, sig FROM entry WHERE n > ? ORDER BY n LIMIT ?",
                        (after, PAGE),
                    ).fetchall()
                except sqlite3.DatabaseError:
                    raise JournalBroken("the journal is damaged; see docs/operators") from None
            if not page:
                return
            yield from page
            after = page[-1][0]

    def _begin(self, draw: Callable[[int], bytes]) -> tuple[JournalId, EntryHash, int]:
        self._db.executescript(_SCHEMA)
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

    def _append(self, written: _Written) -> None:
        body, n = canonical_body(written.body), self.length + 1
        digest = entry_hash(self.id, n, self.head, body)
        sig = self._key.sign(signature_message(digest))
        own, scan_id = written.own, written.scan_id
        row = (
            *(n, body.decode(), digest, sig),
            *(None if scan_id is None else bytes.fromhex(scan_id), int(written.told)),
            *((own.ticket_id, own.issue, own.move.kind.value) if own else (None, None, None)),
            *(own.move.people if own else None, to_ms(own.move.at if own else written.at)),
            own.move.gate if own else None,
        )
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", row)
            if written.body["kind"] == "late" and written.told:
                # The service has the scan after all, as it was shown.
                self._db.execute("UPDATE entry SET told = 1 WHERE scan_id = ?", (row[4],))
        self.head, self.length = digest, n

    def _count_foreign(self, entry: ForeignCount) -> None:
        self._db.execute(
            "INSERT INTO foreign_text VALUES (?, 1) ON CONFLICT (hour_ms) DO UPDATE SET n = n + 1",
            (_hour_ms(entry.at),),
        )


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"the journal cannot be opened: {_name(error)}") from None
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError:
        state = "unreadable"
    if state != "ok":
        database.close()
        raise _broken(path)
    return database


def _unwritten(error: sqlite3.Error) -> JournalError:
    if isinstance(error, sqlite3.IntegrityError):
        return JournalError("another station writes to this journal; stop one of the two")
    return JournalError(f"the journal cannot be written: {_name(error)}")


def _broken(path: Path) -> JournalBroken:
    return JournalBroken(
        f"{path.name} is damaged. Move it away (keep it: it is the record of this station's"
        " scans) and start again; a new journal is begun."
    )


def _name(error: Exception) -> str:
    """The kind of an error; its message may name paths and is not repeated."""
    return getattr(error, "sqlite_errorname", "") or type(error).__name__


def _written(entry: ScanEntry | ResolveEntry | LateEntry | LinkEntry) -> _Written:
    match entry:
        case ScanEntry():
            told = entry.basis is Basis.ONLINE
            return _Written(_scan_body(entry), entry.at, entry.scan_id, told, entry.own)
        case ResolveEntry():
            told = entry.basis is Basis.ONLINE
            return _Written(_resolve_body(entry), entry.at, entry.scan_id, told, entry.own)
        case LateEntry():
            body = {
                "kind": "late",
                "at": to_ms(entry.at),
                "scan_id": entry.scan_id,
                "service_verdict": entry.verdict.value,
            }
            # A disagreement has to reach the service, an agreement settles the scan.
            return _Written(body, entry.at, entry.scan_id, entry.agrees)
        case LinkEntry():
            body = {"kind": "link", "at": to_ms(entry.at), "up": entry.is_up}
            return _Written(body, entry.at)


def _scan_body(entry: ScanEntry) -> Body:
    body: dict[str, object] = {
        "kind": "scan",
        "scan_id": entry.scan_id,
        "digest": entry.digest.hex(),
        "class": entry.text_class,
        "direction": entry.direction.value,
        "people": entry.people,
        "at": to_ms(entry.at),
        "mono": entry.mono_ms,
        "basis": entry.basis.value,
        "verdict": entry.verdict.value,
        "reason": entry.reason.value,
        "checks": [check.value for check in entry.checks],
        "shown": entry.verdict.value,
    }
    if entry.ticket_id is not None:
        body |= {"ticket": entry.ticket_id.hex(), "issue": entry.issue}
    return body


def _resolve_body(entry: ResolveEntry) -> Body:
    return {
        "kind": "resolve",
        "scan_id": entry.scan_id,
        "action": entry.action.value,
        "checks": [check.value for check in entry.checks],
        "people": entry.people,
        "at": to_ms(entry.at),
    }


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """The aware UTC time of `to_ms`."""
    return _EPOCH + ms * _MS


def _hour_ms(at: datetime) -> int:
    return to_ms(at) // 3_600_000 * 3_600_000
