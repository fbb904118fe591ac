"""Guessing codes is slowed down at every entrance; in the service room.

A guess hits one of a million codes once in 2^30 tries. Thirty wrong ones in 15 minutes by one
caller, sixty by one address: then every code is answered the same, until the time is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.service.errors import Throttled
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access
from ticketing.store.unit import Unit

_WINDOW = timedelta(minutes=15)
WRONG_OF_CALLER = Limit(kind="code_caller", window=_WINDOW, each=30)
WRONG_OF_ADDRESS = Limit(kind="code_address", window=_WINDOW, each=60)


@dataclass(frozen=True, slots=True)
class Guesser:
    """Who asks about codes: the id of a key, a station or a person, and the address if known."""

    caller: str
    address: str | None = None


def check_wait(unit: Unit, house: House, guesser: Guesser, *, now: datetime) -> None:
    """Let nobody go on who has been wrong too often.

    Raises:
        Throttled: With the seconds to wait.
    """
    waits = [retry_after_s(unit, limit, who=who, now=now) for limit, who in _limits(house, guesser)]
    if any(waits):
        raise Throttled(retry_after_s=max(waits))


def note_wrong(unit: Unit, house: House, guesser: Guesser, *, now: datetime) -> None:
    """Count a wrong code, in a transaction of its own."""
    unit.begin()
    for limit, who in _limits(house, guesser):
        access.add_failure(unit, limit.kind, who=who, at=now)
    unit.commit()


def _limits(house: House, guesser: Guesser) -> list[tuple[Limit, bytes]]:
    limits = [(WRONG_OF_CALLER, who_is(house, "code:" + guesser.caller))]
    if guesser.address is not None:
        limits.append((WRONG_OF_ADDRESS, who_is(house, "code@" + guesser.address)))
    return limits
