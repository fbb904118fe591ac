"""The issuer's keys on disk: who may have been given which ring, and changes of it.

`ring.json` is a list of keys: `id`, `state`, `public_key`, and since it is changed by
commands `published_at`, `since` (ISO 8601) and `rings`, the key's state in each ring that
was given out. A list without the last three is read as well. `key-ID.pem` is a private key
that only its owner may read. The ring is replaced as a whole, after the private key is
there, so that a service that reads in between finds one or the other and never a half.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ticketing.domain.keys import KeyBook, KeyLife
from ticketing.service.ports import Chance
from ticketing.wire.keys import BadKey, KeyId, KeyRing, KeyState, PublicKey

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: whoever rotates there does it once at a time
    fcntl = None  # type: ignore[assignment]  # the module is absent there

RING_FILE = "ring.json"
LOCK_FILE = "ring.lock"
_SEED_BYTES = 32
_FIRST = KeyId(1)


class KeysError(Exception):
    """The keys on disk cannot be used; says which file, never what is in it."""


class FileKeyStore:
    """The keys of a folder, for the commands that change them."""

    def __init__(self, folder: Path, chance: Chance) -> None:
        self._folder = folder
        self._chance = chance

    def read(self) -> KeyBook:
        """The keys as they are.

        Raises:
            KeysError: There are none, or they are no ring.
        """
        return read_book(self._folder)

    @contextmanager
    def held(self) -> Iterator[KeyBook]:
        """The keys as they are, while no other process changes them.

        Raises:
            KeysError: There are none, or they are no ring.
        """
        # The file stays behind: removing it would let a third process lock another one.
        path = self._folder / LOCK_FILE
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _give_to(path, self._folder.stat())
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield self.read()
        finally:
            os.close(handle)

    def make(self, key_id: KeyId) -> bytes:
        """Make the private key of an id; its 32 public bytes.

        A file that an interrupted run left behind is taken: its key has signed nothing yet.

        Raises:
            KeysError: Such a file is there and no private key.
        """
        return make_private(self._folder, key_id, self._chance)

    def write(self, book: KeyBook) -> None:
        """Replace the ring; a running service sees it within a second."""
        write_book(self._folder, book)


def create_ring(folder: Path, chance: Chance, *, at: datetime | None = None) -> KeyRing:
    """Make a folder with one active key, published `at` (aware UTC).

    Raises:
        KeysError: There are keys already.
    """
    if (folder / RING_FILE).exists():
        raise KeysError(f"{RING_FILE} is there already")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = PublicKey(_FIRST, KeyState.ACTIVE, make_private(folder, _FIRST, chance))
    book = KeyBook.of([KeyLife(key=public, published_at=at, since=at)])
    write_book(folder, book)
    return book.ring


def read_book(folder: Path) -> KeyBook:
    """The keys of a folder.

    Raises:
        KeysError: There are none, or they are no ring.
    """
    path = folder / RING_FILE
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        ring = KeyRing.from_json(items)
        lives = [_life(key, item) for key, item in zip(ring.keys, items, strict=True)]
    except FileNotFoundError:
        raise KeysError(f"no {path.name} in the folder of keys") from None
    except (BadKey, ValueError, TypeError, AttributeError):
        raise KeysError(f"{path.name} is no key ring") from None
    return KeyBook.of(lives)


def write_book(folder: Path, book: KeyBook) -> None:
    """Replace the ring of a folder as a whole."""
    text = json.dumps([_item(life) for life in book.lives], indent=1) + "\n"
    _replace(folder / RING_FILE, text.encode())


def read_private(folder: Path, key: PublicKey) -> Ed25519PrivateKey | None:
    """The private key, or None when it is gone, as a retired one may be.

    Raises:
        KeysError: The file is no private key, or another's.
    """
    path = folder / private_name(key.id)
    if not path.exists():
        return None
    private = _load(path)
    if _public(private) != key.raw:
        raise KeysError(f"{path.name} is not the key of {RING_FILE}")
    return private


def make_private(folder: Path, key_id: KeyId, chance: Chance) -> bytes:
    """Make the file of a private key unless it is there; the 32 public bytes.

    Raises:
        KeysError: It is there and no private key.
    """
    path = folder / private_name(key_id)
    if path.exists():
        return _public(_load(path))
    private = Ed25519PrivateKey.from_private_bytes(chance.draw(_SEED_BYTES))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _replace(path, pem)
    return _public(private)


def private_name(key_id: KeyId) -> str:
    """The file of a private key."""
    return f"key-{key_id}.pem"


def _life(key: PublicKey, item: dict[str, Any]) -> KeyLife:
    rings: dict[str, str] = item.get("rings", {})
    return KeyLife(
        key=key,
        published_at=_time(item.get("published_at")),
        since=_time(item.get("since")),
        rings={str(ring): KeyState(state) for ring, state in rings.items()},
    )


def _item(life: KeyLife) -> dict[str, object]:
    [item] = KeyRing((life.key,)).to_json()
    return {
        **item,
        "published_at": life.published_at and life.published_at.isoformat(),
        "since": life.since and life.since.isoformat(),
        "rings": {ring: state.value for ring, state in life.rings.items()},
    }


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return at


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeysError(f"{path.name} is no private key")
    return private


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _replace(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all, readable by its owner alone (mkstemp: 0600).

    It belongs to whom the folder belongs to: what root rotates, the service must read.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _give_to(Path(name), path.parent.stat())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # a rename that lasts through a power cut, where folders can be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _give_to(path: Path, folder: os.stat_result) -> None:
    """Only root may give files away, and only root needs to."""
    with suppress(PermissionError, AttributeError):  # Windows knows no chown
        if path.stat().st_uid != folder.st_uid:
            os.chown(path, folder.st_uid, folder.st_gid)
