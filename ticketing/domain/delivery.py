"""What becomes of a message on its way out (domain: pure).

    queued <-> leased -> sent -> delivered -> read
                |  |       `-> failed
                |  `-> unknown -> sent | delivered | read | failed   (a platform's status)
                `-> failed | skipped

`unknown` is a time-out after the request was written: only the platform's status leads
on, sending again by itself could say everything twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from ticketing.domain.consent import Purpose

OutboxId = NewType("OutboxId", int)
LEASE = timedelta(seconds=60)
"""A worker that has not settled by then is taken for dead."""
TRIES_MAX = 8
LONGEST_WAIT = timedelta(days=1)
"""The most a platform may ask us to wait."""


class DeliveryState(StrEnum):
    """State of an outbox row."""

    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Errand(StrEnum):
    """What a message is for: an answer, a ticket, or a purpose that needs consent."""

    ANSWER = "answer"
    TICKET = "ticket"
    NEWS = Purpose.NEWS.value
    CODES = Purpose.CODES.value

    @property
    def purpose(self) -> Purpose | None:
        """The consent it needs; None for answers and tickets."""
        return _PURPOSES.get(self)


_PURPOSES: Mapping[Errand, Purpose] = {
    Errand.NEWS: Purpose.NEWS,
    Errand.CODES: Purpose.CODES,
}


PENDING = frozenset({DeliveryState.QUEUED, DeliveryState.LEASED})
"""Still on its way: nothing behind it in the same conversation may go out or be shown."""
VISIBLE = frozenset(
    {
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.READ,
        DeliveryState.UNKNOWN,
    }
)
"""Shown in the conversation. `unknown` is in, lest a late status uncover an older message."""

_FROM_PLATFORM = frozenset(
    {
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.READ,
        DeliveryState.FAILED,
    }
)
_NEXT: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset({DeliveryState.LEASED, DeliveryState.SKIPPED}),
    # A platform's status can be faster than the worker's own settling.
    DeliveryState.LEASED: frozenset(
        {
            DeliveryState.QUEUED,
            DeliveryState.LEASED,
            DeliveryState.UNKNOWN,
            DeliveryState.SKIPPED,
            *_FROM_PLATFORM,
        }
    ),
    DeliveryState.SENT: frozenset(
        {DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.FAILED}
    ),
    DeliveryState.DELIVERED: frozenset({DeliveryState.READ}),
    DeliveryState.READ: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.UNKNOWN: _FROM_PLATFORM,
    DeliveryState.SKIPPED: frozenset(),
}


def may_follow(old: DeliveryState, new: DeliveryState) -> bool:
    """Whether a row may go from one state to the other."""
    return new in _NEXT[old]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an outcome makes of a row.

    Attributes:
        state: the new state.
        reason: short word for failed, skipped and queued-again rows.
        external_id: the platform's id.
        due_at: when a queued-again row is due (UTC), else None.
    """

    state: DeliveryState
    reason: str | None = None
    external_id: str | None = None
    due_at: datetime | None = None


def again(after: timedelta, tries: int, now: datetime) -> Settlement:
    """Queue once more, not before `after` and the back-off; after eight tries give up.

    Args:
        after: what the platform asks for.
        tries: how often it was tried, this one included.
        now: UTC.
    """
    if tries >= TRIES_MAX:
        return Settlement(DeliveryState.FAILED, "gave_up")
    wait = min(max(after, timedelta(0)), LONGEST_WAIT)
    due_at = now + max(wait, timedelta(seconds=1 << max(tries, 0)))
    return Settlement(DeliveryState.QUEUED, "retry", due_at=due_at)
