"""Tokens of forms, so that a form that is sent twice does its work once; in the service room."""

from typing import Final

from ticketing.service.ports import House

DIGITS: Final = 32
_HEX: Final = frozenset("0123456789abcdef")


def new_token(house: House) -> str:
    """A token for a form or a browser."""
    return house.chance.draw(DIGITS // 2).hex()


def is_token(text: str) -> bool:
    """Whether a text can be such a token."""
    return len(text) == DIGITS and set(text) <= _HEX
