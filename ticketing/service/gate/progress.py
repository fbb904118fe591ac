"""How far a journal is complete: entries 1 to n, along its chain; in the service room."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from ticketing.domain.accounts import Station
from ticketing.service.gate.entries import Entry
from ticketing.store import journals as rows
from ticketing.store.journals import Journal, Kept
from ticketing.store.unit import Unit
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, h0, is_signed

_AT_ONCE = 1_000


def advanced(unit: Unit, journal: Journal, *, station: Station, now: datetime) -> Journal:
    """The journal with all that has become complete; marked where its chain does not hold."""
    for there in _behind(unit, journal.id, journal.acked):
        found = _next(journal.id, there, EntryHash(journal.head), station)
        broken_at = journal.broken_at
        if found is None:
            broken_at = broken_at or now
        head = there[0].hash if found is None else found
        journal = replace(journal, acked=there[0].n, head=head, broken_at=broken_at)
    return journal


def standing(
    unit: Unit, journal: Journal, *, station: Station, read: Sequence[Entry]
) -> tuple[int, bytes]:
    """What to answer: how far the journal is complete, and the hash of the last entry.

    Of a journal with two histories this is said of the one that was sent, so that its
    station does not take the other one's entries for its own.
    """
    if journal.forked_at is None or not read:
        return journal.acked, journal.head
    last = read[-1]
    if not rows.is_whole(unit, journal.id, last=last.n):
        is_before = journal.acked < read[0].n
        return (journal.acked, journal.head) if is_before else (0, _start(journal, station))
    acked, head = last.n, last.hash
    for there in _behind(unit, journal.id, acked):
        found = _next(journal.id, there, head, station)
        if found is None:
            break
        acked, head = there[0].n, found
    return acked, head


def _start(journal: Journal, station: Station) -> bytes:
    return h0(JournalId(journal.id), station.public_key)


def _behind(unit: Unit, journal: bytes, n: int) -> Iterator[tuple[Kept, ...]]:
    """The rows of each number behind `n`, as long as none is missing."""
    while True:
        found = rows.entries(unit, journal, first=n + 1, last=n + _AT_ONCE)
        for number, same in groupby(found, key=lambda kept: kept.n):
            if number != n + 1:
                return
            n = number
            yield tuple(same)
        if not found:
            return


def _next(
    journal: bytes, there: Sequence[Kept], head: EntryHash, station: Station
) -> EntryHash | None:
    """The hash of the row that follows `head`, if one does."""
    hashes = {
        entry_hash(JournalId(journal), kept.n, head, kept.body.encode("utf-8", "replace")): kept
        for kept in there
    }
    linked = next((digest for digest, kept in hashes.items() if digest == kept.hash), None)
    if linked is not None:
        return linked
    # stored before what precedes it was here, so under a hash that its station does not know
    key = station.public_key
    signed = (d for d, kept in hashes.items() if is_signed(d, kept.sig, station_public_key=key))
    return next(signed, None)
