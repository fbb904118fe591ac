"""Presentations: the frames a camera sees while somebody holds a ticket up.

Fifteen frames at 30 a second of one of the sixteen conditions of `gate_wear` at a severity of 1 to
5. A hand drifts (0.4 to 2 Hz) and trembles (6 to 10 Hz) in six directions; what moves while the
shutter is open is smeared; the lens hunts for focus, exposure wanders, a lamp's reflection slides
as the telephone tilts, a screen's grid beats with the sensor's as it moves, a sheet bends more and
less. Cracks and a thumb ride along. `still` is a nearly still hand that moves a quarter as far:
then one frame shows hardly more than another, which is the hard case for a reader of sequences.

The same seed, condition, severity and OpenCV version give the same bytes. No real camera stands
behind it; rolling shutter and colour are left out. Seeds below 100 are for tuning: what is
published is measured on seeds from `FIRST_JUDGING_SEED` on, which nobody looks at before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

from benchmarks import gate_frames, gate_wear
from benchmarks.gate_wear import CONDITIONS, Wear, wear_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.gate_frames import Plane

FIRST_JUDGING_SEED: Final = 100
FRAMES: Final = 15
FRAME_S: Final = 1 / 30
STILL_CONDITIONS: Final = (
    "defocus",
    "motion",
    "lowlight",
    "glare",
    "moire",
    "dim",
    "far",
    "combo",
)
_STILL_SHARE = 0.25
_SUPERSAMPLING = gate_frames.SUPERSAMPLING

Rng: TypeAlias = np.random.Generator
Wave: TypeAlias = tuple[float, float, float]
"""Amplitude, frequency in Hz, phase."""


@dataclass(frozen=True, slots=True)
class Motion:
    """One direction of a hand: a sum of sines of time."""

    waves: tuple[Wave, ...]

    def at(self, second: float) -> float:
        """Where it is."""
        return sum(a * math.sin(2 * math.pi * f * second + p) for a, f, p in self.waves)


@dataclass(frozen=True, slots=True)
class Hand:
    """Shifts in pixels, depth as a share, angles in radians, and how long the shutter is open."""

    x: Motion
    y: Motion
    depth: Motion
    roll: Motion
    yaw: Motion
    pitch: Motion
    shutter: float


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is held up.

    Attributes:
        seed, condition, severity: which one; the same give the same frames.
        still: whether the hand is nearly still.
    """

    seed: int
    condition: str
    severity: int
    still: bool = False

    @property
    def text(self) -> str:
        """The ticket's text."""
        place = CONDITIONS.index(self.condition)
        return gate_frames.ticket_text(154, self.seed * 1000 + place * 10 + self.severity)


def frames(shown: Presentation) -> Iterator[bytes]:
    """The webcam's JPEGs, in order."""
    rng = np.random.default_rng([shown.seed, CONDITIONS.index(shown.condition), shown.severity, 99])
    wear = wear_of(shown.condition, shown.severity, rng)
    card = gate_frames.held_card(shown.text, _resting(wear), rng)
    hand = _hand(shown, wear, rng)
    if shown.condition in {"motion", "combo"}:
        hand = _shaken(hand, wear, rng, still=shown.still)
    scene = gate_frames.hall(rng, wear.clutter) * 0.72
    film = _Film(card, scene, wear, hand, _Drift.drawn(rng), int(rng.integers(2**31)))
    for number in range(FRAMES):
        yield film.frame(number)


def _resting(wear: Wear) -> Wear:
    """What rides with the card; glare and bend change from frame to frame."""
    return replace(wear, glare=0.0, bend=0.0)


def _motion(rng: Rng, *, amount: float, tremor: float, share: float) -> Motion:
    slow = (amount, rng.uniform(0.4, 0.9), rng.uniform(0, 2 * math.pi))
    quick = (0.5 * amount, rng.uniform(0.9, 2.0), rng.uniform(0, 2 * math.pi))
    tremble = (tremor, rng.uniform(6, 10), rng.uniform(0, 2 * math.pi))
    return Motion(tuple((a * share, f, p) for a, f, p in (slow, quick, tremble)))


def _hand(shown: Presentation, wear: Wear, rng: Rng) -> Hand:
    near = wear.side_px / gate_wear.USUAL_SIDE_PX
    share = _STILL_SHARE if shown.still else 1.0

    def shift() -> Motion:
        amount, tremor = rng.uniform(4, 12) * near, rng.uniform(0.3, 1.2) * near
        return _motion(rng, amount=amount, tremor=tremor, share=share)

    def turn(degrees: float, tremor: float) -> Motion:
        return _motion(rng, amount=math.radians(degrees), tremor=math.radians(tremor), share=share)

    return Hand(
        x=shift(),
        y=shift(),
        depth=_motion(rng, amount=0.012, tremor=0.001, share=share),
        roll=turn(1.2, 0.1),
        yaw=turn(1.5, 0.15),
        pitch=turn(1.5, 0.15),
        shutter=0.8 if wear.gain < 0.5 else rng.uniform(0.2, 0.4),
    )


def _shaken(hand: Hand, wear: Wear, rng: Rng, *, still: bool) -> Hand:
    """A telephone moved in an ellipse; its fastest moment smears as far as the severity says."""
    shutter, hertz = rng.uniform(0.5, 1.0), rng.uniform(1.5, 3.0)
    reach = wear.motion_px / (shutter * FRAME_S) / (2 * math.pi * hertz)
    narrow = rng.uniform(0.35, 0.85)
    # Nearly a circle: no moment is slower than the others.
    narrow = 0.85 + 0.15 * narrow if still else narrow
    way, phase = rng.uniform(0, math.pi), rng.uniform(0, 2 * math.pi)
    quarter = phase + math.pi / 2
    x = ((reach * math.cos(way), hertz, phase), (-reach * narrow * math.sin(way), hertz, quarter))
    y = ((reach * math.sin(way), hertz, phase), (reach * narrow * math.cos(way), hertz, quarter))
    return replace(hand, x=Motion(hand.x.waves + x), y=Motion(hand.y.waves + y), shutter=shutter)


@dataclass(frozen=True, slots=True)
class _Drift:
    """How the camera's own settings wander."""

    focus: Motion
    light: Motion
    beat: float
    gain: float

    @classmethod
    def drawn(cls, rng: Rng) -> _Drift:
        def wave(low: float, high: float) -> Motion:
            phase = rng.uniform(0, 2 * math.pi)
            return Motion(((rng.uniform(low, high), rng.uniform(0.5, 2.5), phase),))

        return cls(wave(0.05, 0.3), wave(0.02, 0.15), rng.uniform(3, 25), rng.uniform(1, 5))


@dataclass(frozen=True, slots=True)
class _Film:
    card: gate_frames.Card
    scene: Plane
    wear: Wear
    hand: Hand
    drift: _Drift
    chance: int

    def frame(self, number: int) -> bytes:
        """One frame; what does not change is drawn from the same chance each time."""
        second, hand = (number + 1) * FRAME_S, self.hand
        same = np.random.default_rng(self.chance)
        worn = self._worn(second, same)
        wear = replace(
            self.wear,
            yaw=self.wear.yaw + hand.yaw.at(second),
            pitch=self.wear.pitch + hand.pitch.at(second),
            roll=self.wear.roll + hand.roll.at(second),
            side_px=self.wear.side_px * (1 + hand.depth.at(second)),
            gain=self.wear.gain * (1 + self.drift.light.at(second)),
            defocus_px=self._blur(second),
            motion_px=0.0,
        )
        moved = np.array([hand.x.at(second), hand.y.at(second)])
        middle = np.array([same.uniform(-220, 220), same.uniform(-90, 90)]) + moved
        seen = gate_frames.projected(
            replace(self.card, picture=worn), self.scene, wear=wear, middle=middle
        )
        seen = self._smeared(seen, second)
        seen = gate_wear.through_lens(seen, wear, self._sliding(same, number))
        noise = np.random.default_rng([self.chance, number])
        return gate_frames.webcam_jpeg(gate_wear.exposed(seen, wear, noise))

    def _worn(self, second: float, same: Rng) -> Plane:
        """Glare slides a fifth of the code for each degree; a sheet bends by a tenth."""
        picture, box = self.card.picture, self.card.box
        if self.wear.glare:
            slide = [
                round(0.2 * box[2] * math.degrees(turn.at(second)))
                for turn in (self.hand.yaw, self.hand.pitch)
            ]
            there = (box[0] + slide[0], box[1] + slide[1], box[2], box[3])
            picture = gate_wear.glared(picture, there, share=self.wear.glare, rng=same)
        if self.wear.bend:
            bend = self.wear.bend * (1 + 0.1 * math.sin(2 * math.pi * second))
            picture = gate_wear.bent(picture, bend, same)
        return picture

    def _blur(self, second: float) -> float:
        return max(0.3, self.wear.defocus_px) * (1 + self.drift.focus.at(second))

    def _smeared(self, seen: Plane, second: float) -> Plane:
        open_s = self.hand.shutter * FRAME_S
        from_, to = second - open_s / 2, second + open_s / 2
        across = self.hand.x.at(to) - self.hand.x.at(from_)
        down = self.hand.y.at(to) - self.hand.y.at(from_)
        length = math.hypot(across, down)
        if length < 0.6:
            return seen
        kernel = gate_wear.streak(length, math.atan2(down, across))
        return np.asarray(cv2.filter2D(seen, -1, kernel, borderType=cv2.BORDER_REPLICATE))

    def _sliding(self, same: Rng, number: int) -> Rng:
        """A screen's grid beats anew in every frame that moves; a lens does not."""
        return np.random.default_rng([self.chance, number]) if self.wear.moire else same
