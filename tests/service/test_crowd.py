"""A crowd at eight gates, on both engines: nobody twice, no honest holder refused, no error.

Copies of one ticket are shown at several gates at the same moment. Nobody is told to
ask again: whoever was too slow twice holds the ticket the third time.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.factories import with_offer, with_tickets
from tests.service.conftest import Entrance
from ticketing.service.tickets import TicketCase
from ticketing.store import moves as move_rows
from ticketing.wire.admission import Move, MoveKind
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import Direction, Reason, Verdict

GATES = 8
TICKETS = 2_000  # the same on both engines
COPIES = 4  # gates that a copied ticket is shown at; all eight of them: `test_races.py`
PARTY = 3
IN_STEP = 5
Plan = list[tuple[TicketCase, Callable[[TicketCase, int], None]]]


@dataclass
class Crowd:
    """Tickets of each kind, and what the gates said about each."""

    entrance: Entrance
    gates: threading.Barrier = field(default_factory=lambda: threading.Barrier(GATES))
    said: dict[bytes, list[ScanAnswer]] = field(default_factory=dict)

    def show(self, case: TicketCase, **changes: object) -> ScanAnswer:
        """Hold a ticket in front of a gate's camera until it has an answer."""
        request = self.entrance.request(case.barcode, **changes)
        answer = self.entrance.send(request).answer
        self.said[case.ticket.id].append(answer)
        return answer

    def enter(self, case: TicketCase, _gate: int) -> None:
        """One person comes, at every gate."""
        self.show(case, people=1)

    def copied(self, case: TicketCase, gate: int) -> None:
        """One person comes at every second gate, odd or even."""
        if _is_copied_to(case, gate):
            self.show(case)

    def come_and_go(self, case: TicketCase, gate: int) -> None:
        """At every second gate somebody comes, leaves if let in, and comes back."""
        if _is_copied_to(case, gate):
            self._come_and_go(case)

    def _come_and_go(self, case: TicketCase) -> None:
        if self.show(case).verdict is Verdict.ADMIT:
            self.show(case, direction=Direction.EXIT)
            self.show(case)

    def own(self, case: TicketCase, gate: int) -> None:
        """Only the holder comes, at one gate; leaves and comes back."""
        if gate == case.ticket.id[-1] % GATES:
            self._come_and_go(case)

    def race(self, plan: Plan) -> None:
        """All gates go through the plan, in step every few tickets."""
        self.said = {case.ticket.id: [] for case, _ in plan}

        def gate(number: int) -> None:
            for step, (case, act) in enumerate(plan):
                if step % IN_STEP == 0:
                    self.gates.wait(60)
                act(case, number)

        with ThreadPoolExecutor(GATES) as pool:
            list(pool.map(gate, range(GATES)))

    def reasons(self, case: TicketCase) -> Counter[Reason]:
        """How often each reason was given for a ticket."""
        return Counter(answer.reason for answer in self.said[case.ticket.id])


@pytest.mark.timeout(240)
def test_two_thousand_tickets_at_eight_gates(entrance: Entrance) -> None:
    """Peers 9 and 11: single tickets, parties, re-entries, unlimited passes, honest holders."""
    store, house = entrance.store, entrance.house
    with_offer(store, house, slug="party", number=8, party_max=PARTY)
    with_offer(store, house, slug="again", number=9, reentry=True)
    with_offer(store, house, slug="pass", number=10, entries=0)
    single = with_tickets(store, house, TICKETS // 2)
    party = with_tickets(store, house, TICKETS // 10, offer="party", party=PARTY)
    again = with_tickets(store, house, TICKETS // 10, offer="again")
    unlimited = with_tickets(store, house, TICKETS // 10, offer="pass")
    honest = with_tickets(store, house, TICKETS // 5, offer="again")
    crowd = Crowd(entrance)
    plan: Plan = [(case, crowd.enter) for case in (*party, *unlimited)]
    plan += [(case, crowd.copied) for case in single]
    plan += [(case, crowd.come_and_go) for case in again]
    plan += [(case, crowd.own) for case in honest]
    crowd.race(sorted(plan, key=lambda step: step[0].ticket.id))

    used = Reason.ALREADY_USED
    assert all(crowd.reasons(c) == {Reason.OK: 1, used: COPIES - 1} for c in single)
    assert all(crowd.reasons(c) == {Reason.OK: PARTY, used: GATES - PARTY} for c in party)
    assert all(crowd.reasons(c) == {Reason.OK: GATES} for c in unlimited)
    in_order = [Reason.OK, Reason.OK_EXIT, Reason.OK_REENTRY]
    assert all([a.reason for a in crowd.said[c.ticket.id]] == in_order for c in honest)
    assert all(_is_one_person(_moves(entrance, case)) for case in again)
    assert all(crowd.reasons(c)[Reason.OK] == 1 for c in again)
    assert entrance.inside() == _passed(crowd)
    print(f"{_scans(crowd)} scans")  # noqa: T201  figures to watch


def _is_copied_to(case: TicketCase, gate: int) -> bool:
    return (case.ticket.id[-1] + gate) % (GATES // COPIES) == 0


def _moves(entrance: Entrance, case: TicketCase) -> tuple[Move, ...]:
    with entrance.store.unit() as unit:
        return move_rows.of_ticket(unit, case.ticket.id)


def _is_one_person(moves: tuple[Move, ...]) -> bool:
    """Whether in and out take turns, beginning with an entry."""
    kinds = [move.kind for move in moves]
    turns = itertools.cycle((MoveKind.EXIT, MoveKind.REENTRY))
    return kinds[:1] == [MoveKind.ENTRY] and kinds[1:] == list(
        itertools.islice(turns, len(kinds) - 1)
    )


def _passed(crowd: Crowd) -> int:
    """People who came in minus people who left, by what the gates showed.

    Each of these scans was about one person.
    """
    found = Counter(answer.verdict for said in crowd.said.values() for answer in said)
    return found[Verdict.ADMIT] - found[Verdict.EXIT]


def _scans(crowd: Crowd) -> int:
    return sum(len(said) for said in crowd.said.values())
