"""Visitors for people of the staff: the list, looking for one, one with all about them.

In the service room; nothing here changes anything, and nothing reads what was said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ticketing.domain.consent import Action, How, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import ID_BYTES, Lang, beginning_of_id
from ticketing.service import people
from ticketing.service.cases import ListedTicket, with_histories
from ticketing.service.codes import look_up
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.pages import Page, behind, read_behind
from ticketing.service.people import Profile
from ticketing.service.ports import House
from ticketing.service.searching import is_name, of_exactly, words_of
from ticketing.store import codes
from ticketing.store import people as people_rows
from ticketing.store import searching as ticket_rows
from ticketing.store import tickets as tickets_of
from ticketing.store import visitor_lists as rows
from ticketing.store.codes import Found
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.store.visitor_lists import Behind, Listed

__all__ = ["Found", "Listed"]
LIMIT: Final = 25
SHOWN: Final = 50
"""Tickets and codes on the page of one visitor."""
_ID: Final = rf"[0-9a-f]{{{2 * ID_BYTES}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One answer of the ledger: what to, and to which version of the words."""

    purpose: Purpose
    action: Action
    at: datetime
    version: str
    lang: Lang
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorView:
    """A visitor with answers, tickets and codes, the newest first, at most `SHOWN` of each."""

    profile: Profile
    declared: tuple[Declared, ...]
    tickets: tuple[ListedTicket, ...]
    has_more_tickets: bool
    codes: tuple[Found, ...]
    has_more_codes: bool


def list_visitors(unit: Unit, *, cursor: str | None = None, limit: int = LIMIT) -> Page[Listed]:
    """A part of the list, whoever wrote last for the first time first.

    Raises:
        Invalid: A cursor that was not given out.
    """
    found = rows.page(unit, after=_place_of(cursor), limit=limit + 1)
    items = found[:limit]
    return Page(items, _cursor(items[-1]) if len(found) > limit else None)


def search_visitors(unit: Unit, house: House, *, text: str, limit: int = LIMIT) -> Page[Listed]:
    """Whoever is behind what somebody types or reads with a hand scanner.

    A ticket's barcode, short code or reference, a discount code, a visitor's short reference
    or whole id, or at least three letters of a name on a ticket. There is no next page to be
    asked for: its cursor only says that there is more.

    Raises:
        Invalid: `text` of too few letters that is nothing else either.
    """
    typed = text.strip()
    if "\0" in typed:  # no name has one, and a database refuses it
        return Page((), None)
    found = dict.fromkeys(_exactly(unit, house, typed, limit + 1))
    if is_name(typed, is_known=bool(found)):
        found |= dict.fromkeys(rows.of_words(unit, words_of(typed)))
    items = rows.of_ids(unit, tuple(found)[:limit])
    return Page(items, _cursor(items[-1]) if items and len(found) > limit else None)


def find_meant(unit: Unit, *, text: str) -> VisitorId:
    """The one visitor of a whole id or of a short reference, as the pages show it.

    Raises:
        Invalid: `visitor`: `malformed` for a text that is neither, `unknown` for a short one of
            nobody, `ambiguous` for one of several.
    """
    part = beginning_of_id(text)
    if part is None:
        raise Invalid(FieldError("visitor", "malformed"))
    if len(part) == ID_BYTES:
        return VisitorId(part)
    found = rows.beginning(unit, part, limit=2)
    if len(found) != 1:
        raise Invalid(FieldError("visitor", "ambiguous" if found else "unknown"))
    return found[0]


def view_visitor(unit: Unit, *, visitor: VisitorId) -> VisitorView:
    """Who a visitor is, without a word that was said.

    Raises:
        NotFound: `visitor`.
    """
    profile = people.get_visitor(unit, visitor=visitor)
    tickets = tickets_of.of_visitor(unit, visitor, limit=SHOWN + 1)
    bound = codes.of_visitor(unit, visitor, limit=SHOWN + 1)
    ledger = people_rows.declarations(unit, visitor)
    return VisitorView(
        profile=profile,
        declared=tuple(_declared(one) for one in reversed(ledger)),
        tickets=with_histories(unit, tickets[:SHOWN]),
        has_more_tickets=len(tickets) > SHOWN,
        codes=bound[:SHOWN],
        has_more_codes=len(bound) > SHOWN,
    )


# ------------------------------------------------------------ parts of the above
def _exactly(unit: Unit, house: House, typed: str, limit: int) -> Iterator[VisitorId]:
    """Whose exactly this is; one text may be several things."""
    found = of_exactly(unit, house, typed)
    found += ticket_rows.of_reference(unit, typed, ended_after=None, after=None, limit=limit)
    yield from (ticket.visitor for ticket, _ in found if ticket.visitor is not None)
    code = look_up(unit, typed)
    if code is not None and code.code.visitor is not None:
        yield code.code.visitor
    part = beginning_of_id(typed)
    if part is not None:
        yield from rows.beginning(unit, part, limit=limit)


def _declared(fields: dict[str, Any]) -> Declared:
    return Declared(
        purpose=Purpose(fields["purpose"]),
        action=Action(fields["action"]),
        at=EPOCH + timedelta(milliseconds=fields["at_ms"]),
        version=fields["version"],
        lang=Lang(fields["lang"]),
        how=How(fields["how"]),
    )


def _cursor(last: Listed) -> str:
    return behind(last.created_at, last.id.hex())


def _place_of(cursor: str | None) -> Behind | None:
    found = read_behind(cursor, name=_ID)
    return None if found is None else Behind(found[0], bytes.fromhex(found[1]))
