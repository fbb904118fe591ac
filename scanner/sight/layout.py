"""The symbols we print, module by module: what is known before anything is read.

A ticket is always QR version 6 at level M (41 modules, 154 characters), a live ticket version 9
at level L (53 modules, 314 characters), in alphanumeric mode. So finders, timing, alignment and
version are known labels, and so is the beginning of the data (ISO/IEC 18004).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

Modules: TypeAlias = npt.NDArray[Any]
"""A square of modules: +1 dark, -1 light, 0 unknown, or soft values of that sign."""

QUIET: Final = 2
"""Modules of the quiet zone around the symbol that are taken as known to be light."""

FORMAT_BITS: Final = 15
PAIR_BITS: Final = 11
_MODE_BITS, _COUNT_BITS = 4, 9
_ALPHANUMERIC = 2
_PADS = (0xEC, 0x11)
_FORMAT_GENERATOR, _FORMAT_MASK = 0x537, 0x5412
_VERSION_WORDS = {9: 0x09A99}
_TIMING = 6


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One kind of symbol.

    Attributes:
        modules: modules along a side.
        characters: characters of the text.
        data: data symbols in each block.
        checks: check symbols in each block.
        known: (n, n) labels of function modules; format modules are 0.
        framed: `known` with a known quiet zone of 2 modules around it.
        rows, columns: where each data bit stands, in the order of the standard.
        masks: (8, bits) whether each mask turns each data bit.
        places: (blocks, symbols) which symbol of the stream belongs where in each block.
        block_of: (n, n) the block a module belongs to, -1 for none.
        formats: (8, 15) the format word of each mask as +1 and -1.
        format_at: (2, 15, 2) row and column of each bit of both copies.
        constant: (bits,) +1, -1, or 0: data bits every text has in common, mask not applied.
        pairs: for each block (pairs, 11) where in its data bits those pairs of characters stand
            that lie in it as a whole.
        patches: index arrays (into `framed`, flat) of areas whose correlation is the score.
    """

    modules: int
    characters: int
    data: int
    checks: int
    known: Modules
    framed: Modules
    rows: Modules
    columns: Modules
    masks: Modules
    places: Modules
    block_of: Modules
    formats: Modules
    format_at: Modules
    constant: Modules
    pairs: tuple[Modules, ...]
    patches: tuple[Modules, ...]


def layout(version: int, *, level: int, blocks: tuple[int, int, int], characters: int) -> Layout:
    """The layout of a version.

    Args:
        version: 2 to 9; above 6 the version's own word is known as well.
        level: the two bits of the standard: 1 is L, 0 is M.
        blocks: how many, symbols in each, data symbols in each; all are equal.
        characters: length of the text.
    """
    side = 17 + 4 * version
    known, reserved = _function_modules(version, side)
    rows, columns = _zigzag(reserved)
    count, length, data = blocks
    bits = count * length * 8
    rows, columns = rows[:bits], columns[:bits]
    places = _interleaved(count, length, data)
    block_of = np.full((side, side), -1, np.int8)
    owner = np.empty(count * length, np.int8)
    for block, own in enumerate(places):
        owner[own] = block
    block_of[rows, columns] = np.repeat(owner, 8)
    return Layout(
        modules=side,
        characters=characters,
        data=data,
        checks=length - data,
        known=known,
        framed=np.pad(known, QUIET, constant_values=-1),
        rows=rows,
        columns=columns,
        masks=np.array([_is_turned(mask, rows, columns) for mask in range(8)]),
        places=places,
        block_of=block_of,
        formats=np.array([_format_word(level, mask) for mask in range(8)]),
        format_at=_format_places(side),
        constant=_constant_bits(places, data=data, characters=characters),
        pairs=_pairs(count, data=data, characters=characters),
        patches=_patches(version, side),
    )


def _ring(radius: int) -> Iterator[tuple[int, int, int]]:
    """Offsets in a square, and how far out each is."""
    for row, column in itertools.product(range(-radius, radius + 1), repeat=2):
        yield row, column, max(abs(row), abs(column))


def _finders(side: int) -> tuple[tuple[int, int], ...]:
    return ((3, 3), (3, side - 4), (side - 4, 3))


def _alignments(version: int, side: int) -> list[tuple[int, int]]:
    """Centres of the alignment patterns."""
    lines = [_TIMING, side - 7] if version < 7 else [_TIMING, side // 2, side - 7]  # noqa: PLR2004 (from version 7 there is a middle line)
    corners = {(_TIMING, _TIMING), (_TIMING, side - 7), (side - 7, _TIMING)}
    return [at for at in itertools.product(lines, lines) if at not in corners]


def _function_modules(version: int, side: int) -> tuple[Modules, Modules]:
    """Known labels, and which modules hold no data."""
    known = np.zeros((side, side), np.int8)
    reserved = np.zeros((side, side), bool)
    steps = np.arange(side)
    known[_TIMING, :] = known[:, _TIMING] = np.where(steps % 2 == 0, 1, -1)
    reserved[_TIMING, :] = reserved[:, _TIMING] = True
    reserved[:9, :9] = reserved[:9, side - 8 :] = reserved[side - 8 :, :9] = True
    known[:9, :9] = known[:9, side - 8 :] = known[side - 8 :, :9] = 0
    for centre_row, centre_column in _finders(side):
        for row, column, out in _ring(4):
            there = (centre_row + row, centre_column + column)
            if min(there) >= 0 and max(there) < side:
                known[there] = 1 if out in {0, 1, 3} else -1
    for centre_row, centre_column in _alignments(version, side):
        for row, column, out in _ring(2):
            known[centre_row + row, centre_column + column] = -1 if out == 1 else 1
            reserved[centre_row + row, centre_column + column] = True
    known[side - 8, 8] = 1
    if version in _VERSION_WORDS:
        for bit in range(18):
            label = 1 if _VERSION_WORDS[version] >> bit & 1 else -1
            place = (bit // 3, side - 11 + bit % 3)
            known[place] = known[place[::-1]] = label
            reserved[place] = reserved[place[::-1]] = True
    return known, reserved


def _zigzag(reserved: Modules) -> tuple[Modules, Modules]:
    """Rows and columns of the data modules: pairs of columns from the right, up and down."""
    side = len(reserved)
    rights = [column if column > _TIMING else column - 1 for column in range(side - 1, 0, -2)]
    places = [
        (row, column)
        for turn, right in enumerate(rights)
        for row in (range(side) if turn % 2 else range(side - 1, -1, -1))
        for column in (right, right - 1)
        if not reserved[row, column]
    ]
    found = np.array(places)
    return found[:, 0], found[:, 1]


def _interleaved(count: int, length: int, data: int) -> Modules:
    """Symbols are sent in turn from each block, first all data, then all checks."""
    of_data = np.arange(count * data).reshape(data, count).T
    of_checks = np.arange(count * data, count * length).reshape(length - data, count).T
    return np.hstack([of_data, of_checks])


def _is_turned(mask: int, row: Modules, column: Modules) -> Modules:
    product = row * column
    rules = (
        (row + column) % 2,
        row % 2,
        column % 3,
        (row + column) % 3,
        (row // 2 + column // 3) % 2,
        product % 2 + product % 3,
        (product % 2 + product % 3) % 2,
        ((row + column) % 2 + product % 3) % 2,
    )
    return np.asarray(rules[mask] == 0)


def _format_word(level: int, mask: int) -> list[int]:
    """The 15 bits, lowest first, as +1 and -1."""
    data = level << 3 | mask
    rest = data << 10
    for bit in range(4, -1, -1):
        if rest >> (bit + 10) & 1:
            rest ^= _FORMAT_GENERATOR << bit
    word = (data << 10 | rest) ^ _FORMAT_MASK
    return [1 if word >> bit & 1 else -1 for bit in range(FORMAT_BITS)]


def _format_places(side: int) -> Modules:
    corner = [(row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8)]
    corner += [(8, column) for column in (7, 5, 4, 3, 2, 1, 0)]
    split = [(8, side - 1 - bit) for bit in range(8)]
    split += [(side - 7 + bit, 8) for bit in range(7)]
    return np.array([corner, split])


def _constant_bits(places: Modules, *, data: int, characters: int) -> Modules:
    """Mode, number of characters, and the padding behind the text: the same in every ticket."""
    head = f"{_ALPHANUMERIC:0{_MODE_BITS}b}{characters:0{_COUNT_BITS}b}"
    used = len(head) + characters // 2 * PAIR_BITS + characters % 2 * 6
    capacity = len(places) * data * 8
    end = "0" * min(4, capacity - used)
    end += "0" * (-(used + len(end)) % 8)
    free = (capacity - used - len(end)) // 8
    end += "".join(f"{_PADS[turn % 2]:08b}" for turn in range(free))
    stream = np.zeros(capacity, np.int8)
    stream[: len(head)] = [1 if bit == "1" else -1 for bit in head]
    stream[used:] = [1 if bit == "1" else -1 for bit in end]
    sent = np.zeros((places.size, 8), np.int8)
    # The text runs through the data of one block after the other; `places` says where it is sent.
    sent[places[:, :data].ravel()] = stream.reshape(-1, 8)
    return sent.ravel()


def _pairs(count: int, *, data: int, characters: int) -> tuple[Modules, ...]:
    """Eleven bits hold two characters; a pair that two blocks share is left out."""
    starts = _MODE_BITS + _COUNT_BITS + np.arange(characters // 2) * PAIR_BITS
    inside = (
        starts[(starts >= at) & (starts + PAIR_BITS <= at + data * 8)] - at
        for at in range(0, count * data * 8, data * 8)
    )
    return tuple(own[:, None] + np.arange(PAIR_BITS) for own in inside)


def _patches(version: int, side: int) -> tuple[Modules, ...]:
    """Areas of the framed symbol: three finders, two timing lines, the alignment patterns."""
    index = np.arange((side + 2 * QUIET) ** 2).reshape(side + 2 * QUIET, -1)

    def area(row: int, column: int, out: int) -> Modules:
        row, column = row + QUIET, column + QUIET
        return np.asarray(index[row - out : row + out + 1, column - out : column + out + 1].ravel())

    inner = slice(8 + QUIET, side - 8 + QUIET)
    aligned = [area(row, column, 2) for row, column in _alignments(version, side)]
    return (
        *(area(row, column, 4) for row, column in _finders(side)),
        index[_TIMING + QUIET, inner],
        index[inner, _TIMING + QUIET],
        np.concatenate(aligned),
    )


TICKET: Final = layout(6, level=0, blocks=(4, 43, 27), characters=154)
"""What is printed and sent: version 6-M."""
LIVE: Final = layout(9, level=1, blocks=(2, 146, 116), characters=314)
"""What a telephone draws anew every few seconds: version 9-L."""
LAYOUTS: Final = (TICKET, LIVE)
