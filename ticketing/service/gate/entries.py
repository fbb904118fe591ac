"""An upload as it is read: each entry's hash, chain, body and clock; in the service room.

Nothing is written here, and no lock is held. An entry that cannot be read keeps its place
in the chain: it is stored and rejected, and the entries behind it go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.accounts import Station
from ticketing.domain.museum import is_plausible_time
from ticketing.store import journals as rows
from ticketing.store.journals import Kept
from ticketing.store.unit import Unit
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, h0, is_signed
from ticketing.wire.journal import (
    Body,
    ClockBody,
    ResolveBody,
    ScanBody,
    parse_body,
)
from ticketing.wire.messages import BadMessage
from ticketing.wire.sync_api import SentEntry, Upload
from ticketing.wire.textclass import TextClass
from ticketing.wire.verdict import Direction, Verdict

_MS: Final = timedelta(milliseconds=1)
_NO_HASH = EntryHash(bytes(32))
_MOST_PEOPLE = _LAST_ISSUE = 255
_LONGEST_DIFF_MS = 10 * 366 * 86_400_000
_TEXT_LIMIT = 200
_KEPT_CLASSES = frozenset(kind.value for kind in TextClass) - {TextClass.FOREIGN.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry that is to be stored; `body` is None where it cannot be read (`problem`).

    `diff_ms`: how far the station's clock was ahead then, None if it has not told. `known`
    is the row that is there already; `is_fork` if the number is taken by another one.
    """

    n: int
    hash: EntryHash
    text: str = field(repr=False)
    sig: bytes
    is_chained: bool
    is_fork: bool = False
    known: Kept | None = None
    body: Body | None = None
    problem: str = ""
    diff_ms: int | None = None


def read(unit: Unit, *, station: Station, upload: Upload) -> tuple[Entry, ...]:
    """The entries of an upload in the order of their numbers."""
    sent = sorted(upload.entries, key=lambda entry: entry.n)
    if not sent:
        return ()
    first, last = sent[0].n, sent[-1].n
    stored = rows.entries(unit, upload.journal, first=first - 1, last=last)
    before = rows.clock_before(unit, upload.journal, first)
    chain = _Chain(upload, station.public_key, stored)
    return tuple(_read(map(chain.link, sent), _diff(before)))


def corrected(at: datetime, diff_ms: int | None, now: datetime) -> datetime:
    """A station's time on the service's clock; nothing happens after it was told."""
    try:
        return min(at - (diff_ms or 0) * _MS, now)
    except OverflowError:
        return at


def plain(text: str | None) -> str | None:
    """A text that every database takes, cut to length."""
    if text is None:
        return None
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_TEXT_LIMIT]


class _Chain:
    """Links entries: to what is stored where it is, otherwise to what the upload says."""

    def __init__(self, upload: Upload, key: bytes, stored: Sequence[Kept]) -> None:
        self._journal = JournalId(upload.journal)
        self._key = key
        self._stored: dict[int, list[Kept]] = {}
        for kept in stored:
            self._stored.setdefault(kept.n, []).append(kept)
        self._line: dict[int, EntryHash] = {}
        first = min(entry.n for entry in upload.entries)
        self._told = {first: EntryHash(upload.previous)} if upload.previous else {}

    def link(self, sent: SentEntry) -> Entry:
        """The entry with its hash."""
        text = sent.body.replace("\0", "\ufffd")  # a body is JSON, which has none; PostgreSQL too
        there = self._stored.get(sent.n, [])
        same = next((k for k in there if (k.body, k.sig) == (text, sent.sig)), None)
        digest, is_chained = self._hash(sent) if same is None else (EntryHash(same.hash), True)
        same = same or next((k for k in there if k.hash == digest), None)
        is_fork = same is None and (bool(there) or sent.n in self._line)
        self._line[sent.n] = digest
        return Entry(
            n=sent.n,
            hash=digest,
            text=text,
            sig=sent.sig,
            is_chained=is_chained,
            is_fork=is_fork,
            known=same,
        )

    def _hash(self, sent: SentEntry) -> tuple[EntryHash, bool]:
        """The hash under which the station signed, and whether it links to what is here."""
        own, told = self._own(sent.n - 1), self._told.get(sent.n)
        body = sent.body.encode("utf-8", "replace")
        for previous in (*own, *([] if told is None else [told])):
            digest = entry_hash(self._journal, sent.n, previous, body)
            if is_signed(digest, sent.sig, station_public_key=self._key):
                return digest, previous in own or not own
        first = next(iter(own), told or _NO_HASH)
        return entry_hash(self._journal, sent.n, first, body), False

    def _own(self, n: int) -> list[EntryHash]:
        if n == 0:
            return [h0(self._journal, self._key)]
        stored = [EntryHash(kept.hash) for kept in self._stored.get(n, [])]
        line = self._line.get(n)
        return stored if line is None else [line, *(one for one in stored if one != line)]


# ------------------------------------------------------------ bodies
def _diff(text: str | None) -> int | None:
    try:
        body = None if text is None else parse_body(text)
    except BadMessage:
        return None
    return body.diff_ms if isinstance(body, ClockBody) and not _problem(body, body.at) else None


def _read(entries: Iterator[Entry], diff_ms: int | None) -> Iterator[Entry]:
    """Each entry with its body and the clock difference that held then."""
    for entry in entries:
        body, problem = _parsed(entry.text, diff_ms)
        if isinstance(body, ClockBody):
            diff_ms = body.diff_ms
        yield replace(entry, body=body, problem=problem, diff_ms=diff_ms)


def _parsed(text: str, diff_ms: int | None) -> tuple[Body | None, str]:
    try:
        body = parse_body(text)
    except BadMessage as bad:
        return None, str(bad)
    problem = _problem(body, corrected(body.at, diff_ms, body.at))
    return (None, problem) if problem else (body, "")


def _problem(body: Body, at: datetime) -> str:
    """What of a body cannot be, or nothing."""
    if not is_plausible_time(at):
        return "at: out of range"
    match body:
        case ScanBody():
            return _scan_problem(body)
        case ResolveBody() if body.people > _MOST_PEOPLE:
            return "people: out of range"
        case ClockBody() if abs(body.diff_ms) > _LONGEST_DIFF_MS:
            return "diff_ms: out of range"
        case _:
            return ""


def _scan_problem(body: ScanBody) -> str:
    passes = {Verdict.ADMIT: Direction.ENTRY, Verdict.EXIT: Direction.EXIT}.get(body.shown)
    if body.text_class not in _KEPT_CLASSES:
        return "class: never kept"
    if body.issue is not None and not 0 <= body.issue <= _LAST_ISSUE:
        return "issue: out of range"
    if body.direction is Direction.CHECK or passes not in {None, body.direction}:
        return "direction: does not fit what was shown"
    if not (1 if passes else 0) <= body.people <= _MOST_PEOPLE:
        return "people: out of range"
    return ""
