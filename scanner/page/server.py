"""The page's web server: werkzeug's own, in threads, on loopback.

A production server would buy nothing here: there is one local client, and each of its
two streams (events, pictures) holds a thread for hours, which this server has for free.
It is never reachable from another computer.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST: Final = "127.0.0.1"
_STOP_LIMIT_S: Final = 3.0


class PortTaken(Exception):  # noqa: N818  says what it is
    """Another program listens there."""


class _Quiet(WSGIRequestHandler):
    """Logs no requests: there is nothing in them for an operator."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class PageServer:
    """Serves until it is left."""

    def __init__(self, app: Flask, port: int) -> None:
        """Listen at once, so that a taken port is known before anything else starts.

        Raises:
            PortTaken: another program listens there.
        """
        # werkzeug itself would print and exit the process on a taken port.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
                listener.listen(64)
            except OSError:
                raise PortTaken from None
            self.port: int = listener.getsockname()[1]
            self._server = make_server(
                HOST,
                self.port,
                app,
                threaded=True,
                request_handler=_Quiet,
                fd=listener.fileno(),
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="page", daemon=True
        )

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._server.shutdown()
        self._thread.join(_STOP_LIMIT_S)
        self._server.server_close()
