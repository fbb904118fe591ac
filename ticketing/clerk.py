"""The clerk: does the long work that people leave behind, beside the worker."""

import logging
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager

from ticketing import loops
from ticketing.domain.jobs import JobKind
from ticketing.service import jobs
from ticketing.service.jobs import Craft, Doer
from ticketing.service.ports import House, Units

log = logging.getLogger("ticketing.clerk")


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
        loops.keep_turning(self._turn, stop, log=log)

    def beside(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Run in a thread of its own until `stop` is set, or the block is left."""
        return loops.beside(self.run, stop, name="clerk", at_end=self._doer.stop)

    def _turn(self) -> bool:
        return self._doer.look() or jobs.drop_old(self._store, self._house) > 0
