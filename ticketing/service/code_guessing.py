"""Guessing codes is slowed down at every entrance; in the service room.

A guess hits one of a million codes once in 2^30 tries. A station has one person before it: thirty
wrong ones in 15 minutes, then every code is answered the same until the time is over. A program
asks for many people: it may be wrong a thousand times (at that rate a hit takes thirty years), and
thirty times for each of its customers if it says which one asks.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketing.service.errors import Throttled
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, wait_s, who_is
from ticketing.store import access
from ticketing.store.unit import Unit

_WINDOW = timedelta(minutes=15)
WRONG_OF_CALLER = Limit(kind="code_caller", window=_WINDOW, each=30)
WRONG_OF_CLIENT = Limit(kind="code_client", window=_WINDOW, each=30)
WRONG_OF_KEY = Limit(kind="code_key", window=_WINDOW, each=1000)
WRONG_OF_ADDRESS = Limit(kind="code_address", window=_WINDOW, each=2000)


@dataclass(frozen=True, slots=True)
class Guesser:
    """Who asks about codes: the id of a station, or of a key with its address.

    `client` is for whom a program asks, in its own words; only a hash of it is kept.
    """

    caller: str
    address: str | None = None
    client: str | None = field(default=None, repr=False)


def check_wait(unit: Unit, house: House, guesser: Guesser, *, now: datetime) -> None:
    """Let nobody go on who has been wrong too often.

    Raises:
        Throttled: With the seconds to wait.
    """
    limits = _limits(house, guesser)
    asked = [(limit.kind, who) for limit, who in limits]
    found = access.failures_of_each(unit, asked, since=now - _WINDOW)
    waits = [wait_s(limit, one, now=now) for (limit, _), one in zip(limits, found, strict=True)]
    if any(waits):
        raise Throttled(retry_after_s=max(waits))


def note_wrong(unit: Unit, house: House, guesser: Guesser, *, now: datetime) -> None:
    """Count a wrong code, in a transaction of its own."""
    unit.begin()
    for limit, who in _limits(house, guesser):
        access.add_failure(unit, limit.kind, who=who, at=now)
    unit.commit()


def _limits(house: House, guesser: Guesser) -> list[tuple[Limit, bytes]]:
    own = who_is(house, "code:" + guesser.caller)
    if guesser.address is None:
        return [(WRONG_OF_CALLER, own)]
    limits = [
        (WRONG_OF_KEY, own),
        (WRONG_OF_ADDRESS, who_is(house, "code@" + guesser.address)),
    ]
    if guesser.client is not None:
        client = who_is(house, f"code:{guesser.caller}:{guesser.client}")
        limits.append((WRONG_OF_CLIENT, client))
    return limits
