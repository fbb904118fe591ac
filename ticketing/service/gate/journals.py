"""Uploads of stations' journals: kept as sent, and settled once; in the service room.

An entry is known by (journal, number, hash). Entries are settled in short transactions,
exits first: an exit is always recorded, and it explains who comes back behind it. A batch
may come in any order, halved, or again: what has been settled is not settled again.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.accounts import Station
from ticketing.domain.conflicts import Conflict as Finding
from ticketing.domain.conflicts import ConflictKind, conflict_id
from ticketing.service.errors import Conflict
from ticketing.service.gate import entries, progress
from ticketing.service.gate.entries import Entry, plain
from ticketing.service.gate.settling import Batch, Settling
from ticketing.service.gate.stations import is_news
from ticketing.service.gate.verdicts import Beaten, Settled
from ticketing.service.ports import House
from ticketing.store import conflicts, stations
from ticketing.store import journals as rows
from ticketing.store.journals import BAD_ROW, Journal, Kept
from ticketing.store.unit import Unit
from ticketing.wire.chain import JournalId, h0
from ticketing.wire.journal import BootBody, ResolveBody, ScanBody
from ticketing.wire.sync_api import EntryResult, Result, Upload, UploadAnswer
from ticketing.wire.verdict import Direction

log = logging.getLogger("ticketing.gate")
FIRST_CHUNK: Final = 4
MOST_PER_CHUNK: Final = 32
QUICK, SLOW = timedelta(milliseconds=12), timedelta(milliseconds=25)
"""A transaction's cost is half its commit: on a slow disk small chunks do not make it short."""
TRIES: Final = 5
FAULT: Final = "a value that cannot be kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One upload: who sends which journal, and what stands in it."""

    station: Station
    journal: Journal
    batch: Batch
    read: tuple[Entry, ...]


def take_upload(unit: Unit, house: House, *, station: Station, sent: Upload) -> UploadAnswer:
    """Keep and settle entries of a station's journal.

    Without entries it is the question how much of the journal is here.

    Raises:
        Conflict: `foreign_journal` that another station has sent before; `busy` if gates
            were faster again and again.
    """
    call = _call(unit, house, station=station, sent=sent)
    results = {
        entry.n: EntryResult(entry.n, Result.KNOWN)
        for entry in call.read
        if entry.known is not None
    }
    for entry, settled in _settled(unit, house, call):
        result = Result.FORK if entry.is_fork else settled.result
        results[entry.n] = EntryResult(entry.n, result, settled.detail or "")
    journal = _finished(unit, call)
    acked, head = progress.standing(unit, journal, station=station, read=call.read)
    return UploadAnswer(tuple(results[entry.n] for entry in call.read), acked, head)


# ------------------------------------------------------------ parts of the above
def _call(unit: Unit, house: House, *, station: Station, sent: Upload) -> _Call:
    now = house.clock.now()
    first = h0(JournalId(sent.journal), station.public_key)
    fresh = Journal(id=sent.journal, station=station.id, acked=0, head=first, created_at=now)
    journal = _own(rows.find(unit, sent.journal) or fresh, station)
    read = entries.read(unit, station=station, upload=sent)
    # A resolve that is known already will not be looked at again: the scan looks for it.
    fresh_bodies = [entry.body for entry in read if entry.known is None]
    resolved = frozenset(body.scan_id for body in fresh_bodies if isinstance(body, ResolveBody))
    batch = Batch(
        journal=sent.journal,
        station=station,
        now=now,
        resolved=resolved,
    )
    return _Call(station=station, journal=journal, batch=batch, read=read)


def _own(journal: Journal, station: Station) -> Journal:
    if journal.station != station.id:
        raise Conflict("foreign_journal")
    return journal


def _in_order(read: Iterable[Entry]) -> list[Entry]:
    """What is new, exits first."""

    def comes_late(entry: Entry) -> bool:
        body = entry.body
        return not (isinstance(body, ScanBody) and body.direction is Direction.EXIT)

    return sorted((entry for entry in read if entry.known is None), key=comes_late)


def _settled(unit: Unit, house: House, call: _Call) -> Iterator[tuple[Entry, Settled]]:
    """Settle what is new, chunk by chunk; a row that cannot be kept is settled alone."""
    todo, size = _in_order(call.read), FIRST_CHUNK
    while todo:
        chunk = todo[:size]
        try:
            done, held = _chunk(unit, house, call, chunk)
        except BAD_ROW as bad:
            unit.rollback()
            if len(chunk) > 1:
                size = 1
                continue
            log.error("an entry cannot be settled: %s", type(bad).__name__)  # noqa: TRY400  its text may hold what was sent
            done, held = _rejected(unit, call, chunk[0]), QUICK
        yield from zip(chunk, done, strict=True)
        todo = todo[len(chunk) :]
        size = _next_size(size, held)


def _next_size(size: int, held: timedelta) -> int:
    """How many entries the next transaction takes, after one of `size` held the lock so long."""
    if held > SLOW:
        return max(1, size // 2)
    return min(MOST_PER_CHUNK, size * 2) if held < QUICK else size


def _chunk(
    unit: Unit, house: House, call: _Call, chunk: Sequence[Entry]
) -> tuple[list[Settled], timedelta]:
    """Settle some entries in one transaction, and how long it held the lock."""
    for _ in range(TRIES):
        unit.begin()
        began_at = house.clock.now()
        rows.lock(unit)
        _own(rows.begin(unit, call.journal), call.station)
        settling = Settling(unit, house, call.batch)
        try:
            done = [settling.apply(entry) for entry in chunk]
        except Beaten:
            unit.rollback()
            continue
        full = settling.finish()
        done = [_with_room(settled, full) for settled in done]
        _keep(unit, call, zip(chunk, done, strict=True))
        unit.commit()
        return done, house.clock.now() - began_at
    raise Conflict("busy")


def _with_room(settled: Settled, full: dict[bytes, str]) -> Settled:
    """What became of an entry, where house or slot had no room for its people."""
    over = None if settled.scan_id is None else full.get(settled.scan_id)
    if over is None or settled.result is not Result.ACCEPTED:
        return settled
    return replace(settled, result=Result.CONFLICT, detail=over)


def _rejected(unit: Unit, call: _Call, entry: Entry) -> list[Settled]:
    """Keep an entry that nothing else can be done with, so that those behind it go on."""
    settled = Settled(Result.REJECTED, FAULT)
    unit.begin()
    rows.lock(unit)
    _own(rows.begin(unit, call.journal), call.station)
    _keep(unit, call, [(entry, settled)])
    unit.commit()
    return [settled]


def _keep(unit: Unit, call: _Call, done: Iterable[tuple[Entry, Settled]]) -> None:
    rows.keep(
        unit,
        [
            Kept(
                journal=call.journal.id,
                n=entry.n,
                hash=entry.hash,
                body=entry.text,
                sig=entry.sig,
                received_at=call.batch.now,
                result=Result.FORK if entry.is_fork else settled.result,
                detail=settled.detail,
                chain="good" if entry.is_chained else "broken",
            )
            for entry, settled in done
        ],
    )


# ------------------------------------------------------------ the journal itself
def _finished(unit: Unit, call: _Call) -> Journal:
    """Note how far the journal is here, and what is wrong with it; in a transaction."""
    unit.begin()
    rows.lock(unit)
    journal = _own(rows.begin(unit, call.journal), call.station)
    now, read = call.batch.now, call.read
    moved = progress.advanced(unit, journal, station=call.station, now=now)
    if moved.broken_at is None and any(not entry.is_chained for entry in read):
        moved = replace(moved, broken_at=now)
    if moved.forked_at is None and any(entry.is_fork for entry in read):
        moved = replace(moved, forked_at=now)
        conflicts.add(unit, _fork(moved, now))
    if moved != journal:
        rows.advance(unit, moved)
    _tell_station(unit, call)
    unit.commit()
    _warn(journal, moved)
    return moved


def _fork(journal: Journal, now: datetime) -> Finding:
    """One record for a journal with two histories: a station was restored from an image."""
    return Finding(
        id=conflict_id(ConflictKind.FORK, journal.id),
        kind=ConflictKind.FORK,
        ticket=None,
        counted=None,
        extra=journal.id,
        reason=None,
        people_extra=0,
        found_at=now,
    )


def _tell_station(unit: Unit, call: _Call) -> None:
    """A station that uploads was heard of, and says which version it runs."""
    new = [entry.body for entry in call.read if entry.known is None]
    versions = [body.version for body in new if isinstance(body, BootBody)]
    if versions:
        stations.set_version(unit, call.station.id, plain(versions[-1]) or "")
    if is_news(call.station, call.batch.now):
        stations.touch(unit, call.station.id, at=call.batch.now)


def _warn(before: Journal, after: Journal) -> None:
    if before.broken_at is None and after.broken_at is not None:
        log.warning("the journal of station %s has a broken chain", after.station)
    if before.forked_at is None and after.forked_at is not None:
        log.warning("the journal of station %s has two histories", after.station)
