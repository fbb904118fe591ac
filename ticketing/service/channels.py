"""What a channel is to the use cases: what comes in, what goes out; in the service room.

A channel is one kind of messenger; `edge.channels` has the real ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """One account of the museum on one kind of channel, e.g. `webchat`, `main`."""

    kind: str
    account: str


class IncomingKind(StrEnum):
    """What a visitor did."""

    TEXT = "text"
    CHOICE = "choice"
    START = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a visitor did on a channel.

    `address` is the visitor's address on it (web chat: the hash of the cookie),
    `external_id` the platform's id of the event, `choice` the id of a pressed button.
    """

    address: bytes = field(repr=False)
    external_id: str
    kind: IncomingKind
    text: str = field(default="", repr=False)
    choice: str = ""
    lang: str = "de"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent; `content` is the JSON text of a `domain.messages` dataclass."""

    outbox_id: int
    kind: str
    content: str = field(repr=False)
    address: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRequest:
    """One HTTP request that a channel wants made."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReply:
    """What came back: an HTTP answer, or `failure` with the kind of breakdown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it; `external_id` is its id of the message, if it gave one."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now; try again after a while."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Permanent:
    """Never; `reason` is a fixed word."""

    reason: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """The visitor has blocked the museum on that channel."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps sent: the connection broke after the request was written."""


SendOutcome = Sent | Retry | Permanent | OptOut | Unknown


class Channel(Protocol):
    """One kind of messenger, as four pure functions."""

    @property
    def kind(self) -> str:
        """The name of the kind, e.g. `webchat`."""

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether the delivery really comes from the platform."""

    def parse(self, raw: bytes) -> tuple[Incoming, ...]:
        """The events of a delivery; unknown shapes give none."""

    def render(self, message: Outgoing) -> tuple[ChannelRequest, ...]:
        """The requests that send a message; none when the page reads the rows itself."""

    def classify(self, reply: ChannelReply) -> SendOutcome:
        """What became of a request."""
