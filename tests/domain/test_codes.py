"""What a code takes off, and when it is good for nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import an_offer
from tests.fakes import START
from ticketing.domain.code_texts import CodeBits
from ticketing.domain.codes import (
    Batch,
    BatchState,
    Code,
    Discount,
    Effect,
    EffectKind,
    Refusal,
    Sale,
    Standing,
    Tally,
    gate_cents,
    judge,
    off_cents,
    standing,
    takes_off,
)
from ticketing.domain.ids import VisitorId
from ticketing.wire.verdict import VERDICTS_OF, Reason, Verdict

BATCH = Batch(
    id="cb_1",
    name="Herbst",
    prefix="HERBST",
    count=10,
    effect=Effect(EffectKind.PERCENT, 20),
    state=BatchState.READY,
)
CODE = Code(bits=CodeBits(5), batch=1)
DAY = an_offer(price_cents=900)
NIGHT = an_offer(slug="night", number=8, price_cents=1500)
ANNA, BEN = VisitorId(b"a" * 16), VisitorId(b"b" * 16)
AMOUNTS = st.integers(-100, 10_000_000)
EFFECTS = st.one_of(
    st.builds(Effect, st.just(EffectKind.PERCENT), st.integers(1, 100)),
    st.builds(Effect, st.just(EffectKind.AMOUNT), st.integers(1, 10_000_000)),
    st.builds(Effect, st.just(EffectKind.PRICE), st.integers(0, 10_000_000)),
    st.just(Effect(EffectKind.FREE)),
)


@given(EFFECTS, AMOUNTS)
def test_no_discount_is_more_than_the_price_or_less_than_nothing(
    effect: Effect, amount: int
) -> None:
    """Whatever it is of whatever."""
    assert 0 <= off_cents(effect, amount) <= max(0, amount)


@given(st.integers(1, 100), st.integers(0, 10_000_000))
def test_percent_is_exact_to_half_a_cent(percent: int, amount: int) -> None:
    """And half a cent goes to the visitor."""
    off = off_cents(Effect(EffectKind.PERCENT, percent), amount)
    assert -50 < off * 100 - amount * percent <= 50


@given(EFFECTS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_dearer_price_is_never_reduced_to_less(effect: Effect, first: int, second: int) -> None:
    """What is left to pay grows with the price."""
    low, high = sorted((first, second))
    assert low - off_cents(effect, low) <= high - off_cents(effect, high)


@pytest.mark.parametrize(
    ("kind", "value", "amount", "off"),
    [
        (EffectKind.PERCENT, 20, 900, 180),
        (EffectKind.PERCENT, 50, 5, 3),
        (EffectKind.PERCENT, 33, 100, 33),
        (EffectKind.PERCENT, 100, 900, 900),
        (EffectKind.AMOUNT, 500, 900, 500),
        (EffectKind.AMOUNT, 1000, 900, 900),
        (EffectKind.PRICE, 600, 900, 300),
        (EffectKind.PRICE, 1000, 900, 0),
        (EffectKind.FREE, 0, 900, 900),
    ],
)
def test_what_each_kind_takes_off(kind: EffectKind, value: int, amount: int, off: int) -> None:
    """In cents."""
    assert off_cents(Effect(kind, value), amount) == off


@pytest.mark.parametrize(
    ("sale", "offers", "discount"),
    [
        (Sale(amount_cents=2000), (DAY,), Discount(2000, 400)),
        (Sale(amount_cents=2000, offer=DAY), (DAY,), Discount(2000, 400)),
        (Sale(offer=DAY), (DAY, NIGHT), Discount(900, 180)),
        (Sale(), (DAY,), Discount(900, 180)),
        (Sale(), (DAY, NIGHT), Discount(None, 300)),
        (Sale(), (), Discount(None, 0)),
    ],
)
def test_where_the_price_is_not_known_the_most_is_counted(
    sale: Sale, offers: tuple[Any, ...], discount: Discount
) -> None:
    """So a budget never gives more than it has."""
    assert takes_off(BATCH, sale, offers) == discount


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], Sale, Reason]] = [
    ("building", {"state": BatchState.BUILDING}, {}, Sale(), Reason.UNKNOWN_CODE),
    ("failed", {"state": BatchState.FAILED}, {}, Sale(), Reason.UNKNOWN_CODE),
    ("stopped", {"state": BatchState.STOPPED}, {}, Sale(), Reason.CODE_NOT_APPLICABLE),
    ("early", {"valid_from": START + timedelta(seconds=1)}, {}, Sale(), Reason.NOT_YET_VALID),
    ("over", {"valid_until": START}, {}, Sale(), Reason.EXPIRED),
    ("used", {}, {"uses": 1, "last_at": START}, Sale(), Reason.CODE_USED_UP),
    ("another's", {}, {"visitor": ANNA}, Sale(visitor=BEN), Reason.CODE_NOT_APPLICABLE),
    ("nobody's", {}, {"visitor": ANNA}, Sale(), Reason.CODE_NOT_APPLICABLE),
    (
        "twice",
        {"per_visitor": 1},
        {},
        Sale(visitor=ANNA, visitor_uses=1),
        Reason.CODE_USED_UP,
    ),
    ("offer", {"offers": ("day",)}, {}, Sale(offer=NIGHT), Reason.CODE_NOT_APPLICABLE),
    (
        "inactive",
        {},
        {},
        Sale(offer=replace(DAY, active=False)),
        Reason.CODE_NOT_APPLICABLE,
    ),
    (
        "cheap",
        {"min_amount_cents": 1000},
        {},
        Sale(amount_cents=999),
        Reason.CODE_NOT_APPLICABLE,
    ),
    ("cheap offer", {"min_amount_cents": 1000}, {}, Sale(offer=DAY), Reason.CODE_NOT_APPLICABLE),
    ("no such offer", {"offers": ("gone",)}, {}, Sale(), Reason.CODE_NOT_APPLICABLE),
    ("all cheap", {"min_amount_cents": 9999}, {}, Sale(), Reason.CODE_NOT_APPLICABLE),
    ("broke", {"budget_cents": 179}, {}, Sale(offer=DAY), Reason.BUDGET_SPENT),
    ("empty", {"budget_cents": 0}, {}, Sale(amount_cents=0), Reason.BUDGET_SPENT),
    (
        "spent",
        {"budget_cents": 500, "tally": Tally(given_cents=321)},
        {},
        Sale(offer=DAY),
        Reason.BUDGET_SPENT,
    ),
]


@pytest.mark.parametrize(
    ("batch", "code", "sale", "reason"),
    [one[1:] for one in REFUSED],
    ids=[one[0] for one in REFUSED],
)
def test_a_code_that_is_good_for_nothing_says_why(
    batch: dict[str, Any], code: dict[str, Any], sale: Sale, reason: Reason
) -> None:
    """By a reason that a gate can refuse with."""
    said = judge(
        replace(BATCH, **batch), replace(CODE, **code), sale, offers=(DAY, NIGHT), now=START
    )
    assert isinstance(said, Refusal)
    assert said.reason is reason
    assert Verdict.REFUSE in VERDICTS_OF[reason]


@pytest.mark.parametrize(
    ("batch", "code", "sale", "off"),
    [
        ({}, {}, Sale(offer=DAY), 180),
        ({"valid_from": START, "valid_until": START + timedelta(1)}, {}, Sale(offer=DAY), 180),
        ({"max_uses": None}, {"uses": 999}, Sale(offer=DAY), 180),
        ({"max_uses": 2}, {"uses": 1}, Sale(offer=DAY), 180),
        ({}, {"visitor": ANNA}, Sale(offer=DAY, visitor=ANNA), 180),
        ({"per_visitor": 2}, {}, Sale(offer=DAY, visitor=ANNA, visitor_uses=1), 180),
        ({"offers": ("night",)}, {}, Sale(), 300),
        ({"min_amount_cents": 1000}, {}, Sale(amount_cents=1000), 200),
        ({"budget_cents": 180}, {}, Sale(offer=DAY), 180),
    ],
)
def test_a_code_that_is_good_says_what_it_takes_off(
    batch: dict[str, Any], code: dict[str, Any], sale: Sale, off: int
) -> None:
    """Up to the very limit."""
    said = judge(
        replace(BATCH, **batch), replace(CODE, **code), sale, offers=(DAY, NIGHT), now=START
    )
    assert isinstance(said, Discount)
    assert said.off_cents == off


def test_a_batch_is_touched_by_a_redemption_also_when_it_was_released() -> None:
    """What it did then was promised."""
    assert not BATCH.is_touched
    assert replace(BATCH, tally=Tally(released=1)).is_touched
    assert replace(BATCH, tally=Tally(redeemed=1)).is_touched


# ------------------------------------------------------------ how it stands
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Standing.READY),
        ({"state": BatchState.BUILDING, "valid_until": START}, Standing.BUILDING),
        ({"state": BatchState.FAILED}, Standing.FAILED),
        ({"state": BatchState.STOPPED, "valid_until": START}, Standing.STOPPED),
        ({"valid_from": START}, Standing.READY),
        ({"valid_from": START + timedelta(seconds=1)}, Standing.LATER),
        ({"valid_until": START}, Standing.OVER),
        ({"valid_until": START + timedelta(seconds=1)}, Standing.READY),
        ({"budget_cents": 0, "valid_from": START + timedelta(seconds=1)}, Standing.SPENT),
        ({"budget_cents": 0, "valid_until": START}, Standing.OVER),
        ({"budget_cents": 1}, Standing.READY),
    ],
)
def test_a_batch_stands_one_way(changes: dict[str, Any], expected: Standing) -> None:
    """Whoever stopped it comes first, then its end, its money, its beginning."""
    assert standing(replace(BATCH, **changes), START) is expected


def test_what_is_running_is_what_a_code_is_good_for() -> None:
    """Only codes of a batch that runs take anything off."""
    for change in (
        {"valid_from": START + timedelta(1)},
        {"valid_until": START},
        {"budget_cents": 0},
        {"state": BatchState.STOPPED},
        {"state": BatchState.BUILDING},
    ):
        batch = replace(BATCH, **change)
        assert standing(batch, START) is not Standing.READY
        assert isinstance(judge(batch, CODE, Sale(), offers=(DAY,), now=START), Refusal)


# ------------------------------------------------------------ what a gate books
@pytest.mark.parametrize(
    ("effect", "of", "expected"),
    [
        (Effect(EffectKind.PERCENT, 20), None, 300),
        (Effect(EffectKind.PERCENT, 20), ("day",), None),
        (Effect(EffectKind.AMOUNT, 200), None, None),
        (Effect(EffectKind.AMOUNT, 1200), None, 1200),
        (Effect(EffectKind.FREE), None, 1500),
        (Effect(EffectKind.FREE), ("nothing",), None),
    ],
)
def test_a_gate_books_the_most_where_nobody_can_say(
    effect: Effect, of: tuple[str, ...] | None, expected: int | None
) -> None:
    """Nothing is to be said where every offer that it can be for has the same taken off."""
    batch = replace(BATCH, effect=effect, offers=of)
    day = replace(DAY, slug="day")
    assert gate_cents(batch, (day, NIGHT)) == expected


@given(EFFECTS, st.lists(st.integers(0, 10_000), max_size=4))
def test_a_gate_books_what_is_told(effect: Effect, prices: list[int]) -> None:
    """What is said to be booked there is what a use there takes from the budget."""
    batch = replace(BATCH, effect=effect)
    offers = tuple(replace(DAY, slug=f"o{n}", price_cents=one) for n, one in enumerate(prices))
    told = gate_cents(batch, offers)
    if told is not None:
        assert takes_off(batch, Sale(), offers) == Discount(None, told)
