"""What sixteen conditions do to a ticket on its way into a webcam frame; see `gate_frames`.

`wear_of` turns a condition and a severity into amounts; the other functions apply them, in the
order of nature: what the messenger does, what happens on the screen, the lens, the sensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

Plane: TypeAlias = npt.NDArray[Any]
Rng: TypeAlias = np.random.Generator
Box: TypeAlias = tuple[int, int, int, int]

CONDITIONS = (
    "tilt",
    "rotate",
    "defocus",
    "motion",
    "lowlight",
    "glare",
    "moire",
    "dim",
    "cracks",
    "finger",
    "whatsapp",
    "inverted",
    "far",
    "busy",
    "paper",
    "combo",
)
USUAL_SIDE_PX = 250.0


@dataclass(frozen=True, slots=True)
class Wear:
    """Amounts of everything that can happen; the defaults are a clean frame. Angles in radians."""

    side_px: float = USUAL_SIDE_PX
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    quiet: int = 4
    dark: float = 12.0
    light: float = 245.0
    jpeg_quality: int = 0
    jpeg_scale: float = 1.0
    luminance: float = 1.0
    veil: float = 0.0
    cracks: int = 0
    finger: float = 0.0
    glare: float = 0.0
    bend: float = 0.0
    paper: bool = False
    moire: float = 0.0
    defocus_px: float = 0.0
    motion_px: float = 0.0
    gain: float = 1.0
    shot: float = 0.10
    clutter: float = 0.25


_INVERTED = ((245, 12, 4), (225, 30, 4), (190, 45, 3), (200, 40, 2), (150, 50, 1))
_WHATSAPP = ((70, 0.5), (50, 0.33), (35, 0.25), (25, 0.19), (15, 0.15))
_DIM = ((0.35, 14), (0.2, 18), (0.12, 22), (0.075, 26), (0.05, 30))
_BUSY = ((4, 0.1), (3, 0.35), (2, 0.55), (2, 0.75), (1, 1.0))
_TILT = (18, 30, 40, 49, 57)
_ROTATE = (12, 28, 45, 75, 135)
# One amount each, at severity 1 to 5.
_SIMPLE: dict[str, Callable[[Wear, int], Wear]] = {
    "defocus": lambda w, i: replace(w, defocus_px=(1.2, 1.9, 2.6, 3.3, 4.2)[i]),
    "motion": lambda w, i: replace(w, motion_px=(4, 7, 10, 13, 17)[i]),
    "lowlight": lambda w, i: replace(w, gain=(0.25, 0.15, 0.09, 0.06, 0.04)[i], paper=True),
    "glare": lambda w, i: replace(w, glare=(0.04, 0.08, 0.13, 0.19, 0.27)[i]),
    "moire": lambda w, i: replace(w, moire=(0.10, 0.18, 0.27, 0.36, 0.46)[i]),
    "cracks": lambda w, i: replace(w, cracks=(3, 6, 10, 15, 22)[i]),
    "finger": lambda w, i: replace(w, finger=(0.10, 0.18, 0.26, 0.34, 0.42)[i]),
    "far": lambda w, i: replace(w, side_px=(160, 128, 100, 80, 64)[i]),
    "paper": lambda w, i: replace(w, bend=(0.006, 0.012, 0.020, 0.030, 0.044)[i], paper=True),
}


def replaced(wear: Wear, *, side_px: float) -> Wear:
    """The same wear with the code at another size in the frame."""
    return replace(wear, side_px=side_px)


def wear_of(condition: str, severity: int, rng: Rng) -> Wear:
    """The amounts of a condition at severity 0 (clean) to 5; draws the hand's small angles."""
    hand = Wear(
        yaw=math.radians(rng.normal(0, 3)),
        pitch=math.radians(rng.normal(0, 3)),
        roll=math.radians(rng.normal(0, 2.5)),
    )
    if severity == 0:
        return hand
    if condition == "combo":
        return _combined(severity / 5, rng)
    step = severity - 1
    if condition in _SIMPLE:
        return _SIMPLE[condition](hand, step)
    if condition in {"tilt", "rotate"}:
        return _turned(hand, condition, step=step, rng=rng)
    return _pictured(hand, condition, step)


def _turned(hand: Wear, condition: str, *, step: int, rng: Rng) -> Wear:
    if condition == "tilt":
        lean, way = math.radians(_TILT[step]), rng.uniform(0, 2 * math.pi)
        return replace(hand, yaw=lean * math.cos(way), pitch=lean * math.sin(way))
    turn = _ROTATE[step] * rng.choice([-1, 1]) + rng.uniform(-6, 6)
    return replace(hand, roll=math.radians(turn))


def _pictured(hand: Wear, condition: str, step: int) -> Wear:
    if condition == "inverted":
        dark, light, quiet = _INVERTED[step]
        return replace(hand, dark=dark, light=light, quiet=quiet)
    if condition == "whatsapp":
        quality, scale = _WHATSAPP[step]
        return replace(hand, jpeg_quality=quality, jpeg_scale=scale)
    if condition == "dim":
        luminance, veil = _DIM[step]
        return replace(hand, luminance=luminance, veil=veil)
    if condition == "busy":
        quiet, clutter = _BUSY[step]
        return replace(hand, side_px=220, quiet=quiet, clutter=clutter)
    return hand


def _combined(share: float, rng: Rng) -> Wear:
    """A little of everything, as an ordinary bad presentation has it."""

    def perhaps(chance: float, amount: float) -> float:
        return amount if rng.random() < chance else 0.0

    return Wear(
        side_px=float(rng.uniform(250 - 150 * share, 250)),
        yaw=math.radians(share * rng.uniform(-40, 40)),
        pitch=math.radians(share * rng.uniform(-35, 35)),
        roll=math.radians(share * rng.uniform(-50, 50)),
        jpeg_quality=int(75 - 30 * share),
        jpeg_scale=1 - 0.7 * share * rng.uniform(0.3, 1),
        luminance=1 - 0.55 * share * rng.random(),
        veil=18 * share,
        cracks=int(perhaps(0.3, 6 * share + 1)),
        finger=perhaps(0.25, 0.12 * share),
        glare=perhaps(0.5, 0.07 * share),
        moire=perhaps(0.6, 0.18 * share),
        defocus_px=rng.uniform(0.3, 2.6 * share + 0.3),
        motion_px=rng.uniform(0, 10 * share),
        gain=1 - 0.5 * share * rng.random(),
        shot=0.10 + 0.25 * share,
        clutter=0.25 + 0.5 * share,
    )


def recompressed(picture: Plane, wear: Wear) -> Plane:
    """What a messenger makes of a picture: smaller, and JPEG at a low quality."""
    if not wear.jpeg_quality:
        return picture
    scale = wear.jpeg_scale
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    flat = np.clip(small, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", flat, [cv2.IMWRITE_JPEG_QUALITY, wear.jpeg_quality])
    sent = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)
    if sent is None:
        raise ValueError("the messenger's own JPEG does not decode")
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.resize(sent.astype(np.float32), size, interpolation=cv2.INTER_CUBIC))


def worn_surface(surface: Plane, box: Box, *, wear: Wear, rng: Rng) -> Plane:
    """The sheet or screen with all that lies on it: dimming, cracks, a thumb, glare, bend."""
    worn = surface * wear.luminance + wear.veil if wear.luminance < 1 or wear.veil else surface
    worn = worn.copy()
    if wear.cracks:
        _crack(worn, box, count=wear.cracks, rng=rng)
    if wear.finger:
        _cover(worn, box, depth=wear.finger, rng=rng)
    if wear.glare:
        worn = glared(worn, box, share=wear.glare, rng=rng)
    return bent(worn, wear.bend, rng) if wear.bend else worn


def _ink(surface: Plane, tone: float) -> float | tuple[float, float, float]:
    return tone if surface.ndim == 2 else (tone, tone, tone)


def _crack(surface: Plane, box: Box, *, count: int, rng: Rng) -> None:
    x, y, width, height = box
    start = np.array([x + rng.uniform(0.1, 0.9) * width, y + rng.uniform(0.1, 0.9) * height])
    for _ in range(count):
        angles = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 0.35, 9))
        steps = np.c_[np.cos(angles), np.sin(angles)] * rng.uniform(30, 90, (9, 1))
        path = np.vstack([start, start + np.cumsum(steps, axis=0)]).astype(np.int32)
        tone = _ink(surface, float(rng.choice([245, 10, 130])))
        cv2.polylines(surface, [path], False, tone, int(rng.integers(2, 7)), cv2.LINE_AA)  # noqa: FBT003 (OpenCV's open polyline)
        if rng.random() < 0.4:
            cv2.fillPoly(surface, [path[:4]], _ink(surface, float(rng.choice([230, 25, 120]))))


def _cover(surface: Plane, box: Box, *, depth: float, rng: Rng) -> None:
    """A thumb that comes in from one side and covers `depth` of the code's side."""
    x, y, width, height = box
    side = int(rng.integers(0, 4))
    along = rng.uniform(0.35, 0.8) if rng.random() < 0.6 else rng.uniform(0, 0.3)
    tip, root = depth - 0.12, -0.6
    ends = {
        0: ((along, 1 - tip), (along, 1 - root)),
        1: ((tip, along), (root, along)),
        2: ((along, tip), (along, root)),
        3: ((1 - tip, along), (1 - root, along)),
    }[side]
    near, far = ((int(x + u * width), int(y + v * height)) for u, v in ends)
    tone = _ink(surface, float(rng.uniform(90, 170)))
    cv2.line(surface, near, far, tone, int(0.24 * width), cv2.LINE_AA)


def glared(surface: Plane, box: Box, *, share: float, rng: Rng) -> Plane:
    """A lamp's reflection over `share` of the code, with its wide halo (drawn at an eighth)."""
    x, y, width, height = box
    radius = math.sqrt(share * width * height / math.pi)
    oblong = rng.uniform(0.6, 1.6)
    centre = (int(x + rng.uniform(0.2, 0.8) * width), int(y + rng.uniform(0.2, 0.8) * height))
    axes = (int(radius * oblong) + 1, int(radius / oblong) + 1)
    lamp: Plane = np.zeros(surface.shape[:2], np.float32)
    cv2.ellipse(lamp, centre, axes, float(rng.integers(0, 180)), 0, 360, 1.0, -1)
    lamp = cv2.GaussianBlur(lamp, (0, 0), max(3, radius * 0.25))
    small = cv2.GaussianBlur(cv2.resize(lamp, None, fx=0.125, fy=0.125), (0, 0), radius * 0.15)
    halo = cv2.resize(small, (lamp.shape[1], lamp.shape[0]))
    light = lamp * 330 + halo * (90 + 600 * share)
    return surface + (light if surface.ndim == 2 else light[:, :, None])


def bent(surface: Plane, share: float, rng: Rng) -> Plane:
    """A sheet bent like a cylinder by `share` of its width, with the shading of its fold."""
    height, width = surface.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    upright = rng.random() < 0.5
    phase = rng.uniform(0, 2 * math.pi)
    turn = 2 * math.pi * (down if upright else across) / (width * rng.uniform(0.8, 1.4)) + phase
    wave, ripple = np.sin(turn) * share * width, np.sin(2.15 * turn + phase) * share * width / 4
    shift_x = wave + ripple if upright else wave * 0.55
    shift_y = wave * 0.55 if upright else wave + ripple
    curved = cv2.remap(
        surface,
        (across + shift_x).astype(np.float32),
        (down + shift_y).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(curved * (1 - 6 * share * (np.cos(turn) * 0.5 + 0.5)))


def through_lens(seen: Plane, wear: Wear, rng: Rng) -> Plane:
    """Moire of screen against sensor, defocus, a moving hand, and the lens's own softness."""
    out = _moired(seen, wear.moire, rng) if wear.moire else seen
    if wear.defocus_px:
        out = cv2.filter2D(out, -1, _disc(wear.defocus_px), borderType=cv2.BORDER_REPLICATE)
    if wear.motion_px > 1:
        kernel = streak(wear.motion_px, rng.uniform(0, math.pi))
        out = cv2.filter2D(out, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.6))


def _moired(seen: Plane, amount: float, rng: Rng) -> Plane:
    height, width = seen.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    bands = np.zeros((height, width), np.float32)
    for low, high, weight in ((3.2, 6, 1.0), (7, 16, 0.8), (20, 60, 0.5)):
        period, way = rng.uniform(low, high), rng.uniform(0, math.pi)
        bend = 6 * np.sin((across * 0.6 + down * 0.8) / rng.uniform(90, 220) + rng.uniform(0, 6))
        line = across * math.cos(way) + down * math.sin(way) + bend
        bands += weight * np.sin(2 * math.pi * line / period)
    roll = np.sin(2 * math.pi * down / rng.uniform(60, 200) + rng.uniform(0, 6)) * 0.8
    if seen.ndim == 3:
        bands, roll = bands[:, :, None], roll[:, :, None]
    return np.asarray(seen * (1 + amount * (0.6 * bands + 0.45 * roll)) + amount * 25 * bands)


def _disc(radius_px: float) -> Plane:
    half = math.ceil(radius_px)
    down, across = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(across, down), 0, 1)
    return np.asarray(disc / disc.sum())


def streak(length_px: float, way: float) -> Plane:
    """The kernel of a motion so long, in this direction (radians)."""
    size = int(length_px) * 2 + 3
    middle, reach = size // 2, length_px / 2
    ends = [
        (
            round((middle + s * math.cos(way) * reach) * 16),
            round((middle + s * math.sin(way) * reach) * 16),
        )
        for s in (-1, 1)
    ]
    streak = np.zeros((size, size), np.float32)
    cv2.line(streak, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(streak / streak.sum())


def exposed(seen: Plane, wear: Wear, rng: Rng) -> Plane:
    """What the sensor makes of it: photon and read noise, amplified where there is little light."""
    signal = seen * wear.gain
    noise = rng.normal(0, 1, seen.shape).astype(np.float32)
    signal = signal + noise * np.sqrt(1.6**2 + wear.shot * np.clip(signal, 0, None))
    return np.asarray(signal / wear.gain**0.75 if wear.gain < 0.5 else signal)
