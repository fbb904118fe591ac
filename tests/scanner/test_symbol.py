"""Our own symbol without pictures: what is known of it, and what its modules say."""

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.sight import reader, symbol
from scanner.sight.correction import corrected
from scanner.sight.geometry import Grid
from scanner.sight.layout import LAYOUTS, LIVE, TICKET, Layout, Modules
from tests.scanner.symbols import drawn, text_of

SEEDS = st.integers(0, 2**32 - 1)
BOTH = pytest.mark.parametrize("layout", LAYOUTS, ids=["ticket", "live"])


def coded(seed: int, layout: Layout, block: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """One block's codeword out of a drawn symbol."""
    modules = drawn(text_of(seed, layout), layout, mask=0)
    bits = modules[layout.rows, layout.columns]
    symbols = np.packbits(np.where(layout.masks[0], -bits, bits) > 0)
    return np.asarray(symbols[layout.places[block]])


@BOTH
@pytest.mark.parametrize("mask", range(8))
def test_what_another_library_draws_is_known_and_read(layout: Layout, mask: int) -> None:
    """Function modules, order of bits, masks and blocks are those of the standard."""
    text = text_of(mask, layout)
    modules = drawn(text, layout, mask=mask)
    labelled = layout.known != 0
    assert (modules[labelled] == layout.known[labelled]).all()
    tried = symbol.attempt(modules, layout)
    assert tried.text == text
    data = layout.block_of >= 0
    assert (tried.confirmed[data] == modules[data]).all()


@BOTH
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, errors=st.integers(0, 8), gaps=st.integers(0, 13))
def test_a_codeword_is_mended_within_its_distance(
    layout: Layout, seed: int, errors: int, gaps: int
) -> None:
    """An error costs two check symbols, an erasure one."""
    word = coded(seed % 7, layout)
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(word))[: errors + gaps]
    broken = word.copy()
    broken[places] ^= rng.integers(1, 256, len(places)).astype(np.uint8)
    erased = places[errors:].tolist()
    found = corrected(broken, layout.checks, erased=erased)
    if 2 * errors + gaps <= layout.checks:
        assert found is not None
        assert (found == word).all()


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_too_many_errors_give_nothing_that_fails_its_check(seed: int) -> None:
    """What comes back is a codeword or nothing; with spare checks, chance finds none."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, 43).astype(np.uint8)
    found = corrected(noise, 16, erased=list(range(13)), spare=3)
    assert found is None or corrected(found, 16) is found


@BOTH
def test_noise_is_never_a_text(layout: Layout) -> None:
    """A wrong text would be a false alarm at the gate."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        soft = rng.normal(0, 1, layout.known.shape)
        assert symbol.attempt(soft, layout).text is None


@BOTH
def test_a_large_spot_that_is_lost_is_made_up_by_trying_hard(layout: Layout) -> None:
    """A thumb or a lamp takes modules away; that they are gone is known by their softness."""
    text = text_of(3, layout)
    soft = drawn(text, layout)
    rng = np.random.default_rng(1)
    side = layout.modules
    gone = np.zeros((side, side), bool)
    gone[side // 2 : side // 2 + 17, side // 4 : side // 4 + 17] = True
    soft = np.where(gone, rng.normal(0, 0.02, soft.shape), soft)
    assert symbol.attempt(soft, layout).text == text
    assert symbol.attempt(soft, layout, trying_hard=False).text is None


def test_blocks_that_hold_are_told_of_a_text_that_does_not() -> None:
    """They teach the reader."""
    soft = drawn(text_of(4))
    spoilt = TICKET.block_of == 2
    soft[spoilt] = np.random.default_rng(2).normal(0, 1, int(spoilt.sum()))
    tried = symbol.attempt(soft, TICKET)
    assert tried.text is None
    assert (tried.confirmed[TICKET.block_of == 0] != 0).all()
    assert (tried.confirmed[spoilt] == 0).all()


@pytest.mark.parametrize(
    "data",
    [
        bytes(27),
        bytes([0b01000000]) + bytes(26),
        bytes([0b00101111, 0xFF]) + bytes(25),
        bytes([0b00100000, 0b00010111, 0xFF]) + bytes(24),
        bytes([0b00100000, 0b00001111, 0xFF]) + bytes(24),
    ],
    ids=["zeros", "bytes mode", "too long", "no such pair", "no such character"],
)
def test_data_that_is_no_text_gives_none(data: bytes) -> None:
    """Whatever the correction lets through, nothing raises."""
    assert symbol.parse(np.frombuffer(data, np.uint8)) is None


def test_the_parser_reads_an_odd_number_of_characters() -> None:
    """The last one takes six bits."""
    bits = f"{2:04b}{3:09b}{10 * 45 + 11:011b}{12:06b}".ljust(27 * 8, "0")
    data = np.array([int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)], np.uint8)
    assert symbol.parse(data) == "ABC"


@pytest.mark.parametrize("text", ["0" * 153, "0" * 155, "0" * 153 + "W", "0" * 153 + "$"])
def test_a_text_that_is_not_ours_is_refused(text: str) -> None:
    """Length and alphabet are the last guard before the signature."""
    assert not symbol.is_ours(text, TICKET)


@BOTH
def test_blurred_modules_are_read_by_what_is_known_of_them(layout: Layout) -> None:
    """The equaliser undoes a smear that no threshold survives."""
    text = text_of(9, layout)
    framed = np.pad(drawn(text, layout), 2, constant_values=-1.0)
    smeared = framed
    for axis in (0, 1):
        sides = np.roll(smeared, 1, axis) + np.roll(smeared, -1, axis)
        smeared = smeared + 0.4 * sides
    noisy = smeared + np.random.default_rng(0).normal(0, 0.1, framed.shape)
    one = reader.Sample(np.asarray(noisy), 1.0)
    assert reader.read([one], layout, rounds=()).text is None
    assert reader.read([one], layout).text == text


def test_a_frame_agrees_with_its_own_code_block_by_block_and_with_no_other() -> None:
    """This is what makes a mixture impossible."""
    mine, other = drawn(text_of(1)), drawn(text_of(2))
    framed = np.pad(mine, 2, constant_values=-1.0)
    noisy = framed + np.random.default_rng(0).normal(0, 0.8, framed.shape)
    one = reader.Sample(noisy, 1.0)
    mixed = np.where(TICKET.block_of % 2 == 0, mine, other)
    assert reader.agreement(one, mine, TICKET).min() > 0.4
    assert np.abs(reader.agreement(one, other, TICKET)).max() < 0.2
    found = reader.agreement(one, mixed, TICKET)
    assert found[[0, 2]].min() > 0.3
    assert np.abs(found[[1, 3]]).max() < 0.2


def test_a_blinded_module_says_nothing() -> None:
    """Saturated and flat: a lamp, not a light module."""
    means = np.full((45, 45), 255.0, np.float32)
    grid = Grid(TICKET, np.eye(3), 0.9, 1)
    assert (reader.levelled(means, grid).soft == 0).all()
    assert reader.likeness(np.zeros(4), np.ones(4)) == 0
    assert LIVE.modules == 53


def test_when_it_is_late_one_equaliser_is_tried_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the first, finding the symbol was in vain; the next frame waits for the others."""
    turns: list[reader.Round] = []

    def noted(*given: object) -> Modules:
        turns.append(cast("reader.Round", given[-1]))
        return np.random.default_rng(3).normal(0, 1, (41, 41))

    monkeypatch.setattr(reader, "equalised", noted)
    noise = reader.Sample(np.random.default_rng(4).normal(0, 1, (45, 45)), 1.0)
    assert reader.read([noise], TICKET, is_late=lambda: True).text is None
    assert turns == [reader.ROUNDS[0]]
    assert reader.read([noise], TICKET).text is None
    assert turns[1:] == list(reader.ROUNDS)


@BOTH
@pytest.mark.parametrize("mask", [0, 3])
def test_the_second_mask_is_tried_where_the_format_is_doubtful(layout: Layout, mask: int) -> None:
    """A thumb on a finder covers the format beside it."""
    text = text_of(11, layout)
    soft = drawn(text, layout, mask=mask)
    other = layout.formats[1]
    for copy in layout.format_at:
        seen = soft[copy[:, 0], copy[:, 1]]
        # Where both masks say the same nothing changes; elsewhere the other is a little likelier.
        soft[copy[:, 0], copy[:, 1]] = np.where(seen != other, other * 0.1, seen)
    assert symbol.attempt(soft, layout).text == text
    for copy in layout.format_at:
        soft[copy[:, 0], copy[:, 1]] = other * 5.0
    assert symbol.attempt(soft, layout).text is None
