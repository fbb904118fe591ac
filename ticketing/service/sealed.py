"""Numbers that may stand in an address though they are somebody's code; in the service room.

A list of codes goes on behind the last one shown, and the number of a code is the code. So its
cursor is that number shuffled under the house's secret: a Feistel network of four rounds of
HMAC-SHA256 over 64 bits, the same for the same number and of use to nobody else.
"""

import hashlib
import hmac
import re
from typing import Final

from ticketing.service.errors import FieldError, Invalid
from ticketing.service.ports import House

_ROUNDS: Final = 4
_HALF_BITS: Final = 32
_LOW: Final = (1 << _HALF_BITS) - 1
_CURSOR: Final = re.compile(r"[0-9a-f]{16}")
_LIMIT: Final = 1 << 50


def seal(house: House, number: int) -> str:
    """A cursor for a number below 2^50."""
    left, right = number >> _HALF_BITS, number & _LOW
    for turn in range(_ROUNDS):
        left, right = right, left ^ _mixed(house, turn, right)
    return f"{left << _HALF_BITS | right:016x}"


def unseal(house: House, cursor: str) -> int:
    """The number of a cursor.

    Raises:
        Invalid: A cursor that was not given out.
    """
    if not _CURSOR.fullmatch(cursor):
        raise Invalid(FieldError("cursor", "malformed"))
    value = int(cursor, 16)
    left, right = value >> _HALF_BITS, value & _LOW
    for turn in reversed(range(_ROUNDS)):
        left, right = right ^ _mixed(house, turn, left), left
    number = left << _HALF_BITS | right
    if number >= _LIMIT:
        raise Invalid(FieldError("cursor", "malformed"))
    return number


def _mixed(house: House, turn: int, half: int) -> int:
    told = b"code cursor" + bytes([turn]) + half.to_bytes(4, "big")
    return int.from_bytes(hmac.digest(house.secret, told, hashlib.sha256)[:4], "big")
