"""Discount codes: exactly as many uses as promised, once for each redemption id."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.fakes import FrozenClock
from tests.service.coding import SHOP, Shop
from ticketing.domain.codes import Effect, EffectKind, RedemptionState
from ticketing.domain.ids import VisitorId
from ticketing.service import code_batches
from ticketing.service.code_guessing import (
    WRONG_OF_ADDRESS,
    WRONG_OF_CLIENT,
    WRONG_OF_KEY,
    Guesser,
)
from ticketing.service.errors import CodeRefused, Conflict, Invalid, NotFound, Throttled
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, who_is
from ticketing.store import schema
from ticketing.store.unit import Store

ANNA, BEN = VisitorId(b"a" * 16), VisitorId(b"b" * 16)
UNKNOWN = "HERBST-00000000000"


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """A shop with the offer `day` for 9 euros."""
    made = Shop(store, house, clock)
    made.offer()
    return made


def reason_of(shop: Shop, code: str, **changes: Any) -> str:
    """Why a code is not good; the same is said of a check and of a redemption."""
    with pytest.raises(CodeRefused) as of_check:
        shop.check(code, **changes)
    with pytest.raises(CodeRefused) as of_use:
        shop.redeem(code, "refused", **changes)
    assert of_check.value.reason == of_use.value.reason
    return of_use.value.reason


def test_a_check_says_what_a_code_takes_off_and_reserves_nothing(shop: Shop) -> None:
    """Of an offer, of an amount, of all it is for."""
    shop.offer(slug="night", number=8, price_cents=1500)
    batch = shop.batch(count=1)
    code = shop.texts(batch)[0]
    assert shop.check(code, offer="day").discount.off_cents == 180
    assert shop.check(code, amount_cents=5000).discount.off_cents == 1000
    checked = shop.check(code)
    assert [(offer.slug, cents) for offer, cents in checked.offers] == [
        ("day", 720),
        ("night", 1200),
    ]
    assert (checked.uses_left, checked.code) == (1, code)
    assert shop.now(batch).tally.redeemed == 0


def test_a_redemption_uses_a_code_up(shop: Shop) -> None:
    """Discount, uses and tally agree; the second one is told when the first was."""
    batch = shop.batch(count=1)
    code = shop.texts(batch)[0]
    done = shop.redeem(code, offer="day")
    assert (done.created, done.offer, done.uses_left) == (True, "day", 0)
    assert (done.redemption.amount_cents, done.redemption.off_cents) == (900, 180)
    tally = shop.now(batch).tally
    assert (tally.redeemed, tally.used, tally.given_cents) == (1, 1, 180)
    with pytest.raises(CodeRefused) as used:
        shop.redeem(code, "r2", offer="day")
    assert used.value.refusal.at == shop.clock.now()


def test_the_same_redemption_again_gets_the_stored_answer(shop: Shop) -> None:
    """Also after the batch was stopped, and when the caller has been wrong too often."""
    batch = shop.batch(count=1)
    code = shop.texts(batch)[0]
    first = shop.redeem(code, offer="day", visitor=ANNA)
    with shop.store.unit() as unit:
        code_batches.stop_batch(unit, shop.house, batch=batch.id)
    wrong_before(shop, WRONG_OF_KEY, "code:key_1", WRONG_OF_KEY.each)
    with pytest.raises(Throttled):
        shop.redeem(code, "r2", offer="day", visitor=ANNA)
    again = shop.redeem(code.lower(), offer="day", visitor=ANNA)
    assert not again.created
    assert again.redemption == first.redemption
    assert shop.now(batch).tally.redeemed == 1


@pytest.mark.parametrize(
    "changes",
    [{"offer": "day"}, {"amount_cents": 901}, {"visitor": BEN}, {"code": UNKNOWN}],
)
def test_a_redemption_id_belongs_to_one_question(shop: Shop, changes: dict[str, Any]) -> None:
    """With another code, offer, amount or visitor it is refused, and nothing is used."""
    batch = shop.batch(count=1, max_uses=2)
    asked: dict[str, Any] = {"code": shop.texts(batch)[0], "amount_cents": 900, "visitor": ANNA}
    shop.redeem(**asked)
    with pytest.raises(Conflict, match="redemption_id_reused"):
        shop.redeem(**asked | changes)
    assert shop.now(batch).tally.redeemed == 1


def test_a_refused_redemption_may_ask_again(shop: Shop) -> None:
    """A refusal is not kept: the same id is judged afresh."""
    code = shop.code(valid_from=shop.clock.now() + timedelta(hours=1))
    assert reason_of(shop, code) == "not_yet_valid"
    shop.clock.tick(minutes=61)
    assert shop.redeem(code, "refused").created


def test_a_release_gives_use_and_money_back_once(shop: Shop) -> None:
    """Twice is the same answer; then the code is good again, and the old id stays released."""
    batch = shop.batch(count=1, budget_cents=180, per_visitor=1)
    code = shop.texts(batch)[0]
    shop.redeem(code, offer="day", visitor=ANNA)
    first = shop.release()
    assert first.redemption.state is RedemptionState.RELEASED
    assert first.uses_left == 1
    assert shop.release() == first
    tally = shop.now(batch).tally
    assert (tally.redeemed, tally.released, tally.used, tally.given_cents) == (0, 1, 0, 0)
    repeated = shop.redeem(code, offer="day", visitor=ANNA)
    assert repeated.redemption.state is RedemptionState.RELEASED
    assert shop.redeem(code, "r2", offer="day", visitor=ANNA).created


def test_an_unknown_redemption_cannot_be_released(shop: Shop) -> None:
    """There is nothing to give back."""
    with pytest.raises(NotFound):
        shop.release("never")


@pytest.mark.parametrize("text", [UNKNOWN, "HERBST-00000000001", "rubbish", ""])
def test_what_is_no_code_of_ours_is_unknown(shop: Shop, text: str) -> None:
    """One nobody made, a slip, something else altogether."""
    assert reason_of(shop, text) == "unknown_code"


def test_the_prefix_must_be_the_batchs(shop: Shop) -> None:
    """Folded: an O may be a zero; another prefix is no code."""
    code = shop.code(prefix="Sommer")
    assert shop.check(code.replace("Sommer", "S0MMER")).uses_left == 1
    assert reason_of(shop, code.replace("Sommer", "SUMMER")) == "unknown_code"


@pytest.mark.parametrize(
    ("batch", "sale", "reason"),
    [
        ({"valid_until": timedelta(0)}, {}, "expired"),
        ({"min_amount_cents": 1000}, {"amount_cents": 999}, "code_not_applicable"),
        ({"min_amount_cents": 1000}, {"offer": "day"}, "code_not_applicable"),
        ({"budget_cents": 179}, {"offer": "day"}, "budget_spent"),
        ({"offers": ("night",)}, {"offer": "day"}, "code_not_applicable"),
    ],
)
def test_limits_are_kept(
    shop: Shop, batch: dict[str, Any], sale: dict[str, Any], reason: str
) -> None:
    """Each refused with its own reason."""
    shop.offer(slug="night", number=8, price_cents=1500)
    if "valid_until" in batch:
        batch = {"valid_until": shop.clock.now() + batch["valid_until"]}
    assert reason_of(shop, shop.code(**batch), **sale) == reason


def test_the_budget_is_spent_to_the_last_cent_and_no_further(shop: Shop) -> None:
    """Five at 1.80 fit into 9.00; the sixth does not."""
    batch = shop.batch(count=6, budget_cents=900)
    texts = shop.texts(batch)
    for place, code in enumerate(texts[:5]):
        shop.redeem(code, f"r{place}", offer="day")
    assert reason_of(shop, texts[5], offer="day") == "budget_spent"
    assert shop.now(batch).tally.given_cents == 900


def test_a_visitor_has_as_many_uses_as_promised(shop: Shop) -> None:
    """Of the whole batch, not of each code; another visitor has their own."""
    batch = shop.batch(count=4, per_visitor=2, max_uses=2)
    texts = shop.texts(batch)
    shop.redeem(texts[0], "r0", visitor=ANNA)
    shop.redeem(texts[1], "r1", visitor=ANNA)
    assert reason_of(shop, texts[2], visitor=ANNA) == "code_used_up"
    assert shop.redeem(texts[2], "r2", visitor=BEN).created


def test_who_counts_visitors_must_know_them(shop: Shop) -> None:
    """Otherwise the limit could be passed by leaving the visitor out."""
    code = shop.code(per_visitor=1)
    with pytest.raises(Invalid) as refused:
        shop.redeem(code)
    assert [error.field for error in refused.value.errors] == ["visitor"]


def test_an_unknown_offer_is_a_wrong_field(shop: Shop) -> None:
    """Not a reason that a visitor would be told."""
    with pytest.raises(Invalid) as refused:
        shop.check(shop.code(), offer="moon")
    assert [error.field for error in refused.value.errors] == ["offer"]


def test_a_code_is_good_without_offer_and_amount(shop: Shop) -> None:
    """What it takes off is worked out for the one offer there is; of several the most counts."""
    only = shop.redeem(shop.code(offers=("day",)), "r1")
    assert (only.offer, only.redemption.off_cents) == ("day", 180)
    shop.offer(slug="night", number=8, price_cents=1500)
    several = shop.redeem(shop.code(effect=Effect(EffectKind.FREE)), "r2")
    assert (several.offer, several.redemption.amount_cents) == (None, None)
    assert several.redemption.off_cents == 1500


def test_a_code_without_a_limit_is_used_again_and_again(shop: Shop) -> None:
    """It is one code used once, twice, three times."""
    batch = shop.batch(count=1, max_uses=None)
    code = shop.texts(batch)[0]
    for place in range(3):
        assert shop.redeem(code, f"r{place}").uses_left is None
    assert (shop.now(batch).tally.redeemed, shop.now(batch).tally.used) == (3, 1)


# ------------------------------------------------------------ guessing
def wrong_before(shop: Shop, limit: Limit, who: str, times: int) -> None:
    """So many wrong codes a moment ago."""
    with shop.store.unit() as unit:
        unit.begin()
        row = {"kind": limit.kind, "who": who_is(shop.house, who), "at": shop.clock.now()}
        unit.run(insert(schema.attempts).values([row] * times))
        unit.commit()


def test_a_customer_who_is_wrong_too_often_waits(shop: Shop, clock: FrozenClock) -> None:
    """A good code is answered the same then, so nothing is learnt; later it is good."""
    code, guessing = shop.code(), replace(SHOP, client="basket 7")
    for place in range(WRONG_OF_CLIENT.each):
        with pytest.raises(CodeRefused):
            shop.check(UNKNOWN, guesser=guessing) if place % 2 else shop.redeem(
                UNKNOWN, guesser=guessing
            )
    with pytest.raises(Throttled) as told:
        shop.redeem(code, guesser=guessing)
    assert 0 < told.value.retry_after_s <= 15 * 60
    with pytest.raises(Throttled):
        shop.check(code, guesser=guessing)
    clock.tick(minutes=15, seconds=1)
    assert shop.redeem(code, guesser=guessing).created


def test_the_other_customers_of_a_shop_do_not_wait(shop: Shop) -> None:
    """Nor do those of another shop who happen to be called the same."""
    code, guessing = shop.code(), replace(SHOP, client="basket 7")
    for _ in range(WRONG_OF_CLIENT.each):
        with pytest.raises(CodeRefused):
            shop.check(UNKNOWN, guesser=guessing)
    others = (replace(SHOP, client="basket 8"), SHOP, replace(guessing, caller="key_2"))
    assert [shop.check(code, guesser=one).uses_left for one in others] == [1, 1, 1]


def test_a_program_that_is_wrong_too_often_waits(shop: Shop, clock: FrozenClock) -> None:
    """Whoever draws a new customer for each try gets no further."""
    code = shop.code()
    wrong_before(shop, WRONG_OF_KEY, "code:key_1", WRONG_OF_KEY.each - 1)
    assert shop.check(code).uses_left == 1
    with pytest.raises(CodeRefused):
        shop.check(UNKNOWN)
    for guesser in (SHOP, replace(SHOP, client="new"), replace(SHOP, address="192.0.2.8")):
        with pytest.raises(Throttled):
            shop.check(code, guesser=guesser)
    assert shop.check(code, guesser=replace(SHOP, caller="key_2")).uses_left == 1
    clock.tick(minutes=15, seconds=1)
    assert shop.redeem(code).created


def test_an_address_with_many_keys_waits_too(shop: Shop) -> None:
    """Keys are free to make; an address is not."""
    code = shop.code()
    wrong_before(shop, WRONG_OF_ADDRESS, "code@192.0.2.7", WRONG_OF_ADDRESS.each - 1)
    with pytest.raises(CodeRefused):
        shop.check(UNKNOWN, guesser=Guesser("key_2", "192.0.2.7"))
    with pytest.raises(Throttled):
        shop.check(code, guesser=Guesser("key_new", "192.0.2.7"))


def test_a_customer_is_kept_as_a_hash(shop: Shop) -> None:
    """What a shop calls them is not ours to keep, nor in a log line."""
    guesser = replace(SHOP, client="mara@example.org")
    with pytest.raises(CodeRefused):
        shop.check(UNKNOWN, guesser=guesser)
    with shop.store.unit() as unit:
        kept = repr(unit.run(select(schema.attempts)).all())
    assert "mara" not in kept + repr(guesser)


def test_right_codes_cost_nothing(shop: Shop) -> None:
    """A shop with many customers is never slowed down."""
    code = shop.code(max_uses=None)
    guesser = replace(SHOP, client="basket 7")
    for place in range(WRONG_OF_CLIENT.each + 5):
        shop.redeem(code, f"r{place}", guesser=guesser)
    assert shop.check(code, guesser=guesser).uses_left is None
