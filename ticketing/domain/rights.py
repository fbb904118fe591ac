"""What a person of the staff may do: rights, and the roles that are sets of them (domain)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What a person of the staff is there for."""

    DESK = "desk"
    EDITOR = "editor"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One thing that somebody may do; every route of the staff site names one.

    `see` reads, `change` makes, alters and removes, `export` takes lists out of the house,
    `erase` removes for good.
    """

    HOUSE_SEE = "house.see"  # today, offers, slots, gates, stations, conflicts
    TICKETS_SEE = "tickets.see"  # with the holders' names
    TICKETS_SELL = "tickets.sell"  # the desk: issue, take payment
    TICKETS_CHANGE = "tickets.change"  # send again, block, revoke, reissue
    TICKETS_EXPORT = "tickets.export"
    VISITORS_SEE = "visitors.see"  # who has written, without a word that was said
    VISITORS_EXPORT = "visitors.export"  # all that is kept of one, words included
    VISITORS_ERASE = "visitors.erase"
    OFFERS_CHANGE = "offers.change"  # and slots
    CODES_SEE = "codes.see"
    CODES_CHANGE = "codes.change"
    CODES_EXPORT = "codes.export"
    STATIONS_CHANGE = "stations.change"  # and gates: pair, rename, move, revoke
    GATE_OVERRIDE = "gate.override"  # overrule a refusal
    CONFLICTS_CLOSE = "conflicts.close"
    REPORTS_SEE = "reports.see"  # end of day, numbers
    PEOPLE_SEE = "people.see"  # who is of the staff
    PEOPLE_CHANGE = "people.change"
    KEYS_SEE = "keys.see"  # API keys
    KEYS_CHANGE = "keys.change"
    WEBHOOKS_SEE = "webhooks.see"
    WEBHOOKS_CHANGE = "webhooks.change"
    SETTINGS_SEE = "settings.see"
    SETTINGS_CHANGE = "settings.change"  # what the house is and promises: museum, retention
    CONTENT_CHANGE = "content.change"  # what visitors read: opening hours, wording
    AUDIT_SEE = "audit.see"


_DESK: Final = frozenset(
    {
        Right.HOUSE_SEE,
        Right.TICKETS_SEE,
        Right.TICKETS_SELL,
        Right.TICKETS_CHANGE,
        Right.VISITORS_SEE,
        Right.CODES_SEE,
        Right.REPORTS_SEE,
    }
)
_EDITOR: Final = _DESK | {
    Right.OFFERS_CHANGE,
    Right.CODES_CHANGE,
    Right.CODES_EXPORT,
    Right.STATIONS_CHANGE,
    Right.CONFLICTS_CLOSE,
    Right.TICKETS_EXPORT,
    Right.SETTINGS_SEE,
    Right.CONTENT_CHANGE,
}
_AUDITOR: Final = frozenset(
    {
        Right.HOUSE_SEE,
        Right.TICKETS_SEE,
        Right.VISITORS_SEE,
        Right.CODES_SEE,
        Right.REPORTS_SEE,
        Right.PEOPLE_SEE,
        Right.KEYS_SEE,
        Right.WEBHOOKS_SEE,
        Right.SETTINGS_SEE,
        Right.AUDIT_SEE,
    }
)
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.DESK: _DESK,
        Role.EDITOR: _EDITOR,
        Role.ADMIN: frozenset(Right),
        Role.AUDITOR: _AUDITOR,  # reads everything and changes nothing
    }
)
"""What each role may do; the table in docs/operators.md is compared with it by a test."""
