"""The camera's loop: another camera, a stuck one, one that comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from scanner import lookout as lookout_module
from scanner.camera import BadSource, Camera, CameraLost, Frame, Trouble
from scanner.camera.webcam import WebcamCamera
from scanner.lookout import Lookout, Viewer
from scanner.worker import Guarded, Watchman, Worker
from tests.scanner.homes import until
from tests.scanner.test_camera import FakeDevice, drawer, lost, shade

SOON_S = 0.02


class Told:
    """What the loop has told, in order."""

    def __init__(self) -> None:
        self.what: list[str] = []

    def viewer(self) -> Viewer:
        """One that writes everything down."""
        return Viewer(
            opened=lambda name: self.what.append(f"opened {name}"),
            see=lambda frame: self.what.append(f"frame {frame.image[0, 0, 0]}"),
            lose=lambda: self.what.append("lost"),
            regain=lambda: self.what.append("back"),
            end=lambda: self.what.append("over"),
        )

    def has(self, word: str) -> Callable[[], bool]:
        """Whether it has been told."""
        return lambda: word in self.what


class OneTone:
    """A camera that gives the same frame for ever."""

    ended = False

    def __init__(self, tone: int) -> None:
        self.name = f"camera {tone}"
        self.tone = tone
        self.closed = threading.Event()

    def read(self, timeout_s: float) -> Frame | None:
        """At once."""
        time.sleep(min(timeout_s, 0.002))
        return Frame(shade(self.tone), 0, time.monotonic())

    def reopen(self) -> None:
        """As it was."""

    def close(self) -> None:
        """Remembered."""
        self.closed.set()


class Blocked(OneTone):
    """A camera whose driver does not come back until the test is over."""

    def __init__(self, tone: int) -> None:
        super().__init__(tone)
        self.reading = threading.Event()
        self.wakes = threading.Event()

    def read(self, timeout_s: float) -> Frame | None:
        """Blocks, whatever time was given."""
        self.reading.set()
        self.wakes.wait(20)
        return super().read(timeout_s)


@contextmanager
def looking(lookout: Lookout) -> Iterator[Worker]:
    """The loop in its thread."""
    with Worker("camera", lookout.run) as worker:
        yield worker


def test_staff_change_the_camera_while_it_runs() -> None:
    """The old one is let go, the new one is looked through."""
    told, first, second = Told(), OneTone(10), OneTone(20)
    lookout = Lookout(lambda: first, told.viewer(), again_s=SOON_S)
    with looking(lookout):
        until(told.has("frame 10"))
        lookout.use(lambda: second)
        until(told.has("frame 20"))
        assert first.closed.is_set()
    assert told.what.index("opened camera 20") > told.what.index("frame 10")
    assert second.closed.is_set()


def test_a_camera_that_cannot_be_opened_is_left_for_another_at_once() -> None:
    """Nobody waits for the next try of the wrong one."""
    told = Told()

    def absent() -> Camera:
        raise BadSource(Trouble.NO_WEBCAM, "absent")

    lookout = Lookout(absent, told.viewer(), again_s=60)
    with looking(lookout):
        until(told.has("lost"))
        lookout.use(lambda: OneTone(20))
        until(told.has("frame 20"), within_s=2)


def test_a_camera_may_be_changed_while_the_old_one_is_lost() -> None:
    """Unplugged, and staff take the other one."""
    told, gone = Told(), OneTone(10)
    gone.read = lambda _: (_ for _ in ()).throw(CameraLost("gone"))  # type: ignore[method-assign,assignment]
    lookout = Lookout(lambda: gone, told.viewer(), again_s=60)
    with looking(lookout):
        until(told.has("lost"))
        lookout.use(lambda: OneTone(20))
        until(told.has("frame 20"), within_s=2)
    assert "back" not in told.what


def test_a_camera_that_blocks_for_ever_is_given_up_for_a_fresh_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The watchman sees that nothing moves; the stuck thread, once awake, tells nothing more."""
    told, stuck = Told(), Blocked(10)
    cameras = [stuck, OneTone(20)]
    lookout = Lookout(lambda: cameras.pop(0), told.viewer(), again_s=SOON_S)
    with looking(lookout) as worker:
        assert stuck.reading.wait(5)
        watched = Guarded("the camera", lambda: lookout.beat, worker.restart)
        watchman = Watchman((watched,), silent_s=0.3)
        with Worker("watchman", watchman.run):
            until(told.has("frame 20"))
            assert lookout.beat > time.monotonic() - 1
        stuck.wakes.set()
        assert stuck.closed.wait(5)
    assert "frame 10" not in told.what
    assert "the camera stood still" in caplog.text


@pytest.mark.parametrize("fails", [True, False])
def test_a_camera_that_blocks_while_it_is_opened_is_given_up_too(*, fails: bool) -> None:
    """What comes of it in the end is closed, and is no news of the new one."""
    told, opening, late = Told(), threading.Event(), OneTone(10)
    turns = iter([True, False])

    def opener() -> Camera:
        if next(turns):
            opening.wait(20)
            if fails:
                raise CameraLost("too late")
            return late
        return OneTone(20)

    lookout = Lookout(opener, told.viewer(), again_s=SOON_S)
    with looking(lookout) as worker:
        time.sleep(0.05)
        worker.restart()
        until(told.has("frame 20"))
        opening.set()
        assert fails or late.closed.wait(5)
        time.sleep(0.05)
    assert {"lost", "frame 10", "opened camera 10"}.isdisjoint(told.what)


def test_a_stuck_camera_that_is_lost_when_it_wakes_is_no_news() -> None:
    """The page shows the new one by then."""
    told, wakes = Told(), threading.Event()

    class Lost(OneTone):
        def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002  it waits for longer
            wakes.wait(20)
            raise CameraLost("gone")

    stuck = Lost(10)
    cameras: list[OneTone] = [stuck, OneTone(20)]
    lookout = Lookout(lambda: cameras.pop(0), told.viewer(), again_s=SOON_S)
    with looking(lookout) as worker:
        until(told.has("opened camera 10"))
        worker.restart()
        until(told.has("frame 20"))
        wakes.set()
        assert stuck.closed.wait(5)
    assert "lost" not in told.what


def test_a_camera_of_120_frames_a_second_is_looked_at_40_times() -> None:
    """Or its frames would cost four times as much, for nothing."""
    told = Told()
    lookout = Lookout(lambda: OneTone(10), told.viewer(), again_s=SOON_S)
    with looking(lookout):
        until(told.has("frame 10"))
        told.what.clear()
        time.sleep(1)
        seen = len(told.what)
    assert 15 <= seen <= 42


def test_a_film_that_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the loop goes on living."""
    monkeypatch.setattr(lookout_module, "FRAME_WAIT_S", 0.01)
    told, film = Told(), OneTone(10)
    film.ended = True
    film.read = lambda _: None  # type: ignore[method-assign,assignment]
    lookout = Lookout(lambda: film, told.viewer(), again_s=SOON_S)
    with looking(lookout):
        until(lambda: told.what.count("over") > 2)
        assert lookout.beat > time.monotonic() - 1


# ---------------------------------------------------------------- webcams that get stuck


class StuckDevice(FakeDevice):
    """Gives one picture; then its driver does not come back."""

    def __init__(self, tone: int) -> None:
        super().__init__(tone)
        self.wakes = threading.Event()

    def read(self) -> tuple[bool, object]:  # type: ignore[override]
        """The picture, then nothing for long."""
        if not self.pictures:
            self.wakes.wait(20)
        return super().read()


def test_a_webcam_whose_driver_is_stuck_is_lost_and_another_try_is_made() -> None:
    """When the stuck one wakes, it speaks into the void."""
    stuck, fresh = StuckDevice(10), FakeDevice(*[70] * 200)
    camera = WebcamCamera(0, opener=drawer(stuck, fresh), silent_s=0.2)  # type: ignore[arg-type]
    assert lost(camera) == "webcam 0 is silent"
    camera.reopen()
    stuck.wakes.set()
    assert stuck.released.wait(5)
    for _ in range(5):
        frame = camera.read(5)
        assert frame is not None
        assert frame.image[0, 0, 0] == 70
    camera.close()


def test_an_unplugged_webcam_is_looked_for_until_it_is_back() -> None:
    """A coffee break without a camera: lost all the time, then back by itself."""
    told = Told()
    devices = drawer(FakeDevice(10), None, None, None, None, FakeDevice(*[70] * 200))
    camera = WebcamCamera(0, opener=devices)
    lookout = Lookout(lambda: camera, told.viewer(), again_s=SOON_S)
    with looking(lookout):
        until(told.has("frame 70"))
    told.what = [word for word in told.what if not word.startswith("frame")]
    assert told.what == ["opened webcam 0", *["lost"] * 5, "back"]
    with suppress(CameraLost):
        camera.close()
