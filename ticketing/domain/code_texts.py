"""Discount codes as texts: fifty random bits, their symbols, and words nobody wants to read.

`PREFIX-` and 11 symbols of Crockford's alphabet: 50 random bits as ten symbols, the last is
the check character (`protocol.md`, kind 0). In the domain room: bits are drawn elsewhere.

A million codes are written in a second or two only by tables: three symbols at a time, and the
check character of ten symbols is the exclusive or of what its parts add, for the code is linear.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NewType, cast

from ticketing.wire.check import ALPHABET, CodeKind, check_character, fold, is_valid

CodeBits = NewType("CodeBits", int)
"""The random part of a code, 0 to 2^50 - 1: its key, for no two codes have the same."""
RANDOM_SYMBOLS: Final = 10
BITS: Final = 50
DRAWN_BYTES: Final = 8
"""Random bytes that one code is made of; 14 of their bits are dropped."""
CAPACITY: Final = 1 << BITS
"""So many codes the alphabet holds."""

_FORM = re.compile(r"([A-Z0-9]{2,12})-([A-Z0-9]{11})", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9]{2,12}", re.ASCII)
_CHUNK_SYMBOLS = 3
_CHUNK = 1 << (5 * _CHUNK_SYMBOLS)
_LOW = _CHUNK - 1
_LAST = 31

# The alphabet has no I, L, O and U, but its digits and V are read as letters.
_READ_AS: Final = bytes.maketrans(b"0123456789VL", b"OIZEASGTBGUI")
RUDE_WORDS: Final = (
    # German
    *("ARSCH", "BIMBO", "BLOED", "BUMS", "DEPP", "DOOF", "FICK", "FOTZ", "FRESSE"),
    *("GEIL", "HASS", "HEIL", "HITLER", "HODEN", "HURE", "IDIOT", "KACK", "KANAK", "KOTZ"),
    *("KREPIER", "MORD", "MUSCHI", "NAZI", "NEGER", "NSDAP", "NUTTE", "PENNER", "PIMMEL"),
    *("PISS", "POPO", "PUFF", "SAU", "SCHEISS", "SCHLAMPE", "SCHWANZ", "SCHWUL", "SPAST"),
    *("TITTE", "TOD", "TROTTEL", "TUNTE", "WICHS", "ZIGEUNER", "KZ", "SS", "HJ"),
    # English
    *("ANAL", "ANUS", "ARSE", "ASS", "BASTARD", "BITCH", "BOOB", "COCK", "CRAP", "CUM"),
    *("CUNT", "DAMN", "DEAD", "DICK", "DYKE", "FAG", "FART", "FUC", "FUK"),
    *("GAY", "HATE", "HELL", "HOMO", "JEW", "KIKE", "KILL", "KKK", "NIGG", "PAKI"),
    *("PENIS", "PISS", "POOP", "PORN", "PRICK", "PUSSY", "RAPE", "SEX", "SHIT", "SLUT"),
    *("SPIC", "STUPID", "SUCK", "TIT", "TURD", "TWAT", "VAGINA", "WANK", "WHORE"),
)
"""A code that reads like one of these is drawn again; it costs a few of a hundred draws."""
GROSS_WORDS: Final = (
    *("BIMBO", "FICKE", "FOTZE", "FUCK", "HITLER", "KANAKE", "MUSCHI", "NEGER"),
    *("NSDAP", "NUTTE", "PIMMEL", "SCHEISS", "SCHLAMPE", "SCHWUCHTEL", "SPASTI", "TITTE"),
    *("WICHS", "ZIGEUNER", "ARSCHLO", "ASSHOLE", "BASTARD", "BITCH", "BULLSHIT"),
    *("CUNT", "NIGGA", "NIGGER", "PORNO", "PUSSY", "VAGINA", "WANKER", "WHORE"),
)
"""Words that are rude in the middle of others too, and are in no decent one."""
GROSS_STARTS: Final = ("ARSCHGE", "HUREN", "NAZI", "PENIS", "PORN", "TWAT")
"""Rude at the beginning only: ANSPORN, IGNAZIUS, ATWATER and MARSCHGELD are decent."""


def _tree(words: Iterable[bytes]) -> str:
    """A pattern that looks at each letter once, where an alternative of words is slow."""
    by_first: dict[bytes, list[bytes]] = {}
    for word in sorted(words):
        by_first.setdefault(word[:1], []).append(word[1:])
    branches = [
        first.decode() + ("" if b"" in rest else _tree(rest)) for first, rest in by_first.items()
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


_DIGITS_AS_LETTERS: Final = str.maketrans("0123456789", "OIZEASGTBG")
_DIGITS: Final = "0123456789"
_RUDE = re.compile(_tree({word.encode().translate(_READ_AS) for word in RUDE_WORDS}).encode())


_LONGER: Final = frozenset(word for word in RUDE_WORDS if len(word) > len("K2"))
"""Two letters are read as they are: K2 is a mountain."""


def _chunk_symbols() -> tuple[str, ...]:
    pairs = [first + second for first in ALPHABET for second in ALPHABET]
    return tuple(pair + last for pair in pairs for last in ALPHABET)


def _check_values(shift: int) -> bytes:
    """What a chunk that stands `shift` symbols before the end adds to the check character."""
    ones = [
        ALPHABET.index(check_character(_SYMBOLS[1 << bit] + "0" * shift, CodeKind.DISCOUNT))
        for bit in range(5 * _CHUNK_SYMBOLS)
    ]
    values = bytearray(_CHUNK)
    for value in range(1, _CHUNK):
        low = value & -value
        values[value] = values[value ^ low] ^ ones[low.bit_length() - 1]
    return bytes(values)


_SYMBOLS = _chunk_symbols()
_HIGH_CHECK, _MID_CHECK, _LOW_CHECK = (_check_values(shift) for shift in (7, 4, 1))
_LAST_CHECK = bytes(ALPHABET.index(check_character(one, CodeKind.DISCOUNT)) for one in ALPHABET)


def symbols_of(bits: int) -> str:
    """The eleven symbols of a code, its check character last."""
    high, mid, low, last = bits >> 35, (bits >> 20) & _LOW, (bits >> 5) & _LOW, bits & _LAST
    check = _HIGH_CHECK[high] ^ _MID_CHECK[mid] ^ _LOW_CHECK[low] ^ _LAST_CHECK[last]
    return _SYMBOLS[high] + _SYMBOLS[mid] + _SYMBOLS[low] + ALPHABET[last] + ALPHABET[check]


def text_of(prefix: str, bits: int) -> str:
    """The code as it is given out: `HERBST-K7Q2M9X4T8B`, without look-alikes behind the hyphen."""
    return f"{prefix}-{symbols_of(bits)}"


def read(text: str) -> tuple[str, CodeBits] | None:
    """Prefix and bits of a code that was read or typed; None for what cannot be one.

    Blanks and lower case are folded away; among the symbols O is 0, I and L are 1. The prefix
    comes in upper case, to be compared with `is_prefix`. A wrong check character is no code.
    """
    match = _FORM.fullmatch("".join(text.split()).upper()) if text.isascii() else None
    if match is None:
        return None
    symbols = fold(match[2])
    if not is_valid(symbols, CodeKind.DISCOUNT):
        return None
    bits = 0
    for symbol in symbols[:RANDOM_SYMBOLS]:
        bits = bits << 5 | ALPHABET.index(symbol)
    return match[1], CodeBits(bits)


def is_shaped(text: str) -> bool:
    """Whether a text has the form of a code, be its check character right or wrong."""
    folded = "".join(text.split()).upper()
    return text.isascii() and _FORM.fullmatch(folded) is not None


def is_prefix(shown: str, prefix: str) -> bool:
    """Whether what stands before the hyphen is a batch's prefix, both folded the same way."""
    return fold(shown) == fold(prefix)


def is_possible_prefix(text: str) -> bool:
    """2 to 12 letters and digits, kept as they are given."""
    return _PREFIX.fullmatch(text) is not None


def is_rude_prefix(text: str) -> bool:
    """Whether a prefix is a rude word, numbers around it aside, or holds a gross one.

    A house chooses its prefix, so it is not refused for a part that could be read rudely: PASS,
    FUCHS, PISSARRO and DOCUMENTA are decent. Digits among letters are letters: F1CK.
    """
    shown = text.upper()
    alone, read = shown.strip(_DIGITS), shown.translate(_DIGITS_AS_LETTERS)
    readings = (read, alone.translate(_DIGITS_AS_LETTERS)) if alone else ()
    is_word = alone in RUDE_WORDS or not _LONGER.isdisjoint(readings)
    is_gross = any(word in one for one in (shown, read) for word in GROSS_WORDS)
    return is_word or is_gross or any(one.startswith(GROSS_STARTS) for one in (alone, read))


def is_rude(symbols: str) -> bool:
    """Whether a word of the list can be read in a code's symbols."""
    return _RUDE.search(symbols.encode().translate(_READ_AS)) is not None


def polite(drawn: bytes) -> list[CodeBits]:
    """The codes of random bytes, `DRAWN_BYTES` each, without those that read rudely."""
    numbers = array("Q", drawn)
    codes = [number & (CAPACITY - 1) for number in numbers]
    texts = "-".join(map(symbols_of, codes)).encode().translate(_READ_AS)
    width = RANDOM_SYMBOLS + 2
    rude = {found.start() // width for found in _RUDE.finditer(texts)}
    kept = [code for place, code in enumerate(codes) if place not in rude]
    return cast("list[CodeBits]", kept)


def in_order(codes: Iterable[CodeBits]) -> Sequence[CodeBits]:
    """The codes by their key, each once, in little memory: as the table is kept."""
    return cast("Sequence[CodeBits]", array("Q", sorted(frozenset(codes))))
