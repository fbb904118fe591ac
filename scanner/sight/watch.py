"""The motion gate: is anything before the camera that was not there a while ago?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from scanner.sight.reading import Gray

_SIZE = (80, 45)
_LEARN = 0.02
_DIFFERENT = 14.0
_ENOUGH = 0.01


class Watch:
    """Compares frames with a slowly learned picture of the empty hall.

    Reading an empty frame costs a millisecond, so nothing is saved there: the gate only keeps
    the fallbacks, which cost several, away from an empty hall. A telephone held still stays
    visible for about fifty frames before it counts as furniture.
    """

    def __init__(self) -> None:
        self._hall: Gray | None = None

    def stirs(self, gray: Gray) -> bool:
        """Whether one part in a hundred of the frame differs from the hall; then learns it."""
        # Nearest: 0.02 ms against 0.2 ms with averaging; noise is below the threshold anyway.
        small = cv2.resize(gray, _SIZE, interpolation=cv2.INTER_NEAREST).astype(np.float32)
        if self._hall is None:
            self._hall = small
            return True
        share = float(np.mean(np.abs(small - self._hall) > _DIFFERENT))
        self._hall += _LEARN * (small - self._hall)
        return share > _ENOUGH
