"""What a mail says, and the way it goes, as a Protocol; in the service room."""

from dataclasses import dataclass, field
from typing import Protocol

from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.ports import CardFacts

MailOutcome = Sent | Retry | Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail in its words; one that comes twice has the same `key`, for servers to see."""

    key: str
    to: str = field(repr=False)
    lang: str
    sender: str
    subject: str
    greeting: str
    lines: tuple[str, ...] = field(repr=False)
    link: str = field(repr=False)
    link_text: str
    picture_text: str = field(repr=False)
    foot: tuple[str, ...]
    card: CardFacts = field(repr=False)


class Mailer(Protocol):
    """The way to the mail server."""

    def send(self, letter: Letter, picture: bytes) -> MailOutcome:
        """Send one mail with its picture (PNG); how it went, never an exception of the way."""
