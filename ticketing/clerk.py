"""The clerk: does the long work that people leave behind, beside the worker."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ticketing.domain.jobs import JobKind
from ticketing.service import jobs
from ticketing.service.jobs import Craft, Doer
from ticketing.service.ports import House, Units

log = logging.getLogger("ticketing.clerk")
PAUSE_S = 0.5
TROUBLE_PAUSE_S = 2.0


class Clerk:
    """Look for a job, do it; over and over."""

    def __init__(self, store: Units, house: House, crafts: Mapping[JobKind, Craft]) -> None:
        """Take the parts."""
        self._store = store
        self._house = house
        self._doer = Doer(store, house, crafts)

    def run_once(self) -> int:
        """Do all there is to do, in this thread; how many jobs were looked at."""
        done = 0
        while self._doer.look():
            done += 1
        return done

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what is being done then is left to the next."""
        while not stop.is_set():
            try:
                busy = self._doer.look() or jobs.drop_old(self._store, self._house) > 0
            except Exception as error:  # noqa: BLE001  a sick database must not end the clerk
                log.error("clerk: %s", type(error).__name__)  # noqa: TRY400  a message may quote data
                stop.wait(TROUBLE_PAUSE_S)
                continue
            if not busy:
                stop.wait(PAUSE_S)

    @contextmanager
    def beside(self, stop: threading.Event) -> Iterator[None]:
        """Run in a thread of its own until `stop` is set, or the block is left."""
        thread = threading.Thread(target=self.run, args=(stop,), name="clerk")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            self._doer.stop()
            thread.join()
