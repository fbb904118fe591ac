"""A camera for journeys: an MJPEG stream over loopback that shows what the test holds up."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gate_frames import empty, frame_of_picture
from tests.scanner.mjpeg import BOUNDARY, part

Plane = npt.NDArray[Any]
FRAMES_PER_S = 12
SHAKES = 4
POSE = 4  # how the phone is held: one of the seeds


class CameraStand:
    """What stands before the camera: `show` holds a picture up, `clear` takes it away."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        # One picture: a hall that changes with every frame is searched with every frame.
        self._hall = [_jpeg(empty(0, telephone=False))]
        self._frames = self._hall
        self._shown = 0

    def show(self, picture: bytes, *, severity: int = 1) -> None:
        """Hold up a phone with this PNG on its screen; the hand shakes a little."""
        plane = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert plane is not None
        self._frames = [_jpeg(frame) for frame in held_up(plane, severity=severity)]

    def clear(self) -> None:
        """An empty hall again."""
        self._frames = self._hall

    def next_frame(self) -> bytes:
        """The next frame of the stream, JPEG."""
        self._shown += 1
        frames = self._frames
        return frames[self._shown % len(frames)]


def held_up(picture: Plane, *, severity: int) -> list[Plane]:
    """A few webcam frames of a phone that shows the picture; the hand shakes by some pixels."""
    still = frame_of_picture(picture, seed=POSE, severity=severity)
    return [np.roll(still, (shake * 2, shake * 3), axis=(0, 1)) for shake in range(SHAKES)]


def _jpeg(frame: Plane) -> bytes:
    return bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 88])[1])


@contextlib.contextmanager
def serving(stand: CameraStand, *, port: int = 0) -> Iterator[int]:
    """Stream what the stand shows; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not stand.gone.wait(1 / FRAMES_PER_S):
                    self.wfile.write(part(stand.next_frame()))

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    stand.gone.clear()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        stand.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()
