"""Check characters, proven over every position and every pair of symbols."""

import itertools
from random import Random  # noqa: TID251 - seeded: random codes that are the same every time

import pytest

from ticketing.wire.check import ALPHABET, CodeKind, check_character, fold, is_valid


def _codes(count: int) -> list[tuple[str, CodeKind]]:
    chance = Random(20261004)  # noqa: S311 - no secret
    codes = []
    for _ in range(count):
        kind = chance.choice(list(CodeKind))
        data = "".join(chance.choices(ALPHABET, k=chance.randint(2, 30)))
        codes.append((data + check_character(data, kind), kind))
    return codes


@pytest.mark.parametrize("place", range(30))
def test_every_substitution_is_found(place: int) -> None:
    """The code is linear: a wrong symbol at a place adds its weight, which is never 0."""
    for wrong in ALPHABET[1:]:
        data = wrong + "0" * place
        assert not is_valid(data + "0", CodeKind.DISCOUNT)


@pytest.mark.parametrize("distance", [1, 2])
@pytest.mark.parametrize("place", range(29))
def test_every_swap_is_found(place: int, distance: int) -> None:
    """Neighbours, and symbols with one between them, for every pair of symbols."""
    for one, two in itertools.permutations(ALPHABET, 2):
        between = "0" * (distance - 1)
        data, swapped = one + between + two + "0" * place, two + between + one + "0" * place
        if len(data) < 31:
            assert check_character(data, CodeKind.SHORT) != check_character(swapped, CodeKind.SHORT)


@pytest.mark.parametrize("place", range(29))
def test_every_twin_error_is_found(place: int) -> None:
    """Two equal neighbours mistaken for two others."""
    checks = {check_character(twin * 2 + "0" * place, CodeKind.PAIRING) for twin in ALPHABET}
    assert len(checks) == 32


def test_no_slip_in_random_codes_passes() -> None:
    """All substitutions and neighbour swaps of 220 codes of every length: none is missed."""
    missed = tried = 0
    for code, kind in _codes(220):
        assert is_valid(code, kind)
        for place, symbol in itertools.product(range(len(code)), ALPHABET):
            if symbol != code[place]:
                tried += 1
                missed += is_valid(code[:place] + symbol + code[place + 1 :], kind)
        for place in range(len(code) - 1):
            one, two = code[place], code[place + 1]
            if one != two:
                tried += 1
                missed += is_valid(code[:place] + two + one + code[place + 2 :], kind)
    assert tried > 90_000
    assert missed == 0


def test_a_code_of_another_kind_never_passes() -> None:
    """A discount code is no short code, whatever its length."""
    assert not any(
        is_valid(code, other) for code, kind in _codes(100) for other in CodeKind if other != kind
    )


def test_a_random_string_passes_once_in_thirty_two() -> None:
    """Of all last characters exactly one is right."""
    for code, kind in _codes(50):
        assert sum(is_valid(code[:-1] + last, kind) for last in ALPHABET) == 1


@pytest.mark.parametrize("symbols", ["", "U", "0000000U", "ß", "o", "0-0", " 0"])
def test_nothing_outside_the_alphabet_is_valid(symbols: str) -> None:
    """Fold first: U, small letters and signs are errors here."""
    assert not any(is_valid(symbols, kind) for kind in CodeKind)


def test_a_symbol_outside_the_alphabet_has_no_check_character() -> None:
    """The caller made the data, so this is a mistake."""
    with pytest.raises(KeyError):
        check_character("U", CodeKind.DISCOUNT)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("k7q2-m9x4", "K7Q2M9X4"),
        (" oO iI lL ", "001111"),
        ("a\u00a0b\tc\n", "ABC"),
        ("u", "U"),
        ("\u017f\u0131ß", "\u017f\u0131ß"),
    ],
)
def test_folding_forgives_how_a_code_is_typed(typed: str, folded: str) -> None:
    """Blanks, hyphens, case and the four letters that look alike; nothing but ASCII is raised."""
    assert fold(typed) == folded
    assert fold(folded) == folded
