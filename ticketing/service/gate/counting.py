"""People without a ticket, and corrections of how many are inside; in the service room.

A count is a row and moves the day's counter of people inside. The counter itself may get
below nobody, when more have left than were seen coming; it is never shown so.
"""

import hashlib
from dataclasses import dataclass

from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate.recording import inside_counter
from ticketing.service.ports import House
from ticketing.store import counters
from ticketing.store import counts as rows
from ticketing.store import gates as gate_rows
from ticketing.store.counts import Count
from ticketing.store.unit import Unit

MOST = 10_000
REASON_LIMIT = 500
_ID_BYTES = 16
_JOURNAL = b"einlass-count-v1\0"
_N_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCount:
    """So many more people inside, or fewer if negative, and why."""

    gate: str
    delta: int
    reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A count as it is kept, and people inside after it."""

    count: Count
    inside: int


def count_people(unit: Unit, house: House, *, head_count: HeadCount) -> Counted:
    """Count people in or out who have no ticket, or correct how many are inside.

    Raises:
        Invalid: `gate` that does not exist, `delta` of 0 or beyond 10,000, `reason` of
            no or of more than 500 characters.
    """
    _check(unit, head_count)
    now = house.clock.now()
    count = Count(
        id=house.chance.draw(_ID_BYTES),
        gate=head_count.gate,
        delta=head_count.delta,
        reason=head_count.reason,
        by=house.actor.id,
        at=now,
        received_at=now,
    )
    unit.begin()
    inside = enter_count(unit, house, count)
    if inside is None:
        raise RuntimeError("an id that was just drawn is there already")
    thing, told = Thing("gate", count.gate), {"delta": count.delta}
    audit.note(unit, house, action=Action.COUNT_CORRECTED, object=thing, after=told)
    unit.commit()
    return Counted(count, inside)


def enter_count(unit: Unit, house: House, count: Count) -> int | None:
    """Write a count in the caller's transaction; None if it is there already.

    Returns people inside afterwards, on the local day on which it was counted. For journals
    too: their counts have an id of their own, so that one that comes twice counts once.
    """
    if not rows.add(unit, count):
        return None
    return max(0, counters.add(unit, inside_counter(house, count.at), count.delta))


def journal_count_id(journal: bytes, n: int, entry_hash: bytes) -> bytes:
    """The id of a count in a journal: of that journal, entry number and hash.

    The hash tells apart the entries of a journal that was restored from an image.
    """
    text = _JOURNAL + journal + n.to_bytes(_N_BYTES, "big") + entry_hash
    return hashlib.sha256(text).digest()[:_ID_BYTES]


def _check(unit: Unit, head_count: HeadCount) -> None:
    wrong = []
    if not 0 < abs(head_count.delta) <= MOST:
        wrong.append(FieldError("delta", "range"))
    if not 0 < len(head_count.reason.strip()) <= REASON_LIMIT:
        wrong.append(FieldError("reason", "length"))
    if gate_rows.find(unit, head_count.gate) is None:
        wrong.append(FieldError("gate", "unknown"))
    if wrong:
        raise Invalid(*wrong)
