"""What every camera gives, the protocol they share, and their errors."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

Picture: TypeAlias = npt.NDArray[Any]
"""A colour picture: (height, width, 3) of uint8, blue, green, red."""


class Trouble(enum.StrEnum):
    """Why a source cannot be used."""

    NO_SUCH_FILE = "no_such_file"
    IS_FOLDER = "is_folder"
    UNREADABLE = "unreadable"
    TEXT_FILE = "text_file"
    NOT_A_PICTURE = "not_a_picture"
    BROKEN_PICTURE = "broken_picture"
    BROKEN_VIDEO = "broken_video"
    TOO_LARGE = "too_large"
    EMPTY_FOLDER = "empty_folder"
    NO_WEBCAM = "no_webcam"
    BAD_ADDRESS = "bad_address"
    NO_ANSWER = "no_answer"
    SIGN_IN = "sign_in"
    NOT_MJPEG = "not_mjpeg"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source.

    Attributes:
        image: (height, width, 3) uint8 BGR; not to be written to.
        number: counts the source's own pictures from 0; a gap means some were skipped.
        at_mono: `time.monotonic()` in seconds when it arrived.
    """

    image: Picture
    number: int
    at_mono: float


class CameraError(Exception):
    """The root of what goes wrong with cameras."""


class BadSource(CameraError):  # noqa: N818 (the source is bad, whoever erred)
    """The source cannot be opened as it is.

    Attributes:
        reason: which trouble, for programs.
        detail: a sentence for people; names no path and no address.
    """

    def __init__(self, reason: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class CameraLost(CameraError):  # noqa: N818 (says what happened)
    """A camera that was there is gone; `reopen` may bring it back."""


class Camera(Protocol):
    """One source of frames. Used by one thread, except `close`, which any thread may call."""

    @property
    def name(self) -> str:
        """What staff may see: "webcam 0", a file's name, "address" and a host."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing new will come: a video or a folder that is through."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame not given yet, or None if none came in time.

        Raises:
            CameraLost: the camera is gone.
        """
        ...

    def reopen(self) -> None:
        """Opens the source again after it was lost; frame numbers go on.

        Raises:
            CameraLost: it is still gone.
        """
        ...

    def close(self) -> None:
        """Lets go of the device, file or connection. May be called twice."""
        ...
