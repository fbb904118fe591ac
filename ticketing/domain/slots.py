"""Time windows of an offer, each with places of its own; in the domain room."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.domain import DomainError, FieldError
from ticketing.domain.museum import is_plausible_time

CAPACITY_LIMIT = 100_000
LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One window; times aware UTC, the end excluded; `capacity` counts persons."""

    id: str
    offer: int
    starts_at: datetime
    ends_at: datetime
    capacity: int


class BadSlot(DomainError):  # noqa: N818  agreed name: says what came
    """A slot that cannot be sold; `errors` names each field."""


def checked(slot: Slot) -> Slot:
    """The slot itself, if it is sound.

    Raises:
        BadSlot: With one error for each field that is not.
    """
    errors = tuple(_errors(slot))
    if errors:
        raise BadSlot(*errors)
    return slot


def _errors(slot: Slot) -> Iterator[FieldError]:
    for field, at in (("starts_at", slot.starts_at), ("ends_at", slot.ends_at)):
        if not is_plausible_time(at):
            yield FieldError(field, "range")
        elif at.second or at.microsecond:
            yield FieldError(field, "whole_minutes")
    if not slot.starts_at < slot.ends_at <= slot.starts_at + LONGEST:
        yield FieldError("ends_at", "range")
    if not 1 <= slot.capacity <= CAPACITY_LIMIT:
        yield FieldError("capacity", "range")
