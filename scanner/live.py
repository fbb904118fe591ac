"""`scanner bench --live`: how presentations before a real camera are read, counted by itself.

Nobody tells the program when a code is held up. So a presentation begins with the first frame
in which a code is located, read or not, and it is read with the first frame that gives a text;
one that is located in several frames and goes away unread is counted as missed. Texts are
neither shown nor kept. What is never even located is not seen here: count along.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from scanner.camera import Camera, CameraLost, Frame
from scanner.sight import Reading, SecondEyes, Sight
from scanner.worker import Worker

GONE_S: Final = 1.5
_LAPSE_S: Final = 0.5
_LEAST_MISSED: Final = 5
_FRAME_WAIT_S: Final = 0.5
_AGAIN_S: Final = 2.0


@dataclass
class Presentations:
    """Counts presentations; knows the time by what it is told (seconds)."""

    read_after_s: list[float] = field(default_factory=list)
    on_first_frame: int = 0
    missed: int = 0
    _present: dict[str, float] = field(default_factory=dict, repr=False)
    _begun_s: float = 0.0
    _seen_s: float = float("-inf")
    _located: int = 0

    def look(self, at_s: float, texts: tuple[str, ...], *, located: bool) -> None:
        """A frame: what was read in it, and whether a code was located at all."""
        self._present = {
            text: seen_s for text, seen_s in self._present.items() if at_s - seen_s <= GONE_S
        }
        if at_s - self._seen_s > _LAPSE_S:
            self.end()
        if located or texts:
            self._begin_or_go_on(at_s)
        for text in texts:
            if text not in self._present:
                self._count(at_s)
            self._present[text] = at_s

    def end(self) -> None:
        """What was located is gone: it has been missed if nothing was read."""
        if self._located >= _LEAST_MISSED and not self._present:
            self.missed += 1
        self._located = 0

    def _begin_or_go_on(self, at_s: float) -> None:
        if not self._located:
            self._begun_s = at_s
        self._located += 1
        self._seen_s = at_s

    def _count(self, at_s: float) -> None:
        is_next = bool(self._present)  # another code beside or after one that is still there
        self.read_after_s.append(0.0 if is_next else at_s - self._begun_s)
        self.on_first_frame += is_next or self._located == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """What came of it; times in seconds, `cpu_share` of one core."""

    seconds: float
    frames: int
    lost: int
    presentations: int
    missed: int
    on_first_frame: int
    read_median_s: float
    read_p95_s: float
    cpu_share: float

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "seconds": round(self.seconds, 1),
            "frames": self.frames,
            "fps": round(self.frames / self.seconds, 1),
            "camera_lost": self.lost,
            "presentations": self.presentations,
            "missed": self.missed,
            "on_first_frame": self.on_first_frame,
            "read_median_s": round(self.read_median_s, 3),
            "read_p95_s": round(self.read_p95_s, 3),
            "cpu_share": round(self.cpu_share, 3),
        }

    def __str__(self) -> str:
        return (
            f"{self.presentations} presentations read, {self.missed} missed; "
            f"{self.on_first_frame} on the first frame; median {self.read_median_s:.2f} s, "
            f"p95 {self.read_p95_s:.2f} s; {self.frames / self.seconds:.1f} frames a second, "
            f"{100 * self.cpu_share:.0f} % of a core, camera lost {self.lost} times"
        )


def watched(
    camera: Camera, sight: Sight, minutes: float, *, told: Callable[[str], None]
) -> LiveFigures:
    """Look for so long, or until a film is over; `told` hears of each minute."""
    eyes = _BothEyes(sight)
    with Worker("the second eyes", eyes.second.run):
        return _counted(camera, eyes, 60 * minutes, told=told)


class _BothEyes:
    """Both readers, as the station uses them."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._late: deque[tuple[Reading, ...]] = deque()
        self.second = SecondEyes(self._late.append)

    def look(self, frame: Frame) -> tuple[tuple[str, ...], bool]:
        """The texts that are read by now, and whether a code is located at all."""
        seen = self._sight.watch(frame.image, frame.number)
        self.second.attend(seen, frame.at_mono)
        readings = list(seen.readings)
        while self._late:
            readings += self._late.popleft()
        is_located = bool(readings) or (seen.look is not None and bool(seen.look.suspects))
        return tuple(dict.fromkeys(one.text for one in readings)), is_located


def _counted(
    camera: Camera, eyes: _BothEyes, seconds: float, *, told: Callable[[str], None]
) -> LiveFigures:
    counted = Presentations()
    begun, cpu = time.monotonic(), time.process_time()
    frames = lost = minute = 0
    while (now := time.monotonic()) - begun < seconds and not camera.ended:
        if (now - begun) // 60 > minute:
            minute += 1
            told(f"{minute} min: {len(counted.read_after_s)} presentations")
        frame = _next(camera)
        if frame is None:
            continue
        if isinstance(frame, CameraLost):
            lost += 1
            continue
        frames += 1
        texts, located = eyes.look(frame)
        counted.look(frame.at_mono, texts, located=located)
    counted.end()
    return _figures(counted, frames, lost, begun=begun, cpu=cpu)


def _figures(
    counted: Presentations, frames: int, lost: int, *, begun: float, cpu: float
) -> LiveFigures:
    times = sorted(counted.read_after_s) or [0.0]
    seconds = max(0.001, time.monotonic() - begun)
    return LiveFigures(
        seconds=seconds,
        frames=frames,
        lost=lost,
        presentations=len(counted.read_after_s),
        missed=counted.missed,
        on_first_frame=counted.on_first_frame,
        read_median_s=median(times),
        read_p95_s=times[int(0.95 * (len(times) - 1))],
        cpu_share=(time.process_time() - cpu) / seconds,
    )


def _next(camera: Camera) -> Frame | CameraLost | None:
    try:
        return camera.read(_FRAME_WAIT_S)
    except CameraLost as loss:
        time.sleep(_AGAIN_S)
        try:
            camera.reopen()
        except CameraLost:
            return None
        return loss
