"""Batches of discount codes: exactly as many as asked for, whatever becomes of their maker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.factories import with_offer
from tests.fakes import START, FrozenClock
from tests.service.coding import AUTUMN as BATCH
from ticketing.domain.code_texts import is_rude, read, text_of
from ticketing.domain.codes import Batch, BatchState, Effect, EffectKind
from ticketing.service import code_batches, code_exports, code_making
from ticketing.service.code_batches import BatchChange
from ticketing.service.code_exports import Format
from ticketing.service.code_making import Maker, Making
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.store import codes
from ticketing.store.unit import Store

AUTUMN = replace(BATCH, count=20)


def made(store: Store, house: House, **changes: Any) -> Batch:
    """A batch as it stands when the call returns."""
    with store.unit() as unit:
        wanted = replace(AUTUMN, **changes)
        return code_batches.create_batch(unit, house, wanted=wanted)


def now(store: Store, batch: Batch) -> Batch:
    """A batch as it stands now."""
    with store.unit() as unit:
        return code_batches.get_batch(unit, batch=batch.id)


def bits_of(store: Store, batch: Batch) -> list[int]:
    """The codes of a batch."""
    with store.unit() as unit:
        return [one.bits for one in codes.page(unit, batch.number, after=None, limit=10_000)]


def test_a_small_batch_is_ready_at_once(store: Store, house: House) -> None:
    """As many codes as asked for, each another, none rude, the prefix as it was given."""
    batch = made(store, house, prefix="Herbst26", count=500)
    found = bits_of(store, batch)
    texts = [text_of(batch.prefix, bits) for bits in found]
    assert (batch.state, batch.tally.made) == (BatchState.READY, 500)
    assert len(set(texts)) == 500
    assert found == sorted(found)
    assert all(text.startswith("Herbst26-") and len(text) == 20 for text in texts)
    assert not any(is_rude(text.partition("-")[2]) for text in texts)
    assert [read(text) for text in texts] == [("HERBST26", bits) for bits in found]


def test_a_large_batch_is_left_to_the_worker(store: Store, house: House) -> None:
    """It is building at first; each look of the worker is one short transaction."""
    batch = made(store, house, count=6_000)
    assert (batch.state, batch.tally.made) == (BatchState.BUILDING, 0)
    maker = Maker(store, house)
    assert maker.look()
    assert 0 < now(store, batch).tally.made < 6_000
    while maker.look():
        pass
    assert (now(store, batch).state, now(store, batch).tally.made) == (BatchState.READY, 6_000)
    assert len(bits_of(store, batch)) == 6_000


def test_a_batch_whose_maker_died_is_finished(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """Nobody touches it while the lease runs; then another goes on, and the dead one is late."""
    with store.unit() as unit:
        claim = code_batches.begin_batch(unit, house, wanted=AUTUMN)
    with store.unit() as unit:
        dead = Making(house, claim)
        dead._size = 7
        dead.step(unit)
    maker = Maker(store, house)
    assert not maker.look()
    clock.tick(seconds=31)
    while maker.look():
        pass
    assert now(store, claim.batch).state is BatchState.READY
    assert len(bits_of(store, claim.batch)) == 20
    with store.unit() as unit:
        assert not dead.step(unit)
    assert len(bits_of(store, claim.batch)) == 20


def test_a_batch_that_nobody_can_finish_is_given_up(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """After ten makers that died it has failed, and none of its codes is left or taken out."""
    with store.unit() as unit:
        claim = code_batches.begin_batch(unit, house, wanted=AUTUMN)
    with store.unit() as unit:
        making = Making(house, claim)
        making._size = 7
        making.step(unit)
    for _ in range(code_making.TRIES - 1):
        clock.tick(seconds=31)
        with store.unit() as unit:
            assert Maker(store, house)._next(unit) is not None
    clock.tick(seconds=31)
    assert not Maker(store, house).look()
    failed = now(store, claim.batch)
    assert failed.state is BatchState.FAILED
    assert bits_of(store, failed) == []
    with store.unit() as unit, pytest.raises(Conflict, match="batch_failed"):
        code_exports.take_out(unit, house, batch=failed.id, kind=Format.CSV)


def test_codes_that_are_taken_are_drawn_again(store: Store, house: House) -> None:
    """Two batches of the same chance still have as many codes as promised, all different."""
    first = made(store, house)
    taken = bits_of(store, first)
    with store.unit() as unit:
        claim = code_batches.begin_batch(unit, house, wanted=AUTUMN)
        making = Making(house, claim)
        making._drawn = sorted({*taken[:5], *(one + 1 for one in taken[5:])})[:20]  # type: ignore[assignment]
        while not making.is_complete:
            assert making.step(unit)
    second = bits_of(store, claim.batch)
    assert len(second) == 20
    assert not set(second) & set(taken)


def test_a_batch_that_is_over_is_changed_otherwise(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """Its own end is no reason against it; a new one that is over is, as is a budget of 0."""
    end = START + timedelta(days=1)
    old = made(store, house, valid_until=end)
    clock.tick(days=3)
    with store.unit() as unit:
        change = partial(code_batches.change_batch, unit, house, batch=old.id)
        assert change(change=BatchChange(note="vorbei", valid_until=end)).note == "vorbei"
        for field, wrong in (
            ("valid_until: past", BatchChange(valid_until=end + timedelta(days=1))),
            ("budget_cents: zero", BatchChange(budget_cents=0)),
            ("valid_until: range", BatchChange(valid_until=datetime(1999, 1, 1, tzinfo=UTC))),
        ):
            with pytest.raises(Invalid) as refused:
                change(change=wrong)
            assert str(refused.value) == field
            unit.rollback()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("count", {"count": 0}),
        ("count", {"count": -1}),
        ("count", {"count": 1_000_001}),
        ("count", {"count": 2**50 + 1}),
        ("effect.value", {"effect": Effect(EffectKind.PERCENT, 110)}),
        ("effect.value", {"effect": Effect(EffectKind.PERCENT, 0)}),
        ("effect.value", {"effect": Effect(EffectKind.AMOUNT, -500)}),
        ("effect.value", {"effect": Effect(EffectKind.PRICE, -1)}),
        ("effect.value", {"effect": Effect(EffectKind.FREE, 5)}),
        ("valid_until", {"valid_from": START, "valid_until": START - timedelta(days=1)}),
        ("valid_until", {"valid_until": START + timedelta(days=100_000)}),
        ("max_uses", {"max_uses": 0}),
        ("per_visitor", {"per_visitor": 0}),
        ("min_amount_cents", {"min_amount_cents": -1}),
        ("budget_cents", {"budget_cents": -1}),
        ("prefix", {"prefix": "H"}),
        ("prefix", {"prefix": "HERBST-26"}),
        ("name", {"name": " "}),
        ("tag", {"tag": "x" * 101}),
        ("note", {"note": "x" * 501}),
        ("offers", {"offers": ()}),
        ("offers", {"offers": ("night",)}),
        ("valid_until", {"valid_until": START}),
        ("budget_cents", {"budget_cents": 0}),
        ("prefix", {"prefix": "Arsch"}),
        ("prefix", {"prefix": "F1CK24"}),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    store: Store, house: House, field: str, changes: dict[str, Any]
) -> None:
    """The field is named, and nothing is stored."""
    with pytest.raises(Invalid) as refused:
        made(store, house, **changes)
    assert [error.field for error in refused.value.errors] == [field]


def test_every_wrong_field_is_named(store: Store, house: House) -> None:
    """All at once, so that a form shows them together."""
    with pytest.raises(Invalid) as refused:
        made(store, house, count=0, name="", budget_cents=-1)
    assert [one.field for one in refused.value.errors] == ["name", "count", "budget_cents"]


def test_a_batch_may_be_for_offers_that_exist(store: Store, house: House) -> None:
    """And keeps them."""
    with_offer(store, house)
    assert made(store, house, offers=("day",)).offers == ("day",)


def test_an_unknown_batch_is_not_found(store: Store) -> None:
    """Whatever the id looks like."""
    with store.unit() as unit, pytest.raises(NotFound):
        code_batches.get_batch(unit, batch="cb_0")
