"""Wrong attempts of people, counted by several limits at once; in the service room.

When they close a way, the audit log says so: once an hour for each thing, never for each try,
so that nobody fills it from outside. It names a person of the staff or a station by id; what
a stranger typed and from where is not for the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access as rows
from ticketing.store.unit import Unit

AN_ADDRESS: Final = Thing("sign_in", "address")
A_STRANGER: Final = Thing("sign_in", "unknown_name")
_TOLD: Final = "lockout_told"
_TOLD_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """One limit that an attempt counts for, by whom, and what the log says is closed by it."""

    limit: Limit
    who: bytes
    closes: Thing


def named(unit: Unit, name: str) -> Thing:
    """Whose name somebody typed, for the log."""
    known = rows.find_staff(unit, name)
    return A_STRANGER if known is None else Thing("staff", known[0].id)


def wait_s(unit: Unit, tried: Iterable[Tried], *, now: datetime) -> int:
    """Seconds until the next attempt is allowed, 0 for at once."""
    return max(retry_after_s(unit, one.limit, who=one.who, now=now) for one in tried)


def count(unit: Unit, house: House, tried: Iterable[Tried], *, way: str, now: datetime) -> None:
    """Count a wrong attempt within the caller's transaction; `way` is what was tried."""
    for one in tried:
        kind, since = one.limit.kind, now - one.limit.window
        before = rows.failures(unit, kind, since=since, who=one.who).count
        rows.add_failure(unit, kind, who=one.who, at=now)
        if before + 1 >= one.limit.each:
            _tell(unit, house, one.closes, way=way, now=now)


def _tell(unit: Unit, house: House, closed: Thing, *, way: str, now: datetime) -> None:
    who = who_is(house, f"{_TOLD}:{closed.kind}:{closed.id}:{way}")
    if rows.failures(unit, _TOLD, since=now - _TOLD_EVERY, who=who).count:
        return
    rows.add_failure(unit, _TOLD, who=who, at=now)
    audit.note(unit, house, action=Action.SIGN_IN_LOCKED, object=closed, after={"way": way})
