"""A block by its bits: the likeliest codeword near what the clearest modules say.

Reed-Solomon counts wrong symbols, and a symbol of eight modules is wrong with one of them. But
soft modules say which bits are doubtful. A codeword is fixed by as many bits as there are data
bits: take those that are clearest, let the code say what the doubtful ones must be, and try the
same with any one or two of the clear ones turned over. What comes nearest to all soft bits is
the answer (ordered statistics decoding, Fossorier and Lin 1995), if it agrees with the doubtful
ones far better than a codeword does by chance.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.sight.correction import EXP

if TYPE_CHECKING:
    from scanner.sight.correction import Bytes
    from scanner.sight.layout import Modules

_MOST_TURNED: Final = 240
"""Of the clear bits so many, the least clear ones, are turned over."""
_EXP = np.array(EXP, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The codeword that is nearest to soft bits.

    Attributes:
        word: its symbols.
        deviations: how far it agrees with the doubtful bits beyond chance, in standard
            deviations of a codeword that has nothing to do with them.
    """

    word: Bytes
    deviations: float


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """The code's equations solved for the doubtful bits.

    Attributes:
        doubtful, clear: places of the bits, the least clear first.
        rest: (doubtful, clear) which clear bits each doubtful one is the sum of.
    """

    doubtful: Modules
    clear: Modules
    rest: Modules


def nearest(bits: Modules, checks: int) -> Nearest:
    """The best codeword within two turned bits of the clearest ones.

    Args:
        bits: soft bits of the block, + for 1; eight for each symbol.
        checks: how many of the symbols are check symbols.
    """
    sizes = np.abs(bits).astype(np.float32)
    order = np.argsort(sizes, kind="stable")
    solved = _solved(_equations(len(bits) // 8, checks), order)
    hard = bits > 0
    wrong = (solved.rest @ hard[solved.clear].astype(np.uint8) + hard[solved.doubtful]) % 2
    signed = sizes[solved.doubtful] * (1 - 2 * wrong.astype(np.float32))
    # A column for "none", so that pairs are also single bits and no bit at all.
    turned = np.pad(solved.rest[:, :_MOST_TURNED], ((0, 0), (0, 1)))
    turns = 1 - 2 * turned.astype(np.float32)
    price = np.append(sizes[solved.clear[:_MOST_TURNED]], 0).astype(np.float32)
    gains = turns.T @ (turns * signed[:, None]) / 2 - price[:, None] - price
    one, other = divmod(int(gains.argmax()), len(price))
    word = hard.copy()
    for at in {one, other} - {len(price) - 1} if one != other else ():
        word[solved.clear[at]] ^= True
    word[solved.doubtful] ^= (wrong + turned[:, one] + turned[:, other]) % 2 > 0
    agrees = float((signed * turns[:, one] * turns[:, other]).sum())
    spread = float(np.sqrt(np.sum(signed * signed)))
    return Nearest(np.packbits(word), agrees / max(spread, 1e-9))


@functools.cache
def _equations(length: int, checks: int) -> Modules:
    """(equations, bits) the syndromes bit by bit: sums of bits that are 0 for a codeword."""
    powers = np.outer(np.arange(checks), np.arange(length - 1, -1, -1))[..., None]
    terms = _EXP[(powers + np.arange(7, -1, -1)) % 255]
    bits = np.unpackbits(terms[..., None], axis=-1)
    return np.asarray(bits.transpose(0, 3, 1, 2).reshape(checks * 8, length * 8))


def _solved(equations: Modules, order: Modules) -> _Solved:
    """Gauss and Jordan, for the first bits in this order that can be solved for."""
    count, width = equations.shape
    padded = np.pad(equations[:, order], ((0, 0), (0, -width % 64)))
    rows = np.ascontiguousarray(np.packbits(padded, axis=1))
    wide = rows.view(np.uint64)
    pivots: list[int] = []
    for at in range(width):
        column = rows[:, at >> 3] >> (7 - at & 7) & 1
        below = int(column[len(pivots) :].argmax()) + len(pivots)
        if not column[below]:
            continue
        here = len(pivots)
        if below != here:
            wide[[here, below]] = wide[[below, here]]
            column[below] = column[here]
        column[here] = 0
        wide ^= column[:, None] * wide[here]
        pivots.append(at)
        if len(pivots) == count:
            break
    is_clear = np.ones(width, bool)
    is_clear[pivots] = False
    solved = np.unpackbits(rows, axis=1)[:, :width]
    return _Solved(order[pivots], order[is_clear], solved[:, is_clear])
