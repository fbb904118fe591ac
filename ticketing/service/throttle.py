"""How often somebody may be wrong; in the service room.

Addresses are kept as keyed hashes, for a day.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.service.ports import House
from ticketing.store import access
from ticketing.store.unit import Unit

_WHO_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Failures allowed in a window: of one address, and of all (None: any number)."""

    kind: str
    window: timedelta
    each: int
    in_all: int | None = None


def who_is(house: House, address: str) -> bytes:
    """What is kept of an address: 16 bytes under the house's secret."""
    return hmac.digest(house.secret, address.encode("utf-8", "replace"), hashlib.sha256)[
        :_WHO_BYTES
    ]


def retry_after_s(unit: Unit, limit: Limit, *, who: bytes, now: datetime) -> int:
    """Seconds until the next attempt is allowed, 0 for at once."""
    since = now - limit.window
    waits = [_wait(access.failures(unit, limit.kind, since=since, who=who), limit.each, since)]
    if limit.in_all is not None:
        waits.append(_wait(access.failures(unit, limit.kind, since=since), limit.in_all, since))
    return max(waits)


def wait_s(limit: Limit, failures: access.Failures, *, now: datetime) -> int:
    """The same where the failures of one address are known already."""
    return _wait(failures, limit.each, now - limit.window)


def _wait(failures: access.Failures, most: int, since: datetime) -> int:
    if failures.count < most or failures.first_at is None:
        return 0
    return max(1, math.ceil((failures.first_at - since).total_seconds()))
