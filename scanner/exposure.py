"""Whether the camera's picture is too dark to read by. Pure, but for what it remembers.

A dark hall alone is no trouble: a phone shines. So the brightest tenth of the picture counts,
which a phone or a lit sheet of paper lifts; and only after a while, so that a hand before the
lens is no news. Between the two marks the last word stands.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

DARK: Final = 45
BRIGHT: Final = 70
"""Of 255: below the one a picture is dark, above the other it is not."""
PATIENCE_S: Final = 1.5
_BRIGHTEST: Final = 0.9
_LEVELS: Final = 256


class Exposure:
    """Looks at small grey pictures, one after the other."""

    def __init__(self) -> None:
        self.is_dark = False
        self._since_s: float | None = None

    def look(self, grey: npt.NDArray[Any], now_s: float) -> bool:
        """Whether it is too dark as of this picture (uint8); `now_s` is monotonic."""
        level = brightness(grey)
        is_other = level > BRIGHT if self.is_dark else level < DARK
        if not is_other:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
        elif now_s - self._since_s >= PATIENCE_S:
            self.is_dark, self._since_s = not self.is_dark, None
        return self.is_dark


def brightness(grey: npt.NDArray[Any]) -> int:
    """The level (0 to 255) that nine tenths of the picture do not exceed."""
    counts = np.bincount(grey.ravel(), minlength=_LEVELS).cumsum()
    return int(np.searchsorted(counts, _BRIGHTEST * counts[-1]))
