"""The service's log: plain lines on stderr, several in one write.

A write for each line lets go of the interpreter, which busy gates then take from one another,
one line of the log for each scan: a tenth of its processor time (measured). So a line that only
informs waits a moment for others. A warning goes out at once, and all before it.
"""

import logging
import threading
import time
from multiprocessing.util import Finalize
from typing import Final, TextIO

WAIT_S: Final = 0.1
"""How long a line waits for others; what a process that is killed may leave untold."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Lines(logging.StreamHandler[TextIO]):
    """Writes what has gathered, `WAIT_S` after the first of it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.setFormatter(logging.Formatter(_FORMAT))
        self._gathered: list[logging.LogRecord] = []
        self._has_some = threading.Event()
        threading.Thread(target=self._write_on, name="log", daemon=True).start()
        # A server's process ends without `atexit`, which would ask for this.
        Finalize(None, self.flush, exitpriority=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; the caller holds the handler's lock."""
        self._gathered.append(record)
        if record.levelno > logging.INFO:
            self.flush()
        elif len(self._gathered) == 1:
            self._has_some.set()

    def flush(self) -> None:
        """Write all that has gathered; nothing is lost at the end of a process either."""
        self.acquire()
        try:
            gathered, self._gathered = self._gathered, []
            if gathered:
                self._write(gathered)
        finally:
            self.release()

    def _write(self, records: list[logging.LogRecord]) -> None:
        try:
            self.stream.write("".join(f"{self.format(record)}\n" for record in records))
            self.stream.flush()
        except Exception:  # noqa: BLE001  as logging does: a log that cannot be written stops nobody
            self.handleError(records[-1])

    def _write_on(self) -> None:
        while True:
            self._has_some.wait()
            self._has_some.clear()
            time.sleep(WAIT_S)
            self.flush()
