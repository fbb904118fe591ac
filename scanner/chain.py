"""The entries of a journal in a row: as lines to hand out, and as a chain that must hold.

Numbers, hashes and signatures are looked at here, never changed. Every function takes the
open database or its rows; the journal holds the lock.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketing.wire.chain import EntryHash, JournalId, h0, is_signed, linked_hash
from ticketing.wire.codec import to_base64url

PAGE = 500
"""Rows that are in memory at a time."""
_WANTED = "SELECT n, body, hash, sig, body_hash FROM entry WHERE n > ? ORDER BY n LIMIT ?"


@dataclass(frozen=True, slots=True)
class Sound:
    """The chain holds over all entries: how many, the last hash, how many bodies are gone."""

    entries: int
    head: EntryHash
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Unsound:
    """The first entry where the chain does not hold, and what is wrong with it."""

    n: int
    problem: str


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it lies in the file; a body that is gone is empty, its hash is kept."""

    n: int
    body: str
    digest: EntryHash
    sig: bytes
    body_hash: bytes | None

    def hash_of_body(self) -> bytes | None:
        """SHA-256 of the body, kept if the body is gone; None if both are."""
        if not self.body:
            return self.body_hash
        # A damaged file may hold half a character: it must be found out, not break the walk.
        return hashlib.sha256(self.body.encode("utf-8", "surrogatepass")).digest()

    def line(self) -> str:
        """The entry as one JSON object."""
        shown: dict[str, object] = {"n": self.n, "body": self.body or None}
        if not self.body and self.body_hash:
            # Whoever has the line alone can still walk the chain over it.
            shown["body_h"] = to_base64url(self.body_hash)
        shown |= {"h": to_base64url(self.digest), "sig": to_base64url(self.sig)}
        return json.dumps(shown, ensure_ascii=False)


def page_after(database: sqlite3.Connection, n: int) -> Sequence[Row]:
    """The next entries behind a number; none: it was the last."""
    return [Row(*row) for row in database.execute(_WANTED, (n, PAGE))]


def walked(rows: Iterable[Row], *, journal: JournalId, public_key: bytes) -> Sound | Unsound:
    """Walk the chain from its beginning; `public_key` is the station's, 32 bytes."""
    head, expected, dropped = h0(journal, public_key), 1, 0
    for row in rows:
        if row.n != expected:
            return Unsound(expected, "the entry is missing")
        of_body = row.hash_of_body()
        if of_body is None:
            return Unsound(row.n, "its body is missing, and nothing stands for it")
        head = linked_hash(journal, row.n, head, of_body)
        if head != row.digest:
            return Unsound(row.n, "the entry was changed after it was written")
        if not is_signed(head, row.sig, station_public_key=public_key):
            return Unsound(row.n, "the signature is not the station's")
        expected, dropped = expected + 1, dropped + (not row.body)
    return Sound(expected - 1, head, dropped)
