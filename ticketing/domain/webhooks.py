"""Receivers of events: their addresses, signatures, and how often is tried (domain: pure).

The form is that of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` (seconds) and
`webhook-signature`, one `v1,` and base64 for each secret in force.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from ticketing.domain import DomainError, FieldError
from ticketing.domain.addresses import may_reach
from ticketing.domain.events import EventName

SECRET_PREFIX = "whsec_"  # noqa: S105  what every secret begins with
SECRET_BYTES = 32
URL_LIMIT = 500
BOTH_SECRETS_FOR = timedelta(hours=24)
"""After a new secret the old one signs too, so that a receiver can change over."""
DEAD_AFTER = timedelta(days=5)
"""A receiver that has taken nothing for so long is switched off."""
LEASE = timedelta(seconds=45)
"""A worker that has not settled by then is taken for dead; one delivery takes 10 s at most."""
JITTER = 0.2
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each failed try but the last; a fifth more by chance, so that not all come at once."""
_GONE = 410
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]")
_LOCAL = re.compile(r"(.*\.)?(localhost|local|internal)\.?", re.IGNORECASE)
_PRINTABLE = re.compile(r"[!-~]+")


class BadUrl(DomainError):  # noqa: N818  named like the other Bad… errors of this package
    """An address that nothing is sent to."""


class HookState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class DisabledWhy(StrEnum):
    """Why a receiver gets nothing more."""

    GONE = "gone"  # it said 410
    DEAD = "dead"  # it has taken nothing for five days


@dataclass(frozen=True, slots=True)
class HookRules:
    """What the operator allows beyond https to public addresses."""

    allow_http: bool = False
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver. `events` empty is all; the old secret signs until `old_until`."""

    id: str
    url: str = field(repr=False)
    events: tuple[str, ...]
    secret: bytes = field(repr=False)
    created_at: datetime
    old_secret: bytes | None = field(default=None, repr=False)
    old_until: datetime | None = None
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None

    def secrets(self, now: datetime) -> tuple[bytes, ...]:
        """The secrets in force, the newest first."""
        if self.old_secret is None or self.old_until is None or now >= self.old_until:
            return (self.secret,)
        return (self.secret, self.old_secret)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try: the receiver's status, or a fixed word for why there was none."""

    status: int | None = None
    problem: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it; a redirect is not followed and so not taken."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004  2xx

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == _GONE


def shown_secret(secret: bytes) -> str:
    """A secret as it is given out."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def headers(
    event: str, body: bytes, *, secrets: Iterable[bytes], sent_at: datetime
) -> Mapping[str, str]:
    """The headers of one try; `sent_at` is the time of this try, not of the event."""
    stamp = str(int(sent_at.timestamp()))
    signed = b".".join((event.encode(), stamp.encode(), body))
    marks = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": event,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(m).decode()}" for m in marks),
        "content-type": "application/json",
    }


def next_try(tries: int, chance: int) -> timedelta | None:
    """How long to wait after so many failed tries; None: that was the last one.

    Args:
        tries: how often it was tried, 1 or more.
        chance: a random byte.
    """
    if tries > len(WAITS):
        return None
    return WAITS[max(tries, 1) - 1] * (1 + JITTER * chance / 255)


def checked_url(text: str, rules: HookRules) -> str:
    """An address that events may be sent to.

    What a name leads to is looked at each time something is sent; here only what can be
    seen in the text itself.

    Raises:
        BadUrl: `length`, `malformed`, `https`, `host` (a user, or no plain host: an
            international one is written with `xn--`), `private`.
    """
    if len(text) > URL_LIMIT:
        raise BadUrl(FieldError("url", "length"))
    parts = _split(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.allow_http):
        raise BadUrl(FieldError("url", "https"))
    host = parts.netloc.rpartition(":")[0] if _has_port(parts) else parts.netloc
    if not _HOST.fullmatch(host):
        raise BadUrl(FieldError("url", "host"))
    if _is_private(parts.hostname or "", rules):
        raise BadUrl(FieldError("url", "private"))
    return text


def checked_events(names: Iterable[str]) -> tuple[str, ...]:
    """Names of events, each once, in a fixed order.

    Raises:
        DomainError: A name that there is not.
    """
    asked = frozenset(names)
    known = [name.value for name in EventName]
    if not asked.issubset(known):
        raise DomainError(FieldError("events", "unknown"))
    return tuple(name for name in known if name in asked)


def _split(text: str) -> SplitResult:
    malformed = BadUrl(FieldError("url", "malformed"))
    if not _PRINTABLE.fullmatch(text) or "\\" in text or "#" in text:
        raise malformed
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise malformed from None
    if port == 0:
        raise malformed
    return parts


def _has_port(parts: SplitResult) -> bool:
    return re.search(r":\d*$", parts.netloc) is not None and not parts.netloc.endswith("]")


def _is_private(host: str, rules: HookRules) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return not rules.allow_private and _LOCAL.fullmatch(host) is not None
    return not may_reach(address, allow_private=rules.allow_private)
