"""Cameras of every kind: what they give, how they say what is wrong, how they come back."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanner.camera import (
    BadSource,
    Camera,
    CameraLost,
    Frame,
    Picture,
    Trouble,
    load_picture,
    open_source,
)
from scanner.camera.files import VideoCamera
from scanner.camera.headers import header_of, is_text, is_video
from scanner.camera.mjpeg import MjpegCamera
from scanner.camera.newest import Newest
from scanner.camera.quiet import hush
from scanner.camera.webcam import Device, WebcamCamera, open_device
from tests.scanner.frames import bgr, film, huge_png, packed, paper
from tests.scanner.mjpeg import BOUNDARY, STALL, Script, part, serving

SOON_S = 5.0


def shade(tone: int, *, height: int = 48, width: int = 64) -> Picture:
    """A small picture of one tone, by which it is recognised."""
    return np.full((height, width, 3), tone, np.uint8)


def tone(frame: Frame | None) -> int:
    """The tone of a frame, to the nearest ten: JPEG is not exact."""
    assert frame is not None
    return round(float(frame.image.mean()) / 10) * 10


def refusal(text: str) -> BadSource:
    """Why a source is not opened."""
    with pytest.raises(BadSource) as refused:
        open_source(text).close()
    return refused.value


def lost(camera: Camera, *, within_s: float = SOON_S) -> str:
    """Reads until the camera is lost, and says how."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            camera.read(0.1)
        except CameraLost as loss:
            return str(loss)
    pytest.fail("the camera was not lost")


# ---------------------------------------------------------------- what is wrong with a source


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, Trouble.NO_SUCH_FILE),
        (b"", Trouble.NOT_A_PICTURE),
        ("Grüße\n".encode() * 400, Trouble.TEXT_FILE),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", Trouble.NOT_A_PICTURE),
        (packed(bgr(paper()))[:3000], Trouble.BROKEN_PICTURE),
        (packed(bgr(paper()))[:20], Trouble.BROKEN_PICTURE),
        (packed(paper(), ".png")[:200], Trouble.BROKEN_PICTURE),
        (packed(paper(), ".webp")[:40], Trouble.BROKEN_PICTURE),
        (b"GIF89a\x10\x00\x10\x00", Trouble.BROKEN_PICTURE),
        (b"BM" + bytes(16), Trouble.BROKEN_PICTURE),
        (huge_png(), Trouble.TOO_LARGE),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(4000), Trouble.BROKEN_VIDEO),
        (b"\0\0\0\x18ftypheic" + bytes(40), Trouble.NOT_A_PICTURE),
    ],
    ids=[
        *("missing", "empty", "text", "pdf", "cut-jpeg", "jpeg-head", "cut-png", "cut-webp"),
        *("gif-head", "bmp-head", "50-megapixels", "broken-video", "heic"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, data: bytes | None, reason: Trouble) -> None:
    """Each trouble has its own reason; the sentence does not repeat the path."""
    path = tmp_path / "secret-name"
    if data is not None:
        path.write_bytes(data)
    refused = refusal(str(path))
    assert refused.reason is reason
    assert "secret-name" not in refused.detail


def test_a_picture_above_forty_megapixels_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size in the header decides, before the decoder is asked."""
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png())
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(BadSource, match="40 megapixels"):
        load_picture(path)


def test_a_file_above_64_megabytes_is_not_read(tmp_path: Path) -> None:
    """No picture is that large."""
    path = tmp_path / "large.jpg"
    path.write_bytes(packed(shade(50)))
    os.truncate(path, 65 * 1024 * 1024)
    with pytest.raises(BadSource) as refused:
        load_picture(path)
    assert refused.value.reason is Trouble.TOO_LARGE


@pytest.mark.parametrize("files", [{}, {"notes.txt": b"hello", "no.jpg": b""}, {"sub": None}])
def test_a_folder_without_pictures_is_refused(
    tmp_path: Path, files: dict[str, bytes | None]
) -> None:
    """Notes and folders inside do not count."""
    for name, data in files.items():
        (tmp_path / name).mkdir() if data is None else (tmp_path / name).write_bytes(data)
    assert refusal(str(tmp_path)).reason is Trouble.EMPTY_FOLDER


def test_a_folder_of_broken_pictures_says_they_are_broken(tmp_path: Path) -> None:
    """It is not empty, but nothing in it can be shown."""
    (tmp_path / "a.jpg").write_bytes(packed(shade(10))[:300])
    assert refusal(str(tmp_path)).reason is Trouble.BROKEN_PICTURE


def test_pipes_odd_names_and_folders_are_refused(tmp_path: Path) -> None:
    """Nothing is waited for, and no odd name ends in a traceback."""
    os.mkfifo(tmp_path / "pipe")
    assert refusal(str(tmp_path / "pipe")).reason is Trouble.UNREADABLE
    assert refusal("x" * 5000).reason is Trouble.UNREADABLE
    assert refusal("a\0b").reason is Trouble.UNREADABLE
    with pytest.raises(BadSource) as refused:
        load_picture(tmp_path)
    assert refused.value.reason is Trouble.IS_FOLDER


def test_an_unreadable_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another account owns it."""

    def denied(_: Path) -> Iterator[Path]:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", denied)
    assert refusal(str(tmp_path)).reason is Trouble.UNREADABLE


@pytest.mark.parametrize(
    "address",
    ["ftp://camera/", "http://", "http://a b/", "http://[::1/", "http://x:99999/", "http://x\n/"],
)
def test_an_unusable_address_is_refused(address: str) -> None:
    """Before anything is connected."""
    assert refusal(address).reason is Trouble.BAD_ADDRESS


def test_a_video_is_no_picture(clip: Path) -> None:
    """`check` takes pictures; the sentence says what the file is instead."""
    with pytest.raises(BadSource, match="a video"):
        load_picture(clip)


def test_a_picture_that_does_not_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small gate computer may be full."""
    path = tmp_path / "p.jpg"
    path.write_bytes(packed(shade(50)))

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cv2, "imdecode", full)
    with pytest.raises(BadSource) as refused:
        load_picture(path)
    assert refused.value.reason is Trouble.BROKEN_PICTURE


# ---------------------------------------------------------------- what a file is


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".gif", ".bmp"])
def test_the_header_tells_the_size_without_decoding(ending: str) -> None:
    """It is what the 40 megapixels are measured by."""
    header = header_of(packed(shade(90, height=31, width=57), ending))
    assert header is not None
    assert (header.width_px, header.height_px, header.complete) == (57, 31, True)


def test_all_three_kinds_of_webp_tell_their_size() -> None:
    """Lossy, lossless and extended headers differ."""
    size = (63).to_bytes(3, "little") + (47).to_bytes(3, "little")
    extended = b"RIFF\x0a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size
    lossless = b"RIFF\x0a\0\0\0WEBPVP8L\0\0\0\0\x2f" + (63 | 47 << 14).to_bytes(4, "little")
    lossy = bytes(cv2.imencode(".webp", shade(9), [cv2.IMWRITE_WEBP_QUALITY, 80])[1])
    for data in (lossy, lossless, extended):
        header = header_of(data)
        assert header is not None
        assert (header.kind, header.width_px, header.height_px) == ("webp", 64, 48)


def test_a_thumbnails_end_mark_is_not_taken_for_the_pictures() -> None:
    """A telephone's JPEG holds another one in its EXIF block."""
    inner = packed(shade(1, height=8, width=8))
    block = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    whole = packed(shade(200))
    nested = whole[:2] + b"\xff" + block + whole[2:]
    header, cut = header_of(nested), header_of(nested[:-200])
    assert header is not None
    assert cut is not None
    assert (header.width_px, header.height_px, header.complete) == (64, 48, True)
    assert not cut.complete


def test_films_and_texts_are_told_apart_by_their_first_bytes() -> None:
    """FFMPEG would take a text for a film of a terminal."""
    stream = (b"G" + bytes(187)) * 3
    assert is_video(stream)
    assert is_video(b"\0\0\0\x20ftypisom")
    assert not is_video(b"\0\0\0\x20ftypavif")
    assert is_text("ä".encode() * 600)
    assert not is_text(b"\xff\xfe")
    assert not is_text(b"a\0b")


# ---------------------------------------------------------------- pictures and folders


def test_a_picture_is_held(tmp_path: Path) -> None:
    """A dropped picture stays before the eyes; numbers go on."""
    path = tmp_path / "p.png"
    path.write_bytes(packed(shade(80), ".png"))
    with contextlib.closing(open_source(str(path))) as camera:
        first, again = camera.read(1), camera.read(1)
        assert (camera.name, camera.ended) == ("p.png", True)
    assert (tone(first), tone(again)) == (80, 80)
    assert first is not None
    assert again is not None
    assert (first.number, again.number) == (0, 1)
    assert again.at_mono > first.at_mono


def test_a_picture_is_not_given_again_at_once(tmp_path: Path) -> None:
    """The live loop must not spin."""
    path = tmp_path / "p.png"
    path.write_bytes(packed(shade(80), ".png"))
    camera = open_source(str(path))
    assert camera.read(0) is not None
    assert camera.read(0.01) is None


def test_a_folder_is_shown_in_the_order_of_names_and_broken_ones_left_out(tmp_path: Path) -> None:
    """As fast as asked for when nobody watches; then there is nothing more."""
    for name, grey in (("b.png", 20), ("a.png", 10), ("d.png", 40)):
        (tmp_path / name).write_bytes(packed(shade(grey), ".png"))
    (tmp_path / "c.png").write_bytes(packed(shade(30), ".png")[:60])
    (tmp_path / "truth.tsv").write_text("file\n", encoding="utf-8")
    camera = open_source(str(tmp_path), realtime=False)
    assert [tone(camera.read(0)) for _ in range(3)] == [10, 20, 40]
    assert camera.read(0) is None
    assert camera.ended
    camera.reopen()
    assert tone(camera.read(0)) == 10


def test_a_live_folder_changes_after_a_second_and_holds_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played once: a ticket that came round again would be refused as used."""
    for name, grey in (("a.png", 10), ("b.png", 20)):
        (tmp_path / name).write_bytes(packed(shade(grey), ".png"))
    monkeypatch.setattr("scanner.camera.files.SHOW_S", 0.5)
    monkeypatch.setattr("scanner.camera.files.HOLD_S", 0.1)
    camera = open_source(str(tmp_path))
    tones = [tone(camera.read(1)) for _ in range(12)]
    assert tones[:2] == [10, 10]
    assert tones[-2:] == [20, 20]
    assert tones == sorted(tones)


def test_a_picture_that_vanished_is_left_out(tmp_path: Path) -> None:
    """Somebody tidies up while the folder is shown."""
    path = tmp_path / "p.png"
    path.write_bytes(packed(shade(80), ".png"))
    camera = open_source(str(path))
    path.unlink()
    assert camera.read(0.1) is None


# ---------------------------------------------------------------- videos


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten frames of rising brightness at 20 frames per second."""
    return film(tmp_path / "clip.avi", [shade(n * 20) for n in range(1, 11)], fps=20)


def test_a_video_gives_every_frame_when_nobody_watches(clip: Path) -> None:
    """Numbers are the video's own, from 0."""
    with contextlib.closing(open_source(str(clip), realtime=False)) as camera:
        frames = [camera.read(0) for _ in range(10)]
        assert [tone(frame) for frame in frames] == list(range(20, 201, 20))
        assert [frame.number for frame in frames if frame] == list(range(10))
        assert not camera.ended
        assert camera.read(0) is None
        assert (camera.ended, camera.name) == (True, "clip.avi")


def test_a_live_video_keeps_its_pace(tmp_path: Path) -> None:
    """The next frame is waited for, at most as long as allowed."""
    slow = film(tmp_path / "slow.avi", [shade(20), shade(40)], fps=1)
    with contextlib.closing(open_source(str(slow))) as camera:
        assert tone(camera.read(0)) == 20
        assert camera.read(0.001) is None
        assert tone(camera.read(2)) == 40


def test_a_live_video_skips_what_was_missed_and_holds_its_last_frame(clip: Path) -> None:
    """A slow reader sees the present, not a backlog."""
    with contextlib.closing(open_source(str(clip))) as camera:
        camera.read(1)
        time.sleep(0.25)
        late = camera.read(0)
        assert late is not None
        assert late.number >= 5
        time.sleep(0.4)
        held = [camera.read(1) for _ in range(2)]
        assert camera.ended
    assert [tone(frame) for frame in held] == [200, 200]


def test_a_video_that_stood_still_before_its_first_frame_begins_late(clip: Path) -> None:
    """The frame that was decoded to try the file is skipped like any other."""
    with contextlib.closing(VideoCamera(clip)) as camera:
        time.sleep(0.12)
        frame = camera.read(0)
        assert frame is not None
        assert frame.number >= 2
        assert tone(frame) == 20 * (frame.number + 1)


def test_a_video_can_be_opened_again_unless_it_is_gone(clip: Path) -> None:
    """From its first frame."""
    with contextlib.closing(open_source(str(clip), realtime=False)) as camera:
        for _ in range(4):
            camera.read(0)
        camera.reopen()
        assert tone(camera.read(0)) == 20
        clip.unlink()
        with pytest.raises(CameraLost):
            camera.reopen()


# ---------------------------------------------------------------- webcams


class FakeDevice:
    """A webcam that gives some pictures and then fails, as after its plug was pulled."""

    def __init__(self, *tones: int) -> None:
        self.pictures = [shade(one) for one in tones]
        self.released = threading.Event()

    def read(self) -> tuple[bool, Picture]:
        """The next picture, ten milliseconds later."""
        time.sleep(0.01)
        return (True, self.pictures.pop(0)) if self.pictures else (False, shade(0))

    def release(self) -> None:
        """Remembers it."""
        self.released.set()


def drawer(*devices: Device | None) -> Callable[[int], Device | None]:
    """An opener that gives these devices one after the other."""
    waiting = list(devices)
    return lambda _: waiting.pop(0)


def test_an_absent_webcam_is_refused() -> None:
    """No such number, or another program holds it."""
    assert open_device(97) is None
    assert refusal("97").reason is Trouble.NO_WEBCAM


def test_a_webcam_gives_its_newest_frame() -> None:
    """What was not fetched in time is overwritten."""
    device = FakeDevice(10, 20, 30)
    with contextlib.closing(WebcamCamera(3, opener=drawer(device))) as camera:
        assert (camera.name, camera.ended) == ("webcam 3", False)
        while device.pictures:
            time.sleep(0.02)
        time.sleep(0.1)
        frame = camera.read(SOON_S)
        assert tone(frame) == 30
        assert frame is not None
        assert frame.number == 2
    assert device.released.wait(SOON_S)


def test_an_unplugged_webcam_is_lost_and_comes_back() -> None:
    """Half a second without pictures is a loss; numbers go on after it."""
    first, second = FakeDevice(10), FakeDevice(*[70] * 50)
    with contextlib.closing(WebcamCamera(0, opener=drawer(first, None, second))) as camera:
        assert tone(camera.read(SOON_S)) == 10
        assert lost(camera) == "webcam 0 gives no more pictures"
        with pytest.raises(CameraLost, match="still absent"):
            camera.reopen()
        camera.reopen()
        back = camera.read(SOON_S)
        assert tone(back) == 70
        assert back is not None
        assert back.number >= 1


def test_a_real_device_is_set_up_for_720p(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw pictures of that size come too slowly over USB 2: MJPG is asked for."""
    asked: dict[int, float] = {}

    class Capture:
        def __init__(self, *_: int) -> None:
            """Opens nothing."""

        def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
            return True

        def set(self, prop: int, value: float) -> None:
            asked[prop] = value

    Capture.VideoWriter = cv2.VideoWriter  # type: ignore[attr-defined] # unused, keeps mypy honest
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    assert open_device(0) is not None
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")


# ---------------------------------------------------------------- MJPEG addresses


@contextlib.contextmanager
def watching(script: Script, *, stall_s: float = SOON_S) -> Iterator[MjpegCamera]:
    """A camera on a server that follows the script."""
    with serving(script) as port:
        camera = MjpegCamera(f"http://127.0.0.1:{port}/video?x=1", stall_s=stall_s)
        with contextlib.closing(camera):
            yield camera


@pytest.mark.parametrize("with_length", [True, False])
def test_an_mjpeg_stream_gives_its_frames(*, with_length: bool) -> None:
    """With and without the length of each part."""
    parts = [part(packed(shade(n)), with_length=with_length) for n in (50, 90)]
    with watching(Script([*parts, parts[1], STALL], pause_s=0.4)) as camera:
        assert [tone(camera.read(SOON_S)) for _ in range(2)] == [50, 90]
        assert (camera.name.startswith("address 127.0.0.1:"), camera.ended) == (True, False)


def test_an_address_is_opened_like_any_source() -> None:
    """The text decides that it is an address."""
    script = Script([part(packed(shade(60))), STALL])
    with serving(script) as port:
        camera = open_source(f"http://anna:p%40ss@127.0.0.1:{port}/")
        with contextlib.closing(camera):
            assert tone(camera.read(SOON_S)) == 60
            assert "anna" not in camera.name
    assert script.seen_headers[0]["Authorization"] == "Basic YW5uYTpwQHNz"


def test_the_newest_frame_wins_over_a_backlog() -> None:
    """Whoever looks away for a second sees the present afterwards."""
    parts = [part(packed(shade(n))) for n in range(10, 101, 10)]
    script = Script([*parts, STALL])
    with watching(script) as camera:
        assert script.stalled.wait(SOON_S)
        time.sleep(0.4)
        frame = camera.read(SOON_S)
        assert tone(frame) == 100
        assert frame is not None
        assert frame.number == 9
        assert camera.read(0.05) is None


def test_a_silent_camera_is_lost() -> None:
    """Silence is noticed after a time of its own, whatever the reader's patience."""
    with watching(Script([part(packed(shade(40))), STALL]), stall_s=0.3) as camera:
        assert tone(camera.read(SOON_S)) == 40
        assert lost(camera) == "the camera is silent"


def test_a_camera_that_hangs_up_is_lost_after_its_last_frame() -> None:
    """What came before is still given."""
    whole = part(packed(shade(40)))
    with watching(Script([whole, whole[:-500]])) as camera:
        assert tone(camera.read(SOON_S)) == 40
        assert lost(camera) == "the camera has closed the connection"


def test_a_camera_comes_back_after_its_server_was_gone() -> None:
    """Reopening fails while nobody listens, then goes on counting."""
    script = Script([part(packed(shade(40))), STALL])
    with serving(script) as port:
        camera = MjpegCamera(f"http://127.0.0.1:{port}/", stall_s=SOON_S)
        assert tone(camera.read(SOON_S)) == 40
    with contextlib.closing(camera):
        assert lost(camera)
        with pytest.raises(CameraLost, match="refuses"):
            camera.reopen()
        with pytest.raises(CameraLost):
            camera.read(0)
        script.steps = [part(packed(shade(90))), STALL]
        with serving(script, port=port):
            camera.reopen()
            back = camera.read(SOON_S)
    assert tone(back) == 90
    assert back is not None
    assert back.number == 1


def test_a_damaged_frame_is_left_out() -> None:
    """One broken picture in a stream is no loss."""
    parts = [part(b"rubbish"), part(huge_png()), part(packed(shade(70)))]
    with watching(Script([*parts, STALL])) as camera:
        assert tone(camera.read(SOON_S)) == 70


@pytest.mark.parametrize(
    ("steps", "how"),
    [
        ([part(b"rubbish")] * 30, "no pictures any more"),
        ([b"\r\n" * 10_000], "connection to the camera broke"),
        ([b"x" * 500_000], "connection to the camera broke"),
        ([f"--{BOUNDARY}\r\nContent-Length: 99999999999\r\n\r\n".encode()], "broke"),
        ([f"--{BOUNDARY}\r\nContent-Length: many\r\n\r\n".encode()], "broke"),
        ([f"--{BOUNDARY}\r\nA: b\r\n\r\n".encode(), b"y" * 17_000_000], "broke"),
        ([], "closed the connection"),
    ],
    ids=["no-pictures", "blank", "endless-header", "huge", "no-number", "endless-part", "nothing"],
)
def test_a_stream_of_rubbish_is_lost(steps: list[bytes], how: str) -> None:
    """Nothing is collected without a limit."""
    with watching(Script(steps)) as camera:
        assert how in lost(camera, within_s=20)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(status=404), Trouble.NOT_MJPEG),
        (Script(status=302), Trouble.NOT_MJPEG),
        (Script(status=401), Trouble.SIGN_IN),
        (Script(content_type="text/html"), Trouble.NOT_MJPEG),
        (Script(content_type="image/jpeg"), Trouble.NOT_MJPEG),
    ],
)
def test_an_address_that_is_no_stream_says_so(script: Script, reason: Trouble) -> None:
    """A page, a single picture, a sign-in: each is named."""
    with serving(script) as port:
        assert refusal(f"http://127.0.0.1:{port}/").reason is reason


@contextlib.contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A bare socket that gives an answer to whoever connects, or never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SOON_S)

        def serve() -> None:
            with contextlib.suppress(OSError):
                line, _ = server.accept()
                with line:
                    line.recv(4096)
                    if answer is None:
                        time.sleep(0.6)
                    else:
                        line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(SOON_S)


def test_an_address_that_does_not_answer_is_refused() -> None:
    """A time-out of our own, not the system's two minutes."""
    with listening(None) as port, pytest.raises(BadSource) as refused:
        MjpegCamera(f"http://127.0.0.1:{port}/", connect_s=0.2)
    assert refused.value.reason is Trouble.NO_ANSWER


def test_an_address_that_speaks_something_else_is_refused() -> None:
    """A mail server is no camera."""
    with listening(b"220 mail ready\r\n") as port:
        assert refusal(f"http://127.0.0.1:{port}/").reason is Trouble.NOT_MJPEG


def test_an_address_without_a_trusted_certificate_is_refused() -> None:
    """Https means what it says."""
    with listening(b"not tls at all, but long enough") as port:
        assert refusal(f"https://127.0.0.1:{port}/").reason is Trouble.NO_ANSWER


@pytest.mark.parametrize("error", [socket.gaierror(), OSError()])
def test_an_address_that_leads_nowhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    """An unknown name, a network that is down."""

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fails)
    assert refusal("http://camera.invalid/").reason is Trouble.NO_ANSWER


def test_a_refused_address_says_so() -> None:
    """Nobody listens on that port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused = refusal(f"http://127.0.0.1:{port}/")
    assert (refused.reason, refused.detail) == (
        Trouble.NO_ANSWER,
        "the address refuses the connection",
    )


def test_closing_twice_and_in_the_middle_is_harmless() -> None:
    """Ctrl-C comes when it comes."""
    with watching(Script([part(packed(shade(40))), STALL])) as camera:
        camera.close()
        camera.close()
        assert not camera._thread.is_alive()


# ---------------------------------------------------------------- the rest


def test_a_frame_that_waits_is_given_before_the_loss() -> None:
    """The last picture may be the one with the ticket."""
    newest: Newest[Picture] = Newest()
    newest.put(shade(30))
    newest.lose("gone")
    arrived = newest.take(0)
    assert arrived is not None
    assert arrived.what[0, 0, 0] == 30
    with pytest.raises(CameraLost, match="gone"):
        newest.take(0)


def test_what_was_set_in_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who looks for a camera's fault wants OpenCV's words."""
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "48")
    monkeypatch.setenv("OPENCV_LOG_LEVEL", "DEBUG")
    hush()
    assert os.environ["OPENCV_FFMPEG_LOGLEVEL"] == "48"
