"""Symbols of ours for the tests of the reader that knows them, drawn by another library."""

from typing import TYPE_CHECKING

import cv2
import numpy as np
import qrcode

from scanner.sight.layout import TICKET, Layout, Modules
from scanner.sight.prepare import View
from ticketing.wire.codec import BASE32HEX

if TYPE_CHECKING:
    from scanner.sight.reading import Gray

MODULE_PX = 8


def text_of(seed: int, layout: Layout = TICKET) -> str:
    """A text as long as the layout's, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return "".join(BASE32HEX[i] for i in rng.integers(0, len(BASE32HEX), layout.characters))


def drawn(text: str, layout: Layout = TICKET, *, mask: int | None = None) -> Modules:
    """The symbol as +1 and -1."""
    version = (layout.modules - 17) // 4
    level = {6: qrcode.constants.ERROR_CORRECT_M, 9: qrcode.constants.ERROR_CORRECT_L}[version]
    made = qrcode.QRCode(version=version, error_correction=level, mask_pattern=mask)
    made.add_data(text)
    made.make(fit=False)
    return np.array(made.modules, bool) * 2.0 - 1


def frame(
    modules: Modules, *, at: tuple[int, int] = (500, 200), blur: float = 2.5, seed: int = 0
) -> View:
    """A gray frame of 1280 by 720 with a softened, noisy symbol."""
    dark = np.pad(modules, 4, constant_values=-1) > 0
    picture = np.where(np.kron(dark, np.ones((MODULE_PX, MODULE_PX), bool)), 40, 215)
    scene = np.full((720, 1280), 120, np.float32)
    left, top = at
    scene[top : top + len(picture), left : left + len(picture)] = picture
    soft = cv2.GaussianBlur(scene, (0, 0), blur)
    noise = np.random.default_rng(seed).normal(0, 3, soft.shape)
    gray: Gray = np.clip(soft + noise, 0, 255).astype(np.uint8)
    return View(gray)


def corners(view: View, at: tuple[int, int], modules: int) -> tuple[tuple[float, float], ...]:
    """Where the symbol of such a frame lies, clockwise from its top left."""
    assert view.gray.size
    left, top = at[0] + 4 * MODULE_PX - 0.5, at[1] + 4 * MODULE_PX - 0.5
    side = modules * MODULE_PX
    return ((left, top), (left + side, top), (left + side, top + side), (left, top + side))
