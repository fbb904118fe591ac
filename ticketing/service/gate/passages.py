"""Who passed, counted at the end of a transaction; in the service room.

Whoever is inside is counted, room or not: what goes beyond it is reported.
"""

from dataclasses import dataclass
from datetime import datetime

from ticketing.domain.conflicts import Conflict, ConflictKind, conflict_id
from ticketing.domain.slots import Slot
from ticketing.service.gate.recording import inside_counter
from ticketing.service.ports import House
from ticketing.store import conflicts, counters, slots
from ticketing.store.counters import Addition
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """People who came in, or left if negative; reported beyond `cap` if `scan_id` is given."""

    counter: str
    people: int
    cap: int | None = None
    scan_id: bytes | None = None
    ticket: TicketId | None = None


class Passages:
    """What one transaction adds to the counters."""

    def __init__(self, house: House, *, now: datetime) -> None:
        self._house = house
        self._now = now
        self._passages: list[Passage] = []

    def inside(
        self,
        people: int,
        *,
        at: datetime,
        scan_id: bytes | None = None,
        ticket: TicketId | None = None,
    ) -> None:
        """People inside on the local day of a time; with a scan they are held to the limit."""
        counter, cap = inside_counter(self._house, at), self._house.museum.capacity or None
        self._add(Passage(counter=counter, people=people, cap=cap, scan_id=scan_id, ticket=ticket))

    def came(
        self,
        people: int,
        *,
        slot: Slot | None,
        scan_id: bytes | None = None,
        ticket: TicketId | None = None,
    ) -> None:
        """People who came by tickets of a slot; none without one."""
        if slot is not None:
            name = slots.came_name(slot.id)
            self._add(
                Passage(
                    counter=name, people=people, cap=slot.capacity, scan_id=scan_id, ticket=ticket
                )
            )

    def write(self, unit: Unit) -> dict[bytes, str]:
        """Add it all; conflicts of scans that went beyond a limit, by scan id."""
        names = sorted({passage.counter for passage in self._passages})
        totals = [Addition(name, self._total(name)) for name in names]
        reached = counters.add_within(unit, totals) if totals else ()
        found: dict[bytes, str] = {}
        for addition, end in zip(totals, reached or (), strict=True):
            for passage, extra in self._beyond(addition, end):
                found |= self._report(unit, passage, extra)
        return found

    def _add(self, passage: Passage) -> None:
        if passage.people:
            self._passages.append(passage)

    def _total(self, name: str) -> int:
        return sum(passage.people for passage in self._passages if passage.counter == name)

    def _beyond(self, addition: Addition, end: int) -> list[tuple[Passage, int]]:
        """Passages that went beyond their limit, and by how many people."""
        reached, found = end - addition.n, []
        for passage in self._passages:
            if passage.counter != addition.name:
                continue
            reached += passage.people
            over = 0 if passage.cap is None else reached - passage.cap
            if over > 0 and passage.people > 0 and passage.scan_id is not None:
                found.append((passage, min(over, passage.people)))
        return found

    def _report(self, unit: Unit, passage: Passage, extra: int) -> dict[bytes, str]:
        scan_id = passage.scan_id or b""
        conflict = Conflict(
            id=conflict_id(ConflictKind.OVER_CAPACITY, scan_id),
            kind=ConflictKind.OVER_CAPACITY,
            ticket=passage.ticket,
            counted=None,
            extra=scan_id,
            reason=Reason.FULL,
            people_extra=extra,
            found_at=self._now,
        )
        conflicts.add(unit, conflict)
        return {scan_id: conflict.id}
