"""Time windows of an offer, each with places of its own; in the domain room."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ticketing.domain import DomainError, FieldError
from ticketing.domain.museum import is_plausible_day, is_plausible_time

CAPACITY_LIMIT = 100_000
LONGEST = timedelta(days=1)
SERIES_LIMIT = 1000
"""Slots that are made at once: one short transaction."""
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One window; times aware UTC, the end excluded; `capacity` counts persons."""

    id: str
    offer: int
    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlaces:
    """A slot and the persons its tickets were sold for."""

    slot: Slot
    sold: int

    @property
    def free(self) -> int:
        """Places left to sell."""
        return max(0, self.slot.capacity - self.sold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Slots of the same length and size on many days.

    `first` and `last` are local days, both included; `weekdays` count from Monday, 0;
    `times` are when slots start, local; `length` is real time, also when the clocks change.
    """

    first: date
    last: date
    times: tuple[time, ...]
    length: timedelta
    capacity: int
    weekdays: frozenset[int] = EVERY_DAY


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


def is_past(slot: Slot, now: datetime) -> bool:
    """Whether nobody can come to it any more."""
    return slot.ends_at <= now


def starts(series: Series, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the slots of a series start, UTC, in order and none twice.

    A time that a local day leaves out is the one an hour later.

    Raises:
        BadSlot: A series of none or of too many slots.
    """
    errors = tuple(_series_errors(series))
    if errors:
        raise BadSlot(*errors)
    span = range((series.last - series.first).days + 1)
    days = (series.first + timedelta(days=ahead) for ahead in span)
    found = sorted(
        {
            datetime.combine(day, at, zone).astimezone(UTC)
            for day in days
            if day.weekday() in series.weekdays
            for at in series.times
        }
    )
    if not found:
        raise BadSlot(FieldError("weekdays", "none_in_range"))
    if len(found) > SERIES_LIMIT:
        raise BadSlot(FieldError("until", "too_many"))
    return tuple(found)


def _series_errors(series: Series) -> Iterator[FieldError]:
    for field, day in (("from", series.first), ("until", series.last)):
        if not is_plausible_day(day):
            yield FieldError(field, "range")
    if series.last < series.first:
        yield FieldError("until", "before_from")
    if not series.times:
        yield FieldError("times", "missing")
    if not series.weekdays <= EVERY_DAY:
        yield FieldError("weekdays", "range")
    if (series.last - series.first).days >= SERIES_LIMIT:
        yield FieldError("until", "too_many")


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
