"""Synthetic webcam frames of tickets held up at a gate, for benchmarks and journey tests.

A ticket is drawn, shown on a telephone (or printed on paper), projected by a pinhole camera
into a 1280 x 720 frame at twice the size, worn by one of sixteen conditions at a severity of 1
to 5 (0 is clean), and passed through a webcam's JPEG. The same seed, condition, severity and
OpenCV version give the same bytes. No real camera stands behind the scale: it compares readers,
it does not forecast a day at the gate.

`python -m benchmarks.gate_frames FOLDER [--each N] [--seed N]` writes frames and a truth.tsv.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import pathlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from benchmarks import gate_wear
from benchmarks.gate_wear import CONDITIONS, Wear, wear_of
from ticketing.wire.codec import BASE32HEX

Plane: TypeAlias = npt.NDArray[Any]
Points: TypeAlias = npt.NDArray[Any]

WIDTH, HEIGHT = 1280, 720
SUPERSAMPLING = 2
FOCAL_PX = 1100.0
WEBCAM_QUALITY = 88
CASE_PX = 30


@dataclass(frozen=True, slots=True)
class GateFrame:
    """One frame: gray picture (720, 1280), the webcam's JPEG bytes, and what stands in it."""

    gray: Plane
    jpeg: bytes
    text: str
    condition: str
    severity: int


@dataclass(frozen=True, slots=True)
class Card:
    """A drawn card: float picture (h, w) or (h, w, 3), and the code's box in it (x, y, w, h)."""

    picture: Plane
    box: tuple[int, int, int, int]


def ticket_text(characters: int, seed: int) -> str:
    """A text over the alphabet of ticket barcodes, the same for the same seed."""
    rng = np.random.default_rng([seed, characters])
    return "".join(BASE32HEX[i] for i in rng.integers(0, 32, characters))


def frame(
    seed: int,
    condition: str,
    *,
    severity: int,
    text: str | None = None,
    characters: int = 154,
    level: str = "M",
) -> GateFrame:
    """A frame of one condition; 154 characters at level M is the product's own ticket."""
    rng = np.random.default_rng([seed, CONDITIONS.index(condition), severity])
    content = ticket_text(characters, seed) if text is None else text
    wear = wear_of(condition, severity, rng)
    card = _draw_ticket(content, level, wear)
    gray, jpeg = _photograph(card, wear, rng)
    return GateFrame(gray, jpeg, content, condition, severity)


def frame_of_picture(picture: Plane, *, seed: int, severity: int) -> Plane:
    """A webcam frame (720, 1280, 3) BGR of a telephone that shows this picture on its screen.

    `picture` is a card as gray or BGR uint8; `severity` 0 to 5 wears it like condition "combo"
    (up to 2, the product's own card is read from single frames; above, some frames fail).
    """
    rng = np.random.default_rng([seed, 4711, severity])
    wear = wear_of("combo", severity, rng)
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    height, width = colour.shape[:2]
    side = min(width, height)
    box = ((width - side) // 2, (height - side) // 2, side, side)
    # The card fills 560 of the frame's 720 lines, as a telephone held up to be read does.
    reach = 560.0 * side / max(height, width * 0.6) * wear.side_px / gate_wear.USUAL_SIDE_PX
    shown = gate_wear.replaced(wear, side_px=reach)
    _, jpeg = _photograph(Card(colour.astype(np.float32), box), shown, rng)
    return _decode(jpeg, cv2.IMREAD_COLOR)


def empty(seed: int, *, telephone: bool) -> Plane:
    """A gray frame without any code; with `telephone`, somebody shows a chat but no ticket."""
    rng = np.random.default_rng([seed, 777])
    scene = hall(rng, float(rng.uniform(0.1, 0.8))) * 0.8
    if telephone:
        _draw_chat(scene, rng)
    scene = cv2.GaussianBlur(scene, (0, 0), 0.7) + rng.normal(0, 3, scene.shape)
    return _decode(webcam_jpeg(scene), cv2.IMREAD_GRAYSCALE)


def modules(text: str, level: str = "M") -> Plane:
    """The modules of a code, dark ones True, without a quiet zone."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    drawn = zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False)
    return np.array(drawn) < 128


def _write(plane: Plane, text: str, at: tuple[int, int], *, size: float, ink: float) -> None:
    """Letters on a float picture; OpenCV 5 writes on 8-bit pictures only."""
    mask = np.zeros(plane.shape[:2], np.uint8)
    thick = max(1, round(size * 1.8))
    cv2.putText(mask, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, thick, cv2.LINE_AA)
    share = mask.astype(np.float32) / 255
    plane[...] = plane * (1 - share) + ink * share


def _draw_ticket(text: str, level: str, wear: Wear) -> Card:
    dark = modules(text, level)
    scale = max(4, round(700 / (dark.shape[0] + 2 * wear.quiet)))
    code = np.where(dark, wear.dark, wear.light).astype(np.float32)
    code = np.kron(code, np.ones((scale, scale), np.float32))
    side, border = code.shape[0], wear.quiet * scale
    width = max(760, side + 2 * border)
    left, top = (width - side) // 2, 150 + border
    card = np.full((top + side + border + 170, width), wear.light, np.float32)
    if wear.quiet < 4:  # something dark abuts a narrow quiet zone
        margin = card.copy()
        card[:] = wear.light + (wear.dark - wear.light) * 0.7
        inner = np.s_[top - border : top + side + border, left - border : left + side + border]
        card[inner] = margin[inner]
    card[top : top + side, left : left + side] = code
    _write(card, "STADTMUSEUM", (60, 70), size=1.7, ink=wear.dark)
    _write(card, "So 22.11.2026 14:30", (60, 120), size=1.1, ink=wear.dark)
    _write(card, "Besuch: M. Muster", (60, card.shape[0] - 90), size=1.1, ink=wear.dark)
    return Card(card, (left, top, side, side))


def _photograph(card: Card, wear: Wear, rng: np.random.Generator) -> tuple[Plane, bytes]:
    held = _held(card, wear, rng)
    scene = hall(rng, wear.clutter) * 0.72
    middle = np.array([rng.uniform(-220, 220), rng.uniform(-90, 90)])
    seen = projected(held, scene, wear=wear, middle=middle)
    exposed = gate_wear.exposed(gate_wear.through_lens(seen, wear, rng), wear, rng)
    jpeg = webcam_jpeg(exposed)
    return _decode(jpeg, cv2.IMREAD_GRAYSCALE), jpeg


def held_card(text: str, wear: Wear, rng: np.random.Generator) -> Card:
    """A ticket on its telephone or sheet, worn by what lies on it."""
    return _held(_draw_ticket(text, "M", wear), wear, rng)


def _held(card: Card, wear: Wear, rng: np.random.Generator) -> Card:
    sent = Card(gate_wear.recompressed(card.picture, wear), card.box)
    sheet = _on_paper(sent) if wear.paper else _on_telephone(sent, rng)
    worn = gate_wear.worn_surface(sheet.picture, sheet.box, wear=wear, rng=rng)
    body = worn if wear.paper else _cased(worn)
    edge = 0 if wear.paper else CASE_PX
    x, y, width, height = sheet.box
    return Card(body, (x + edge, y + 3 * edge, width, height))


def _cased(screen: Plane) -> Plane:
    case = cv2.copyMakeBorder(
        screen, 3 * CASE_PX, 3 * CASE_PX, CASE_PX, CASE_PX, cv2.BORDER_CONSTANT, value=(18, 18, 18)
    )
    return np.asarray(case)


def _on_paper(card: Card) -> Card:
    pad = int(card.picture.shape[1] * 0.06)
    sheet = cv2.copyMakeBorder(
        card.picture, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(250, 250, 250)
    )
    x, y, width, height = card.box
    return Card(sheet, (x + pad, y + pad, width, height))


def _on_telephone(card: Card, rng: np.random.Generator) -> Card:
    width = card.picture.shape[1]
    pad, top, bottom = int(width * 0.06), int(width * 0.35), int(width * 0.30)
    shade = 35.0 if rng.random() < 0.5 else 225.0
    screen = cv2.copyMakeBorder(
        card.picture, top, bottom, pad, pad, cv2.BORDER_CONSTANT, value=(shade, shade, shade)
    )
    if screen.ndim == 2:
        for line in range(4):
            at = (pad, 40 + line * 55)
            _write(screen, "Ihr Ticket für das Museum", at, size=1.0, ink=255 - shade)
    x, y, box_width, box_height = card.box
    return Card(screen, (x + pad, y + top, box_width, box_height))


def projected(card: Card, scene: Plane, *, wear: Wear, middle: Points) -> Plane:
    """The card before the scene, the middle of its code at `middle` (x, y) of the frame."""
    height, width = card.picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    centre = np.array([card.box[0] + card.box[2] / 2, card.box[1] + card.box[3] / 2])
    scale = wear.side_px / max(card.box[2:])
    turned = np.c_[(corners - centre) * scale, np.zeros(4)] @ _rotation(wear).T
    depth = FOCAL_PX + turned[:, 2:]
    there = (np.array([WIDTH / 2, HEIGHT / 2]) + middle + FOCAL_PX * turned[:, :2] / depth).astype(
        np.float32
    )
    matrix = cv2.getPerspectiveTransform(corners, there * np.float32(SUPERSAMPLING))
    picture = card.picture
    if scale * SUPERSAMPLING < 0.8:  # blur before shrinking, or the warp makes its own moire
        picture = cv2.GaussianBlur(picture, (0, 0), 0.35 / (scale * SUPERSAMPLING))
    if picture.ndim == 3:
        scene = np.repeat(scene[:, :, None], 3, axis=2)
    size = (WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING)
    big = cv2.resize(scene, size, interpolation=cv2.INTER_LINEAR)
    cv2.warpPerspective(
        picture, matrix, size, dst=big, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    return np.asarray(cv2.resize(big, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def _rotation(wear: Wear) -> Points:
    (cy, sy), (cp, sp), (cr, sr) = (
        (math.cos(a), math.sin(a)) for a in (wear.yaw, wear.pitch, wear.roll)
    )
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(roll @ pitch @ yaw)


def hall(rng: np.random.Generator, clutter: float) -> Plane:
    """A blurred hall with signs, people-sized blobs and, when cluttered, finder-like squares."""
    scene = _clouds(rng, 200, low=60, high=170) * 0.7 + _clouds(rng, 60, low=0, high=90) * 0.5
    for _ in range(int(8 + clutter * 90)):
        _draw_thing(scene, rng, clutter)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 2.2 - 1.6 * clutter))


def _clouds(rng: np.random.Generator, cell_px: int, *, low: float, high: float) -> Plane:
    coarse = rng.uniform(low, high, (max(2, HEIGHT // cell_px), max(2, WIDTH // cell_px)))
    size = (WIDTH, HEIGHT)
    return np.asarray(cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC))


def _draw_thing(scene: Plane, rng: np.random.Generator, clutter: float) -> None:
    x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
    tone, kind = float(rng.integers(10, 245)), int(rng.integers(0, 5))
    size = int(rng.integers(8, 140 - int(80 * clutter)))
    if kind == 0:
        turn = float(rng.integers(0, 180))
        cv2.ellipse(scene, (x, y), (size, int(size * 1.4)), turn, 0, 360, tone, -1, cv2.LINE_AA)
    elif kind == 1:
        tall = int(size * rng.uniform(0.3, 3))
        cv2.rectangle(scene, (x, y), (x + size, y + tall), tone, -1)
    elif kind == 2:
        letters = "".join(chr(int(c)) for c in rng.integers(65, 91, 6))
        _write(scene, letters, (x, y), size=size / 30, ink=tone)
    elif kind == 3:
        there = (int(x + rng.integers(-300, 300)), int(y + rng.integers(-300, 300)))
        cv2.line(scene, (x, y), there, tone, int(rng.integers(1, 9)), cv2.LINE_AA)
    elif clutter > 0.4:
        for ring, ink in enumerate((0.0, 255.0, 0.0)):
            inset = ring * size // 7
            far = (x + size - inset, y + size - inset)
            cv2.rectangle(scene, (x + inset, y + inset), far, ink, -1)


def _draw_chat(scene: Plane, rng: np.random.Generator) -> None:
    x, y = int(rng.integers(200, 800)), int(rng.integers(20, 160))
    cv2.rectangle(scene, (x, y), (x + 280, y + 540), 15, -1)
    cv2.rectangle(scene, (x + 10, y + 40), (x + 270, y + 500), 235, -1)
    for line in range(18):
        at = (x + 16, y + 65 + line * 24)
        _write(scene, f"Nachricht {line} Museum offen", at, size=0.42, ink=30)


def webcam_jpeg(scene: Plane) -> bytes:
    """What the camera sends."""
    sharp = np.clip(scene, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", sharp, [cv2.IMWRITE_JPEG_QUALITY, WEBCAM_QUALITY])[1])


def _decode(jpeg: bytes, flags: int) -> Plane:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flags)
    if picture is None:
        raise ValueError("the frame's own JPEG does not decode")
    return picture


def main() -> None:
    """Writes a folder of frames with a truth.tsv that `scanner bench` reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--each", type=int, default=1, help="frames per condition and severity")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    rows = ["file\tn_codes\texpected_json\tcategory"]
    for condition, severity, turn in itertools.product(CONDITIONS, range(1, 6), range(asked.each)):
        made = frame(asked.seed * 1000 + turn, condition, severity=severity)
        name = f"{condition}_{severity}_{turn}.jpg"
        (asked.folder / name).write_bytes(made.jpeg)
        rows.append(f"{name}\t1\t{json.dumps([made.text])}\tgate:{condition}")
    (asked.folder / "truth.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
