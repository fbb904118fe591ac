"""Stations, links, clocks and uploads in any order: what must hold whatever happens.

A station may show anything here, also what no rule would have it show: the service has to
cope with it. At the end everything is uploaded and looked at.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import text

from tests.factories import a_scan_id, with_gates, with_offer
from tests.fakes import FrozenClock
from tests.service.halls import Door, Hall
from ticketing.domain.conflicts import ConflictKind
from ticketing.domain.offers import Validity
from ticketing.domain.settling import standing_moves
from ticketing.service import tickets
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store.unit import Store
from ticketing.wire.moves import MoveKind, fold
from ticketing.wire.verdict import Basis, Direction, Reason, TicketState, Verdict

EXAMPLES = {"sqlite": 60, "postgres": 25}
"""How many days are played; raise them to search longer."""
STEPS = 40
OFFERS = ("day", "proof", "again", "family", "twice", "pass")
AHEAD = (timedelta(0), timedelta(minutes=10), timedelta(minutes=-7))
PASSES = frozenset({Verdict.ADMIT, Verdict.EXIT})
_names = count(1)


@dataclass
class Shown:
    """What a station showed last for a scan, and who passed by it."""

    door: Door
    case: TicketCase
    people: int
    shown: Verdict
    is_open: bool = False
    is_annulled: bool = False

    @property
    def passed(self) -> int:
        """People who came in, or left if negative."""
        if self.is_annulled or self.shown not in PASSES:
            return 0
        return -self.people if self.shown is Verdict.EXIT else self.people


@dataclass
class Day:
    """All that is known of one day by whoever stood at the gates."""

    hall: Hall
    doors: list[Door] = field(default_factory=list)
    cases: list[TicketCase] = field(default_factory=list)
    shown: dict[str, Shown] = field(default_factory=dict)
    counted: int = 0


class Gates(RuleBasedStateMachine):
    """One day with three stations, over a store that all days share."""

    hall: ClassVar[Hall]

    def __init__(self) -> None:
        super().__init__()
        self.day = Day(self.hall)
        self.before = _inside(self.hall)
        for ahead in AHEAD:
            door = self.hall.door(f"door {next(_names)}", ahead=ahead)
            door.journal.clock(self.hall.now())
            self.day.doors.append(door)
        self.issue("day", 1)

    @rule(offer=st.sampled_from(OFFERS), party=st.integers(1, 3))
    def issue(self, offer: str, party: int) -> None:
        """Somebody gets a ticket."""
        size = 1 if offer in {"day", "proof"} else party
        self.day.cases.append(self.hall.ticket(offer=offer, party=size))

    @rule(pick=st.data(), is_heard=st.booleans(), leaves=st.booleans())
    def ask(self, pick: st.DataObject, *, is_heard: bool, leaves: bool) -> None:
        """The service judges a scan; its answer may get lost on the way."""
        door, case = self._pick(pick)
        people = pick.draw(st.integers(1, case.ticket.party))
        direction = Direction.EXIT if leaves else Direction.ENTRY
        answer = self.hall.online(door, case, direction=direction, people=people)
        found = self.hall.scan(answer.scan_id).decision
        if is_heard:
            self._show(door, case, people=found.people, shown=found.verdict,
                       reason=found.reason, scan_id=answer.scan_id, basis=Basis.ONLINE)  # fmt: skip
        else:
            shown = pick.draw(st.sampled_from(_may_show(direction)))
            self._show(door, case, people=people, shown=shown, scan_id=answer.scan_id)

    @rule(pick=st.data(), leaves=st.booleans(), returns=st.booleans())
    def alone(self, pick: st.DataObject, *, leaves: bool, returns: bool) -> None:
        """A station decides without the service."""
        door, case = self._pick(pick)
        direction = Direction.EXIT if leaves else Direction.ENTRY
        shown = pick.draw(st.sampled_from(_may_show(direction)))
        people = pick.draw(st.integers(1, case.ticket.party))
        more = {"reason": Reason.OK_REENTRY} if returns and shown is Verdict.ADMIT else {}
        self._show(door, case, people=people, shown=shown, **more)

    @rule(pick=st.data(), admits=st.booleans(), minutes=st.sampled_from((0, 2, 7)))
    def resolve(self, pick: st.DataObject, *, admits: bool, minutes: int) -> None:
        """Staff settle a question, perhaps too late."""
        asked = [scan_id for scan_id, one in self.day.shown.items() if one.is_open]
        if not asked:
            return
        scan_id = pick.draw(st.sampled_from(asked))
        one = self.day.shown[scan_id]
        self.hall.clock.tick(minutes=minutes)
        one.shown = Verdict.ADMIT if admits else Verdict.REFUSE
        one.is_open = False
        one.door.journal.resolve(scan_id, self.hall.now(), shown=one.shown, people=one.people)

    @rule(pick=st.data())
    def annul(self, pick: st.DataObject) -> None:
        """Staff take one of their own scans back."""
        passed = [scan_id for scan_id, one in self.day.shown.items() if one.passed]
        if not passed:
            return
        scan_id = pick.draw(st.sampled_from(passed))
        self.day.shown[scan_id].is_annulled = True
        self.day.shown[scan_id].door.journal.annul(scan_id, self.hall.now())

    @rule(pick=st.data(), people=st.integers(1, 3))
    def count_by_hand(self, pick: st.DataObject, people: int) -> None:
        """People without a ticket."""
        pick.draw(st.sampled_from(self.day.doors)).journal.count(people, self.hall.now())
        self.day.counted += people

    @rule(minutes=st.sampled_from((1, 5, 30)))
    def wait(self, minutes: int) -> None:
        """Time goes on."""
        self.hall.clock.tick(minutes=minutes)

    @rule(pick=st.data())
    def reissue(self, pick: st.DataObject) -> None:
        """A ticket gets a new barcode; gates may still be shown the old one."""
        case = pick.draw(st.sampled_from(self.day.cases))
        if _ticket(self.hall, case).ticket.state is TicketState.REVOKED:
            return
        with self.hall.store.unit() as unit:
            new = tickets.reissue_ticket(unit, self.hall.house, ticket_id=case.ticket.id)
        self.day.cases.append(new)

    @rule(pick=st.data())
    def revoke(self, pick: st.DataObject) -> None:
        """A ticket is taken back."""
        case = pick.draw(st.sampled_from(self.day.cases))
        with self.hall.store.unit() as unit:
            tickets.revoke_ticket(unit, self.hall.house, ticket_id=case.ticket.id, reason="")

    @rule(pick=st.data(), says=st.booleans())
    def upload(self, pick: st.DataObject, *, says: bool) -> None:
        """Any part of a journal, perhaps one that has been sent before."""
        journal = (door := pick.draw(st.sampled_from(self.day.doors))).journal
        first = pick.draw(st.integers(1, journal.length))
        last = pick.draw(st.integers(first, journal.length))
        self.hall.send(door, journal.upload(first, last, previous=says))

    @rule(pick=st.data())
    def restore(self, pick: st.DataObject) -> None:
        """A station is put back to an image of itself, after all was sent."""
        door = pick.draw(st.sampled_from(self.day.doors))
        self.hall.upload(door)
        image = door.journal.copy()
        keep = pick.draw(st.integers(1, image.length))
        image.entries, image.hashes = image.entries[:keep], image.hashes[: keep + 1]
        for one in self.day.shown.values():
            one.is_open = one.is_open and one.door is not door
        door.journal = image
        self.hall.clock.tick(seconds=1)  # it took a while: no entry is written at the same time

    def teardown(self) -> None:
        """Everything is uploaded, twice, and looked at."""
        for door in (*self.day.doors, *reversed(self.day.doors)):
            self.hall.upload(door, size=7)
        _check(self.day, inside=_inside(self.hall) - self.before)

    def _pick(self, pick: st.DataObject) -> tuple[Door, TicketCase]:
        doors, cases = self.day.doors, self.day.cases
        return pick.draw(st.sampled_from(doors)), pick.draw(st.sampled_from(cases))

    def _show(
        self, door: Door, case: TicketCase, *, people: int, shown: Verdict, **more: object
    ) -> None:
        scan_id = str(more.pop("scan_id", None) or a_scan_id())
        direction = Direction.EXIT if shown is Verdict.EXIT else Direction.ENTRY
        more = {"direction": direction, "people": people} | more
        door.journal.scan(case, self.hall.now(), shown=shown, scan_id=scan_id, **more)
        is_open = shown is Verdict.ATTENTION
        self.day.shown[scan_id] = Shown(door, case, people, shown, is_open=is_open)


@pytest.mark.timeout(300)
def test_nothing_is_counted_too_often_lost_or_kept_quiet(
    store: Store, house: House, clock: FrozenClock, engine: str
) -> None:
    """Whatever stations show and however their journals come."""
    with_gates(store, house)
    more = {"validity": Validity.YEAR}
    with_offer(store, house)
    with_offer(store, house, slug="proof", number=8, proof=True)
    with_offer(store, house, slug="again", number=9, reentry=True, party_max=3, **more)
    with_offer(store, house, slug="family", number=10, party_max=3)
    with_offer(store, house, slug="twice", number=11, entries=2, party_max=3, per_day=1, **more)
    with_offer(store, house, slug="pass", number=12, entries=0, party_max=3, reentry=True, **more)
    rules = type("Today", (Gates,), {"hall": Hall(store, house, clock)})
    run_state_machine_as_test(
        rules,
        settings=settings(
            max_examples=EXAMPLES[engine],
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# ------------------------------------------------------------ what must hold
def _check(day: Day, *, inside: int) -> None:
    hall = day.hall
    for case in day.cases:
        _check_uses(hall, _ticket(hall, case))
    conflicts = {one.extra: one for one in hall.conflicts() if one.kind is not ConflictKind.FORK}
    for scan_id, one in day.shown.items():
        kept = hall.scan(scan_id)  # no scan is lost
        moves = standing_moves(_ticket(hall, one.case).moves)
        has_move = any(move.scan_id == kept.scan_id for move in moves)
        if one.passed > 0 and not has_move:
            assert conflicts[kept.scan_id].people_extra == one.people
    for door in day.doors:
        bodies = {kept.body for kept in hall.kept(door)}
        assert {entry.body for entry in door.journal.entries} <= bodies
    assert inside == day.counted + sum(one.passed for one in day.shown.values())


def _check_uses(hall: Hall, case: TicketCase) -> None:
    """No ticket is counted more often than it may be."""
    moves, ticket = standing_moves(case.moves), case.ticket
    sums = fold(moves, hall.now(), hall.house.museum.zone, terms=case.terms)
    assert not ticket.entries or sums.uses <= ticket.entries
    assert sums.doubled == 0
    assert case.offer.per_day is None or sums.uses_today <= case.offer.per_day
    assert all(move.people <= ticket.party for move in moves if move.kind is not MoveKind.EXIT)


def _ticket(hall: Hall, case: TicketCase) -> TicketCase:
    with hall.store.unit() as unit:
        return tickets.get_ticket(unit, hall.house, ticket_id=case.ticket.id)


def _may_show(direction: Direction) -> tuple[Verdict, ...]:
    if direction is Direction.EXIT:
        return (Verdict.EXIT,)
    return (Verdict.ADMIT, Verdict.REFUSE, Verdict.ATTENTION)


def _inside(hall: Hall) -> int:
    """People inside over all days."""
    with hall.store.unit() as unit:
        query = text("SELECT coalesce(sum(n), 0) FROM counters WHERE name LIKE 'inside:%'")
        return int(unit.run(query).scalar_one())
