"""Reed-Solomon over GF(256) as QR codes use it: errors and erasures in one codeword.

Polynomials are lists of coefficients, the lowest power first; a codeword is a byte array whose
first byte belongs to the highest power. Pure arithmetic, no pictures.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Bytes: TypeAlias = npt.NDArray[Any]
"""A vector of uint8."""
Polynomial: TypeAlias = list[int]

_ORDER: Final = 255
_PRIMITIVE: Final = 0x11D


def _powers() -> list[int]:
    value, powers = 1, []
    for _ in range(_ORDER):
        powers.append(value)
        value <<= 1
        if value > _ORDER:
            value ^= _PRIMITIVE
    return powers


# Three rounds of the powers, so that sums of two logarithms need no modulo.
EXP: Final[list[int]] = _powers() * 3
LOG: Final[list[int]] = [0, *(EXP.index(value) for value in range(1, 256))]
_EXP, _LOG = np.array(EXP), np.array(LOG)


def corrected(
    word: Bytes, checks: int, *, erased: Sequence[int] = (), spare: int = 0
) -> Bytes | None:
    """The codeword that was sent, or None if there is none near enough.

    Args:
        word: data and check symbols.
        checks: how many of them are check symbols.
        erased: positions that are not believed; each costs one check symbol, an error two.
        spare: check symbols that must not be needed, so that chance finds no codeword.
    """
    syndromes = _syndromes(word, checks)
    if not any(syndromes):
        return word
    gaps = _locator_of(erased, len(word))
    errors = _shortest_recurrence(_times(syndromes, gaps)[len(erased) : checks])
    if 2 * (len(errors) - 1) > checks - len(erased) - spare:
        return None
    locator = _times(errors, gaps)
    wrong = _roots(locator, len(word))
    if len(wrong) != len(locator) - 1:
        return None
    mended = _mended(word, wrong, locator=locator, evaluator=_times(syndromes, locator)[:checks])
    return None if any(_syndromes(mended, checks)) else mended


@functools.cache
def _exponents(length: int, checks: int) -> Bytes:
    """Of which power each byte is multiplied by in each syndrome."""
    powers = np.arange(length - 1, -1, -1)
    return np.asarray(np.outer(np.arange(checks), powers) % _ORDER)


def _syndromes(word: Bytes, checks: int) -> Polynomial:
    """The word at the first powers of the generator: all zero for a codeword."""
    terms = np.where(word > 0, _EXP[_LOG[word] + _exponents(len(word), checks)], 0)
    values: Polynomial = np.bitwise_xor.reduce(terms, axis=1).tolist()
    return values


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        if not a:
            continue
        log_a = LOG[a]
        for j, b in enumerate(right):
            if b:
                product[i + j] ^= EXP[log_a + LOG[b]]
    return product


def _locator_of(positions: Sequence[int], length: int) -> Polynomial:
    """The polynomial whose roots name these positions."""
    locator = [1]
    for position in positions:
        locator = _times(locator, [1, EXP[length - 1 - position]])
    return locator


def _shortest_recurrence(values: Polynomial) -> Polynomial:
    """Berlekamp and Massey: the shortest recurrence that makes these values, leading zeros cut."""
    current, before, degree, gap, scale = [1], [1], 0, 1, 1
    for at, value in enumerate(values):
        off = value
        for j in range(1, min(degree, len(current) - 1) + 1):
            if current[j] and values[at - j]:
                off ^= EXP[LOG[current[j]] + LOG[values[at - j]]]
        if not off:
            gap += 1
            continue
        step = [0] * gap + _times([EXP[LOG[off] - LOG[scale] + _ORDER]], before)
        following = _sum(current, step)
        if 2 * degree <= at:
            degree, before, scale, gap = at + 1 - degree, current, off, 1
        else:
            gap += 1
        current = following
    while current[-1] == 0:
        current.pop()
    # A recurrence shorter than its degree has no roots enough: let it fail by its length.
    return current if len(current) - 1 == degree else current + [0] * len(values)


def _sum(left: Polynomial, right: Polynomial) -> Polynomial:
    total = left + [0] * (len(right) - len(left))
    for j, value in enumerate(right):
        total[j] ^= value
    return total


def _roots(locator: Polynomial, length: int) -> list[int]:
    """Positions in the word that the locator names."""
    inverse = -np.arange(length - 1, -1, -1) % _ORDER
    values = np.zeros(length, np.int64)
    for power, factor in enumerate(locator):
        if factor:
            values ^= _EXP[(LOG[factor] + power * inverse) % _ORDER]
    positions: list[int] = np.flatnonzero(values == 0).tolist()
    return positions


def _mended(
    word: Bytes, positions: Sequence[int], *, locator: Polynomial, evaluator: Polynomial
) -> Bytes:
    """The word with Forney's values added at these positions."""
    slope = [value if power % 2 else 0 for power, value in enumerate(locator)][1:]
    mended = word.copy()
    for position in positions:
        power = len(word) - 1 - position
        above, below = _value(evaluator, -power), _value(slope, -power)
        if above and below:
            mended[position] ^= EXP[(LOG[above] - LOG[below] + power) % _ORDER]
    return mended


def _value(polynomial: Polynomial, exponent: int) -> int:
    """The polynomial at a power of the generator."""
    total = 0
    for power, factor in enumerate(polynomial):
        if factor:
            total ^= EXP[(LOG[factor] + power * exponent) % _ORDER]
    return total
