"""`scanner doctor`, what is new in it: light, disk, keys and knowledge, each with what to do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from scanner.checkup import checkup
from scanner.config import SETTINGS_FILE, load_pairing, save_pairing
from scanner.knowledge import FILE_NAME as KNOWLEDGE_FILE
from scanner.knowledge import Knowledge
from scanner.memory import KnownHouse
from tests.scanner.frames import packed
from tests.scanner.homes import paired_home
from tests.scanner.service_double import Service, running
from tests.scanner.station_kit import NOON, RING
from ticketing.wire.house import HouseSettings
from ticketing.wire.keys import KeyRing, KeyState
from ticketing.wire.texts import Localised

SETTINGS = HouseSettings(
    museum="Museum", zone="Europe/Berlin", gate="sued", gate_name=Localised("Süd", "South")
)


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Iterator[Path]:
    """A paired home, its service beside it."""
    service: Service
    with running() as service:
        paired_home(tmp_path, service.url)
        yield tmp_path


def found(home: Path, name: str) -> tuple[bool, str]:
    """What the doctor says of one thing."""
    (one,) = [one for one in checkup(home, NOON) if one.name == name]
    return one.fine, one.detail


@pytest.mark.parametrize(
    ("grey", "fine", "says"),
    [(5, False, "switch a lamp on"), (250, False, "away from window"), (120, True, "neither")],
)
def test_the_light_is_judged_by_a_frame(home: Path, grey: int, says: str, *, fine: bool) -> None:
    """A lid that is closed, a lamp behind the visitors, a plain hall."""
    picture = home / "a.png"
    picture.write_bytes(packed(np.full((48, 64, 3), grey, np.uint8), ".png"))
    (home / SETTINGS_FILE).write_text(f'source = "{picture}"\n')
    got, detail = found(home, "light")
    assert (got, says in detail) == (fine, True)


def test_a_slow_disk_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verdict waits for an entry to be safe."""
    assert found(home, "fsync")[0]
    monkeypatch.setattr("scanner.checkup._SLOW_FSYNC_MS", -1)
    fine, detail = found(home, "fsync")
    assert not fine
    assert "faster disk" in detail


def test_a_home_that_cannot_be_written_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that was mounted read-only."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refused)
    assert found(home, "fsync") == (False, "the station's home cannot be written")


def test_a_station_without_a_good_key_is_told(home: Path) -> None:
    """It could check no ticket by itself."""
    assert found(home, "keys")[0]
    pairing = load_pairing(home)
    gone = KeyRing(tuple(replace(key, state=KeyState.RETIRED) for key in RING.keys))
    save_pairing(home, replace(pairing, answer=replace(pairing.answer, keys=gone)))
    fine, detail = found(home, "keys")
    assert not fine
    assert "pair it again" in detail


@pytest.mark.parametrize(
    ("hours", "fine", "says"), [(1, True, "complete 1.0 h ago"), (30, False, "before the doors")]
)
def test_old_knowledge_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, hours: int, says: str, *, fine: bool
) -> None:
    """Fetched today is well, a day and more ago is not."""
    assert "none yet" in found(home, "knowledge")[1]
    Knowledge(home / KNOWLEDGE_FILE).close()
    known = KnownHouse(ring=RING, settings=SETTINGS, fetched_at=NOON - timedelta(hours=hours))
    monkeypatch.setattr(Knowledge, "house", lambda _: known)
    got, detail = found(home, "knowledge")
    assert (got, says in detail) == (fine, True)
