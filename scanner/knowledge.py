"""What the service told of tickets, in the station's own SQLite file, not in memory.

Two editions of the rows: one is asked, the other is filled while everything is loaded anew,
and takes its place when it is complete. A page and its cursor are one transaction. The file
may be lost (`synchronous=NORMAL`, no copy): then everything is loaded again. A damaged one
is moved aside. Names are in it as boxes that only a presented barcode opens.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scanner.memory import Contained, Found, KnownHouse
from ticketing.wire.errors import WireError
from ticketing.wire.journal import from_ms, to_ms
from ticketing.wire.keys import KeyRing
from ticketing.wire.messages import BadMessage, Fields
from ticketing.wire.sync_api import HouseSettings, KnowledgePage, KnownOffer, KnownTicket
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

FILE_NAME: Final = "knowledge.sqlite3"
PAGE: Final = 1_000
"""Tickets to ask for at a time: a page is in memory as a whole, ten kilobytes for ten tickets."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_PRIMARY_CODE = 0xFF
_FACTS = """
  id BLOB PRIMARY KEY, issue INTEGER NOT NULL, state TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, party INTEGER NOT NULL,
  people_today INTEGER NOT NULL, uses_total INTEGER NOT NULL, last_move_no INTEGER NOT NULL,
  last_in_at INTEGER, last_in_gate TEXT, inside INTEGER NOT NULL, box BLOB,
  uses_today INTEGER NOT NULL, first_in_at INTEGER, first_in_gate TEXT, has_left INTEGER NOT NULL
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS edition (
  no INTEGER PRIMARY KEY CHECK (no IN (0, 1)), is_complete INTEGER NOT NULL,
  epoch TEXT, cursor TEXT, fetched INTEGER, acked INTEGER NOT NULL,
  online_from INTEGER NOT NULL, online_until INTEGER NOT NULL,
  window_from INTEGER, window_until INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS house (only INTEGER PRIMARY KEY CHECK (only = 1), facts TEXT NOT NULL)
  STRICT;
CREATE TABLE IF NOT EXISTS known_0 ({_FACTS}) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known_1 ({_FACTS}) STRICT, WITHOUT ROWID;
"""
_PLACES = ",".join("?" * 17)
_EDITION = (
    "no, is_complete, epoch, cursor, fetched, acked, online_from, online_until,"
    " window_from, window_until"
)
_VERSION = 1
log = logging.getLogger("scanner")


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on: what to ask the service with."""

    epoch: str
    cursor: str


@dataclass(frozen=True, slots=True)
class _Edition:
    """One of the two sets of rows; times in milliseconds."""

    no: int
    is_complete: bool = False
    epoch: str | None = None
    cursor: str | None = None
    fetched: int | None = None
    acked: int = 0
    online_from: int = 0
    online_until: int = 0
    window_from: int | None = None
    window_until: int | None = None


class Knowledge:
    """One open file; the gate asks, the line applies pages, and neither waits for the other."""

    def __init__(self, path: Path) -> None:
        """Open, or begin; a damaged file is moved aside and never a reason to stop."""
        self._path = path
        self._asking = self._applying = threading.RLock()
        self._is_damaged = False
        self._house: KnownHouse | None = None
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        with self._applying, self._asking:
            self._reader.close()
            self._writer.close()

    # ------------------------------------------------------------ asked by the gate
    def find(self, ticket_id: TicketId) -> KnownTicket | None:
        """The service's row of a ticket."""
        return self.look_up(ticket_id).known

    def look_up(self, ticket_id: TicketId) -> Found:
        """The row, and which of the station's moves the rows contain, of the same moment."""
        with self._asking:
            try:
                with self._reader:
                    self._reader.execute("BEGIN")
                    return _looked_up(self._reader, ticket_id)
            except (sqlite3.Error, WireError, ValueError, TypeError) as error:
                self._note_fault(error)
                return Found(None, Contained())

    def house(self) -> KnownHouse | None:
        """What the service last told of the house."""
        return self._house

    # ------------------------------------------------------------ kept by the line
    @property
    def position(self) -> Position | None:
        """Where to go on, None to begin anew."""
        with self._applying:
            self._mend()
            going_on = self._loading or self._live
        if going_on is None or going_on.epoch is None or going_on.cursor is None:
            return None
        return Position(going_on.epoch, going_on.cursor)

    def begin_again(self) -> None:
        """Load everything anew beside what is known, which serves until that is complete."""
        with self._applying:
            self._mend()
            no = 1 - self._live.no if self._live else 0
            try:
                with self._writer:
                    self._writer.execute("BEGIN IMMEDIATE")
                    self._empty(no)
                    self._write(_Edition(no))
            except sqlite3.Error as error:
                self._note_fault(error)
            self._read_editions()

    def apply(
        self, page: KnowledgePage, *, online_until: int = 0, at: datetime | None = None
    ) -> bool:
        """Take a page over, with its cursor; False if it could not be (it is asked for again).

        `online_until`: how long the journal was when the page was asked for; what the service
        decided until then is in the rows, if the page says that it is complete (`acked`).
        `at`: when that was by the station's clock, aware; else the service's.
        """
        with self._applying:
            self._mend()
            going_on = self._loading or self._live or _Edition(0)
            if going_on.epoch not in {None, page.epoch}:
                self.begin_again()
                return False
            try:
                offers = _offers(page.offers)
            except BadMessage:
                return False
            fetched = to_ms(at or page.server_time)
            edition = self._after(going_on, page, online_until=online_until, fetched=fetched)
            try:
                with self._writer:
                    self._writer.execute("BEGIN IMMEDIATE")
                    self._write_rows(page, edition, was=going_on)
            except (sqlite3.Error, OverflowError) as error:
                self._note_fault(error)
                return False
            self._read_editions()
            self._tell_house(page.keys, page.settings, offers)
        return True

    # ------------------------------------------------------------ parts of the above
    def _after(
        self, was: _Edition, page: KnowledgePage, *, online_until: int, fetched: int
    ) -> _Edition:
        """The edition with this page: figures of a page in between say nothing yet."""
        live, carried = self._live, was
        online_from = was.online_from
        if was.epoch is None and live is not None:
            if live.epoch == page.epoch:  # what its rows contained, these contain too
                carried, online_from = live, live.online_from
            else:  # restored: only what is uploaded from now on is there surely
                online_from = online_until
        is_last = not page.more
        is_sure = is_last and page.acked is not None
        return _Edition(
            no=was.no,
            is_complete=was.is_complete or is_last,
            epoch=page.epoch,
            cursor=page.cursor,
            fetched=fetched if is_last else was.fetched,
            acked=page.acked if is_last and page.acked is not None else carried.acked,
            online_from=online_from,
            online_until=max(carried.online_until, online_until if is_sure else online_from),
            window_from=to_ms(page.window_from),
            window_until=to_ms(page.window_until),
        )

    def _write_rows(self, page: KnowledgePage, edition: _Edition, *, was: _Edition) -> None:
        table = f"known_{edition.no}"
        if edition.is_complete and not was.is_complete:
            self._empty(1 - edition.no)
        drop = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608  one of two names
        self._writer.executemany(drop, ((gone,) for gone in page.gone))
        add = f"INSERT OR REPLACE INTO {table} VALUES ({_PLACES})"  # noqa: S608  the same
        self._writer.executemany(add, _rows(page.tickets))
        if was.is_complete and edition.window_from != was.window_from:  # once a day
            over = f"DELETE FROM {table} WHERE not_after <= ?"  # noqa: S608  the same
            self._writer.execute(over, (edition.window_from,))
        self._write(edition)
        facts = _house_text(page)
        if facts != self._facts:
            self._writer.execute("INSERT OR REPLACE INTO house VALUES (1, ?)", (facts,))

    def _empty(self, no: int) -> None:
        self._writer.execute(f"DELETE FROM known_{no}")  # noqa: S608  0 or 1
        self._writer.execute("DELETE FROM edition WHERE no = ?", (no,))

    def _write(self, edition: _Edition) -> None:
        self._writer.execute(
            "INSERT OR REPLACE INTO edition VALUES (?,?,?,?,?,?,?,?,?,?)", astuple(edition)
        )

    def _read_editions(self) -> None:
        rows = self._writer.execute(f"SELECT {_EDITION} FROM edition").fetchall()  # noqa: S608  names
        found = [_Edition(row[0], bool(row[1]), *row[2:]) for row in rows]
        self._live = next((one for one in found if one.is_complete), None)
        self._loading = next((one for one in found if not one.is_complete), None)

    def _read_house(self) -> None:
        row = self._writer.execute("SELECT facts FROM house").fetchone()
        self._facts, self._house = row[0] if row else "", None
        if row is None:
            return
        told = Fields.of(json.loads(self._facts))
        offers = _offers(told.items("offers"))
        ring = KeyRing.from_json(told.items("keys"))
        self._tell_house(ring, HouseSettings.from_json(told.data.get("settings")), offers)

    def _tell_house(
        self, ring: KeyRing, settings: HouseSettings, offers: Mapping[int, KnownOffer]
    ) -> None:
        live = self._live or _Edition(0)
        self._house = KnownHouse(
            ring=ring,
            settings=settings,
            offers=offers,
            fetched_at=_maybe_at(live.fetched),
            acked=live.acked,
            window_from=_maybe_at(live.window_from),
            window_until=_maybe_at(live.window_until),
        )

    # ------------------------------------------------------------ the file
    def _open(self) -> None:
        self._asking, self._applying = threading.RLock(), threading.RLock()
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
                self._begin(str(self._path))
                self._reader = _connected(str(self._path))
            except (sqlite3.Error, OSError, WireError, ValueError, TypeError):
                self._move_aside()
            else:
                return
        # A disk that takes no file: known until the end of the day at least.
        self._asking = self._applying
        self._begin(":memory:")
        self._reader = self._writer

    def _begin(self, path: str) -> None:
        self._writer = _connected(path)
        try:
            _check(self._writer)
            self._writer.executescript(_SCHEMA)
            self._writer.execute(f"PRAGMA user_version = {_VERSION}")
            self._read_editions()
            self._read_house()
        except BaseException:
            self._writer.close()
            raise

    def _move_aside(self) -> None:
        log.warning("the knowledge file is damaged; everything is asked for again")
        for suffix in ("-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()
        with suppress(OSError):
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))

    def _note_fault(self, error: Exception) -> None:
        """A full disk is waited out; a damaged file is begun anew by the line's thread."""
        code = getattr(error, "sqlite_errorcode", None)
        is_content = not isinstance(error, sqlite3.Error)
        if is_content or (code is not None and code & _PRIMARY_CODE in _DAMAGED):
            self._is_damaged = True
        log.warning("the knowledge cannot be used now: %s", type(error).__name__)

    def _mend(self) -> None:
        if not self._is_damaged:
            return
        with self._asking:
            self._is_damaged = False
            self._reader.close()
            self._writer.close()
            self._move_aside()
            self._open()


def _looked_up(database: sqlite3.Connection, ticket_id: TicketId) -> Found:
    live = database.execute(
        "SELECT no, acked, online_from, online_until FROM edition WHERE is_complete = 1"
    ).fetchone()
    if live is None:
        return Found(None, Contained())
    no, *contained = live
    query = f"SELECT * FROM known_{no:d} WHERE id = ?"  # noqa: S608  0 or 1
    row = database.execute(query, (ticket_id,)).fetchone()
    return Found(None if row is None else _known(row), Contained(*contained))


def _check(database: sqlite3.Connection) -> None:
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if state != "ok" or version not in {0, _VERSION}:
        raise sqlite3.DatabaseError("damaged")


def _connected(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA cache_size = -1000")
    database.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in the file
    return database


def _rows(tickets: Iterable[KnownTicket]) -> Iterator[tuple[object, ...]]:
    for one in tickets:
        yield (
            *(one.id, one.issue, one.state.value),
            *(to_ms(one.not_before), to_ms(one.not_after), one.party),
            *(one.people_today, one.uses_total, one.last_move_no),
            *(_maybe_ms(one.last_in_at), one.last_in_gate, one.inside, one.box),
            *(one.uses_today, _maybe_ms(one.first_in_at), one.first_in_gate, int(one.has_left)),
        )


def _known(row: tuple[Any, ...]) -> KnownTicket:
    ticket_id, issue, state, not_before, not_after, party, people, uses, last_no = row[:9]
    last_in_at, last_in_gate, inside, box, uses_today, first_at, first_gate, has_left = row[9:]
    return KnownTicket(
        id=TicketId(ticket_id),
        issue=issue,
        state=TicketState(state),
        not_before=from_ms(not_before),
        not_after=from_ms(not_after),
        party=party,
        people_today=people,
        uses_total=uses,
        last_move_no=last_no,
        last_in_at=_maybe_at(last_in_at),
        last_in_gate=last_in_gate,
        inside=inside,
        box=box,
        uses_today=uses_today,
        first_in_at=_maybe_at(first_at),
        first_in_gate=first_gate,
        has_left=bool(has_left),
    )


def _offers(items: Iterable[object]) -> Mapping[int, KnownOffer]:
    known = [KnownOffer.from_json(item) for item in items]
    return {offer.number: offer for offer in known}


def _house_text(page: KnowledgePage) -> str:
    facts = {
        "keys": page.keys.to_json(),
        "offers": list(page.offers),
        "settings": page.settings.to_json(),
    }
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)


def _maybe_ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def _maybe_at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
