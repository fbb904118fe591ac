"""The courier: tells other programs what happens, beside the worker and never in its way.

One thread looks for news and for what is due; each receiver that has something due gets a
thread of its own for a while, so a slow one holds up nobody else.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

from ticketing import loops
from ticketing.service import hooks_out, webhooks
from ticketing.service.channels import ChannelReply, ChannelRequest
from ticketing.service.ports import House, Units

log = logging.getLogger("ticketing.courier")
MOST_IN_A_TURN = 50
"""Deliveries of one receiver before its thread is given back."""

Transport = Callable[[ChannelRequest], ChannelReply]


class Courier:
    """Find, queue, send, settle; over and over."""

    def __init__(self, store: Units, house: House, *, post: Transport) -> None:
        """Take the parts; `post` makes the HTTP requests."""
        self._store = store
        self._house = house
        self._post = post
        self._running: dict[str, Future[int]] = {}
        self._is_stopping = threading.Event()

    def feed(self) -> int:
        """Queue some of what is new, for each receiver; how many rows were read."""
        with self._store.unit() as unit:
            receivers = hooks_out.receivers(unit)
        read = 0
        for webhook in receivers:
            for source in hooks_out.SOURCES:
                with self._store.unit() as unit:
                    read += hooks_out.feed(unit, self._house, webhook=webhook, source=source)
        return read

    def send(self, webhook: str) -> int:
        """Send what is due to one receiver, in order; how many were tried."""
        for sent in range(MOST_IN_A_TURN):
            if self._is_stopping.is_set():
                return sent
            with self._store.unit() as unit:
                lease = hooks_out.claim(unit, self._house, webhook=webhook)
            if lease is None:
                return sent
            reply = self._post(hooks_out.request(self._house, lease))
            with self._store.unit() as unit:
                if not hooks_out.settle(unit, self._house, lease=lease, reply=reply):
                    log.warning("delivery %d: the lease ran out before it was settled", lease.id)
        return MOST_IN_A_TURN

    def run_once(self) -> int:
        """Feed all there is and give each receiver a turn, in this thread; how many were tried."""
        while self.feed():
            pass
        with self._store.unit() as unit:
            due = hooks_out.due(unit, self._house)
        return sum(self.send(webhook) for webhook in due)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what is being sent then is finished."""
        self._is_stopping = stop
        with ThreadPoolExecutor(webhooks.MOST, thread_name_prefix="courier") as pool:
            loops.keep_turning(lambda: self._turn(pool), stop, log=log)

    def beside(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Run in a thread of its own until `stop` is set, or the block is left."""
        return loops.beside(self.run, stop, name="courier")

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        is_busy = self.feed() > 0
        self._hand_out(pool)
        return is_busy

    def _hand_out(self, pool: ThreadPoolExecutor) -> None:
        """A turn for each receiver with something due that has none now."""
        for webhook, turn in tuple(self._running.items()):
            if turn.done():
                del self._running[webhook]
                error = turn.exception()
                if error is not None:
                    loops.complain(log, error)
        with self._store.unit() as unit:
            due = hooks_out.due(unit, self._house)
        for webhook in due:
            if webhook not in self._running:
                self._running[webhook] = pool.submit(self.send, webhook)
