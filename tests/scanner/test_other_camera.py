"""A running station: another camera is chosen, remembered, and a stuck reader is replaced."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner import config
from scanner.camera import Frame
from scanner.config import CAMERA_FILE, SETTINGS_FILE, Settings, choose_source, load_settings
from scanner.eyes import Eyes
from scanner.sight import Reading, Sight, Watched
from scanner.station import Station
from tests.scanner.frames import bgr, code, packed, paper
from tests.scanner.homes import a_station, today_ticket, until
from tests.scanner.mjpeg import STALL, Script, part, serving
from tests.scanner.service_double import Service, running


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


def state_of(station: Station) -> dict[str, Any]:
    """What the page draws."""
    state: dict[str, Any] = json.loads(station._feed.newest("state"))
    return state


def word_of(station: Station) -> str:
    """The one big word."""
    return str(state_of(station)["words"]["de"]["panel"]["word"])


def a_ticket_file(folder: Path) -> Path:
    """A picture of a ticket that is good today."""
    picture = folder / "ticket.png"
    picture.write_bytes(packed(bgr(paper(code(today_ticket(), scale=5))), ".png"))
    return picture


def test_another_camera_is_looked_through_at_once_and_after_a_restart(
    tmp_path: Path, service: Service
) -> None:
    """Begun without a camera; the one that staff choose shows a ticket."""
    home, picture = tmp_path / "home", a_ticket_file(tmp_path)
    with a_station(home, service, source="97") as station:
        until(lambda: word_of(station) == "Kamera fehlt")
        station.eyes.use(str(picture))
        until(lambda: word_of(station) == "Einlass")
        assert state_of(station)["picture"] != "lost"
    assert load_settings(home).source == str(picture)


def test_a_network_camera_is_told_apart_from_a_webcam(tmp_path: Path, service: Service) -> None:
    """From a file to an address and on to a webcam that is not there."""
    script = Script([part(packed(bgr(paper())))] * 3 + [STALL])
    picture = tmp_path / "empty.png"
    picture.write_bytes(packed(bgr(paper()), ".png"))
    with serving(script) as port, a_station(tmp_path, service, source=str(picture)) as station:
        until(lambda: state_of(station)["words"]["de"]["chip"] == "Live · Aufnahme")
        station.eyes.use(f"http://127.0.0.1:{port}/")
        until(lambda: state_of(station)["words"]["de"]["chip"] == "Live · Netzkamera")
        station.eyes.use("97")
        until(lambda: state_of(station)["picture"] == "lost")
    assert load_settings(tmp_path).source == "97"


def test_what_was_written_last_counts_settings_or_choice(tmp_path: Path) -> None:
    """Staff choose on the page, the operator in the file; neither outlives the other's change."""
    (tmp_path / SETTINGS_FILE).write_text('source = "1"\n')
    choose_source(tmp_path, "2")
    os.utime(tmp_path / SETTINGS_FILE, (1_000, 1_000))
    assert load_settings(tmp_path).source == "2"
    os.utime(tmp_path / CAMERA_FILE, (500, 500))
    assert load_settings(tmp_path).source == "1"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": 3}', '{"source": ""}', "\xff"])
def test_a_damaged_choice_is_no_choice(tmp_path: Path, text: str) -> None:
    """The settings hold, and the station starts."""
    (tmp_path / CAMERA_FILE).write_bytes(text.encode("latin-1"))
    assert load_settings(tmp_path) == Settings()


def test_a_choice_that_cannot_be_kept_still_counts_for_now(
    tmp_path: Path,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The disk is full: the camera is changed, and the log says what was not kept."""

    def full(*_: object) -> None:
        raise config.ConfigError("the station's home cannot be written")

    monkeypatch.setattr("scanner.station.choose_source", full)
    with a_station(tmp_path / "home", service) as station:
        station.eyes.use(str(a_ticket_file(tmp_path)))
        until(lambda: word_of(station) == "Einlass")
    assert "could not be kept" in caplog.text
    assert load_settings(tmp_path / "home").source == "0"


class StuckSight:
    """Eyes that do not come back from a frame until the test is over."""

    def __init__(self) -> None:
        self.looking = threading.Event()
        self.wakes = threading.Event()

    def watch(self, *_: object) -> Watched:
        """For ever, then a text nobody asked for any more."""
        self.looking.set()
        self.wakes.wait(20)
        late = Reading("http://late.example", ((0, 0), (9, 0), (9, 9), (0, 9)), "stuck")
        return Watched((late,), None)


def test_a_station_whose_reader_is_stuck_reads_on_with_another(
    tmp_path: Path,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Restarted by itself, noted in the log, and what the stuck one says later is not heard."""
    stuck, real = StuckSight(), iter([True])

    def made() -> Sight | StuckSight:
        from scanner.sight import default_sight  # noqa: PLC0415  the real one, under its own name

        return stuck if next(real, False) else default_sight()

    monkeypatch.setattr("scanner.eyes.default_sight", made)
    monkeypatch.setattr("scanner.station.SILENT_S", 0.5)
    with a_station(tmp_path / "home", service, source=str(a_ticket_file(tmp_path))) as station:
        assert stuck.looking.wait(5)
        until(lambda: word_of(station) == "Einlass")
        stuck.wakes.set()
        threading.Event().wait(0.2)
        assert word_of(station) == "Einlass"
    assert "the camera stood still" in caplog.text


def test_late_words_of_stuck_eyes_are_dropped(tmp_path: Path, service: Service) -> None:
    """Nothing is posted of a frame that others have taken over."""
    with a_station(tmp_path, service) as station:
        eyes = Eyes(lambda: None, station._desk, sight=StuckSight())  # type: ignore[arg-type,return-value]  # never opened
        posted: list[object] = []
        thread = threading.Thread(target=eyes._look, args=(Frame(bgr(paper()), 0, 0.0),))
        thread.start()
        stuck: Any = eyes._sight
        assert stuck.looking.wait(5)
        eyes.renew()
        station._desk.post = posted.append  # type: ignore[method-assign,assignment]
        stuck.wakes.set()
        thread.join(5)
        assert posted == []
