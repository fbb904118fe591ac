"""The few column types that SQLite's STRICT tables and PostgreSQL both take.

STRICT refuses DATETIME, BOOLEAN, VARCHAR(n), JSON and BIGINT, so each own type
below stores INTEGER, TEXT or BLOB and gives Python what it means.
"""

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text, TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
BigInt = BigInteger().with_variant(Integer, "sqlite")
Blob = LargeBinary


def to_the_ms(at: datetime) -> datetime:
    """A time as it comes back from the store: whoever tells it before says the same."""
    return at - timedelta(microseconds=at.microsecond % 1000)


class UtcMs(TypeDecorator[datetime]):
    """An aware UTC time, stored as whole milliseconds since 1970."""

    impl = BigInt
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Milliseconds; a naive time is a fault of the program and raises."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return (value - EPOCH) // _MS

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The aware UTC time."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


class Truth(TypeDecorator[bool]):
    """A yes or no, stored as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """1 or 0."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """The yes or no."""
        return None if value is None else bool(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value, stored as text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The JSON text; None is NULL."""
        if value is None:
            return None
        return _as_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The parsed value."""
        return None if value is None else json.loads(value)


class Word(TypeDecorator[StrEnum]):
    """A member of one StrEnum, stored as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """The member's text; a text that is no member raises ValueError."""
        if value is None:
            return None
        return (value if isinstance(value, self.words) else self.words(value)).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.words(value)
