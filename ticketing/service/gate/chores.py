"""What the worker does for the gates, and how often; in the service room."""

import logging
from datetime import date, datetime, timedelta

from ticketing.domain.museum import local_day
from ticketing.service import bulk, figures
from ticketing.service.gate.checkout import check_out
from ticketing.service.gate.recount import recount
from ticketing.service.ports import House, Units

log = logging.getLogger("ticketing.worker")
CHECK_OUT_EVERY = timedelta(minutes=1)


class Chores:
    """Check-out, clearing up and adding up every minute, the recount once a local day.

    Several workers do no harm to each other.
    """

    def __init__(self, store: Units, house: House) -> None:
        """Nothing has been done yet: all of it is due."""
        self._store = store
        self._house = house
        self._checked_at: datetime | None = None
        self._recounted_on: date | None = None

    def look(self) -> None:
        """Do what is due; after trouble not before it is due again."""
        now = self._house.clock.now()
        if self._checked_at is None or now - self._checked_at >= CHECK_OUT_EVERY:
            self._checked_at = now
            self._check_out()
            self._clear_up()
            self._add_up()
        today = local_day(now, self._house.museum.zone)
        if self._recounted_on != today:
            self._recounted_on = today
            self._recount()

    def _check_out(self) -> None:
        with self._store.unit() as unit:
            done = check_out(unit, self._house.fresh())
        if done.tickets or done.people:
            log.info("check-out: %d tickets, %d people", done.tickets, done.people)

    def _clear_up(self) -> None:
        with self._store.unit() as unit:
            gone = bulk.clear_abandoned(unit, self._house)
        if gone:
            log.warning("%d batches of tickets were abandoned and taken away", gone)
            self._recount()  # which gives their places back

    def _add_up(self) -> None:
        with self._store.unit() as unit:
            figures.refresh(unit, self._house)

    def _recount(self) -> None:
        with self._store.unit() as unit:
            recount(unit, self._house.fresh())
