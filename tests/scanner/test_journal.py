"""The journal: chained, signed, on disk before anything is shown, and without any text."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.config import StationKey, make_key
from scanner.events import (
    AnnulEntry,
    CountEntry,
    ForeignCount,
    LateEntry,
    LinkEntry,
    OwnMove,
    ResolveEntry,
    ScanEntry,
    ScanId,
)
from scanner.journal import (
    FILE_NAME,
    KEPT,
    Journal,
    JournalBroken,
    JournalError,
    JournalForeign,
    Sound,
    Unsound,
)
from tests.scanner.station_kit import BERLIN, HOLDER, NOON, SHORT_CODE, WEB, Desk, a_ticket
from ticketing.wire.chain import canonical_body, h0
from ticketing.wire.codec import from_base64url
from ticketing.wire.journal import (
    Action,
    BootBody,
    ClockBody,
    CountBody,
    SyncBody,
    parse_body,
)
from ticketing.wire.moves import Move, MoveKind, Terms, fold
from ticketing.wire.sync_api import EntryResult, Result, UploadAnswer
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Basis, Check, Direction, Reason, Verdict

QUICK = {"timeout": 0.05}
SEVEN = TicketId(bytes(14) + b"\7")
ROOT = Path(__file__).resolve().parents[2]


def draw(size: int) -> bytes:
    """No chance in tests."""
    return bytes(range(size))


@pytest.fixture(name="key")
def _key(tmp_path: Path) -> StationKey:
    """The station's key."""
    return make_key(tmp_path, draw)


@pytest.fixture(name="journal")
def _journal(tmp_path: Path, key: StationKey) -> Iterator[Journal]:
    """A new journal."""
    opened = Journal(tmp_path / FILE_NAME, key, draw=draw)
    yield opened
    opened.close()


def a_scan(number: int = 1, basis: Basis = Basis.ONLINE, *, moves: bool = True) -> ScanEntry:
    """An admitted scan of ticket 7."""
    scan_id = ScanId(f"{number:032x}")
    ticket_id = SEVEN
    move = Move(number, bytes.fromhex(scan_id), MoveKind.ENTRY, 2, NOON, "sued")
    return ScanEntry(
        scan_id=scan_id,
        ticket_id=ticket_id,
        issue=3,
        digest=bytes(16),
        text_class="ticket",
        direction=Direction.ENTRY,
        people=2,
        at=NOON,
        mono_ms=17,
        basis=basis,
        verdict=Verdict.ADMIT,
        reason=Reason.OK,
        checks=(),
        own=OwnMove(ticket_id, 3, move) if moves else None,
    )


def an_annul(number: int, own: OwnMove | None = None) -> AnnulEntry:
    """Staff took a scan back while the service was away."""
    return AnnulEntry(
        scan_id=ScanId(f"{number:032x}"),
        reason="annulled_at_gate",
        at=NOON,
        basis=Basis.OFFLINE,
        own=own,
    )


def a_resolve(basis: Basis) -> ResolveEntry:
    """Staff have confirmed scan 1."""
    return ResolveEntry(
        scan_id=ScanId(f"{1:032x}"),
        action=Action.CONFIRM,
        checks=(Check.PROOF,),
        people=1,
        at=NOON,
        basis=basis,
        shown=Verdict.ADMIT,
    )


def test_entries_are_chained_and_signed_as_agreed(journal: Journal, key: StationKey) -> None:
    """Bodies are canonical JSON, hashes and signatures those of the wire."""
    journal.append(a_scan())
    journal.append(a_resolve(Basis.ONLINE))
    journal.append(LinkEntry(is_up=False, at=NOON))
    journal.note(BootBody(version="1", at=NOON))
    lines = [json.loads(line) for line in journal.lines()]
    bodies = [json.loads(line["body"]) for line in lines]
    assert [body["kind"] for body in bodies] == ["scan", "resolve", "link", "boot"]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert all(
        canonical_body(body).decode() == line["body"]
        for body, line in zip(bodies, lines, strict=True)
    )
    assert journal.verify() == Sound(4, journal.head)
    assert from_base64url(lines[-1]["h"]) == journal.head
    assert journal.head != h0(journal.id, key.public)


def test_a_scan_is_written_with_all_its_fields(journal: Journal) -> None:
    """As in the protocol; times in milliseconds."""
    journal.append(a_scan())
    assert json.loads(json.loads(next(journal.lines()))["body"]) == {
        "kind": "scan",
        "scan_id": f"{1:032x}",
        "ticket": "00" * 14 + "07",
        "issue": 3,
        "digest": "00" * 16,
        "class": "ticket",
        "direction": "entry",
        "people": 2,
        "at": 1791117720000,
        "mono": 17,
        "basis": "online",
        "verdict": "admit",
        "reason": "ok",
        "checks": [],
        "shown": "admit",
    }


def test_an_empty_journal_is_sound(journal: Journal) -> None:
    """Nothing has happened yet."""
    assert journal.verify() == Sound(0, journal.head)
    assert journal.newest_at() is None


def test_moves_come_back_after_a_start(tmp_path: Path, journal: Journal, key: StationKey) -> None:
    """A restarted station refuses what it has let in; moves are numbered per ticket."""
    journal.append(a_scan(1))
    journal.append(a_scan(2, moves=False))
    journal.append(a_scan(3, Basis.OFFLINE))
    journal.close()
    again = Journal(tmp_path / FILE_NAME, key, draw=draw)
    moves = again.moves_of(SEVEN)
    assert [(one.n, one.is_online) for one in moves] == [(1, True), (3, False)]
    assert [(one.own.issue, one.own.move.no, one.own.move.people) for one in moves] == [
        (3, 1, 2),
        (3, 2, 2),
    ]
    assert again.moves_of(TicketId(bytes(15))) == ()
    again.append(a_scan(4))
    assert again.verify() == Sound(4, again.head)
    assert again.newest_at() == NOON
    again.close()


def test_an_annulled_scan_has_its_move_taken_back(journal: Journal) -> None:
    """The ticket is again as it was, for the judgement of this station too."""
    journal.append(a_scan(1, Basis.OFFLINE))
    own = journal.moves_of(SEVEN)[0].own
    taken = replace(own, move=replace(own.move, kind=MoveKind.ANNUL, no=2))
    journal.append(an_annul(1, own=taken))
    moves = [one.own.move for one in journal.moves_of(SEVEN)]
    assert [(one.no, one.kind) for one in moves] == [(1, "entry"), (2, "annul")]
    folded = fold(moves, NOON, BERLIN, terms=Terms(2))
    assert (folded.uses, folded.inside) == (0, 0)


@pytest.mark.parametrize(("basis", "unsent"), [(Basis.ONLINE, 0), (Basis.OFFLINE, 2)])
def test_only_what_the_service_does_not_know_is_unsent(
    journal: Journal, basis: Basis, unsent: int
) -> None:
    """Online scans are uploaded too, and nobody waits for them."""
    journal.append(a_scan(1, basis))
    journal.append(a_resolve(basis))
    journal.append(LinkEntry(is_up=True, at=NOON))
    assert (journal.unsent(), journal.untold()) == (unsent, 3)


@pytest.mark.parametrize(("agrees", "unsent"), [(True, 0), (False, 2)])
def test_a_late_answer_that_agrees_settles_the_scan(
    journal: Journal, *, agrees: bool, unsent: int
) -> None:
    """One that disagrees has to reach the service."""
    journal.append(a_scan(1, Basis.OFFLINE))
    journal.append(LateEntry(ScanId(f"{1:032x}"), Verdict.ADMIT, NOON, agrees))
    assert (journal.unsent(), journal.untold()) == (unsent, 2)


def test_people_counted_by_hand_are_owed(journal: Journal) -> None:
    """Nobody else knows of them; fewer can be counted too."""
    journal.append(CountEntry(3, "without_ticket", NOON))
    journal.append(CountEntry(-1, "correction", NOON))
    bodies = [parse_body(json.loads(line)["body"]) for line in journal.lines()]
    assert bodies == [
        CountBody(delta=3, reason="without_ticket", at=NOON),
        CountBody(delta=-1, reason="correction", at=NOON),
    ]
    assert journal.unsent() == 2


def test_every_body_is_one_the_service_can_read(journal: Journal) -> None:
    """Both sides have the same module."""
    for entry in (a_scan(), a_resolve(Basis.ONLINE), an_annul(1), LinkEntry(is_up=True, at=NOON)):
        journal.append(entry)
    journal.append(LateEntry(ScanId(f"{1:032x}"), Verdict.REFUSE, NOON, agrees=False))
    journal.note(ClockBody(diff_ms=-61_000, at=NOON))
    journal.note(SyncBody(epoch="e", cursor="c", at=NOON))
    kinds = [type(parse_body(json.loads(line)["body"])).__name__ for line in journal.lines()]
    assert kinds == [
        *("ScanBody", "ResolveBody", "AnnulBody", "LinkBody"),
        *("LateBody", "ClockBody", "SyncBody"),
    ]


def test_foreign_texts_are_a_number_per_hour(journal: Journal) -> None:
    """No entry, no chain, no text: a count."""
    for minutes in (0, 5, 17, 18):
        journal.append(ForeignCount(NOON + timedelta(minutes=minutes)))
    assert journal.foreign_in(NOON) == 3
    assert journal.foreign_in(NOON + timedelta(hours=1)) == 1
    assert journal.foreign_in(NOON + timedelta(hours=2)) == 0
    assert journal.verify() == Sound(0, journal.head)


def test_no_text_and_no_name_is_in_the_file(tmp_path: Path, journal: Journal) -> None:
    """A day at the gate, then every byte of the station's files is searched."""
    desk = Desk()
    ticket = a_ticket(1)
    desk.type(ticket)
    desk.answer()
    desk.type(SHORT_CODE)
    desk.answer()
    desk.type(WEB)
    desk.type(ticket[:100])
    desk.answer(Verdict.REFUSE, Reason.MALFORMED, ticket=None)
    for entry in desk.records:
        journal.append(entry)
    written = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
    assert len(desk.records) == 5
    assert (tmp_path / f"{FILE_NAME}-wal").exists()
    secrets = (ticket, ticket[60:90], SHORT_CODE, "example.org", HOLDER, "Kowalewski")
    assert [secret for secret in secrets if secret.encode() in written] == []


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize(
    ("change", "n", "problem"),
    [
        ("UPDATE entry SET body = replace(body, 'admit', 'refuse') WHERE n = 2", 2, "changed"),
        ("UPDATE entry SET hash = zeroblob(32) WHERE n = 3", 3, "changed"),
        ("UPDATE entry SET sig = zeroblob(64) WHERE n = 1", 1, "signature"),
        ("DELETE FROM entry WHERE n = 2", 2, "missing"),
    ],
)
def test_tampering_is_found(
    tmp_path: Path, journal: Journal, change: str, n: int, problem: str
) -> None:
    """Whatever is changed afterwards breaks the chain there."""
    for number in range(1, 5):
        journal.append(a_scan(number))
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute(change)
    other.close()
    found = journal.verify()
    assert isinstance(found, Unsound)
    assert found.n == n
    assert problem in found.problem


def test_a_long_journal_is_walked_in_pages(
    monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    """More entries than one page holds."""
    monkeypatch.setattr("scanner.chain.PAGE", 2)
    for number in range(1, 6):
        journal.append(a_scan(number))
    assert journal.verify() == Sound(5, journal.head)


def test_a_key_of_another_station_is_refused(tmp_path: Path, journal: Journal) -> None:
    """A journal is bound to the key it was begun with."""
    journal.append(a_scan())
    journal.close()
    other = make_key(tmp_path / "other", lambda size: b"\7" * size)
    with pytest.raises(JournalForeign, match="another station key"):
        Journal(tmp_path / FILE_NAME, other, draw=draw)


@pytest.mark.parametrize("content", [b"this is no database at all, not even nearly", b"\0" * 5000])
def test_a_file_that_is_no_journal_is_told(tmp_path: Path, key: StationKey, content: bytes) -> None:
    """Say what to do, not what SQLite says."""
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(JournalBroken, match="Move it away"):
        Journal(tmp_path / FILE_NAME, key, draw=draw)


def test_another_database_is_told(tmp_path: Path, key: StationKey) -> None:
    """Tables of the same name and another shape."""
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("CREATE TABLE entry (x)")
    other.close()
    with pytest.raises(JournalBroken, match="damaged"):
        Journal(tmp_path / FILE_NAME, key, draw=draw)


def test_a_torn_last_page_is_told(tmp_path: Path, journal: Journal, key: StationKey) -> None:
    """The disk lost the end of the file: a clear word at the start, not a crash in the middle."""
    for number in range(1, 60):
        journal.append(a_scan(number))
    journal.close()
    path = tmp_path / FILE_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-4096] + b"\xa5" * 4096)
    with pytest.raises(JournalBroken, match="Move it away"):
        Journal(path, key, draw=draw)


def test_a_torn_log_loses_nothing_that_was_synced(
    tmp_path: Path, journal: Journal, key: StationKey
) -> None:
    """Half a frame at the end of the write-ahead log is dropped, what is before stands."""
    for number in range(1, 4):
        journal.append(a_scan(number))
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    with (copy / f"{FILE_NAME}-wal").open("ab") as wal:
        wal.write(b"half a frame")
    again = Journal(copy / FILE_NAME, key, draw=draw)
    assert again.verify() == Sound(3, again.head)
    again.close()


def test_damage_below_an_open_journal_is_told(journal: Journal) -> None:
    """The disk breaks while it runs."""
    journal.append(a_scan())
    with journal._lock:
        journal._db.execute("DROP TABLE entry")
    with pytest.raises(JournalBroken):
        journal.verify()
    with pytest.raises(JournalError, match="cannot be written"):
        journal.append(a_scan(2))
    with pytest.raises(JournalError, match="cannot be written"):
        journal.note(BootBody(version="1", at=NOON))


def test_two_stations_on_one_journal_are_told(
    tmp_path: Path, journal: Journal, key: StationKey
) -> None:
    """Numbers are given once."""
    other = Journal(tmp_path / FILE_NAME, key, draw=draw)
    journal.append(a_scan(1))
    with pytest.raises(JournalError, match="another station"):
        other.append(a_scan(2))
    other.close()
    assert journal.verify() == Sound(1, journal.head)


def test_a_home_that_is_a_file_is_told(tmp_path: Path, key: StationKey) -> None:
    """No traceback for a wrong path."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "file" / FILE_NAME, key, draw=draw)


@pytest.mark.parametrize("cut", [1, 24, 25, 100, 2_000, 4_095, 4_097])
def test_a_last_entry_that_was_cut_off_takes_no_other_with_it(
    tmp_path: Path, journal: Journal, key: StationKey, cut: int
) -> None:
    """The power went while it was written: all that were acknowledged before are there."""
    for number in range(1, 6):
        journal.append(a_scan(number, Basis.OFFLINE))
    wal = tmp_path / f"{FILE_NAME}-wal"
    before = wal.stat().st_size
    journal.append(a_scan(6, Basis.OFFLINE))
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / FILE_NAME).write_bytes((tmp_path / FILE_NAME).read_bytes())
    (copy / wal.name).write_bytes(wal.read_bytes()[: before + cut])
    again = Journal(copy / FILE_NAME, key, draw=draw)
    found = again.verify()
    assert isinstance(found, Sound)
    assert found.entries == 5
    assert again.unsent() == 5
    again.append(a_scan(7))
    assert isinstance(again.verify(), Sound)
    again.close()


def test_a_locked_journal_is_no_damaged_one(
    tmp_path: Path, journal: Journal, key: StationKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds it: say that, and do not tell anybody to move it away."""
    journal.append(a_scan())
    connect = sqlite3.connect
    monkeypatch.setattr(
        "scanner.journal_file.sqlite3.connect", lambda *one, **two: connect(*one, **two | QUICK)
    )
    other = connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalError, match="another program holds"):
        Journal(tmp_path / FILE_NAME, key, draw=draw)
    other.execute("ROLLBACK")
    other.close()


# ---------------------------------------------------------------- bodies that are gone


def told(journal: Journal) -> None:
    """The service has everything."""
    while (upload := journal.upload()) is not None:
        items = tuple(EntryResult(entry.n, Result.ACCEPTED) for entry in upload.entries)
        last = upload.entries[-1].n
        journal.answered(upload, UploadAnswer(items, last, journal.hash_at(last)))


def test_the_chain_is_walked_over_bodies_that_are_gone(journal: Journal) -> None:
    """Their hash stands for them; the export says so; moves stay."""
    for number in range(1, 8):
        journal.append(a_scan(number))
    told(journal)
    assert journal.drop(NOON + KEPT) == 0
    assert journal.drop(NOON + KEPT + timedelta(milliseconds=1)) == 7
    journal.append(a_scan(8))
    assert journal.verify() == Sound(8, journal.head, dropped=7)
    lines = [json.loads(line) for line in journal.lines()]
    assert [line["body"] is None for line in lines] == [True] * 7 + [False]
    assert all(len(from_base64url(line["body_h"]) or b"") == 32 for line in lines[:7])
    assert len(journal.moves_of(SEVEN)) == 8


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE entry SET body_hash = zeroblob(32) WHERE n = 2", "changed"),
        ("UPDATE entry SET body_hash = NULL WHERE n = 2", "body is missing"),
        ("UPDATE entry SET body = '{}' WHERE n = 2", "changed"),
    ],
)
def test_tampering_with_what_is_gone_is_found(
    tmp_path: Path, journal: Journal, change: str, problem: str
) -> None:
    """Nobody can put another body in its place."""
    for number in range(1, 4):
        journal.append(a_scan(number))
    told(journal)
    journal.drop(NOON + KEPT + timedelta(seconds=1))
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute(change)
    other.close()
    found = journal.verify()
    assert isinstance(found, Unsound)
    assert found.n == 2
    assert problem in found.problem


def test_a_dropped_body_leaves_no_trace_in_the_file(
    tmp_path: Path, journal: Journal, key: StationKey
) -> None:
    """Emptied, not only forgotten."""
    journal.append(a_scan(1))
    told(journal)
    journal.close()
    again = Journal(tmp_path / FILE_NAME, key, draw=draw)
    assert b'"kind":"scan"' in (tmp_path / FILE_NAME).read_bytes()
    again.drop(NOON + KEPT + timedelta(seconds=1))
    again.close()
    assert b'"kind":"scan"' not in (tmp_path / FILE_NAME).read_bytes()


# ---------------------------------------------------------------- files of older stations

FIRST = """
CREATE TABLE journal (
  only INTEGER PRIMARY KEY CHECK (only = 1), id BLOB NOT NULL, public_key BLOB NOT NULL,
  acked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE entry (
  n INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL, sig BLOB NOT NULL,
  scan_id BLOB, told INTEGER NOT NULL,
  ticket BLOB, issue INTEGER, move TEXT, people INTEGER, at_ms INTEGER NOT NULL, gate TEXT
) STRICT;
CREATE INDEX entry_untold ON entry (n) WHERE told = 0;
CREATE INDEX entry_moves ON entry (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX entry_scan ON entry (scan_id) WHERE scan_id IS NOT NULL;
CREATE TABLE foreign_text (hour_ms INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;
"""


def make_old(path: Path, journal: Journal) -> None:
    """The same journal as the first stations wrote it: `told` said that it was online."""
    kept = "n, body, hash, sig, scan_id, online, ticket, issue, move, people, at_ms, gate"
    new = journal._db
    with sqlite3.connect(path) as old:
        old.executescript(FIRST)
        for row in new.execute("SELECT only, id, public_key, acked FROM journal"):
            old.execute("INSERT INTO journal VALUES (?,?,?,?)", row)
        for row in new.execute(f"SELECT {kept} FROM entry"):  # noqa: S608  a constant
            old.execute(f"INSERT INTO entry VALUES ({','.join('?' * 12)})", row)  # noqa: S608  marks
    old.close()


def test_a_file_of_an_older_station_opens(
    tmp_path: Path, journal: Journal, key: StationKey
) -> None:
    """Its chain holds, its moves are known, and the service gets all of it for the first time."""
    journal.append(a_scan(1, Basis.ONLINE))
    journal.append(a_scan(2, Basis.OFFLINE))
    (tmp_path / "old").mkdir()
    make_old(tmp_path / "old" / FILE_NAME, journal)
    for _ in range(2):
        again = Journal(tmp_path / "old" / FILE_NAME, key, draw=draw)
        assert again.verify() == Sound(2, journal.head)
        assert [one.is_online for one in again.moves_of(SEVEN)] == [True, False]
        assert (again.unsent(), again.untold()) == (1, 2)
        again.close()


# ---------------------------------------------------------------- sudden death

WRITER = """
import sys
from pathlib import Path
from scanner.config import load_key
from scanner.journal import FILE_NAME, Journal
from tests.scanner.test_journal import a_scan, draw
home = Path(sys.argv[1])
journal = Journal(home / FILE_NAME, load_key(home), draw=draw)
for number in range(1, 100_000):
    journal.append(a_scan(number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 25])
def test_a_killed_station_loses_nothing_it_has_shown(
    tmp_path: Path, key: StationKey, after: int
) -> None:
    """Kill -9 in the middle of writing: every entry that was acknowledged is there, and sound."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    seen = 0
    while seen < after:
        seen = int(writer.stdout.readline())
    time.sleep(0.003)
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    shown = int(rest[-1]) if rest else seen
    again = Journal(tmp_path / FILE_NAME, key, draw=draw)
    found = again.verify()
    assert isinstance(found, Sound)
    assert found.entries in {shown, shown + 1}
    again.append(a_scan(99))
    assert isinstance(again.verify(), Sound)
    again.close()
