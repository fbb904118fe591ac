"""What a whole station costs, and how soon a verdict is on the page.

Run as `python -m benchmarks.station_load [hall] [frames]`: one JSON line a figure on stdout, a
table on stderr. `hall`: `scanner run` as a process of its own, paired with a real service on
the same two cores, before a camera of 30 MJPEG frames a second at 720p, in colour. Its share of
a core is measured before an empty hall, without a page and with the live picture open; then
easy tickets are held up, and the time runs from the moment a frame with a new code is sent to
the moment the page's stream says admit. `frames`: 100,000 small frames through camera loop,
eyes, desk, gate and journal in one process, and what its memory does meanwhile.
EINLASS_STATION_SECONDS, _SCANS and _FRAMES set how much.
"""

import contextlib
import gc
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from benchmarks import gate_frames, house
from scanner import lookout, pairing
from scanner.camera import Frame, Picture
from scanner.config import StationKey, load_key, load_pairing
from scanner.desk import Desk, Parts
from scanner.events import Failure
from scanner.eyes import Eyes
from scanner.gate import Gate
from scanner.journal import FILE_NAME, Journal
from scanner.link import Link, NoReply, Server
from scanner.memory import NoRows, StationMemory
from scanner.page.feed import Feed
from scanner.post import Post
from scanner.presentation import House
from scanner.station import RealWorld, draw
from scanner.worker import Worker
from ticketing import config
from ticketing.app import opened
from ticketing.service.gate import stations
from ticketing.service.gates import list_gates

FPS = 30
SECONDS = int(os.environ.get("EINLASS_STATION_SECONDS", "20"))
SCANS = int(os.environ.get("EINLASS_STATION_SCANS", "60"))
FRAMES = int(os.environ.get("EINLASS_STATION_FRAMES", "100000"))
HALLS = 12
NOISE = 3.0
EASY = ("tilt", "rotate")
CLEAR_S, TOO_LATE_S = 0.6, 5.0
SETTLE_S = 5.0


def coloured(gray: gate_frames.Plane) -> bytes:
    """A frame as a webcam packs it: in colour, which takes longer to unpack than gray."""
    picture = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])[1])


def still_hall() -> list[bytes]:
    """What a camera that stands still sees of an empty hall: other noise in each frame."""
    scene, chance = gate_frames.empty(0, telephone=False), np.random.default_rng(1)
    noise = [chance.normal(0, NOISE, scene.shape) for _ in range(HALLS)]
    return [coloured((scene + one).clip(0, 255).astype(np.uint8)) for one in noise]


def restless_hall() -> list[bytes]:
    """Another hall in each frame: nothing costs more as long as nobody holds up a code."""
    return [coloured(gate_frames.empty(n, telephone=False)) for n in range(HALLS)]


class Stand:
    """A camera: shows a hall, or a frame that is held up; knows when it was first sent."""

    def __init__(self) -> None:
        self._hall = still_hall()
        self._held: bytes | None = None
        self.sent_at = 0.0

    def show(self, jpeg: bytes | None) -> None:
        """Hold this up from the next frame on, or nothing."""
        self.sent_at, self._held = 0.0, jpeg

    def move_to(self, hall: list[bytes]) -> None:
        """Stand before another hall."""
        self._hall = hall

    def frame(self, number: int) -> bytes:
        """The next frame."""
        held = self._held
        if held is None:
            return self._hall[number % HALLS]
        self.sent_at = self.sent_at or time.monotonic()
        return held


@contextlib.contextmanager
def camera(stand: Stand) -> Iterator[str]:
    """The address of the camera."""
    gone = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
            self.end_headers()
            begun = time.monotonic()
            for number in range(10**9):
                if gone.wait(max(0.0, begun + number / FPS - time.monotonic())):
                    return
                jpeg = stand.frame(number)
                head = f"--b\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
                try:
                    self.wfile.write(head + jpeg + b"\r\n")
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        gone.set()
        server.shutdown()
        server.server_close()


def paired(benched: house.Benched, port: int, home: Path) -> None:
    """A home of a station of this service."""
    with opened(config.load(benched.home, benched.environment)) as app, app.store.unit() as unit:
        gate = list_gates(unit)[0].slug
        code = stations.open_pairing(unit, app.house, name="Tor", gate=gate).code
    invited = pairing.Invitation(f"http://127.0.0.1:{port}", code)
    pairing.pair(home, invited, name="Tor", draw=draw)


@contextlib.contextmanager
def station(home: Path, source: str) -> Iterator[tuple[psutil.Process, int]]:
    """`scanner run` and the port of its page."""
    port = house.free_port()
    command = [sys.executable, "-m", "scanner", "--home", str(home), "run", "--no-browser"]
    command += ["--source", source, "--port", str(port)]
    with house.process(command, {}, log=home / "bench.log") as run:
        house.wait_for(port)
        yield psutil.Process(run.pid), port


def core_share(process: psutil.Process, seconds: float) -> float:
    """How much of one core the process takes for so long."""
    begun, before = time.monotonic(), process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / (time.monotonic() - begun)


@contextlib.contextmanager
def watching_picture(port: int) -> Iterator[list[int]]:
    """A page with the live picture open; counts its bytes."""
    got, stop = [0], threading.Event()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/picture")
    answer = line.getresponse()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            while not stop.is_set():
                got[0] += len(answer.read1(65536))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield got
    finally:
        stop.set()
        thread.join(2)
        line.close()


class Ear:
    """A page that hears every state, and when it came."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._line.request("GET", "/events")
        self._answer = self._line.getresponse()
        self.news = threading.Condition()
        self.sound: tuple[int, str | None] = (0, None)
        self.heard_at = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while text := self._answer.readline():
                at = time.monotonic()
                if text.startswith(b'data: {"lang"'):
                    self._take(json.loads(text[6:])["sound"], at)

    def _take(self, sound: dict[str, Any], at: float) -> None:
        with self.news:
            if sound["n"] != self.sound[0]:
                self.sound, self.heard_at = (sound["n"], sound["verdict"]), at
                self.news.notify()

    def verdict_after(self, number: int) -> tuple[str | None, float]:
        """The next sound after this many, and when it was heard."""
        with self.news:
            self.news.wait_for(lambda: self.sound[0] > number, TOO_LATE_S)
            return (self.sound[1], self.heard_at) if self.sound[0] > number else (None, 0.0)


def latencies(stand: Stand, ear: Ear, frames: list[bytes]) -> tuple[list[float], int]:
    """Milliseconds from a frame's sending to its verdict, and how many had another end."""
    times, other = [], 0
    for jpeg in frames:
        number = ear.sound[0]
        stand.show(jpeg)
        verdict, heard_at = ear.verdict_after(number)
        if verdict == "admit":
            times.append(1000 * (heard_at - stand.sent_at))
        else:
            other += 1
        stand.show(None)
        time.sleep(CLEAR_S)
    return times, other


def show(what: str, goal: str, **figures: object) -> None:
    """One line of JSON for programs, one of a table for people."""
    line = {"benchmark": "station_load", "what": what, "goal": goal, **figures}
    print(json.dumps(line), flush=True)
    told = "  ".join(f"{name} {value}" for name, value in figures.items())
    print(f"{what:34}{told}  (goal {goal})", file=sys.stderr)


def hall() -> None:
    """A station as it runs at a gate."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        benched = house.made(folder / "service", {})
        stand = Stand()
        barcodes = [
            json.loads(one.partition(b"\r\n\r\n")[2])["barcode"] for one in benched.scans(SCANS)
        ]
        frames = [
            coloured(gate_frames.frame(n, EASY[n % len(EASY)], severity=1, text=barcode).gray)
            for n, barcode in enumerate(barcodes)
        ]
        with house.serving(benched) as port, camera(stand) as source:
            paired(benched, port, folder / "station")
            with station(folder / "station", source) as (process, page):
                measured_hall(process, page, stand, frames)


def measured_hall(process: psutil.Process, page: int, stand: Stand, frames: list[bytes]) -> None:
    """The figures of a running station."""
    time.sleep(SETTLE_S)
    alone = core_share(process, SECONDS)
    show("empty hall, 720p MJPEG, 30 fps", "<= 0.5 core", core_share=round(alone, 3), fps=FPS)
    with watching_picture(page) as got:
        with_page = core_share(process, SECONDS)
    show(
        "live picture on the page",
        "<= 0.2 core more",
        core_share_more=round(with_page - alone, 3),
        kb_per_s=round(got[0] / 1024 / SECONDS),
    )
    stand.move_to(restless_hall())
    time.sleep(SETTLE_S)
    restless = core_share(process, SECONDS)
    show("another hall in each frame", "none", core_share=round(restless, 3), fps=FPS)
    ear = Ear(page)
    time.sleep(1)
    times, other = latencies(stand, ear, frames)
    times = times or [float("nan")]
    show(
        "frame sent to verdict on the page",
        "p95 <= 120 ms",
        n=len(times),
        median_ms=round(statistics.median(times), 1),
        p95_ms=round(sorted(times)[int(0.95 * (len(times) - 1))], 1),
        max_ms=round(max(times), 1),
        not_admitted=other,
    )


# ------------------------------------------------------------ memory


class Film:
    """So many small frames, as fast as they are taken: hall, and now and then a code."""

    name = "webcam 0"

    def __init__(self, count: int, process: psutil.Process) -> None:
        chance = np.random.default_rng(1)
        self._halls = [chance.integers(90, 120, (180, 240, 3)).astype(np.uint8) for _ in range(8)]
        self._count, self._given = count, 0
        self._process = process
        self.rss_mb: list[float] = []

    @property
    def ended(self) -> bool:
        """When all are given."""
        return self._given >= self._count

    def read(self, timeout_s: float) -> Frame | None:
        """The next one."""
        if self.ended:
            time.sleep(timeout_s / 10)
            return None
        if self._given % max(1, self._count // 20) == 0:
            gc.collect()
            self.rss_mb.append(self._process.memory_info().rss / 1e6)
        self._given += 1
        return Frame(self._picture(self._given), self._given, time.monotonic())

    def _picture(self, number: int) -> Picture:
        picture = self._halls[number % len(self._halls)]
        if number % 400 < 20:  # a code of its own, for twenty frames
            picture = picture.copy()
            drawn = np.kron(
                gate_frames.modules(f"https://example.org/{number // 400}"), np.ones((3, 3))
            )
            height, width = drawn.shape
            picture[30 : 30 + height, 60 : 60 + width] = np.where(drawn, 20, 235)[:, :, None]
        return picture

    def reopen(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def a_desk(home: Path, key: StationKey) -> tuple[Desk, Journal]:
    """A desk without a service."""
    journal = Journal(home / FILE_NAME, key, draw=draw)
    answer = load_pairing(home).answer
    zone = load_pairing(home).zone
    post = Post(gate=answer.gate, zone=zone, ring=answer.keys, digest_key=answer.digest_key)
    parts = Parts(
        gate=Gate(post, StationMemory(NoRows(), journal)),
        journal=journal,
        link=Link(Server.of("http://127.0.0.1:9"), "x", timeout_s=0.1),
        feed=Feed(),
        house=House(answer.museum, answer.gate, answer.gate_name, zone),
        world=RealWorld(),
    )
    return Desk(parts), journal


def frames_memory() -> None:
    """100,000 frames and the memory meanwhile."""
    lookout.PACE_S = 0.0  # type: ignore[misc]  # as fast as it goes
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        benched = house.made(folder / "service", {})
        with house.serving(benched) as port:
            paired(benched, port, folder / "station")
        desk, journal = a_desk(folder / "station", load_key(folder / "station"))
        desk.heard(NoReply(Failure.UNREACHABLE))
        film, begun = Film(FRAMES, psutil.Process()), time.monotonic()
        eyes = Eyes(lambda: film, desk, name="webcam 0")
        with (
            desk.feed.watching("picture"),
            desk.feed.watching("state"),
            Worker("desk", lambda _: desk.run(), halt=desk.stop),
            Worker("eyes", eyes.run),
        ):
            while not film.ended:
                time.sleep(0.2)
        journal.close()
    early, late = film.rss_mb[2], film.rss_mb[-1]
    show(
        "memory over frames",
        "flat",
        frames=FRAMES,
        rss_mb_at_10_percent=round(early, 1),
        rss_mb_at_95_percent=round(late, 1),
        growth_mb=round(late - early, 1),
        ms_per_frame=round(1000 * (time.monotonic() - begun) / FRAMES, 2),
    )


def main() -> None:
    """Both, or what is named on the command line."""
    parts = {"hall": hall, "frames": frames_memory}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
