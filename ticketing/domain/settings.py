"""What the people of a house set themselves, part by part, as plain facts; in the domain room.

A part is read and changed as a whole. Its facts are what the database and the audit hold;
laid over a museum they make the museum that every rule reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any, Final

from ticketing.domain import DomainError, FieldError, calendars, own_words
from ticketing.domain.mails import find_address
from ticketing.domain.museum import Museum
from ticketing.domain.retention import LEAST_DAYS, MOST_DAYS, Kept

Facts = Mapping[str, Any]
NAME_LIMIT: Final = 100
LINES_LIMIT: Final = 6
CAPACITY_LIMIT: Final = 100_000
KNOWLEDGE_LIMIT: Final = 366


class Part(StrEnum):
    """One thing to set, with a page of its own."""

    OPENING = "opening"
    MUSEUM = "museum"
    RETENTION = "retention"
    WORDING = "wording"


class BadSetting(DomainError):  # noqa: N818  agreed name
    """Facts that a house cannot have."""


def facts_of(museum: Museum, part: Part) -> dict[str, Any]:
    """What a part holds, as a museum has it."""
    match part:
        case Part.OPENING:
            return calendars.facts_of(museum.hours)
        case Part.MUSEUM:
            return {
                "name": museum.name,
                "lines": list(museum.address),
                "contact": museum.contact,
                "capacity": museum.capacity,
                "knowledge_days": museum.knowledge_days,
            }
        case Part.RETENTION:
            return asdict(museum.kept)
        case _:  # Part.WORDING
            return dict(museum.words)


def laid_over(museum: Museum, part: Part, facts: Facts) -> Museum:
    """The museum with what was set; a fact that is not there stays as it is.

    Raises:
        BadCalendar: Opening hours that cannot be read.
    """
    known = {**facts_of(museum, part), **facts}
    match part:
        case Part.OPENING:  # of these two a fact that is not there is one that was removed
            return replace(museum, hours=calendars.calendar_of(facts))
        case Part.WORDING:
            return replace(museum, words=dict(facts))
        case Part.MUSEUM:
            return replace(
                museum,
                name=known["name"],
                address=tuple(known["lines"]),
                contact=known["contact"],
                capacity=known["capacity"],
                knowledge_days=known["knowledge_days"],
            )
        case _:  # Part.RETENTION
            kept = Kept(messages_days=known["messages_days"], tickets_days=known["tickets_days"])
            return replace(museum, kept=kept)


def checked(museum: Museum, part: Part) -> Museum:
    """The museum, if its facts of that part can be.

    Raises:
        BadCalendar: See `calendars.checked`.
        BadWords: See `own_words.checked`.
        BadSetting: `length`, `range`, `no_address` or `too_many`, by the facts' names.
    """
    match part:
        case Part.OPENING:
            calendars.checked(museum.hours)
        case Part.MUSEUM:
            _refuse(*_museum_errors(museum))
        case Part.RETENTION:
            _refuse(*_kept_errors(museum.kept))
        case _:  # Part.WORDING
            own_words.checked(museum.words)
    return museum


def _refuse(*errors: FieldError) -> None:
    if errors:
        raise BadSetting(*errors)


def _museum_errors(museum: Museum) -> Iterator[FieldError]:
    if not museum.name.strip() or len(museum.name) > NAME_LIMIT:
        yield FieldError("name", "length")
    if len(museum.address) > LINES_LIMIT:
        yield FieldError("lines", "too_many")
    if any(not line.strip() or len(line) > NAME_LIMIT for line in museum.address):
        yield FieldError("lines", "length")
    if museum.contact and find_address(museum.contact) is None:
        yield FieldError("contact", "no_address")
    if len(museum.contact) > NAME_LIMIT:
        yield FieldError("contact", "length")
    if not 0 <= museum.capacity <= CAPACITY_LIMIT:
        yield FieldError("capacity", "range")
    if not 0 <= museum.knowledge_days <= KNOWLEDGE_LIMIT:
        yield FieldError("knowledge_days", "range")


def _kept_errors(kept: Kept) -> Iterator[FieldError]:
    for name, days in asdict(kept).items():
        if not LEAST_DAYS <= days <= MOST_DAYS:
            yield FieldError(name, "range")
