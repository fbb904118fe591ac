"""The books after the soak: every station's journal against the service's record."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, create_engine, text

from benchmarks.soak.visitors import Ticket
from ticketing.wire.journal import (
    AnnulBody,
    Body,
    CountBody,
    ResolveBody,
    ScanBody,
    parse_body,
)
from ticketing.wire.moves import Move, MoveKind, Terms, fold
from ticketing.wire.verdict import Direction, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Shown:
    """The last thing a station showed for one scan."""

    scan_id: bytes
    ticket: str | None
    direction: Direction
    verdict: Verdict
    people: int
    annulled: bool = False

    @property
    def passed(self) -> int:
        """Persons who went in, minus those who went out."""
        if self.annulled:
            return 0
        if self.verdict is Verdict.ADMIT:
            return self.people
        return -self.people if self.verdict is Verdict.EXIT else 0


@dataclass
class Books:
    """What does not add up, and figures."""

    scans_shown: int = 0
    scans_recorded: int = 0
    lost: int = 0
    never_shown: int = 0
    silent_admissions: int = 0
    overused_tickets: int = 0
    conflicts: Counter[str] = field(default_factory=Counter)
    inside_counted: int = 0
    inside_shown: int = 0
    journals_broken: int = 0
    journals_forked: int = 0
    unsent: int = 0

    @property
    def is_good(self) -> bool:
        """Nothing lost, nobody in without a use or a conflict, everybody counted."""
        wrong = self.lost + self.silent_admissions + self.overused_tickets + self.unsent
        return not wrong and self.inside_counted == self.inside_shown and not self.journals_broken


@dataclass(frozen=True, slots=True)
class House:
    """Where the books lie: the stations' homes, the service's database, and its zone."""

    home: Path
    stations: int
    database_url: str
    zone: ZoneInfo


def close_books(house: House, tickets: tuple[Ticket, ...]) -> Books:
    """Read every database and compare; all processes have stopped."""
    engine = create_engine(house.database_url)
    try:
        with engine.connect() as service:
            return _close_books(service, house, tickets)
    finally:
        engine.dispose()


def _close_books(service: Connection, house: House, tickets: tuple[Ticket, ...]) -> Books:
    books = Books()
    shown: dict[bytes, Shown] = {}
    by_hand = 0
    for number in range(house.stations):
        for body in _bodies(house.home / f"station-{number}" / "journal.sqlite3", books):
            by_hand += body.delta if isinstance(body, CountBody) else 0
            _follow(shown, body)
    recorded = {
        bytes(scan_id): (verdict, people, state, direction)
        for scan_id, verdict, people, state, direction in _rows(
            service, "SELECT scan_id, verdict, people, state, direction FROM scans"
        )
    }
    extras = {bytes(extra) for (extra,) in _rows(service, "SELECT extra FROM conflicts")}
    books.conflicts = Counter(
        dict(_rows(service, "SELECT kind, count(*) FROM conflicts GROUP BY kind"))
    )
    books.scans_shown, books.scans_recorded = len(shown), len(recorded)
    books.lost = sum(scan_id not in recorded for scan_id in shown)
    moves = _moves(service)
    moved = {move.scan_id for rows in moves.values() for move in rows}
    for one in shown.values():
        is_admitted = one.verdict is Verdict.ADMIT and not one.annulled
        if is_admitted and one.scan_id not in moved and one.scan_id not in extras:
            books.silent_admissions += 1
    books.overused_tickets = sum(_is_overused(ticket, moves, house.zone) for ticket in tickets)
    books.inside_shown = by_hand + _passed(books, shown, recorded)
    inside = "SELECT coalesce(sum(n), 0) FROM counters WHERE substr(name, 1, 7) = 'inside:'"
    [(counted,)] = _rows(service, inside)
    books.inside_counted = int(counted)
    [(books.journals_broken, books.journals_forked)] = _rows(
        service, "SELECT count(broken_at), count(forked_at) FROM journals"
    )
    return books


def _rows(service: Connection, query: str) -> list[tuple[Any, ...]]:
    """As the columns are stored: times are milliseconds on both databases."""
    return [tuple(row) for row in service.execute(text(query))]


def unsent_in(path: Path) -> int:
    """How many entries about people the service has not answered for; a station notes more."""
    journal = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    kinds = ("scan", "resolve", "annul", "count")
    rows = journal.execute("SELECT body FROM entry WHERE told = 0").fetchall()
    journal.close()
    return sum(json.loads(body)["kind"] in kinds for (body,) in rows)


def _bodies(path: Path, books: Books) -> Iterator[Body]:
    books.unsent += unsent_in(path)
    journal = sqlite3.connect(path)
    for (told,) in journal.execute("SELECT body FROM entry ORDER BY n"):
        yield parse_body(told)
    journal.close()


def _follow(shown: dict[bytes, Shown], body: Body) -> None:
    match body:
        case ScanBody():
            ticket = None if body.ticket is None else body.ticket.hex()
            shown[body.scan_id] = Shown(
                body.scan_id, ticket, body.direction, body.shown, body.people
            )
        case ResolveBody() if body.scan_id in shown:
            shown[body.scan_id].verdict = body.shown
            shown[body.scan_id].people = body.people
        case AnnulBody() if body.scan_id in shown:
            shown[body.scan_id].annulled = True
        case _:
            pass


def _moves(service: Connection) -> dict[str, list[Move]]:
    found: dict[str, list[Move]] = {}
    query = "SELECT ticket_id, move_no, scan_id, kind, people, at, gate FROM moves"
    for ticket, no, scan_id, kind, people, at_ms, gate in _rows(service, query):
        at = _EPOCH + timedelta(milliseconds=at_ms)
        move = Move(no, bytes(scan_id), MoveKind(kind), people, at, gate)
        found.setdefault(bytes(ticket).hex(), []).append(move)
    return found


def _is_overused(ticket: Ticket, moves: dict[str, list[Move]], zone: ZoneInfo) -> bool:
    rows = moves.get(ticket.id, [])
    if not rows or not ticket.entries:
        return False
    last = max(move.at for move in rows)
    return fold(rows, last, zone, terms=Terms(ticket.party)).uses > ticket.entries


def _passed(
    books: Books,
    shown: dict[bytes, Shown],
    recorded: dict[bytes, tuple[str, int, str, str]],
) -> int:
    """Persons who went in less those who left, by what stations showed."""
    unseen = 0
    for scan_id, (verdict, people, state, _) in recorded.items():
        if scan_id in shown or state == "annulled":
            continue
        # the service let somebody in, and the station fell before it could show that
        books.never_shown += verdict in {"admit", "exit"}
        unseen += people if verdict == "admit" else -people if verdict == "exit" else 0
    return unseen + sum(one.passed for one in shown.values())


def to_json(books: Books) -> str:
    """The books as one line of JSON."""
    row = {name: getattr(books, name) for name in Books.__dataclass_fields__}
    return json.dumps({**row, "conflicts": dict(books.conflicts), "good": books.is_good})
