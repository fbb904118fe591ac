"""`scanner bench --live`: presentations are counted as a person beside the camera would."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from scanner.camera import CameraLost, Frame
from scanner.cli import main
from scanner.live import Presentations, watched
from scanner.sight import default_sight
from tests.scanner.frames import TICKET, bgr, code, film, packed, paper
from tests.scanner.mjpeg import STALL, Script, part, serving
from tests.scanner.station_kit import WEB

FRAME_S = 1 / 30
HALL = bgr(paper())
HELD_UP = bgr(paper(code(TICKET, scale=5)))


def shown(counted: Presentations, begin_s: float, frames: str) -> float:
    """A row of frames: `.` nothing, `?` located, letters are texts; when the next one comes."""
    for number, letter in enumerate(frames):
        texts = (letter,) if letter.isalpha() else ()
        counted.look(begin_s + number * FRAME_S, texts, located=letter != ".")
    return begin_s + len(frames) * FRAME_S


def test_a_code_that_is_read_at_once_is_read_on_the_first_frame() -> None:
    """And once, however long it stays."""
    counted = Presentations()
    shown(counted, 0, "...." + "a" * 90)
    assert (counted.read_after_s, counted.on_first_frame, counted.missed) == ([0.0], 1, 0)


def test_the_time_runs_from_the_first_frame_that_shows_a_code() -> None:
    """Nine frames of trying, then a text."""
    counted = Presentations()
    shown(counted, 5, "..?????????a?a" + "." * 60)
    assert counted.read_after_s == [pytest.approx(9 * FRAME_S)]
    assert (counted.on_first_frame, counted.missed) == (0, 0)


def test_the_same_code_again_after_it_left_is_another_presentation() -> None:
    """A flicker is none."""
    counted = Presentations()
    shown(counted, 0, "aaa" + "." * 30 + "aaa" + "." * 60 + "?a")
    assert len(counted.read_after_s) == 2
    assert counted.on_first_frame == 1


def test_what_goes_away_unread_is_missed_unless_it_was_a_mere_glimpse() -> None:
    """Five frames and more; two are a pattern on a jacket."""
    counted = Presentations()
    at_s = shown(counted, 0, "??" + "." * 60)
    at_s = shown(counted, at_s, "????????" + "." * 60)
    shown(counted, at_s, "??????")
    counted.end()
    assert (counted.missed, counted.read_after_s) == (2, [])


def test_a_second_code_beside_the_first_counts() -> None:
    """Two visitors in quick succession."""
    counted = Presentations()
    shown(counted, 0, "aaaaabbbbb")
    assert (len(counted.read_after_s), counted.on_first_frame) == (2, 2)


def bench(*words: str) -> Result:
    """`scanner bench`."""
    return CliRunner().invoke(main, ["bench", *words])


def test_a_film_is_counted_and_its_texts_are_not_told(tmp_path: Path) -> None:
    """Two tickets with a pause between them; the figures stand at the end."""
    other = bgr(paper(code(WEB, scale=6)))
    clip = film(tmp_path / "a.avi", [*[HALL] * 5, *[HELD_UP] * 10, *[HALL] * 20, *[other] * 10])
    done = bench("--live", "--source", str(clip), "--json")
    row = json.loads(done.stdout)
    assert (row["presentations"], row["missed"], row["on_first_frame"]) == (2, 0, 2)
    assert 10 < row["fps"] < 40
    assert row["cpu_share"] > 0
    assert WEB not in done.output
    assert TICKET not in done.output


def test_a_network_camera_is_counted_for_so_many_minutes() -> None:
    """Three seconds are enough for a test."""
    steps = [part(packed(HALL))] * 10 + [part(packed(HELD_UP))] * 20 + [STALL]
    with serving(Script(steps, pause_s=0.05)) as port:
        done = bench("--live", "--source", f"http://127.0.0.1:{port}/", "--minutes", "0.05")
    assert done.exit_code == 0
    assert done.stdout.startswith("1 presentations read, 0 missed; 1 on the first frame")


class Flickering:
    """A camera that is lost twice, once for longer, and tells a minute's news."""

    name = "webcam 0"

    def __init__(self) -> None:
        self.left = 12
        self.reopens = 0

    @property
    def ended(self) -> bool:
        """When its script is over."""
        return self.left <= 0

    def read(self, _: float) -> Frame | None:
        """A frame, nothing, a loss in turn."""
        self.left -= 1
        if self.left % 3 == 0:
            raise CameraLost("gone")
        return Frame(np.zeros((48, 64, 3), np.uint8), 0, 0.0) if self.left % 3 == 1 else None

    def reopen(self) -> None:
        """Fails the first time."""
        self.reopens += 1
        if self.reopens == 1:
            raise CameraLost("still gone")

    def close(self) -> None:
        """Nothing."""


def test_a_camera_that_is_lost_is_counted_and_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And each minute is told."""
    monkeypatch.setattr("scanner.live._AGAIN_S", 0.0)
    ticks = iter(range(0, 10_000, 31))
    monkeypatch.setattr("scanner.live.time.monotonic", lambda: next(ticks))
    told: list[str] = []
    figures = watched(Flickering(), default_sight(), 60, told=told.append)
    assert (figures.lost, figures.presentations, figures.read_median_s) == (3, 0, 0.0)
    assert told[0] == "1 min: 0 presentations"


@pytest.mark.parametrize("words", [(), ("--live", "folder"), ("--live", "--minutes", "0")])
def test_a_bench_of_nothing_or_of_both_is_refused(words: tuple[str, ...]) -> None:
    """Wrong usage."""
    assert bench(*words).exit_code == 2


def test_a_camera_that_is_not_there_is_told() -> None:
    """A sentence, exit code 1."""
    done = bench("--live", "--source", "97")
    assert (done.exit_code, "webcam 97 is absent" in done.stderr) == (1, True)
