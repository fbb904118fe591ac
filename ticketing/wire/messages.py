"""Reading JSON at the border: one field at a time, or `BadMessage`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from ticketing.wire.codec import from_base64url
from ticketing.wire.errors import WireError

JsonObject = dict[str, object]
"""A JSON object on its way in or out; never kept."""

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class BadMessage(WireError):  # noqa: N818 - agreed name
    """A message that is not what was agreed; names the field, never its content."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a JSON object, each read with its type; all raise `BadMessage`."""

    data: JsonObject

    @classmethod
    def of(cls, data: object) -> "Fields":
        """The fields of anything JSON gave.

        Raises:
            BadMessage: not an object.
        """
        if not isinstance(data, dict):
            raise BadMessage("not an object")
        return cls(data)

    def text(self, name: str) -> str:
        """A text."""
        value = self.data.get(name)
        if not isinstance(value, str):
            raise BadMessage(f"{name}: a text is wanted")
        return value

    def whole(self, name: str) -> int:
        """A whole number; true and false are none."""
        value = self.data.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadMessage(f"{name}: a whole number is wanted")
        return value

    def time(self, name: str) -> datetime:
        """An ISO 8601 time with offset, aware."""
        try:
            at = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise BadMessage(f"{name}: a time is wanted") from None
        if at.tzinfo is None:
            raise BadMessage(f"{name}: a time with offset is wanted")
        return at

    def raw(self, name: str) -> bytes:
        """Bytes as base64url without padding."""
        raw = from_base64url(self.text(name))
        if raw is None:
            raise BadMessage(f"{name}: base64url is wanted")
        return raw

    def choice(self, name: str, kind: type[_E]) -> _E:
        """One word of a vocabulary."""
        try:
            return kind(self.text(name))
        except ValueError:
            raise BadMessage(f"{name}: an unknown word") from None

    def part(self, name: str) -> "Fields":
        """An object inside."""
        value = self.data.get(name)
        if not isinstance(value, dict):
            raise BadMessage(f"{name}: an object is wanted")
        return Fields(value)

    def choices(self, name: str, kind: type[_E]) -> "tuple[_E, ...]":
        """A list of words of a vocabulary."""
        words = [Fields({name: item}) for item in self.items(name)]
        return tuple(word.choice(name, kind) for word in words)

    def items(self, name: str) -> list[object]:
        """A list of anything."""
        value = self.data.get(name)
        if not isinstance(value, list):
            raise BadMessage(f"{name}: a list is wanted")
        return value

    def optional(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """What `read` (a method of these fields) gives, or None for null or nothing."""
        return None if self.data.get(name) is None else read(name)
