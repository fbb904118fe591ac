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
from ticketing.wire.codec import BASE32HEX

if TYPE_CHECKING:
    from scanner.sight.correction import Bytes
    from scanner.sight.layout import Layout, Modules

SPARE_CHECKS: Final = 3
"""Check symbols kept unused: with two, erasures made one wrong text out of noise in 40 trials."""

_QR_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MASKS_TRIED = 2
_CERTAIN = 1e3
_ALPHANUMERIC = 0b0010
_MODE_BITS, _COUNT_BITS = 4, 9
_PAIR_BITS, _LAST_BITS = 11, 6


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


def attempt(soft: Modules, layout: Layout, *, erasing: bool = True) -> Attempt:
    """Try the likeliest two masks.

    Args:
        soft: (n, n) soft modules.
        layout: what symbol it is.
        erasing: whether to try without the least certain symbols of a block that fails.
    """
    none = np.zeros((layout.modules, layout.modules), np.int8)
    best: Modules = none
    for rank, mask in enumerate(_likely_masks(soft, layout)):
        bits = soft[layout.rows, layout.columns]
        bits = np.where(layout.masks[mask], -bits, bits)
        bits = np.where(layout.constant != 0, layout.constant * _CERTAIN, bits)
        blocks = _blocks(bits, layout, erasing=erasing)
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
    order: list[int] = np.argsort(-(layout.formats @ copies)).tolist()
    return order[:_MASKS_TRIED]


def _blocks(bits: Modules, layout: Layout, *, erasing: bool) -> list[Bytes | None]:
    symbols = np.packbits(bits > 0)
    weakest = np.sort(np.abs(bits).reshape(-1, 8), axis=1)
    certainty = weakest[:, 0] + 0.3 * weakest[:, 1]
    return [
        _block(symbols[own], certainty[own], layout.checks, erasing=erasing)
        for own in layout.places
    ]


def _block(word: Bytes, certainty: Modules, checks: int, *, erasing: bool) -> Bytes | None:
    """Generalised minimum distance: erase ever more of what is least certain."""
    found = corrected(word, checks)
    if found is not None or not erasing:
        return found
    order = np.argsort(certainty).tolist()
    for count in range(2, checks - SPARE_CHECKS + 1, 2):
        found = corrected(word, checks, erased=order[:count], spare=SPARE_CHECKS)
        if found is not None:
            return found
    return None


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
    end = at + count // 2 * _PAIR_BITS + count % 2 * _LAST_BITS
    if end > len(bits):
        return None
    starts = range(at, at + count // 2 * _PAIR_BITS, _PAIR_BITS)
    pairs = [int(bits[start : start + _PAIR_BITS], 2) for start in starts]
    last = [int(bits[end - _LAST_BITS : end], 2)] if count % 2 else []
    base = len(_QR_ALPHABET)
    if any(pair >= base**2 for pair in pairs) or any(one >= base for one in last):
        return None
    text = "".join(_QR_ALPHABET[pair // base] + _QR_ALPHABET[pair % base] for pair in pairs)
    return text + "".join(_QR_ALPHABET[one] for one in last)
