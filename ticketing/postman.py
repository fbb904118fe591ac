"""The postman: sends tickets by e-mail, beside the worker, which a slow server never holds up."""

import logging
import threading
from contextlib import AbstractContextManager
from datetime import timedelta

from ticketing import loops
from ticketing.service import mails
from ticketing.service.channels import Retry, Sent
from ticketing.service.letters import Letter, Mailer, MailOutcome
from ticketing.service.mails import MailLease
from ticketing.service.ports import CardPainter, House, Units, Wording

log = logging.getLogger("ticketing.postman")
_BROKEN = timedelta(seconds=30)


class Postman:
    """Claim, paint, send, settle; over and over."""

    def __init__(
        self,
        store: Units,
        house: House,
        mailer: Mailer | None,
        *,
        painter: CardPainter,
        words: Wording,
    ) -> None:
        """Take the parts; without a `mailer` nothing is claimed."""
        self._store = store
        self._house = house
        self._mailer = mailer
        self._painter = painter
        self._words = words

    def run_once(self) -> bool:
        """Send one mail that is due; whether there was any. Nothing due takes no lock."""
        if self._mailer is None:
            return False
        house = self._house.fresh()
        with self._store.unit() as unit:
            if not mails.is_due(unit, house):
                return False
            lease = mails.claim(unit, house)
        if lease is None:
            return False
        with self._store.unit() as unit:
            letter = mails.letter_of(unit, house, lease=lease, words=self._words)
        outcome = self._sent(self._mailer, lease, letter) if isinstance(letter, Letter) else letter
        with self._store.unit() as unit:
            if not mails.settle(unit, house, lease=lease, outcome=outcome):
                log.warning("mail %d: the lease ran out before it was settled", lease.id)
        return True

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; the mail that is being sent then is finished."""
        loops.keep_turning(self.run_once, stop, log=log)

    def beside(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Run in a thread of its own until `stop` is set, or the block is left."""
        return loops.beside(self.run, stop, name="postman")

    def _sent(self, mailer: Mailer, lease: MailLease, letter: Letter) -> MailOutcome:
        try:
            outcome = mailer.send(letter, self._painter.card(letter.card))
        except Exception as error:  # noqa: BLE001  one broken mail must not stop the others
            log.error("mail %d: %s", lease.id, type(error).__name__)  # noqa: TRY400  a traceback may quote the mail
            return Retry(_BROKEN)
        if not isinstance(outcome, Sent):
            log.warning("mail %d: %s", lease.id, type(outcome).__name__)
        return outcome
