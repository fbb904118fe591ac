"""Whatever is done in whatever order: people inside are those who passed, on both engines."""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from tests.factories import with_offer, with_slot
from tests.fakes import SeededChance
from tests.service.conftest import Entrance
from ticketing.service.errors import Conflict
from ticketing.service.gate import counting
from ticketing.service.gate.answers import standing
from ticketing.service.gate.counting import HeadCount
from ticketing.service.gate.judging import people_passed
from ticketing.service.tickets import TicketCase
from ticketing.store import counters
from ticketing.store import scans as scan_rows
from ticketing.store.scans import ScanState
from ticketing.wire.admission import MoveKind
from ticketing.wire.verdict import Check, Direction, Verdict

STEPS = 250
SLOT = "came:s1"
One = TypeVar("One")


class Walk:
    """One random day at the gate; a seed makes it the same again."""

    def __init__(self, entrance: Entrance, seed: int) -> None:
        self.drawing = SeededChance(f"walk {seed}")
        self.entrance = entrance
        self.by_hand = 0
        store, house = entrance.store, entrance.house
        with_offer(store, house, slug="again", number=8, reentry=True, party_max=4)
        with_offer(store, house, slug="daily", number=9, entries=3, per_day=2)
        with_offer(store, house, slug="proof", number=10, proof=True, party_max=4)
        self.slotted = entrance.ticket(offer="again", party=4)
        with_slot(store, self.slotted, slot="s1", at=entrance.clock.now())
        self.cases = [self.slotted, entrance.ticket(), entrance.ticket(offer="daily")]
        self.cases += [entrance.ticket(offer=slug, party=3) for slug in ("again", "proof")]
        self.shown: list[tuple[TicketCase, str]] = []

    def choice(self, of: Sequence[One]) -> One:
        """One of them, the same in each run."""
        return of[int.from_bytes(self.drawing.draw(4), "big") % len(of)]

    def step(self) -> None:
        """Do something that may happen; a conflict is an answer too."""
        acts = (self.enter, self.enter, self.leave, self.annul, self.overrule, self.settle)
        act = self.choice((*acts, self.count))
        try:
            act()
        except Conflict as conflict:
            assert conflict.reason != "busy"  # noqa: PT017  nobody else is there
        self.entrance.clock.tick(seconds=self.choice((1, 20, 200)))

    def enter(self) -> None:
        self._show(Direction.ENTRY)

    def leave(self) -> None:
        self._show(Direction.EXIT)

    def _show(self, direction: Direction) -> None:
        case = self.choice(self.cases)
        people = self.choice((None, 1, 2))
        shown = self.entrance.scan(case.barcode, direction=direction, people=people)
        self.shown.append((case, shown.scan_id))

    def annul(self) -> None:
        is_forced = self.choice(range(10)) < 3
        station = None if is_forced else self.entrance.station
        self.entrance.annul(self._one(), station=station, is_forced=is_forced)

    def overrule(self) -> None:
        self.entrance.overrule(self._one(), people=self.choice((None, 2)))

    def settle(self) -> None:
        if self.choice(range(10)) < 8:
            self.entrance.confirm(self._one(), Check.PROOF)
        else:
            self.entrance.decline(self._one())

    def count(self) -> None:
        delta = self.choice((-1, 1, 5))
        head_count = HeadCount(gate="sued", delta=delta, reason="by hand")
        with self.entrance.store.unit() as unit:
            counting.count_people(unit, self.entrance.house, head_count=head_count)
        self.by_hand += delta

    def _one(self) -> str:
        if not self.shown:
            self.enter()
        return self.choice(self.shown[-6:])[1]

    def passed(self, case: TicketCase | None = None) -> int:
        """People who passed by the scans as they stand, of one ticket or of all."""
        now, found = self.entrance.clock.now(), 0
        for one in self.cases if case is None else [case]:
            with self.entrance.store.unit() as unit:
                kept = scan_rows.of_ticket(unit, one.ticket.id)
            found += sum(people_passed(standing(scan, now)) for scan in kept)
        return found

    def came(self) -> int:
        """People who came in by an entry of the ticket with a slot."""
        with self.entrance.store.unit() as unit:
            kept = scan_rows.of_ticket(unit, self.slotted.ticket.id)
        return sum(
            scan.decision.people
            for scan in kept
            if scan.state is not ScanState.ANNULLED and scan.decision.move is MoveKind.ENTRY
        )


@pytest.mark.parametrize("seed", range(4))
def test_inside_is_who_came_minus_who_left(entrance: Entrance, seed: int) -> None:
    """Entries, exits, annuls, overruled refusals, checks and counts by hand add up."""
    walk = Walk(entrance, seed)
    for _ in range(STEPS):
        walk.step()
    expected = walk.passed() + walk.by_hand
    assert entrance.counter("inside:2026-10-04") == expected
    assert entrance.inside() == max(0, expected)
    assert (entrance.counter(SLOT) or 0) == walk.came()
    states = {entrance.row(scan_id).state for _, scan_id in walk.shown}
    assert states >= {ScanState.FINAL, ScanState.ANNULLED, ScanState.OVERRIDDEN}


def test_an_unused_walk_is_an_empty_house(entrance: Entrance) -> None:
    """Nothing done, nobody inside."""
    walk = Walk(entrance, 0)
    assert (walk.passed(), walk.came(), entrance.inside()) == (0, 0, 0)
    with entrance.store.unit() as unit:
        assert counters.read(unit, SLOT) is None
    assert entrance.scan(walk.slotted.barcode).verdict is Verdict.ADMIT
