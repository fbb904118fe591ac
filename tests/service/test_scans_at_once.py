"""Scans that come at once: on PostgreSQL they share their questions, and nothing else differs."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.factories import a_scan_id, an_offer, with_offer, with_slot, with_station
from tests.scanner.homes import until
from tests.service.conftest import Entrance
from ticketing.domain.audit import SYSTEM
from ticketing.domain.offers import Offer
from ticketing.domain.payments import payment
from ticketing.service import tickets
from ticketing.service.gate import scans, stations
from ticketing.service.gate.scans import Scanning, ScanResult
from ticketing.service.tickets import TicketCase
from ticketing.store import joined
from ticketing.store import moves as move_rows
from ticketing.store.counters import Addition
from ticketing.store.passings import Passing
from ticketing.store.unit import Store
from ticketing.wire.admission import Move, MoveKind
from ticketing.wire.station_api import PairRequest, ScanRequest
from ticketing.wire.verdict import Direction, Reason, Verdict

pytestmark = pytest.mark.only("postgres")
RACERS = 8
RACED = 40
MANY = 16
Meanwhile = Callable[[Callable[[], object]], None]


@dataclass
class Crowd:
    """Many people at one station of an entrance, which was heard of just now."""

    entrance: Entrance
    token: str

    def work(self, request: ScanRequest) -> Scanning:
        """One of them."""
        house = self.entrance.house
        return scans.scanning(house, token=self.token, request=request, lang="en")

    def show(self, case: TicketCase, **changes: object) -> Scanning:
        """A ticket in somebody's hand."""
        return self.work(self.entrance.request(case.barcode, **changes))

    def at_once(self, *works: Scanning) -> list[ScanResult | None]:
        """What is made of them in one go."""
        with self.entrance.store.unit() as unit:
            return scans.scan_each(unit, works)

    def left_out(self, *works: Scanning) -> list[bool]:
        """Which of them are left to be done by themselves."""
        return [result is None for result in self.at_once(*works)]


@pytest.fixture
def crowd(entrance: Entrance) -> Crowd:
    """Nobody has come yet."""
    with entrance.store.unit() as unit:
        code = stations.open_pairing(unit, entrance.house, name="Kasse", gate="sued").code
    with entrance.store.unit() as unit:
        asked = PairRequest(code, "Kasse", b"k" * 32)
        paired = stations.pair(unit, entrance.house, request=asked, address="192.0.2.1")
    made = Crowd(entrance, paired.answer.token)
    with entrance.store.unit() as unit:  # it is heard of, once a minute
        assert made.show(entrance.ticket())(unit) is not None
    return made


def verdicts(results: Sequence[ScanResult | None]) -> list[tuple[Verdict, Reason, int | None]]:
    """What was said, and how many are inside."""
    return [(one.answer.verdict, one.answer.reason, one.answer.inside) for one in results if one]


def test_all_of_them_come_in(crowd: Crowd) -> None:
    """Each is told its own place in the count, and each is stored as by itself."""
    cases = [crowd.entrance.ticket() for _ in range(4)]
    alone, *together = cases
    works = [crowd.show(case) for case in together]
    with crowd.entrance.store.unit() as unit:
        result = crowd.show(alone)(unit)
    assert result is not None
    results = crowd.at_once(*works)
    assert verdicts(results) == [(Verdict.ADMIT, Reason.OK, n) for n in (3, 4, 5)]
    assert [crowd.entrance.moves(case) for case in cases] == [[(MoveKind.ENTRY, 1)]] * 4
    assert crowd.entrance.inside() == 5
    single = crowd.entrance.row(result.answer.scan_id)
    for one, case in zip(results, together, strict=True):
        assert one is not None
        assert one.created
        stored = crowd.entrance.row(one.answer.scan_id)
        assert stored.inside == one.answer.inside
        assert stored == replace(
            single,
            scan_id=stored.scan_id,
            ticket=case.ticket.id,
            digest=stored.digest,
            inside=one.answer.inside or 0,
        )
        assert crowd.entrance.get(one.answer.scan_id) == one.answer


def test_parties_and_slots_are_counted(crowd: Crowd) -> None:
    """People, not tickets; each slot by itself."""
    entrance = crowd.entrance
    with_offer(entrance.store, entrance.house, slug="group", number=9, party_max=9)
    cases = [entrance.ticket(offer="group", party=n) for n in (2, 3, 4)]
    now = entrance.clock.now()
    later = now + timedelta(minutes=10)  # and may come a little early
    for case, slot, at in zip(cases, ("early", "early", "late"), (now, now, later), strict=True):
        with_slot(entrance.store, case, slot=slot, at=at, capacity=9)
    results = crowd.at_once(*(crowd.show(case, people=case.ticket.party) for case in cases))
    assert [inside for _, _, inside in verdicts(results)] == [3, 6, 10]
    assert [entrance.counter(f"came:{slot}") for slot in ("early", "late")] == [5, 4]


def test_one_of_the_copies_of_a_ticket_is_enough(crowd: Crowd) -> None:
    """The other one is judged when that has come in."""
    copied, other = crowd.entrance.ticket(), crowd.entrance.ticket()
    first, copy, third = (crowd.show(case) for case in (copied, copied, other))
    assert crowd.left_out(first, copy, third) == [False, True, False]
    with crowd.entrance.store.unit() as unit:
        told = copy(unit)
    assert verdicts([told]) == [(Verdict.REFUSE, Reason.ALREADY_USED, 3)]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets something happen when all have been read and nothing is written."""
    add_each = joined.add_each

    def plan(happening: Callable[[], object]) -> None:
        def late(*arguments: object) -> object:
            happening()
            return add_each(*arguments)  # type: ignore[arg-type]  # handed on as they are

        monkeypatch.setattr(joined, "add_each", late)

    return plan


def test_if_somebody_was_faster_nothing_is_kept(crowd: Crowd, meanwhile: Meanwhile) -> None:
    """Neither of those who were not hindered: each is judged anew by itself."""
    entrance = crowd.entrance
    taken, free = entrance.ticket(), entrance.ticket()
    meanwhile(lambda: entrance.scan(taken.barcode))
    assert crowd.left_out(crowd.show(taken), crowd.show(free)) == [True, True]
    assert (entrance.moves(free), entrance.inside()) == ([], 2)


def test_a_ticket_that_is_revoked_meanwhile_does_not_come_in(
    crowd: Crowd, meanwhile: Meanwhile
) -> None:
    """It was valid when it was read."""
    entrance = crowd.entrance
    case, free = entrance.ticket(), entrance.ticket()

    def revoke() -> None:
        with entrance.store.unit() as unit:
            tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="lost")

    meanwhile(revoke)
    assert crowd.left_out(crowd.show(case), crowd.show(free)) == [True, True]
    assert (entrance.moves(case), entrance.moves(free)) == ([], [])


@pytest.mark.parametrize(("capacity", "come"), [(2, 0), (3, 0), (4, 3)])
def test_a_house_takes_no_more_than_it_holds(crowd: Crowd, capacity: int, come: int) -> None:
    """If not all fit nobody is let in here; the others are judged one by one."""
    entrance = crowd.entrance
    entrance.house = replace(
        entrance.house, museum=replace(entrance.house.museum, capacity=capacity)
    )
    results = crowd.at_once(*(crowd.show(entrance.ticket()) for _ in range(3)))
    assert len(verdicts(results)) == come
    assert entrance.inside() == 1 + come


def test_an_empty_house_that_is_too_small_lets_nobody_in(crowd: Crowd) -> None:
    """On a new day the counter is not there yet."""
    entrance = crowd.entrance
    entrance.clock.tick(days=1)
    with entrance.store.unit() as unit:
        assert crowd.show(entrance.ticket(), direction=Direction.EXIT)(unit) is not None
    entrance.house = replace(entrance.house, museum=replace(entrance.house.museum, capacity=1))
    assert crowd.left_out(*(crowd.show(entrance.ticket()) for _ in range(2))) == [True, True]
    assert entrance.inside() == 0


def test_what_is_not_plain_is_left_out(crowd: Crowd) -> None:
    """Repeats, refusals, questions, exits, money, strangers, other gates: they need more."""
    entrance = crowd.entrance
    with_offer(
        entrance.store, entrance.house, slug="paid", number=9, price_cents=900, pay_at_desk=True
    )
    with_offer(entrance.store, entrance.house, slug="ten", number=10, entries=10)
    used, plain = entrance.ticket(offer="ten"), entrance.ticket()
    repeat = crowd.show(used)
    with entrance.store.unit() as unit:
        assert repeat(unit) is not None
    works = [
        repeat,
        crowd.show(used, direction=Direction.EXIT),
        crowd.show(entrance.ticket(), direction=Direction.CHECK),
        crowd.show(entrance.ticket(), gate="nord"),
        crowd.show(entrance.ticket(offer="paid")),
        crowd.work(entrance.request("https://example.com")),
        crowd.work(entrance.request("SOMMER-0000-0000")),
        replace(crowd.show(entrance.ticket()), token_hash=b"?" * 32),
        crowd.show(plain),
    ]
    assert crowd.left_out(*works) == [True] * 8 + [False]
    assert crowd.entrance.inside() == 3
    entrance.clock.tick(minutes=1)  # and that the station was heard of
    assert crowd.left_out(crowd.show(entrance.ticket())) == [True]


def test_money_is_not_taken_beside_others(crowd: Crowd) -> None:
    """A payment is written in a transaction of its own; nobody may forget it here."""
    case = crowd.entrance.ticket()
    paid = payment(case.ticket.id, case.offer, actor=SYSTEM, at=crowd.entrance.clock.now())
    scan = crowd.entrance.row(crowd.entrance.scan(crowd.entrance.ticket().barcode).scan_id)
    move = Move(1, scan.scan_id, MoveKind.ENTRY, 1, crowd.entrance.clock.now(), "sued")
    plain = Passing(
        scan=scan, ticket=case.ticket, move=move, counted=(Addition("inside:2026-10-04", 1),)
    )
    assert joined.is_plain(plain)
    leaves = (Addition("inside:2026-10-04", -1),)
    for other in ({"payment": paid}, {"move": None}, {"counted": ()}, {"counted": leaves}):
        assert not joined.is_plain(replace(plain, **other))


def test_a_lone_one_needs_no_more_than_before(crowd: Crowd) -> None:
    """Two statements, the reading and the writing."""
    with crowd.entrance.store.unit() as unit:
        assert crowd.show(crowd.entrance.ticket())(unit) is not None
        assert unit.statements == 2


def deadlocks(store: Store) -> int:
    """How often the server had to break a circle of those who wait for each other."""
    with store.unit() as unit:
        unit.run(text("SELECT pg_stat_force_next_flush()"))
        found = unit.run(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        return int(found.scalar_one())


def waiting(store: Store) -> int:
    """How many transactions wait for a lock now."""
    with store.unit() as unit:
        found = unit.run(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        )
        return int(found.scalar_one())


def test_two_that_come_in_opposite_orders_do_not_stop_each_other(crowd: Crowd) -> None:
    """One waits in the middle, the other at the first: with nothing that the one still needs."""
    entrance, store = crowd.entrance, crowd.entrance.store
    before = deadlocks(store)
    cases = sorted((entrance.ticket() for _ in range(MANY)), key=lambda case: case.ticket.id)
    orders = [[crowd.show(case) for case in order] for order in (cases, cases[::-1])]
    with ThreadPoolExecutor(2) as pool, store.unit() as holder:
        holder.begin()
        move_rows.hold(holder, cases[MANY // 2].ticket.id)
        left = [pool.submit(crowd.left_out, *works) for works in orders]
        until(lambda: waiting(store) == 2)
        holder.rollback()
        told = [one.result() for one in left]
    assert sorted(told) == [[False] * MANY, [True] * MANY]
    assert entrance.inside() == 1 + MANY
    assert deadlocks(store) == before


def test_a_ticket_that_somebody_holds_stops_nobody_else(crowd: Crowd) -> None:
    """Whoever leads waits for it a moment only; its own thread waits on."""
    entrance, store = crowd.entrance, crowd.entrance.store
    held, *others = [entrance.ticket() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool, store.unit() as holder:
        holder.begin()
        move_rows.hold(holder, held.ticket.id)
        slow = pool.submit(store.together, crowd.show(held), scans.scan_each)
        fast = [pool.submit(store.together, crowd.show(one), scans.scan_each) for one in others]
        told = [one.result(timeout=5) for one in fast]
        assert not slow.done()
        holder.rollback()
        last = slow.result(timeout=5)
    said = verdicts([*told, last])
    assert sorted(inside or 0 for _, _, inside in said) == [2, 3, 4, 5]
    assert {verdict for verdict, _, _ in said} == {Verdict.ADMIT}
    with store.unit() as unit:
        assert unit.is_healthy


@pytest.mark.parametrize("offer", [an_offer(), an_offer(entries=3)], ids=["once", "three times"])
def test_copies_at_two_services_come_in_as_often_as_they_may(
    crowd: Crowd, store_url: str, offer: Offer
) -> None:
    """They get the same tickets in every order, and nobody is told to come again."""
    entrance = crowd.entrance
    slug = f"race-{offer.entries}"
    with_offer(entrance.store, entrance.house, slug=slug, number=9, entries=offer.entries)
    with_station(entrance.store, entrance.house, name="Tor 2")
    cases = [entrance.ticket(offer=slug) for _ in range(RACED)]
    stores = [Store(store_url), Store(store_url)]
    results: list[ScanResult | None] = []
    gate = threading.Barrier(RACERS)

    def race(racer: int) -> None:
        own = cases[:: 1 if racer < RACERS // 2 else -1]
        gate.wait()
        for case in own:
            work = crowd.show(case, scan_id=a_scan_id())
            results.append(stores[racer % 2].together(work, scans.scan_each))

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(race, range(RACERS)))
    for store in stores:
        store.close()
    said = Counter(verdict for verdict, _, _ in verdicts(results))
    uses = offer.entries or 0
    assert said == {Verdict.ADMIT: RACED * uses, Verdict.REFUSE: RACED * (RACERS - uses)}
    assert [len(entrance.moves(case)) for case in cases] == [uses] * RACED
    assert entrance.inside() == 1 + RACED * uses
