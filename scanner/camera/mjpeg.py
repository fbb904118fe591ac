"""An MJPEG address (multipart/x-mixed-replace over HTTP), as network cameras and phones serve it.

Our own client on the standard library: OpenCV's FFMPEG hides why an address fails, keeps a
backlog, and its time-outs differ from build to build.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from scanner.camera.frame import BadSource, CameraLost, Frame, Picture, Trouble
from scanner.camera.headers import header_of
from scanner.camera.newest import Newest
from scanner.camera.pictures import decode_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_S: Final = 4.0
STALL_S: Final = 5.0
_MOST_BYTES: Final = 16 * 1024 * 1024
_LONGEST_LINE: Final = 4096
_MOST_HEADERS: Final = 40
_MOST_RUBBISH: Final = 20
_JOIN_S: Final = 1.0
_NEEDS_SIGN_IN: Final = (401, 403)
_NO_PICTURES: Final = "the camera sends no pictures any more"


@dataclass(frozen=True, slots=True)
class _Stream:
    connection: http.client.HTTPConnection
    socket: socket.socket
    body: http.client.HTTPResponse
    boundary: bytes


class _StreamEnd(Exception):  # noqa: N818 (private, and an end is not always an error)
    """The stream stopped or makes no sense any more."""


class MjpegCamera:
    """An MJPEG address. Silence of `stall_s` seconds, an end or rubbish is a loss.

    Only frames that are asked for are unpacked: at 120 a second that spares most of the work.
    """

    def __init__(
        self, address: str, *, connect_s: float = CONNECT_S, stall_s: float = STALL_S
    ) -> None:
        self._address = _parsed(address)
        self._connect_s = connect_s
        self._stall_s = stall_s
        self._newest: Newest[bytes] = Newest()
        self._broken = 0
        self._start()

    def _start(self) -> None:
        self._stream = self._connected()
        self._newest = Newest(first=self._newest.number)
        self._thread = threading.Thread(
            target=self._receive, args=(self._stream, self._newest), name="mjpeg", daemon=True
        )
        self._thread.start()

    def _connected(self) -> _Stream:
        connection = _connection(self._address, self._connect_s)
        try:
            connection.connect()
            # A response that ends with the connection takes the socket away from `connection`.
            plug = connection.sock
            target = self._address.path or "/"
            query = f"?{self._address.query}" if self._address.query else ""
            connection.request("GET", target + query, headers=_headers(self._address))
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise _no_answer(error) from None
        try:
            boundary = _boundary(answer)
        except BadSource:
            answer.close()
            connection.close()
            raise
        plug.settimeout(self._stall_s)
        return _Stream(connection, plug, answer, boundary)

    def _receive(self, stream: _Stream, newest: Newest[bytes]) -> None:
        rubbish = 0
        try:
            for part in _parts(stream):
                if header_of(part) is None:
                    rubbish += 1
                else:
                    newest.put(part)
                    rubbish = 0
                if rubbish > _MOST_RUBBISH:
                    newest.lose(_NO_PICTURES)
                    return
            newest.lose("the camera has closed the connection")
        except TimeoutError:
            newest.lose("the camera is silent")
        except (OSError, http.client.HTTPException, ValueError, AttributeError, _StreamEnd):
            # AttributeError: http.client's own, when `close` takes the socket away from it.
            newest.lose("the connection to the camera broke")
        finally:
            stream.body.close()
            stream.connection.close()

    @property
    def name(self) -> str:
        """`address` with host and port, without name, password or path."""
        host = self._address.hostname or ""
        return f"address {host}:{self._address.port}" if self._address.port else f"address {host}"

    @property
    def ended(self) -> bool:
        """Never: a network camera may always come back."""
        return False

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None in time.

        Raises:
            CameraLost: the connection is gone or silent, or nothing it sends can be unpacked.
        """
        ends_at = time.monotonic() + timeout_s
        while (arrived := self._newest.take(max(0.0, ends_at - time.monotonic()))) is not None:
            image = self._unpacked(arrived.what)
            if image is not None:
                return Frame(image, arrived.number, arrived.at_mono)
        return None

    def _unpacked(self, packed: bytes) -> Picture | None:
        try:
            image = decode_picture(packed)
        except BadSource:
            self._broken += 1
            if self._broken > _MOST_RUBBISH:
                self._broken = 0
                raise CameraLost(_NO_PICTURES) from None
            return None
        self._broken = 0
        return image

    def reopen(self) -> None:
        """Connects again.

        Raises:
            CameraLost: it does not answer yet.
        """
        self.close()
        try:
            self._start()
        except BadSource as error:
            self._newest.lose(error.detail)
            raise CameraLost(error.detail) from None

    def close(self) -> None:
        """Cuts the connection and waits a moment for the thread."""
        with contextlib.suppress(OSError):
            self._stream.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_JOIN_S)


def _parsed(address: str) -> SplitResult:
    unusable = BadSource(Trouble.BAD_ADDRESS, "this is not a usable http:// or https:// address")
    if not address.isprintable() or " " in address:
        raise unusable
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        raise unusable from None
    if not usable:
        raise unusable
    return parts


def _connection(address: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host, port = address.hostname or "", address.port
    if address.scheme == "https":
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=trust)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _headers(address: SplitResult) -> dict[str, str]:
    wanted = {"Accept": "multipart/x-mixed-replace, image/jpeg", "Connection": "close"}
    if address.username:
        pair = f"{unquote(address.username)}:{unquote(address.password or '')}"
        wanted["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return wanted


def _boundary(answer: http.client.HTTPResponse) -> bytes:
    if answer.status in _NEEDS_SIGN_IN:
        raise BadSource(Trouble.SIGN_IN, "the camera wants a name and a password in the address")
    if answer.status != http.client.OK:
        why = f"the address answers {answer.status}, not a stream"
        raise BadSource(Trouble.NOT_MJPEG, why)
    kind = Message()
    kind["Content-Type"] = answer.getheader("Content-Type") or ""
    if kind.get_content_type() != "multipart/x-mixed-replace":
        why = "the address is no MJPEG stream (multipart/x-mixed-replace)"
        raise BadSource(Trouble.NOT_MJPEG, why)
    # Some cameras announce the boundary with its dashes, some without.
    return (kind.get_boundary() or "").strip("-").encode("latin-1", errors="replace")


def _no_answer(error: Exception) -> BadSource:
    if isinstance(error, ConnectionRefusedError):
        return BadSource(Trouble.NO_ANSWER, "the address refuses the connection")
    if isinstance(error, TimeoutError):
        return BadSource(Trouble.NO_ANSWER, "the address does not answer")
    if isinstance(error, socket.gaierror):
        return BadSource(Trouble.NO_ANSWER, "the name in the address is not known")
    if isinstance(error, ssl.SSLError):
        return BadSource(Trouble.NO_ANSWER, "the certificate of the address is not trusted")
    if isinstance(error, http.client.HTTPException):
        return BadSource(Trouble.NOT_MJPEG, "the address does not speak HTTP")
    return BadSource(Trouble.NO_ANSWER, f"no connection ({type(error).__name__})")


def _parts(stream: _Stream) -> Iterator[bytes]:
    """The parts of the stream, one after the other; ends when the stream does."""
    body = stream.body
    while (length := _part_header(body)) is not None:
        if length:
            part = body.read(length)
            if len(part) < length:
                return
        else:
            part = _until_boundary(body, stream.boundary)
        yield part


def _part_header(body: http.client.HTTPResponse) -> int | None:
    """Reads up to the blank line that ends a part's header; its length, 0 if not given."""
    length, seen = 0, False
    for _ in range(_MOST_HEADERS):
        line = body.readline(_LONGEST_LINE)
        if not line:
            return None
        if not line.strip():
            if seen:
                return length
            continue
        name, _, value = line.partition(b":")
        seen = seen or not line.startswith(b"--")
        if name.strip().lower() == b"content-length":
            length = int(value)
            if not 0 < length <= _MOST_BYTES:
                raise _StreamEnd
    raise _StreamEnd


def _until_boundary(body: http.client.HTTPResponse, boundary: bytes) -> bytes:
    """A part without a length: all lines up to the next boundary."""
    mark, part = b"--" + boundary, bytearray()
    while line := body.readline(_LONGEST_LINE):
        if line.startswith(mark):
            break
        part += line
        if len(part) > _MOST_BYTES:
            raise _StreamEnd
    return bytes(part)
