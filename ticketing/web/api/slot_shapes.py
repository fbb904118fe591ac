"""What the calls about slots, batches and searches take and give."""

from datetime import datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from ticketing.domain.slots import CAPACITY_LIMIT
from ticketing.service.bulk import MOST
from ticketing.web.api.shapes import (
    MOST_PER_PAGE,
    WHOLE,
    BothLanguages,
    Day,
    In,
    ListQuery,
    Name,
    Out,
    TicketOut,
    Time,
    VisitorIdText,
    text,
)

Places = Annotated[int, Field(strict=True, ge=1, le=CAPACITY_LIMIT), WHOLE]
Weekday = Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
Length = Annotated[int, Field(strict=True, ge=1, le=24 * 60), WHOLE]
Text = Annotated[str, text(0, 200)]
_CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _from_clock(value: Any) -> Any:  # noqa: ANN401  anything JSON may hold
    """A time of day is `10:30`: seconds, zones and numbers are refused."""
    if not isinstance(value, str) or len(value) != len("10:30"):
        raise ValueError("a local time like 10:30 is wanted")
    return value


# no `format`: that of JSON Schema wants seconds and a zone
Clock = Annotated[
    time,
    BeforeValidator(_from_clock),
    WithJsonSchema({"type": "string", "pattern": _CLOCK}),
]


class SlotIn(In):
    """A new slot: whole minutes, at most a day long; `capacity` counts persons."""

    starts_at: Time
    ends_at: Time
    capacity: Places


class SeriesIn(In):
    """Slots on many days; `weekdays` from Monday, 0; `times` are local starts."""

    from_: Day = Field(alias="from")
    until: Day
    times: Annotated[tuple[Clock, ...], Field(min_length=1, max_length=100)]
    length_min: Length
    capacity: Places
    weekdays: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5, 6)


class SlotOut(Out):
    """One slot; `sold` and `free` count persons."""

    id: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    sold: int
    free: int


class Slots(Out):
    """A page of slots, by start."""

    items: list[SlotOut]
    next_cursor: str | None = None


class SlotQuery(ListQuery):
    """Which slots: of these local days, both included; without `from` those not over."""

    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class BatchIn(In):
    """Up to 10,000 tickets; each row is like a ticket to issue."""

    tickets: Annotated[
        list[Any],
        Field(
            min_length=1,
            max_length=MOST,
            json_schema_extra={"x-items": "TicketIn"},
        ),
    ]


class BatchOut(Out):
    """The tickets of a batch, in the order of its rows."""

    items: list[TicketOut]


_KEYS = ("holder", "reference", "short_code", "visitor")
_ONE_OF_FOUR: JsonDict = {
    "oneOf": [
        {
            "required": [name],
            "properties": {
                name: {"type": "string"},
                **{other: {"type": "null"} for other in _KEYS if other != name},
            },
        }
        for name in _KEYS
    ]
}


class SearchIn(In):
    """Exactly one thing to look for; a station needs three letters of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_ONE_OF_FOUR)

    holder: Text | None = None
    reference: Name | None = None
    short_code: Text | None = None
    visitor: VisitorIdText | None = None
    cursor: Text | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_PER_PAGE), WHOLE] = 50


class FoundAtGate(Out):
    """What the desk needs to know of a ticket: nothing that opens a door."""

    id: str
    holder: str
    offer: str
    offer_name: BothLanguages
    party: int
    state: str
    short_code: str
    valid_from: datetime
    valid_until: datetime


class Found(Out):
    """What a search has found; a station gets the short form."""

    items: list[TicketOut] | list[FoundAtGate]
    next_cursor: str | None = None
