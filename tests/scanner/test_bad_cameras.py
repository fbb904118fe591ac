"""What cameras and pictures do wrong: the loop goes on, and the next good frame is read."""

import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scanner.camera import BadSource, Camera, Trouble, load_picture, open_source
from scanner.camera.mjpeg import MjpegCamera
from scanner.camera.pictures import decode_picture
from scanner.camera.webcam import WebcamCamera
from scanner.events import ScanId, Seen
from scanner.eyes import Eyes, Hands
from scanner.page.feed import Feed
from scanner.presentation import Facts
from scanner.sight import default_sight
from scanner.worker import Worker
from tests.scanner.frames import TICKET, Plane, bgr, code, film, huge_png, packed, paper
from tests.scanner.frames import with_orientation as turned_by_exif
from tests.scanner.homes import until
from tests.scanner.mjpeg import STALL, Script, part, serving
from tests.scanner.station_kit import NOON
from tests.scanner.test_camera import FakeDevice, drawer

HALL = bgr(paper())
HELD_UP = bgr(paper(code(TICKET, scale=5)))


@dataclass
class Listening:
    """What the desk would hear: texts, and what is told of the camera."""

    feed: Feed = field(default_factory=Feed)
    texts: list[tuple[str, ...]] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    told: list[str] = field(default_factory=list)
    world: Any = field(
        default_factory=lambda: SimpleNamespace(
            moment=lambda: SimpleNamespace(at=NOON), scan_id=lambda: ScanId("0" * 32)
        )
    )

    def post(self, happened: Seen | Callable[[Facts], Facts]) -> None:
        """As the desk's row, worked off at once."""
        if isinstance(happened, Seen):
            self.texts.append(tuple(one.text for one in happened.sightings))
            return
        self.facts = happened(self.facts)
        eye = self.facts.eye
        state = "lost" if eye.lost_at else "over" if eye.ended else "live"
        if self.told[-1:] != [state]:
            self.told.append(state)

    def has_read(self, text: str = TICKET) -> bool:
        """Whether a frame with this text has been read."""
        return (text,) in self.texts


@contextmanager
def looking(opener: Callable[[], Camera]) -> Iterator[Listening]:
    """Real eyes on a real camera."""
    desk = Listening()
    eyes = Eyes(opener, desk, look_again_s=0.05)  # type: ignore[arg-type]  # the part of a desk that is used
    with Worker("eyes", eyes.run):
        yield desk


@contextmanager
def stream(steps: Sequence[bytes], *, pause_s: float = 0.05) -> Iterator[str]:
    """The address of an MJPEG stream."""
    with serving(Script(steps, pause_s=pause_s)) as port:
        yield f"http://127.0.0.1:{port}/"


# ---------------------------------------------------------------- streams and films


def test_a_film_that_ends_is_over_and_its_last_frame_counts_no_second_time(tmp_path: Path) -> None:
    """The ticket of the last frame is held for a while and then gone."""
    clip = film(tmp_path / "clip.avi", [HALL] * 5 + [HELD_UP] * 5)
    with looking(lambda: open_source(str(clip), realtime=False)) as desk:
        until(lambda: desk.told[-1:] == ["over"])
        assert desk.has_read()
        until(lambda: desk.texts[-1] == ())


def test_a_stream_that_stalls_for_long_is_lost_and_comes_back() -> None:
    """Four times the patience for silence, as 20 s are for a real camera; then it goes on."""
    script = Script([part(packed(HALL)), STALL])
    with serving(script) as port:
        address = f"http://127.0.0.1:{port}/"
        with looking(lambda: MjpegCamera(address, stall_s=0.3)) as desk:
            until(lambda: desk.told[-1:] == ["lost"])
            time.sleep(1.2)
            script.steps = [part(packed(HELD_UP)), STALL]
            until(desk.has_read)
    assert desk.told[:3] == ["live", "lost", "live"]


@pytest.mark.parametrize("shape", [(1, 1), (7, 2000), (1080, 1920), (48, 64)])
def test_a_stream_that_changes_its_size_is_read_on(shape: tuple[int, int]) -> None:
    """From 720p to anything and back, without a word in between."""
    other = part(packed(np.full((*shape, 3), 128, np.uint8)))
    steps = [part(packed(HALL))] * 3 + [other] * 3 + [part(packed(HELD_UP))] * 5 + [STALL]
    with stream(steps) as address, looking(lambda: open_source(address)) as desk:
        until(desk.has_read)
    assert desk.told == ["live"]


@pytest.mark.parametrize("fps", [2, 120])
def test_a_stream_of_2_or_120_frames_a_second_is_read(fps: int) -> None:
    """Neither is a loss, and no backlog builds up."""
    steps = [part(packed(HALL))] * fps + [part(packed(HELD_UP))] * 3 * fps + [STALL]
    with stream(steps, pause_s=1 / fps) as address, looking(lambda: open_source(address)) as desk:
        begun = time.monotonic()
        until(desk.has_read)
        assert time.monotonic() - begun < 4
        assert len(desk.texts) <= 120
    assert desk.told == ["live"]


@pytest.mark.parametrize("fps", [2, 120])
def test_a_film_of_2_or_120_frames_a_second_keeps_its_own_time(tmp_path: Path, fps: float) -> None:
    """One second of hall, then a ticket."""
    clip = film(tmp_path / "clip.avi", [HALL] * int(fps) + [HELD_UP] * int(fps), fps=fps)
    with looking(lambda: open_source(str(clip))) as desk:
        begun = time.monotonic()
        until(desk.has_read)
        assert 0.7 < time.monotonic() - begun < 4


def test_rubbish_between_good_frames_costs_those_frames_alone() -> None:
    """Cut JPEGs, a picture of 100 megapixels, text."""
    bad = [part(packed(HALL)[:900]), part(huge_png(10_000, 10_000)), part(b"not a picture")]
    steps = [part(packed(HALL)), *bad, part(packed(HELD_UP)), STALL]
    with stream(steps) as address, looking(lambda: open_source(address)) as desk:
        until(desk.has_read)
    assert desk.told == ["live"]


def test_a_stream_of_pictures_that_never_unpack_is_lost() -> None:
    """Each of them looks like a JPEG: the camera is broken, and is opened again."""
    steps = [*[part(packed(HALL)[:900])] * 60, STALL]
    with stream(steps, pause_s=0.02) as address, looking(lambda: open_source(address)) as desk:
        until(lambda: desk.told[-1:] == ["lost"], within_s=3)
    assert desk.told[:2] == ["live", "lost"]


def test_a_webcam_that_is_unplugged_and_plugged_in_again_reads_on() -> None:
    """After several tries, and with a ticket already in its first new picture."""
    first, second = FakeDevice(10), FakeDevice()
    second.pictures = [HELD_UP] * 500
    camera = WebcamCamera(0, opener=drawer(first, None, None, None, second))
    with looking(lambda: camera) as desk:
        until(desk.has_read)
    assert desk.told == ["live", "lost", "live"]


def test_nothing_is_left_running_of_cameras_that_come_and_go() -> None:
    """Twenty losses in a row, and no thread of theirs."""
    before = set(threading.enumerate())
    script = Script([part(packed(HALL))], pause_s=0.0)

    def running() -> set[str]:
        return {one.name for one in set(threading.enumerate()) - before} & {"mjpeg", "eyes"}

    with serving(script) as port:
        with looking(lambda: open_source(f"http://127.0.0.1:{port}/")) as desk:
            until(lambda: len(desk.told) > 40, within_s=20)
            script.steps = [part(packed(HALL)), STALL]
            until(script.stalled.is_set)
            assert running() == {"mjpeg", "eyes"}
        assert running() == set()


# ---------------------------------------------------------------- pictures


def exif(body: bytes) -> bytes:
    """A JPEG of a ticket with this in its EXIF block."""
    jpeg, block = packed(HELD_UP), b"Exif\0\0" + body
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def entry(*, kind: int = 3, count: int = 1, value: int = 6, at: int = 8, order: str = ">") -> bytes:
    """An EXIF block with one entry, the orientation."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    head = struct.pack(f"{order}IH", at, 1)
    return mark + head + struct.pack(f"{order}HHIHH", 0x0112, kind, count, value, 0) + bytes(4)


@pytest.mark.parametrize(
    "jpeg",
    [
        turned_by_exif(packed(HELD_UP), 0),
        turned_by_exif(packed(HELD_UP), 9),
        turned_by_exif(packed(HELD_UP), 65_535),
        exif(b""),
        exif(b"MM\0*"),
        exif(entry()[:15]),
        exif(entry(at=0xFFFFFFFF)),
        exif(entry(kind=99)),
        exif(entry(count=0xFFFFFFFF)),
        exif(entry(order="<")),
        exif(b"XX" + entry()[2:]),
        exif(bytes(range(256)) * 200),
        exif(entry(at=0)),
    ],
)
def test_a_picture_with_a_broken_rotation_is_read(jpeg: bytes) -> None:
    """Turned or not, the code in it is found; no rotation keeps a visitor out."""
    picture = decode_picture(jpeg)
    assert picture.ndim == 3
    assert TICKET in {one.text for one in default_sight().look(picture)}


def test_each_true_rotation_is_followed() -> None:
    """Five to eight are upright pictures of a telephone held sideways."""
    shapes = {n: decode_picture(turned_by_exif(packed(HELD_UP), n)).shape[:2] for n in range(1, 9)}
    assert {n for n, shape in shapes.items() if shape == (1280, 720)} == {5, 6, 7, 8}


def test_a_png_of_100_megapixels_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """As a file, as a camera and dropped on the page; 300 MB are never asked for."""
    data = huge_png(10_000, 10_000)
    file = tmp_path / "huge.png"
    file.write_bytes(data)
    begun = time.monotonic()
    for way in (lambda: load_picture(file), lambda: open_source(str(file))):
        with pytest.raises(BadSource) as refused:
            way()
        assert refused.value.reason is Trouble.TOO_LARGE
    assert Hands.drop(object.__new__(Hands), data) == "drop.too_large"  # no desk is needed
    assert time.monotonic() - begun < 1


def test_a_noisy_picture_gives_nothing() -> None:
    """A lens cap's noise, at the highest gain."""
    noise: Plane = np.random.default_rng(1).integers(0, 255, (720, 1280, 3)).astype(np.uint8)
    assert default_sight().glance(noise, 0) == ()
