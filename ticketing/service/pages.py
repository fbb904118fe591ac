"""Lists that page by key; in the service room."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from ticketing.domain.tickets import TICKET_ID_BYTES, Ticket
from ticketing.service import vault
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.ports import House, Units
from ticketing.store.tickets import Place
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.wire.codec import from_base64url, to_base64url

LIMIT = 50
Item = TypeVar("Item")
_SHORT_CURSOR = re.compile(r"[0-9a-f]{8,12}(-[a-z0-9_-]{1,100})?")
_NUMBER_BYTES = 8
_TICKET_ID = rf"[0-9a-f]{{{2 * TICKET_ID_BYTES}}}"
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and the cursor of those behind them, None at its end."""

    items: tuple[Item, ...]
    next_cursor: str | None


def walk(store: Units, read: Callable[[Unit, str | None], Page[Item]]) -> Iterator[Item]:
    """Every item of a long list, page after page.

    Each page is read with a unit of its own: however long the reader takes, no read stays open
    that would keep SQLite's log from being folded, and no connection is held.
    """
    cursor: str | None = None
    while True:
        with store.unit() as unit:
            page = read(unit, cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def cut(
    items: Iterable[Item], key: Callable[[Item], str], *, cursor: str | None, limit: int
) -> Page[Item]:
    """A page of a list that is short enough to be read as a whole, in the order of its keys.

    Raises:
        Invalid: A cursor that was not given out.
    """
    if cursor is not None and not _SHORT_CURSOR.fullmatch(cursor):
        raise Invalid(FieldError("cursor", "malformed"))
    behind = [item for item in items if cursor is None or key(item) > cursor]
    shown = behind[:limit]
    return Page(tuple(shown), key(shown[-1]) if len(behind) > limit else None)


def behind(at: datetime, name: str) -> str:
    """The cursor for what lies behind an item of a time and a name: no secret."""
    return f"{(at - EPOCH) // _MS:x}-{name}"


def read_behind(cursor: str | None, *, name: str) -> tuple[datetime, str] | None:
    """Time and name of such a cursor, None at the beginning; `name` is a pattern of names.

    Raises:
        Invalid: A cursor that was not given out.
    """
    if cursor is None:
        return None
    match = re.fullmatch(rf"([0-9a-f]{{1,12}})-({name})", cursor)
    if match is None:
        raise Invalid(FieldError("cursor", "malformed"))
    try:
        return EPOCH + int(match[1], 16) * _MS, match[2]
    except OverflowError:
        raise Invalid(FieldError("cursor", "malformed")) from None


def by_age(at: datetime, name: str) -> str:
    """The key of an item in a list with the oldest first."""
    return f"{(at - EPOCH) // _MS:012x}-{name}"


def text_of(ticket: Ticket) -> str:
    """The cursor for what lies behind a ticket."""
    return behind(ticket.created_at, ticket.id.hex())


def place_of(cursor: str | None) -> Place | None:
    """The place of a cursor, None at the beginning.

    Raises:
        Invalid: A cursor that was not given out.
    """
    found = read_behind(cursor, name=_TICKET_ID)
    return None if found is None else Place(found[0], bytes.fromhex(found[1]))


def sealed(house: House, number: int, *, of: str) -> str:
    """A cursor for a place that is nobody's business: the number of a code is the code.

    It leads on in the list `of` alone.
    """
    plain = number.to_bytes(_NUMBER_BYTES, "big")
    return to_base64url(vault.seal(house, plain, owner=f"cursor {of}"))


def unsealed(house: House, cursor: str, *, of: str) -> int:
    """The place of such a cursor.

    Raises:
        Invalid: A cursor that was not given out, or not by that list.
    """
    box = from_base64url(cursor)
    plain = None if box is None else vault.unseal(house, box, owner=f"cursor {of}")
    if plain is None:
        raise Invalid(FieldError("cursor", "malformed"))
    return int.from_bytes(plain, "big")
