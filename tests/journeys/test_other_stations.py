"""Stations beside the demo's: a video as camera, no camera at all, a service that is away."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.gate_frames import empty
from tests.journeys.camera_stand import CameraStand, held_up
from tests.journeys.conftest import Demo, free_port, picture
from tests.journeys.walks import free_ticket, verdict

FRAMES_PER_S = 12
TIMEOUT_S = 20.0


def paired(demo: Demo, home: Path) -> None:
    """Pair a new station by the commands of the handbook."""
    add = [sys.executable, "-m", "ticketing", "--home", str(demo.home)]
    add += ["station", "add", "Zweite", "--gate", "nord", "--json"]
    told = subprocess.run(add, capture_output=True, text=True, check=True).stdout
    found = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", told)
    assert found is not None
    pair = [sys.executable, "-m", "scanner", "--home", str(home), "pair"]
    subprocess.run([*pair, "--server", demo.service, found[0]], check=True, capture_output=True)


@contextmanager
def running(home: Path, source: str) -> Iterator[str]:
    """A station of its own; gives its page's address."""
    port = free_port()
    command = [sys.executable, "-m", "scanner", "--home", str(home), "run", "--no-browser"]
    command += ["--port", str(port), "--source", source]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _await(address + "/healthz")
            yield address
        finally:
            process.terminate()
        assert process.wait(TIMEOUT_S) == 0


def _await(address: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310  loopback
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the station did not start")


@pytest.fixture(name="wall")
def _wall(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def filmed(card: bytes, path: Path) -> None:
    """A film: an empty hall, the card held up, gone, held up again."""
    plane = cv2.imdecode(np.frombuffer(card, np.uint8), cv2.IMREAD_COLOR)
    assert plane is not None
    hall = cv2.cvtColor(empty(1, telephone=False), cv2.COLOR_GRAY2BGR)
    shown = held_up(plane, severity=1)
    # long pauses: on a busy machine the browser may need some seconds to open the page
    script = [hall] * 4 * FRAMES_PER_S + shown * 6 + [hall] * 8 * FRAMES_PER_S + shown * 6
    film = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), FRAMES_PER_S, (hall.shape[1], hall.shape[0])
    )
    for frame in script:
        film.write(frame)
    film.release()


def test_a_film_is_a_camera_too(page: Page, wall: Page, demo: Demo, tmp_path: Path) -> None:
    """The card's second showing in the film is refused, naming the gate of the first."""
    filmed(free_ticket(page, demo.chat, "Leonard Straßmüller"), tmp_path / "film.avi")
    paired(demo, tmp_path / "station")
    with running(tmp_path / "station", str(tmp_path / "film.avi")) as address:
        wall.goto(address)
        expect(verdict(wall, "admit")).to_contain_text("Leonard Straßmüller")
        panel = verdict(wall, "refuse")
        expect(panel).to_contain_text(re.compile(r"Um \d\d:\d\d an Eingang Nord benutzt"))


def test_without_a_webcam_a_dropped_picture_is_read(
    page: Page, wall: Page, demo: Demo, tmp_path: Path
) -> None:
    """The page says that there is no camera; the file chooser's way in reads the card."""
    card = free_ticket(page, demo.chat, "Jiří Novák")
    paired(demo, tmp_path / "station")
    with running(tmp_path / "station", "0") as address:
        wall.goto(address)
        expect(wall.locator("body")).to_contain_text(re.compile("Kein Kamerabild|Kamera fehlt"))
        picture(wall, "station-no-camera")
        drop(wall, card, "image/png")
        expect(verdict(wall, "admit")).to_contain_text("Jiří Novák")
        drop(wall, b"just some text", "text/plain")
        expect(wall.locator("#note")).to_be_visible()


def drop(wall: Page, content: bytes, kind: str) -> None:
    """Drop a file onto the page, as from a desktop."""
    data = wall.evaluate_handle(
        """([bytes, kind]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "file", {type: kind}));
            return data;
        }""",
        [list(content), kind],
    )
    wall.dispatch_event("body", "drop", {"dataTransfer": data})


@contextmanager
def asleep(demo: Demo) -> Iterator[None]:
    """The service's processes stand still: connected, but silent."""
    home = str(demo.home)
    servers = [
        process
        for process in psutil.process_iter(["cmdline"])
        if home in (line := process.info["cmdline"] or []) and "serve" in line
    ]
    assert servers
    family = [*servers, *(child for server in servers for child in server.children(recursive=True))]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            process.send_signal(signal.SIGCONT)


def test_a_silent_service_does_not_close_the_door(
    page: Page, station_page: Page, demo: Demo, stand: tuple[CameraStand, str]
) -> None:
    """No answer within the deadline: decided from the barcode, once; then online again."""
    card = free_ticket(page, demo.chat, "Thaddäus Wömpener")
    stand[0].clear()
    time.sleep(2.5)
    with asleep(demo):
        stand[0].show(card)
        panel = verdict(station_page, "admit")
        expect(panel).to_contain_text("ffline")
        expect(station_page.locator("#link-box")).to_contain_text("Offline seit")
        picture(station_page, "station-offline")
        stand[0].clear()
        time.sleep(2.5)
        stand[0].show(card)
        expect(verdict(station_page, "refuse")).to_contain_text("benutzt")
        stand[0].clear()
    expect(station_page.locator("#link-box")).to_contain_text("Verbunden", timeout=15_000)
    time.sleep(2.5)
    stand[0].show(card)
    expect(verdict(station_page, "refuse")).to_contain_text("benutzt")
