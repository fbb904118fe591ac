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
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from scanner.editions import (
    EDITION,
    PLACES,
    Edition,
    bring_up,
    check,
    connected,
    house_text,
    looked_up,
    maybe_at,
    offers_of,
    rows,
)
from scanner.memory import Contained, Found, KnownHouse
from ticketing.wire.errors import WireError
from ticketing.wire.house import HouseSettings, KnownOffer
from ticketing.wire.journal import to_ms
from ticketing.wire.keys import KeyRing
from ticketing.wire.messages import BadMessage, Fields
from ticketing.wire.sync_api import KnowledgePage, KnownTicket
from ticketing.wire.token import TicketId

FILE_NAME: Final = "knowledge.sqlite3"
PAGE: Final = 1_000
"""Tickets to ask for at a time: a page is in memory as a whole, ten kilobytes for ten tickets."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_PRIMARY_CODE = 0xFF
log = logging.getLogger("scanner")


class Position(NamedTuple):
    """Where to go on: what to ask the service with."""

    epoch: str
    cursor: str


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
                    return looked_up(self._reader, ticket_id)
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
                    self._write(Edition(no))
            except sqlite3.Error as error:
                self._note_fault(error)
            self._read_editions()

    def apply(
        self, page: KnowledgePage, *, online_until: int = 0, at: datetime | None = None
    ) -> bool:
        """Take a page over, with its cursor; False if it could not be (it is asked for again).

        `online_until`: how long the journal was when the page was asked for; what the service
        decided until then is in the rows, if the page says that it is complete (`acked`) and
        behind nothing: otherwise what was uploaded is in them, and nothing else is sure.
        `at`: when that was by the station's clock, aware; else the service's. What the page is
        behind, the knowledge is older.
        """
        with self._applying:
            self._mend()
            going_on = self._loading or self._live or Edition(0)
            if going_on.epoch not in {None, page.epoch}:
                self.begin_again()
                return False
            try:
                offers = offers_of(page.offers)
            except BadMessage:
                return False
            fetched = to_ms(at or page.server_time) - page.behind_ms
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
        self, was: Edition, page: KnowledgePage, *, online_until: int, fetched: int
    ) -> Edition:
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
        is_all = is_sure and not page.behind_ms
        return Edition(
            no=was.no,
            is_complete=was.is_complete or is_last,
            epoch=page.epoch,
            cursor=page.cursor,
            fetched=fetched if is_last else was.fetched,
            acked=page.acked if is_last and page.acked is not None else carried.acked,
            held=json.dumps(page.held) if is_sure else carried.held,
            online_from=online_from,
            online_until=max(carried.online_until, online_until if is_all else online_from),
            window_from=to_ms(page.window_from),
            window_until=to_ms(page.window_until),
        )

    def _write_rows(self, page: KnowledgePage, edition: Edition, *, was: Edition) -> None:
        table = f"known_{edition.no}"
        if edition.is_complete and not was.is_complete:
            self._empty(1 - edition.no)
        drop = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608  one of two names
        self._writer.executemany(drop, ((gone,) for gone in page.gone))
        add = f"INSERT OR REPLACE INTO {table} VALUES ({PLACES})"  # noqa: S608  the same
        self._writer.executemany(add, rows(page.tickets))
        if was.is_complete and edition.window_from != was.window_from:  # once a day
            over = f"DELETE FROM {table} WHERE not_after <= ?"  # noqa: S608  the same
            self._writer.execute(over, (edition.window_from,))
        self._write(edition)
        facts = house_text(page)
        if facts != self._facts:
            self._writer.execute("INSERT OR REPLACE INTO house VALUES (1, ?)", (facts,))

    def _empty(self, no: int) -> None:
        self._writer.execute(f"DELETE FROM known_{no}")  # noqa: S608  0 or 1
        self._writer.execute("DELETE FROM edition WHERE no = ?", (no,))

    def _write(self, edition: Edition) -> None:
        self._writer.execute(
            "INSERT OR REPLACE INTO edition VALUES (?,?,?,?,?,?,?,?,?,?,?)", astuple(edition)
        )

    def _read_editions(self) -> None:
        rows = self._writer.execute(f"SELECT {EDITION} FROM edition").fetchall()  # noqa: S608  names
        found = [Edition(row[0], bool(row[1]), *row[2:]) for row in rows]
        self._live = next((one for one in found if one.is_complete), None)
        self._loading = next((one for one in found if not one.is_complete), None)

    def _read_house(self) -> None:
        row = self._writer.execute("SELECT facts FROM house").fetchone()
        self._facts, self._house = row[0] if row else "", None
        if row is None:
            return
        told = Fields.of(json.loads(self._facts))
        offers = offers_of(told.items("offers"))
        ring = KeyRing.from_json(told.items("keys"))
        self._tell_house(ring, HouseSettings.from_json(told.data.get("settings")), offers)

    def _tell_house(
        self, ring: KeyRing, settings: HouseSettings, offers: Mapping[int, KnownOffer]
    ) -> None:
        live = self._live or Edition(0)
        self._house = KnownHouse(
            ring=ring,
            settings=settings,
            offers=offers,
            fetched_at=maybe_at(live.fetched),
            acked=live.acked,
            window_from=maybe_at(live.window_from),
            window_until=maybe_at(live.window_until),
        )

    # ------------------------------------------------------------ the file
    def _open(self) -> None:
        self._asking, self._applying = threading.RLock(), threading.RLock()
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
                self._begin(str(self._path))
                self._reader = connected(str(self._path))
            except (sqlite3.Error, OSError, WireError, ValueError, TypeError):
                self._move_aside()
            else:
                return
        # A disk that takes no file: known until the end of the day at least.
        self._asking = self._applying
        self._begin(":memory:")
        self._reader = self._writer

    def _begin(self, path: str) -> None:
        self._writer = connected(path)
        try:
            check(self._writer)
            bring_up(self._writer)
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
