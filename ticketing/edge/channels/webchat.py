"""The museum's own web chat as a channel (edge).

The page reads the messages from the database, so sending needs no request: a message is
sent as soon as the worker has taken it. Who the visitor is stands in a cookie, which
the page layer checks and turns into the address.
"""

import json
from collections.abc import Mapping
from datetime import timedelta

from ticketing.service.channels import (
    ChannelReply,
    ChannelRequest,
    Incoming,
    IncomingKind,
    Outgoing,
    Retry,
    SendOutcome,
    Sent,
)

_HTTP_OK = range(200, 300)


class WebChat:
    """The `Channel` port for the embedded chat."""

    @property
    def kind(self) -> str:
        """`webchat`."""
        return "webchat"

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:  # noqa: ARG002  the port's signature
        """Always: the page layer has checked cookie and origin, there is no signature."""
        return True

    def parse(self, raw: bytes) -> tuple[Incoming, ...]:
        """One event of `{"id", "address" (hex), "text" | "choice" | "start", "lang"}`.

        An object that names sender and id but nothing the bot understands becomes an
        empty text, so that it is stored and answered; anything else gives no event.
        """
        try:
            found = json.loads(raw)
            address, external_id = bytes.fromhex(found["address"]), found["id"]
        except (ValueError, TypeError, KeyError):
            return ()
        if not (address and external_id and isinstance(external_id, str)):
            return ()
        kind, word = _kind(found)
        return (
            Incoming(
                address=address,
                external_id=external_id,
                kind=kind,
                text=word if kind is IncomingKind.TEXT else "",
                choice=word if kind is IncomingKind.CHOICE else "",
                lang=_word(found, "lang") or "de",
            ),
        )

    def render(self, message: Outgoing) -> tuple[ChannelRequest, ...]:  # noqa: ARG002  the port's signature
        """No request: the page reads the rows itself."""
        return ()

    def classify(self, reply: ChannelReply) -> SendOutcome:
        """For completeness: no request is ever made."""
        if not reply.failure and reply.status in _HTTP_OK:
            return Sent()
        return Retry(timedelta(seconds=1))


def _kind(found: Mapping[str, object]) -> tuple[IncomingKind, str]:
    if found.get("start") is True:
        return IncomingKind.START, ""
    if choice := _word(found, "choice"):
        return IncomingKind.CHOICE, choice
    return IncomingKind.TEXT, _word(found, "text")


def _word(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
