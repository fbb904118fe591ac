"""Soft modules to a text: format, blocks, Reed-Solomon with erasures, alphabet, length.

A soft module is a number whose sign says dark (+) or light (-) and whose size says how sure. A
block that holds is worth more than its data: its modules are labels from which the reader learns
how to read the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scanner.sight.correction import corrected
from scanner.sight.layout import FORMAT_BITS, PAIR_BITS
from scanner.sight.ordered import nearest
from ticketing.wire.codec import BASE32HEX

if TYPE_CHECKING:
    from scanner.sight.correction import Bytes
    from scanner.sight.layout import Layout, Modules

SPARE_CHECKS: Final = 1
"""Check symbols kept unused. The spelling of a block is 18 bits of proof besides; without it, two
were too few: erasures made one wrong text out of noise in 40 trials."""
LEAST_DEVIATIONS: Final = 5.0
"""From here on the nearest codeword is believed, if it is spelt right: noise passed 5 in one of
500 trials and is spelt right in one of 250,000."""

_QR_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MASKS_TRIED, _CLEARLY = 2, 0.3
_CERTAIN = 1e3
_ALPHANUMERIC = 0b0010
_MODE_BITS, _COUNT_BITS = 4, 9
_LAST_BITS = 6
_PLACE_VALUES = 1 << np.arange(PAIR_BITS - 1, -1, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What came of one try.

    Attributes:
        text: the barcode's text, or None.
        confirmed: (n, n) labels of the modules of those blocks that hold, 0 elsewhere. With a
            text that is every data module.
    """

    text: str | None
    confirmed: Modules


def attempt(soft: Modules, layout: Layout, *, trying_hard: bool = True) -> Attempt:
    """Try the likeliest mask, and the next one if it is nearly as likely.

    Args:
        soft: (n, n) soft modules.
        layout: what symbol it is.
        trying_hard: whether a block that fails is tried by its single bits, and without its least
            certain symbols.
    """
    none = np.zeros((layout.modules, layout.modules), np.int8)
    best: Modules = none
    for rank, mask in enumerate(_likely_masks(soft, layout)):
        bits = soft[layout.rows, layout.columns]
        bits = np.where(layout.masks[mask], -bits, bits)
        bits = np.where(layout.constant != 0, layout.constant * _CERTAIN, bits)
        blocks = _blocks(bits, layout, trying_hard=trying_hard)
        if all(block is not None for block in blocks):
            text = parse(np.concatenate([b[: layout.data] for b in blocks if b is not None]))
            if text is not None and is_ours(text, layout):
                return Attempt(text, _labels(blocks, layout, mask))
        elif rank == 0:
            # Labels of a doubtful mask would teach the reader its own mistake.
            best = _labels(blocks, layout, mask)
    return Attempt(None, best)


def is_ours(text: str, layout: Layout) -> bool:
    """Whether a text has the length and the alphabet of our barcodes."""
    return len(text) == layout.characters and set(text) <= set(BASE32HEX)


def _likely_masks(soft: Modules, layout: Layout) -> list[int]:
    copies = np.tanh(soft[layout.format_at[..., 0], layout.format_at[..., 1]]).sum(axis=0)
    likeness = layout.formats @ copies / (2 * FORMAT_BITS)
    # Of 103 symbols that were read, the likeliest was right in all, by 0.42 in nineteen of twenty.
    order: list[int] = np.argsort(-likeness)[:_MASKS_TRIED].tolist()
    return [mask for mask in order if likeness[mask] > likeness[order[0]] - _CLEARLY]


def _blocks(bits: Modules, layout: Layout, *, trying_hard: bool) -> list[Bytes | None]:
    """Each block, or None; after one that costs too much in vain no other is tried so hard."""
    parts = [bits.reshape(-1, 8)[own] for own in layout.places]
    found: list[Bytes | None] = [None] * len(parts)
    clearest = sorted(range(len(parts)), key=lambda number: -_clearness(parts[number]))
    for number in clearest:
        word = np.packbits(parts[number] > 0)
        found[number] = _spelt(corrected(word, layout.checks), number, layout)
    for number in clearest if trying_hard else ():
        if found[number] is None:
            found[number] = _harder(parts[number], number, layout)
        if found[number] is None:
            break
    return found


def _clearness(part: Modules) -> float:
    return float(np.minimum(np.abs(part), 1).sum())


def _harder(part: Modules, number: int, layout: Layout) -> Bytes | None:
    near = nearest(part.ravel(), layout.checks)
    if near.deviations >= LEAST_DEVIATIONS:
        found = _spelt(near.word, number, layout)
        if found is not None:
            return found
    return _erased(part, number, layout)


def _erased(part: Modules, number: int, layout: Layout) -> Bytes | None:
    """Generalised minimum distance: erase ever more of what is least certain."""
    weakest = np.sort(np.abs(part), axis=1)
    order = np.argsort(weakest[:, 0] + 0.3 * weakest[:, 1]).tolist()
    word = np.packbits(part > 0)
    for count in range(2, layout.checks - SPARE_CHECKS + 1, 2):
        found = corrected(word, layout.checks, erased=order[:count], spare=SPARE_CHECKS)
        found = _spelt(found, number, layout)
        if found is not None:
            return found
    return None


def _spelt(word: Bytes | None, number: int, layout: Layout) -> Bytes | None:
    """The codeword, if its block can be part of a text of ours."""
    if word is None:
        return None
    bits = np.unpackbits(word)
    constant = layout.constant.reshape(-1, 8)[layout.places[number]].ravel()
    values = bits[layout.pairs[number]] @ _PLACE_VALUES
    base = len(_QR_ALPHABET)
    is_ours = np.all(np.maximum(values // base, values % base) < len(BASE32HEX))
    is_constant = np.all((bits > 0) == (constant > 0), where=constant != 0)
    return word if is_ours and is_constant else None


def _labels(blocks: list[Bytes | None], layout: Layout, mask: int) -> Modules:
    """The modules of the blocks that hold, as they stand in the picture."""
    symbols = np.zeros(layout.places.size, np.uint8)
    holds = np.zeros(layout.places.size, bool)
    for own, block in zip(layout.places, blocks, strict=True):
        if block is not None:
            symbols[own], holds[own] = block, True
    bits = np.unpackbits(symbols).astype(np.int8) * 2 - 1
    bits = np.where(layout.masks[mask], -bits, bits)
    labels = np.zeros((layout.modules, layout.modules), np.int8)
    labels[layout.rows, layout.columns] = np.where(np.repeat(holds, 8), bits, 0)
    return labels


def parse(data: Bytes) -> str | None:
    """The text of data symbols in alphanumeric mode; None for anything else."""
    bits = "".join(f"{byte:08b}" for byte in data.tolist())
    if int(bits[:_MODE_BITS], 2) != _ALPHANUMERIC:
        return None
    count = int(bits[_MODE_BITS : _MODE_BITS + _COUNT_BITS], 2)
    at = _MODE_BITS + _COUNT_BITS
    end = at + count // 2 * PAIR_BITS + count % 2 * _LAST_BITS
    if end > len(bits):
        return None
    starts = range(at, at + count // 2 * PAIR_BITS, PAIR_BITS)
    pairs = [int(bits[start : start + PAIR_BITS], 2) for start in starts]
    last = [int(bits[end - _LAST_BITS : end], 2)] if count % 2 else []
    base = len(_QR_ALPHABET)
    if any(pair >= base**2 for pair in pairs) or any(one >= base for one in last):
        return None
    text = "".join(_QR_ALPHABET[pair // base] + _QR_ALPHABET[pair % base] for pair in pairs)
    return text + "".join(_QR_ALPHABET[one] for one in last)
