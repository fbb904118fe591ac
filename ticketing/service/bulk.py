"""Many tickets at once: issued all or none, reissued under a new key; in the service room.

A batch of 10,000 in one transaction would keep every gate waiting for a quarter of a
second, so it is stored in short ones. All or none holds all the same:

- every row is looked at, drawn and signed before the first write;
- the first transaction takes the places of all slots and notes that the batch is under way;
- what fails later is taken away again, here or, if the process died, by `clear_abandoned`.

Until the batch is complete nobody has any of its barcodes: none can be shown at a gate.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from ticketing.domain.retention import next_size
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import (
    Conflict,
    Invalid,
    InvalidRows,
    NotFound,
    RowError,
)
from ticketing.service.issuing import (
    Draft,
    Planned,
    Stock,
    TicketOrder,
    free_short_codes,
    planned,
    signed,
    stock_for,
)
from ticketing.service.ports import House
from ticketing.service.tickets import LAST_ISSUE, TicketCase, case_of, next_issue
from ticketing.store import batches, counters
from ticketing.store import slots as slot_rows
from ticketing.store import tickets as rows
from ticketing.store.counters import Addition
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId

MOST = 10_000
"""Tickets of one batch."""
ABANDONED_AFTER = timedelta(minutes=10)
CHUNK = 200
"""Rows that one transaction writes at most."""
_FIRST_CHUNK = 50
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Reissued:
    """How many tickets have a new barcode, and how many had too many issues for one."""

    done: int
    exhausted: int


def issue_batch(
    unit: Unit, house: House, *, wanted: Sequence[TicketOrder | RowError]
) -> tuple[TicketCase, ...]:
    """Issue all of these tickets or none; a row that could not be read is an error already.

    Returns:
        The tickets in the order of the rows.

    Raises:
        InvalidRows: With the first error of each row that is wrong.
        Conflict: `no_free_short_code`.
    """
    plans = _plans(unit, house, wanted)
    codes = free_short_codes(unit, house, len(plans))
    now = house.clock.now()
    drafts = tuple(
        signed(house, plan, short_code=code, now=now)
        for plan, code in zip(plans, codes, strict=True)
    )
    name = batches.name_of(house.chance.draw(_ID_BYTES))
    _open(unit, name, plans, at=now)
    try:
        _store(unit, house, name, drafts)
    except BaseException:
        unit.rollback()
        _undo(unit, name, plans, at=now)
        raise
    return tuple(case_of(draft) for draft in drafts)


def clear_abandoned(unit: Unit, house: House) -> int:
    """Take away what batches have left whose process died; how many batches.

    Their places are given back by the recount.
    """
    before = house.clock.now() - ABANDONED_AFTER
    gone = [(name, at) for name, at in batches.under_way(unit) if at < before]
    for name, at in gone:
        _drop_members(unit, name, at=at)
        unit.begin()
        batches.close_batch(unit, name)
        unit.commit()
    return len(gone)


def reissue_key(unit: Unit, house: House, *, key_id: KeyId) -> Reissued:
    """Give every ticket under a key a new barcode under the active one.

    Short codes stay: the key is in strangers' hands, not the cards, and whose barcode is
    refused is helped by the code on the card. Revoked tickets, those that are over and those
    without a person are left. Each chunk is a transaction of its own: stopped anywhere, the
    same call does the rest.

    Raises:
        Conflict: `key_is_active`: new barcodes would be under the same key.
    """
    if house.signer.key_id == key_id:
        raise Conflict("key_is_active")
    done = exhausted = 0
    size, after = _FIRST_CHUNK, b""
    while found := rows.under_key(unit, key_id, now=house.clock.now(), after=after, limit=size):
        fresh = [next_issue(house, *one)[0] for one in found if one[0].issue < LAST_ISSUE]
        unit.begin()
        began_at = house.clock.now()
        done += sum(rows.reissue(unit, ticket) for ticket in fresh)
        unit.commit()
        exhausted += len(found) - len(fresh)
        size = next_size(size, house.clock.now() - began_at, CHUNK)
        after = found[-1][0].id
    unit.begin()
    thing, told = Thing("signing_key", str(key_id)), {"count": done}
    audit.note(unit, house, action=Action.TICKET_REISSUED, object=thing, after=told)
    unit.commit()
    return Reissued(done, exhausted)


# ------------------------------------------------------------ looking at the rows
def _plans(
    unit: Unit, house: House, wanted: Sequence[TicketOrder | RowError]
) -> tuple[Planned, ...]:
    stock = stock_for(unit, [one for one in wanted if isinstance(one, TicketOrder)])
    looked_at = [
        one if isinstance(one, RowError) else _plan(house, stock, one, index)
        for index, one in enumerate(wanted)
    ]
    errors = [one for one in looked_at if isinstance(one, RowError)]
    plans = {index: one for index, one in enumerate(looked_at) if isinstance(one, Planned)}
    errors += _without_places(unit, plans)
    if errors:
        raise InvalidRows(tuple(sorted(errors, key=lambda error: error.index)))
    return tuple(plans.values())


def _plan(house: House, stock: Stock, order: TicketOrder, index: int) -> Planned | RowError:
    try:
        return planned(house, stock, order)
    except NotFound as missing:
        return RowError(index, missing.what, "unknown")
    except Invalid as invalid:
        return RowError(index, invalid.errors[0].field, invalid.errors[0].problem)
    except Conflict:
        return RowError(index, "offer", "inactive")


def _without_places(unit: Unit, plans: dict[int, Planned]) -> list[RowError]:
    """The rows for which their slot has no place left, the earlier rows served first."""
    by_slot: dict[str, list[tuple[int, Planned]]] = {}
    for index, plan in plans.items():
        if plan.slot is not None:
            by_slot.setdefault(plan.slot.id, []).append((index, plan))
    errors: list[RowError] = []
    for slot, members in by_slot.items():
        sold = counters.read(unit, slot_rows.sold_name(slot)) or 0
        sums = accumulate((plan.order.party for _, plan in members), initial=sold)
        for (index, plan), before in zip(members, sums, strict=False):
            if plan.slot is not None and before + plan.order.party > plan.slot.capacity:
                errors.append(RowError(index, "slot", "sold_out"))
    return errors


# ------------------------------------------------------------ writing
def _open(unit: Unit, name: str, plans: Sequence[Planned], *, at: datetime) -> None:
    """Take the places and note that the batch is under way."""
    unit.begin()
    batches.open_batch(unit, name, at=at)
    taken = _places(plans, sign=1)
    if taken and counters.add_within(unit, taken) is None:
        unit.rollback()  # somebody bought some of them since the rows were looked at
        errors = _without_places(unit, dict(enumerate(plans)))
        raise InvalidRows(tuple(errors)) if errors else Conflict("busy")
    unit.commit()


def _places(plans: Sequence[Planned], *, sign: int) -> list[Addition]:
    slots = {plan.slot.id: plan.slot for plan in plans if plan.slot is not None}
    people: Counter[str] = Counter()
    for plan in plans:
        if plan.slot is not None:
            people[plan.slot.id] += plan.order.party
    return [
        Addition(slot_rows.sold_name(slot), sign * n, slots[slot].capacity)
        for slot, n in people.items()
    ]


def _store(unit: Unit, house: House, name: str, drafts: Sequence[Draft]) -> None:
    """In the order of their ids, as the table is; the last transaction closes the batch."""
    members = (replace(draft.ticket, state_reason=name) for draft in drafts)
    left = sorted(members, key=lambda ticket: ticket.id)
    size = _FIRST_CHUNK
    while left:
        unit.begin()
        began_at = house.clock.now()
        rows.add(unit, left[:size])
        left = left[size:]
        if not left:
            batches.close_batch(unit, name)
            thing, told = Thing("tickets", name), {"count": len(drafts)}
            audit.note(unit, house, action=Action.TICKET_ISSUED, object=thing, after=told)
        unit.commit()
        size = next_size(size, house.clock.now() - began_at, CHUNK)
        batches.fold_log(unit)


def _undo(unit: Unit, name: str, plans: Sequence[Planned], *, at: datetime) -> None:
    """Take all of it away again, and give the places back."""
    _drop_members(unit, name, at=at)
    unit.begin()
    given_back = _places(plans, sign=-1)
    if given_back:
        counters.add_within(unit, given_back)
    batches.close_batch(unit, name)
    unit.commit()


def _drop_members(unit: Unit, name: str, *, at: datetime) -> None:
    while found := batches.members(unit, name, at=at, limit=CHUNK):
        unit.begin()
        batches.drop(unit, found)
        unit.commit()
