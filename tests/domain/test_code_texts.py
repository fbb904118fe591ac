"""Discount codes as texts: readable, polite, and every slip is noticed."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.code_texts import (
    CAPACITY,
    DRAWN_BYTES,
    RUDE_WORDS,
    CodeBits,
    in_order,
    is_possible_prefix,
    is_prefix,
    is_rude,
    is_rude_prefix,
    polite,
    read,
    symbols_of,
    text_of,
)
from ticketing.wire.check import ALPHABET, CodeKind, check_character
from ticketing.wire.textclass import TextClass, classify

BITS = st.integers(0, CAPACITY - 1).map(CodeBits)
PREFIXES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=12)
RANDOM_PART = {0: "0000000000", 1: "0000000001", CAPACITY - 1: "ZZZZZZZZZZ"}


@given(BITS)
def test_the_tables_make_the_check_character_of_the_protocol(bits: int) -> None:
    """Three symbols at a time give what one at a time gives."""
    symbols = symbols_of(bits)
    assert symbols[-1] == check_character(symbols[:-1], CodeKind.DISCOUNT)


@pytest.mark.parametrize(("bits", "symbols"), RANDOM_PART.items())
def test_bits_are_symbols_of_crockford(bits: int, symbols: str) -> None:
    """Ten of them, five bits each, the first bits first."""
    assert symbols_of(bits)[:10] == symbols


@given(PREFIXES, BITS)
def test_what_is_written_is_read(prefix: str, bits: int) -> None:
    """In lower case and with blanks too; and a gate takes it for a discount code."""
    text = text_of(prefix, bits)
    typed = f" {text.lower()[:5]} {text.lower()[5:]} "
    for one in (text, typed):
        found = read(one)
        assert found is not None
        assert (is_prefix(found[0], prefix), found[1]) == (True, bits)
    assert classify(text).kind is TextClass.DISCOUNT_CODE


@given(PREFIXES, BITS, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_no_code(prefix: str, bits: int, place: int, other: str) -> None:
    """Whichever it is."""
    symbols = symbols_of(bits)
    wrong = symbols[:place] + other + symbols[place + 1 :]
    assert (read(f"{prefix}-{wrong}") is None) == (wrong != symbols)


def test_look_alikes_are_folded_on_both_sides() -> None:
    """An O for a 0, an I or L for a 1, in the symbols and in the prefix."""
    text = text_of("SOMMER1", 0)
    assert read(text.replace("0", "O")) == ("SOMMER1", 0)
    assert is_prefix("S0MMERI", "Sommer1")
    assert not is_prefix("SUMMER1", "SOMMER1")


@pytest.mark.parametrize("text", ["", "HERBST", "H-00000000000", "HERBST-0000000000", "ÄÖ-0000"])
def test_what_has_another_form_is_no_code(text: str) -> None:
    """Too short, without a prefix, in letters that no prefix has."""
    assert read(text) is None


@pytest.mark.parametrize(
    "text", ["UUUUUUUUUUU", "K7Q2M9X4T8!", "\u017f0000000000", "0000000000\N{FULLWIDTH DIGIT ZERO}"]
)
def test_symbols_outside_the_alphabet_are_no_code(text: str) -> None:
    """Neither U nor what only looks like a letter."""
    assert read(f"HERBST-{text}") is None


@pytest.mark.parametrize("text", ["H", "HERBST-26", "HERBST 26", "DREIZEHNZEICHEN", "HÄRBST", ""])
def test_a_prefix_is_letters_and_digits(text: str) -> None:
    """2 to 12 of them."""
    assert not is_possible_prefix(text)


@pytest.mark.parametrize(
    "symbols", ["000F1CK0000", "00N4Z100000", "0000P1550000", "000SH1T0000", "00000A550000"]
)
def test_words_that_can_be_read_are_noticed(symbols: str) -> None:
    """Digits are read as letters, as people do."""
    assert is_rude(symbols)


def test_every_word_of_the_list_is_noticed() -> None:
    """Written in the alphabet as well as it goes."""
    written = str.maketrans("OILU", "011V")
    for word in RUDE_WORDS:
        assert is_rude(f"0{word.translate(written)}0"[:12]), word


RUDE = "FUCK fuck24 24ARSCH Arschloch F1CK 5EX SS KZ1 MEGAPORNO PORN24 24PORN P0RNS NAZI SAU"
DECENT = (
    "HERBST MUSEUMSPASS FUCHS PISSARRO DOCUMENTA K2 55 455 TITAN MESSE MARSCH DICKENS KNIGGE "
    "SHITAO GRAPE HERBST2026 E55EN HELLAS JEWELS ANSPORN IGNAZIUS ATWATER "
    "SCHUREN OPENISLAND MARSCHGELD"
)


@pytest.mark.parametrize("prefix", RUDE.split())
def test_a_rude_prefix_is_known(prefix: str) -> None:
    """The word alone, with numbers around it or written with digits, a gross one anywhere."""
    assert is_rude_prefix(prefix)


@pytest.mark.parametrize("prefix", DECENT.split())
def test_a_decent_prefix_is_not_refused(prefix: str) -> None:
    """A part of a word that reads rudely by itself is none."""
    assert not is_rude_prefix(prefix)


def test_a_code_that_reads_rudely_is_drawn_again() -> None:
    """It is left out of what is drawn, and nothing else is."""
    rude = 0
    for symbol in "00F1CK0000":
        rude = rude << 5 | ALPHABET.index(symbol)
    fine = 0b1011 << 30
    drawn = b"".join(one.to_bytes(DRAWN_BYTES, "little") for one in (fine, rude, fine + 1))
    assert list(polite(drawn)) == [fine, fine + 1]


def test_no_code_that_is_drawn_is_rude() -> None:
    """Of twenty thousand, and few are lost by it."""
    codes = list(polite(os.urandom(DRAWN_BYTES * 20_000)))  # noqa: TID251  real chance
    assert len(codes) > 17_000
    assert not any(is_rude(symbols_of(code)) for code in codes)
    assert len(set(codes)) == len(codes)


def test_codes_are_stored_in_order_and_once() -> None:
    """As the table is."""
    assert list(in_order([CodeBits(3), CodeBits(1), CodeBits(3)])) == [1, 3]
