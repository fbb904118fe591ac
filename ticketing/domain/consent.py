r"""What a visitor agreed to, and the proof of it (domain: pure).

Each answer is a `Declaration`. The ledger keeps it as salt + fields + commitment:

    commitment = SHA256("einlass-consent-v1\0" | salt | canonical JSON of the fields)
    link       = SHA256(previous link | commitment | at in milliseconds, 8 bytes big-endian)

A ledger row stores its own *commitment* and the *link before it*. Both are enough to
compute the next link, so erasing salt, fields and visitor of one person leaves a chain
that still verifies while nothing about the person can be guessed from it. Storing the
link in place of the commitment was rejected: an erased row could not be checked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import Lang

CONTEXT = b"einlass-consent-v1\0"
GENESIS = hashlib.sha256(CONTEXT).digest()
SALT_BYTES = 32
ADULT_FROM = 16
"""Age from which a person consents alone in Germany (Art. 8 GDPR, no lower age set)."""

Field = str | int | bool | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Purpose(StrEnum):
    """What consent is asked for, one question each, off unless granted."""

    NEWS = "news"
    CODES = "codes"


class Action(StrEnum):
    """What a visitor said to one purpose."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class How(StrEnum):
    """How it was said: a button, a typed answer, the word STOP, or the platform told us."""

    BUTTON = "button"
    TYPED = "typed"
    COMMAND = "command"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Shown:
    """The text a visitor answered to.

    Attributes:
        text_id: key of the wording.
        version: version of that wording.
        lang: language it was shown in.
        digest: SHA-256 of what was shown, see `shown_digest`.
    """

    text_id: str
    version: str
    lang: Lang
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One answer to one purpose, as it goes into the ledger.

    Attributes:
        visitor: who said it.
        purpose: what it is about.
        action: what was said.
        shown: the text it answers.
        channel: kind of the channel it was said on.
        account: the museum's account there.
        message: id of the inbound message; None when the platform reported it.
        how: button, typed, command or platform.
        of_age: the answer stated an age of at least 16; only a grant states it.
        at: when (UTC).
    """

    visitor: VisitorId
    purpose: Purpose
    action: Action
    shown: Shown
    channel: str
    account: str
    message: int | None
    how: How
    of_age: bool
    at: datetime

    def fields(self) -> dict[str, Field]:
        """The flat JSON fields the commitment binds."""
        return {
            "visitor": self.visitor.hex(),
            "purpose": self.purpose.value,
            "action": self.action.value,
            "text": self.shown.text_id,
            "version": self.shown.version,
            "lang": self.shown.lang.value,
            "shown": self.shown.digest.hex(),
            "channel": self.channel,
            "account": self.account,
            "message": self.message,
            "how": self.how.value,
            "age_16": self.of_age,
            "at_ms": milliseconds(self.at),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest answer to one purpose."""

    purpose: Purpose
    action: Action


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger row; salt and fields are None once the person was erased."""

    salt: bytes | None
    fields: Mapping[str, Field] | None
    at: datetime
    commitment: bytes
    previous: bytes


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the ledger found.

    Attributes:
        length: rows seen.
        erased: rows without salt and fields.
        broken_at: 0-based place of the first row that does not fit; None if all do.
        head: link after the last row that fits.
    """

    length: int
    erased: int
    broken_at: int | None
    head: bytes

    @property
    def holds(self) -> bool:
        """Whether every row fits."""
        return self.broken_at is None


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970 UTC, as the database stores times."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def shown_digest(text: str, labels: Iterable[str] = ()) -> bytes:
    """SHA-256 of a shown text and the labels of its buttons, one per line, UTF-8."""
    return hashlib.sha256("\n".join((text, *labels)).encode()).digest()


def commitment(salt: bytes, fields: Mapping[str, Field]) -> bytes:
    """The salted commitment to a declaration's fields (32 bytes)."""
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(CONTEXT + salt + canonical.encode()).digest()


def link(previous: bytes, committed: bytes, at: datetime) -> bytes:
    """The chain link after a row (32 bytes)."""
    return hashlib.sha256(previous + committed + milliseconds(at).to_bytes(8, "big")).digest()


def entry(declaration: Declaration, salt: bytes, previous: bytes) -> Entry:
    """The ledger row of a declaration behind `previous`."""
    fields = declaration.fields()
    return Entry(salt, fields, declaration.at, commitment(salt, fields), previous)


def next_link(row: Entry) -> bytes:
    """The link that the row after this one must carry."""
    return link(row.previous, row.commitment, row.at)


def verify_chain(rows: Iterable[Entry]) -> ChainReport:
    """Walk the ledger from its first row; stops counting links at the first break.

    A row fits if it carries the link before it and, while salt and fields are there,
    its commitment opens to them. A row with only one of the two is broken.
    """
    head, length, erased = GENESIS, 0, 0
    broken_at: int | None = None
    for row in rows:
        if broken_at is None and row.previous == head and _opens(row):
            head = next_link(row)
        elif broken_at is None:
            broken_at = length
        erased += row.fields is None
        length += 1
    return ChainReport(length, erased, broken_at, head)


def _opens(row: Entry) -> bool:
    if row.salt is None or row.fields is None:
        return row.salt is None and row.fields is None
    timed = row.fields.get("at_ms") == milliseconds(row.at)
    return timed and commitment(row.salt, row.fields) == row.commitment


def is_open(answers: Iterable[Answer], purpose: Purpose) -> bool:
    """Whether the purpose was never answered."""
    return all(answer.purpose is not purpose for answer in answers)


def is_granted(answers: Iterable[Answer], purpose: Purpose) -> bool:
    """Whether the newest answer to the purpose is a yes."""
    return Answer(purpose, Action.GRANTED) in tuple(answers)
