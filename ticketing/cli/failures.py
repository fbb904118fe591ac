"""Which failures a person can cause, and what to tell them."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from sqlalchemy.exc import DBAPIError

from ticketing import config
from ticketing.demo import DemoError
from ticketing.domain.failures import StoreUnavailable
from ticketing.edge.signer import KeysError
from ticketing.service.errors import Conflict, FieldError, Invalid, ServiceError, SoldOut
from ticketing.store.backup import BackupError
from ticketing.web.errors import said

EXPECTED = (config.SettingsError, ServiceError, DemoError, KeysError, BackupError)

_FIELDS: Final[Mapping[str, str]] = {  # what a person calls them, where that is something else
    "budget_cents": "budget",
    "effect.value": "effect",
    "ends_at": "end",
    "events": "list of events",
    "from": "first day",
    "gates": "list of gates",
    "max_uses": "number of uses",
    "min_amount_cents": "least amount",
    "name.de": "German name",
    "name.en": "English name",
    "offers": "list of offers",
    "on": "day",
    "per_visitor": "number of uses per visitor",
    "price_cents": "price",
    "scopes": "list of scopes",
    "starts_at": "start",
    "times": "list of times",
    "until": "last day",
    "url": "address",
    "valid_from": "first day",
    "valid_until": "last day",
    "weekdays": "list of weekdays",
}
_PROBLEMS: Final[Mapping[str, str]] = {
    "before_from": "is before the first day",
    "before_valid_from": "is before the first day",
    "below_used": "is less than is used already",
    "digits": "has to be 6 to 32 digits",
    "empty": "is empty",
    "empty_or_repeated": "is empty, or names something twice",
    "length": "is empty or too long",
    "malformed": "is not written as it has to be",
    "missing": "is missing",
    "none_in_range": "has none in these days",
    "not_of_the_slot": "is not the day of the slot",
    "one_of_four": "has to be exactly one of name, text, number and none",
    "outside_offer": "is outside of what the offer is sold for",
    "past": "is over already",
    "range": "is outside of what is possible",
    "reserved": "is a word that the site's addresses need; take another one",
    "rude": "has a word in it that nobody wants to read on their code",
    "too_many": "is too many at once",
    "too_short": "is too short",
    "unknown": "names something that does not exist",
    "whole_minutes": "has to be a whole minute",
    "without_slots": "has no time slots",
    "zero": "is 0, so no code could be redeemed; leave it away for none",
}


def sentence(error: Exception) -> str | None:
    """One line for an expected failure, None for a fault of the program."""
    if isinstance(error, SoldOut):
        free = ", ".join(
            f"{p.slot.id} ({p.slot.starts_at:%Y-%m-%d %H:%M} UTC)" for p in error.slots
        )
        return f"sold_out; free: {free}" if free else "sold_out"
    if isinstance(error, EXPECTED):
        return _expected(error)
    if isinstance(error, DBAPIError):
        # the driver's own text can hold the database's address: name the kind alone
        return _database_sentence(type(error.orig).__name__)
    if isinstance(error, StoreUnavailable):
        return _database_sentence(str(error))
    if isinstance(error, OSError):
        name = PurePath(error.filename).name if isinstance(error.filename, str) else ""
        return f"{error.strerror or type(error).__name__}{': ' + name if name else ''}"
    return None


def _expected(error: Exception) -> str:
    if isinstance(error, Invalid):
        return " ".join(_field_sentence(one) for one in error.errors)
    told = said(error.reason) if isinstance(error, Conflict) else ""
    return f"{told} ({error})" if told else str(error)


def _field_sentence(error: FieldError) -> str:
    name = _FIELDS.get(error.field, error.field.replace("_", " ").replace(".", " "))
    return f"The {name} {_PROBLEMS.get(error.problem, f'is wrong ({error.problem})')}."


def _database_sentence(kind: str) -> str:
    return f"the database cannot be used ({kind}); `ticketing doctor` looks closer"
