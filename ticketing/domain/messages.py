"""What is said in a chat, as data (domain: pure).

Stored as a kind and a JSON object:
    text     {"text"}, of an incoming button also {"choice": its id}
    choices  {"text", "choices": [{"id", "label"}], "ask"}
    ticket   {"ticket": hex id, "text", "caption"}; the page makes picture and link from the id
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from ticketing.wire.token import TicketId

MessageId = NewType("MessageId", int)
"""Order of a message among all; rising within a conversation."""
TEXT_MAX = 2000
"""Characters of one message, as the page's field allows; longer ones are not kept in full."""
KEPT_OF_LONG = 200


class MessageKind(StrEnum):
    """The shape of a message."""

    TEXT = "text"
    CHOICES = "choices"
    TICKET = "ticket"


class MessageSource(StrEnum):
    """Who said it, seen from the museum."""

    IN = "in"
    OUT = "out"


class BadContent(ValueError):  # noqa: N818  named like the other Bad… errors of this package
    """A stored content has not the shape of its kind; the message holds no content."""


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text; line breaks count. `choice` is the id of the button a visitor chose."""

    text: str
    choice: str = ""

    @property
    def kind(self) -> MessageKind:
        """`text`."""
        return MessageKind.TEXT

    def to_json(self) -> dict[str, Any]:
        """The stored object."""
        return {"text": self.text} | ({"choice": self.choice} if self.choice else {})


@dataclass(frozen=True, slots=True)
class Button:
    """One reply to choose: what comes back and what it says."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Text with replies to choose from; `ask` marks a question about consent."""

    text: str
    choices: tuple[Button, ...]
    ask: bool = False

    @property
    def kind(self) -> MessageKind:
        """`choices`."""
        return MessageKind.CHOICES

    def label_of(self, choice: str) -> str | None:
        """What the button with this id says, None if it is not here."""
        return next((button.label for button in self.choices if button.id == choice), None)

    def to_json(self) -> dict[str, Any]:
        """The stored object."""
        buttons = [{"id": button.id, "label": button.label} for button in self.choices]
        return {"text": self.text, "choices": buttons, "ask": self.ask}


@dataclass(frozen=True, slots=True)
class TicketPicture:
    """A ticket in the chat: its id, the text below the picture, the picture in words."""

    ticket: TicketId
    text: str
    caption: str

    @property
    def kind(self) -> MessageKind:
        """`ticket`."""
        return MessageKind.TICKET

    def to_json(self) -> dict[str, Any]:
        """The stored object; the barcode and the signed link are never in it."""
        return {"ticket": self.ticket.hex(), "text": self.text, "caption": self.caption}


Content = Text | Choices | TicketPicture


def with_code(text: str, code: str) -> str:
    """A discount code as it is sent: behind the text, in a line of its own."""
    return "\n".join(line for line in (text, code) if line)


def code_in(content: Content) -> str:
    """The line that `with_code` has put there."""
    return content.text.rpartition("\n")[2]


def content_from_json(kind: str, data: Any) -> Content:  # noqa: ANN401  any JSON may be stored
    """The content of a stored message.

    Raises:
        BadContent: kind unknown, or the object has another shape.
    """
    try:
        found = MessageKind(kind)
        if found is MessageKind.CHOICES:
            return _choices(data)
        if found is MessageKind.TICKET:
            return _ticket(data)
        return Text(_string(data["text"]), _string(data.get("choice", "")))
    except (KeyError, TypeError, ValueError, AttributeError):
        # The cause is dropped: its message could hold what was said.
        raise BadContent("a stored message has another shape") from None


def _choices(data: Any) -> Choices:  # noqa: ANN401  checked by use
    buttons = tuple(Button(_string(b["id"]), _string(b["label"])) for b in data["choices"])
    return Choices(_string(data["text"]), buttons, data["ask"] is True)


def _ticket(data: Any) -> TicketPicture:  # noqa: ANN401  checked by use
    ticket = TicketId(bytes.fromhex(data["ticket"]))
    return TicketPicture(ticket, _string(data["text"]), _string(data["caption"]))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def kept(text: str) -> str:
    """What is stored of an incoming text: all of it, or the beginning of an over-long one."""
    return text if len(text) <= TEXT_MAX else text[:KEPT_OF_LONG] + " …"


def storable(text: str) -> str:
    """The text without what a database refuses: NUL, and halves of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
