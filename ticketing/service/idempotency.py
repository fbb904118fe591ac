"""Stored answers for `Idempotency-Key`; in the service room.

An answer may hold a name or a barcode, so it is sealed under a key that only the
caller's own token opens: the database alone tells nothing.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ticketing.service.errors import Conflict
from ticketing.service.ports import House
from ticketing.store import idempotency as rows
from ticketing.store.idempotency import Entry
from ticketing.store.unit import Unit

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(minutes=2)  # a process that died holds its key no longer
RETRY_AFTER_S = 2
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One write with a key: whose, which, and the hash of what is asked.

    `token` is the caller's own bearer token, `key` the header, `request` the method,
    path and body that must be the same for a repeat.
    """

    caller: str
    token: str = field(repr=False)
    key: str = field(repr=False)
    request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fresh:
    """Do it, then call `finish` or `release`."""


@dataclass(frozen=True, slots=True)
class Running:
    """The same request is being done right now: 409 with `Retry-After`."""

    retry_after_s: int = RETRY_AFTER_S


@dataclass(frozen=True, slots=True)
class Replay:
    """It was done before: this was the answer."""

    answer: bytes = field(repr=False)


def begin(unit: Unit, house: House, *, attempt: Attempt) -> Fresh | Running | Replay:
    """Claim a key, or find what became of it.

    Raises:
        Conflict: `idempotency_key_reused` with another request.
    """
    now, key_hash = house.clock.now(), _key_hash(attempt)
    entry = Entry(key_hash=key_hash, request_hash=_request_hash(attempt), created_at=now)
    unit.begin()
    rows.drop(unit, before=now - KEPT_FOR, unfinished_before=now - ABANDONED_AFTER)
    is_new = rows.add(unit, entry)
    found = None if is_new else rows.find(unit, key_hash)
    unit.commit()
    if is_new:
        return Fresh()
    if found is None:  # given back this very moment
        return Running()
    if found.request_hash != entry.request_hash:
        raise Conflict("idempotency_key_reused")
    return Running() if found.answer is None else _opened(attempt, found.answer)


def finish(unit: Unit, house: House, *, attempt: Attempt, answer: bytes) -> None:
    """Keep the answer for a repeat, for 24 hours."""
    nonce = house.chance.draw(_NONCE_BYTES)
    sealed = nonce + AESGCM(_seal_key(attempt)).encrypt(nonce, answer, _key_hash(attempt))
    unit.begin()
    rows.finish(unit, _key_hash(attempt), sealed)
    unit.commit()


def release(unit: Unit, house: House, *, attempt: Attempt) -> None:  # noqa: ARG001  every use case takes the house
    """Give a key back: 409, 429 and 5xx are not frozen."""
    unit.begin()
    rows.release(unit, _key_hash(attempt))
    unit.commit()


def _opened(attempt: Attempt, sealed: bytes) -> Replay:
    nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return Replay(AESGCM(_seal_key(attempt)).decrypt(nonce, box, _key_hash(attempt)))
    except InvalidTag:  # the caller's token was renewed: nobody can open the answer any more
        raise Conflict("idempotency_key_reused") from None


def _key_hash(attempt: Attempt) -> bytes:
    return _digest(attempt.caller.encode(), attempt.key.encode("utf-8", "replace"))


def _request_hash(attempt: Attempt) -> bytes:
    return _digest(attempt.request)


def _digest(*parts: bytes) -> bytes:
    lengths = b"".join(len(part).to_bytes(8, "big") for part in parts)
    return hashlib.sha256(lengths + b"".join(parts)).digest()


def _seal_key(attempt: Attempt) -> bytes:
    kdf = HKDF(SHA256(), 32, salt=b"einlass-v1", info=b"einlass idempotency v1")
    return kdf.derive(attempt.token.encode("utf-8", "replace"))
