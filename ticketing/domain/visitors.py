"""The languages the bot speaks, and who answers a visitor (domain: pure).

Ids of visitors, identities and conversations are in `ids.py`.
"""

from enum import StrEnum

ID_BYTES = 16


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
