"""The station's journal: what chains and signs its entries (`protocol.md`, JOURNAL)."""

import hashlib
from collections.abc import Mapping
from typing import NewType

from ticketing.wire.codec import canonical_json
from ticketing.wire.contexts import CONTEXT_JOURNAL, CONTEXT_JOURNAL_SIGNATURE
from ticketing.wire.errors import WireError
from ticketing.wire.keys import Ed25519Verifier

JournalId = NewType("JournalId", bytes)
"""16 random bytes, drawn when a journal is made."""
EntryHash = NewType("EntryHash", bytes)
"""32 bytes of SHA-256."""

_NUMBER_BYTES = 8
_VERIFIER = Ed25519Verifier()


class BadBody(WireError):  # noqa: N818 - agreed family: leaves say what came
    """A journal body that has no canonical form: a fraction, bytes, text that is no Unicode."""


def canonical_body(body: Mapping[str, object]) -> bytes:
    """The body of an entry as bytes: keys sorted, no blanks, UTF-8, integers only.

    Times are milliseconds since 1970-01-01 UTC.

    Raises:
        BadBody: a fraction, a key that is not text, or anything JSON has no form for.
    """
    _refuse_inexact(body)
    try:
        return canonical_json(body)
    except (TypeError, ValueError, RecursionError):
        raise BadBody("the body has no canonical form") from None


def h0(journal_id: JournalId, station_public_key: bytes) -> EntryHash:
    """The hash before the first entry; binds the journal to the station's key (32 bytes)."""
    return EntryHash(hashlib.sha256(CONTEXT_JOURNAL + journal_id + station_public_key).digest())


def entry_hash(journal_id: JournalId, n: int, previous: EntryHash, body: bytes) -> EntryHash:
    """The hash of entry `n` (from 1) over its canonical body, as it was sent."""
    return linked_hash(journal_id, n, previous, hashlib.sha256(body).digest())


def linked_hash(journal_id: JournalId, n: int, previous: EntryHash, body_hash: bytes) -> EntryHash:
    """As `entry_hash`, from the SHA-256 of a body that is no longer there (32 bytes)."""
    number = n.to_bytes(_NUMBER_BYTES, "big")
    return EntryHash(
        hashlib.sha256(CONTEXT_JOURNAL + journal_id + number + previous + body_hash).digest()
    )


def signature_message(entry: EntryHash) -> bytes:
    """What the station's key signs for an entry."""
    return CONTEXT_JOURNAL_SIGNATURE + entry


def is_signed(entry: EntryHash, signature: bytes, *, station_public_key: bytes) -> bool:
    """Whether the station of this key (32 bytes) signed the entry."""
    return _VERIFIER.verify_signature(station_public_key, signature_message(entry), signature)


def _refuse_inexact(value: object) -> None:
    if isinstance(value, float):
        raise BadBody("a journal holds integers only")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise BadBody("the keys of a body are text")
        for item in value.values():
            _refuse_inexact(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_inexact(item)
