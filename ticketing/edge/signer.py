"""The issuer's private keys on disk, behind `service.ports.Signer`.

`ring.json` lists ids, states and public keys; `key-ID.pem` is a private key that
only its owner may read. Gates get the ring, never a private key.
"""

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ticketing.service.ports import Chance
from ticketing.wire.keys import BadKey, KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.token import Claims, Token, encode, signed_bytes, verify

RING_FILE = "ring.json"
_SEED_BYTES = 32
_FIRST = KeyId(1)


class KeysError(Exception):
    """The keys on disk cannot be used; says which file, never what is in it."""


class FileSigner:
    """Signs with the active key of a folder.

    Raises:
        KeysError: No keys, two active ones, or a private key that is not the ring's.
    """

    def __init__(self, folder: Path) -> None:
        self._ring = _read_ring(folder / RING_FILE)
        active = [key.id for key in self._ring.keys if key.state is KeyState.ACTIVE]
        if len(active) != 1:
            raise KeysError(f"{RING_FILE} must have one active key")
        self._active = active[0]
        self._private = {
            key.id: private
            for key in self._ring.keys
            if (private := _read_key(folder / _file_name(key.id), key)) is not None
        }
        if self._active not in self._private:
            raise KeysError(f"{_file_name(self._active)}, the active key, is missing")

    @property
    def key_id(self) -> KeyId:
        """The active key: the one new tickets name."""
        return self._active

    def barcode(self, claims: Claims) -> Token:
        """The signed ticket, under the key that the claims name; the same each time.

        Ed25519 draws nothing, so a barcode need not be stored to be shown again.

        Raises:
            KeysError: The private key is gone: reissue the ticket.
        """
        private = self._private.get(claims.key_id)
        if private is None:
            raise KeysError(f"{_file_name(claims.key_id)} is missing")
        return verify(encode(claims, private.sign(signed_bytes(claims))), self._ring)

    def ring(self) -> KeyRing:
        """Every public key and its state."""
        return self._ring


def create_ring(folder: Path, chance: Chance) -> KeyRing:
    """Make a folder with one active key.

    Raises:
        KeysError: There are keys already.
    """
    if (folder / RING_FILE).exists():
        raise KeysError(f"{RING_FILE} is there already")
    private = Ed25519PrivateKey.from_private_bytes(chance.draw(_SEED_BYTES))
    ring = KeyRing((PublicKey(_FIRST, KeyState.ACTIVE, _public(private)),))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_private(folder / _file_name(_FIRST), pem)
    text = json.dumps(ring.to_json(), indent=1)
    (folder / RING_FILE).write_text(text + "\n", encoding="utf-8")
    return ring


def _read_ring(path: Path) -> KeyRing:
    try:
        return KeyRing.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise KeysError(f"no {path.name} in the folder of keys") from None
    except (BadKey, ValueError):
        raise KeysError(f"{path.name} is no key ring") from None


def _read_key(path: Path, key: PublicKey) -> Ed25519PrivateKey | None:
    """The private key, or None when it is gone, as a retired one may be."""
    if not path.exists():
        return None
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        raise KeysError(f"{path.name} is no private key") from None
    if not isinstance(private, Ed25519PrivateKey) or _public(private) != key.raw:
        raise KeysError(f"{path.name} is not the key of {RING_FILE}")
    return private


def _write_private(path: Path, pem: bytes) -> None:
    """Readable by its owner alone from the first byte on; refuses to overwrite."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _file_name(key_id: KeyId) -> str:
    return f"key-{key_id}.pem"
