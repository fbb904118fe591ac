"""Tickets by e-mail: what an address is, what servers want to hear (domain: pure).

    queued <-> leased -> sent | failed | skipped     (`domain.delivery`)

A mail that broke off behind its last byte is sent again under the same id: a ticket that
comes twice still admits once.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketing.domain.delivery import DeliveryState
from ticketing.domain.visitors import Lang
from ticketing.wire.token import TicketId

ADDRESS_LIMIT: Final = 254
"""Letters of an address (RFC 5321, 4.5.3.1.3, without the brackets)."""
_LOCAL_LIMIT: Final = 64
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
PATIENCE: Final = timedelta(minutes=5)
"""A server that says "not now" is asked again after that: greylisting wants to see patience."""


class MailReason(StrEnum):
    """Why a mail was not sent, or not yet."""

    NO_RECIPIENT = "no_recipient"  # the server knows nobody of that address
    REFUSED = "refused"  # it does not take this mail
    GAVE_UP = "gave_up"  # it was not reached, or not willing, for too long
    TICKET_VOID = "ticket_void"  # blocked or revoked since
    UNREADABLE = "unreadable"  # the address was sealed under another key of the home


class Encryption(StrEnum):
    """How the way to the mail server is kept from others."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One errand to one address, as pages show it: the address itself is gone once it is over."""

    ticket: TicketId
    lang: Lang
    state: DeliveryState
    reason: str | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """Where mails go out, and in whose name; without a user nobody signs in."""

    server: str
    port: int
    encryption: Encryption
    user: str
    password: str = field(repr=False)
    sender: str


def find_address(text: str) -> str | None:
    """The one address that a text is, as mail servers take it; None for anything else.

    Names in brackets, lists, comments, quotes and letters beyond ASCII before the @ are none. A
    domain with umlauts is written as DNS knows it.
    """
    local, at, domain = text.strip().rpartition("@")
    if not (at and _LOCAL.fullmatch(local) and len(local) <= _LOCAL_LIMIT):
        return None
    try:
        plain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    found = f"{local}@{plain}"
    return found if _DOMAIN.fullmatch(plain) and len(found) <= ADDRESS_LIMIT else None
