"""The languages the bot speaks, and who answers a visitor (domain: pure).

Ids of visitors, identities and conversations are in `ids.py`.
"""

import re
from enum import StrEnum

from ticketing.domain.ids import VisitorId

ID_BYTES = 16
_ID = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}")
_REFERENCE_BYTES = 4
_REFERENCE = re.compile(rf"[0-9a-f]{{{2 * _REFERENCE_BYTES}}}")


class Lang(StrEnum):
    """A language the bot speaks."""

    DE = "de"
    EN = "en"


class ConversationState(StrEnum):
    """Who answers: the bot, nobody yet, a person of the museum, or nobody any more."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


def language(tag: str) -> Lang:
    """The bot's language for a tag such as `en-GB`; German for all it does not speak."""
    return Lang.EN if tag.strip().casefold().startswith("en") else Lang.DE


def find_visitor_id(text: str) -> VisitorId | None:
    """The visitor of an id as it stands in an address; None for any other text."""
    return VisitorId(bytes.fromhex(text)) if _ID.fullmatch(text) else None


def short_reference(visitor: VisitorId) -> str:
    """What people call a visitor, who has no name: `3F9A-21C0`, the beginning of the id."""
    digits = visitor[:_REFERENCE_BYTES].hex().upper()
    return f"{digits[:4]}-{digits[4:]}"


def beginning_of_id(text: str) -> bytes | None:
    """What a short reference, or a whole id, says of an id; None for any other text."""
    digits = re.sub(r"[\s\-\u2010-\u2015]", "", text).lower()
    if _REFERENCE.fullmatch(digits) or _ID.fullmatch(digits):
        return bytes.fromhex(digits)
    return None
