"""The keys on disk: written as a whole, read by what runs, old files too."""

import json
import logging
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.edge.test_signer import CLAIMS
from tests.fakes import START, SeededChance
from ticketing.edge.keystore import FileKeyStore, KeysError, create_ring, read_book
from ticketing.edge.signer import LOOK_EVERY_S, FileSigner
from ticketing.wire.keys import KeyId, KeyState


class Seconds:
    """A monotonic clock with a hand on it."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        """The seconds."""
        return self.at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one active key."""
    create_ring(tmp_path / "keys", SeededChance(), at=START)
    return tmp_path / "keys"


@pytest.fixture
def keystore(folder: Path) -> FileKeyStore:
    """The keys of the folder."""
    return FileKeyStore(folder, SeededChance("later"))


def rotate(keystore: FileKeyStore) -> None:
    """A next key, which signs at once."""
    with keystore.held() as book:
        published = book.publish(keystore.make(book.next_id()), START)
        keystore.write(published.activate(START))


def test_a_ring_is_read_as_it_was_written(keystore: FileKeyStore) -> None:
    """Dates, states, and in which ring a key stood."""
    rotate(keystore)
    book = keystore.read()
    assert [life.since for life in book.lives] == [START, START]
    keystore.write(book)
    assert keystore.read() == book


def test_every_file_is_its_owners_alone(folder: Path, keystore: FileKeyStore) -> None:
    """Mode 0600 from the first byte on, and nothing half-written stays behind."""
    rotate(keystore)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["key-1.pem", "key-2.pem", "ring.json", "ring.lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_list_without_dates_is_read(folder: Path) -> None:
    """As the first release wrote it; the first release reads the new one too."""
    ring = json.loads((folder / "ring.json").read_text())
    old = [{name: key[name] for name in ("id", "state", "public_key")} for key in ring]
    (folder / "ring.json").write_text(json.dumps(old))
    [life] = read_book(folder).lives
    assert (life.published_at, life.key.state) == (None, KeyState.ACTIVE)


@pytest.mark.parametrize(
    "extra",
    [
        {"since": "yesterday"},
        {"since": "2026-10-04T12:00:00"},
        {"since": 7},
        {"rings": ["x"]},
        {"rings": {"x": "good"}},
    ],
)
def test_a_ring_with_rubbish_in_it_is_refused(folder: Path, extra: dict[str, object]) -> None:
    """No time, no offset, no states."""
    ring = json.loads((folder / "ring.json").read_text())
    (folder / "ring.json").write_text(json.dumps([ring[0] | extra]))
    with pytest.raises(KeysError, match="no key ring"):
        read_book(folder)


def test_an_interrupted_rotation_is_taken_up_again(folder: Path, keystore: FileKeyStore) -> None:
    """The private key was made, the ring not yet written: the same key is published."""
    first = keystore.make(KeyId(2))
    rotate(keystore)
    found = read_book(folder).find(KeyId(2))
    assert found is not None
    assert found.key.raw == first


def test_a_key_file_of_rubbish_is_not_taken_for_a_key(folder: Path, keystore: FileKeyStore) -> None:
    """It is named and left alone."""
    (folder / "key-2.pem").write_text("rubbish")
    with pytest.raises(KeysError, match=r"key-2\.pem"):
        keystore.make(KeyId(2))
    assert (folder / "key-2.pem").read_text() == "rubbish"


def test_one_change_waits_for_the_other(keystore: FileKeyStore) -> None:
    """Two who rotate at once: the second sees what the first has made."""
    inside = threading.Event()

    def slow() -> None:
        with keystore.held() as book:
            inside.set()
            keystore.write(book.publish(keystore.make(book.next_id()), START))

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(slow)
        assert inside.wait(5)
        with keystore.held() as book:
            assert [life.key.state for life in book.lives] == [KeyState.ACTIVE, KeyState.NEXT]
        done.result()


# ------------------------------------------------------------ a service that runs
def test_a_running_service_sees_a_rotation_within_a_second(
    folder: Path, keystore: FileKeyStore
) -> None:
    """It signs with the new key, and still shows what the old one has signed."""
    seconds = Seconds()
    signer = FileSigner(folder, monotonic=seconds)
    before = signer.barcode(CLAIMS)
    rotate(keystore)
    assert signer.key_id == 1
    seconds.at += LOOK_EVERY_S
    assert signer.key_id == 2
    assert signer.barcode(CLAIMS).raw == before.raw
    assert signer.barcode(replace(CLAIMS, key_id=KeyId(2))).key_state is KeyState.ACTIVE
    assert signer.ring() == keystore.read().ring


def test_a_broken_ring_changes_nothing_and_is_logged(
    folder: Path, keystore: FileKeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The last good keys go on; the log names the file, not what is in it; mended, it is read."""
    seconds = Seconds()
    signer = FileSigner(folder, monotonic=seconds)
    good = (folder / "ring.json").read_text()
    (folder / "ring.json").write_text("{half")
    seconds.at += LOOK_EVERY_S
    with caplog.at_level(logging.ERROR):
        assert (signer.key_id, signer.barcode(CLAIMS).claims) == (1, CLAIMS)
    assert "ring.json" in caplog.text
    assert "{half" not in caplog.text
    (folder / "ring.json").write_text(good)
    rotate(keystore)
    seconds.at += LOOK_EVERY_S
    assert signer.key_id == 2


def test_a_ring_that_is_gone_changes_nothing(folder: Path) -> None:
    """A restore that takes a while, a disk that fails: the service goes on."""
    seconds = Seconds()
    signer = FileSigner(folder, monotonic=seconds)
    (folder / "ring.json").unlink()
    seconds.at += LOOK_EVERY_S
    assert signer.key_id == 1


def test_many_threads_sign_through_rotations(folder: Path, keystore: FileKeyStore) -> None:
    """Each barcode is under the key that its claims name; nobody waits, nobody fails."""
    seconds = Seconds()
    signer = FileSigner(folder, monotonic=seconds)
    stop = threading.Event()

    def sign() -> int:
        signed = 0
        while not stop.is_set() or not signed:
            key = signer.key_id
            token = signer.barcode(replace(CLAIMS, key_id=key))
            assert token.claims.key_id == key
            signed += 1
        return signed

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(sign) for _ in range(4)]
        for _ in range(10):
            rotate(keystore)
            seconds.at += LOOK_EVERY_S
            signer.ring()
        stop.set()
        assert all(run.result() for run in runs)
    assert signer.key_id == 11


def test_a_ticket_of_a_retired_key_can_still_be_shown(folder: Path, keystore: FileKeyStore) -> None:
    """A list of old tickets is no error; the gate is where they are refused."""
    before = FileSigner(folder).barcode(CLAIMS)
    rotate(keystore)
    with keystore.held() as book:
        keystore.write(book.retire(KeyId(1), START))
    shown = FileSigner(folder).barcode(CLAIMS)
    assert (shown.raw, shown.key_state) == (before.raw, KeyState.RETIRED)
