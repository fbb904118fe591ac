"""What a hand scanner or a person has typed, put straight. Pure.

A hand scanner is a keyboard: it presses the keys on which its own layout has the characters,
and the computer makes of them what *its* layout has there. With a German, an American and a
French layout on either side a ticket arrives as `à&"'…`, and a code with Y and Z swapped. So
a text that is nothing is read again as if typed by each of them, with the level of the keys
turned over as well (Caps Lock, a shift that did not arrive), until it is something.
"""

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

from ticketing.wire.textclass import TextClass, classify, fold_text

# The printing keys in the order of an American keyboard: without shift, then with it.
LAYOUTS: Final = {
    "us": (
        "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
        '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
    ),
    "de": (
        "^1234567890ß\u00b4qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    ),
    "fr": (
        "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
        "~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    ),
}

_DASHES: Final = re.compile("[\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_NOISE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]")
_AIM: Final = re.compile(r"^\][A-Za-z][0-9]")
"""What some scanners put before a text: the kind of its barcode."""
_BETWEEN: Final = re.compile(r"[-_./:,;]")
_SHORT_LENGTH: Final = 8


def _tables() -> Iterator[dict[int, str]]:
    for is_flipped, shown, meant in product((False, True), LAYOUTS, LAYOUTS):
        if is_flipped or shown != meant:
            levels = LAYOUTS[meant][::-1] if is_flipped else LAYOUTS[meant]
            yield dict(zip(map(ord, "".join(LAYOUTS[shown])), "".join(levels), strict=True))


TABLES: Final = tuple(_tables())
"""What was meant by each character, for every pair of layouts and both levels of the keys."""


def is_something(text: str) -> bool:
    """Whether a text is whole: a ticket, a code whose check character fits, an address."""
    found = classify(text)
    if found.kind is TextClass.FOREIGN:
        return bool(found.detail)
    return not found.detail


def straighten(text: str, is_good: Callable[[str], bool] = is_something) -> str:
    """What was meant by a typed text: the first reading that is good, else the text, tidied.

    Raises nothing.
    """
    tidied = _tidy(text)
    return next((one for one in _readings(text) if is_good(one)), tidied)


def is_a_code(text: str) -> bool:
    """Whether a text in a field for names is a ticket or a code that was scanned there.

    A name has no digit in it, and is not put straight: half of all short names would be
    a code in some layout.
    """
    kind = classify(text).kind
    has_digit = any(sign.isdigit() for sign in fold_text(text))
    return has_digit and kind is not TextClass.FOREIGN and is_something(text)


def _readings(text: str) -> Iterator[str]:
    plain = _tidy(text)
    yield plain
    yield from _closed_up(plain)
    for table in TABLES:
        turned = _tidy(text.translate(table))
        yield turned
        yield from _closed_up(turned)


def _tidy(text: str) -> str:
    """One kind of dash, nothing invisible, no word of the scanner's own before it."""
    return _AIM.sub("", _DASHES.sub("-", _NOISE.sub("", text)).strip())


def _closed_up(text: str) -> Iterator[str]:
    """A short code with other signs than one hyphen in it, as people write numbers."""
    closed = _BETWEEN.sub("", fold_text(text))
    if len(closed) == _SHORT_LENGTH and closed != text:
        yield closed
