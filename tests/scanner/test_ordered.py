"""The nearest codeword: never worse than what was sent, and far from it only by chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.sight import symbol
from scanner.sight.correction import Bytes, corrected
from scanner.sight.layout import LIVE, TICKET, Layout, Modules
from scanner.sight.ordered import nearest
from tests.scanner.symbols import drawn, text_of

SEEDS = st.integers(0, 2**32 - 1)
LENGTH, CHECKS = 43, 16


def sent(seed: int, layout: Layout = TICKET, block: int = 0) -> Bytes:
    """A block of a drawn symbol."""
    modules = drawn(text_of(seed % 1000, layout), layout, mask=0)
    bits = modules[layout.rows, layout.columns]
    symbols = np.packbits(np.where(layout.masks[0], -bits, bits) > 0)
    return np.asarray(symbols[layout.places[block]])


def soft_of(word: Bytes) -> Modules:
    """Its bits as +1 and -1."""
    return np.unpackbits(word) * 2.0 - 1


def wrong_symbols(soft: Modules, word: Bytes) -> int:
    """How many symbols a threshold gets wrong."""
    return int((np.packbits(soft > 0) != word).sum())


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_what_comes_back_is_a_codeword(seed: int) -> None:
    """Even out of noise: the doubtful bits are what the code makes of the clear ones."""
    noise = np.random.default_rng(seed).normal(0, 1, LENGTH * 8)
    word = nearest(noise, CHECKS).word
    assert corrected(word, CHECKS) is word


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_codeword_is_its_own_nearest(seed: int) -> None:
    """Whatever its bits weigh."""
    word = sent(seed)
    weights = np.random.default_rng(seed).uniform(0.1, 2, LENGTH * 8)
    found = nearest(soft_of(word) * weights, CHECKS)
    assert (found.word == word).all()
    assert found.deviations > 2 * symbol.LEAST_DEVIATIONS


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(20, 45))
def test_bits_that_are_doubtful_may_be_wrong(seed: int, count: int) -> None:
    """Bits spread over more symbols than Reed-Solomon can mend, each wrong and each soft."""
    word, rng = sent(seed), np.random.default_rng(seed)
    soft = soft_of(word)
    hit = rng.choice(LENGTH * 8, count, replace=False)
    soft[hit] *= -0.2
    assert wrong_symbols(soft, word) > CHECKS // 2
    assert corrected(np.packbits(soft > 0), CHECKS) is None
    assert (nearest(soft, CHECKS).word == word).all()


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(0, 2))
def test_two_clear_bits_may_be_wrong_as_well(seed: int, clear: int) -> None:
    """Turned over among the least clear ones, alone and in pairs."""
    word, rng = sent(seed), np.random.default_rng(seed)
    soft = soft_of(word) * 2
    order = rng.permutation(LENGTH * 8)
    soft[order[: CHECKS * 8]] *= 0.1 * rng.choice([1] * 7 + [-1], CHECKS * 8)
    soft[order[CHECKS * 8 : CHECKS * 8 + clear]] *= -0.4
    found = nearest(soft, CHECKS)
    assert (found.word == word).all()
    assert found.deviations > symbol.LEAST_DEVIATIONS


def small_code() -> Modules:
    """(256, 24) all codewords of one symbol and two check symbols, as bits."""
    words = [np.array([first, 0, 0], np.uint8) for first in range(256)]
    mended = [corrected(word, 2, erased=[1, 2]) for word in words]
    return np.array([np.unpackbits(word) for word in mended if word is not None])


def clear_of(code: Modules, order: Modules) -> list[int]:
    """The bits left when, in this order, each is dropped that the others fix."""
    left: list[int] = order.tolist()
    for at in order.tolist():
        others = [one for one in left if one != at]
        if len(np.unique(code[:, others], axis=0)) == len(code):
            left = others
    return left


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0.3, 2))
def test_no_codeword_within_two_turned_bits_is_nearer(seed: int, noise: float) -> None:
    """Against all codewords of a code so small that they can be counted."""
    code = small_code()
    assert len(code) == 256
    rng = np.random.default_rng(seed)
    soft = code[seed % 256] * 2.0 - 1 + rng.normal(0, noise, 24)
    is_other = code != (soft > 0)
    prices = (is_other * np.abs(soft)).sum(axis=1)
    clear = clear_of(code, np.argsort(np.abs(soft).astype(np.float32), kind="stable"))
    within = is_other[:, clear].sum(axis=1) <= 2
    found = np.unpackbits(nearest(soft, 2).word)
    place = int(np.flatnonzero((code == found).all(axis=1))[0])
    assert within[place]
    assert prices[place] == pytest.approx(prices[within].min(), abs=1e-4)


def test_noise_rarely_agrees_and_never_spells_a_block() -> None:
    """What the threshold of belief is worth."""
    rng = np.random.default_rng(7)
    far = [nearest(rng.normal(0, 1, LENGTH * 8), CHECKS) for _ in range(150)]
    believed = [one for one in far if one.deviations >= symbol.LEAST_DEVIATIONS]
    assert len(believed) <= 3
    for one, number in itertools.product(far, range(len(TICKET.places))):
        assert symbol._spelt(one.word, number, TICKET) is None
    assert float(np.median([one.deviations for one in far])) < symbol.LEAST_DEVIATIONS - 1


@pytest.mark.parametrize("layout", [TICKET, LIVE], ids=["ticket", "live"])
def test_both_kinds_of_block_are_solved(layout: Layout) -> None:
    """The larger symbol has longer blocks and more check symbols."""
    rng = np.random.default_rng(2)
    for seed, block in itertools.product(range(3), range(len(layout.places))):
        word = sent(seed, layout, block)
        soft = soft_of(word)
        hit = rng.choice(len(soft), 2 * layout.checks, replace=False)
        soft[hit] *= -0.1
        assert corrected(np.packbits(soft > 0), layout.checks) is None
        assert (nearest(soft, layout.checks).word == word).all()


def test_bits_that_all_weigh_nothing_give_no_belief() -> None:
    """A patch that was blinded as a whole."""
    found = nearest(np.zeros(LENGTH * 8), CHECKS)
    assert found.deviations < symbol.LEAST_DEVIATIONS
    assert corrected(found.word, CHECKS) is found.word
