"""Keeps OpenCV and its FFMPEG from writing to the terminal; errors are reported by us."""

from __future__ import annotations

import contextlib
import os

import cv2


def hush() -> None:
    """Silences OpenCV's own log; what somebody set in the environment stays."""
    # FFMPEG reads this when it is first used; -8 is its AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        with contextlib.suppress(AttributeError, cv2.error):
            cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
