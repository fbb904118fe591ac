"""Many at the last use, the last cent, the same id: exactly as many winners as promised."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.fakes import FrozenClock
from tests.service.coding import Shop
from ticketing.domain.ids import VisitorId
from ticketing.service import code_batches
from ticketing.service.code_batches import BatchChange
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.ports import House
from ticketing.store.unit import Store

ROUNDS = {"sqlite": 20, "postgres": 10}
CLIENTS = 8
PROCESSES, EACH = 2, 40
ROOT = Path(__file__).resolve().parents[2]
ANNA = VisitorId(b"a" * 16)


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """A shop with the offer `day` for 9 euros."""
    made = Shop(store, house, clock)
    made.offer()
    return made


def at_once(acts: Sequence[Callable[[], object]]) -> Counter[str]:
    """What comes of acts at the same moment: `ok`, or the reason of a refusal."""
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> str:
        barrier.wait(30)
        try:
            act()
        except Conflict as conflict:
            return conflict.reason
        except Invalid as invalid:
            return invalid.errors[0].problem
        return "ok"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(one, acts))


@pytest.mark.timeout(240)
def test_of_eight_at_the_last_use_one_wins(shop: Shop, engine: str) -> None:
    """Peers 66: seven are told that it is used up, none to ask again."""
    batch = shop.batch(count=ROUNDS[engine])
    for place, text in enumerate(shop.texts(batch)):
        acts = [partial(shop.redeem, text, f"{place}-{n}") for n in range(CLIENTS)]
        assert at_once(acts) == {"ok": 1, "code_used_up": CLIENTS - 1}
    tally = shop.now(batch).tally
    assert (tally.redeemed, tally.used) == (ROUNDS[engine], ROUNDS[engine])


@pytest.mark.timeout(240)
def test_the_budget_is_never_overdrawn(shop: Shop, engine: str) -> None:
    """Money for three of eight different codes at once, again and again."""
    for place in range(ROUNDS[engine] // 2):
        batch = shop.batch(count=CLIENTS, budget_cents=3 * 180 + 100)
        acts = [
            partial(shop.redeem, text, f"{place}-{n}", offer="day")
            for n, text in enumerate(shop.texts(batch))
        ]
        found = at_once(acts)
        assert (found["ok"], found["budget_spent"], found["busy"]) == (3, 5, 0)
        assert shop.now(batch).tally.given_cents == 540


def test_a_visitor_with_many_codes_has_as_many_uses_as_promised(shop: Shop, engine: str) -> None:
    """Two of eight at once."""
    for place in range(ROUNDS[engine] // 2):
        batch = shop.batch(count=CLIENTS, per_visitor=2)
        acts = [
            partial(shop.redeem, text, f"{place}-{n}", visitor=ANNA)
            for n, text in enumerate(shop.texts(batch))
        ]
        found = at_once(acts)
        assert (found["ok"], found["code_used_up"]) == (2, CLIENTS - 2)


def test_one_redemption_sent_eight_times_at_once_is_one(shop: Shop, engine: str) -> None:
    """All eight succeed, one use is gone."""
    batch = shop.batch(count=ROUNDS[engine])
    for place, text in enumerate(shop.texts(batch)):
        acts = [partial(shop.redeem, text, f"r{place}")] * CLIENTS
        assert at_once(acts) == {"ok": CLIENTS}
    assert shop.now(batch).tally.redeemed == ROUNDS[engine]


def test_releases_at_once_give_back_once(shop: Shop, engine: str) -> None:
    """However often it is sent; then another has the use."""
    batch = shop.batch(count=ROUNDS[engine], budget_cents=180 * ROUNDS[engine])
    for place, text in enumerate(shop.texts(batch)):
        shop.redeem(text, f"r{place}", offer="day")
        found = at_once([partial(shop.release, f"r{place}")] * CLIENTS)
        assert found == {"ok": CLIENTS}
    tally = shop.now(batch).tally
    assert (tally.redeemed, tally.released, tally.given_cents) == (0, ROUNDS[engine], 0)


def test_a_lower_limit_and_a_redemption_at_once_agree(shop: Shop, engine: str) -> None:
    """Either the limit comes first and the use is refused, or it is used and the limit is."""
    for place in range(ROUNDS[engine] // 2):
        batch = shop.batch(count=1, max_uses=2)
        text = shop.texts(batch)[0]
        shop.redeem(text, f"{place}-first")
        found = at_once(
            [partial(_limit, shop, batch.id), partial(shop.redeem, text, f"{place}-second")]
        )
        now = shop.now(batch)
        assert now.max_uses is not None
        assert now.tally.redeemed <= now.max_uses
        assert found in ({"ok": 1, "code_used_up": 1}, {"ok": 1, "below_used": 1})


def _limit(shop: Shop, batch: str) -> None:
    with shop.store.unit() as unit:
        one = BatchChange(max_uses=1)
        code_batches.change_batch(unit, shop.house, batch=batch, change=one)


@pytest.mark.timeout(120)
def test_two_processes_at_the_last_uses_redeem_each_code_once(
    shop: Shop, keys: Path, store_url: str, tmp_path: Path
) -> None:
    """Both try every code, with four clients each: one winner per code, no error."""
    batch = shop.batch(count=EACH)
    texts = tmp_path / "codes"
    texts.write_text("\n".join(shop.texts(batch)))
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.service.code_clients", store_url, keys, texts, str(n)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = Counter(
        word for process in started for word in process.communicate(timeout=100)[0].split()
    )
    assert [process.returncode for process in started] == [0] * PROCESSES
    assert said == {"ok": EACH, "code_used_up": EACH}
    assert shop.now(batch).tally.redeemed == EACH
