"""The other side of webhooks: a receiver that keeps what it gets and checks signatures."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ticketing.service.channels import ChannelReply, ChannelRequest


def signature_is_good(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """By the words of the specification, without a line of the product's."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return expected in headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Takes the place of the network: answers with these, then with 204.

    `before` runs when a request arrives, e.g. to raise what kills a worker.
    """

    answers: list[int | str] = field(default_factory=list)
    got: list[ChannelRequest] = field(default_factory=list)
    before: Callable[[ChannelRequest], None] | None = None

    def __call__(self, request: ChannelRequest) -> ChannelReply:
        """One request; a word in `answers` is a breakdown."""
        self.got.append(request)
        if self.before is not None:
            self.before(request)
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, str):
            return ChannelReply(status=0, headers={}, body=b"", failure=answer)
        return ChannelReply(status=answer, headers={}, body=b"")

    @property
    def ids(self) -> list[str]:
        """The `webhook-id` of each request."""
        return [request.headers["webhook-id"] for request in self.got]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies."""
        return [json.loads(request.body) for request in self.got]

    @property
    def names(self) -> list[str]:
        """What each was about."""
        return [body["type"] for body in self.told]
