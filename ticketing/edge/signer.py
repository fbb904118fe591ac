"""The issuer's private keys, behind `service.ports.Signer`.

Reads what `keystore.py` writes. A process that runs for weeks sees a changed ring by
itself: it looks at the file's stamp once a second. Gates get the ring, never a private key.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ticketing.edge.keystore import (
    RING_FILE,
    KeysError,
    create_ring,
    private_name,
    read_book,
    read_private,
)
from ticketing.wire.codec import from_base32hex
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.token import Claims, Token, encode, signed_bytes

__all__ = ["FileSigner", "KeysError", "create_ring"]

log = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Keys:
    """What one reading of the folder found; replaced as a whole."""

    ring: KeyRing
    active: KeyId
    private: Mapping[KeyId, Ed25519PrivateKey] = field(repr=False)


class FileSigner:
    """Signs with the active key of a folder; may be used by several threads.

    `monotonic` gives seconds. A changed ring that cannot be used is logged, and the last
    good one goes on.

    Raises:
        KeysError: No keys, two active ones, or a private key that is not the ring's.
    """

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._looked_s = monotonic()
        self._stamp = _stamp(folder)
        self._keys = _read(folder)

    @property
    def key_id(self) -> KeyId:
        """The active key: the one new tickets name."""
        return self._current().active

    def barcode(self, claims: Claims) -> Token:
        """The signed ticket, under the key that the claims name; the same each time.

        Ed25519 draws nothing, so a barcode need not be stored to be shown again. What
        became of the key since does not matter here: gates judge that.

        Raises:
            KeysError: The private key is gone: reissue the ticket.
        """
        keys = self._current()
        private, key = keys.private.get(claims.key_id), keys.ring.find(claims.key_id)
        if private is None or key is None:
            raise KeysError(f"{private_name(claims.key_id)} is missing")
        raw = from_base32hex(encode(claims, private.sign(signed_bytes(claims))))
        return Token(claims, raw or b"", key.state)

    def ring(self) -> KeyRing:
        """Every public key and its state."""
        return self._current().ring

    def holds(self, key: PublicKey, value: bytes, signature: bytes) -> bool:
        """Whether a signature of a value was made under one of these keys.

        One that we would make ourselves was: Ed25519 draws nothing, and to make it again takes
        a third of the time of looking whether it holds. It is compared in constant time and
        told to nobody. Any other is looked at as everywhere else.
        """
        keys = self._keys
        private = keys.private.get(key.id) if key in keys.ring.keys else None
        if private is not None and compare_digest(private.sign(value), signature):
            return True
        return key.holds(value, signature)

    def _current(self) -> _Keys:
        is_due = self._monotonic() - self._looked_s >= LOOK_EVERY_S
        # Nobody waits for somebody else's look: the last reading is good enough.
        if is_due and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._keys

    def _look(self) -> None:
        stamp = _stamp(self._folder)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._keys = _read(self._folder)
                log.info("the key ring has changed: key %d signs", self._keys.active)
            except (KeysError, OSError) as error:
                reason = error if isinstance(error, KeysError) else type(error).__name__
                log.error("the changed key ring is not used: %s", reason)  # noqa: TRY400  names a file, no content
        self._looked_s = self._monotonic()


def _read(folder: Path) -> _Keys:
    ring = read_book(folder).ring
    active = [key.id for key in ring.keys if key.state is KeyState.ACTIVE]
    if len(active) != 1:
        raise KeysError(f"{RING_FILE} must have one active key")
    private = {
        key.id: found for key in ring.keys if (found := read_private(folder, key)) is not None
    }
    if active[0] not in private:
        raise KeysError(f"{private_name(active[0])}, the active key, is missing")
    return _Keys(ring, active[0], private)


def _stamp(folder: Path) -> Stamp | None:
    """Tells one ring file from the next: a replaced file is another inode."""
    try:
        found = (folder / RING_FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
