"""What the web layer is given: one frozen set of real parts, put together by `app.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from flask import Response, current_app, g

from ticketing.domain.audit import Actor
from ticketing.service.ports import CardPainter, CodePress, House, SharedUnits, Sheets
from ticketing.web.feed import Feed
from ticketing.web.limits import Limits, Meters
from ticketing.web.words import Words

_EXTENSION = "einlass"
_PRESENT = "einlass_present"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one service process.

    `max_streams` caps the open event streams; `secure_cookies` is on behind TLS, `proxies` is how
    many tell whose request they hand on; `limits` is how much programs may ask.
    """

    store: SharedUnits
    house: House
    painter: CardPainter
    sheets: Sheets
    press: CodePress
    session_key: bytes
    max_streams: int = 32
    secure_cookies: bool = False
    proxies: int = 0
    version: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Room:
    """What a request finds in the application: parts, feed, the pages' words, meters.

    `trouble` makes the staff's page about an error: its status, what is said of it, the right
    that is missing.
    """

    parts: Parts
    feed: Feed
    words: Words
    meters: Meters
    trouble: Callable[[int, int, str | None], Response]


def settle_in(extensions: dict[str, object], room: Room) -> None:
    """Put the room where requests find it."""
    extensions[_EXTENSION] = room


def the_room() -> Room:
    """The room of the current application."""
    room = current_app.extensions[_EXTENSION]
    if not isinstance(room, Room):  # pragma: no cover  only a wrong factory gets here
        raise TypeError("the application has no room")
    return room


def the_parts() -> Parts:
    """The parts of the current application; their house works for whoever is asking.

    A request has one house from its beginning to its end, whatever is set meanwhile.
    """
    present = g.get(_PRESENT)
    if isinstance(present, Parts):
        return present
    parts = the_room().parts
    return _present(parts, parts.house.fresh())


def act_for(actor: Actor) -> None:
    """Let the house work for somebody for the rest of this request: the audit names them."""
    parts = the_parts()
    _present(parts, replace(parts.house, actor=actor))


def _present(parts: Parts, house: House) -> Parts:
    present = replace(parts, house=house)
    setattr(g, _PRESENT, present)
    return present
