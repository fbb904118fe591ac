"""What the eyes say: a reading, and the one protocol all readers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

Gray: TypeAlias = npt.NDArray[Any]
"""A gray picture: (height, width) of uint8."""

Corners: TypeAlias = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]
"""Four points (x, y) in pixels, from the code's own top left, clockwise."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One barcode that was read.

    Attributes:
        text: the content, made from the code's bytes; may hold any character, NUL included.
        corners: where it stands, in pixels of the picture that was given.
        stage: name of the stage of the cascade that read it.
    """

    text: str
    corners: Corners
    stage: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader that also reports failures saw.

    Attributes:
        readings: what was read.
        suspects: corners of symbols that were located but not decoded.
    """

    readings: tuple[Reading, ...]
    suspects: tuple[Corners, ...]


NOTHING = Found((), ())


class Reader(Protocol):
    """Anything that turns a gray picture into readings."""

    @property
    def name(self) -> str:
        """Short name, shown by `scanner bench` and `scanner doctor`."""
        ...

    def read(self, gray: Gray) -> tuple[Reading, ...]:
        """All codes in the picture; empty if there are none. Never raises."""
        ...


def distinct_texts(readings: tuple[Reading, ...]) -> tuple[str, ...]:
    """The texts in the order they were found, each once."""
    return tuple(dict.fromkeys(reading.text for reading in readings))
