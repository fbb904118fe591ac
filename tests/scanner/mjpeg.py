"""A real MJPEG server on loopback that can also stall, hang up, disappear and send rubbish."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOUNDARY = "frame-limit"
STALL = b"(stall)"
"""A step of a script: say nothing more, but keep the connection."""


def part(jpeg: bytes, *, with_length: bool = True) -> bytes:
    """One part of the stream."""
    length = f"Content-Length: {len(jpeg)}\r\n" if with_length else ""
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{length}\r\n"
    return head.encode() + jpeg + b"\r\n"


@dataclass
class Script:
    """What the server says; set before a camera connects, may be changed in between.

    `steps` are sent one after the other, `pause_s` apart; then the connection is closed.
    """

    steps: Sequence[bytes] = ()
    status: int = 200
    content_type: str = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    pause_s: float = 0.0
    seen_headers: list[dict[str, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    script: Script

    def do_GET(self) -> None:
        self.script.seen_headers.append(dict(self.headers.items()))
        self.send_response(self.script.status)
        self.send_header("Content-Type", self.script.content_type)
        self.end_headers()
        with contextlib.suppress(OSError):
            for step in self.script.steps:
                self._say(step)

    def _say(self, step: bytes) -> None:
        if step == STALL:
            self.script.stalled.set()
            self.script.stop.wait(20)
            return
        self.wfile.write(step)
        self.wfile.flush()
        self.script.stop.wait(self.script.pause_s)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # the next test may want the same port at once
    allow_reuse_address = True


@contextlib.contextmanager
def serving(script: Script, *, port: int = 0) -> Iterator[int]:
    """Serves the script on a loopback port, which is given; gone without a trace afterwards."""
    script.stop.clear()
    handler = type("Handler", (_Handler,), {"script": script})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        script.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
