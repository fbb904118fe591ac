"""What kind of text was read or typed: ticket, code, or none of ours.

A hall camera sees boarding passes, vaccination and bank codes. So a foreign text
is dropped here: what comes back holds a hint at most.
"""

import hashlib
import hmac
import re
import string
from dataclasses import dataclass, field
from enum import StrEnum

from ticketing.wire.check import ALPHABET, CodeKind, is_valid
from ticketing.wire.check import fold as fold_symbols
from ticketing.wire.codec import BASE32HEX

FORMAT_1_LENGTH = 154
"""96 bytes of barcode: exactly QR version 6 at level M in alphanumeric mode."""
FORMAT_2_LENGTHS = (205, 314)
"""128 bytes of head alone, 196 bytes of live ticket."""

_RAISE = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_TICKET = re.compile(f"0[4-9AB][{BASE32HEX}]{{38,}}")
# First byte 3 to 31: 0C to 0V, then everything that begins with 1, 2 or 3.
_FUTURE = re.compile(f"(?:0[C-V]|[123][{BASE32HEX}])[{BASE32HEX}]{{152,}}")
_DISCOUNT = re.compile(r"([A-Z0-9]{2,12})-([A-Z0-9]{11})")
_SHORT = re.compile(r"([A-Z0-9]{4})-?([A-Z0-9]{4})")
_CROCKFORD = frozenset(ALPHABET)
_HINTS = (
    ("web", ("HTTP://", "HTTPS://", "WWW.")),
    ("wifi", ("WIFI:",)),
    ("contact", ("BEGIN:VCARD", "MECARD:")),
    ("email", ("MAILTO:", "MATMSG:", "SMTP:")),
    ("phone", ("TEL:", "SMSTO:", "SMS:")),
)

TYPO = "typo"
"""Detail of a code of the right shape whose check character is wrong."""
MALFORMED = "malformed"
"""Detail of a ticket text that cannot be whole."""


class TextClass(StrEnum):
    """The classes of `protocol.md`, "Text classes", in the order they are tried."""

    TICKET = "ticket"
    FUTURE = "future"
    DISCOUNT_CODE = "discount_code"
    SHORT_CODE = "short_code"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Classified:
    """A text and what it is.

    `folded` is the text to verify, look up or digest; a foreign text's is empty.
    `detail` is `typo`, `malformed`, a hint `web wifi contact email phone`, or empty.
    """

    kind: TextClass
    folded: str = field(repr=False)
    detail: str = ""


def fold_text(text: str) -> str:
    """The text without blanks and in upper case (ASCII letters only)."""
    return "".join(text.split()).translate(_RAISE)


def classify(text: str) -> Classified:
    """The class of any text; total.

    Lower case and blanks are folded away. The symbols of a code also have O as 0,
    I and L as 1; a batch prefix keeps its letters.
    """
    folded = fold_text(text)
    return _ticket(folded) or _code(folded) or _foreign(folded)


def text_digest(digest_key: bytes, text: str) -> bytes:
    """HMAC-SHA256 of the folded text, 16 bytes: what a record keeps of a refused text."""
    return folded_digest(digest_key, classify(text).folded or fold_text(text))


def folded_digest(digest_key: bytes, folded: str) -> bytes:
    """The same of a text that is folded already."""
    return hmac.digest(digest_key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256)[:16]


def _ticket(folded: str) -> Classified | None:
    if _TICKET.fullmatch(folded):
        lengths = (FORMAT_1_LENGTH,) if folded[1] in "4567" else FORMAT_2_LENGTHS
        detail = "" if len(folded) in lengths else MALFORMED
        return Classified(TextClass.TICKET, folded, detail)
    if _FUTURE.fullmatch(folded):
        return Classified(TextClass.FUTURE, folded)
    return None


def _code(folded: str) -> Classified | None:
    if match := _DISCOUNT.fullmatch(folded):
        symbols = fold_symbols(match[2])
        kind, code, text = TextClass.DISCOUNT_CODE, CodeKind.DISCOUNT, f"{match[1]}-{symbols}"
    elif match := _SHORT.fullmatch(folded):
        symbols = text = fold_symbols(match[1] + match[2])
        kind, code = TextClass.SHORT_CODE, CodeKind.SHORT
    else:
        return None
    if not _CROCKFORD.issuperset(symbols):
        return None
    return Classified(kind, text, "" if is_valid(symbols, code) else TYPO)


def _foreign(folded: str) -> Classified:
    hint = next((name for name, starts in _HINTS if folded.startswith(starts)), "")
    return Classified(TextClass.FOREIGN, "", hint)
