"""The log of a process: plain lines on stderr, never a person or a code."""

import logging
import os
import threading
import time
from collections import deque
from multiprocessing.util import Finalize
from typing import Any, Final

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_LATE_S: Final = 0.1
_MOST: Final = 100_000
"""Lines that wait at most while nothing can be written; then the oldest go."""


class GatheredLines(logging.StreamHandler[Any]):
    """Lines that share a write, a tenth of a second late at most.

    To write lets go of the interpreter, and to get it back takes longer than the line itself: a
    twelfth of a scan (measured). Whoever kills the process loses the lines of its last moment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(_FORMAT))
        self._waiting: deque[logging.LogRecord] = deque(maxlen=_MOST)
        self._writing = threading.Lock()  # the handler's own is held by whoever adds a line
        self._has_come = threading.Event()
        threading.Thread(target=self._keep_writing, name="log", daemon=True).start()
        # unlike `atexit` this is done by the server's processes, too, which are forked
        Finalize(None, self.write_all, exitpriority=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line until the next write."""
        self._waiting.append(record)
        if not self._has_come.is_set():
            self._has_come.set()

    def write_all(self) -> None:
        """Write what has come so far."""
        with self._writing:
            lines = [self.format(self._waiting.popleft()) for _ in range(len(self._waiting))]
            if lines:
                self.stream.write("\n".join(lines) + "\n")
                self.flush()

    def _keep_writing(self) -> None:
        while True:
            self._has_come.wait()
            time.sleep(_LATE_S)
            self._has_come.clear()
            try:
                self.write_all()
            except Exception:  # noqa: BLE001  the disk is full, or a line that cannot be made: go on
                self._has_come.set()  # what came behind that line waits still
                time.sleep(_LATE_S)


def log_to_stderr() -> None:
    """Time, level, logger, message."""
    logging.basicConfig(level=os.environ.get("EINLASS_LOG", "INFO").upper(), format=_FORMAT)
    # what no line shows is not looked up with every line; the manual: "Optimization"
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  the manual's own way
    logging.getLogger("alembic").setLevel(logging.WARNING)


def gather(name: str) -> None:
    """Let the lines of one logger, of which there are many, share their writes."""
    log = logging.getLogger(name)
    log.propagate = False
    log.handlers = [GatheredLines()]
