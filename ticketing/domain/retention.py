"""How long things are kept, and how much is erased at once (domain: pure).

The chat's notice and the privacy page promise visitors how long messages and the person on
a ticket are kept. A house may set both (`Kept`), and the texts say what it set.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ATTEMPTS_KEPT = timedelta(days=1)
PAIRINGS_KEPT = timedelta(days=1)
"""Counted from the end of a pairing code's validity."""
ANSWERS_KEPT = timedelta(hours=24)
"""Stored answers for `Idempotency-Key`."""
MAILS_KEPT = timedelta(days=30)
"""That a ticket went out by e-mail, and how that ended; the address is gone with its end."""
UNSENT_KEPT = timedelta(days=1)
"""A mail that nobody sends goes with its address."""
HOOKS_KEPT = timedelta(days=30)
"""What receivers of events were sent."""

CHUNK = 500
"""Rows that one transaction erases at most."""
_QUICK, _SLOW = timedelta(milliseconds=5), timedelta(milliseconds=20)
_STEP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how many days visitors are promised that something is kept and then erased.

    `messages_days`: messages, the deliveries they came in, and their way out; `tickets_days`:
    the person on a ticket, counted from the end of its validity.
    """

    messages_days: int = 90
    tickets_days: int = 30


LEAST_DAYS: Final = 7
"""Less, and the desk could not answer for yesterday's visitors."""
MOST_DAYS: Final = 365
"""More is not needed for a visit, and what is not needed is not kept (GDPR, art. 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """The times (UTC) before which things of each kind are over their time."""

    messages: datetime
    tickets: datetime
    attempts: datetime
    pairings: datetime
    answers: datetime
    hooks: datetime
    mails: datetime
    unsent: datetime


def cutoffs(now: datetime, kept: Kept) -> Cutoffs:
    """What is too old at a time (UTC)."""
    return Cutoffs(
        messages=now - timedelta(days=kept.messages_days),
        tickets=now - timedelta(days=kept.tickets_days),
        attempts=now - ATTEMPTS_KEPT,
        pairings=now - PAIRINGS_KEPT,
        answers=now - ANSWERS_KEPT,
        hooks=now - HOOKS_KEPT,
        mails=now - MAILS_KEPT,
        unsent=now - UNSENT_KEPT,
    )


def next_size(size: int, took: timedelta, most: int) -> int:
    """How many rows the next transaction takes, after one of `size` took so long.

    It starts small and grows fourfold while transactions stay under 5 ms, so none
    should reach the 50 ms that a gate may be kept waiting, on a slow disk neither.
    """
    if took > _SLOW:
        return max(1, size // _STEP)
    return min(most, size * _STEP) if took < _QUICK else size
