"""The board on which hangs what the people of a house have set; in the service room.

Each process has one. It looks into the database at most once a second, whoever asks first,
with one statement that no scan pays for; whoever changes something turns it at once. What hangs
is replaced as a whole, so nobody ever sees half of a change.
"""

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ticketing.domain import DomainError
from ticketing.domain import settings as rules
from ticketing.domain.museum import Museum
from ticketing.service.own_words import OwnWording
from ticketing.service.ports import House, Units, Wording
from ticketing.store import settings as rows
from ticketing.store.settings import SettingRow

log = logging.getLogger("ticketing.board")
LOOK_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Hung:
    """What hangs there, and the versions it is made of; () is the settings file alone."""

    versions: tuple[tuple[str, int, datetime], ...]
    museum: Museum
    wording: Wording


class StoredBoard:
    """The `Board` port over the settings table."""

    def __init__(self, store: Units, museum: Museum, wording: Wording) -> None:
        """Nothing is read yet; `museum` is what the settings file says, `wording` the texts'."""
        self._store = store
        self._first = self._hung = _Hung((), museum, wording)
        self._looked_at: datetime | None = None
        self._reading = threading.Lock()

    def over(self, house: House) -> House:
        """The house with what is set by now."""
        now = house.clock.now()
        looked_at = self._looked_at
        is_due = looked_at is None or abs(now - looked_at) >= LOOK_EVERY
        # while one looks the others go by what hangs, unless it was turned
        if is_due and self._reading.acquire(blocking=looked_at is None):
            try:
                if self._looked_at is looked_at:
                    self._look(now)
            finally:
                self._reading.release()
        hung = self._hung
        if not hung.versions:
            return house
        return replace(house, museum=hung.museum, wording=hung.wording)

    def turn(self) -> None:
        """Look again before anybody is told anything else."""
        with self._reading:
            self._looked_at = None

    def _look(self, now: datetime) -> None:
        """A database that cannot be read leaves what hangs: gates go on by it."""
        self._looked_at = now
        try:
            with self._store.unit() as unit:
                found = rows.listed(unit)
            versions = tuple((row.part.value, row.version, row.changed_at) for row in found)
            if versions != self._hung.versions:
                museum = self._laid_over(found)
                wording = OwnWording(self._first.wording, museum.words)
                self._hung = _Hung(versions, museum, wording)
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, scans go on
            log.error("settings: %s", type(error).__name__)  # noqa: TRY400  a traceback may quote data

    def _laid_over(self, found: tuple[SettingRow, ...]) -> Museum:
        museum = self._first.museum
        for row in found:
            try:
                museum = rules.laid_over(museum, row.part, row.facts)
            except DomainError as error:  # of a newer release: this part as the file says
                log.error("settings: %s of %s", type(error).__name__, row.part.value)  # noqa: TRY400  a traceback may quote data
        return museum
