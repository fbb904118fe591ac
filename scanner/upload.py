"""Giving the service the journal: in runs, and past whatever it cannot take.

A run that is refused as a whole is halved until the entry at fault is alone. Whether it is
the entry or the service that is at fault shows in the next one: only once another entry
has gone through is the lone one passed over. A refused one (400, 413, 422) is then given
up with an alarm; one over which the service breaks is tried again every time.
"""

import logging
from typing import Final

from scanner.events import Failure
from scanner.journal import Journal
from scanner.link import Link, NoReply
from ticketing.wire.sync_api import MOST_ENTRIES, Result, Upload, UploadAnswer

_OF_AN_ENTRY: Final = frozenset({400, 413, 422})
_MOST_SUSPECTS: Final = 8

log = logging.getLogger("scanner")


class Uploader:
    """Uploads one journal; `alarms` counts what the service rejected, forked or never took."""

    def __init__(self, journal: Journal, link: Link) -> None:
        self.alarms = 0
        self._journal = journal
        self._link = link
        self._size = MOST_ENTRIES
        self._aside: set[int] = set()
        self._suspects: dict[int, NoReply] = {}
        self._has_worked = False

    def run(self) -> NoReply | None:
        """Upload until nothing is left (None), or until the service or the line fails.

        Raises:
            JournalError: an answer could not be written down.
        """
        self._suspects, self._has_worked = {}, False
        aside = tuple(sorted(self._aside))
        while upload := self._journal.upload(self._size, skip=self._aside | set(self._suspects)):
            failed = self._send(upload)
            if failed is not None:
                return failed
        for n in aside:
            upload = self._journal.upload(1, skip=self._aside - {n})
            if upload is None or upload.entries[0].n != n:
                continue  # told meanwhile, or something newer goes first
            if isinstance(self._try(upload), UploadAnswer):
                self._aside.discard(n)
        return next(iter(self._suspects.values()), None)

    def _send(self, upload: Upload) -> NoReply | None:
        """Send a run; a failure that ends the round."""
        reply = self._try(upload)
        if isinstance(reply, UploadAnswer):
            self._has_worked = True
            self._size = min(2 * self._size, MOST_ENTRIES)
            self._judge_suspects()
            return None
        size = len(upload.entries)
        if not _blames_an_entry(reply):
            if reply.failure is Failure.TIMEOUT:  # a thin line: less at a time
                self._size = max(1, size // 2)
            return reply
        if size > 1:
            self._size = size // 2
            return None
        self._suspects[upload.entries[0].n] = reply
        if self._has_worked and reply.status in _OF_AN_ENTRY:
            self._judge_suspects()
        return reply if len(self._suspects) > _MOST_SUSPECTS else None

    def _try(self, upload: Upload) -> UploadAnswer | NoReply:
        reply = self._link.upload(upload)
        if isinstance(reply, NoReply):
            return reply
        if not {item.n for item in reply.items} & {entry.n for entry in upload.entries}:
            return NoReply(Failure.BROKEN)  # an answer that says nothing would be asked for ever
        if self._journal.answered(upload, reply):
            log.warning("the service has lost entries of the journal; they are sent again")
        bad = [item for item in reply.items if item.result in {Result.REJECTED, Result.FORK}]
        for item in bad:
            log.error("entry %d of the journal: %s", item.n, item.result)
        self.alarms += len(bad)
        return reply

    def _judge_suspects(self) -> None:
        """The service lives, so it was these entries."""
        for n, reply in self._suspects.items():
            if reply.status in _OF_AN_ENTRY:
                self._journal.give_up(n)
                self.alarms += 1
                log.error("entry %d of the journal: the service cannot take it", n)
            else:
                self._aside.add(n)
        self._suspects = {}


def _blames_an_entry(reply: NoReply) -> bool:
    return reply.failure is Failure.SERVER or reply.status in _OF_AN_ENTRY
