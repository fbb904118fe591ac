"""Frames from anything: a webcam, a video file, pictures, an MJPEG address; one protocol.

`open_source(text)` gives a `Camera` or says in a `BadSource` what is wrong with the text. A camera
that disappears raises `CameraLost` from `read` and can be opened again.

    CameraError
    ├── BadSource    reason, detail: it cannot be opened as it is
    └── CameraLost   it was there and is gone, or is not back yet
"""

from scanner.camera.choices import Choice, choices
from scanner.camera.frame import BadSource, Camera, CameraError, CameraLost, Frame, Picture, Trouble
from scanner.camera.pictures import load_picture
from scanner.camera.source import open_source

__all__ = [
    "BadSource",
    "Camera",
    "CameraError",
    "CameraLost",
    "Choice",
    "Frame",
    "Picture",
    "Trouble",
    "choices",
    "load_picture",
    "open_source",
]
