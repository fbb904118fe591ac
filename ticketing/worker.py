"""The worker: takes messages from the outbox and gives them to their channels.

Any number of workers may run. Each message is leased to one of them for a minute; what a
dead worker had taken is sent by another one after that. At its start and every hour a
worker erases what is over its time; it checks out who is left when the house has closed; it
makes the codes of large batches, a little between two looks at the outbox.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from ticketing import loops
from ticketing.service import delivery, retention
from ticketing.service.channels import (
    Channel,
    ChannelReply,
    ChannelRequest,
    Outgoing,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
)
from ticketing.service.code_making import Maker
from ticketing.service.delivery import Lease
from ticketing.service.gate.chores import Chores
from ticketing.service.ports import House, Units

log = logging.getLogger("ticketing.worker")
PAUSE_S = 0.1
"""Between two looks at an empty outbox: what a visitor waits for an answer at most."""
BATCH = 20
UPKEEP_EVERY = timedelta(hours=1)
_BROKEN = timedelta(seconds=30)

Transport = Callable[[ChannelRequest], ChannelReply]


def no_transport(_request: ChannelRequest) -> ChannelReply:
    """The transport of a house without messengers: nothing goes out."""
    return ChannelReply(status=0, headers={}, body=b"", failure="no_transport")


class Worker:
    """Claim, send, settle; over and over."""

    def __init__(
        self,
        store: Units,
        house: House,
        channels: Iterable[Channel],
        *,
        transport: Transport = no_transport,
    ) -> None:
        """Take the parts; `transport` makes the HTTP requests that channels ask for."""
        self._store = store
        self._house = house
        self._channels = {channel.kind: channel for channel in channels}
        self._transport = transport
        self._upkept_at: datetime | None = None
        self._chores = Chores(store, house)
        self._maker = Maker(store, house)

    def run_once(self) -> int:
        """Send what is due, one message of each conversation; how many were taken.

        Nothing due is one read and no write transaction.
        """
        with self._store.unit() as unit:
            if not delivery.is_due(unit, self._house):
                return 0
            leases = delivery.claim(unit, self._house, limit=BATCH)
        for lease in leases:
            self._deal_with(lease)
        return len(leases)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; trouble is logged by its kind and waited out."""
        log.info("worker started")
        loops.keep_turning(self._turn, stop, log=log, pause_s=PAUSE_S)
        log.info("worker stopped")

    def _turn(self) -> bool:
        self._keep_up()
        self._chores.look()
        is_making = self._maker.look()
        return self.run_once() > 0 or is_making

    def _keep_up(self) -> None:
        """Erase what is over its time, once an hour; after trouble not before the next."""
        now = self._house.clock.now()
        if self._upkept_at is not None and now - self._upkept_at < UPKEEP_EVERY:
            return
        self._upkept_at = now
        retention.run(self._store, self._house.fresh())
        log.info("retention done")

    def _deal_with(self, lease: Lease) -> None:
        with self._store.unit() as unit:
            if not delivery.is_wanted(unit, lease=lease):
                delivery.withhold(unit, self._house, lease=lease)
                return
        outcome = self._send(lease)
        with self._store.unit() as unit:
            if not delivery.settle(unit, self._house, lease=lease, outcome=outcome):
                log.warning("outbox %d: the lease ran out before it was settled", lease.id)

    def _send(self, lease: Lease) -> SendOutcome:
        channel = self._channels.get(lease.channel)
        if channel is None:
            return Permanent("no_channel")
        try:
            return self._through(channel, lease)
        except Exception as error:  # noqa: BLE001  one broken message must not stop the others
            log.error("outbox %d: %s", lease.id, type(error).__name__)  # noqa: TRY400  a traceback may quote the message
            return Retry(_BROKEN)

    def _through(self, channel: Channel, lease: Lease) -> SendOutcome:
        """Make the channel's requests; the first that is not taken decides."""
        message = Outgoing(
            outbox_id=lease.id,
            kind=lease.content.kind.value,
            content=json.dumps(lease.content.to_json(), ensure_ascii=False),
            address=lease.address,
        )
        outcome: SendOutcome = Sent()
        for request in channel.render(message):
            outcome = channel.classify(self._transport(request))
            if not isinstance(outcome, Sent):
                break
        return outcome
