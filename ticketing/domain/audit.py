"""Who changed what: the entries of the audit log, and what they may hold (domain: pure).

An entry holds the fields that changed and nothing else. What a person's name, a message
or a code was is not for the log: such a field is named, its content is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, Final

HIDDEN: Final = "…"
"""Stands for a content that the log does not hold."""
TEXT_LIMIT: Final = 200
_PRIVATE: Final = frozenset(
    {
        "address",
        "barcode",
        "birthday",
        "code",
        "codes",
        "email",
        "holder",
        "message",
        "password",
        "phone",
        "pin",
        "secret",
        "short_code",
        "text",
        "token",
        "visitor",
    }
)
Facts = Mapping[str, Any]


class ActorKind(StrEnum):
    """What kind of somebody acts."""

    STAFF = "staff"
    API_KEY = "api_key"
    STATION = "station"
    COMMAND = "command"  # somebody with a shell on the machine
    SYSTEM = "system"  # the service by itself: schedules, retention


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the id of a person, key or station; of a command its words, e.g. `staff add`."""

    kind: ActorKind
    id: str


SYSTEM: Final = Actor(ActorKind.SYSTEM, "system")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted upon: a word such as `offer` or `ticket`, and its id."""

    kind: str
    id: str


class Action(StrEnum):
    """What was done: a noun and what happened to it."""

    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    BATCH_CHANGED = "batch.changed"
    BATCH_CREATED = "batch.created"
    BATCH_DELETED = "batch.deleted"
    BATCH_EXPORTED = "batch.exported"
    CODE_CHANGED = "code.changed"
    CODE_DELETED = "code.deleted"
    CODES_IMPORTED = "codes.imported"
    CONFLICT_CLOSED = "conflict.closed"
    COUNT_CORRECTED = "count.corrected"
    GATE_CHANGED = "gate.changed"
    GATE_CREATED = "gate.created"
    LIST_EXPORTED = "list.exported"
    OFFER_CHANGED = "offer.changed"
    OFFER_CREATED = "offer.created"
    SCAN_ANNULLED = "scan.annulled"
    SCAN_OVERRIDDEN = "scan.overridden"
    SETTINGS_CHANGED = "settings.changed"
    SIGN_IN_LOCKED = "sign_in.locked"  # too many wrong passwords, codes, passkeys or PINs
    SIGNING_KEY_CHANGED = "signing_key.changed"
    SLOT_CHANGED = "slot.changed"
    SLOT_CREATED = "slot.created"
    SLOT_DELETED = "slot.deleted"
    STAFF_ADDED = "staff.added"
    STAFF_INVITED = "staff.invited"
    STAFF_JOINED = "staff.joined"  # took an invitation up
    STAFF_PASSKEY_ADDED = "staff.passkey_added"
    STAFF_PASSKEY_REMOVED = "staff.passkey_removed"
    STAFF_PASSWORD_CHANGED = "staff.password_changed"  # noqa: S105  a word
    STAFF_PIN_REMOVED = "staff.pin_removed"
    STAFF_PIN_SET = "staff.pin_set"
    STAFF_REMOVED = "staff.removed"
    STAFF_RESET = "staff.reset"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_SECOND_FACTOR_CHANGED = "staff.second_factor_changed"
    STAFF_SESSION_ENDED = "staff.session_ended"
    STAFF_SIGNED_IN = "staff.signed_in"
    STATION_CHANGED = "station.changed"
    STATION_PAIRED = "station.paired"
    STATION_PAIRING_OPENED = "station.pairing_opened"
    STATION_REVOKED = "station.revoked"
    TICKET_BLOCKED = "ticket.blocked"
    TICKET_CHANGED = "ticket.changed"
    TICKET_ISSUED = "ticket.issued"
    TICKET_PAID = "ticket.paid"
    TICKET_REFUNDED = "ticket.refunded"
    TICKET_REISSUED = "ticket.reissued"
    TICKET_REVOKED = "ticket.revoked"
    TICKET_SENT = "ticket.sent"
    TICKET_UNBLOCKED = "ticket.unblocked"
    TICKETS_EXPORTED = "tickets.exported"
    VISITOR_ERASED = "visitor.erased"
    VISITOR_EXPORTED = "visitor.exported"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"  # noqa: S105  a word
    WEBHOOK_SENT_AGAIN = "webhook.sent_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log, `at` aware UTC; `number` grows with time.

    `before` and `after` hold the fields that changed, None where there was nothing.
    """

    number: int
    at: datetime
    actor: Actor
    action: Action
    object: Thing
    before: Facts | None
    after: Facts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries somebody looks for; None wants all. `since` ≤ at < `until`, aware."""

    actor_kind: ActorKind | None = None
    actor: str | None = None
    action: Action | None = None
    object_kind: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def difference(before: Facts | None, after: Facts | None) -> tuple[Facts | None, Facts | None]:
    """The fields that differ, as they may be kept; two empty ones if nothing does."""
    if before is None or after is None:
        return _kept(before), _kept(after)
    names = [
        name
        for name in (*before, *(n for n in after if n not in before))
        if _differ(name, before, after)
    ]
    old, new = ({name: facts.get(name) for name in names} for facts in (before, after))
    return _kept(old), _kept(new)


def _differ(name: str, before: Facts, after: Facts) -> bool:
    return bool(before.get(name) != after.get(name))


def _kept(facts: Facts | None) -> Facts | None:
    if facts is None:
        return None
    return {
        name: HIDDEN if name in _PRIVATE and value is not None else plain(value)
        for name, value in facts.items()
    }


def plain(value: object) -> object:
    """A value as JSON holds it: words, numbers, lists; long texts are cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return _kept({str(name): one for name, one in value.items()})
    if is_dataclass(value):
        return _kept({field.name: getattr(value, field.name) for field in fields(value)})
    return _many(value) if isinstance(value, _MANY) else _text(value)


_MANY: Final = (list, tuple, set, frozenset)


def _many(values: Iterable[object]) -> list[object]:
    kept = [plain(one) for one in values]
    return sorted(kept, key=str) if isinstance(values, set | frozenset) else kept


def _text(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case datetime() | date():
            return value.isoformat()
        case bytes():
            text = value.hex()
        case _:
            text = str(value)
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + HIDDEN
